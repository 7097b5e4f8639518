//! MAC addresses, six bytes in C.

use std::ffi::{c_char, c_int};
use std::slice;

use macvlan_core::{MacAddr, parse_ip};

use crate::base::boundary::boundary;
use crate::base::report::{Failure, macvlan_error};
use crate::base::text::{c_string, text};

/// Checks a MAC address in an argument.
macro_rules! mac {
    ($argument:ident) => {
        // SAFETY: the header requires that it is NULL or leads to six bytes.
        unsafe { crate::base::mac::macs($argument, 1, stringify!($argument)) }?[0]
    };
}
pub(crate) use mac;

/// Makes the place for a MAC address.
macro_rules! mac_out {
    ($argument:ident) => {{
        if $argument.is_null() {
            let why = concat!(stringify!($argument), " is NULL");
            return Err(crate::base::report::Failure::misuse(why));
        }
        // SAFETY: it is not null, and the header requires that it leads to six bytes.
        unsafe { &mut *$argument.cast::<[u8; 6]>() }
    }};
}

/// Derives a MAC address from an IPv4 address like Docker: 02:42: and the four bytes. Returns 0 or
/// a negative errno.
///
/// The result is always the same for an address, so the entries of neighbours stay valid when a
/// container is created again.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_mac_from_ipv4(
    address: *const c_char,
    mac: *mut u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let given = MacAddr::from_ipv4(parse_ip(text!(address))?);
        put(given, mac_out!(mac));
    })
}

/// Parses a MAC address, "02:42:ac:10:d5:b4". Zero and multicast addresses are refused, because a
/// link cannot have them. Returns 0 or a negative errno.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_mac_parse(
    text: *const c_char,
    mac: *mut u8,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let given = text!(text).parse()?;
        put(given, mac_out!(mac));
    })
}

/// Writes a MAC address as text, "02:42:ac:10:d5:b4": 17 characters and a zero byte. Zero and
/// multicast addresses are refused. Returns 0 or a negative errno.
/// cbindgen:ptrs-as-arrays=[[mac;6],[text;18]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_mac_format(
    mac: *const u8,
    text: *mut c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let written = c_string(mac!(mac));
        if text.is_null() {
            return Err(Failure::misuse("text is NULL"));
        }
        let bytes = written.as_bytes_with_nul();
        // SAFETY: the header requires 18 bytes, which is the length of the text of a MAC address.
        unsafe { text.copy_from_nonoverlapping(bytes.as_ptr().cast(), bytes.len()) };
    })
}

pub(crate) fn put(mac: MacAddr, to: &mut [u8; 6]) {
    *to = mac.octets();
}

/// Reads consecutive MAC addresses, six bytes each.
///
/// # Safety
///
/// The pointer is null or leads to that many times six bytes.
pub(crate) unsafe fn macs(
    bytes: *const u8,
    count: usize,
    argument: &str,
) -> Result<Vec<MacAddr>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if bytes.is_null() {
        return Err(Failure::misuse(format!("{argument} is NULL")));
    }
    if count > isize::MAX as usize / 6 {
        return Err(Failure::misuse(format!("{count} MAC addresses do not fit into memory")));
    }
    // SAFETY: it is not null and not too long, and the caller guarantees the rest.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast::<[u8; 6]>(), count) };
    Ok(bytes.iter().map(|mac| MacAddr::new(*mac)).collect::<macvlan_core::Result<_>>()?)
}
