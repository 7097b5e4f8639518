//! Explains refusals of the kernel: looks for the cause after the fact.

mod link;
mod place;
mod rights;

use std::borrow::Cow;
use std::net::Ipv6Addr;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::{IPV6_MIN_MTU, Link, LinkInfo};
use crate::value::name::LinkId;
use crate::value::route::{Route, RouteInfo, RouteKind};
use crate::value::rule::Rule;

pub(crate) use link::no_such_parent;
pub(crate) use place::Place;

use link::refused_link;
use place::link_at;
use rights::permission;

/// The operation that was attempted.
pub(crate) enum Attempt<'a> {
    CreateLink(&'a Link),
    /// A verb, an address, and its link.
    Address(&'static str, &'a Address, LinkId),
    /// A verb, a route, and its link if it has one.
    Route(&'static str, &'a Route, Option<LinkId>),
    /// A verb and a rule.
    Rule(&'static str, &'a Rule),
    /// A change of a link.
    Change(LinkId, LinkChange<'a>),
    /// Another operation on a link.
    Other(LinkId, Cow<'static, str>),
}

impl Attempt<'_> {
    /// Returns a description of the operation: `add address 10.0.0.2/24`.
    pub(crate) fn operation(&self) -> Cow<'static, str> {
        match self {
            Self::CreateLink(link) => format!("create {}", link.kind.as_str()).into(),
            Self::Address(verb, address, _) => format!("{verb} address {address}").into(),
            Self::Route(verb, route, _) => format!("{verb} route {route}").into(),
            Self::Rule(verb, rule) => format!("{verb} rule {rule}").into(),
            Self::Change(_, change) => change.to_string().into(),
            Self::Other(_, operation) => operation.clone(),
        }
    }

    /// Makes the error for a failure; looks for its cause if the kernel's error number is
    /// ambiguous.
    pub(crate) fn explain(&self, failure: Failure, place: &Place<'_>) -> Error {
        let errno = match &failure {
            Failure::Refused { errno, .. } | Failure::NotSent(errno) => Some(*errno),
            Failure::NoAnswer(_) | Failure::Changing => None,
        };
        let mut error = failure.into_error(self.operation());
        match self {
            Self::CreateLink(link) => {
                error = error.on_link(link.name.as_str());
                if let Some(parent) = link.parent {
                    error = error.on_parent(parent.to_string());
                }
            }
            Self::Address(_, _, link)
            | Self::Other(link, _)
            | Self::Change(link, _)
            | Self::Route(_, _, Some(link)) => {
                error = error.on_link(link.to_string());
            }
            Self::Route(_, _, None) | Self::Rule(..) => {}
        }
        let target = match self {
            Self::CreateLink(link) => link.netns.as_ref().unwrap_or(place.target()),
            _ => place.target(),
        };
        error = error.in_netns(target.describe());
        let Some(errno) = errno else { return error };
        match (self, errno) {
            (_, Errno::EPERM) => permission(error, place.host, target),
            (Self::CreateLink(link), _) => refused_link(error, errno, link, place, target),
            (Self::Address(verb, address, link), _) => {
                refused_address(error, errno, verb, address, *link, target)
            }
            (Self::Route(_, route, _), _) => refused_route(error, errno, route, target),
            (Self::Rule(..), Errno::EEXIST) => {
                error.because(ErrorKind::RouteExists, "the namespace already has this rule")
            }
            (Self::Rule(..), Errno::ENOENT) => {
                error.because(ErrorKind::NotFound, "the rule does not exist")
            }
            (Self::Rule(..), _) => error,
            (Self::Change(link, LinkChange::AddrGenMode(_)), Errno::EAFNOSUPPORT) => {
                without_ipv6(error, *link, target)
            }
            (Self::Change(link, LinkChange::Mtu(mtu)), Errno::EINVAL) => {
                refused_mtu(error, *link, *mtu, place)
            }
            (
                Self::Change(link, change @ (LinkChange::Mac(_) | LinkChange::Up(_))),
                Errno::EADDRINUSE,
            ) => taken_mac(error, *link, change, target),
            // A kernel without the queueing discipline reports ENOENT.
            (Self::Change(_, LinkChange::Rate(_)), Errno::ENOENT | Errno::EOPNOTSUPP) => error
                .because(
                    ErrorKind::Unsupported,
                    "the kernel has no support for token bucket filters (tbf)",
                )
                .with_hint(
                    "load the module (modprobe sch_tbf) or build it in (CONFIG_NET_SCH_TBF)",
                ),
            (Self::Change(..) | Self::Other(..), _) => refused_change(error, errno),
        }
    }
}

