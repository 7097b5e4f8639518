//! Options for connecting a container.

use std::net::IpAddr;

use macvlan_core::{LinkName, MacAddr, NetNs};

use crate::alive::NetNsMark;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseRequest, LeaseState, in_front_of};
use crate::name::{check_findable, check_name, folded};

/// Options for connecting a container to a network.
///
/// ```
/// use macvlan_network::ConnectOptions;
///
/// let options = ConnectOptions::new("4f1c9a")
///     .name("test101")
///     .alias("web")
///     .address("10.0.10.7".parse()?);
/// # let _ = options;
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ConnectOptions {
    pub(crate) container: String,
    pub(crate) name: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) take: Vec<String>,
    pub(crate) link_local: Vec<IpAddr>,
    pub(crate) interface: Option<String>,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) default_route: Option<bool>,
    pub(crate) gw_priority: Option<i32>,
    pub(crate) replace_default_route: bool,
}

impl ConnectOptions {
    /// Makes options for a container, identified by a stable id.
    ///
    /// A container that returns with the same id gets its addresses back.
    pub fn new(container: impl Into<String>) -> Self {
        Self {
            container: container.into(),
            name: None,
            aliases: Vec::new(),
            addresses: Vec::new(),
            take: Vec::new(),
            link_local: Vec::new(),
            interface: None,
            mac: None,
            default_route: None,
            gw_priority: None,
            replace_default_route: false,
        }
    }

