//! `macvlan_plan`: what attaching an endpoint would do.

use std::ffi::{CString, c_char};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// What attaching an endpoint would do, given by macvlan_endpoint_plan(). Freed with
/// macvlan_plan_free().
///
/// Threads: it never changes, so any number may look at it at once.
pub struct macvlan_plan {
    _opaque: (),
}
object!(macvlan_plan, CString);

/// The plan as the `ip` commands that would do the same, one a line, each ended by a newline. It
/// belongs to the plan. NULL if the plan is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_plan_text(plan: *const macvlan_plan) -> *const c_char {
    answer(null(), || Ok(shared!(plan).as_ptr()))
}

/// Frees a plan; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_plan_free(plan: *mut macvlan_plan) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(plan) }
}
