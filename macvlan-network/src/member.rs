//! How a container is to be connected.

use std::net::IpAddr;

use macvlan_core::{LinkName, MacAddr, NetNs};

use crate::alive::NetNsMark;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseState, Wish, in_front_of};
use crate::name::{check_findable, check_name, folded};

/// How a container is to be connected: a value, as an endpoint is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Member {
    pub(crate) container: String,
    name: Option<String>,
    aliases: Vec<String>,
    addresses: Vec<IpAddr>,
    take: Vec<String>,
    link_local: Vec<IpAddr>,
    interface: Option<String>,
    mac: Option<MacAddr>,
    default_route: Option<bool>,
    gw_priority: Option<i32>,
    pub(crate) replace_default_route: bool,
}

impl Member {
    /// A container, by an id that stays the same: when it returns, it gets its addresses again.
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

    /// The name by which others find it; no other container of the network can have it. Names are compared as
    /// DNS does, and stored in lower case.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(folded(&name.into()));
        self
    }

    /// Adds a further name by which others find it. Several containers may have the same: whoever asks
    /// for it gets the addresses of all.
    #[doc(alias = "--network-alias")]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(folded(&alias.into()));
        self
    }

    /// Adds an address that it is to have. One is chosen of each family of which none is given.
    #[doc(alias = "--ip")]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Adds a pending lease, by its id, whose addresses and MAC address it takes: see
    /// [`Network::allocate`](crate::Network::allocate). No address is chosen then. Of several it has the MAC
    /// address of the first.
    pub fn take(mut self, id: impl Into<String>) -> Self {
        self.take.push(id.into());
        self
    }

    /// Adds a link-local address, in `169.254.0.0/16` or `fe80::/10`. The network does not keep it from others.
    #[doc(alias = "--link-local-ip")]
    pub fn link_local_address(mut self, address: IpAddr) -> Self {
        self.link_local.push(address);
        self
    }

    /// Sets the interface's name inside, which tells it from others of the container in the network: a name
    /// that none of them has is that of a further one, with addresses of its own. Without it, the one that the
    /// container has is meant; if it has none, its name is the first free `ethN`.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }

    /// The interface's MAC address; derived when not given, see
    /// [`NetworkConfig::mac_from`](crate::NetworkConfig::mac_from).
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets whether the container's default routes lead through this network: never, if false; if true, in
    /// front of all networks that the container is in, with a priority that is one higher than theirs. When
    /// not said, [`Member::gw_priority`] decides.
    ///
    /// Routes do not lead through a network that is internal, or has no gateway of the family. When the
    /// network that they lead through goes, the next takes its place.
    pub fn default_route(mut self, default_route: bool) -> Self {
        self.default_route = Some(default_route);
        self
    }

    /// Sets the network's priority among those that the container's default routes can lead through. The
    /// highest gets them, and of several that have the same the one that was connected first. Defaults to 0.
    #[doc(alias = "--gw-priority")]
    pub fn gw_priority(mut self, priority: i32) -> Self {
        self.gw_priority = Some(priority);
        self
    }

    /// Sets whether default routes that the container has from somebody else are deleted, where this
    /// network's take their place. Otherwise they stay, and no other of the family is added. They are not
    /// added again when the container is disconnected.
    pub fn replace_default_route(mut self, replace: bool) -> Self {
        self.replace_default_route = replace;
        self
    }

    pub(crate) fn takes(&self) -> &[String] {
        &self.take
    }

    /// The lease that a container that is connected already has from now on; refused if it wants of its
    /// interface what cannot be changed.
    pub(crate) fn changed(&self, lease: &Lease, others: &[Lease]) -> Result<Lease> {
        let mut has = Vec::new();
        if !self.addresses.iter().all(|one| lease.addresses.iter().any(|net| net.addr() == *one)) {
            let all: Vec<String> =
                lease.addresses.iter().map(|net| net.addr().to_string()).collect();
            has.push(format!("the addresses {}", all.join(", ")));
        }
        if !self.link_local.iter().all(|one| lease.link_local.contains(one)) {
            let all: Vec<String> = lease.link_local.iter().map(ToString::to_string).collect();
            let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            has.push(format!("of link-local addresses {all}"));
        }
        if let Some(mac) = lease.mac.filter(|mac| self.mac.is_some_and(|wanted| wanted != *mac)) {
            has.push(format!("MAC address {mac}"));
        }
        if !has.is_empty() {
            let why = format!("it is connected, with {}", has.join(" and "));
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

    /// What is asked of the store to connect it in a namespace.
    pub(crate) fn wish_in(&self, host: &str, netns: &NetNs) -> Result<Wish> {
        let path = path_of(netns);
        self.wish(host, LeaseState::Connected { netns: NetNsMark::of(netns)?, path })
    }

    pub(crate) fn wish(&self, host: &str, state: LeaseState) -> Result<Wish> {
        check_name(&self.container, "a container's id")?;
        self.name.as_deref().map_or(Ok(()), |name| check_findable(name, "a container's name"))?;
        for (at, id) in self.take.iter().enumerate() {
            check_name(id, "a lease's id")?;
            if self.take[..at].contains(id) {
                return Err(Error::invalid(format!("take the lease {id}"), "it is given twice"));
            }
        }
        for (at, alias) in self.aliases.iter().enumerate() {
            check_findable(alias, "a container's alias")?;
            if self.aliases[..at].contains(alias) {
                let why = "it is given twice";
                return Err(Error::invalid(format!("use the alias {alias:?}"), why));
            }
        }
        let all: Vec<IpAddr> = self.addresses.iter().chain(&self.link_local).copied().collect();
        for (at, address) in all.iter().enumerate() {
            if all[..at].contains(address) {
                return Err(Error::invalid(format!("use {address}"), "it is given twice"));
            }
        }
        if let Some(other) = self.link_local.iter().find(|address| !is_link_local(**address)) {
            let why = "it is not in 169.254.0.0/16 or fe80::/10";
            return Err(Error::invalid(format!("use {other} as a link-local address"), why));
        }
        if self.gw_priority.is_some() && self.default_route.is_some() {
            let why = "a priority and whether the default routes lead there cannot both be said";
            return Err(Error::invalid("connect", why));
        }
        let interface = self.interface.as_deref().map(LinkName::new).transpose();
        Ok(Wish {
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

/// The path by which a namespace was found. One that is not text is not stored.
pub(crate) fn path_of(netns: &NetNs) -> Option<String> {
    netns.found_by()?.into_os_string().into_string().ok()
}

pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
