//! An address as a link is to have it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::value::net::{ip_in, net_in};
use crate::value::scope::Scope;
use crate::value::text::{named, serde_as_text};

/// An address with its prefix, and how the kernel is to check that nobody else has it.
///
/// The host bits stay: `172.16.213.180/16` is the address .213.180 in the subnet 172.16.0.0/16. An
/// IPv4 address brings its subnet's broadcast address along, as `ip address add … broadcast +` does.
///
/// The text form is `ip address add`'s: `10.0.0.2/24`, `fd00::2/64 nodad`, `fd00::2/64 optimistic`.
///
/// ```
/// use macvlan_core::Address;
/// let address: Address = "172.16.213.180/16".parse()?;
/// assert_eq!(address.broadcast(), Some([172, 16, 255, 255].into()));
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "IFA_LOCAL")]
#[doc(alias = "IFA_BROADCAST")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Address {
    net: IpNet,
    duplicate_detection: DuplicateDetection,
}

/// What the kernel does before it uses an IPv6 address (duplicate address detection, RFC 4862).
///
/// IPv4 has none in the kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DuplicateDetection {
    /// What the namespace's sysctl `accept_dad` says: the address is tentative for a second or two.
    #[default]
    #[doc(alias = "IFA_F_TENTATIVE")]
    Kernel,
    /// None: the address can be used at once.
    #[doc(alias = "IFA_F_NODAD")]
    Skip,
    /// The address can be used while it is being checked (RFC 4429), where the kernel was built so
    /// (`CONFIG_IPV6_OPTIMISTIC_DAD`); elsewhere the same as [`DuplicateDetection::Kernel`].
    #[doc(alias = "IFA_F_OPTIMISTIC")]
    Optimistic,
}

impl Address {
    /// An address in its subnet; multicast and unspecified addresses are refused.
    pub fn new(net: IpNet) -> Result<Self> {
        let ip = net.addr();
        let refuse =
            |why: &'static str| Err(Error::invalid(format!("use {net} as a link's address"), why));
        if ip.is_unspecified() {
            return refuse("it is the unspecified address");
        }
        if ip.is_multicast() {
            return refuse("it is a multicast address");
        }
        if ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return refuse("it is the broadcast address");
        }
        Ok(Self { net, duplicate_detection: DuplicateDetection::Kernel })
    }

    /// How the kernel checks an IPv6 address; refused for IPv4 unless it is the default.
    pub fn with_duplicate_detection(mut self, how: DuplicateDetection) -> Result<Self> {
        if self.net.addr().is_ipv4() && how != DuplicateDetection::Kernel {
            return Err(Error::invalid(
                format!("use {} as a link's address", self.net),
                "duplicate address detection is a matter of IPv6",
            ));
        }
        self.duplicate_detection = how;
        Ok(self)
    }

    /// The address and its prefix length, host bits and all.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// The address alone.
    pub fn ip(&self) -> IpAddr {
        self.net.addr()
    }

    /// The subnet's prefix length in bits.
    pub fn prefix_len(&self) -> u8 {
        self.net.prefix_len()
    }

    /// The subnet's broadcast address: IPv4 only, and none for /31 and /32.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.net {
            IpNet::V4(net) if net.prefix_len() < 31 => Some(net.broadcast()),
            _ => None,
        }
    }

    /// Whether the kernel looks for duplicates before it uses the address.
    pub(crate) fn is_checked_by_kernel(&self) -> bool {
        self.net.addr().is_ipv6() && self.duplicate_detection == DuplicateDetection::Kernel
    }

    /// Whether anybody is asked for it, if the endpoint is to have that done.
    pub(crate) fn is_probed(&self) -> bool {
        self.net.addr().is_ipv4() || self.is_checked_by_kernel()
    }

    /// How the kernel checks that nobody else has the address.
    pub fn duplicate_detection(&self) -> DuplicateDetection {
        self.duplicate_detection
    }
}

