//! Why the kernel refused: looked into only after it has, and put into plain words.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind};
use crate::netlink::Failure;
use crate::netns::{self, NetNs};
use crate::rtnl::encode::LinkChange;
use crate::rtnl::{decode, encode};
use crate::value::address::Address;
use crate::value::link::{Link, LinkInfo, LinkKind, Mode};
use crate::value::name::LinkId;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// What was attempted.
pub(crate) enum Attempt<'a> {
    CreateLink(&'a Link),
    /// A verb, the address, and its link.
    Address(&'static str, &'a Address, LinkId),
    /// A verb, the route, and its link if it has one.
    Route(&'static str, &'a Route, Option<LinkId>),
    /// A verb and the rule.
    Rule(&'static str, &'a Rule),
    /// A change of a link.
    Change(LinkId, LinkChange<'a>),
    /// Anything else that was done to a link.
    Other(LinkId, Cow<'static, str>),
}

/// Where it was attempted.
pub(crate) struct Place<'a> {
    /// Where the parent lives.
    pub(crate) host: &'a NetNs,
    /// Where the link is to live, if that is another namespace.
    pub(crate) inside: Option<&'a NetNs>,
    /// The parent's index, if there is a parent.
    pub(crate) parent: Option<u32>,
}

impl<'a> Place<'a> {
    /// In one namespace, and with no parent.
    pub(crate) fn host(host: &'a NetNs) -> Self {
        Self { host, inside: None, parent: None }
    }

    /// The namespace that the link is to live in.
    fn target(&self) -> &'a NetNs {
        self.inside.unwrap_or(self.host)
    }
}

impl Attempt<'_> {
    /// Returns what was attempted, in words: `add address 10.0.0.2/24`.
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

    /// The error for a failure, its cause looked up where the kernel's number does not tell it.
    pub(crate) fn explain(&self, failure: Failure, place: &Place<'_>) -> Error {
        let errno = match &failure {
            Failure::Refused { errno, .. } | Failure::NotSent(errno) => Some(*errno),
            Failure::NoAnswer(_) => None,
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
        error = error.in_netns(target.in_words());
        let Some(errno) = errno else { return error };
        match (self, errno) {
            (_, Errno::EPERM) => permission(error, place.host, target),
            (Self::CreateLink(link), _) => refused_link(error, errno, link, place, target),
            (Self::Address(..), _) => refused_address(error, errno, self),
            (Self::Route(_, route, _), _) => refused_route(error, errno, route),
            (Self::Rule(..), Errno::EEXIST) => {
                error.because(ErrorKind::RouteExists, "the namespace already has this rule")
            }
            (Self::Rule(..), Errno::ENOENT) => {
                error.because(ErrorKind::NotFound, "there is no such rule")
            }
            (Self::Rule(..), _) => error,
            (Self::Change(link, LinkChange::Mtu(mtu)), Errno::EINVAL) => {
                refused_mtu(error, *link, *mtu, target)
            }
            // A kernel that has not heard of a queueing discipline says that there is no such file.
            (Self::Change(_, LinkChange::Rate(_)), Errno::ENOENT | Errno::EOPNOTSUPP) => error
                .because(ErrorKind::Unsupported, "the kernel has no token bucket filter (tbf)")
                .with_hint(
                    "load its module (modprobe sch_tbf) or build it in (CONFIG_NET_SCH_TBF)",
                ),
            (Self::Change(..) | Self::Other(..), _) => refused_change(error, errno),
        }
    }
}

fn refused_link(
    error: Error,
    errno: Errno,
    link: &Link,
    place: &Place<'_>,
    target: &NetNs,
) -> Error {
    let here = Neighbourhood::look(place, target);
    match errno {
        Errno::EEXIST
            if target.connection().is_ok_and(|there| there.index_of(&link.name).is_ok()) =>
        {
            error
                .because(ErrorKind::NameTaken, "a link of that name exists there")
                .with_hint("choose another name, or delete that link first")
        }
        Errno::EEXIST | Errno::EBUSY
            if link.index.is_some_and(|index| link_at(target, index).is_some()) =>
        {
            error.because(ErrorKind::NameTaken, "a link of that index exists there")
        }
        Errno::EEXIST if matches!(link.kind, LinkKind::Vlan(_)) => {
            vlan_taken(error, link, &here, place, target)
        }
        Errno::ENODEV if link.parent.is_some() => no_such_parent(error),
        Errno::EBUSY => busy_parent(error, &here),
        Errno::EINVAL => invalid_link(error, link, &here, place, target),
        Errno::EADDRINUSE => mac_in_use(error, link, &here, place, target),
        Errno::ENETDOWN => error
            .because(ErrorKind::ParentDown, "the parent is down")
            .with_hint("set the parent up first"),
        Errno::EOPNOTSUPP if error.kernel_message().is_some_and(|m| m != "Unknown device type") => {
            error.because(ErrorKind::Unsupported, "the parent does not support it")
        }
        Errno::EOPNOTSUPP => error
            .because(ErrorKind::Unsupported, format!("the kernel has no {}", module(link)))
            .with_hint(format!("load its module (modprobe {}) or build it in", module(link))),
        Errno::EPROTONOSUPPORT => error
            .because(ErrorKind::Unsupported, "the kernel or the parent lacks this VLAN protocol"),
        _ => error,
    }
}

