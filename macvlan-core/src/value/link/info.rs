//! A link as reported by the kernel.

use crate::value::link::{AcceptRa, AddrGenMode, MacvlanOptions, VlanOptions};
use crate::value::mac::MacAddr;
use crate::value::name::LinkId;
use crate::value::text::named;

/// A link as reported by the kernel.
#[doc(alias = "RTM_NEWLINK")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct LinkInfo {
    /// The index in the link's namespace.
    #[doc(alias = "ifi_index")]
    pub index: u32,
    /// The name.
    ///
    /// A string and not a [`LinkName`](crate::LinkName), because a name of an existing link may
    /// contain any characters; bytes that are not UTF-8 are replaced.
    #[doc(alias = "IFLA_IFNAME")]
    pub name: String,
    /// The kernel's name for the kind, such as `"macvlan"`; `None` for hardware and `lo`.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub kind: Option<String>,
    /// The options of a macvlan or macvtap.
    #[doc(alias = "IFLA_INFO_DATA")]
    pub macvlan: Option<MacvlanOptions>,
    /// The index of the link below: the parent of a macvlan or VLAN, or the peer of a veth.
    ///
    /// If [`LinkInfo::parent_netns`] is set, it is an index in that namespace.
    #[doc(alias = "IFLA_LINK")]
    pub parent: Option<u32>,
    /// The id of the namespace with the link below; `None` if it is in this namespace.
    #[doc(alias = "link-netnsid")]
    #[doc(alias = "IFLA_LINK_NETNSID")]
    pub parent_netns: Option<i32>,
    /// The index of the bridge, bond or VRF of which the link is a port.
    #[doc(alias = "master")]
    #[doc(alias = "IFLA_MASTER")]
    pub controller: Option<u32>,
    /// The MAC address; `None` for a link without one, such as `lo`.
    #[doc(alias = "IFLA_ADDRESS")]
    pub mac: Option<MacAddr>,
    /// The MTU in bytes.
    #[doc(alias = "IFLA_MTU")]
    pub mtu: u32,
    /// The flags, the kernel's `IFF_…` bits.
    #[doc(alias = "ifi_flags")]
    pub flags: u32,
    /// The operational state (RFC 2863).
    ///
    /// The kernel updates it asynchronously, so it may lag slightly (`net/core/link_watch.c`).
    #[doc(alias = "IFLA_OPERSTATE")]
    pub state: LinkState,
    /// The promiscuity reference count; 0 if the link is not promiscuous.
    #[doc(alias = "IFLA_PROMISCUITY")]
    pub promiscuity: u32,
    /// The all-multicast reference count; `None` before Linux 6.0.
    #[doc(alias = "IFLA_ALLMULTI")]
    pub allmulticast_count: Option<u32>,
    /// The options of a VLAN, with every flag set.
    #[doc(alias = "IFLA_INFO_DATA")]
    pub vlan: Option<VlanOptions>,
    /// The alternative names.
    #[doc(alias = "altname")]
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub alternative_names: Vec<String>,
    /// The alias, a free text.
    #[doc(alias = "IFLA_IFALIAS")]
    pub alias: Option<String>,
    /// The group.
    #[doc(alias = "IFLA_GROUP")]
    pub group: u32,
    /// The length of the transmit queue in packets.
    #[doc(alias = "qlen")]
    #[doc(alias = "IFLA_TXQLEN")]
    pub tx_queue_len: u32,
    /// The number of transmit queues.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    pub tx_queues: u32,
    /// The number of receive queues.
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub rx_queues: u32,
    /// The minimum MTU in bytes.
    #[doc(alias = "IFLA_MIN_MTU")]
    pub min_mtu: u32,
    /// The maximum MTU of the driver in bytes, or 0 without a limit.
    ///
    /// For a macvlan the parent's current MTU is a limit too.
    #[doc(alias = "IFLA_MAX_MTU")]
    pub max_mtu: u32,
    /// The root queueing discipline.
    #[doc(alias = "IFLA_QDISC")]
    pub qdisc: Option<String>,
    /// The carrier state; `None` if the driver does not report it.
    #[doc(alias = "IFLA_CARRIER")]
    pub carrier: Option<bool>,
    /// The way in which the kernel makes the IPv6 link-local address; `None` without IPv6.
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub addr_gen_mode: Option<AddrGenMode>,
    /// The acceptance of router advertisements; `None` without IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub accept_ra: Option<AcceptRa>,
    /// The automatic configuration of addresses from advertised prefixes; `None` without IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub autoconf: Option<bool>,
    /// True if IPv6 is disabled; `None` without IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub disable_ipv6: Option<bool>,
    /// True if the kernel announces IPv6 addresses (`ndisc_notify`).
    pub(crate) ndisc_notify: Option<bool>,
    /// True if ARP is answered only for addresses that are routed through the link (`arp_filter`).
    pub(crate) arp_filter: Option<bool>,
    /// True if the kernel announces IPv4 addresses (`arp_notify`).
    pub(crate) arp_notify: Option<bool>,
    /// The limits for packets that are segmented later.
    pub offloads: Offloads,
    /// Traffic counters.
    #[doc(alias = "IFLA_STATS64")]
    pub statistics: LinkStatistics,
}