/// What the kernel tells of addresses that we would refuse is told on as it is.
impl Address {
    pub(crate) fn as_told(net: IpNet) -> Self {
        Self { net, duplicate_detection: DuplicateDetection::Kernel }
    }

    pub(crate) fn as_told_with(mut self, how: DuplicateDetection) -> Self {
        self.duplicate_detection = how;
        self
    }
}

/// When the kernel's duplicate detection has surely ended: it takes a second or two unless somebody had it
/// ask more often (`net.ipv6.conf.LINK.dad_transmits`).
pub(crate) const DETECTION_ENDS: Duration = Duration::from_secs(10);

/// An address as the kernel describes it.
#[doc(alias = "RTM_NEWADDR")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AddressInfo {
    /// The address and how it is checked for duplicates.
    pub address: Address,
    /// The index of the link that has it.
    pub link: u32,
    /// How far it is valid.
    pub scope: Scope,
    /// Its label, IPv4 only; the link's name unless somebody chose another.
    #[doc(alias = "IFA_LABEL")]
    pub label: Option<String>,
    /// The broadcast address, IPv4 only.
    #[doc(alias = "IFA_BROADCAST")]
    pub broadcast: Option<Ipv4Addr>,
    /// The kernel's `IFA_F_…` bits.
    #[doc(alias = "IFA_FLAGS")]
    pub flags: u32,
    /// Who made it: 1 the kernel for `lo`, 2 the kernel because of a router's advertisement, 3 the
    /// kernel as a link-local one; none where nobody said so, and before Linux 5.18.
    #[doc(alias = "IFA_PROTO")]
    pub protocol: Option<u8>,
}

impl AddressInfo {
    /// Whether the kernel is still checking that nobody else has it.
    #[doc(alias = "IFA_F_TENTATIVE")]
    pub fn is_tentative(&self) -> bool {
        self.flags & nix::libc::IFA_F_TENTATIVE != 0
    }

    /// Whether the kernel made it by itself, which it does for IPv6: a link-local address, and those
    /// that a router's advertisement leads to.
    pub(crate) fn came_by_itself(&self) -> bool {
        const IFAPROT_KERNEL_RA: u8 = 2;
        let IpAddr::V6(ip) = self.address.ip() else { return false };
        // Of privacy's addresses (RFC 8981) the kernel does not say who made them.
        ip.is_unicast_link_local()
            || self.protocol == Some(IFAPROT_KERNEL_RA)
            || self.flags & nix::libc::IFA_F_TEMPORARY != 0
    }

    /// Whether the kernel found that somebody else has it.
    #[doc(alias = "IFA_F_DADFAILED")]
    pub fn is_duplicate(&self) -> bool {
        self.flags & nix::libc::IFA_F_DADFAILED != 0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.net)?;
        match self.duplicate_detection {
            DuplicateDetection::Kernel => Ok(()),
            DuplicateDetection::Skip => f.write_str(" nodad"),
            DuplicateDetection::Optimistic => f.write_str(" optimistic"),
        }
    }
}

impl FromStr for Address {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let operation = || format!("parse address {text:?}");
        let mut words = text.split(' ');
        let net = words.next().unwrap_or_default();
        let address = Self::new(net_in(net, &operation)?)?;
        match (words.next(), words.next()) {
            (None, _) => Ok(address),
            (Some("nodad"), None) => address.with_duplicate_detection(DuplicateDetection::Skip),
            (Some("optimistic"), None) => {
                address.with_duplicate_detection(DuplicateDetection::Optimistic)
            }
            _ => Err(Error::invalid(
                operation(),
                "after the prefix length comes nothing, nodad or optimistic",
            )),
        }
    }
}

impl TryFrom<IpNet> for Address {
    type Error = Error;
    fn try_from(net: IpNet) -> Result<Self> {
        Self::new(net)
    }
}