    /// Sets the name, by which other containers find it and which is unique in the network.
    ///
    /// Names are compared as in DNS, and stored in lower case.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(folded(&name.into()));
        self
    }

    /// Sets the name that a container's runtime has given it, unless DNS cannot have it.
    ///
    /// Runtimes allow longer names, and a container with such a name has to start.
    #[doc(hidden)] // for the plugins of macvlan-cli
    pub fn runtime_name(self, name: &str) -> Self {
        let is_findable = check_findable(&folded(name), "a container's name").is_ok();
        if is_findable { self.name(name) } else { self }
    }

    /// Adds an alias, a further name by which other containers find it.
    ///
    /// Several containers may share an alias; it then resolves to the addresses of all of them.
    #[doc(alias = "--network-alias")]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(folded(&alias.into()));
        self
    }

    /// Adds an address to request. For a family without one, an address is chosen.
    #[doc(alias = "--ip")]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Adds the id of a pending lease, whose addresses and MAC address the container takes.
    ///
    /// No address is chosen then. Of several leases, the MAC address of the first is used. See
    /// [`Network::allocate`](crate::Network::allocate).
    pub fn take(mut self, id: impl Into<String>) -> Self {
        self.take.push(id.into());
        self
    }

    /// Adds a link-local address, in `169.254.0.0/16` or `fe80::/10`.
    ///
    /// The store does not check that it is unique.
    #[doc(alias = "--link-local-ip")]
    pub fn link_local_address(mut self, address: IpAddr) -> Self {
        self.link_local.push(address);
        self
    }

    /// Sets the interface's name inside the container.
    ///
    /// A name that none of the container's interfaces in the network has adds a further interface,
    /// with addresses of its own. By default, the interface that the container already has is used,
    /// or a new one is named with the first free `ethN`.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }

    /// Sets the interface's MAC address.
    ///
    /// By default it is derived, see [`NetworkConfig::mac_from`](crate::NetworkConfig::mac_from).
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets whether the container's default routes lead through this network.
    ///
    /// If true, the network gets a priority one higher than that of the container's other networks;
    /// if false, the default routes never lead through it. By default,
    /// [`ConnectOptions::gw_priority`] decides.
    ///
    /// Default routes do not lead through a network that is internal or has no gateway of the
    /// family. When the container is disconnected from their network, they change to the next one.
    pub fn default_route(mut self, default_route: bool) -> Self {
        self.default_route = Some(default_route);
        self
    }

    /// Sets the network's priority for the container's default routes. Defaults to 0.
    ///
    /// They lead through the network with the highest priority, and among equals through the one
    /// that was connected first.
    #[doc(alias = "--gw-priority")]
    pub fn gw_priority(mut self, priority: i32) -> Self {
        self.gw_priority = Some(priority);
        self
    }

    /// Sets whether default routes that other programs have added are replaced. Defaults to false.
    ///
    /// If false, such routes stay, and this network adds none of the same family. A route that was
    /// replaced is not added again when the container is disconnected.
    pub fn replace_default_route(mut self, replace: bool) -> Self {
        self.replace_default_route = replace;
        self
    }

    pub(crate) fn takes(&self) -> &[String] {
        &self.take
    }

    /// Returns the updated lease of a container that is already connected.
    ///
    /// Refuses options that cannot be changed while it is connected.
    pub(crate) fn changed(&self, lease: &Lease, others: &[Lease]) -> Result<Lease> {
        let missing: Vec<String> = self
            .addresses
            .iter()
            .filter(|one| !lease.has(**one))
            .chain(self.link_local.iter().filter(|one| !lease.link_local.contains(one)))
            .map(ToString::to_string)
            .collect();
        let mut differs = match &*missing {
            [] => Vec::new(),
            [one] => vec![format!("without address {one}")],
            several => vec![format!("without addresses {}", several.join(", "))],
        };
        if let Some(mac) = lease.mac.filter(|mac| self.mac.is_some_and(|wanted| wanted != *mac)) {
            differs.push(format!("with MAC address {mac}"));
        }
        if !differs.is_empty() {
            let why = format!("already connected {}", differs.join(" and "));
            return Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it first"));
        }
        let mut changed = lease.clone();
        if self.name.is_some() {
            changed.name.clone_from(&self.name);
        }
        if !self.aliases.is_empty() {
            changed.aliases.clone_from(&self.aliases);
        }
        changed.default_route = self.default_route.unwrap_or(lease.default_route);
        if let Some(priority) = self.gw_priority {
            (changed.default_route, changed.gw_priority) = (true, priority);
        } else if self.default_route == Some(true) {
            let here = || others.iter().filter(|one| one.is_beside(lease));
            let is_behind = |one: &Lease| one.default_route && one.rank() < changed.rank();
            if here().any(is_behind) {
                changed.gw_priority = in_front_of(here());
            }
        }
        Ok(changed)
    }

    /// Returns the request to the store for connecting the container in a namespace.
    pub(crate) fn request_in(&self, host: &str, netns: &NetNs) -> Result<LeaseRequest> {
        let path = path_of(netns);
        self.request(host, LeaseState::Connected { netns: NetNsMark::of(netns)?, path })
    }

    pub(crate) fn request(&self, host: &str, state: LeaseState) -> Result<LeaseRequest> {
        check_name(&self.container, "a container's id")?;
        self.name.as_deref().map_or(Ok(()), |name| check_findable(name, "a container's name"))?;
        for (at, id) in self.take.iter().enumerate() {
            check_name(id, "a lease's id")?;
            if self.take[..at].contains(id) {
                return Err(twice(format_args!("lease {id}")));
            }
        }
        for (at, alias) in self.aliases.iter().enumerate() {
            check_findable(alias, "a container's alias")?;
            if self.aliases[..at].contains(alias) {
                return Err(twice(format_args!("alias {alias:?}")));
            }
        }
        let all: Vec<IpAddr> = self.addresses.iter().chain(&self.link_local).copied().collect();
        for (at, address) in all.iter().enumerate() {
            if all[..at].contains(address) {
                return Err(twice(format_args!("address {address}")));
            }
        }
        if let Some(other) = self.link_local.iter().find(|address| !is_link_local(**address)) {
            let why = "not in 169.254.0.0/16 or fe80::/10";
            return Err(Error::invalid(format!("use {other} as a link-local address"), why));
        }
        if self.gw_priority.is_some() && self.default_route.is_some() {
            let why = "the default route and its priority exclude each other";
            return Err(Error::invalid("connect", why));
        }
        let interface = self.interface.as_deref().map(LinkName::new).transpose();
        Ok(LeaseRequest {
            container: self.container.clone(),
            name: self.name.clone(),
            aliases: self.aliases.clone(),
            host: host.to_owned(),
            addresses: self.addresses.clone(),
            families: [true; 2],
            take: self.take.clone(),
            link_local: self.link_local.clone(),
            interface: interface.map_err(|error| Error::kernel("name the interface", error))?,
            mac: self.mac,
            default_route: self.default_route,
            gw_priority: self.gw_priority,
            is_moved: matches!(state, LeaseState::Pending(_)),
            state,
            skip_interfaces: 0,
            skip_macs: 0,
        })
    }
}

/// Returns the error for a value that is in a list twice. The operation is the caller's.
fn twice(value: impl std::fmt::Display) -> Error {
    Error::invalid("connect", format!("{value} is given twice"))
}

/// Returns the path that a namespace was opened by, unless it is not valid UTF-8.
pub(crate) fn path_of(netns: &NetNs) -> Option<String> {
    netns.found_by()?.into_os_string().into_string().ok()
}

pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
