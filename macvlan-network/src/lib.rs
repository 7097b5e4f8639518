//! Networks of macvlan links: subnets, address pools and leases, for one host or many.
//!
//! ```no_run
//! use macvlan_core::{Host, NetNs};
//! use macvlan_network::{ConnectOptions, NetworkConfig, Networks, SqliteStore, Subnet};
//!
//! let store = SqliteStore::open("/var/lib/macvlan/networks.db")?;
//! let networks = Networks::new(Host::open()?, store)?;
//! let vlan10 = networks.create(
//!     &NetworkConfig::new("vlan10").parent("ens33.10").subnet(Subnet::new("10.0.10.0/24")?),
//! )?;
//! let container = NetNs::from_pid(2084)?;
//! let connection = vlan10.connect(&ConnectOptions::new("4f1c9a").name("test101"), &container)?;
//! println!("{} has {:?}", connection.interface(), connection.addresses());
//! assert_eq!(vlan10.resolve("test101")?, connection.addresses());
//! vlan10.disconnect("4f1c9a")?;
//! vlan10.remove()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`Networks`] is a session: a [`Host`](macvlan_core::Host), and a [`Store`] that many processes
//!   can share. [`SqliteStore`] is a file for one host; `EtcdStore`, with the feature `etcd`,
//!   serves many hosts.
//! - [`NetworkConfig`] describes a network and its [`Subnet`]s; [`Network`] is a handle on a
//!   network that exists.
//! - [`ConnectOptions`] describes how a container is connected; [`Connection`] is the result, and
//!   [`Lease`] its record in the store.
//! - [`Network::allocate`] leases addresses before the container exists; a [`ConnectOptions`] takes
//!   them later. [`Network::create_link`] creates a link that a runtime moves to the container
//!   itself.
//! - [`Networks::reconcile`] makes the kernel and the store agree after a crash or a reboot;
//!   [`Networks::collect`] releases the leases of containers that are gone.
//! - [`NetworkConfig`], [`Subnet`], [`ConnectOptions`] and [`Allocation`] can be read and written with serde;
//!   `docs/formats.md` describes their documents.
//! - [`Error`] says which operation failed, where and why; its [`ErrorKind`] is for programs.
//!
//! An address is stored before the kernel gets it, and is removed from the kernel before it leaves
//! the store. So an address is never given to a second container, even if a process is killed in
//! between.
//!
//! # Features
//!
//! - `sqlite`, enabled by default: [`SqliteStore`].
//! - `sqlite-bundled`, enabled by default: SQLite is compiled in. Without it, the system's is used.
//! - `etcd`: `EtcdStore`, a store that many hosts share. Building it takes `protoc`.
#![warn(clippy::missing_errors_doc)]
// The code that the stores share is unused without them.
#![cfg_attr(not(any(feature = "etcd", feature = "sqlite")), allow(dead_code))]

mod alive;
mod allocation;
mod alone;
mod check;
mod collect;
mod config;
mod connect;
mod connect_options;
mod container_ref;
mod default_pool;
mod default_routes;
mod disconnect;
mod ending;
mod ensure;
mod error;
mod error_kind;
mod file_lock;
mod form;
mod former;
mod given;
mod granting;
mod host_link;
mod hosts;
mod hosts_file;
mod inspect;
mod interface;
mod lease;
mod life;
mod mac;
mod machine;
mod mark;
mod name;
mod net;
mod network;
mod networks;
mod owned;
mod parent;
mod parent_form;
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
mod wire;

pub use alive::NetNsMark;
pub use allocation::Allocation;
pub use collect::Collected;
pub use config::NetworkConfig;
pub use connect::Connection;
pub use connect_options::ConnectOptions;
pub use container_ref::ContainerRef;
pub use error::{Error, ErrorKind, Result};
pub use host_link::HostLink;
pub use lease::{ConflictingAddress, Lease, LeaseRequest, LeaseState};
pub use life::{HostStatus, Life};
pub use mac::MacFrom;
pub use network::Network;
pub use networks::Networks;
pub use pending::Pending;
pub use pool::Order;
pub use probe::AddressProbe;
pub use range::AddressRange;
pub use reconcile::{Reconciled, ReconciledKind};
pub use record::NetworkRecord;
pub use retain::Retained;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
#[cfg(feature = "etcd")]
pub use store::{EtcdOptions, EtcdStore, Pem};
pub use store::{LeaseOutcome, Store, Unreadable};
pub use subnet::Subnet;
pub use update::Updated;
