//! Differences between an endpoint and the actual state.

use std::fmt;

use crate::endpoint::change::Change;
use crate::value::address::Address;
use crate::value::link::Ipv6Sysctl;
use crate::value::name::LinkId;
use crate::value::text::kinds;

/// A difference between an endpoint and the actual state.
///
/// Displayed as a sentence: `the MTU is 1500 and should be 1400`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Difference {
    /// The link does not exist.
    LinkMissing,
    /// The link is of another kind or has an option that cannot be changed, as the text says.
    ///
    /// The link has to be replaced.
    Immutable(String),
    /// The link is on another parent, or the parent no longer exists. The link has to be replaced.
    Parent,
    /// A sysctl of the link has another value.
    Sysctl {
        /// The sysctl with the requested value.
        sysctl: Ipv6Sysctl,
        /// The sysctl with the actual value.
        found: Ipv6Sysctl,
    },
    /// Another host has an IPv6 address of the link, which is not used (`IFA_F_DADFAILED`).
    Duplicate(Address),
    /// An IPv6 address of the link has been tentative for too long (`IFA_F_TENTATIVE`).
    Tentative(Address),
    /// An address of the link has a limited lifetime, at the end of which the kernel deletes it.
    Expiring(Address),
    /// A difference that a change resolves.
    Change {
        /// The change to be made.
        change: Change,
        /// The actual value, as the change that would set it; `None` if there is none or it is
        /// unknown.
        found: Option<Change>,
    },
}

/// The kind of a [`Difference`]. The numbers are stable and part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum DifferenceKind {
    /// The link does not exist.
    LinkMissing = 1,
    /// The link is of another kind or has an option that cannot be changed.
    Immutable = 2,
    /// The link is on another parent, or the parent no longer exists.
    Parent = 3,
    /// The MAC address differs.
    Mac = 4,
    /// The MTU differs.
    Mtu = 5,
    /// Changeable options of a macvlan or macvtap differ.
    Macvlan = 6,
    /// Changeable options of a VLAN differ.
    Vlan = 7,
    /// The link is down.
    Down = 8,
    /// The promisc flag differs.
    Promisc = 9,
    /// The alias differs.
    Alias = 10,
    /// An alternative name is missing.
    AlternativeName = 11,
    /// The group differs.
    Group = 12,
    /// The transmit queue length differs.
    TxQueueLen = 13,
    /// The address generation mode differs.
    AddrGenMode = 14,
    /// An address is missing.
    AddressMissing = 15,
    /// A route is missing.
    RouteMissing = 16,
    /// A policy rule is missing.
    RuleMissing = 17,
    /// `lo` is down.
    LoopbackDown = 18,
    /// The rate limit differs.
    Rate = 19,
    /// A sysctl of the link differs.
    Sysctl = 20,
    /// Another host has an IPv6 address of the link.
    AddressDuplicate = 21,
    /// An IPv6 address of the link has been tentative for too long.
    AddressTentative = 22,
    /// The allmulti flag differs.
    Allmulticast = 23,
    /// A policy rule for an address is left of an earlier state.
    RuleOutdated = 24,
    /// An address has a limited lifetime.
    AddressExpiring = 25,
    /// ARP and neighbour discovery are off on the link.
    ArpOff = 26,
}

kinds!(
    DifferenceKind,
    "kind of difference",
    [
        LinkMissing = "link-missing",
        Immutable = "immutable",
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
        Sysctl = "sysctl",
        AddressDuplicate = "address-duplicate",
        AddressTentative = "address-tentative",
        Allmulticast = "allmulticast",
        RuleOutdated = "rule-outdated",
        AddressExpiring = "address-expiring",
        ArpOff = "arp-off",
    ]
);

impl Difference {
    pub(super) fn missing(change: Change) -> Self {
        Self::Change { change, found: None }
    }

    /// Returns the kind of the difference.
    pub fn kind(&self) -> DifferenceKind {
        let change = match self {
            Self::LinkMissing => return DifferenceKind::LinkMissing,
            Self::Immutable(_) => return DifferenceKind::Immutable,
            Self::Parent => return DifferenceKind::Parent,
            Self::Sysctl { .. } => return DifferenceKind::Sysctl,
            Self::Duplicate(_) => return DifferenceKind::AddressDuplicate,
            Self::Tentative(_) => return DifferenceKind::AddressTentative,
            Self::Expiring(_) => return DifferenceKind::AddressExpiring,
            Self::Change { change, .. } => change,
        };
        match change {
            Change::SetName(_) => DifferenceKind::LinkMissing,
            Change::SetMac(_) => DifferenceKind::Mac,
            Change::SetMtu(_) => DifferenceKind::Mtu,
            Change::SetUp => DifferenceKind::Down,
            Change::SetArpOn => DifferenceKind::ArpOff,
            Change::SetPromisc(_) => DifferenceKind::Promisc,
            Change::SetAllmulticast(_) => DifferenceKind::Allmulticast,
            Change::SetAlias(_) => DifferenceKind::Alias,
            Change::AddAlternativeName(_) => DifferenceKind::AlternativeName,
            Change::SetGroup(_) => DifferenceKind::Group,
            Change::SetTxQueueLen(_) => DifferenceKind::TxQueueLen,
            Change::SetAddrGenMode(_) => DifferenceKind::AddrGenMode,
            Change::SetMacvlan(_) => DifferenceKind::Macvlan,
            Change::SetVlan(_) => DifferenceKind::Vlan,
            Change::SetRate(_) => DifferenceKind::Rate,
            Change::FilterArp | Change::NotifyIpv4 => DifferenceKind::Sysctl,
            Change::AddAddress(_) => DifferenceKind::AddressMissing,
            Change::AddRoute(_) | Change::AddConnectedRoute(_) => DifferenceKind::RouteMissing,
            Change::AddRule(_) => DifferenceKind::RuleMissing,
            Change::DeleteRule(_) => DifferenceKind::RuleOutdated,
            Change::SetLoopbackUp => DifferenceKind::LoopbackDown,
        }
    }