pub(crate) fn no_such_parent(error: Error) -> Error {
    error
        .because(ErrorKind::ParentNotFound, "the parent does not exist")
        .with_hint("`ip link show` on the host lists the links that do")
}

/// What brings a kind of link into the kernel.
fn module(link: &Link) -> &'static str {
    match link.kind {
        LinkKind::Vlan(_) => "8021q",
        _ => link.kind.as_str(),
    }
}

/// What is around a link that could not be made.
struct Neighbourhood {
    parent: Option<LinkInfo>,
    /// The links on that parent, as far as the two namespaces show them.
    siblings: Vec<LinkInfo>,
    /// The bridge, bond or team that the parent is a port of.
    controller: Option<LinkInfo>,
}

impl Neighbourhood {
    fn look(place: &Place<'_>, target: &NetNs) -> Self {
        let parent = place.parent.and_then(|index| link_at(place.host, index));
        let controller = parent
            .as_ref()
            .and_then(|parent| parent.controller)
            .and_then(|index| link_at(place.host, index));
        let mut siblings = links_on(place, place.host);
        if !target.same_as(place.host) {
            siblings.extend(links_on(place, target));
        }
        Self { parent, siblings, controller }
    }
}

/// The links in a namespace that hang on the place's parent.
///
/// In another namespace the parent is told by its index alone; the numbers that namespaces give each
/// other would have to be compared to be sure, so this is for messages only.
fn links_on(place: &Place<'_>, netns: &NetNs) -> Vec<LinkInfo> {
    let Some(parent) = place.parent else { return Vec::new() };
    let elsewhere = !netns.same_as(place.host);
    all_links(netns)
        .into_iter()
        .filter(|link| link.parent == Some(parent) && link.parent_netns.is_some() == elsewhere)
        .collect()
}

fn all_links(netns: &NetNs) -> Vec<LinkInfo> {
    netns
        .connection()
        .ok()
        .and_then(|connection| connection.dump(&encode::get_links(None, None), decode::link).ok())
        .unwrap_or_default()
}

