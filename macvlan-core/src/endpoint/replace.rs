//! Replaces a link that cannot be changed as requested.
//!
//! This is a transaction: the old link is read completely before anything is changed, the new one
//! is first tried in a separate namespace, and if the kernel refuses the attach, the old link is
//! created again.

use nix::errno::Errno;

use crate::endpoint::attach::{Warm, attach, warm};
use crate::endpoint::attachment::Attachment;
use crate::endpoint::deletion::{Deletion, delete_all};
use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::find_parent::{is_macvlan, lowest, on_host};
use crate::endpoint::old_link::{OldLink, is_passthru};
use crate::endpoint::on_demand;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::Failure;
use crate::netns::NetNs;
use crate::rtnl::{decode, encode, find_elsewhere};
use crate::value::link::LinkInfo;
use crate::value::name::LinkId;
use crate::wait::Cancel;

/// Replaces a link with the endpoint's name by the endpoint.
pub(super) fn replace_link(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    link: &LinkInfo,
    cancels: &[Cancel],
) -> Result<Attachment> {
    let new = New { host, endpoint, netns, cancels };
    let old = OldLink::read(host, netns, link)?;
    let parent = new.find_parent()?;
    let tried = new.try_out(&old, parent);
    let attachment = tried.and_then(|tried| {
        let attachment = new.take_place_of(&old);
        let _parent = tried.map(Warm::cool);
        attachment
    });
    let unused = match attachment {
        Ok(_) => old.on_host,
        Err(_) => endpoint.parent.on_demand().map(|_| parent),
    };
    let released = unused.map_or(Ok(()), |index| on_demand::release_if_marked(host, index));
    match (attachment, released) {
        (Ok(attachment), Ok(())) => Ok(attachment),
        (Ok(_), Err(error)) => Err(error.leaves("the VLAN that the old link was on")),
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(_)) => Err(on_demand::may_leave(error, host, &endpoint.parent)),
    }
}

/// The endpoint that replaces the old link.
struct New<'a> {
    host: &'a NetNs,
    endpoint: &'a Endpoint,
    netns: &'a NetNs,
    cancels: &'a [Cancel],
}

