//! Changes in a container: the elements of a plan, and of a difference.

use std::fmt;

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::libc::{RTPROT_BOOT, RTPROT_KERNEL};

use crate::endpoint::endpoint::Endpoint;
use crate::error::Result;
use crate::explain::{Attempt, Place};
use crate::netlink::{Connection, Request};
use crate::netns::NetNs;
use crate::rtnl::RTPROT_MACVLAN;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::link::{AddrGenMode, LOOPBACK, MacvlanChange, VlanOptions};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::rate::Rate;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// One change in a container: of the endpoint's link, its addresses and routes, rules, or `lo`.
///
/// Displayed as a phrase: `add address 10.0.0.2/24`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// Renames the link.
    SetName(LinkName),
    /// Sets the link's MAC address.
    SetMac(MacAddr),
    /// Sets the link's MTU in bytes.
    SetMtu(u32),
    /// Sets the link up.
    SetUp,
    /// Clears the link's flag `IFF_NOARP`, with which it neither sends nor answers requests for MAC
    /// addresses.
    SetArpOn,
    /// Sets or clears the link's flag `IFF_PROMISC`.
    SetPromisc(bool),
    /// Sets or clears the link's flag `IFF_ALLMULTI`.
    SetAllmulticast(bool),
    /// Sets the link's alias, which the kernel does not accept at creation.
    SetAlias(String),
    /// Adds an alternative name to the link.
    AddAlternativeName(String),
    /// Sets the link's group.
    SetGroup(u32),
    /// Sets the link's transmit queue length in packets.
    SetTxQueueLen(u32),
    /// Sets how the IPv6 link-local address is made, which the kernel does not accept at creation.
    SetAddrGenMode(AddrGenMode),
    /// Changes the options of a macvlan or macvtap.
    SetMacvlan(MacvlanChange),
    /// Changes the options of a VLAN.
    SetVlan(VlanOptions),
    /// Sets the rate limit.
    SetRate(Rate),
    /// Sets the sysctl `arp_filter`, so that ARP is answered only for addresses routed through the
    /// link.
    FilterArp,
    /// Sets the sysctl `arp_notify`: the kernel announces IPv4 addresses when the link comes up.
    NotifyIpv4,
    /// Adds an address to the link.
    AddAddress(Address),
    /// Adds a route, through the link unless it names another one or drops packets.
    AddRoute(Route),
    /// Adds the connected route of an address, which the kernel does not restore after a deletion.
    AddConnectedRoute(Address),
    /// Adds a policy rule.
    AddRule(Rule),
    /// Deletes a policy rule.
    DeleteRule(Rule),
    /// Sets the container's `lo` up.
    SetLoopbackUp,
}

/// The link to which changes apply.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) netns: &'a NetNs,
    pub(super) inside: &'a Connection,
    pub(super) name: LinkName,
    pub(super) index: u32,
    /// The kernel's name for the kind of link.
    pub(super) kind: &'a str,
}

impl Target<'_> {
    /// Returns the protocol number of a route that does not set one: our own, unless the kernel
    /// deletes the route with the link.
    pub(super) fn protocol(&self, route: &Route) -> u8 {
        let goes_with_it =
            route.goes_with(self.name) || route.get_device() == Some(LinkId::Index(self.index));
        if goes_with_it { RTPROT_BOOT } else { RTPROT_MACVLAN }
    }

    /// Returns the index of the link that a route leads through, if any.
    pub(super) fn device(&self, route: &Route) -> Result<Option<u32>> {
        let device = self.inside.device_of(route, Some((self.name, self.index)));
        device.map_err(|failure| {
            let attempt = Attempt::Route("add", route, route.get_device());
            attempt.explain(failure, &Place::host(self.netns))
        })
    }
}

impl Endpoint {
    /// Returns the target of the endpoint's changes, given the index of its link.
    pub(super) fn target<'a>(
        &self,
        netns: &'a NetNs,
        inside: &'a Connection,
        index: u32,
    ) -> Target<'a> {
        Target { netns, inside, name: self.name, index, kind: self.kind.as_str() }
    }
}

