//! Give a container, sandbox or VM its place on the real network.
//!
//! One call sets up a macvlan link inside a network namespace, its addresses and its routes; either
//! all of it, in the time the kernel needs and no more, or nothing, with an error that says why.
//!
//! ```no_run
//! use macvlan_core::{Endpoint, Host, Mode, NetNs};
//!
//! let host = Host::open()?;
//! let container = NetNs::from_pid(2084)?;
//! let endpoint = Endpoint::new("eth0", "ens33")? // name inside, parent on the host
//!     .mode(Mode::Bridge)?
//!     .address("172.16.213.180/16".parse()?)
//!     .gateway("172.16.213.2".parse().unwrap());
//! let attachment = host.attach(&endpoint, &container)?;
//! println!("{} has {}", attachment.name(), attachment.mac());
//! host.detach(&attachment)?;
//! # Ok::<(), macvlan_core::Error>(())
//! ```
//!
//! # The tour
//!
//! - [`Host`] is an open session on the namespace that parent links live in; it attaches and detaches.
//! - [`NetNs`] is a handle on a namespace, by pid, pidfd, path, name or file descriptor.
//! - [`Endpoint`] says what a container's interface should be, without any system call;
//!   [`Endpoint::plan`] shows what would be done for it. [`Attachment`] is what it became.
//! - [`Handle`] has the verbs of `ip` for the links, addresses and routes of one namespace: [`Link`],
//!   [`Address`], [`Route`], and what the kernel tells of them: [`LinkInfo`], [`AddressInfo`],
//!   [`RouteInfo`].
//! - [`Watch`] tells what happens to them: an iterator of [`Event`]s.
//! - [`Cancel`] ends what takes its time: a probe, the wait for an event.
//! - [`Error`] says what was attempted, where, and why it failed; [`ErrorKind`] is for programs.
//!
//! Everything blocks: the kernel executes a request inside the system call that sends it, so there is
//! nothing to wait for elsewhere. All types can be sent to other threads, and [`Host`], [`Handle`]
//! and [`NetNs`] be shared by them.
//!
//! # Features
//!
//! - `serde`: values as text, what the kernel tells as structures.
//! - `tokio`: `AsyncHost` and `EventStream`, for programs that live there.
// clippy.toml is about answers of the kernel.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod endpoint;
mod error;
#[allow(clippy::disallowed_methods)] // only words follow from what is found here
mod explain;
#[cfg(feature = "fault-injection")]
#[doc(hidden)]
pub mod fuzz;
mod handle;
mod host;
mod lan;
mod netlink;
mod netns;
mod owner;
#[allow(clippy::disallowed_methods)] // only text and numbers
mod packet;
mod rtnl;
#[cfg(feature = "tokio")]
mod tokio;
#[allow(clippy::disallowed_methods)] // only text and numbers
mod value;
mod wait;

pub use endpoint::{
    Attachment, Change, Detached, Difference, DifferenceKind, Endpoint, EndpointKind, Ensured,
    IntoParent, Parent, Phase, Plan,
};
pub use error::{Error, ErrorKind, Result};
pub use handle::Handle;
pub use handle::promisc::PromiscGuard;
pub use handle::watch::Watch;
pub use host::Host;
pub use host::access::{Access, HostAccess, Moving};
pub use host::crowd::Detaching;
pub use host::diagnose::{Diagnosis, Finding, FindingKind};
pub use host::keep::{KeepEvent, KeepEventKind, Keeper};
pub use host::pool::Pool;
pub use lan::announce::{Announce, Announcement};
pub use lan::probe::Probe;
#[cfg(feature = "fault-injection")]
#[doc(hidden)]
pub use netlink::faults::{Call, Fault, with_faults};
#[doc(hidden)]
pub use netns::Presence;
pub use netns::{NetNs, NetNsId, NetNsLock, VisibleNamespaces, VisibleNetNs, WeakNetNs};
#[doc(hidden)]
pub use owner::Owner;
#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub use rtnl::laid_open::{decode_links, encode_attach};
#[cfg(feature = "tokio")]
pub use tokio::{AsyncHost, EventStream};
pub use value::address::{Address, AddressInfo, Assignment, DuplicateDetection};
pub use value::event::{Event, EventKind};
pub use value::filter::{AddressFilter, Family, LinkFilter, NeighbourFilter, RouteFilter};
pub use value::holder::Holder;
pub use value::link::{
    AcceptRa, AddrGenMode, EndpointType, IntoLinkId, IntoLinkName, Ipv6Sysctl, Link, LinkInfo,
    LinkKind, LinkState, LinkStatistics, LinkType, Macvlan, MacvlanChange, Mode, Offloads,
    SourceMacs, Vlan, VlanProtocol,
};
pub use value::mac::MacAddr;
pub use value::name::{LinkId, LinkName};
pub use value::neighbour::{NeighbourInfo, NeighbourState};
pub use value::net::{parse_ip, parse_net};
pub use value::rate::Rate;
pub use value::route::{NextHop, Route, RouteInfo, RouteKind};
pub use value::rule::Rule;
pub use value::scope::Scope;
pub use wait::Cancel;
