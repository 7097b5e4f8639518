//! Finding a parent: the one place that says which link it is.

use nix::errno::Errno;

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
    if !info.vlan.as_ref().is_some_and(|vlan| tag.is_of(vlan)) {
        return Ok(Some(false));
    }
    Ok(Some(match by_name(host, base)? {
        ByName::There(below) => info.parent == Some(below.index),
        ByName::Other => false,
        // It exists, as something is on it, but under another name.
        ByName::Missing => true,
    }))
}

/// Finds the VLAN with this tag on this base, whatever it is called.
pub(super) fn by_tag(host: &NetNs, base: u32, tag: VlanTag) -> Result<Option<Found>> {
    let same = |link: &LinkInfo| {
        link.parent == Some(base) && link.vlan.as_ref().is_some_and(|vlan| tag.is_of(vlan))
    };
    let vlans = host
        .connection()?
        .dump(&encode::get_links(Some("vlan"), None), |payload| decode::link(payload).filter(same))
        .map_err(|failure| failure.into_error("list the VLANs"))?;
    Ok(vlans.first().map(|link| Found {
        other_name: LinkName::new(&link.name).ok(),
        ..Found::by_its_name(link.index, false)
    }))
}

/// Returns what tells of a namespace's links whether the link below them is on the host. A link tells
/// where that is by the namespace's own number for the other (`IFLA_LINK_NETNSID`).
pub(super) fn on_host(
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

/// Returns what a parent is called now; its index if it is gone, or has no name that could be one.
pub(crate) fn name_of(host: &NetNs, index: u32) -> Result<LinkId> {
    let parent = host.connection()?.find_link(index);
    let parent = parent.map_err(|failure| failure.into_error("read the parent"))?;
    let name = parent.and_then(|parent| LinkName::new(&parent.name).ok());
    Ok(name.map_or(LinkId::Index(index), LinkId::Name))
}

/// The error for a parent that does not exist.
pub(crate) fn missing(host: &NetNs, parent: &Parent) -> Error {
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
