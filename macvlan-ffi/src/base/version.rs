//! The version of the library.

use std::ffi::{CStr, c_char};

/// Returns the version of the library at run time, "0.2.0". It may be newer than the header,
/// MACVLAN_VERSION. Never NULL; not to be freed.
///
/// Threads: any number of threads may use it and the text at once.
#[unsafe(no_mangle)]
pub extern "C" fn macvlan_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    CStr::from_bytes_with_nul(VERSION.as_bytes()).unwrap_or_default().as_ptr()
}

/// Returns the version of the library at run time as a number, 0x000200 for 0.2.0, which compares
/// with MACVLAN_VERSION_NUMBER.
#[unsafe(no_mangle)]
pub extern "C" fn macvlan_version_number() -> u32 {
    let part = |text: &str| text.parse().unwrap_or(0_u32);
    part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | part(env!("CARGO_PKG_VERSION_PATCH"))
}
