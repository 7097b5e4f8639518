//! Detaches attachments.

use std::sync::OnceLock;

use nix::errno::Errno;

use crate::endpoint::attachment::Attachment;
use crate::endpoint::deletion::delete_all;
use crate::endpoint::on_demand;
use crate::endpoint::shared;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::{Batch, Connection, Failure};
use crate::netns::{NetNs, VisibleNamespaces};
use crate::rtnl::encode::{self, LinkChange};
use crate::value::name::LinkId;
use crate::value::text::named;

/// The result of a detach. Displayed as `removed` or `already-gone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detached {
    /// The link was deleted.
    Removed,
    /// The link no longer existed.
    AlreadyGone,
}

named!(Detached, "outcome of detaching", [Removed = "removed", AlreadyGone = "already-gone"]);

/// The visible namespaces, searched on first use, if a namespace cannot be opened again.
pub(crate) type Visible = OnceLock<VisibleNamespaces>;

/// The number of links moved to a group in one send; the socket's buffer has room for as many
/// verdicts.
const TOGETHER: usize = 100;

/// Detaches an attachment: deletes its link, the objects that the kernel does not delete with it,
/// and its parent if that was made on demand and is unused.
///
/// All steps are tried, even after a failure; the error lists what remains.
pub(crate) fn detach(host: &NetNs, attachment: &Attachment) -> Result<Detached> {
    let detached = detach_link(attachment, &Visible::new());
    let released = on_demand::release_if_marked(host, attachment.parent_index)
        .map_err(|error| error.leaves(parent_left(host, attachment)));
    match (detached, released) {
        (Ok(detached), Ok(())) => Ok(detached),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (Err(error), Err(_)) => Err(error.leaves(parent_left(host, attachment))),
    }
}

/// Describes a parent that may remain, for parents that could not be inspected, even if they would
/// not have been removed.
pub(crate) fn parent_left(host: &NetNs, attachment: &Attachment) -> String {
    format!("perhaps VLAN {} in {host}, if it was made on demand", attachment.parent)
}

/// Deletes everything with our mark, if there is no endpoint in the namespace; returns whether
/// it deleted something.
pub(crate) fn sweep(netns: &NetNs) -> Result<bool> {
    let _alone = netns.lock()?;
    shared::sweep(netns, netns.connection()?, &netns.downgrade())
}

fn detach_link(attachment: &Attachment, visible: &Visible) -> Result<Detached> {
    match find_netns(attachment, visible)? {
        Some(netns) => detach_link_in(&netns, attachment),
        None => Ok(Detached::AlreadyGone),
    }
}

/// Returns the container's namespace; `None` if it has ended, and its links with it.
fn find_netns(attachment: &Attachment, visible: &Visible) -> Result<Option<NetNs>> {
    let search = || attachment.netns.find_among(visible.get_or_init(NetNs::visible)).known();
    let found = attachment.netns.open().map(Some).or_else(|error| match error.kind() {
        // The namespace may exist even if this way no longer leads to it.
        ErrorKind::NamespaceGone => search(),
        // A closed descriptor proves nothing.
        ErrorKind::InvalidValue => match search() {
            Ok(None) | Err(_) => Err(error),
            found => found,
        },
        _ => Err(error),
    });
    found.map_err(|error| leaves_all(error, attachment))
}

/// Makes the error for a detach that could not begin.
fn leaves_all(error: Error, attachment: &Attachment) -> Error {
    let link = format!("link {:?}", attachment.name.as_str());
    let others = attachment.deletions.iter().map(ToString::to_string);
    let error = error.on_link(attachment.name.as_str());
    others
        .chain([link])
        .fold(error, |error, left| error.leaves(format!("{left} in {}", attachment.netns)))
}

fn detach_link_in(netns: &NetNs, attachment: &Attachment) -> Result<Detached> {
    let ready = netns.lock().and_then(|alone| Ok((alone, netns.connection()?)));
    let (_alone, inside) = ready.map_err(|error| leaves_all(error, attachment))?;
    let deleted = delete_elsewhere(netns, inside, attachment);
    let detached = match inside.retry(&encode::delete_link(attachment.index)) {
        Ok(()) => Detached::Removed,
        Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Detached::AlreadyGone,
        Err(failure) => return Err(not_deleted(netns, attachment, failure, deleted)),
    };
    let swept = shared::sweep(netns, inside, &attachment.netns);
    both(deleted.map(|()| detached), swept.map(drop))
}

