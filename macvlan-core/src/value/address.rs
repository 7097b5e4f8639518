//! An IP address of a link.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::value::net::{ip_in, net_in};
use crate::value::scope::Scope;
use crate::value::text::{named, serde_as_text};

/// An IP address with its prefix length, to be assigned to a link.
///
/// Keeps the host bits: `172.16.213.180/16` is 172.16.213.180 in the subnet 172.16.0.0/16. An IPv4
/// address is assigned with its subnet's broadcast address, as by `ip address add … broadcast +`.
///
/// The text form is that of `ip address add`: `10.0.0.2/24`, `fd00::2/64 nodad`, `fd00::2/64
/// optimistic`.
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

/// The duplicate address detection (RFC 4862) of an IPv6 address, by the kernel.
///
/// For IPv4 the kernel has none; see [`Probe`](crate::Probe).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DuplicateDetection {
    /// As the link's sysctl `accept_dad` says; the address is tentative for a second or two.
    #[default]
    #[doc(alias = "IFA_F_TENTATIVE")]
    Kernel,
    /// No detection: the address is usable at once.
    #[doc(alias = "IFA_F_NODAD")]
    Skip,
    /// Optimistic detection (RFC 4429): the address is usable during the detection.
    ///
    /// The same as [`DuplicateDetection::Kernel`] if the kernel was built without
    /// `CONFIG_IPV6_OPTIMISTIC_DAD`.
    #[doc(alias = "IFA_F_OPTIMISTIC")]
    Optimistic,
}

impl Address {
    /// Makes an address from an IP address and its prefix length.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for the unspecified address,
    /// multicast addresses, and the subnet's broadcast address.
    pub fn new(net: IpNet) -> Result<Self> {
        let address = Self::from_kernel(net);
        let why = match net.addr() {
            IpAddr::V4(ip) if address.broadcast() == Some(ip) => {
                Some("the address is the subnet's broadcast address")
            }
            ip => never_a_hosts(ip),
        };
        match why {
            Some(why) => Err(Error::invalid(format!("use {net} as a link's address"), why)),
            None => Ok(address),
        }
    }

    /// Sets how the kernel detects duplicates of the address.
    ///
    /// Defaults to [`DuplicateDetection::Kernel`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for IPv4, unless it is the
    /// default.
    #[doc(alias = "IFA_F_NODAD")]
    #[doc(alias = "nodad")]
    pub fn with_duplicate_detection(mut self, how: DuplicateDetection) -> Result<Self> {
        if self.net.addr().is_ipv4() && how != DuplicateDetection::Kernel {
            return Err(Error::invalid(
                format!("use {} as a link's address", self.net),
                "duplicate address detection is for IPv6 only",
            ));
        }
        self.duplicate_detection = how;
        Ok(self)
    }

    /// Returns the address with its prefix length.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// Returns the address without the prefix length.
    pub fn ip(&self) -> IpAddr {
        self.net.addr()
    }

    /// Returns the prefix length in bits.
    pub fn prefix_len(&self) -> u8 {
        self.net.prefix_len()
    }

    /// Returns the subnet's broadcast address; `None` for IPv6, /31 and /32.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.net {
            IpNet::V4(net) if net.prefix_len() < 31 => Some(net.broadcast()),
            _ => None,
        }
    }

    /// Returns whether the kernel detects duplicates before it uses the address.
    pub(crate) fn is_checked_by_kernel(&self) -> bool {
        self.net.addr().is_ipv6() && self.duplicate_detection == DuplicateDetection::Kernel
    }

    /// Returns whether the endpoint's probe, if it has one, includes this address.
    pub(crate) fn is_probed(&self) -> bool {
        self.net.addr().is_ipv4() || self.is_checked_by_kernel()
    }

    /// Returns how the kernel detects duplicates of the address.
    pub fn duplicate_detection(&self) -> DuplicateDetection {
        self.duplicate_detection
    }
}

/// Constructors for addresses that the kernel reports, which are not validated.
impl Address {
    pub(crate) fn from_kernel(net: IpNet) -> Self {
        Self { net, duplicate_detection: DuplicateDetection::Kernel }
    }

    pub(crate) fn with_detection(mut self, how: DuplicateDetection) -> Self {
        self.duplicate_detection = how;
        self
    }
}

/// The time after which the kernel's duplicate detection has certainly ended: it takes one or two
/// seconds, unless `net.ipv6.conf.LINK.dad_transmits` was raised.
pub(crate) const DETECTION_ENDS: Duration = Duration::from_secs(10);

