//! `macvlan_error`: the error of a function.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use crate::base::boundary::{answer, free};
use crate::base::holder::macvlan_holder;
use crate::base::kernel::number;
use crate::base::object::shared;
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::{Report, macvlan_error};
use crate::base::view::{Arena, Output};

/// The kind of an error. The numbers are stable. Later versions may add some, so a program has to
/// expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_error_kinds {
    /// No error: macvlan_error_kind(NULL).
    MACVLAN_ERROR_NONE = 0,
    /// An invalid value, refused before any system call; or an invalid argument: NULL, freed, of
    /// another type, not UTF-8.
    MACVLAN_ERROR_INVALID_VALUE = 1,
    /// The parent link does not exist in the host's namespace.
    MACVLAN_ERROR_PARENT_NOT_FOUND = 2,
    /// The parent is a port of a bridge, bond or team, has ipvlan links, or cannot have macvlan
    /// links.
    MACVLAN_ERROR_PARENT_BUSY = 3,
    /// Passthru needs the parent for itself, and the parent has another macvlan.
    MACVLAN_ERROR_PASSTHRU_CONFLICT = 4,
    /// The requested MTU is above the parent's.
    MACVLAN_ERROR_MTU_TOO_LARGE = 5,
    /// The namespace has a link with this name or alternative name.
    MACVLAN_ERROR_NAME_TAKEN = 6,
    /// The parent or another link on it has this MAC address.
    MACVLAN_ERROR_MAC_IN_USE = 7,
    /// The link already has this address.
    MACVLAN_ERROR_ADDRESS_TAKEN = 8,
    /// The namespace already has this route or rule.
    MACVLAN_ERROR_ROUTE_EXISTS = 9,
    /// The gateway is not on a subnet that the namespace reaches directly.
    MACVLAN_ERROR_GATEWAY_UNREACHABLE = 10,
    /// The process has ended, or the named namespace or the file does not exist.
    MACVLAN_ERROR_NAMESPACE_GONE = 11,
    /// The path or file descriptor is not a network namespace.
    MACVLAN_ERROR_NOT_A_NAMESPACE = 12,
    /// A capability is missing; the message names it and where it is needed.
    MACVLAN_ERROR_PERMISSION_DENIED = 13,
    /// The kernel does not support the operation.
    MACVLAN_ERROR_UNSUPPORTED = 14,
    /// The link, address, route or other object does not exist.
    MACVLAN_ERROR_NOT_FOUND = 15,
    /// An object of this name exists that is not a link, such as a named namespace.
    MACVLAN_ERROR_EXISTS = 16,
    /// IPv6 is disabled in the namespace or on the link.
    MACVLAN_ERROR_IPV6_DISABLED = 17,
    /// The kernel's reply was lost or malformed.
    MACVLAN_ERROR_PROTOCOL = 18,
    /// A listing was interrupted by changes too often, or a lock was not free in time.
    MACVLAN_ERROR_INTERRUPTED = 19,
    /// Any other refusal by the kernel; see the error number and the
    /// kernel's message.
    MACVLAN_ERROR_SYSTEM = 20,
    /// An error in this library; the function returned -ENOTRECOVERABLE.
    MACVLAN_ERROR_BUG = 21,
    /// The parent is down or has no carrier, so the link cannot come up or use the network.
    MACVLAN_ERROR_PARENT_DOWN = 22,
    /// The existing link can only be replaced, not changed, and replacing was not allowed.
    MACVLAN_ERROR_NEEDS_REPLACEMENT = 23,
    /// Another machine on the network has this address; see the holder of macvlan_error_info.
    MACVLAN_ERROR_ADDRESS_IN_USE = 24,
    /// The operation timed out.
    MACVLAN_ERROR_TIMED_OUT = 25,
    /// The operation was cancelled by macvlan_cancel().
    MACVLAN_ERROR_CANCELLED = 26,
    /// A network with this name exists.
    MACVLAN_ERROR_NETWORK_EXISTS = 102,
    /// No network has this name or id, or it was removed.
    MACVLAN_ERROR_NETWORK_NOT_FOUND = 103,
    /// Containers are connected to the network that is to be removed.
    MACVLAN_ERROR_NETWORK_IN_USE = 104,
    /// The subnet overlaps a subnet of another network.
    MACVLAN_ERROR_NETWORK_SUBNET_OVERLAPS = 105,
    /// The networks cannot share the parent, because one of them needs it for itself.
    MACVLAN_ERROR_NETWORK_PARENT_CLASH = 106,
    /// Every default subnet is in use, and none was given.
    MACVLAN_ERROR_NETWORK_NO_FREE_SUBNET = 107,
    /// No address is left in the network.
    MACVLAN_ERROR_NETWORK_POOL_EXHAUSTED = 108,
    /// Another container of the network has the requested address.
    MACVLAN_ERROR_NETWORK_ADDRESS_TAKEN = 109,
    /// A machine on the LAN that is not a container of the network has the requested address.
    MACVLAN_ERROR_NETWORK_ADDRESS_CONFLICT = 110,
    /// The network does not assign the requested address: it is outside its subnets, reserved, or a
    /// gateway's.
    MACVLAN_ERROR_NETWORK_ADDRESS_UNUSABLE = 111,
    /// Another container in the network has the name.
    MACVLAN_ERROR_NETWORK_NAME_TAKEN = 112,
    /// The container is already connected: with another address, in another namespace that still
    /// exists, or on another host.
    MACVLAN_ERROR_NETWORK_ALREADY_CONNECTED = 113,
    /// The container is not connected to the network.
    MACVLAN_ERROR_NETWORK_NOT_CONNECTED = 114,
    /// The kernel refused an operation that only networks need. Other refusals have the kinds below
    /// 100, in networks too.
    MACVLAN_ERROR_NETWORK_KERNEL = 115,
    /// The store of the networks cannot be reached, or does not answer in time. No address was
    /// leased.
    MACVLAN_ERROR_NETWORK_STORE_UNAVAILABLE = 116,
    /// The store was written by a later version, or its contents are invalid.
    MACVLAN_ERROR_NETWORK_STORE_UNUSABLE = 117,
    /// The same data in the store was changed by others too often, or another operation holds the
    /// container's namespace.
    MACVLAN_ERROR_NETWORK_CONTENDED = 118,
    /// A file could not be read or written.
    MACVLAN_ERROR_NETWORK_FILE = 119,
    /// The file of the store, or this host's name in the store, belongs to another machine.
    MACVLAN_ERROR_NETWORK_OTHER_MACHINE = 120,
    /// The lease was lost while the process was stopped for longer than the lifetime of its host in
    /// the store. The operation was undone.
    MACVLAN_ERROR_NETWORK_LEASE_LOST = 121,
    /// The store refuses the user, the password, the certificate or the access; or the store's own
    /// certificate is refused.
    MACVLAN_ERROR_NETWORK_STORE_REFUSED = 122,
    /// The host that is to be forgotten is still alive.
    MACVLAN_ERROR_NETWORK_HOST_ALIVE = 123,
    /// A lease would not outlive this process: no agent runs on this host, and it is not declared.
    MACVLAN_ERROR_NETWORK_HOST_NOT_ALIVE = 124,
}

