//! Stores of networks and leases, which ensure that no address is given twice.

mod clash;
#[cfg(feature = "etcd")]
mod etcd;
mod format;
pub(crate) mod refusal;
mod secret;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::HashMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

#[cfg(feature = "etcd")]
pub use etcd::{EtcdOptions, EtcdStore, Pem};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::{ConflictingAddress, Lease, LeaseRequest};
use crate::life::HostStatus;
use crate::record::NetworkRecord;

/// The result of [`Store::lease`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LeaseOutcome {
    /// A new lease.
    New {
        /// The lease.
        lease: Lease,
        /// The container's other leases, in this network and in others.
        others: Vec<Lease>,
        /// The pending leases that it has taken.
        taken: Vec<Lease>,
    },
    /// The lease that the container already has, unchanged.
    Held {
        /// The lease.
        lease: Lease,
        /// The container's other leases, in this network and in others.
        others: Vec<Lease>,
    },
    /// No lease, because the network was changed; this is its current record.
    Changed(NetworkRecord),
}

/// A record that exists and cannot be read, of a later version or damaged.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unreadable {
    /// The id of the network, or of the network that the lease is in.
    pub network: String,
    /// The container's id, if this is a lease.
    pub container: Option<String>,
    /// The reason why it cannot be read.
    pub error: Error,
}

impl Unreadable {
    pub(crate) fn new(network: &str, container: Option<&str>, why: &str) -> Self {
        let what = match container {
            Some(container) => {
                format!("read the lease of container {container:?} in network {network}")
            }
            None => format!("read network {network}"),
        };
        let hint = "use a later version of this library, or repair the record";
        let error = Error::new(ErrorKind::StoreUnusable, what, why.to_owned()).with_hint(hint);
        Self { network: network.to_owned(), container: container.map(str::to_owned), error }
    }
}

/// A record that was found, as far as it can be read.
pub(crate) type Found<T> = std::result::Result<T, Unreadable>;