/// The kernel's operation for a change.
enum Verb<'a> {
    Link(LinkChange<'a>),
    Address(&'a Address),
    Route(&'a Route),
    ConnectedRoute(Route),
    Rule(&'a Rule),
    RuleDeletion(&'a Rule),
    Loopback,
}

impl Change {
    fn verb<'a>(&'a self, kind: &'a str) -> Verb<'a> {
        Verb::Link(match self {
            Self::AddAddress(address) => return Verb::Address(address),
            Self::AddRoute(route) => return Verb::Route(route),
            Self::AddConnectedRoute(address) => {
                return Verb::ConnectedRoute(Route::connected(address));
            }
            Self::AddRule(rule) => return Verb::Rule(rule),
            Self::DeleteRule(rule) => return Verb::RuleDeletion(rule),
            Self::SetLoopbackUp => return Verb::Loopback,
            Self::SetName(name) => LinkChange::Name(*name),
            Self::SetMac(mac) => LinkChange::Mac(*mac),
            Self::SetMtu(mtu) => LinkChange::Mtu(*mtu),
            Self::SetUp => LinkChange::Up(true),
            Self::SetArpOn => LinkChange::ArpOn,
            Self::SetPromisc(on) => LinkChange::Promisc(*on),
            Self::SetAllmulticast(on) => LinkChange::AllMulticast(*on),
            Self::SetAlias(alias) => LinkChange::Alias(alias),
            Self::AddAlternativeName(name) => LinkChange::AddAltName(name),
            Self::SetGroup(group) => LinkChange::Group(*group),
            Self::SetTxQueueLen(packets) => LinkChange::TxQueueLen(*packets),
            Self::SetAddrGenMode(mode) => LinkChange::AddrGenMode(*mode),
            Self::SetMacvlan(change) => LinkChange::Macvlan(kind, change),
            Self::SetVlan(vlan) => LinkChange::Vlan(vlan),
            Self::SetRate(rate) => LinkChange::Rate(*rate),
            Self::FilterArp => LinkChange::ArpFilter(true),
            Self::NotifyIpv4 => LinkChange::ArpNotify(true),
        })
    }

    /// Returns the request that makes the change.
    pub(super) fn request(&self, link: &Target<'_>) -> Result<Request> {
        Ok(match self.verb(link.kind) {
            Verb::Link(change) => encode::set_link(link.index, &change),
            Verb::Address(address) => encode::add_address(link.index, address),
            Verb::Route(route) => {
                encode::add_route(route, link.device(route)?, link.protocol(route))?
            }
            Verb::ConnectedRoute(route) => {
                encode::add_route(&route, Some(link.index), RTPROT_KERNEL)?
            }
            Verb::Rule(rule) => {
                Request::create(Message::NewRule(encode::rule(rule, RTPROT_MACVLAN)?))
            }
            Verb::RuleDeletion(rule) => {
                Request::new(Message::DelRule(encode::rule(rule, RTPROT_MACVLAN)?))
            }
            Verb::Loopback => encode::set_link(LOOPBACK, &LinkChange::Up(true)),
        })
    }

    /// Returns the attempt to make the change, for the explanation of a failure.
    pub(super) fn attempt<'a>(&'a self, name: LinkId, kind: &'a str) -> Attempt<'a> {
        match self.verb(kind) {
            Verb::Link(change) => Attempt::Change(name, change),
            Verb::Address(address) => Attempt::Address("add", address, name),
            Verb::Route(route) => Attempt::Route("add", route, Some(name)),
            Verb::ConnectedRoute(route) => Attempt::Other(
                name,
                format!("add the connected route {}", route.get_destination()).into(),
            ),
            Verb::Rule(rule) => Attempt::Rule("add", rule),
            Verb::RuleDeletion(rule) => Attempt::Rule("delete", rule),
            Verb::Loopback => Attempt::Other(LinkId::Index(LOOPBACK), "set lo up".into()),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempt(LinkId::Index(LOOPBACK), "").operation())
    }
}