/// The details of an error. A text is NULL if the error has none.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_error_info {
    /// The size of the struct.
    pub size: usize,
    /// The kind: one of enum macvlan_error_kinds.
    pub kind: u32,
    /// The positive error number: the function's return value without the sign.
    pub error_number: i32,
    /// The kind's name, for logs: "mtu-too-large".
    pub kind_name: *const c_char,
    /// The message, as from macvlan_error_message().
    pub message: *const c_char,
    /// The operation that failed: "add address 10.0.0.2/24".
    pub operation: *const c_char,
    /// The cause, without the rest of the message.
    pub cause: *const c_char,
    /// A hint for a solution.
    pub hint: *const c_char,
    /// The name of the network.
    pub network: *const c_char,
    /// The link, as named by the caller.
    pub link: *const c_char,
    /// The link's parent.
    pub parent: *const c_char,
    /// A description of the network namespace.
    pub netns: *const c_char,
    /// The kernel's message.
    pub kernel_message: *const c_char,
    /// The machine on the network that has the address; NULL if there is none.
    pub holder: *const macvlan_holder,
    /// Descriptions of the changes that could not be undone after the failure; usually none.
    pub leftovers: *const *const c_char,
    /// The number of these.
    pub leftover_count: usize,
    /// True if an object that was to be created exists: a link's name, an address, a route, a named
    /// namespace, a network.
    pub is_exists: Bool,
    /// True if a required object does not exist: the parent, the namespace, the link, the network.
    pub is_not_found: Bool,
    /// True if a capability is missing, or the permission for a file.
    pub is_permission_denied: Bool,
    /// True if a value or an argument was refused before any system call.
    pub is_invalid_value: Bool,
}
record!(macvlan_error_info);

impl Output for Report {
    type Record = macvlan_error_info;

    fn record(&self, arena: &mut Arena) -> macvlan_error_info {
        let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        let leftovers = self.leftovers.iter().map(|text| text.as_ptr()).collect();
        let (leftovers, leftover_count) = arena.array(leftovers);
        let [is_exists, is_not_found, is_permission_denied, is_invalid_value] =
            self.is.map(Bool::from);
        macvlan_error_info {
            kind: self.kind,
            error_number: self.errno,
            kind_name: self.kind_name.as_ptr(),
            message: self.message.as_ptr(),
            operation: self.operation.as_ptr(),
            cause: self.cause.as_ptr(),
            hint: pointer(&self.hint),
            network: pointer(&self.network),
            link: pointer(&self.link),
            parent: pointer(&self.parent),
            netns: pointer(&self.netns),
            kernel_message: pointer(&self.kernel_message),
            holder: arena.part_of(self.holder.as_ref()),
            leftovers,
            leftover_count,
            is_exists,
            is_not_found,
            is_permission_denied,
            is_invalid_value,
            ..macvlan_error_info::new()
        }
    }
}

/// Returns a message of one line, for people: the operation with its link, parent, namespace or
/// network; the cause; a hint; and the changes that could not be undone.
///
/// The text belongs to the error. "no error" for NULL; never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_message(error: *const macvlan_error) -> *const c_char {
    answer(c"no error".as_ptr(), || Ok(shared!(error).value.message.as_ptr()))
}

/// Returns the kind: one of enum macvlan_error_kinds. MACVLAN_ERROR_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_kind(error: *const macvlan_error) -> c_int {
    answer(0, || Ok(number(shared!(error).value.kind)))
}

/// Returns the positive error number: the function's return value without the sign. After a refusal
/// by the kernel it is the kernel's. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_errno(error: *const macvlan_error) -> c_int {
    answer(0, || Ok(shared!(error).value.errno))
}

/// Returns all that is known about the error. It belongs to the error. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_get(
    error: *const macvlan_error,
) -> *const macvlan_error_info {
    answer(null(), || Ok(shared!(error).record()))
}

/// Frees an error. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_error_free(error: *mut macvlan_error) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(error) }
}
