//! Networks of macvlan links: subnets, pools of addresses, and who holds which, on one machine by
//! itself or on many.
//!
//! ```no_run
//! use macvlan_core::{Host, NetNs};
//! use macvlan_network::{Member, NetworkConfig, Networks, SqliteStore, Subnet};
//!
//! let store = SqliteStore::open("/var/lib/macvlan/networks.db")?;
//! let networks = Networks::new(Host::open()?, store)?;
//! let vlan10 = networks.create(
//!     &NetworkConfig::new("vlan10").parent("ens33.10").subnet(Subnet::new("10.0.10.0/24")?),
//! )?;
//! let container = NetNs::from_pid(2084)?;
//! let connection = vlan10.connect(&Member::new("4f1c9a").name("test101"), &container)?;
//! println!("{} has {:?}", connection.interface(), connection.addresses());
//! assert_eq!(vlan10.resolve("test101")?, connection.addresses());
//! vlan10.disconnect("4f1c9a")?;
//! vlan10.remove()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The tour
//!
//! - [`Networks`] is an open session: a [`Host`](macvlan_core::Host), and a [`Store`] that many
//!   processes share. [`SqliteStore`] is a file for one host; `EtcdStore`, with the feature `etcd`,
//!   is for many.
//! - [`NetworkConfig`] says what a network should be, with its [`Subnet`]s; [`Network`] is one that
//!   exists.
//! - [`Network::allocate`] leases addresses before there is a container, which a [`Member`] takes then;
//!   [`Network::create_link`] creates the link for others to move it to the container.
//! - [`Member`] says how a container is to be connected; [`Connection`] is what came of it, and
//!   [`Lease`] what the store has of it.
//! - [`Networks::reconcile`] brings kernel and store together after whatever happened;
//!   [`Networks::collect`] takes back what belongs to containers that are gone.
//! - [`Error`] says what was attempted, where, and why it failed; [`ErrorKind`] is for programs.
//!
//! An address is in the store before it is in the kernel, and leaves the store after it has left the
//! kernel: whatever is killed in between, it is never given to a second container.

mod alive;
mod allocation;
mod alone;
mod check;
mod collect;
mod config;
mod connect;
mod container_ref;
mod default_pool;
mod default_routes;
mod disconnect;
mod ensure;
mod error;
mod error_kind;
mod file_lock;
mod given;
mod granting;
mod host_link;
mod hosts_file;
mod inspect;
mod interface;
mod lease;
mod mac;
mod machine;
mod mark;
mod member;
mod name;
mod net;
mod network;
mod networks;
mod owned;
mod parent;
mod pending;
mod pool;
mod probe;
mod random;
mod range;
mod reconcile;
mod record;
mod resolve;
mod retain;
mod session;
mod standing;
mod store;
mod stray;
mod subnet;
mod time;
mod update;

pub use alive::NetNsMark;
pub use allocation::Allocation;
pub use collect::Collected;
pub use config::NetworkConfig;
pub use connect::Connection;
pub use container_ref::ContainerRef;
pub use error::{Error, ErrorKind, Result};
pub use host_link::HostLink;
pub use lease::{Foreign, Lease, LeaseState, Wish};
pub use mac::MacFrom;
pub use member::Member;
pub use network::Network;
pub use networks::Networks;
pub use pending::Pending;
pub use pool::Order;
pub use probe::Probe;
pub use range::AddressRange;
pub use reconcile::{Reconciled, ReconciledKind};
pub use record::NetworkRecord;
pub use retain::Retained;
#[cfg(feature = "etcd")]
pub use store::{EtcdOptions, EtcdStore, Pem};
pub use store::{Granted, SqliteStore, Store, Unreadable};
pub use subnet::Subnet;
pub use update::Updated;