    /// Returns whether only a replacement of the link resolves the difference.
    pub fn needs_replacement(&self) -> bool {
        matches!(self, Self::Immutable(_) | Self::Parent)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (change, found) = match self {
            Self::LinkMissing => return f.write_str("the link does not exist"),
            Self::Immutable(what) => return f.write_str(what),
            Self::Parent => return f.write_str("the link is not on this parent"),
            Self::Sysctl { sysctl, found } => {
                let (name, wanted) = (sysctl.name(), sysctl.value());
                return write!(f, "{name} is {} and should be {wanted}", found.value());
            }
            Self::Duplicate(address) => {
                return write!(f, "another host has the address {}", address.ip());
            }
            Self::Tentative(address) => {
                return write!(f, "the address {} has been tentative for too long", address.ip());
            }
            Self::Expiring(address) => {
                return write!(f, "the address {} has a limited lifetime", address.ip());
            }
            Self::Change { change, found } => (change, found.as_ref()),
        };
        match (change, found) {
            (Change::SetMac(wanted), Some(Change::SetMac(found))) => {
                write!(f, "the MAC address is {found} and should be {wanted}")
            }
            (Change::SetMac(wanted), _) => write!(f, "the MAC address should be {wanted}"),
            (Change::SetMtu(wanted), Some(Change::SetMtu(found))) => {
                write!(f, "the MTU is {found} and should be {wanted}")
            }
            (Change::SetMtu(wanted), _) => write!(f, "the MTU should be {wanted}"),
            (Change::SetRate(wanted), Some(Change::SetRate(found))) => {
                write!(f, "the rate is {found} and should be {wanted}")
            }
            (Change::SetRate(wanted), _) => write!(f, "the rate is not limited to {wanted}"),
            (Change::SetName(name), _) => write!(f, "the name is not {name}"),
            (Change::SetMacvlan(_), _) => f.write_str("the macvlan options differ"),
            (Change::SetVlan(_), _) => f.write_str("the VLAN options differ"),
            (Change::SetUp, _) => f.write_str("the link is down"),
            (Change::SetArpOn, _) => f.write_str("ARP is off"),
            (Change::SetPromisc(true), _) => f.write_str("promisc is off"),
            (Change::SetPromisc(false), _) => f.write_str("promisc is on"),
            (Change::SetAllmulticast(true), _) => f.write_str("allmulticast is off"),
            (Change::SetAllmulticast(false), _) => f.write_str("allmulticast is on"),
            (Change::SetAlias(wanted), _) => write!(f, "the alias is not {wanted:?}"),
            (Change::AddAlternativeName(name), _) => {
                write!(f, "the alternative name {name} is missing")
            }
            (Change::SetGroup(wanted), _) => write!(f, "the group is not {wanted}"),
            (Change::SetTxQueueLen(wanted), _) => {
                write!(f, "the transmit queue length is not {wanted}")
            }
            (Change::SetAddrGenMode(wanted), _) => {
                write!(f, "the address generation mode is not {wanted}")
            }
            (Change::FilterArp, _) => f.write_str("arp_filter is off"),
            (Change::NotifyIpv4, _) => f.write_str("arp_notify is off"),
            (Change::AddAddress(wanted), Some(Change::AddAddress(found))) => {
                write!(f, "the address is {found} and should be {wanted}")
            }
            (Change::AddAddress(address), _) => write!(f, "the address {address} is missing"),
            // A route through the link itself has its name.
            (Change::AddRoute(route), Some(Change::AddRoute(found)))
                if !matches!(found.get_device(), Some(LinkId::Name(_))) =>
            {
                write!(f, "the route {found} should be replaced by {route}")
            }
            (Change::AddRoute(route), _) => write!(f, "the route {route} is missing"),
            (Change::AddConnectedRoute(address), _) => {
                write!(f, "the connected route {} is missing", address.net().trunc())
            }
            (Change::AddRule(rule), _) => write!(f, "the rule {rule} is missing"),
            (Change::DeleteRule(rule), _) => {
                write!(f, "the rule {rule} is left of an earlier state")
            }
            (Change::SetLoopbackUp, _) => f.write_str("lo is down"),
        }
    }
}