/// A link on the place's parent in some other visible namespace, in words: `"eth0" in the network
/// namespace of pid 2084`.
fn find_elsewhere(
    place: &Place<'_>,
    target: &NetNs,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Option<String> {
    let parent = place.parent?;
    let mut known = vec![place.host.id(), target.id()];
    let found = netns::ways(&mut Vec::new(), |id, way| {
        if known.contains(&id) {
            return ControlFlow::Continue(());
        }
        let Ok(netns) = way.open() else { return ControlFlow::Continue(()) };
        if known.len() == SEARCHED {
            return ControlFlow::Break(None);
        }
        known.push(id);
        // How it numbers the host, which tells whose link its links' parent is.
        let number = netns.connection().ok().and_then(|connection| {
            connection.get(encode::get_netns_id(place.host), decode::netns_id).ok()
        });
        if number.is_none_or(|number| number < 0) {
            return ControlFlow::Continue(());
        }
        let hangs_here =
            |link: &LinkInfo| link.parent == Some(parent) && link.parent_netns == number;
        match all_links(&netns).iter().find(|link| hangs_here(link) && wanted(link)) {
            Some(found) => ControlFlow::Break(Some(format!("{:?} in {netns}", found.name))),
            None => ControlFlow::Continue(()),
        }
    });
    found.break_value().flatten()
}

/// How many namespaces are searched for the one to blame.
const SEARCHED: usize = 256;

fn link_at(netns: &NetNs, index: u32) -> Option<LinkInfo> {
    netns.connection().ok().and_then(|connection| connection.link(index).ok())
}

fn busy_parent(error: Error, here: &Neighbourhood) -> Error {
    if let Some(controller) = &here.controller {
        let kind = controller.kind.as_deref().unwrap_or("link");
        let cause = format!("the parent is a port of the {kind} {:?}", controller.name);
        let hint =
            format!("use {:?} itself as the parent, or take the parent out of it", controller.name);
        return error.because(ErrorKind::ParentBusy, cause).with_hint(hint);
    }
    let other = here
        .siblings
        .iter()
        .find(|link| link.macvlan.is_none() && link.kind.as_deref() != Some("vlan"));
    if let Some(other) = other {
        let kind = other.kind.as_deref().unwrap_or("another kind");
        let cause = format!("the parent carries {kind} links such as {:?}", other.name);
        return error
            .because(ErrorKind::ParentBusy, cause)
            .with_hint(format!("a link carries either macvlan or {kind}, not both"));
    }
    error
        .because(ErrorKind::ParentBusy, "something else has taken over the parent's frames")
        .with_hint(
            "ipvlan in another namespace, a bridge, bond, team or Open vSwitch would do that",
        )
}

fn invalid_link(
    error: Error,
    link: &Link,
    here: &Neighbourhood,
    place: &Place<'_>,
    target: &NetNs,
) -> Error {
    let Some(parent) = &here.parent else { return error };
    if let Some(mtu) = link.mtu.filter(|mtu| *mtu > parent.mtu) {
        return error
            .because(
                ErrorKind::MtuTooLarge,
                format!("MTU {mtu} is above the parent's {}", parent.mtu),
            )
            .with_hint("lower it or raise the parent's");
    }
    if parent.is_loopback() || parent.mac.is_none() {
        return error
            .because(
                ErrorKind::Unsupported,
                "the parent is no Ethernet link, and nothing else can carry macvlan",
            )
            .with_hint("choose a parent that has a MAC address");
    }
    let Some(options) = link.kind.macvlan() else { return error };
    let sibling = |wanted: fn(Mode) -> bool| {
        let wanted = |link: &LinkInfo| link.macvlan.as_ref().is_some_and(|m| wanted(m.mode()));
        let found = here.siblings.iter().find(|link| wanted(link));
        found
            .map(|found| format!("{:?}", found.name))
            .or_else(|| find_elsewhere(place, target, wanted))
            .unwrap_or_else(|| "a link in another namespace".to_owned())
    };
    if error.kernel_message().is_some() {
        return error;
    }
    if options.mode() == Mode::Passthru {
        let cause =
            format!("passthru needs the parent for itself, and {} is on it", sibling(|_| true));
        return error
            .because(ErrorKind::PassthruConflict, cause)
            .with_hint("use another mode, or remove the other macvlans first");
    }
    let cause = format!(
        "the parent belongs to {} in passthru mode",
        sibling(|mode| mode == Mode::Passthru)
    );
    error
        .because(ErrorKind::PassthruConflict, cause)
        .with_hint("remove that link first, or use another parent")
}

/// A parent carries each VLAN once, in whatever namespace that is then.
fn vlan_taken(
    error: Error,
    link: &Link,
    here: &Neighbourhood,
    place: &Place<'_>,
    target: &NetNs,
) -> Error {
    let (LinkKind::Vlan(wanted), Some(parent)) = (&link.kind, &here.parent) else { return error };
    let same = |link: &LinkInfo| {
        link.vlan.as_ref().is_some_and(|vlan| {
            (vlan.id(), vlan.get_protocol()) == (wanted.id(), wanted.get_protocol())
        })
    };
    let found = here.siblings.iter().find(|link| same(link));
    let holder = found
        .map(|found| format!("{:?}", found.name))
        .or_else(|| find_elsewhere(place, target, same))
        .unwrap_or_else(|| "a link in another namespace".to_owned());
    error
        .because(
            ErrorKind::NameTaken,
            format!("VLAN {} of {:?} exists already, as {holder}", wanted.id(), parent.name),
        )
        .with_hint("a parent carries each VLAN once: delete that one, or put a macvlan on it")
}

fn mac_in_use(
    error: Error,
    link: &Link,
    here: &Neighbourhood,
    place: &Place<'_>,
    target: &NetNs,
) -> Error {
    let Some(mac) = link.mac else { return error };
    if here.parent.as_ref().is_some_and(|parent| parent.mac == Some(mac)) {
        return error
            .because(ErrorKind::MacInUse, format!("the parent itself has the MAC address {mac}"))
            .with_hint("choose another, or none for a random one");
    }
    let has_it = |link: &LinkInfo| link.mac == Some(mac);
    let holder = here
        .siblings
        .iter()
        .find(|link| has_it(link))
        .map(|holder| format!("{:?}", holder.name))
        .or_else(|| find_elsewhere(place, target, has_it));
    let (holder, hint) = match holder {
        Some(holder) => (holder, "choose another, or remove that link first"),
        None => (
            "a link in another namespace".to_owned(),
            "if a container that had it is just being removed, the address is free some milliseconds later",
        ),
    };
    error
        .because(
            ErrorKind::MacInUse,
            format!("{holder} on the same parent has the MAC address {mac}"),
        )
        .with_hint(hint)
}

fn refused_address(error: Error, errno: Errno, attempt: &Attempt<'_>) -> Error {
    let v6 = matches!(attempt, Attempt::Address(_, address, _) if address.ip().is_ipv6());
    match errno {
        Errno::EEXIST => {
            error.because(ErrorKind::AddressTaken, "the link already has this address")
        }
        Errno::EADDRNOTAVAIL => {
            error.because(ErrorKind::NotFound, "the link does not have this address")
        }
        Errno::ENODEV => no_such_link(error),
        Errno::EACCES if v6 => ipv6_disabled(error),
        Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP if v6 => {
            error.because(ErrorKind::Unsupported, "the kernel has no IPv6")
        }
        _ => error,
    }
}

fn ipv6_disabled(error: Error) -> Error {
    error
        .because(ErrorKind::Ipv6Disabled, "IPv6 is switched off on the link")
        .with_hint("set the sysctl net.ipv6.conf.default.disable_ipv6 to 0 in the namespace, or leave the IPv6 addresses out")
}

fn refused_route(error: Error, errno: Errno, route: &Route) -> Error {
    match errno {
        Errno::EEXIST => error
            .because(ErrorKind::RouteExists, "a route to that destination with that metric exists")
            .with_hint("replace it, or give another metric"),
        Errno::ENETUNREACH | Errno::EHOSTUNREACH => error
            .because(
                ErrorKind::GatewayUnreachable,
                "the gateway is on no subnet of this namespace's links",
            )
            .with_hint(
                "add an address in the gateway's subnet, or say that the gateway is on-link",
            ),
        Errno::ESRCH => error.because(ErrorKind::NotFound, "there is no such route"),
        Errno::ENODEV => no_such_link(error),
        Errno::EACCES => ipv6_disabled(error),
        Errno::EINVAL if route.get_source().is_some() && complains_of_source(&error) => error
            .because(ErrorKind::System, "the route's source is no address of this namespace")
            .with_hint("give that address to one of its links first"),
        _ => error,
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
            .because(ErrorKind::NameTaken, "a link of that name exists there")
            .with_hint("choose another name, or take it from that link first"),
        Errno::EADDRINUSE => error
            .because(ErrorKind::MacInUse, "the parent or a sibling has the same MAC address")
            .with_hint("choose another, or remove that link first"),
        _ => error,
    }
}

/// The driver's bounds are told by the kernel in words; the parent's MTU, as another one, is not.
fn refused_mtu(error: Error, link: LinkId, mtu: u32, target: &NetNs) -> Error {
    let by_name = |name| target.connection().ok().and_then(|there| there.index_of(&name).ok());
    let index = match link {
        LinkId::Index(index) => Some(index),
        LinkId::Name(name) => by_name(name),
    };
    let Some(info) = index.and_then(|index| link_at(target, index)) else { return error };
    if mtu < info.min_mtu {
        return error;
    }
    if info.max_mtu != 0 && mtu > info.max_mtu {
        let cause = format!("MTU {mtu} is above the largest that the link takes, {}", info.max_mtu);
        return error.because(ErrorKind::MtuTooLarge, cause);
    }
    let parent = info.parent.filter(|_| info.parent_netns.is_none());
    let cause = match parent.and_then(|index| link_at(target, index)) {
        Some(parent) if mtu > parent.mtu => {
            format!("MTU {mtu} is above the parent's {}", parent.mtu)
        }
        None if info.parent.is_some() => format!("MTU {mtu} is above the parent's"),
        _ => return error,
    };
    error.because(ErrorKind::MtuTooLarge, cause).with_hint("lower it or raise the parent's")
}

fn no_such_link(error: Error) -> Error {
    error.because(ErrorKind::NotFound, "there is no such link")
}

/// `CAP_NET_ADMIN` is what everything here takes; the question is where it is missing.
fn permission(error: Error, host: &NetNs, target: &NetNs) -> Error {
    if !has_net_admin() {
        return error
            .because(ErrorKind::PermissionDenied, "the process lacks CAP_NET_ADMIN")
            .with_hint("run it as root, or give it the capability");
    }
    let mut foreign = String::new();
    for netns in [host, target] {
        if netns.belongs_to_our_user_namespace() == Some(false)
            && !foreign.contains(&netns.in_words())
        {
            let and = if foreign.is_empty() { "" } else { " and " };
            let _ = write!(foreign, "{and}{}", netns.in_words());
        }
    }
    if foreign.is_empty() {
        return error;
    }
    let cause = format!(
        "CAP_NET_ADMIN is missing in the user namespace that owns {foreign}; the process has it in its own only"
    );
    error
        .because(ErrorKind::PermissionDenied, cause)
        .with_hint("a rootless program can use parents that live in its own network namespaces, not the machine's")
}

fn has_net_admin() -> bool {
    const CAP_NET_ADMIN: u32 = 12;
    std::fs::read_to_string("/proc/thread-self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
        .is_some_and(|effective| effective & 1 << CAP_NET_ADMIN != 0)
}
