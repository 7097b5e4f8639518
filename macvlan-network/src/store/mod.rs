//! Where networks and leases are kept, so that no address is given twice.

mod clash;
#[cfg(feature = "etcd")]
mod etcd;
mod format;
pub(crate) mod refusal;
mod secret;
mod sqlite;

use std::collections::HashMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

#[cfg(feature = "etcd")]
pub use etcd::{EtcdOptions, EtcdStore, Pem};
pub use sqlite::SqliteStore;

use ipnet::IpNet;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Foreign, Lease, Wish};
use crate::record::NetworkRecord;

/// What a store does with a wish.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Granted {
    /// A lease that was not there before.
    New {
        /// The lease.
        lease: Lease,
        /// The container's other leases, in this network and in others.
        others: Vec<Lease>,
        /// The pending leases that it has taken.
        taken: Vec<Lease>,
    },
    /// The container has one already, which is left as it was.
    Held {
        /// The lease.
        lease: Lease,
        /// The container's other leases, in this network and in others.
        others: Vec<Lease>,
    },
    /// None: the network is not as the caller has it, but as here. Others have changed it.
    Changed(NetworkRecord),
}

/// A record that is there and cannot be read: a later version's, or a damaged one.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unreadable {
    /// The network's id; of a lease, the network that it is in.
    pub network: String,
    /// The container, if it is a lease.
    pub container: Option<String>,
    /// Why it cannot be read.
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
        let hint = "use a version of this library that can, or repair the record";
        let error = Error::new(ErrorKind::StoreUnusable, what, why.to_owned()).with_hint(hint);
        Self { network: network.to_owned(), container: container.map(str::to_owned), error }
    }
}

/// Whatever was found, as far as it can be read.
pub(crate) type Found<T> = std::result::Result<T, Unreadable>;

/// A place for networks and leases that many processes use at once.
///
/// Each call happens whole or not at all, also when the process or the machine dies in the middle of
/// it, and has happened for good when it returns.
pub trait Store: Send + Sync + Debug {
    /// What tells this store from every other, by whoever it is opened: some letters and digits, by
    /// chance. By it interfaces are known again. Empty as long as nothing is stored.
    fn id(&self) -> &str;
    /// Returns what only this store makes of a text, some letters and digits: by it the aliases of its
    /// interfaces are told from what containers have written there. None as long as nothing is stored, and of
    /// a store that cannot tell: its interfaces are never adopted.
    fn seal(&self, text: &str) -> Option<String> {
        let _ = text;
        None
    }
    /// What this host is called, if the store was told so. One that was not serves one machine: all its
    /// leases are this machine's.
    fn host_name(&self) -> Option<&str> {
        None
    }
    /// Returns until when no other host takes the leases of this one, whatever becomes of this process, as time
    /// since boot (`CLOCK_BOOTTIME`); none where no other host ever does.
    fn counts_as_alive_until(&self) -> Option<Duration> {
        None
    }
    /// Makes the store if nothing is stored yet, so that it has an id.
    fn make(&self) -> Result<()> {
        Ok(())
    }
    /// Adds a network; refused if its name is taken, one of both needs the parent for itself, or an address
    /// would be given twice on one parent. Subnets that are `alone` may overlap no network's at all.
    fn add_network(&self, network: &NetworkRecord, alone: &[IpNet]) -> Result<()>;
    /// Changes a network from what the caller has read, to `new`; refused as by [`Store::add_network`], if
    /// others have changed it since, and if containers have addresses that it would not have any more. Who
    /// was connected then.
    fn change_network(
        &self,
        old: &NetworkRecord,
        new: &NetworkRecord,
        alone: &[IpNet],
    ) -> Result<Vec<Lease>>;
    /// All networks that can be read, by name.
    fn networks(&self) -> Result<Vec<NetworkRecord>>;
    /// Returns the network that has this name; if none has, the one that has this id; if none has, those
    /// whose id begins so.
    fn find_networks(&self, name_or_id: &str) -> Result<Vec<NetworkRecord>>;
    /// Removes a network; refused while there are leases in it.
    fn remove_network(&self, network: &NetworkRecord) -> Result<()>;

    /// Gives a container its place: picks addresses that nobody has, or takes those of pending leases, which
    /// come to an end, and remembers whose they are.
    ///
    /// A lease that the container holds already, in the namespace that is wished for, is taken up as by
    /// [`Store::take_up`].
    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted>;
    /// Lets a lease stand for one more who goes on with it: what others have begun with it and were not
    /// told the end of comes to nothing from now on. False if there is no such lease any more, told by
    /// its endpoint.
    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Takes a lease back; its addresses can be given to others. False if there is no such lease any
    /// more, told by its endpoint, or if it is another host's, and that one lives, or if it was pending and is
    /// bound to a namespace by now.
    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Changes a lease's name, aliases, priority and whether default routes may lead through its network.
    /// False if there is no such lease any more, told by its endpoint. Refused if another container has
    /// the name.
    fn update(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Binds a pending lease to the namespace that this one says, with the interface's name there. False if it
    /// is not pending any more, told by its endpoint.
    fn bind(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool>;
    /// Enters a lease that was lost, with the addresses that the container has. Refused if somebody
    /// else has one of them.
    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()>;

    /// Returns the leases that a container has in a network, one for each interface.
    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Vec<Lease>>;
    /// Returns the leases that a container has in all networks.
    fn leases_of(&self, container: &str) -> Result<Vec<Lease>>;
    /// Returns the leases of the container that has a name by one of them, then of those that have it as an alias,
    /// by their containers; those of the container with this id, if there are none.
    fn named(&self, network: &NetworkRecord, name: &str) -> Result<Vec<Lease>>;
    /// Returns the lease that has an address.
    fn holding(&self, network: &NetworkRecord, address: IpAddr) -> Result<Option<Lease>>;
    /// Returns how many leases there are in each network, by its id; networks without any are left out.
    fn count(&self) -> Result<HashMap<String, usize>>;
    /// The leases in one network, or in all, that can be read.
    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>>;
    /// Returns the networks and leases that cannot be read, which the other lists leave out.
    fn unreadable(&self) -> Result<Vec<Unreadable>>;

    /// Remembers that somebody has an address who is none of ours. False if it is leased.
    fn add_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool>;
    /// Forgets that. False if it was not known.
    fn forget_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool>;
    /// The addresses that are known to be somebody else's.
    fn foreign(&self, network: &NetworkRecord) -> Result<Vec<Foreign>>;

    /// Gives free what was kept for containers that have not returned in time; how many addresses.
    fn expire(&self, network: &NetworkRecord) -> Result<usize>;
    /// The hosts that live, as far as the store can tell; none if it serves a single host.
    fn living_hosts(&self) -> Result<Option<Vec<String>>>;
    /// Has a host count as dead that counts as alive although no process of it has the store open. False if no
    /// such host is known. Refused while a process of it counts as alive.
    fn forget_host(&self, host: &str) -> Result<bool> {
        let _ = host;
        Ok(false)
    }
}

/// Whether a text can be the beginning of a network's id.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
