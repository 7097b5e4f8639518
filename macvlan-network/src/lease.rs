//! Who holds which address, and in which namespace.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{LinkName, MacAddr};

use crate::alive::NetNsMark;
use crate::error::{Error, ErrorKind, Result};
use crate::random;
use crate::record::NetworkRecord;

/// One container's place in one network, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The network's id.
    pub network: String,
    /// The container's id, as the caller calls it.
    pub container: String,
    /// The name by which others find it.
    pub name: Option<String>,
    /// The host that it runs on.
    pub host: String,
    /// What tells this lease from any other that the container had or will have.
    pub endpoint: String,
    /// The interface's name inside.
    pub interface: LinkName,
    /// The interface's MAC address; none in mode passthru, where it is the parent's.
    pub mac: Option<MacAddr>,
    /// Its addresses, each with the prefix length of its subnet.
    pub addresses: Vec<IpNet>,
    /// Whether the container's default routes lead through this network.
    pub default_route: bool,
    /// The container's namespace.
    pub netns: NetNsMark,
}

impl Lease {
    /// Refuses a network as it is to be if it has not these addresses any more.
    pub(crate) fn check_in(&self, network: &NetworkRecord) -> Result<()> {
        let has = |net: &IpNet| {
            network.check_reserved(net.addr(), self.name.as_deref())?;
            network.with_prefix(net.addr())
        };
        for net in &self.addresses {
            let why = match has(net) {
                Ok(same) if same == *net => continue,
                Ok(other) => format!("it would be {other}"),
                Err(error) => error.cause().to_owned(),
            };
            let why = format!("container {:?} has {net}, and {why}", self.container);
            return Err(in_the_way(network, why));
        }
        let (bare, passthru) = (self.addresses.is_empty(), self.mac.is_none());
        if bare != network.config.is_without_addresses() || passthru != network.is_passthru() {
            let why = format!("container {:?} is connected as it was", self.container);
            return Err(in_the_way(network, why));
        }
        Ok(())
    }
}

fn in_the_way(network: &NetworkRecord, why: String) -> Error {
    Error::new(ErrorKind::NetworkInUse, "change the network", why)
        .with_hint("disconnect it first")
        .in_network(network.name())
}

/// An address that somebody has who is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// The address.
    pub address: IpAddr,
    /// When it was found, in seconds since 1970.
    pub found: u64,
}

/// What is asked of a store for a container that is to be connected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wish {
    /// The container's id.
    pub container: String,
    /// The name by which others are to find it.
    pub name: Option<String>,
    /// The host that it runs on.
    pub host: String,
    /// Addresses that it has to get; at most one of each family.
    pub addresses: Vec<IpAddr>,
    /// The interface's name; the first free `ethN` when not given.
    pub interface: Option<LinkName>,
    /// The interface's MAC address, if it has to be a certain one.
    pub mac: Option<MacAddr>,
    /// Whether default routes are to lead through this network; when not given, if they lead through
    /// no other of the container's.
    pub default_route: Option<bool>,
    /// The container's namespace.
    pub netns: NetNsMark,
    /// How many of the first free `ethN` are passed over, since the kernel has them already.
    pub skip_interfaces: u32,
}

impl Wish {
    /// The address of a family that it has to be: the one that was asked for, or that is reserved for it.
    pub(crate) fn fixed(&self, network: &NetworkRecord, v6: bool) -> Result<Option<IpAddr>> {
        let asked_for = self.addresses.iter().find(|address| address.is_ipv6() == v6);
        if let Some(address) = asked_for {
            network.check_reserved(*address, self.name.as_deref())?;
            return Ok(Some(*address));
        }
        Ok(network.reserved_for(self.name.as_deref(), v6))
    }

    /// The lease that comes of it, with these addresses; `others` are the container's leases in
    /// other networks.
    pub(crate) fn granted(
        &self,
        network: &NetworkRecord,
        addresses: Vec<IpNet>,
        others: &[Lease],
    ) -> Lease {
        let here: Vec<&Lease> = others.iter().filter(|lease| lease.netns == self.netns).collect();
        let plain: Vec<IpAddr> = addresses.iter().map(IpNet::addr).collect();
        let default_route = network.config.has_gateway()
            && self.default_route.unwrap_or_else(|| !here.iter().any(|lease| lease.default_route));
        Lease {
            network: network.id.clone(),
            container: self.container.clone(),
            name: self.name.clone(),
            host: self.host.clone(),
            endpoint: random::id(),
            interface: self
                .interface
                .unwrap_or_else(|| free_interface(&here, self.skip_interfaces)),
            mac: network.mac(self.mac, &self.container, &plain),
            addresses,
            default_route,
            netns: self.netns.clone(),
        }
    }
}

/// `eth0`, or the first `ethN` that no other network has given the container.
fn free_interface(others: &[&Lease], skip: u32) -> LinkName {
    let names = (0_u32..).filter_map(|number| LinkName::new(&format!("eth{number}")).ok());
    let mut free = names.filter(|name| !others.iter().any(|lease| lease.interface == *name));
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    free.nth(skip).unwrap_or_else(|| unreachable!("there are more names than leases"))
}
