//! Connects containers, sandboxes and VMs directly to the LAN by macvlan and VLAN links.
//!
//! One call creates a link inside a network namespace with its addresses and routes. It either does
//! all of this or changes nothing and returns an error that names the cause.
//!
//! ```no_run
//! use macvlan_core::{Endpoint, Host, Mode, NetNs};
//!
//! let host = Host::open()?;
//! let container = NetNs::from_pid(2084)?;
//! let endpoint = Endpoint::new("eth0", "ens33")? // name inside, parent on the host
//!     .mode(Mode::Bridge)?
//!     .address("172.16.213.180/16".parse()?)
//!     .gateway("172.16.213.2".parse()?);
//! let attachment = host.attach(&endpoint, &container)?;
//! println!("{} has {}", attachment.name(), attachment.mac());
//! host.detach(&attachment)?;
//! # Ok::<(), macvlan_core::Error>(())
//! ```
//!
//! # Overview
//!
//! - [`Host`] is a session on the namespace that has the parent links; it attaches and detaches
//!   endpoints.
//! - [`NetNs`] is a handle on a namespace, opened by pid, pidfd, path, name or file descriptor.
//! - [`Endpoint`] describes a container's interface, without any system call; [`Endpoint::plan`]
//!   returns the steps of an attach. [`Attachment`] is the result.
//! - [`Handle`] manages the links, addresses and routes of one namespace, as `ip` does: [`Link`],
//!   [`Address`] and [`Route`] are created, [`LinkInfo`], [`AddressInfo`] and [`RouteInfo`] are
//!   read.
//! - [`Watch`] iterates over the [`Event`]s of a namespace.
//! - [`Cancel`] ends operations that wait, such as a probe.
//! - [`Error`] says which operation failed, where and why; its [`ErrorKind`] is for programs.
//!
//! All functions block. The kernel executes a request inside the system call that sends it, so
//! asynchronous calls would gain no time. All types are `Send`; threads can share a [`Host`], a
//! [`Handle`] or a [`NetNs`].
//!
//! # Asynchronous programs
//!
//! A call runs on one of the runtime's threads for blocking work. Clones of a [`Host`], a
//! [`Handle`] or a [`NetNs`] share their sockets and are cheap:
//!
//! ```
//! # use macvlan_core::{Attachment, Endpoint, Host, NetNs};
//! use tokio::task::spawn_blocking;
//!
//! async fn attach(
//!     host: &Host,
//!     endpoint: Endpoint,
//!     container: NetNs,
//! ) -> Result<Attachment, Box<dyn std::error::Error>> {
//!     let host = host.clone();
//!     Ok(spawn_blocking(move || host.attach(&endpoint, &container)).await??)
//! }
//! ```
//!
//! Dropping the future does not end the call. [`Cancel`] ends those that wait, such as a probe.
//!
//! # Features
//!
//! None is enabled by default.
//!
//! - `serde`: reads and writes inputs, such as an [`Endpoint`], and information from the kernel as
//!   documents; `docs/formats.md` describes them.
//! - `tokio`: `EventStream`, the events of a [`Watch`] as a `Stream`.
#![warn(clippy::missing_errors_doc)]
// clippy.toml forbids methods that hide errors of the kernel, which the tests do not.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

// The name that `fuzz_tests` knows it by.
#[cfg(test)]
extern crate self as macvlan_core;

#[cfg(feature = "serde")]
#[doc(hidden)] // for the crate of networks
pub mod document;
mod endpoint;
mod error;
#[allow(clippy::disallowed_methods)] // errors only make a message less specific
mod explain;
#[cfg(test)]
mod fuzz_tests;
mod handle;
mod host;
#[cfg(any(test, macvlan_internals))]
#[doc(hidden)]
pub mod internals;
mod lan;
mod netlink;
mod netns;
mod owner;
#[allow(clippy::disallowed_methods)] // parses text and numbers only
mod packet;
mod rtnl;
#[cfg(feature = "tokio")]
mod tokio;
#[allow(clippy::disallowed_methods)] // parses text and numbers only
mod value;
mod wait;

pub use endpoint::{
    Attachment, Change, Detached, Difference, DifferenceKind, Endpoint, EndpointKind, Ensured,
    IntoParent, Parent, Phase, Plan,
};
pub use error::{Error, ErrorKind, Result, plain};
pub use handle::Handle;
pub use handle::promisc::PromiscGuard;
pub use handle::watch::Watch;
pub use host::Host;
pub use host::access::{Access, HostAccess, PendingMove};
pub use host::crowd::DetachHandle;
pub use host::diagnose::{Diagnosis, Finding, FindingKind};
pub use host::keep::{KeepEvent, KeepEventKind, Keeper};
pub use host::pool::Pool;
pub use lan::announce::{Announce, Announcement};
pub use lan::probe::Probe;
#[doc(hidden)]
pub use netns::Presence;
pub use netns::{NetNs, NetNsId, NetNsLock, VisibleNamespaces, VisibleNetNs, WeakNetNs};
#[doc(hidden)]
pub use owner::Owner;
#[cfg(feature = "tokio")]
pub use tokio::EventStream;
pub use value::address::{Address, AddressInfo, Assignment, DuplicateDetection};
pub use value::event::{Event, EventKind};
pub use value::filter::{AddressFilter, Family, LinkFilter, NeighbourFilter, RouteFilter};
pub use value::holder::Holder;
pub use value::link::{
    AcceptRa, AddrGenMode, EndpointType, IntoLinkId, IntoLinkName, Ipv6Sysctl, Link, LinkInfo,
    LinkKind, LinkState, LinkStatistics, LinkType, MacvlanChange, MacvlanOptions, Mode, Offloads,
    SourceMacs, VlanOptions, VlanProtocol,
};
pub use value::mac::MacAddr;
#[doc(hidden)]
pub use value::name::ShellWord;
pub use value::name::{LinkId, LinkName};
pub use value::neighbour::{NeighbourInfo, NeighbourState};
pub use value::net::{parse_ip, parse_net};
pub use value::rate::Rate;
pub use value::route::{NextHop, Route, RouteInfo, RouteKind};
pub use value::rule::Rule;
pub use value::scope::Scope;
pub use wait::Cancel;
