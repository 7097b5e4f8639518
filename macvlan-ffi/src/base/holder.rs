//! `macvlan_holder`: who has an address; and lists of them.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_core::Holder;

use crate::base::boundary::answer;
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, free, nth, object, shared};
use crate::base::text::Text;

/// Who has an address: a part of an error or of a macvlan_holder_list, which it is freed with.
///
/// Threads: it never changes, so any number may look at it at once.
pub struct macvlan_holder {
    _opaque: (),
}
object!(macvlan_holder, Held);

/// Who has which of the addresses that were asked for, in the order of the addresses, given by
/// macvlan_host_probe_free(). Freed with macvlan_holder_list_free().
///
/// Threads: it never changes, so any number may look at it at once.
pub struct macvlan_holder_list {
    _opaque: (),
}
object!(macvlan_holder_list, Vec<Tagged<Held>>);

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

/// How many holders there are; 0 if all addresses are free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_count(list: *const macvlan_holder_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// One of the holders, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_get(
    list: *const macvlan_holder_list,
    index: usize,
) -> *const macvlan_holder {
    answer(null(), || Ok(nth(shared!(list), index)))
}

/// Frees a list; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_holder_list_free(list: *mut macvlan_holder_list) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(list) }
}
