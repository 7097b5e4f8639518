//! Explains why a link could not be created.

use nix::errno::Errno;

use crate::error::{Error, ErrorKind};
use crate::explain::place::{Place, link_at};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode, find_elsewhere};
use crate::value::link::{Link, LinkInfo, LinkKind, Mode, VlanOptions};
use crate::value::net::parse_number;

pub(super) fn refused_link(
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
                .because(ErrorKind::NameTaken, "a link with this name exists there")
                .with_hint("choose another name, or delete the link first")
        }
        Errno::EEXIST | Errno::EBUSY
            if link.index.is_some_and(|index| link_at(target, index).is_some()) =>
        {
            error.because(ErrorKind::NameTaken, "a link with this index exists there")
        }
        Errno::EEXIST if matches!(link.kind, LinkKind::Vlan(_)) => {
            vlan_taken(error, link, &here, place, target)
        }
        Errno::ENODEV if link.parent.is_some() || link.parent_alternative.is_some() => {
            no_such_parent(error)
        }
        Errno::EBUSY => busy_parent(error, &here),
        Errno::EINVAL => invalid_link(error, link, &here, place, target),
        Errno::EADDRINUSE => mac_in_use(error, link, &here, place, target),
        Errno::ENETDOWN => error
            .because(ErrorKind::ParentDown, "the parent is down")
            .with_hint("set the parent up first"),
        Errno::EOPNOTSUPP if error.kernel_message().is_some_and(|m| m != "Unknown device type") => {
            error.because(ErrorKind::Unsupported, "the parent does not support this kind of link")
        }
        Errno::EOPNOTSUPP => error
            .because(
                ErrorKind::Unsupported,
                format!("the kernel has no support for {}", module(link)),
            )
            .with_hint(format!("load the module (modprobe {}) or build it in", module(link))),
        Errno::EPROTONOSUPPORT => error.because(
            ErrorKind::Unsupported,
            "the kernel or the parent does not support this VLAN protocol",
        ),
        _ => error,
    }
}

pub(crate) fn no_such_parent(error: Error) -> Error {
    let id = error.parent().and_then(|name| name.rsplit_once('.')).map(|(_, id)| id.to_owned());
    if let Some(id) = id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        if !parse_number(&id).is_some_and(|id| (1..=VlanOptions::MAX_ID).contains(&id)) {
            let cause = format!("the parent does not exist, and {id} is not a VLAN id");
            return error
                .because(ErrorKind::ParentNotFound, cause)
                .with_hint("a VLAN id is from 1 to 4094, without leading zeros");
        }
    }
    error
        .because(ErrorKind::ParentNotFound, "the parent does not exist")
        .with_hint("`ip link show` on the host lists the existing links")
}

/// Returns the kernel module of a kind of link.
fn module(link: &Link) -> &'static str {
    match link.kind {
        LinkKind::Vlan(_) => "8021q",
        _ => link.kind.as_str(),
    }
}

