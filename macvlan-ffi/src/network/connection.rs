//! `macvlan_connection`: a container that is connected to a network.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_network::Connection;

use crate::base::boundary::{answer, free};
use crate::base::object::{object, shared};
use crate::base::record::record;
use crate::base::view::{Arena, Output, View};
use crate::endpoint::attachment::macvlan_attachment;
use crate::network::lease::macvlan_lease;

/// A container that is connected to a network: its lease and its attachment. From
/// macvlan_network_connect(). Freed with macvlan_connection_free(), which does not disconnect it.
///
/// It does not hold the container's namespace open.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_connection {
    _opaque: (),
}
object!(macvlan_connection, View<Connection>);

/// The contents of a connection.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_connection_info {
    /// The size of the struct.
    pub size: usize,
    /// The lease, as stored.
    pub lease: *const macvlan_lease,
    /// The attachment, as from macvlan_host_attach().
    pub attachment: *const macvlan_attachment,
    /// The interface's name in the container.
    pub interface: *const c_char,
    /// The addresses, without prefix lengths.
    pub addresses: *const *const c_char,
    /// The number of addresses.
    pub address_count: usize,
    /// The interface's MAC address.
    pub mac: [u8; 6],
}
record!(macvlan_connection_info);

impl Output for Connection {
    type Record = macvlan_connection_info;

    fn record(&self, arena: &mut Arena) -> macvlan_connection_info {
        let (addresses, address_count) = arena.texts(self.addresses());
        macvlan_connection_info {
            lease: arena.object_of(Some(self.lease().clone().into())),
            attachment: arena.object_of(Some(self.attachment().clone().into())),
            interface: arena.text(self.interface()),
            addresses,
            address_count,
            mac: self.mac().octets(),
            ..macvlan_connection_info::new()
        }
    }
}

/// Returns the connection's contents, which belong to it. NULL if the connection is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_get(
    connection: *const macvlan_connection,
) -> *const macvlan_connection_info {
    answer(null(), || Ok(shared!(connection).record()))
}

/// Frees a connection. NULL is ignored. The container stays connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_free(connection: *mut macvlan_connection) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(connection) }
}
