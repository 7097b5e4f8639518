//! The extension module in the Python package `macvlan`: the public APIs of macvlan-core and
//! macvlan-network, one file for each class, without logic of its own.
//!
//! Each folder uses only those before it: `base`, `value`, `handle`, `endpoint`, `host`, `network`.
//! `base/argument.rs` converts Python values and names the argument that it refuses;
//! `base/output.rs` converts results; `base/error.rs` raises. Enumerations, exceptions, `Address6`
//! and `MacAddr` are Python classes in the package, because each is a subclass of one of Python's
//! own classes.

#![allow(clippy::module_inception)] // the class Host is in host/host.rs
#![allow(clippy::doc_markdown)] // doc comments are docstrings here, which help() shows as they are

mod base;
mod command;
mod endpoint;
mod handle;
mod host;
mod network;
mod value;

/// The extension module of the package `macvlan`; use its names from there.
#[pyo3::pymodule(gil_used = false)]
mod _macvlan {
    #[pymodule_export]
    use crate::base::cancel::Cancel;
    #[pymodule_export]
    use crate::base::error::error_kinds;
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::endpoint::announce::{Announce, Announcement};
    #[pymodule_export]
    use crate::endpoint::attachment::Attachment;
    #[pymodule_export]
    use crate::endpoint::difference::Difference;
    #[pymodule_export]
    use crate::endpoint::endpoint::Endpoint;
    #[pymodule_export]
    use crate::endpoint::probe::Probe;
    #[pymodule_export]
    use crate::handle::handle::Handle;
    #[pymodule_export]
    use crate::handle::netns::{NetNs, VisibleNetNs};
    #[pymodule_export]
    use crate::handle::promisc::PromiscGuard;
    #[pymodule_export]
    use crate::handle::watch::Watch;
    #[pymodule_export]
    use crate::host::access::{HostAccess, PendingMove};
    #[pymodule_export]
    use crate::host::detach_handle::DetachHandle;
    #[pymodule_export]
    use crate::host::diagnosis::{Diagnosis, Finding};
    #[pymodule_export]
    use crate::host::host::{Attached, Host};
    #[pymodule_export]
    use crate::host::keeper::{KeepEvent, Keeper};
    #[pymodule_export]
    use crate::host::pool::Pool;
    #[pymodule_export]
    use crate::network::connection::Connection;
    #[pymodule_export]
    use crate::network::etcd::EtcdStore;
    #[pymodule_export]
    use crate::network::host_link::HostLink;
    #[pymodule_export]
    use crate::network::lease::Lease;
    #[pymodule_export]
    use crate::network::network::Network;
    #[pymodule_export]
    use crate::network::networks::Networks;
    #[pymodule_export]
    use crate::network::reconciled::Reconciled;
    #[pymodule_export]
    use crate::network::subnet::Subnet;
    #[pymodule_export]
    use crate::value::address_info::AddressInfo;
    #[pymodule_export]
    use crate::value::enumerations::names;
    #[pymodule_export]
    use crate::value::link_info::{LinkInfo, LinkStatistics, Offloads};
    #[pymodule_export]
    use crate::value::macvlan::MacvlanOptions;
    #[pymodule_export]
    use crate::value::neighbour_info::NeighbourInfo;
    #[pymodule_export]
    use crate::value::parent::Parent;
    #[pymodule_export]
    use crate::value::rate::Rate;
    #[pymodule_export]
    use crate::value::route::Route;
    #[pymodule_export]
    use crate::value::route_info::{NextHop, RouteInfo};
    #[pymodule_export]
    use crate::value::rule::Rule;
    #[pymodule_export]
    use crate::value::values::{address_text, mac_from_ipv4, mac_text};
    #[pymodule_export]
    use crate::value::vlan::VlanOptions;

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // Python's name for it
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