/// A store of networks and leases, which many processes can use at once.
///
/// Each call is atomic, even if the process or the machine dies during it. When it returns, its
/// result survives the process. It also survives a power failure, except for leases in an SQLite
/// file: their containers end with the boot.
///
/// The trait is sealed: [`SqliteStore`] and `EtcdStore` are its only implementations. Which lease
/// wins is decided inside of a store's transactions, and leases have fields that only this crate can
/// set, so that later versions can add to both.
///
/// # Errors
///
/// Any call can fail with one of these kinds, whatever it does:
///
/// - [`ErrorKind::StoreUnavailable`]: the store cannot be reached or does not answer in time.
/// - [`ErrorKind::StoreRefused`]: the store denies access.
/// - [`ErrorKind::StoreUnusable`]: the store was written by a later version, or is damaged.
/// - [`ErrorKind::File`]: a file of the store cannot be read or written.
/// - [`ErrorKind::OtherMachine`]: the store's file, or this host's name in it, belongs to another
///   machine.
/// - [`ErrorKind::Contended`]: other processes held or changed the same data for too long.
/// - [`ErrorKind::InvalidValue`]: the store was opened before a fork, and this is the child.
pub trait Store: Sealed + Send + Sync + Debug {
    /// Returns a random id of the store, by which its interfaces are recognized.
    ///
    /// It is the same in all sessions, and empty until something is stored.
    fn id(&self) -> &str;
    /// Returns a keyed hash of a text, which only this store can make.
    ///
    /// It distinguishes the aliases that the store has set from those that containers have written.
    /// `None` until something is stored, and in stores without this feature, whose interfaces are
    /// never adopted.
    fn seal(&self, text: &str) -> Option<String> {
        let _ = text;
        None
    }
    /// Returns the name of this host, if the store has host names.
    ///
    /// Without them it serves one machine, whose leases are all of this host.
    fn host_name(&self) -> Option<&str> {
        None
    }
    /// Returns the time until which no other host takes the leases of this one, as time since boot.
    ///
    /// The clock is `CLOCK_BOOTTIME`. `None` if other hosts never do.
    fn counts_as_alive_until(&self) -> Option<Duration> {
        None
    }
    /// Creates the store, so that it has an id, if nothing is stored yet.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn make(&self) -> Result<()> {
        Ok(())
    }
    /// Adds a network. Its subnets that are in `alone` must not overlap any other network's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkExists`] if its name is in use; [`ErrorKind::ParentClash`] if one
    /// network needs the parent exclusively; [`ErrorKind::SubnetOverlaps`] if a subnet in `alone`
    /// overlaps, or an address would be given twice on one parent; otherwise as for every
    /// [`Store`](#errors).
    fn add_network(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()>;
    /// Changes a network from the record that the caller has read, and returns its leases.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contended`] if it was changed since; [`ErrorKind::NetworkInUse`] if containers
    /// have addresses that it would no longer have; [`ErrorKind::NetworkNotFound`] if it was
    /// removed; otherwise as for [`Store::add_network`].
    fn change_network(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        alone: &[IpNet],
    ) -> Result<Vec<Lease>>;
    /// Returns all networks that can be read, ordered by name.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn networks(&self) -> Result<Vec<NetworkRecord>>;
    /// Returns the network with this name, or this id, or all whose id begins with it.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn find_networks(&self, name_or_id: &str) -> Result<Vec<NetworkRecord>>;
    /// Removes a network.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkInUse`] if it has leases; [`ErrorKind::NetworkNotFound`] if it does not
    /// exist; otherwise as for every [`Store`](#errors).
    fn remove_network(&self, network: &NetworkRecord) -> Result<()>;

    /// Grants a lease: chooses free addresses, or takes those of pending leases, which end.
    ///
    /// If the container already has the requested lease in this namespace, that one is returned,
    /// after the effect of [`Store::take_up`].
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::PoolExhausted`]: no address is free.
    /// - [`ErrorKind::AddressTaken`], [`ErrorKind::AddressConflict`],
    ///   [`ErrorKind::AddressUnusable`]: a requested address cannot be given.
    /// - [`ErrorKind::NameTaken`]: another container has the name.
    /// - [`ErrorKind::AlreadyConnected`]: the container has several leases, and no interface is
    ///   given.
    /// - [`ErrorKind::LeaseLost`]: a lease to take is not pending.
    /// - [`ErrorKind::NetworkNotFound`]: the network was removed.
    /// - Otherwise as for every [`Store`](#errors).
    fn lease(&self, network: &NetworkRecord, request: &LeaseRequest) -> Result<LeaseOutcome>;
    /// Confirms a lease for a caller that continues with it; false if it no longer exists.
    ///
    /// Earlier changes of the lease that are still unanswered have no effect from now on. A lease
    /// is identified by its endpoint.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Releases the lease of a container that was disconnected, so that its addresses can be given
    /// to others.
    ///
    /// The addresses are remembered for the container. Its names, aliases and settings for default
    /// routes are forgotten, also those of the interfaces that it had before.
    ///
    /// Returns false if the lease no longer exists, if it was pending and is now bound to a
    /// namespace, or if it belongs to another host that is alive. A lease is identified by its
    /// endpoint.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Releases leases of containers that are gone like [`Store::release`], but remembers their
    /// names and settings, and returns the leases that were released.
    ///
    /// If the container gets a lease again, and the request does not set them, it gets these, except
    /// for a name that another container has by then. SQLite releases all in one transaction, etcd
    /// in as few as their size permits. If it fails, some may have been released.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn release_gone(&self, network: &NetworkRecord, leases: Vec<Lease>) -> Result<Vec<Lease>>;
    /// Releases a lease that could not be used, and makes the leases that it has taken pending
    /// again, in one change.
    ///
    /// The container's remembered settings stay, but not its addresses. Returns false as
    /// [`Store::release`] does, and then changes nothing.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn undo_lease(&self, network: &NetworkRecord, lease: &Lease, taken: &[Lease]) -> Result<bool>;
    /// Changes a lease's name, aliases and settings for default routes.
    ///
    /// Also stores the parent that its interface was moved to. Returns false if it no longer
    /// exists. A lease is identified by its endpoint.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NameTaken`] if another container has the name; [`ErrorKind::Contended`] if the
    /// interface was moved, and the network has another parent by now; otherwise as for every
    /// [`Store`](#errors).
    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Binds a pending lease to the namespace and interface of `lease`.
    ///
    /// Returns false if it is no longer pending.
    ///
    /// A lease is identified by its endpoint.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyConnected`] if another lease of the container has the interface;
    /// otherwise as for every [`Store`](#errors).
    fn bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Enters a lease that was lost, with the addresses that the container has, and returns it.
    ///
    /// It gets the names and settings that are remembered for its interface, unless it has others.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AddressTaken`] or [`ErrorKind::AddressConflict`] if another host has one of
    /// them; [`ErrorKind::AddressUnusable`] if one is reserved for another name;
    /// [`ErrorKind::Contended`] if the network has another parent by now;
    /// [`ErrorKind::NameTaken`] or [`ErrorKind::AlreadyConnected`] if another lease has the name
    /// or the interface; otherwise as for every [`Store`](#errors).
    fn adopt(&self, network: &NetworkRecord, lease: Lease) -> Result<Lease>;

    /// Returns a container's leases in a network, one for each interface.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Vec<Lease>>;
    /// Returns a container's leases in all networks.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn leases_of(&self, container: &str) -> Result<Vec<Lease>>;
    /// Returns the leases of the container with this name, followed by those with this alias.
    ///
    /// If there are none, returns those of the container with this id.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn named(&self, network: &NetworkRecord, name: &str) -> Result<Vec<Lease>>;
    /// Returns the lease that has an address.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn holding(&self, network: &NetworkRecord, address: IpAddr) -> Result<Option<Lease>>;
    /// Returns the number of leases in each network that has any, by its id.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn count(&self) -> Result<HashMap<String, usize>>;
    /// Returns the leases in one network, or in all, that can be read.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>>;
    /// Returns the networks and leases that cannot be read, which the other lists leave out.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn unreadable(&self) -> Result<Vec<Unreadable>>;

    /// Records that a host outside of the network has an address; false if the address is leased.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn add_conflicting_address(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool>;
    /// Deletes the record that another host has an address; false if there was none.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn remove_conflicting_address(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool>;
    /// Returns the addresses that are recorded as conflicting.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn conflicting_addresses(&self, network: &NetworkRecord) -> Result<Vec<ConflictingAddress>>;

    /// Returns whether an address or a setting is remembered for a container that has no lease.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn remembers(&self, network: &NetworkRecord, container: &str) -> Result<bool>;
    /// Returns whether an address of a family is left that is leased without a request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkNotFound`] if the network was removed; otherwise as for every
    /// [`Store`](#errors).
    fn has_free(&self, network: &NetworkRecord, v6: bool) -> Result<bool>;
    /// Checks that changes can be stored.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn check_write(&self) -> Result<()> {
        Ok(())
    }

    /// Frees addresses that were kept for containers for long enough, and returns their number.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn expire(&self, network: &NetworkRecord) -> Result<usize>;
    /// Returns the hosts that count as alive; `None` if the store serves a single host.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn living_hosts(&self) -> Result<Option<Vec<String>>>;
    /// Returns the hosts that the store knows, ordered by name; none if it serves a single host.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](#errors).
    fn hosts(&self) -> Result<Vec<HostStatus>> {
        Ok(Vec::new())
    }
    /// Checks that leases outlive this process, if the store was opened so.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostNotAlive`] if they do not; otherwise as for every [`Store`](#errors).
    fn check_life(&self) -> Result<()> {
        Ok(())
    }
    /// Declares a host alive, until [`Store::forget_host`]; false if it is already declared.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if the name is invalid or the store serves a single host;
    /// otherwise as for every [`Store`](#errors).
    fn declare_host(&self, host: &str) -> Result<bool> {
        let why = "the store serves one machine, whose leases last as long as its containers";
        Err(Error::invalid(format!("declare host {host:?}"), why))
    }
    /// Ends the declaration of a host; false if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostAlive`] while a process of another host counts as alive, or if this host
    /// has leases and no agent; otherwise as for every [`Store`](#errors).
    fn forget_host(&self, host: &str) -> Result<bool> {
        let _ = host;
        Ok(false)
    }
}

/// Bounds [`Store`]; other crates cannot name it, and so cannot implement that trait.
pub trait Sealed {}

/// Returns whether a text can be the beginning of a network's id.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
