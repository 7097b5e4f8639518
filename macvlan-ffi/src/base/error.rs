//! `macvlan_error`: why something could not be done.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::kernel::number;
use crate::base::object::shared;
use crate::base::report::{macvlan_error, macvlan_holder};

/// The cause of an error, as far as it could be told. The numbers are stable, and more may come: a
/// program has to expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_error_kinds {
    /// There is no error: macvlan_error_kind(NULL).
    MACVLAN_ERROR_NONE = 0,
    /// A value that can never be right, or an argument that is not what it must be: NULL, freed, of
    /// another type, not UTF-8. Nothing was asked of the kernel.
    MACVLAN_ERROR_INVALID_VALUE = 1,
    /// The parent link does not exist in the host's namespace.
    MACVLAN_ERROR_PARENT_NOT_FOUND = 2,
    /// The parent is a port of a bridge, bond or team, carries ipvlan, or cannot carry such links.
    MACVLAN_ERROR_PARENT_BUSY = 3,
    /// Passthru needs the parent for itself, and somebody else is on it.
    MACVLAN_ERROR_PASSTHRU_CONFLICT = 4,
    /// The MTU asked for is above what the parent allows.
    MACVLAN_ERROR_MTU_TOO_LARGE = 5,
    /// A link of that name, or alternative name, exists in the namespace.
    MACVLAN_ERROR_NAME_TAKEN = 6,
    /// The parent or a sibling already has this MAC address.
    MACVLAN_ERROR_MAC_IN_USE = 7,
    /// The link already has this address.
    MACVLAN_ERROR_ADDRESS_TAKEN = 8,
    /// The namespace already has this route, or rule.
    MACVLAN_ERROR_ROUTE_EXISTS = 9,
    /// The gateway is on no subnet that the namespace can reach directly.
    MACVLAN_ERROR_GATEWAY_UNREACHABLE = 10,
    /// The process is gone, and its network namespace with it, or the named namespace does not
    /// exist.
    MACVLAN_ERROR_NAMESPACE_GONE = 11,
    /// A path or file descriptor that is something else than a network namespace.
    MACVLAN_ERROR_NOT_A_NAMESPACE = 12,
    /// A capability is missing; the message says which one, and where.
    MACVLAN_ERROR_PERMISSION_DENIED = 13,
    /// The kernel lacks what was asked for.
    MACVLAN_ERROR_UNSUPPORTED = 14,
    /// The link, address or route to be changed, read or deleted does not exist.
    MACVLAN_ERROR_NOT_FOUND = 15,
    /// Something of that name exists that is not a link: a named namespace, for example.
    MACVLAN_ERROR_EXISTS = 16,
    /// IPv6 is switched off in the namespace or on the link.
    MACVLAN_ERROR_IPV6_DISABLED = 17,
    /// The kernel's reply could not be understood, or did not come.
    MACVLAN_ERROR_PROTOCOL = 18,
    /// A listing was interrupted by changes again and again.
    MACVLAN_ERROR_INTERRUPTED = 19,
    /// Any other refusal by the kernel.
    MACVLAN_ERROR_SYSTEM = 20,
    /// A fault of this library; the function returned -ENOTRECOVERABLE.
    MACVLAN_ERROR_BUG = 21,
    /// The parent is down or has no carrier: the link cannot come up, or nobody can be asked through it.
    MACVLAN_ERROR_PARENT_DOWN = 22,
    /// What is there cannot be changed into what is wanted, and was not to be replaced.
    MACVLAN_ERROR_NEEDS_REPLACEMENT = 23,
    /// Somebody else on the network has this address; see macvlan_error_holder().
    MACVLAN_ERROR_ADDRESS_IN_USE = 24,
    /// What was waited for did not come in time.
    MACVLAN_ERROR_TIMED_OUT = 25,
    /// It was cancelled, by macvlan_cancel().
    MACVLAN_ERROR_CANCELLED = 26,
    /// A network of that name exists.
    MACVLAN_ERROR_NETWORK_EXISTS = 102,
    /// No network has that name or id, or it has been removed.
    MACVLAN_ERROR_NETWORK_NOT_FOUND = 103,
    /// Containers are still connected to the network that is to be removed.
    MACVLAN_ERROR_NETWORK_IN_USE = 104,
    /// The subnet overlaps one of another network.
    MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS = 105,
    /// The networks cannot share the parent: one of them needs it for itself.
    MACVLAN_ERROR_NETWORK_PARENT_CLASH = 106,
    /// Every subnet that is tried when none is given is in use.
    MACVLAN_ERROR_NETWORK_NO_FREE_SUBNET = 107,
    /// No address is left in the network.
    MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED = 108,
    /// Another container of the network has the address that was asked for.
    MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN = 109,
    /// Somebody on the wire who is no container of the network has the address that was asked for.
    MACVLAN_ERROR_NETWORK_ADDRESS_FOREIGN = 110,
    /// The address that was asked for is not one that the network gives: outside its subnets,
    /// reserved, the gateway's.
    MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE = 111,
    /// Another container in the network has the name.
    MACVLAN_ERROR_NETWORK_NAME_TAKEN = 112,
    /// The container is connected already, with another address, in another namespace that still
    /// exists, or on another host.
    MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED = 113,
    /// The container is not connected to the network.
    MACVLAN_ERROR_NETWORK_NOT_CONNECTED = 114,
    /// The kernel refused something that only networks ask of it. All else that it refuses has the
    /// kinds below 100, in networks too.
    MACVLAN_ERROR_NETWORK_KERNEL = 115,
    /// The store of the networks cannot be reached, or does not answer in time: nothing has been
    /// given.
    MACVLAN_ERROR_NETWORK_STORE_UNAVAILABLE = 116,
    /// The store was written by a later version, or holds what it never should.
    MACVLAN_ERROR_NETWORK_STORE_UNUSABLE = 117,
    /// So many others changed the same in the store at the same time that it was given up, or somebody
    /// holds the namespace of the container.
    MACVLAN_ERROR_NETWORK_CONTENDED = 118,
    /// A file could not be read or written.
    MACVLAN_ERROR_NETWORK_FILE = 119,
    /// The file of the store, or the name of this host in the store, belongs to another machine.
    MACVLAN_ERROR_NETWORK_OTHER_MACHINE = 120,
    /// The lease was lost while the process was stopped for longer than its host counts as alive; it was
    /// undone.
    MACVLAN_ERROR_NETWORK_LEASE_LOST = 121,
    /// The store does not accept the user, the password or the certificate, or does not allow what was
    /// asked; or its own certificate is not accepted.
    MACVLAN_ERROR_NETWORK_STORE_REFUSED = 122,
    /// The host that is to be forgotten is alive.
    MACVLAN_ERROR_NETWORK_HOST_ALIVE = 123,
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(null(), |text| text.as_ptr())
}

