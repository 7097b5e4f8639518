//! `macvlan_connection`: a container that is connected to a network.

use std::ffi::c_char;
use std::ptr::null;

use macvlan_network::Connection;

use crate::base::boundary::{answer, free};
use crate::base::mac::{mac_out, put};
use crate::base::object::{Tagged, object, part, shared};
use crate::base::text::{Text, Texts};
use crate::endpoint::attachment::{Attached, macvlan_attachment};
use crate::network::lease::{Held, macvlan_lease};

/// A container that is connected to a network: its lease and its attachment. From
/// macvlan_network_connect(). Freed with macvlan_connection_free(), which does not disconnect it.
///
/// It does not hold the container's namespace open.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_connection {
    _opaque: (),
}
object!(macvlan_connection, Connected);

pub(crate) struct Connected {
    connection: Connection,
    lease: Tagged<Held>,
    attachment: Tagged<Attached>,
    interface: Text,
    addresses: Texts,
}

impl From<Connection> for Connected {
    fn from(connection: Connection) -> Self {
        let lease = part::<macvlan_lease>(connection.lease().clone().into());
        let attachment = part::<macvlan_attachment>(Attached::new(connection.attachment().clone()));
        let (interface, addresses) = (Text::default(), Texts::default());
        Self { connection, lease, attachment, interface, addresses }
    }
}

/// Returns the lease, as stored. It belongs to the connection. NULL if the connection is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_lease(
    connection: *const macvlan_connection,
) -> *const macvlan_lease {
    answer(null(), || Ok(shared!(connection).lease.pointer()))
}

/// Returns the attachment, as from macvlan_host_attach(). It belongs to the connection. NULL if the
/// connection is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_attachment(
    connection: *const macvlan_connection,
) -> *const macvlan_attachment {
    answer(null(), || Ok(shared!(connection).attachment.pointer()))
}

/// Returns the interface's name in the container. It belongs to the connection. NULL if the
/// connection is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_interface(
    connection: *const macvlan_connection,
) -> *const c_char {
    answer(null(), || {
        let connected = shared!(connection);
        Ok(connected.interface.of(connected.connection.interface()))
    })
}

/// Writes the interface's MAC address. Zeroes if the connection is invalid.
/// cbindgen:ptrs-as-arrays=[[mac;6]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_mac(
    connection: *const macvlan_connection,
    mac: *mut u8,
) {
    answer((), || {
        let mac = mac_out!(mac);
        *mac = [0; 6];
        put(shared!(connection).connection.mac(), mac);
        Ok(())
    });
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_address_count(
    connection: *const macvlan_connection,
) -> usize {
    answer(0, || Ok(shared!(connection).connection.addresses().len()))
}

/// Returns one of the addresses, without a prefix length, counted from 0. It belongs to the
/// connection. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_address(
    connection: *const macvlan_connection,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let connected = shared!(connection);
        Ok(connected.addresses.of(&connected.connection.addresses(), index))
    })
}

/// Frees a connection. NULL is ignored. The container stays connected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_connection_free(connection: *mut macvlan_connection) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(connection) }
}
