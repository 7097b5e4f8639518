//! How a container is to be connected.

use std::net::IpAddr;

use macvlan_core::{LinkName, MacAddr};

use crate::alive::NetNsMark;
use crate::config::check_name;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};

/// How a container is to be connected: a value, as an endpoint is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Member {
    pub(crate) container: String,
    name: Option<String>,
    addresses: Vec<IpAddr>,
    interface: Option<String>,
    mac: Option<MacAddr>,
    default_route: Option<bool>,
}

impl Member {
    /// A container, by an id that stays the same: when it returns, it gets its addresses again.
    pub fn new(container: impl Into<String>) -> Self {
        Self {
            container: container.into(),
            name: None,
            addresses: Vec::new(),
            interface: None,
            mac: None,
            default_route: None,
        }
    }

    /// The name by which others find it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// An address that it is to have; one a family. Chosen when not given.
    #[doc(alias = "--ip")]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// The interface's name inside; the first free `ethN` when not given.
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

    /// Whether the container's default routes lead through this network. When not said, they do if
    /// they lead through no other network that it is in.
    pub fn default_route(mut self, default_route: bool) -> Self {
        self.default_route = Some(default_route);
        self
    }

    /// What it asks for now has to be what it has.
    pub(crate) fn check_against(&self, lease: &Lease) -> Result<()> {
        let has = |wanted: &&IpAddr| lease.addresses.iter().any(|one| one.addr() == **wanted);
        let Some(other) = self.addresses.iter().find(|wanted| !has(wanted)) else { return Ok(()) };
        let why = format!("it is connected, and has not the address {other}");
        Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
            .with_hint("disconnect it first"))
    }

    pub(crate) fn wish(&self, host: &str, netns: NetNsMark) -> Result<Wish> {
        check_name(&self.container, "a container's id")?;
        self.name.as_deref().map_or(Ok(()), |name| check_name(name, "a container's name"))?;
        for v6 in [false, true] {
            if self.addresses.iter().filter(|address| address.is_ipv6() == v6).count() > 1 {
                let why = "a container has one address of each family in a network";
                return Err(Error::invalid("take several fixed addresses", why));
            }
        }
        let interface = self.interface.as_deref().map(LinkName::new).transpose();
        Ok(Wish {
            container: self.container.clone(),
            name: self.name.clone(),
            host: host.to_owned(),
            addresses: self.addresses.clone(),
            interface: interface.map_err(|error| Error::kernel("name the interface", error))?,
            mac: self.mac,
            default_route: self.default_route,
            netns,
            skip_interfaces: 0,
        })
    }
}