impl TryFrom<&str> for Address {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

/// An address with the gateway of its subnet, in pipework's notation:
/// `172.16.104.10/24@172.16.104.1`.
///
/// The gateway may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Assignment {
    address: Address,
    gateway: Option<IpAddr>,
}

impl Assignment {
    /// An address, and a gateway of the same family.
    pub fn new(address: Address, gateway: Option<IpAddr>) -> Result<Self> {
        if let Some(gateway) = gateway.filter(|gateway| gateway.is_ipv4() != address.ip().is_ipv4())
        {
            return Err(Error::invalid(
                format!("use {gateway} as the gateway of {address}"),
                "one is IPv4 and the other IPv6",
            ));
        }
        Ok(Self { address, gateway })
    }

    /// The address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The gateway, if there is one.
    pub fn gateway(&self) -> Option<IpAddr> {
        self.gateway
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        self.gateway.map_or(Ok(()), |gateway| write!(f, "@{gateway}"))
    }
}

impl FromStr for Assignment {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let Some((address, gateway)) = text.split_once('@') else {
            return Self::new(text.parse()?, None);
        };
        let gateway = ip_in(gateway, &|| format!("parse address with gateway {text:?}"))?;
        Self::new(address.parse()?, Some(gateway))
    }
}

named!(
    DuplicateDetection,
    "duplicate address detection",
    [Kernel = "kernel", Skip = "nodad", Optimistic = "optimistic",]
);
serde_as_text!(Address, Assignment);

/// Whether an address is valid on its link only.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in [
            "172.16.213.180/16",
            "10.0.0.1/32",
            "10.0.0.0/31",
            "fd00::2/64",
            "fe80::1/128 nodad",
            "2001:db8::1/64 optimistic",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in [
            "172.16.104.10/24@172.16.104.1",
            "10.0.0.1/8",
            "fd00::2/64@fd00::1",
            "fd00::2/64 nodad@fe80::1",
        ] {
            assert_eq!(text.parse::<Assignment>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            " ",
            "10.0.0.1",
            "10.0.0.1/33",
            "10.0.0.1/-1",
            "10.0.0.1/+8",
            "10.0.0.256/8",
            "fd00::1/129",
            "x/8",
            "0.0.0.0/0",
            "::/0",
            "224.0.0.1/4",
            "ff02::1/64",
            "255.255.255.255/32",
            "10.0.0.1/8 nodad",
            " 10.0.0.1/8",
            "10.0.0.1/8 ",
            "10.0.0.1/8\n",
            "10.0.0.1/08",
            "010.0.0.1/8",
            "fd00::1/64  nodad",
            "fd00::1/64 dad",
            "fd00::1/64 nodad optimistic",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?} was taken");
        }
        for text in [
            "10.0.0.1/8@",
            "10.0.0.1/8@ 10.0.0.2",
            "10.0.0.1/8@fd00::1",
            "@10.0.0.1",
            "10.0.0.1/8@10.0.0.2@10.0.0.3",
        ] {
            assert!(text.parse::<Assignment>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn the_message_says_what_to_write() {
        assert_eq!(
            "10.0.0.1".parse::<Address>().unwrap_err().to_string(),
            "cannot parse address \"10.0.0.1\": the prefix length is missing; write 10.0.0.1/32 if just this address is meant"
        );
    }

    #[test]
    fn broadcast_is_the_subnets_last_address() {
        let broadcast = |text: &str| text.parse::<Address>().unwrap().broadcast();
        assert_eq!(broadcast("10.1.2.3/8"), Some([10, 255, 255, 255].into()));
        assert_eq!(broadcast("10.1.2.3/30"), Some([10, 1, 2, 3].into()));
        assert_eq!(broadcast("10.1.2.3/31"), None);
        assert_eq!(broadcast("10.1.2.3/32"), None);
        assert_eq!(broadcast("fd00::1/64"), None);
    }
}