/// An IP address as reported by the kernel.
#[doc(alias = "RTM_NEWADDR")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AddressInfo {
    /// The address with its prefix length and its duplicate detection.
    pub address: Address,
    /// The index of the link that has the address.
    pub link: u32,
    /// The scope of the address.
    #[doc(alias = "ifa_scope")]
    pub scope: Scope,
    /// The label, IPv4 only; by default the link's name.
    #[doc(alias = "IFA_LABEL")]
    pub label: Option<String>,
    /// The broadcast address, IPv4 only.
    #[doc(alias = "IFA_BROADCAST")]
    pub broadcast: Option<Ipv4Addr>,
    /// The kernel's `IFA_F_…` bits.
    #[doc(alias = "IFA_FLAGS")]
    pub flags: u32,
    /// The origin of the address; `None` if unspecified, and before Linux 5.18.
    ///
    /// 1 is the kernel on `lo`, 2 a router advertisement, 3 a link-local address by the kernel.
    #[doc(alias = "IFA_PROTO")]
    pub protocol: Option<u8>,
}

impl AddressInfo {
    /// Returns whether duplicate address detection is still in progress.
    #[doc(alias = "IFA_F_TENTATIVE")]
    pub fn is_tentative(&self) -> bool {
        self.flags & nix::libc::IFA_F_TENTATIVE != 0
    }

    /// Returns whether the kernel created the address by itself, as it does for IPv6: link-local
    /// addresses and those from router advertisements.
    pub(crate) fn came_by_itself(&self) -> bool {
        const IFAPROT_KERNEL_RA: u8 = 2;
        let IpAddr::V6(ip) = self.address.ip() else { return false };
        // Temporary addresses (RFC 8981) have no IFA_PROTO.
        ip.is_unicast_link_local()
            || self.protocol == Some(IFAPROT_KERNEL_RA)
            || self.flags & nix::libc::IFA_F_TEMPORARY != 0
    }

    /// Returns whether the address has a limited lifetime, at the end of which the kernel deletes
    /// it.
    pub(crate) fn expires(&self) -> bool {
        self.flags & nix::libc::IFA_F_PERMANENT == 0
    }

    /// Returns whether the kernel found a duplicate of the address.
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
                "only nodad or optimistic may follow the prefix length",
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

/// An address and, optionally, its gateway: `172.16.104.10/24@172.16.104.1`.
///
/// This is pipework's notation.
///
/// ```
/// use macvlan_core::Assignment;
/// let assignment: Assignment = "172.16.104.10/24@172.16.104.1".parse()?;
/// assert_eq!(assignment.gateway(), Some("172.16.104.1".parse()?));
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Assignment {
    address: Address,
    gateway: Option<IpAddr>,
}

impl Assignment {
    /// Makes an assignment of an address and a gateway.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the address and the gateway
    /// are of different families.
    pub fn new(address: Address, gateway: Option<IpAddr>) -> Result<Self> {
        if let Some(gateway) = gateway.filter(|gateway| gateway.is_ipv4() != address.ip().is_ipv4())
        {
            return Err(Error::invalid(
                format!("use {gateway} as the gateway of {address}"),
                "the gateway and the address are of different families",
            ));
        }
        Ok(Self { address, gateway })
    }

    /// Returns the address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Returns the gateway.
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

/// Returns the reason why an address cannot be that of a single host, if there is one.
pub(crate) fn never_a_hosts(ip: IpAddr) -> Option<&'static str> {
    if ip.is_unspecified() {
        Some("the address is unspecified")
    } else if ip.is_multicast() {
        Some("the address is multicast")
    } else if ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Some("the address is the broadcast address")
    } else {
        None
    }
}

/// Returns an error for an address that another host on the LAN cannot have.
pub(crate) fn check_anothers(operation: &'static str, ip: IpAddr) -> Result<()> {
    let why = never_a_hosts(ip)
        .or_else(|| ip.is_loopback().then_some("the address is each host's own loopback address"));
    match why {
        Some(why) => Err(Error::invalid(format!("{operation} {ip}"), why)
            .with_hint("name the address of a host on the network")),
        None => Ok(()),
    }
}

/// Returns whether an address has link-local scope.
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
    fn the_message_has_the_form_to_write() {
        assert_eq!(
            "10.0.0.1".parse::<Address>().unwrap_err().to_string(),
            "cannot parse address \"10.0.0.1\": the prefix length is missing; write 10.0.0.1/32 for a single address"
        );
    }

    #[test]
    fn broadcast_is_the_subnets_last_address() {
        let broadcast = |text: &str| text.parse::<Address>().unwrap().broadcast();
        assert_eq!(broadcast("10.1.2.3/8"), Some([10, 255, 255, 255].into()));
        assert_eq!(broadcast("10.1.2.2/30"), Some([10, 1, 2, 3].into()));
        assert_eq!(broadcast("10.1.2.3/31"), None);
        assert_eq!(broadcast("10.1.2.3/32"), None);
        assert_eq!(broadcast("fd00::1/64"), None);
    }
}
