//! The kinds of errors, with their names and numbers.

use std::fmt;

/// The kind of an [`Error`](crate::Error).
///
/// The numbers are stable, appear in the C ABI, and are never reused. They are greater than those
/// of the core's kinds, except for [`ErrorKind::InvalidValue`], which is the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// A value is invalid: a gateway or a range outside of its subnet, a name with a slash.
    InvalidValue = 1,
    /// A network of that name already exists.
    NetworkExists = 102,
    /// No network has that name or id.
    NetworkNotFound = 103,
    /// Containers are still connected to the network, or keep it from being changed.
    NetworkInUse = 104,
    /// The subnet overlaps one of another network.
    SubnetOverlaps = 105,
    /// The networks cannot share the parent, because one of them needs it exclusively (mode
    /// passthru).
    ParentClash = 106,
    /// Every subnet that could be chosen is in use.
    NoFreeSubnet = 107,
    /// The network has no free address left.
    PoolExhausted = 108,
    /// Another container has the requested address.
    AddressTaken = 109,
    /// A host on the LAN that is not a container of the network has the requested address.
    AddressConflict = 110,
    /// The network does not give the requested address: it is outside of the range, reserved, or
    /// the gateway's.
    AddressUnusable = 111,
    /// Another container in the network has the name.
    NameTaken = 112,
    /// The container is already connected, in another namespace that still exists.
    AlreadyConnected = 113,
    /// The container is not connected to the network.
    NotConnected = 114,
    /// The kernel refused, or the namespace is gone; [`Error::core`](crate::Error::core) returns
    /// the cause.
    Kernel = 115,
    /// The store cannot be reached or does not answer in time; no address was given.
    StoreUnavailable = 116,
    /// The store was written by a later version, or is damaged.
    StoreUnusable = 117,
    /// Gave up, because other processes kept changing the same object or held the container's
    /// namespace.
    Contended = 118,
    /// A file could not be read or written.
    File = 119,
    /// The store's file, or this host's name in the store, belongs to another machine.
    OtherMachine = 120,
    /// The lease was lost and has been undone, because the process was stopped for longer than its
    /// host counts as alive; or a pending lease no longer exists, because it was taken or released.
    LeaseLost = 121,
    /// The store rejects the user, the password or the certificate, or denies the operation; or the
    /// store's own certificate is rejected.
    StoreRefused = 122,
    /// The host to be forgotten is alive.
    HostAlive = 123,
    /// Leases would not outlive this process: no agent runs on this host, and it is not declared.
    HostNotAlive = 124,
}

impl ErrorKind {
    /// All kinds, ordered by number.
    pub const ALL: &[Self] = &[
        Self::InvalidValue,
        Self::NetworkExists,
        Self::NetworkNotFound,
        Self::NetworkInUse,
        Self::SubnetOverlaps,
        Self::ParentClash,
        Self::NoFreeSubnet,
        Self::PoolExhausted,
        Self::AddressTaken,
        Self::AddressConflict,
        Self::AddressUnusable,
        Self::NameTaken,
        Self::AlreadyConnected,
        Self::NotConnected,
        Self::Kernel,
        Self::StoreUnavailable,
        Self::StoreUnusable,
        Self::Contended,
        Self::File,
        Self::OtherMachine,
        Self::LeaseLost,
        Self::StoreRefused,
        Self::HostAlive,
        Self::HostNotAlive,
    ];

    /// Returns the name and the error number of each kind, which only stand here.
    const fn entry(self) -> (&'static str, i32) {
        match self {
            Self::InvalidValue => ("invalid-value", libc::EINVAL),
            Self::NetworkExists => ("network-exists", libc::EEXIST),
            Self::NetworkNotFound => ("network-not-found", libc::ENOENT),
            Self::NetworkInUse => ("network-in-use", libc::EBUSY),
            Self::SubnetOverlaps => ("network-subnet-overlaps", libc::EADDRINUSE),
            Self::ParentClash => ("network-parent-clash", libc::EBUSY),
            Self::NoFreeSubnet => ("network-no-free-subnet", libc::ENOSPC),
            Self::PoolExhausted => ("network-pool-exhausted", libc::ENOSPC),
            Self::AddressTaken => ("network-address-taken", libc::EADDRINUSE),
            Self::AddressConflict => ("network-address-conflict", libc::EADDRINUSE),
            Self::AddressUnusable => ("network-address-unusable", libc::EADDRNOTAVAIL),
            Self::NameTaken => ("network-name-taken", libc::EEXIST),
            Self::AlreadyConnected => ("network-already-connected", libc::EISCONN),
            Self::NotConnected => ("network-not-connected", libc::ENOTCONN),
            Self::Kernel => ("network-kernel", libc::EIO),
            Self::StoreUnavailable => ("network-store-unavailable", libc::EAGAIN),
            Self::StoreUnusable => ("network-store-unusable", libc::EBADMSG),
            Self::Contended => ("network-contended", libc::EAGAIN),
            Self::File => ("network-file", libc::EIO),
            Self::OtherMachine => ("network-other-machine", libc::EREMOTE),
            Self::LeaseLost => ("network-lease-lost", libc::ESTALE),
            Self::StoreRefused => ("network-store-refused", libc::EACCES),
            Self::HostAlive => ("network-host-alive", libc::EBUSY),
            Self::HostNotAlive => ("network-host-not-alive", libc::EHOSTDOWN),
        }
    }

    /// Returns a stable name for logs and other languages: `"network-pool-exhausted"`.
    ///
    /// It differs from the names of all kinds of the core, except for [`ErrorKind::InvalidValue`],
    /// which is the same kind.
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Returns the error number (`errno(3)`) that fits the kind.
    ///
    /// The C library and Python use it for errors that have no number from the kernel or a file.
    pub const fn errno(self) -> i32 {
        self.entry().1
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use macvlan_core::ErrorKind as CoreKind;

    use super::*;

    #[test]
    fn kinds_are_none_of_the_cores_but_one() {
        let same = |kind: &&ErrorKind| {
            let like =
                |core: &&CoreKind| core.as_str() == kind.as_str() || **core as u32 == **kind as u32;
            CoreKind::ALL.iter().any(|core| like(&core))
        };
        let shared: Vec<&ErrorKind> = ErrorKind::ALL.iter().filter(same).collect();
        assert_eq!(shared, [&ErrorKind::InvalidValue]);
        let (ours, core) = (ErrorKind::InvalidValue, CoreKind::InvalidValue);
        assert_eq!(
            (ours as u32, ours.as_str(), ours.errno()),
            (core as u32, core.as_str(), core.errno())
        );
    }
}
