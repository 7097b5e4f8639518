//! What the store has of a network.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{MacAddr, Mode};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::mac::MacFrom;
use crate::pool;
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
}

impl NetworkRecord {
    pub(crate) fn name(&self) -> &str {
        self.config.name()
    }

    pub(crate) fn is_passthru(&self) -> bool {
        self.config.get_mode() == Mode::Passthru
    }

    /// The link that its containers hang on: the parent, or the network's own dummy link.
    pub fn parent(&self) -> String {
        self.config.get_parent().map_or_else(|| self.dummy(), str::to_owned)
    }

    /// What an isolated network's link is called: as Docker calls it.
    pub(crate) fn dummy(&self) -> String {
        format!("dm-{}", &self.id[..12])
    }

    /// Which subnet an address is in, and its number.
    pub(crate) fn subnet_of(&self, address: IpAddr) -> Option<(usize, &Subnet)> {
        let mut subnets = self.config.get_subnets().iter().enumerate();
        subnets.find(|(_, subnet)| subnet.net().contains(&address))
    }

    /// Whether it gives an address by itself.
    pub(crate) fn gives(&self, address: IpAddr) -> bool {
        self.subnet_of(address).is_some_and(|(_, subnet)| {
            let is_given = subnet.given().holds(pool::number(address));
            is_given && !subnet.kept_back().any(|kept| kept == address)
        })
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
        if let Some((name, _)) = subnet.get_reserved().iter().find(|(_, one)| **one == address) {
            return Err(refuse(format!("{address} is reserved for {name:?}")));
        }
        if !subnet.can_be_host(address) {
            return Err(refuse(format!("{address} is not a host's address in {subnet}")));
        }
        IpNet::new(address, subnet.net().prefix_len()).map_err(|error| refuse(error.to_string()))
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
