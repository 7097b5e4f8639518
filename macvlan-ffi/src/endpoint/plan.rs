//! `macvlan_plan`: the steps of an attach.

use std::ffi::{CString, c_char};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// The steps of an attach of an endpoint, from macvlan_endpoint_plan(). Freed with
/// macvlan_plan_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_plan {
    _opaque: (),
}
object!(macvlan_plan, CString);

/// Returns the equivalent `ip` commands, one on each line, each ended by a newline. The text
/// belongs to the plan. NULL if the plan is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_plan_text(plan: *const macvlan_plan) -> *const c_char {
    answer(null(), || Ok(shared!(plan).as_ptr()))
}

/// Frees a plan. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_plan_free(plan: *mut macvlan_plan) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(plan) }
}
