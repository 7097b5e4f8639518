//! The stored record of a network.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{MacAddr, Mode, Parent};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::mac::MacFrom;
use crate::name::folded;
use crate::parent_form;
use crate::subnet::Subnet;

/// The record of a network in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkRecord {
    /// The id: 64 random hexadecimal digits.
    pub id: String,
    /// The time of creation, in UTC: `2024-05-01T12:00:00Z`.
    pub created: String,
    /// The configuration.
    pub config: NetworkConfig,
    /// The id under which a store has the network's gaps, if it differs from the network's.
    pub(crate) gaps: Option<String>,
}

/// Returns whether an address reserved for `holder` is reserved for a container of this name.
fn is_name_of(holder: &str, name: Option<&str>) -> bool {
    name.is_some_and(|name| folded(holder) == folded(name))
}

impl NetworkRecord {
    pub(crate) fn name(&self) -> &str {
        self.config.get_name()
    }

    /// Returns the id under which a store has the network's gaps.
    #[cfg(feature = "etcd")] // SQLite stores them by network
    pub(crate) fn gaps(&self) -> &str {
        self.gaps.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn is_passthru(&self) -> bool {
        self.config.get_mode() == Mode::Passthru
    }

    /// Returns the name of the parent, or of the network's own dummy link.
    pub fn parent(&self) -> String {
        self.config.get_parent().map_or_else(|| self.dummy(), ToString::to_string)
    }

    /// Returns the parent, or the network's own dummy link.
    pub(crate) fn link(&self) -> macvlan_core::Result<Parent> {
        self.config.get_parent().map_or_else(|| self.dummy().parse(), |parent| Ok(parent.clone()))
    }

    /// Returns whether containers of both networks are on one LAN, judged by the parents.
    ///
    /// An isolated network has a LAN of its own.
    pub(crate) fn shares_wire(&self, other: &Self) -> bool {
        self.config.shares_parent(&other.config)
    }

    /// Returns the parent as stores write it.
    pub(crate) fn stored_parent(&self) -> Option<String> {
        self.config.get_parent().map(parent_form::write_parent)
    }

    /// Returns whether a parent that a store has written is this network's.
    pub(crate) fn has_parent(&self, stored: &str) -> bool {
        let ours = self.config.get_parent().zip(parent_form::read_parent(stored));
        ours.is_some_and(|(ours, stored)| parent_form::is_same(ours, &stored))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.config.get_parent().is_none()
    }

    /// Returns the name of an isolated network's dummy link, which is the one that Docker uses.
    pub(crate) fn dummy(&self) -> String {
        format!("dm-{}", self.short_id())
    }

    /// The number of digits of the id in names and aliases of links.
    pub(crate) const SHORT_ID: usize = 12;

    /// Returns the prefix of the id that is used in names and aliases of links.
    pub(crate) fn short_id(&self) -> &str {
        self.id.get(..Self::SHORT_ID).unwrap_or(&self.id)
    }

    /// Returns the subnet that contains an address, and its index.
    pub(crate) fn subnet_of(&self, address: IpAddr) -> Option<(usize, &Subnet)> {
        let mut subnets = self.config.get_subnets().iter().enumerate();
        subnets.find(|(_, subnet)| subnet.get_net().contains(&address))
    }

    /// Returns an address with the prefix length of its subnet.
    pub(crate) fn with_prefix(&self, address: IpAddr) -> Result<IpNet> {
        let refuse = |why: String| {
            Error::new(ErrorKind::AddressUnusable, format!("lease {address}"), why)
                .in_network(self.name())
        };
        let (_, subnet) = self
            .subnet_of(address)
            .ok_or_else(|| refuse(format!("no subnet of the network contains {address}")))?;
        // It may be the gateway of another subnet.
        let mut gateways = self.config.get_subnets().iter().filter_map(Subnet::get_gateway);
        if gateways.any(|gateway| gateway == address) {
            return Err(refuse(format!("{address} is the gateway")));
        }
        let mut routes = self.config.get_routes().iter();
        if let Some(route) = routes.find(|route| route.get_gateway() == Some(address)) {
            let to = route.get_destination();
            return Err(refuse(format!("{address} is the gateway of the route to {to}")));
        }
        if subnet.excludes(address) {
            return Err(refuse(format!("{address} is excluded in subnet {subnet}")));
        }
        if !subnet.can_be_host(address) {
            return Err(refuse(format!("{address} is not a host address of {subnet}")));
        }
        IpNet::new(address, subnet.get_net().prefix_len())
            .map_err(|error| refuse(error.to_string()))
    }

    /// Returns the address of a family that is reserved for a container of this name.
    pub(crate) fn reserved_for(&self, name: Option<&str>, v6: bool) -> Option<IpAddr> {
        let reserved = |subnet: &Subnet| {
            let mut all = subnet.get_reserved().iter();
            all.find(|(holder, _)| is_name_of(holder, name)).map(|(_, address)| *address)
        };
        let mut found = self.config.get_subnets().iter().filter_map(reserved);
        found.find(|address| address.is_ipv6() == v6)
    }

    /// Refuses an address that is reserved for a container of another name.
    pub(crate) fn check_reserved(&self, address: IpAddr, name: Option<&str>) -> Result<()> {
        let (reserved, mut its) = (self.subnet_of(address), None);
        for (holder, one) in reserved.iter().flat_map(|(_, subnet)| subnet.get_reserved()) {
            if *one == address {
                its = Some(holder);
                if is_name_of(holder, name) {
                    return Ok(());
                }
            }
        }
        let Some(holder) = its else { return Ok(()) };
        let why = format!("{address} is reserved for {holder:?}");
        Err(Error::new(ErrorKind::AddressUnusable, format!("lease {address}"), why)
            .with_hint("connect a container with this name")
            .in_network(self.name()))
    }

    /// Returns whether containers can get this address without requesting it.
    pub(crate) fn gives(&self, address: IpAddr) -> bool {
        self.config.gives(address)
    }

    /// Returns a container's MAC address: the requested one, or the derived one after skipping
    /// `skip`.
    pub(crate) fn mac(
        &self,
        wanted: Option<MacAddr>,
        (container, skip): (&str, u32),
        addresses: &[IpAddr],
    ) -> Option<MacAddr> {
        let from = self.config.get_mac_from();
        let derived = || match skip {
            0 => from.derive(&self.id, container, addresses),
            _ => MacFrom::Container.derive(&self.id, &format!("{container} {skip}"), &[]),
        };
        // In mode passthru it would become the parent's.
        wanted.or_else(|| (!self.is_passthru()).then(derived))
    }
}