/// Limits for packets that are segmented on send or merged on receive, as `ip -d link` shows them.
///
/// A limit is `None` if the kernel does not report it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct Offloads {
    /// The maximum packet size for generic segmentation offload, in bytes.
    #[doc(alias = "IFLA_GSO_MAX_SIZE")]
    pub gso_max_size: Option<u32>,
    /// The maximum number of segments for generic segmentation offload.
    #[doc(alias = "IFLA_GSO_MAX_SEGS")]
    pub gso_max_segs: Option<u32>,
    /// The maximum IPv4 packet size for generic segmentation offload, in bytes (Linux 6.3).
    #[doc(alias = "IFLA_GSO_IPV4_MAX_SIZE")]
    pub gso_ipv4_max_size: Option<u32>,
    /// The maximum packet size for segmentation in hardware, in bytes (Linux 5.19 and later).
    #[doc(alias = "IFLA_TSO_MAX_SIZE")]
    pub tso_max_size: Option<u32>,
    /// The maximum number of segments for segmentation in hardware (Linux 5.19 and later).
    #[doc(alias = "IFLA_TSO_MAX_SEGS")]
    pub tso_max_segs: Option<u32>,
    /// The maximum packet size for generic receive offload, in bytes (Linux 5.19 and later).
    #[doc(alias = "IFLA_GRO_MAX_SIZE")]
    pub gro_max_size: Option<u32>,
    /// The maximum IPv4 packet size for generic receive offload, in bytes (Linux 6.3 and later).
    #[doc(alias = "IFLA_GRO_IPV4_MAX_SIZE")]
    pub gro_ipv4_max_size: Option<u32>,
}

/// Traffic counters of a link, since it was created (`struct rtnl_link_stats64`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
#[allow(missing_docs)] // the fields are the kernel's, and their names say it
pub struct LinkStatistics {
    pub rx_packets: u64,
    pub tx_packets: u64,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_errors: u64,
    pub tx_errors: u64,
    pub rx_dropped: u64,
    pub tx_dropped: u64,
    pub multicast: u64,
    pub collisions: u64,
}

impl LinkInfo {
    /// Returns whether the link is administratively up; [`LinkInfo::state`] says whether it works.
    #[doc(alias = "IFF_UP")]
    pub fn is_up(&self) -> bool {
        self.has(nix::libc::IFF_UP)
    }

    /// Returns whether the promisc flag is set.
    ///
    /// A link can be promiscuous without it; see [`LinkInfo::promiscuity`].
    #[doc(alias = "IFF_PROMISC")]
    pub fn is_promisc(&self) -> bool {
        self.has(nix::libc::IFF_PROMISC)
    }

    /// Returns whether the link receives all multicast frames.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn is_allmulticast(&self) -> bool {
        self.has(nix::libc::IFF_ALLMULTI)
    }

    /// Returns whether the link is `lo`.
    #[doc(alias = "IFF_LOOPBACK")]
    pub fn is_loopback(&self) -> bool {
        self.has(nix::libc::IFF_LOOPBACK)
    }

    pub(crate) fn has(&self, flag: nix::libc::c_int) -> bool {
        u32::try_from(flag).is_ok_and(|flag| self.flags & flag != 0)
    }
}

impl From<&LinkInfo> for LinkId {
    fn from(info: &LinkInfo) -> Self {
        Self::Index(info.index)
    }
}

/// The operational state of a link (RFC 2863). The text form is that of `ip link`.
#[doc(alias = "IFLA_OPERSTATE")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkState {
    /// The driver does not report it; the link works if it is up.
    #[default]
    Unknown,
    /// A component is missing.
    NotPresent,
    /// The link does not work.
    Down,
    /// The link below does not work.
    LowerLayerDown,
    /// The link is being tested.
    Testing,
    /// The link is waiting for an external event, such as authentication.
    Dormant,
    /// The link works.
    Up,
}

impl From<u8> for LinkState {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::NotPresent,
            2 => Self::Down,
            3 => Self::LowerLayerDown,
            4 => Self::Testing,
            5 => Self::Dormant,
            6 => Self::Up,
            _ => Self::Unknown,
        }
    }
}

named!(
    LinkState,
    "link state",
    [
        Unknown = "UNKNOWN",
        NotPresent = "NOTPRESENT",
        Down = "DOWN",
        LowerLayerDown = "LOWERLAYERDOWN",
        Testing = "TESTING",
        Dormant = "DORMANT",
        Up = "UP",
    ]
);
