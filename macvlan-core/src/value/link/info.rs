//! What the kernel says that a link is.

use std::fmt;

use crate::value::link::{AcceptRa, AddrGenMode, Macvlan, Vlan};
use crate::value::mac::MacAddr;
use crate::value::name::LinkId;

/// A link as the kernel describes it.
#[doc(alias = "RTM_NEWLINK")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LinkInfo {
    /// Its index in its namespace.
    #[doc(alias = "ifi_index")]
    pub index: u32,
    /// Its name. A string and not a [`LinkName`](crate::LinkName): what exists is told as it is,
    /// with bytes that are no UTF-8 replaced.
    #[doc(alias = "IFLA_IFNAME")]
    pub name: String,
    /// The kernel's name for its kind: `"macvlan"`, `"vlan"`, `"veth"`; none for hardware and `lo`.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub kind: Option<String>,
    /// What a macvlan or macvtap was told.
    #[doc(alias = "IFLA_INFO_DATA")]
    pub macvlan: Option<Macvlan>,
    /// The index of the link below: a macvlan's or VLAN's parent, a veth's other end. It counts in
    /// another namespace when [`LinkInfo::parent_netns`] is given.
    #[doc(alias = "IFLA_LINK")]
    pub parent: Option<u32>,
    /// Where the link below is, as this namespace numbers other namespaces; none if it is here.
    #[doc(alias = "IFLA_LINK_NETNSID")]
    pub parent_netns: Option<i32>,
    /// The index of the bridge, bond or VRF that it is a port of.
    #[doc(alias = "IFLA_MASTER")]
    pub controller: Option<u32>,
    /// Its MAC address; none for what has none, such as `lo`.
    #[doc(alias = "IFLA_ADDRESS")]
    pub mac: Option<MacAddr>,
    /// Its MTU in bytes.
    #[doc(alias = "IFLA_MTU")]
    pub mtu: u32,
    /// Its flags, the kernel's `IFF_…` bits.
    #[doc(alias = "ifi_flags")]
    pub flags: u32,
    /// Its operational state (RFC 2863). The kernel works it out apart from what changes it, so it may
    /// be a moment behind (`net/core/link_watch.c`).
    #[doc(alias = "IFLA_OPERSTATE")]
    pub state: LinkState,
    /// How many reasons it has to be promiscuous; 0 is not.
    #[doc(alias = "IFLA_PROMISCUITY")]
    pub promiscuity: u32,
    /// How many reasons it has to take all multicast frames; none before Linux 6.0.
    #[doc(alias = "IFLA_ALLMULTI")]
    pub allmulticast_count: Option<u32>,
    /// What a VLAN was told, with every flag.
    pub vlan: Option<Vlan>,
    /// Its further names.
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub alternative_names: Vec<String>,
    /// What somebody wrote about it.
    #[doc(alias = "IFLA_IFALIAS")]
    pub alias: Option<String>,
    /// Its group.
    #[doc(alias = "IFLA_GROUP")]
    pub group: u32,
    /// Its transmit queue's length in packets.
    #[doc(alias = "IFLA_TXQLEN")]
    pub tx_queue_len: u32,
    /// Its number of transmit queues.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    pub tx_queues: u32,
    /// Its number of receive queues.
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub rx_queues: u32,
    /// The smallest MTU in bytes that it takes.
    #[doc(alias = "IFLA_MIN_MTU")]
    pub min_mtu: u32,
    /// The largest MTU in bytes that its driver takes, 0 for any; a macvlan's is also limited by its
    /// parent's present MTU.
    #[doc(alias = "IFLA_MAX_MTU")]
    pub max_mtu: u32,
    /// The queueing discipline at its root.
    #[doc(alias = "IFLA_QDISC")]
    pub qdisc: Option<String>,
    /// Whether there is a carrier.
    #[doc(alias = "IFLA_CARRIER")]
    pub carrier: Option<bool>,
    /// How its IPv6 link-local address is made; none where there is no IPv6.
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub addr_gen_mode: Option<AddrGenMode>,
    /// Whether it accepts router advertisements; none where there is no IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub accept_ra: Option<AcceptRa>,
    /// Whether addresses are made from advertised prefixes; none where there is no IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub autoconf: Option<bool>,
    /// Whether its IPv6 is disabled; none where there is no IPv6.
    #[doc(alias = "IFLA_INET6_CONF")]
    pub disable_ipv6: Option<bool>,
    /// Whether IPv6 addresses are announced (`ndisc_notify`).
    pub(crate) ndisc_notify: Option<bool>,
    /// Whether ARP is answered only for what is reached by the link (`arp_filter`).
    pub(crate) arp_filter: Option<bool>,
    /// Whether IPv4 addresses are announced (`arp_notify`).
    pub(crate) arp_notify: Option<bool>,
    /// What it can send and receive in one piece.
    pub offloads: Offloads,
    /// What has come and gone.
    #[doc(alias = "IFLA_STATS64")]
    pub statistics: LinkStatistics,
}

