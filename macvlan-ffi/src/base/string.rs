//! `macvlan_text`: a text that the caller frees.

use std::ffi::{CString, c_char};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};

/// A text that a function has made. Freed with macvlan_text_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_text {
    _opaque: (),
}
object!(macvlan_text, CString);

/// Returns the text. It belongs to the object. NULL if the object is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_text_get(text: *const macvlan_text) -> *const c_char {
    answer(null(), || Ok(shared!(text).as_ptr()))
}

/// Frees a text. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_text_free(text: *mut macvlan_text) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(text) }
}
