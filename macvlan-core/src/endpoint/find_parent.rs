//! Finds the link that a parent describes.
//!
//! A link is found by its name, by an alternative name, or, for a VLAN with another name, by its
//! base and tag. From then on it is identified by index and namespace, never by name.

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

/// An existing parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) index: u32,
    /// True if the parent was created by this operation.
    pub(crate) made: bool,
    /// The actual name, if it differs from the requested one.
    pub(crate) other_name: Option<LinkName>,
}

impl Found {
    pub(super) fn by_its_name(index: u32, made: bool) -> Self {
        Self { index, made, other_name: None }
    }

    fn of(link: &LinkInfo) -> Self {
        let other_name = match LinkId::named(&link.name, link.index) {
            LinkId::Name(name) => Some(name),
            LinkId::Index(_) => None,
        };
        Self { other_name, ..Self::by_its_name(link.index, false) }
    }

    /// Returns the name of the parent that was found.
    pub(super) fn id(&self, parent: &Parent) -> LinkId {
        match (self.other_name, parent.id()) {
            (Some(name), _) => LinkId::Name(name),
            (None, Ok(id)) => id,
            (None, Err(_too_long)) => LinkId::Index(self.index),
        }
    }
}

/// The result of a search by name.
pub(super) enum ByName {
    There(Found),
    /// A link that does not match the description.
    Other,
    Missing,
}

/// Finds an existing parent by its name or index, or a VLAN with another name by its tag; `None` if
/// it does not exist.
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

/// Finds a parent by its name or index.
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
            // Slow if the link does not exist, but then it is an error.
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
            // Deleted just now.
            None => {}
        }
    }
}

/// Returns whether a link with the right name is the VLAN as described; `None` if it no longer
/// exists.
fn is_as_described(host: &NetNs, parent: &Parent, index: u32) -> Result<Option<bool>> {
    let Some((base, tag)) = parent.described() else { return Ok(Some(true)) };
    let info = host.connection()?.find_link(index);
    let info = info.map_err(|failure| failure.into_error("read the parent"))?;
    let Some(info) = info else { return Ok(None) };
    let base = find(host, base)?;
    Ok(Some(base.is_some_and(|base| is_vlan(&info, base.index, tag))))
}

/// Returns whether a link is the VLAN with this tag on this base, in the base's namespace.
fn is_vlan(link: &LinkInfo, base: u32, tag: VlanTag) -> bool {
    link.parent == Some(base)
        && link.parent_netns.is_none()
        && link.vlan.as_ref().is_some_and(|vlan| tag.is_of(vlan))
}

/// Finds the VLAN with this tag on this base, by any name.
pub(super) fn by_tag(host: &NetNs, base: u32, tag: VlanTag) -> Result<Option<Found>> {
    let same = |link: &LinkInfo| is_vlan(link, base, tag);
    let vlans = host
        .connection()?
        .dump(&encode::get_links(Some("vlan"), None), |payload| decode::link(payload).filter(same))
        .map_err(|failure| failure.into_error("list the VLANs"))?;
    Ok(vlans.first().map(Found::of))
}

/// The lowest link: the one on which the kernel puts the macvlans of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lowest {
    pub(crate) index: u32,
    /// The id of the lowest link's namespace in the host's, if it is another one.
    pub(crate) netns: Option<i32>,
}

/// Returns the link on which the kernel puts a macvlan of this parent: if the parent is a macvlan,
/// the link below it, which may be in another namespace. The kernel never puts a macvlan on
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

/// Returns the index of the lowest link on the host: that of [`lowest`], or of the link itself if
/// the one below is in another namespace.
pub(crate) fn lowest_seen(host: &NetNs, index: u32) -> Result<u32> {
    let Lowest { index: below, netns } = lowest(host, index)?;
    Ok(if netns.is_none() { below } else { index })
}

pub(crate) fn is_macvlan(link: &LinkInfo) -> bool {
    matches!(link.kind.as_deref(), Some("macvlan" | "macvtap"))
}

/// Returns whether a link in a namespace is on a parent, as an endpoint of this kind would be.
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

/// Returns the id, in the host's namespace, of the namespace with the link below a link elsewhere.
fn netns_below(
    outside: &Connection,
    netns: &NetNs,
    link: &LinkInfo,
) -> std::result::Result<i32, Failure> {
    // The request is sent to the host's namespace, so the reply has its id.
    let there = outside.number_of(netns)?;
    let seen = outside.get(encode::get_link_in(there, link.index), decode::link)?;
    Ok(seen.parent_netns.unwrap_or(there))
}

/// Returns a check whether the link below a namespace's link is on the host. The kernel reports the
/// namespace of the lower link by an id of the upper link's namespace (`IFLA_LINK_NETNSID`).
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
    // Negative: no id was assigned, so no link there is on a link of the host.
    Ok(move |link: &LinkInfo| {
        link.parent_netns == number && number.is_none_or(|number| number >= 0)
    })
}

/// Returns the macvlan of the host through which a macvlan elsewhere may have been created: both
/// are on the same link, which is not on the host.
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

/// Returns the current name of a parent; its index if it no longer exists or the name is not a
/// valid [`LinkName`].
pub(crate) fn name_of(host: &NetNs, index: u32) -> Result<LinkId> {
    let parent = host.connection()?.find_link(index);
    let parent = parent.map_err(|failure| failure.into_error("read the parent"))?;
    Ok(parent.map_or(LinkId::Index(index), |parent| LinkId::named(&parent.name, parent.index)))
}

/// Makes the error for a parent that does not exist.
pub(crate) fn missing(host: &NetNs, parent: &Parent) -> Error {
    if let Some(name) = parent.get_alternative_name() {
        return no_such_parent(Error::system("use the parent", Errno::ENODEV).on_parent(name));
    }
    match parent.id() {
        Ok(link) => refused(host, link, Errno::ENODEV).on_parent(parent.to_string()),
        Err(error) => error,
    }
}

/// Makes the error for a parent that cannot be used.
pub(super) fn refused(host: &NetNs, link: LinkId, errno: Errno) -> Error {
    let attempt = Attempt::Other(link, "use the parent".into());
    let error = attempt.explain(Failure::refused(errno), &Place::host(host));
    if errno == Errno::ENODEV { no_such_parent(error) } else { error }
}