/// One line for the person who reads it: on which link, parent and namespace, or in which network, what
/// was attempted, why it failed, what to do about it, and what could not be undone. "no error" for
/// NULL, never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_message(error: *const macvlan_error) -> *const c_char {
    answer(c"no error".as_ptr(), || Ok(shared!(error).message.as_ptr()))
}

/// The cause, for a program: one of enum macvlan_error_kinds. MACVLAN_ERROR_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_kind(error: *const macvlan_error) -> c_int {
    answer(0, || Ok(number(shared!(error).kind)))
}

/// The cause's name, for logs: "mtu-too-large". NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_kind_name(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(shared!(error).kind_name.as_ptr()))
}

/// Whether something that was to be created is there already: a link's name, an address, a route, a
/// named namespace, a network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_is_exists(error: *const macvlan_error) -> bool {
    answer(false, || Ok(shared!(error).is[0]))
}

/// Whether something that was needed is not there: the parent, the namespace, the link, the network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_is_not_found(error: *const macvlan_error) -> bool {
    answer(false, || Ok(shared!(error).is[1]))
}

/// Whether a capability is missing, or the right to a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_is_permission_denied(error: *const macvlan_error) -> bool {
    answer(false, || Ok(shared!(error).is[2]))
}

/// Whether a value, or an argument, was refused before any system call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_is_invalid_value(error: *const macvlan_error) -> bool {
    answer(false, || Ok(shared!(error).is[3]))
}

/// The error number, positive: what the function returned, without the sign. It is the kernel's where
/// the kernel refused. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_errno(error: *const macvlan_error) -> c_int {
    answer(0, || Ok(shared!(error).errno))
}

/// What was attempted: "add address 10.0.0.2/24". NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_operation(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(shared!(error).operation.as_ptr()))
}

/// Why it failed, without the rest of the message. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_cause(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(shared!(error).cause.as_ptr()))
}

/// The network that it was attempted in, by name; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_network(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).network.as_ref())))
}

/// The link that it was attempted on, as the caller named it; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_link(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).link.as_ref())))
}

/// The parent that the link was to hang on; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_parent(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).parent.as_ref())))
}

/// The network namespace that it was attempted in, in words; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_netns(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).netns.as_ref())))
}

/// The kernel's own words; NULL where it gave none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_kernel_message(
    error: *const macvlan_error,
) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).kernel_message.as_ref())))
}

/// What the reader can do about it; NULL if there is nothing to say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_hint(error: *const macvlan_error) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).hint.as_ref())))
}

/// Who has the address, where somebody else on the network was found to have it; NULL otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_holder(
    error: *const macvlan_error,
) -> *const macvlan_holder {
    answer(null(), || Ok(shared!(error).holder.as_ref().map_or(null(), |held| held.pointer())))
}

/// How many things had been done before the failure and could not be undone; mostly 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_leftover_count(error: *const macvlan_error) -> usize {
    answer(0, || Ok(shared!(error).leftovers.len()))
}

/// One of the things that could not be undone, counted from 0, in words; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_leftover(
    error: *const macvlan_error,
    index: usize,
) -> *const c_char {
    answer(null(), || Ok(pointer(shared!(error).leftovers.get(index))))
}

/// Frees an error; does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_free(error: *mut macvlan_error) {
    // SAFETY: the header says that nobody else uses it.
    unsafe { free(error) }
}
