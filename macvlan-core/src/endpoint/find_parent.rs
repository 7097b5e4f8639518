//! Finding a parent: the one place that says which link it is.
//!
//! A link is found by its name, by an alternative name, or, if it is a VLAN under another name, by its
//! base and tag. From then on it is its index and its namespace, never its name.

use nix::errno::Errno;

use crate::endpoint::endpoint::EndpointKind;
use crate::endpoint::parent::{Parent, VlanTag};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place, no_such_parent};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::link::LinkInfo;
use crate::value::name::{LinkId, LinkName};

/// A parent that exists now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) index: u32,
    /// Whether it was made here and now.
    pub(crate) made: bool,
    /// What it is called, where that is not what it was asked for by.
    pub(crate) other_name: Option<LinkName>,
}

impl Found {
    pub(super) fn by_its_name(index: u32, made: bool) -> Self {
        Self { index, made, other_name: None }
    }

    fn of(link: &LinkInfo) -> Self {
        let other_name = LinkName::new(&link.name).ok();
        Self { other_name, ..Self::by_its_name(link.index, false) }
    }

    /// Returns what the parent that was found is called.
    pub(super) fn id(&self, parent: &Parent) -> LinkId {
        let name = self.other_name.map(LinkId::Name).or(parent.id().ok());
        name.unwrap_or(LinkId::Index(self.index))
    }
}

/// What has a parent's name.
pub(super) enum ByName {
    There(Found),
    /// A link that is another one than was described.
    Other,
    Missing,
}

/// Finds a parent by its name or index, or a VLAN by its tag where it has another name, and makes
/// nothing; none if it does not exist.
pub(crate) fn find(host: &NetNs, parent: &Parent) -> Result<Option<Found>> {
    match (by_name(host, parent)?, parent.on_demand()) {
        (ByName::There(found), _) => Ok(Some(found)),
        (ByName::Missing, Some((base, tag))) => match find(host, base)? {
            Some(base) => by_tag(host, base.index, tag),
            None => Ok(None),
        },
        (ByName::Missing | ByName::Other, _) => Ok(None),
    }
}

/// Looks a parent up by its name or index.
pub(super) fn by_name(host: &NetNs, parent: &Parent) -> Result<ByName> {
    let connection = host.connection()?;
    if let Some(name) = parent.get_alternative_name() {
        return match connection.index_of_any(name).map(|index| connection.find_link(index)) {
            Ok(Ok(Some(link))) => Ok(ByName::There(Found::of(&link))),
            Ok(Ok(None)) | Err(Errno::ENODEV) => Ok(ByName::Missing),
            Ok(Err(failure)) => Err(failure.into_error("read the parent").on_parent(name)),
            Err(errno) => Err(Error::system("use the parent", errno).on_parent(name)),
        };
    }
    let link = parent.id()?;
    loop {
        let found = match link {
            LinkId::Index(index) => Ok(index),
            // Where there is no such link, this is slow, and it is an error.
            LinkId::Name(name) if parent.on_demand().is_none() => {
                connection.index_of_existing(name.as_str())
            }
            LinkId::Name(name) => connection.index_of(&name),
        };
        let index = match found {
            Ok(index) => index,
            Err(Errno::ENODEV) => return Ok(ByName::Missing),
            Err(errno) => return Err(refused(host, link, errno)),
        };
        match is_as_described(host, parent, index)? {
            Some(true) => return Ok(ByName::There(Found::by_its_name(index, false))),
            Some(false) => return Ok(ByName::Other),
            // It has just gone.
            None => {}
        }
    }
}

/// Whether a link that has the right name is the VLAN that was described; none if it is gone.
fn is_as_described(host: &NetNs, parent: &Parent, index: u32) -> Result<Option<bool>> {
    let Some((base, tag)) = parent.described() else { return Ok(Some(true)) };
    let info = host.connection()?.find_link(index);
    let info = info.map_err(|failure| failure.into_error("read the parent"))?;
    let Some(info) = info else { return Ok(None) };
    let base = find(host, base)?;
    Ok(Some(base.is_some_and(|base| is_vlan(&info, base.index, tag))))
}

/// Whether a link is the VLAN with this tag on this base of its own namespace.
fn is_vlan(link: &LinkInfo, base: u32, tag: VlanTag) -> bool {
    link.parent == Some(base)
        && link.parent_netns.is_none()
        && link.vlan.as_ref().is_some_and(|vlan| tag.is_of(vlan))
}

/// Finds the VLAN with this tag on this base, whatever it is called.
pub(super) fn by_tag(host: &NetNs, base: u32, tag: VlanTag) -> Result<Option<Found>> {
    let same = |link: &LinkInfo| is_vlan(link, base, tag);
    let vlans = host
        .connection()?
        .dump(&encode::get_links(Some("vlan"), None), |payload| decode::link(payload).filter(same))
        .map_err(|failure| failure.into_error("list the VLANs"))?;
    Ok(vlans.first().map(Found::of))
}

/// The link that others hang on in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lowest {
    pub(crate) index: u32,
    /// The host's number for the namespace that it is in, if that is not the host's own.
    pub(crate) netns: Option<i32>,
}