fn refused_address(
    error: Error,
    errno: Errno,
    verb: &str,
    address: &Address,
    link: LinkId,
    target: &NetNs,
) -> Error {
    let v6 = address.ip().is_ipv6();
    // A link whose MTU is too small for IPv6 refuses addresses with various error numbers.
    if v6 && verb == "add" && matches!(errno, Errno::EINVAL | Errno::ENOBUFS | Errno::EACCES) {
        if let Some(mtu) = too_small_for_ipv6(link, target) {
            return error
                .because(ErrorKind::Ipv6Disabled, mtu)
                .with_hint("raise the MTU, or leave out the IPv6 addresses");
        }
    }
    match errno {
        Errno::EADDRNOTAVAIL if verb == "add" && address.ip() == Ipv6Addr::LOCALHOST => {
            error.because(ErrorKind::InvalidValue, format!("{} is for lo only", address.ip()))
        }
        Errno::EADDRNOTAVAIL if verb == "add" => error,
        Errno::EEXIST => {
            error.because(ErrorKind::AddressTaken, "the link already has this address")
        }
        Errno::EADDRNOTAVAIL => {
            error.because(ErrorKind::NotFound, "the link does not have this address")
        }
        Errno::ENODEV => no_such_link(error),
        Errno::EACCES if v6 => ipv6_disabled(error),
        Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP if v6 => {
            error.because(ErrorKind::Unsupported, "the kernel has no support for IPv6")
        }
        _ => error,
    }
}

fn too_small_for_ipv6(link: LinkId, target: &NetNs) -> Option<String> {
    let info = named_link(target, link).filter(|info| info.mtu < IPV6_MIN_MTU)?;
    Some(format!("the link's MTU is {}, and IPv6 requires at least {IPV6_MIN_MTU}", info.mtu))
}

/// Makes the error for a link without IPv6.
fn without_ipv6(error: Error, link: LinkId, target: &NetNs) -> Error {
    match too_small_for_ipv6(link, target) {
        Some(mtu) => error.because(ErrorKind::Ipv6Disabled, mtu).with_hint("raise the MTU"),
        None => error,
    }
}

fn ipv6_disabled(error: Error) -> Error {
    error
        .because(ErrorKind::Ipv6Disabled, "IPv6 is disabled on the link")
        .with_hint("set the sysctl net.ipv6.conf.default.disable_ipv6 to 0 in the namespace, or leave out the IPv6 addresses")
}

fn refused_route(error: Error, errno: Errno, route: &Route, target: &NetNs) -> Error {
    match errno {
        Errno::EEXIST => error
            .because(ErrorKind::RouteExists, "a route with this destination and metric exists")
            .with_hint("replace it, or use another metric"),
        Errno::ENETUNREACH | Errno::EHOSTUNREACH => refused_gateway(error, route, target),
        Errno::ESRCH => error.because(ErrorKind::NotFound, "the route does not exist"),
        Errno::ENODEV => no_such_link(error),
        Errno::EACCES => ipv6_disabled(error),
        Errno::EINVAL if complains_of_source(&error) => refused_source(error, route, target),
        _ => error,
    }
}

/// Explains a refused gateway, if the cause is found.
fn refused_gateway(mut error: Error, route: &Route, target: &NetNs) -> Error {
    let Some(gateway) = route.get_gateway() else { return error };
    error = error.of_kind(ErrorKind::GatewayUnreachable);
    if route.contradicts_its_scope() {
        return error
            .because(ErrorKind::GatewayUnreachable, "the scope is for routes without a gateway")
            .with_hint("leave out the scope");
    }
    if gateway.is_loopback() {
        return error.because(ErrorKind::GatewayUnreachable, "the gateway is a loopback address");
    }
    let all = encode::get_routes(&RouteFilter::new(), None);
    let list = |there: &Connection| there.dump(&all, decode::route).ok();
    let Some(routes) = target.connection().ok().and_then(list) else { return error };
    let leads_there = |found: &RouteInfo| {
        let found = &found.route;
        let is_direct = found.get_gateway().is_none()
            && found.get_device().is_some()
            && found.get_kind() == RouteKind::Unicast;
        is_direct && found.get_destination().contains(&gateway)
    };
    if routes.iter().any(leads_there) {
        return error;
    }
    error
        .because(
            ErrorKind::GatewayUnreachable,
            "the gateway is not on a subnet of this namespace's links",
        )
        .with_hint("add an address in the gateway's subnet, or set onlink")
}