/// The surroundings of a link that could not be created.
struct Neighbourhood {
    parent: Option<LinkInfo>,
    /// The links on the same parent, as far as the two namespaces show them.
    siblings: Vec<LinkInfo>,
    /// The bridge, bond or team of which the parent is a port.
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

/// Returns the links in a namespace that are on the parent.
///
/// In another namespace the parent is only given by its index. To be certain, the namespace ids
/// would have to be compared, so this is for messages only.
fn links_on(place: &Place<'_>, netns: &NetNs) -> Vec<LinkInfo> {
    let Some(parent) = place.parent else { return Vec::new() };
    let elsewhere = !netns.same_as(place.host);
    all_links(netns)
        .into_iter()
        .filter(|link| link.parent == Some(parent) && link.parent_netns.is_some() == elsewhere)
        .collect()
}

pub(super) fn all_links(netns: &NetNs) -> Vec<LinkInfo> {
    netns
        .connection()
        .ok()
        .and_then(|connection| connection.dump(&encode::get_links(None, None), decode::link).ok())
        .unwrap_or_default()
}

/// Returns a description of a link on the parent in another visible namespace:
/// `"eth0" in the network namespace of pid 2084`.
fn elsewhere(
    place: &Place<'_>,
    target: &NetNs,
    wanted: impl Fn(&LinkInfo) -> bool,
) -> Option<String> {
    find_elsewhere(place.host, place.parent?, &[target], SEARCHED, wanted)
        .ok()
        .flatten()
        .map(|(way, link)| format!("{:?} in {way}", link.name))
}

/// The description of a link that the kernel reports and no visible namespace has.
const UNSEEN: &str = "a link that is not visible from here";

/// The maximum number of namespaces to search.
const SEARCHED: usize = 256;

fn busy_parent(error: Error, here: &Neighbourhood) -> Error {
    if let Some(controller) = &here.controller {
        let kind = controller.kind.as_deref().unwrap_or("link");
        let cause = format!("the parent is a port of the {kind} {:?}", controller.name);
        let hint = format!("use {:?} as the parent, or remove the parent from it", controller.name);
        return error.because(ErrorKind::ParentBusy, cause).with_hint(hint);
    }
    let other = here
        .siblings
        .iter()
        .find(|link| link.macvlan.is_none() && link.kind.as_deref() != Some("vlan"));
    if let Some(other) = other {
        let kind = other.kind.as_deref().unwrap_or("another kind");
        let cause = format!("the parent has {kind} links such as {:?}", other.name);
        return error
            .because(ErrorKind::ParentBusy, cause)
            .with_hint(format!("a parent can have either macvlan or {kind} links, not both"));
    }
    error
        .because(ErrorKind::ParentBusy, "the parent already has an rx handler (bridge, bond, team, ipvlan or Open vSwitch)")
        .with_hint(
            "use another parent, or remove the parent from it; ipvlan links may be in another namespace",
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
                "the parent is not an Ethernet link, which macvlan requires",
            )
            .with_hint("choose a parent with a MAC address");
    }
    let Some(options) = link.kind.macvlan() else { return error };
    let sibling = |wanted: fn(Mode) -> bool| {
        let wanted = |link: &LinkInfo| link.macvlan.as_ref().is_some_and(|m| wanted(m.get_mode()));
        // A macvlan as the parent is on the same link as the new one would be.
        let found = here.siblings.iter().chain(&here.parent).find(|link| wanted(link));
        found.map(|found| format!("{:?}", found.name)).or_else(|| elsewhere(place, target, wanted))
    };
    if error.kernel_message().is_some() {
        return error;
    }
    if options.get_mode() == Mode::Passthru {
        let Some(other) = sibling(|_| true) else {
            return error.with_hint(
                "passthru needs the parent for itself; look for a macvlan on the parent in namespaces that are not visible from here",
            );
        };
        let cause = format!("passthru needs the parent for itself, and {other} is on it");
        return error
            .because(ErrorKind::PassthruConflict, cause)
            .with_hint("use another mode, or remove the other macvlans first");
    }
    let Some(owner) = sibling(|mode| mode == Mode::Passthru) else {
        return error.with_hint(
            "look for a macvlan in mode passthru on the parent in namespaces that are not visible from here",
        );
    };
    let cause = format!("{owner} has the parent in mode passthru");
    error
        .because(ErrorKind::PassthruConflict, cause)
        .with_hint("remove the link first, or use another parent")
}

/// Explains a VLAN that exists on the parent, which has each VLAN once, in whichever namespace.
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
            (vlan.get_id(), vlan.get_protocol()) == (wanted.get_id(), wanted.get_protocol())
        })
    };
    let found = here.siblings.iter().find(|link| same(link));
    let holder = found
        .map(|found| format!("{:?}", found.name))
        .or_else(|| elsewhere(place, target, same))
        .unwrap_or_else(|| UNSEEN.to_owned());
    error
        .because(
            ErrorKind::NameTaken,
            format!("VLAN {} of {:?} already exists, as {holder}", wanted.get_id(), parent.name),
        )
        .with_hint(
            "a parent has each VLAN once; delete the existing link, or attach a macvlan to it",
        )
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
            .with_hint("choose another one, or leave it out for a random one");
    }
    let has_it = |link: &LinkInfo| link.mac == Some(mac);
    let holder = here
        .siblings
        .iter()
        .find(|link| has_it(link))
        .map(|holder| format!("{:?}", holder.name))
        .or_else(|| elsewhere(place, target, has_it));
    let (holder, hint) = match holder {
        Some(holder) => (holder, "choose another one, or remove the link first"),
        None => (
            UNSEEN.to_owned(),
            "if a container with this address is being removed, retry after some milliseconds",
        ),
    };
    error
        .because(
            ErrorKind::MacInUse,
            format!("{holder} on the same parent has the MAC address {mac}"),
        )
        .with_hint(hint)
}