impl New<'_> {
    /// Finds or creates the parent.
    fn find_parent(&self) -> Result<u32> {
        let found = on_demand::find_or_make(self.host, &self.endpoint.parent);
        Ok(found.map_err(|error| self.here(error))?.index)
    }

    fn here(&self, error: Error) -> Error {
        error
            .on_link(self.endpoint.name.as_str())
            .on_parent(self.endpoint.parent.to_string())
            .in_netns(self.netns.describe())
    }

    /// Creates the link in a separate namespace, if it can exist beside the old one; otherwise
    /// checks known conditions. A refusal then has changed nothing. Returns the link unless it
    /// prevents the new one: it keeps a parent made on demand from being removed.
    fn try_out(&self, old: &OldLink<'_>, parent: u32) -> Result<Option<Warm>> {
        if self.excludes(old, parent)? {
            return self.refuse_known_conflicts(old, parent).map(|()| None);
        }
        // The old link may have the MAC address.
        let template = Endpoint { mac: None, ..self.endpoint.clone() };
        let tried = warm(self.host, &template, self.cancels)?;
        let kind = &self.endpoint.kind;
        if kind.is_passthru() || matches!(kind, EndpointKind::Vlan(_)) {
            tried.cool();
            return Ok(None);
        }
        Ok(Some(tried))
    }

    /// Returns whether the link cannot be created while the old one exists, or only with lasting
    /// effects.
    fn excludes(&self, old: &OldLink<'_>, parent: u32) -> Result<bool> {
        let below = lowest(self.host, parent)?;
        let on_the_same = below.netns.is_some() || old.on_host == Some(below.index);
        Ok(match (&self.endpoint.kind, &old.info.vlan) {
            // Its parent would never be removed.
            (EndpointKind::Vlan(_), _) if self.endpoint.parent.on_demand().is_some() => true,
            // A parent has each VLAN once.
            (EndpointKind::Vlan(new), Some(old)) => {
                on_the_same
                    && (new.get_id(), new.get_protocol()) == (old.get_id(), old.get_protocol())
            }
            (EndpointKind::Vlan(_), None) | (_, Some(_)) => false,
            // A passthru link is the only one on its parent.
            (kind, None) => on_the_same && (kind.is_passthru() || is_passthru(old.info)),
        })
    }

    /// Checks conditions under which the kernel would refuse the link after the old one is deleted.
    fn refuse_known_conflicts(&self, old: &OldLink<'_>, parent: u32) -> Result<()> {
        let fails = |failure: Failure| self.here(failure.into_error("read the parent"));
        let found = self.host.connection()?.link(parent).map_err(fails)?;
        let refuse = |kind, why: String| Err(self.here(Error::new(kind, "replace the link", why)));
        if let Some(mtu) = self.endpoint.mtu.filter(|mtu| *mtu > found.mtu) {
            let why = format!("MTU {mtu} is above the parent's {}", found.mtu);
            return refuse(ErrorKind::MtuTooLarge, why);
        }
        if !self.endpoint.kind.is_passthru() {
            return Ok(());
        }
        match self.sibling(old, parent)? {
            Some(other) => {
                let why = format!("passthru needs the parent for itself, and {other} is on it");
                refuse(ErrorKind::PassthruConflict, why)
            }
            None => Ok(()),
        }
    }

    /// Returns a description of a macvlan on the parent other than the old link.
    fn sibling(&self, old: &OldLink<'_>, parent: u32) -> Result<Option<String>> {
        let fails = |failure: Failure| self.here(failure.into_error("list the parent's links"));
        for netns in [self.host, self.netns] {
            let there = netns.connection()?;
            let is_on_host = on_host(self.host, netns, there).map_err(fails)?;
            let is_old =
                |link: &LinkInfo| link.index == old.info.index && netns.same_as(self.netns);
            let is_sibling = |link: &LinkInfo| {
                is_macvlan(link) && link.parent == Some(parent) && is_on_host(link) && !is_old(link)
            };
            let sibling = |payload: &[u8]| decode::link(payload).filter(is_sibling);
            let links = there.dump(&encode::get_links(None, None), sibling).map_err(fails)?;
            if let Some(link) = links.first() {
                return Ok(Some(format!("{:?} in {netns}", link.name)));
            }
        }
        let found = find_elsewhere(self.host, parent, &[self.netns], usize::MAX, is_macvlan)?;
        Ok(found.map(|(way, link)| format!("{:?} in {way}", link.name)))
    }

    /// Deletes the old link and attaches the endpoint, or creates the old link again. Rules and
    /// routes that the kernel does not delete with the link stay until the endpoint is attached.
    fn take_place_of(&self, old: &OldLink<'_>) -> Result<Attachment> {
        let inside = self.netns.connection()?;
        match inside.retry(&encode::delete_link(old.info.index)) {
            Ok(()) | Err(Failure::Refused { errno: Errno::ENODEV, .. }) => {}
            Err(failure) => {
                let attempt =
                    Attempt::Other(LinkId::Index(old.info.index), "delete the link".into());
                let lost = matches!(failure, Failure::NoAnswer(_));
                let error = attempt.explain(failure, &Place::host(self.netns));
                return Err(if lost { old.put_back(error) } else { error });
            }
        }
        let attachment = attach(self.host, self.endpoint, self.netns, self.cancels)
            .map_err(|error| old.put_back(error))?;
        let stale = old.rules.iter().filter(|rule| !attachment.rules.contains(rule));
        let stale: Vec<Deletion> = stale.copied().map(Deletion::Rule).collect();
        match delete_all(inside, stale.iter()) {
            (Ok(()), _) => Ok(attachment),
            (Err(failure), left) => {
                let error = failure.into_error("delete the old link's rules");
                let error = error.in_netns(self.netns.describe());
                Err(left.into_iter().fold(error, Error::leaves))
            }
        }
    }
}
