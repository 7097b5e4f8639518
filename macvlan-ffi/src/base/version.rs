//! Which version of the library this is.

use std::ffi::{CStr, c_char};

/// The version of the library that the program runs with, "0.1.0"; it can be newer than the header
/// that the program was compiled with, MACVLAN_VERSION. Never NULL, and never freed.
///
/// Threads: any, like the text itself.
#[unsafe(no_mangle)]
pub extern "C" fn macvlan_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    CStr::from_bytes_with_nul(VERSION.as_bytes()).unwrap_or_default().as_ptr()
}
