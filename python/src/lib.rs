//! The extension module inside the Python package `macvlan`: the public APIs of macvlan-core and
//! macvlan-network, one file a class, and no logic of its own.
//!
//! `argument.rs` takes Python values and names the argument that it refuses; `output.rs` gives them;
//! `error.rs` raises. Enumerations, exceptions, `Address6` and `MacAddr` are Python classes in the
//! package, because each is a subclass of a class of Python's own.

#![allow(clippy::doc_markdown)] // doc comments are docstrings here, which help() shows as they are

mod access;
mod address_info;
mod announce;
mod argument;
mod attachment;
mod closable;
mod connection;
mod descriptor;
mod detaching;
mod diagnosis;
mod difference;
mod endpoint;
mod error;
mod etcd;
mod handle;
mod host;
mod keeper;
mod lease;
mod link_info;
mod listener;
mod macvlan;
mod neighbour_info;
mod netns;
mod network;
mod networks;
mod options;
mod output;
mod parent;
mod pool;
mod probe;
mod promisc;
mod rate;
mod reconciled;
mod route;
mod route_info;
mod rule;
mod subnet;
mod values;
mod vlan;
mod waiting;

/// The extension module of the package `macvlan`; its names are meant to be used from there.
#[pyo3::pymodule(gil_used = false)]
mod _macvlan {
    #[pymodule_export]
    use crate::access::{HostAccess, Moving};
    #[pymodule_export]
    use crate::address_info::AddressInfo;
    #[pymodule_export]
    use crate::announce::{Announce, Announcement};
    #[pymodule_export]
    use crate::attachment::Attachment;
    #[pymodule_export]
    use crate::connection::Connection;
    #[pymodule_export]
    use crate::detaching::Detaching;
    #[pymodule_export]
    use crate::diagnosis::{Diagnosis, Finding};
    #[pymodule_export]
    use crate::difference::Difference;
    #[pymodule_export]
    use crate::endpoint::Endpoint;
    #[pymodule_export]
    use crate::etcd::EtcdStore;
    #[pymodule_export]
    use crate::handle::Handle;
    #[pymodule_export]
    use crate::host::{Attached, Host};
    #[pymodule_export]
    use crate::keeper::{KeepEvent, Keeping};
    #[pymodule_export]
    use crate::lease::Lease;
    #[pymodule_export]
    use crate::link_info::{LinkInfo, LinkStatistics, Offloads};
    #[pymodule_export]
    use crate::listener::Listener;
    #[pymodule_export]
    use crate::macvlan::Macvlan;
    #[pymodule_export]
    use crate::neighbour_info::NeighbourInfo;
    #[pymodule_export]
    use crate::netns::NetNs;
    #[pymodule_export]
    use crate::network::Network;
    #[pymodule_export]
    use crate::networks::Networks;
    #[pymodule_export]
    use crate::parent::Parent;
    #[pymodule_export]
    use crate::pool::Pool;
    #[pymodule_export]
    use crate::probe::Probe;
    #[pymodule_export]
    use crate::promisc::PromiscGuard;
    #[pymodule_export]
    use crate::rate::Rate;
    #[pymodule_export]
    use crate::reconciled::Reconciled;
    #[pymodule_export]
    use crate::route::Route;
    #[pymodule_export]
    use crate::route_info::{NextHop, RouteInfo};
    #[pymodule_export]
    use crate::rule::Rule;
    #[pymodule_export]
    use crate::subnet::Subnet;
    #[pymodule_export]
    use crate::values::{address_text, mac_text};
    #[pymodule_export]
    use crate::vlan::Vlan;

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // Python's name for it
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