/// What a link can send and receive in one piece, in bytes and segments; none where the kernel does
/// not tell (`ip -d link` shows them).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Offloads {
    /// Generic segmentation: the largest packet in bytes.
    #[doc(alias = "IFLA_GSO_MAX_SIZE")]
    pub gso_max_size: Option<u32>,
    /// Generic segmentation: the most segments.
    #[doc(alias = "IFLA_GSO_MAX_SEGS")]
    pub gso_max_segs: Option<u32>,
    /// The largest IPv4 packet in bytes (Linux 6.3 and later).
    #[doc(alias = "IFLA_GSO_IPV4_MAX_SIZE")]
    pub gso_ipv4_max_size: Option<u32>,
    /// Segmentation in hardware: the largest packet in bytes (Linux 5.19 and later).
    #[doc(alias = "IFLA_TSO_MAX_SIZE")]
    pub tso_max_size: Option<u32>,
    /// Segmentation in hardware: the most segments (Linux 5.19 and later).
    #[doc(alias = "IFLA_TSO_MAX_SEGS")]
    pub tso_max_segs: Option<u32>,
    /// Generic receive: the largest packet in bytes (Linux 5.19 and later).
    #[doc(alias = "IFLA_GRO_MAX_SIZE")]
    pub gro_max_size: Option<u32>,
    /// Generic receive: the largest IPv4 packet in bytes (Linux 6.3 and later).
    #[doc(alias = "IFLA_GRO_IPV4_MAX_SIZE")]
    pub gro_ipv4_max_size: Option<u32>,
}

/// What has come and gone since a link was made (`struct rtnl_link_stats64`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
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
    /// Whether it is set up (administratively; see [`LinkInfo::state`] for whether it works).
    #[doc(alias = "IFF_UP")]
    pub fn is_up(&self) -> bool {
        self.has(nix::libc::IFF_UP)
    }

    /// Whether its promisc flag is set. It may be promiscuous without, for others' reasons.
    #[doc(alias = "IFF_PROMISC")]
    pub fn is_promisc(&self) -> bool {
        self.has(nix::libc::IFF_PROMISC)
    }

    /// Whether it takes all multicast frames.
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn is_allmulticast(&self) -> bool {
        self.has(nix::libc::IFF_ALLMULTI)
    }

    /// Whether it is `lo`.
    #[doc(alias = "IFF_LOOPBACK")]
    pub fn is_loopback(&self) -> bool {
        self.has(nix::libc::IFF_LOOPBACK)
    }

    fn has(&self, flag: nix::libc::c_int) -> bool {
        u32::try_from(flag).is_ok_and(|flag| self.flags & flag != 0)
    }
}

impl From<&LinkInfo> for LinkId {
    fn from(info: &LinkInfo) -> Self {
        Self::Index(info.index)
    }
}

/// Whether a link works (RFC 2863).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum LinkState {
    /// The driver does not tell; it works if it is up.
    #[default]
    Unknown,
    /// Something is missing.
    NotPresent,
    /// It does not work.
    Down,
    /// The link below does not work.
    LowerLayerDown,
    /// It is being tested.
    Testing,
    /// It waits for something, such as authentication.
    Dormant,
    /// It works.
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

impl fmt::Display for LinkState {
    /// As `ip link` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "UNKNOWN",
            Self::NotPresent => "NOTPRESENT",
            Self::Down => "DOWN",
            Self::LowerLayerDown => "LOWERLAYERDOWN",
            Self::Testing => "TESTING",
            Self::Dormant => "DORMANT",
            Self::Up => "UP",
        })
    }
}
