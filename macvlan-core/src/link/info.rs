//! What the kernel says that a link is.

use std::fmt;

use crate::link::Macvlan;
use crate::mac::MacAddr;
use crate::name::LinkId;

/// A link as the kernel describes it.
#[doc(alias = "RTM_NEWLINK")]
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What a macvlan was told.
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
    /// Its operational state (RFC 2863).
    #[doc(alias = "IFLA_OPERSTATE")]
    pub state: LinkState,
    /// How many reasons it has to be promiscuous; 0 is not.
    #[doc(alias = "IFLA_PROMISCUITY")]
    pub promiscuity: u32,
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
