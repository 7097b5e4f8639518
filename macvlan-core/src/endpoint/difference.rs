//! The kinds of differences between an endpoint and what is there.

use crate::endpoint::Difference;
use crate::value::text::kinds;

/// The kind of a [`Difference`]. The numbers are stable, and the C ABI shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum DifferenceKind {
    /// There is no link of that name.
    LinkMissing = 1,
    /// The link is of another kind, or has an option that cannot be changed.
    Made = 2,
    /// The link hangs on another parent, or the parent is gone.
    Parent = 3,
    /// The link's MAC address.
    Mac = 4,
    /// The link's MTU.
    Mtu = 5,
    /// Options of a macvlan or macvtap that can be changed.
    Macvlan = 6,
    /// Options of a VLAN that can be changed.
    Vlan = 7,
    /// The link is down.
    Down = 8,
    /// The link's promisc flag.
    Promisc = 9,
    /// The link's alias.
    Alias = 10,
    /// An alternative name is missing.
    AlternativeName = 11,
    /// The link's group.
    Group = 12,
    /// The link's transmit queue length.
    TxQueueLen = 13,
    /// The link's address generation mode.
    AddrGenMode = 14,
    /// An address is missing.
    AddressMissing = 15,
    /// A route is missing.
    RouteMissing = 16,
    /// A policy rule is missing.
    RuleMissing = 17,
    /// `lo` is down.
    LoopbackDown = 18,
    /// How much the link may send.
    Rate = 19,
}

kinds!(
    DifferenceKind,
    [
        LinkMissing = "link-missing",
        Made = "made",
        Parent = "parent",
        Mac = "mac",
        Mtu = "mtu",
        Macvlan = "macvlan",
        Vlan = "vlan",
        Down = "down",
        Promisc = "promisc",
        Alias = "alias",
        AlternativeName = "alternative-name",
        Group = "group",
        TxQueueLen = "tx-queue-len",
        AddrGenMode = "addr-gen-mode",
        AddressMissing = "address-missing",
        RouteMissing = "route-missing",
        RuleMissing = "rule-missing",
        LoopbackDown = "loopback-down",
        Rate = "rate",
    ]
);

impl Difference {
    /// Returns what differs, without the values.
    pub fn kind(&self) -> DifferenceKind {
        match self {
            Self::LinkMissing => DifferenceKind::LinkMissing,
            Self::Made(_) => DifferenceKind::Made,
            Self::Parent => DifferenceKind::Parent,
            Self::Mac { .. } => DifferenceKind::Mac,
            Self::Mtu { .. } => DifferenceKind::Mtu,
            Self::Macvlan(_) => DifferenceKind::Macvlan,
            Self::Vlan(_) => DifferenceKind::Vlan,
            Self::Down => DifferenceKind::Down,
            Self::Promisc(_) => DifferenceKind::Promisc,
            Self::Alias(_) => DifferenceKind::Alias,
            Self::AlternativeName(_) => DifferenceKind::AlternativeName,
            Self::Group(_) => DifferenceKind::Group,
            Self::TxQueueLen(_) => DifferenceKind::TxQueueLen,
            Self::AddrGenMode(_) => DifferenceKind::AddrGenMode,
            Self::AddressMissing(_) => DifferenceKind::AddressMissing,
            Self::RouteMissing(_) => DifferenceKind::RouteMissing,
            Self::RuleMissing(_) => DifferenceKind::RuleMissing,
            Self::LoopbackDown => DifferenceKind::LoopbackDown,
            Self::Rate { .. } => DifferenceKind::Rate,
        }
    }
}