/// Returns the link that a macvlan on this one hangs on: where it is itself a macvlan, the link below
/// that, which may be in another namespace. The kernel looks no further either, since no macvlan hangs on
/// another.
pub(crate) fn lowest(host: &NetNs, index: u32) -> Result<Lowest> {
    let itself = Lowest { index, netns: None };
    let link = host.connection()?.find_link(index);
    let link = link.map_err(|failure| failure.into_error("read the parent"))?;
    Ok(match link.filter(is_macvlan) {
        Some(LinkInfo { parent: Some(index), parent_netns: netns, .. }) => Lowest { index, netns },
        _ => itself,
    })
}

/// Returns the index of the lowest link that the host can see: that of [`lowest`], or the link's own if
/// the one below is in another namespace.
pub(crate) fn lowest_seen(host: &NetNs, index: u32) -> Result<u32> {
    let Lowest { index: below, netns } = lowest(host, index)?;
    Ok(if netns.is_none() { below } else { index })
}

pub(crate) fn is_macvlan(link: &LinkInfo) -> bool {
    matches!(link.kind.as_deref(), Some("macvlan" | "macvtap"))
}

/// Returns whether a link of a namespace hangs on a parent, as an endpoint of this kind would.
pub(crate) fn is_on(
    host: &NetNs,
    netns: &NetNs,
    link: &LinkInfo,
    (parent, kind): (u32, &EndpointKind),
) -> Result<bool> {
    let lowest = match kind {
        EndpointKind::Vlan(_) => Lowest { index: parent, netns: None },
        EndpointKind::Macvlan(_) | EndpointKind::Macvtap(_) => lowest(host, parent)?,
    };
    if link.parent != Some(lowest.index) {
        return Ok(false);
    }
    let fails = |failure: Failure| failure.into_error("compare parents");
    Ok(match lowest.netns {
        None => on_host(host, netns, netns.connection()?).map_err(fails)?(link),
        Some(_) if netns.same_as(host) => link.parent_netns == lowest.netns,
        Some(number) => netns_below(host.connection()?, netns, link).map_err(fails)? == number,
    })
}

/// Returns the host's number for the namespace of what a link of another namespace hangs on.
fn netns_below(
    outside: &Connection,
    netns: &NetNs,
    link: &LinkInfo,
) -> std::result::Result<i32, Failure> {
    // The host is asked for the link, and so tells the number that it has for the namespace itself.
    let there = outside.number_of(netns)?;
    let seen = outside.get(encode::get_link_in(there, link.index), decode::link)?;
    Ok(seen.parent_netns.unwrap_or(there))
}

/// Returns what tells of a namespace's links whether the link below them is on the host. A link tells
/// where that is by the namespace's own number for the other (`IFLA_LINK_NETNSID`).
pub(crate) fn on_host(
    host: &NetNs,
    netns: &NetNs,
    inside: &Connection,
) -> std::result::Result<impl Fn(&LinkInfo) -> bool + use<>, Failure> {
    let number = if netns.same_as(host) {
        None
    } else {
        Some(inside.get(encode::get_netns_id(host), decode::netns_id)?)
    };
    // A negative number is none: nothing there hangs on a link of the host.
    Ok(move |link: &LinkInfo| {
        link.parent_netns == number && number.is_none_or(|number| number >= 0)
    })
}

/// Returns the macvlan of the host through which a macvlan of another namespace may have been made: it
/// hangs on the same link, which is not on the host.
pub(super) fn through_macvlan(
    outside: &Connection,
    netns: &NetNs,
    link: &LinkInfo,
) -> std::result::Result<Option<LinkInfo>, Failure> {
    let like_it = |other: &LinkInfo| {
        is_macvlan(other) && other.parent == link.parent && other.parent_netns.is_some()
    };
    let links = encode::get_links(None, None);
    let mut alike = outside.dump(&links, |payload| decode::link(payload).filter(like_it))?;
    if !alike.is_empty() {
        let below = netns_below(outside, netns, link)?;
        alike.retain(|other| other.parent_netns == Some(below));
    }
    Ok(alike.into_iter().next())
}

/// Returns what a parent is called now; its index if it is gone, or has no name that could be one.
pub(crate) fn name_of(host: &NetNs, index: u32) -> Result<LinkId> {
    let parent = host.connection()?.find_link(index);
    let parent = parent.map_err(|failure| failure.into_error("read the parent"))?;
    let name = parent.and_then(|parent| LinkName::new(&parent.name).ok());
    Ok(name.map_or(LinkId::Index(index), LinkId::Name))
}

/// The error for a parent that does not exist.
pub(crate) fn missing(host: &NetNs, parent: &Parent) -> Error {
    if let Some(name) = parent.get_alternative_name() {
        return no_such_parent(Error::system("use the parent", Errno::ENODEV).on_parent(name));
    }
    match parent.id() {
        Ok(link) => refused(host, link, Errno::ENODEV).on_parent(parent.to_string()),
        Err(error) => error,
    }
}

/// The error for a parent that cannot be used.
pub(super) fn refused(host: &NetNs, link: LinkId, errno: Errno) -> Error {
    let attempt = Attempt::Other(link, "use the parent".into());
    let error = attempt.explain(Failure::refused(errno), &Place::host(host));
    if errno == Errno::ENODEV { no_such_parent(error) } else { error }
}
