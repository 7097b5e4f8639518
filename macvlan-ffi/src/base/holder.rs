//! `macvlan_holder`: who has an address.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_core::Holder;

use crate::base::boundary::answer;
use crate::base::mac::{mac_out, put};
use crate::base::object::{object, shared};
use crate::base::text::Text;

/// Who has an address: a part of an error or of a macvlan_holder_list, which it is freed with.
///
/// Threads: it never changes, so any number may look at it at once.
pub struct macvlan_holder {
    _opaque: (),
}
object!(macvlan_holder, Held);

pub(crate) struct Held {
    holder: Holder,
    address: Text,
    text: Text,
}

impl From<Holder> for Held {
    fn from(holder: Holder) -> Self {
        Self { holder, address: Text::default(), text: Text::default() }
    }
}

/// The address. This and the other text belong to the holder. NULL if the holder is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_address(holder: *const macvlan_holder) -> *const c_char {
    answer(null(), || {
        let held = shared!(holder);
        Ok(held.address.of(held.holder.address))
    })
}

/// The MAC address of the one that has it. Whether it is known; zeroes if not: the kernel found the
/// duplicate, and nobody was heard.
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

/// In words: "02:00:00:00:00:05 has 192.168.15.5". NULL if the holder is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_text(holder: *const macvlan_holder) -> *const c_char {
    answer(null(), || {
        let held = shared!(holder);
        Ok(held.text.of(held.holder))
    })
}
