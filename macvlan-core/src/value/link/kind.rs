//! The names of the kinds of links.

use crate::value::text::kinds;

/// The kinds of link that can be created, without their options; see [`LinkKind`](crate::LinkKind).
#[doc(alias = "IFLA_INFO_KIND")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkType {
    /// A macvlan on a parent.
    Macvlan,
    /// A macvtap on a parent.
    Macvtap,
    /// A VLAN of a parent.
    Vlan,
    /// A pair of virtual Ethernet links.
    Veth,
    /// A dummy link, which drops all packets.
    Dummy,
    /// A bridge.
    Bridge,
}

/// The kinds of link that an endpoint can have, without their options.
///
/// See [`EndpointKind`](crate::EndpointKind).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointType {
    /// A macvlan on the parent.
    Macvlan,
    /// A macvtap on the parent.
    Macvtap,
    /// A VLAN of the parent.
    Vlan,
}

kinds!(
    LinkType,
    "kind of link",
    [
        Macvlan = "macvlan",
        Macvtap = "macvtap",
        Vlan = "vlan",
        Veth = "veth",
        Dummy = "dummy",
        Bridge = "bridge",
    ]
);
kinds!(EndpointType, "kind of endpoint", [Macvlan = "macvlan", Macvtap = "macvtap", Vlan = "vlan"]);
