//! `macvlan_rule_list`: the policy rules of a namespace.

use std::ffi::{CString, c_char};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// The policy rules of a namespace, from macvlan_handle_rules(). Freed with
/// macvlan_rule_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_rule_list {
    _opaque: (),
}
object!(macvlan_rule_list, Vec<CString>);

/// Returns the number of rules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_count(list: *const macvlan_rule_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the rules, counted from 0, in the format of macvlan_handle_add_rule(). It belongs
/// to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_get(
    list: *const macvlan_rule_list,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(shared!(list).get(index).map_or(null(), |rule| rule.as_ptr())))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_free(list: *mut macvlan_rule_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
