//! `macvlan_holder`: the holder of an address.

use std::ffi::c_char;

use macvlan_core::Holder;

use crate::base::optional::macvlan_opt_mac;
use crate::base::record::record;
use crate::base::view::{Arena, Output};

/// The holder of an address, as found by a probe.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_holder {
    /// The size of the struct.
    pub size: usize,
    /// The address: "192.168.15.5".
    pub address: *const c_char,
    /// The holder as text: "02:00:00:00:00:05 has 192.168.15.5".
    pub text: *const c_char,
    /// The holder's MAC address; not set if the kernel found the duplicate and no frame was
    /// received.
    pub mac: macvlan_opt_mac,
}
record!(macvlan_holder);

impl Output for Holder {
    type Record = macvlan_holder;

    fn record(&self, arena: &mut Arena) -> macvlan_holder {
        macvlan_holder {
            address: arena.text(self.address),
            text: arena.text(self),
            mac: self.mac.into(),
            ..macvlan_holder::new()
        }
    }
}
