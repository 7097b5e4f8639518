//! `macvlan_holder`: the holder of an address.

use std::ffi::c_char;
use std::ptr::null;

use crate::base::boundary::answer;
use crate::base::mac::{mac_out, put};
use crate::base::object::shared;
use crate::base::report::macvlan_holder;

/// Returns the address. This and the other text belong to the holder. NULL if the holder is
/// invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_address(holder: *const macvlan_holder) -> *const c_char {
    answer(null(), || {
        let held = shared!(holder);
        Ok(held.address.of(held.holder.address))
    })
}

/// Writes the MAC address of the holder, and returns whether it is known; zeroes if not, because
/// the kernel found the duplicate and no frame was received.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_mac(holder: *const macvlan_holder, mac: *mut u8) -> bool {
    answer(false, || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        let known = shared!(holder).holder.mac;
        if let Some(known) = known {
            put(known, mac);
        }
        Ok(known.is_some())
    })
}

/// Returns the holder as text: "02:00:00:00:00:05 has 192.168.15.5". NULL if the holder is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_text(holder: *const macvlan_holder) -> *const c_char {
    answer(null(), || {
        let held = shared!(holder);
        Ok(held.text.of(held.holder))
    })
}
