//! What the store has of a network.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{MacAddr, Mode, Parent};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::mac::MacFrom;
use crate::name::folded;
use crate::subnet::Subnet;

/// A network as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkRecord {
    /// 64 hexadecimal digits, by chance.
    pub id: String,
    /// When it was created: `2024-05-01T12:00:00Z`.
    pub created: String,
    /// What it is to be.
    pub config: NetworkConfig,
    /// By which id a store has the network's gaps, if not by the network's own.
    pub(crate) gaps: Option<String>,
}

/// Whether two parents are the same link, as far as they say: a VLAN by its base, id and protocol, whatever
/// it is called, and anything else by its name.
fn is_same(one: &Parent, other: &Parent) -> bool {
    let tag = |parent: &Parent| (parent.get_vlan_id(), parent.get_protocol());
    match (one.get_base(), other.get_base()) {
        (Some(base), Some(others)) => tag(one) == tag(other) && is_same(base, others),
        _ => one.to_string() == other.to_string(),
    }
}

/// Whether an address that is reserved for a holder is a container's of this name.
fn is_name_of(holder: &str, name: Option<&str>) -> bool {
    name.is_some_and(|name| folded(holder) == folded(name))
}

impl NetworkRecord {
    pub(crate) fn name(&self) -> &str {
        self.config.name()
    }

    /// The id by which a store has the network's gaps.
    #[cfg(feature = "etcd")] // SQLite has them by the network
    pub(crate) fn gaps(&self) -> &str {
        self.gaps.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn is_passthru(&self) -> bool {
        self.config.get_mode() == Mode::Passthru
    }

    /// The link that its containers hang on: the parent, or the network's own dummy link.
    pub fn parent(&self) -> String {
        self.config.get_parent().map_or_else(|| self.dummy(), ToString::to_string)
    }

    /// The same, to hang something on.
    pub(crate) fn link(&self) -> macvlan_core::Result<Parent> {
        self.config.get_parent().map_or_else(|| self.dummy().parse(), |parent| Ok(parent.clone()))
    }

    /// Whether containers of both are on one wire, as far as the parents' names tell. An isolated network
    /// has its own.
    pub(crate) fn shares_wire(&self, other: &Self) -> bool {
        let parents = self.config.get_parent().zip(other.config.get_parent());
        parents.is_some_and(|(ours, theirs)| is_same(ours, theirs))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.config.get_parent().is_none()
    }

    /// What an isolated network's link is called: as Docker calls it.
    pub(crate) fn dummy(&self) -> String {
        format!("dm-{}", self.short_id())
    }

    /// How many digits of its id links tell.
    pub(crate) const SHORT_ID: usize = 12;

    /// The beginning of its id, by which links tell of it.
    pub(crate) fn short_id(&self) -> &str {
        self.id.get(..Self::SHORT_ID).unwrap_or(&self.id)
    }

    /// Which subnet an address is in, and its number.
    pub(crate) fn subnet_of(&self, address: IpAddr) -> Option<(usize, &Subnet)> {
        let mut subnets = self.config.get_subnets().iter().enumerate();
        subnets.find(|(_, subnet)| subnet.net().contains(&address))
    }

    /// An address with its subnet's prefix length.
    pub(crate) fn with_prefix(&self, address: IpAddr) -> Result<IpNet> {
        let refuse = |why: String| {
            Error::new(ErrorKind::AddressUnusable, format!("give out {address}"), why)
                .in_network(self.name())
        };
        let (_, subnet) = self
            .subnet_of(address)
            .ok_or_else(|| refuse(format!("{address} is in no subnet of the network")))?;
        if subnet.get_gateway() == Some(address) {
            return Err(refuse(format!("{address} is the gateway's")));
        }
        if subnet.excludes(address) {
            return Err(refuse(format!("{address} is excluded from what {subnet} gives")));
        }
        if !subnet.can_be_host(address) {
            return Err(refuse(format!("{address} is not a host's address in {subnet}")));
        }
        IpNet::new(address, subnet.net().prefix_len()).map_err(|error| refuse(error.to_string()))
    }

    /// The address of a family that is reserved for a container of this name.
    pub(crate) fn reserved_for(&self, name: Option<&str>, v6: bool) -> Option<IpAddr> {
        let reserved = |subnet: &Subnet| {
            let mut all = subnet.get_reserved().iter();
            all.find(|(holder, _)| is_name_of(holder, name)).map(|(_, address)| *address)
        };
        let mut found = self.config.get_subnets().iter().filter_map(reserved);
        found.find(|address| address.is_ipv6() == v6)
    }

    /// Refuses an address that is reserved for others than a container of this name.
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
        Err(Error::new(ErrorKind::AddressUnusable, format!("give out {address}"), why)
            .with_hint("connect a container of that name")
            .in_network(self.name()))
    }

    /// Whether containers of this network get the address without asking for it.
    pub(crate) fn gives(&self, address: IpAddr) -> bool {
        self.subnet_of(address).is_some_and(|(_, subnet)| subnet.gives(address))
    }

    /// The MAC address of a container with these addresses; of those that are derived, so many are
    /// passed over.
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

#[cfg(test)]
mod tests {
    use macvlan_core::VlanProtocol;

    use super::*;

    #[test]
    fn a_vlan_is_the_same_under_any_name() {
        let vlan = || Parent::vlan("eth0", 20).unwrap();
        let parse = |text: &str| text.parse::<Parent>().unwrap();
        let service = || vlan().protocol(VlanProtocol::Dot1ad).unwrap();
        assert!(is_same(&vlan().name("lan").unwrap(), &parse("eth0.20")));
        assert!(is_same(&vlan().name("lan").unwrap(), &parse("lan")));
        assert!(!is_same(&service(), &vlan()) && !is_same(&vlan(), &parse("eth0.21")));
        assert!(!is_same(&vlan(), &parse("eth0")) && !is_same(&vlan(), &parse("eth1.20")));
        let inner = |base: Parent| Parent::vlan(base, 5).unwrap();
        assert!(is_same(&inner(vlan()), &parse("eth0.20.5")));
        assert!(!is_same(&inner(service()), &parse("eth0.20.5")));
    }
}
