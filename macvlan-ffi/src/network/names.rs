//! Texts about a `macvlan_network`: containers by name, lines for /etc/hosts, JSON.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use crate::base::boundary::{answer, boundary, free};
use crate::base::object::{give, object, out, shared};
use crate::base::report::macvlan_error;
use crate::base::string::macvlan_text;
use crate::base::text::{c_string, text};
use crate::network::macvlan_network;

/// Addresses, from macvlan_network_resolve(). Freed with macvlan_ip_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_ip_list {
    _opaque: (),
}
object!(macvlan_ip_list, Vec<CString>);

/// Makes the object that `docker network inspect` prints for a network, with its containers on all
/// hosts, as JSON. The caller frees the text with macvlan_text_free().
///
/// `Link` of a container is the name that its interface has inside now, if it was renamed, or null, if
/// it is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_inspect(
    network: *const macvlan_network,
    json: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let json = out!(json);
        give(json, c_string(format_args!("{:#}", shared!(network).value.inspect()?)));
    })
}

/// Resolves a container's name or id to its addresses, on all hosts; an empty list if none has it.
/// The network's name may be appended, as in "test101.vlan10". The caller frees the list with
/// macvlan_ip_list_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_resolve(
    network: *const macvlan_network,
    name: *const c_char,
    addresses: *mut *mut macvlan_ip_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let addresses = out!(addresses);
        let found = shared!(network).value.resolve(text!(name))?;
        give(addresses, found.iter().map(c_string).collect());
    })
}

/// Makes the lines for /etc/hosts, one for each address of a container that has a name: the
/// address, the name, and the name with a dot and the network's name. The caller frees the text
/// with macvlan_text_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_hosts(
    network: *const macvlan_network,
    lines: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let lines = out!(lines);
        give(lines, c_string(shared!(network).value.hosts()?));
    })
}

/// Writes the lines of macvlan_network_hosts() to a file, between two comment lines, and replaces
/// them the next time. The rest of the file stays unchanged, with its line ends.
///
/// The file is written in place, so that it changes wherever it is mounted, and keeps its owner,
/// mode and links. One process at a time writes it. If the file cannot be written, as on a full
/// disk, it keeps its text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_network_write_hosts(
    network: *const macvlan_network,
    path: *const c_char,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        shared!(network).value.write_hosts(text!(path))?;
    })
}

/// Returns the number of addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_ip_list_count(list: *const macvlan_ip_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the addresses as text, "10.0.10.2", counted from 0. It belongs to the list. NULL
/// past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_ip_list_get(
    list: *const macvlan_ip_list,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(shared!(list).get(index).map_or(null(), |text| text.as_ptr())))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_ip_list_free(list: *mut macvlan_ip_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