fn refused_source(error: Error, route: &Route, target: &NetNs) -> Error {
    let addresses = target
        .connection()
        .ok()
        .and_then(|there| there.dump(&encode::get_addresses(None, None), decode::address).ok());
    let (Some(source), Some(addresses)) = (route.get_source(), addresses) else { return error };
    let found = addresses.iter().find(|found| found.address.ip() == source);
    match found {
        None => error
            .because(
                ErrorKind::System,
                "the route's source address is not an address of this namespace",
            )
            .with_hint("add the address to one of its links first"),
        Some(found) if found.is_duplicate() => {
            error.because(ErrorKind::AddressInUse, "another host has the route's source address")
        }
        Some(found) if found.is_tentative() => error
            .because(
                ErrorKind::System,
                "duplicate address detection of the route's source address is in progress",
            )
            .with_hint(
                "probe the address, which waits for the detection, or make it optimistic or nodad",
            ),
        Some(_) => error,
    }
}

fn complains_of_source(error: &Error) -> bool {
    error
        .kernel_message()
        .is_some_and(|words| ["Invalid prefsrc address", "Invalid source address"].contains(&words))
}

fn refused_change(error: Error, errno: Errno) -> Error {
    match errno {
        Errno::ENODEV => no_such_link(error),
        Errno::EEXIST => error
            .because(ErrorKind::NameTaken, "a link with this name exists there")
            .with_hint("choose another name, or rename the link first"),
        Errno::EADDRINUSE => taken_mac_of(error, None),
        _ => error,
    }
}

/// Explains a MAC address that is in use; names the link that has it, if that is in the same
/// namespace, as one that was renamed.
fn taken_mac(error: Error, link: LinkId, change: &LinkChange<'_>, target: &NetNs) -> Error {
    let Some(info) = named_link(target, link) else { return taken_mac_of(error, None) };
    let mac = match change {
        LinkChange::Mac(mac) => Some(*mac),
        _ => info.mac,
    };
    let parent = |link: &LinkInfo| (link.parent, link.parent_netns);
    let has_it = |other: &LinkInfo| {
        other.index != info.index && other.mac == mac && parent(other) == parent(&info)
    };
    taken_mac_of(error, link::all_links(target).into_iter().find(has_it))
}

fn taken_mac_of(error: Error, holder: Option<LinkInfo>) -> Error {
    let (cause, hint) = match holder {
        Some(holder) => (
            format!("{:?}, in the same namespace, has this MAC address", holder.name),
            "remove that link, or rename it back if it was renamed",
        ),
        None => (
            "the parent or another link on it has this MAC address".to_owned(),
            "choose another one, or remove the link first",
        ),
    };
    error.because(ErrorKind::MacInUse, cause).with_hint(hint)
}

/// Explains a refused MTU. The kernel's message names the driver's limits, but not the parent's
/// MTU.
fn refused_mtu(error: Error, link: LinkId, mtu: u32, place: &Place<'_>) -> Error {
    let target = place.target();
    let Some(info) = named_link(target, link) else { return error };
    if mtu < info.min_mtu {
        return error;
    }
    if info.max_mtu != 0 && mtu > info.max_mtu {
        let cause = format!("MTU {mtu} is above the link's maximum, {}", info.max_mtu);
        return error.because(ErrorKind::MtuTooLarge, cause);
    }
    let parent = match (info.parent, info.parent_netns) {
        (Some(index), None) => link_at(target, index),
        _ => place.parent.and_then(|index| link_at(place.host, index)),
    };
    let cause = match parent {
        Some(parent) if mtu > parent.mtu => {
            format!("MTU {mtu} is above the parent's {}", parent.mtu)
        }
        // `macvlan_change_mtu` in the kernel's `drivers/net/macvlan.c` has only this reason.
        None if info.macvlan.is_some() => format!("MTU {mtu} is above the parent's"),
        _ => return error,
    };
    error.because(ErrorKind::MtuTooLarge, cause).with_hint("lower it or raise the parent's")
}

fn named_link(netns: &NetNs, link: LinkId) -> Option<LinkInfo> {
    let by_name = |name| netns.connection().ok().and_then(|there| there.index_of(&name).ok());
    let index = match link {
        LinkId::Index(index) => Some(index),
        LinkId::Name(name) => by_name(name),
    };
    index.and_then(|index| link_at(netns, index))
}

fn no_such_link(error: Error) -> Error {
    error.because(ErrorKind::NotFound, "the link does not exist")
}