/// Combines the results of two steps, both of which were tried.
fn both<T>(one: Result<T>, other: Result<()>) -> Result<T> {
    match (one, other) {
        (Err(one), Err(other)) => Err(one.leaves_too(other)),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (one, Ok(())) => one,
    }
}

/// Makes the error for a link that remains; `elsewhere` is the result of the deletion of the other
/// objects.
fn not_deleted(
    netns: &NetNs,
    attachment: &Attachment,
    failure: Failure,
    elsewhere: Result<()>,
) -> Error {
    let (maybe, name) = (failure.maybe(), attachment.name.as_str());
    let left = format!("{maybe}link {name:?} in {}", attachment.netns);
    let error = explain(netns, attachment, "delete the link", failure).leaves(left);
    elsewhere.err().into_iter().fold(error, Error::leaves_too)
}

/// Detaches several attachments of one namespace with one request: moves the links to a new group
/// and deletes the group. The caller releases the parents.
pub(crate) fn detach_together(
    attachments: &[&Attachment],
    visible: &Visible,
) -> Vec<Result<Detached>> {
    let one_by_one = || attachments.iter().map(|one| detach_link(one, visible)).collect();
    match attachments {
        [first, _, ..] => match find_netns(first, visible) {
            Ok(Some(netns)) => in_one_group(&netns, attachments).unwrap_or_else(|_| one_by_one()),
            _ => one_by_one(),
        },
        _ => one_by_one(),
    }
}

fn in_one_group(netns: &NetNs, attachments: &[&Attachment]) -> Result<Vec<Result<Detached>>> {
    let _alone = netns.lock()?;
    let inside = netns.connection()?;
    let fails = |operation, failure: Failure| failure.into_error(operation);
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|_| Error::system("choose a group at random", Errno::EIO))?;
    let group = u32::from_ne_bytes(random) | 1;
    let mut results = Vec::with_capacity(attachments.len());
    for some in attachments.chunks(TOGETHER) {
        let mut batch = Batch::new();
        for attachment in some {
            batch.push(encode::set_link(attachment.index, &LinkChange::Group(group)));
        }
        let verdicts = inside
            .submit_each(&mut batch)
            .map_err(|failure| fails("move the links to a group", failure))?;
        for (attachment, verdict) in some.iter().zip(verdicts) {
            let elsewhere = delete_elsewhere(netns, inside, attachment);
            results.push(match verdict {
                Ok(()) => elsewhere.map(|()| Detached::Removed),
                Err((Errno::ENODEV, _)) => elsewhere.map(|()| Detached::AlreadyGone),
                Err((errno, message)) => {
                    let failure = Failure::Refused { at: 0, errno, message };
                    Err(not_deleted(netns, attachment, failure, elsewhere))
                }
            });
        }
    }
    match inside.submit_one(encode::delete_group(group)) {
        // ENODEV: no link was left.
        Ok(()) | Err(Failure::Refused { errno: Errno::ENODEV, .. }) => {
            if let (Some(last), Some(result)) = (attachments.last(), results.pop()) {
                let swept = shared::sweep(netns, inside, &last.netns);
                results.push(both(result, swept.map(drop)));
            }
            Ok(results)
        }
        Err(failure) => Err(fails("delete the links", failure)),
    }
}

fn delete_elsewhere(netns: &NetNs, inside: &Connection, attachment: &Attachment) -> Result<()> {
    let refused = |failure| explain(netns, attachment, "delete routes and rules", failure);
    let ours = shared::unshared(inside, &attachment.deletions);
    let ours = ours.map_err(|failure| {
        attachment.deletions.iter().fold(refused(failure), |error, left| {
            error.leaves(format!("{left} in {}", attachment.netns))
        })
    })?;
    let (deleted, left) = delete_all(inside, ours.into_iter());
    deleted.map_err(|failure| {
        let error = refused(failure);
        left.into_iter()
            .fold(error, |error, left| error.leaves(format!("{left} in {}", attachment.netns)))
    })
}

fn explain(
    netns: &NetNs,
    attachment: &Attachment,
    operation: &'static str,
    failure: Failure,
) -> Error {
    Attempt::Other(LinkId::Name(attachment.name), operation.into())
        .explain(failure, &Place::host(netns))
}
