//! Taking attachments away.

use nix::errno::Errno;

use crate::endpoint::{Attachment, Parent, on_demand};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::name::LinkId;
use crate::netlink::encode::{self, LinkChange};
use crate::netlink::{Batch, Connection, Failure, Request, decode};
use crate::netns::NetNs;

/// What there was to detach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detached {
    /// The link was there, and is gone now.
    Removed,
    /// The link was gone already.
    AlreadyGone,
}

/// How many links are put into a group by one send: as many verdicts fit the socket's buffer.
const TOGETHER: usize = 100;

/// Takes an attachment away: what does not go with its link, its link, and its parent if that was
/// made on demand and nobody else is on it.
pub(crate) fn detach(host: &NetNs, attachment: &Attachment) -> Result<Detached> {
    let detached = detach_link(attachment)?;
    release_parent(host, attachment.parent_index)?;
    Ok(detached)
}

fn detach_link(attachment: &Attachment) -> Result<Detached> {
    let inside = attachment.netns.connection()?;
    delete_elsewhere(inside, attachment)?;
    let mut batch = Batch::new();
    batch.push(encode::delete_link(attachment.index));
    match inside.submit(&mut batch) {
        Ok(()) => Ok(Detached::Removed),
        Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(Detached::AlreadyGone),
        Err(failure) => Err(explain(attachment, "delete the link", failure)),
    }
}

/// Takes attachments of one namespace away, all links by one request: they are put into a group of
/// their own, and the group is deleted. Parents are left to be released.
pub(crate) fn detach_together(attachments: &[&Attachment]) -> Vec<Result<Detached>> {
    match attachments {
        [] => Vec::new(),
        [one] => vec![detach_link(one)],
        [first, ..] => match in_one_group(first, attachments) {
            Ok(results) => results,
            Err(_) => attachments.iter().map(|attachment| detach_link(attachment)).collect(),
        },
    }
}

fn in_one_group(first: &Attachment, attachments: &[&Attachment]) -> Result<Vec<Result<Detached>>> {
    let inside = first.netns.connection()?;
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
            .map_err(|failure| explain(first, "put the links into a group", failure))?;
        for (attachment, verdict) in some.iter().zip(verdicts) {
            results.push(match verdict {
                Ok(()) => delete_elsewhere(inside, attachment).map(|()| Detached::Removed),
                Err((Errno::ENODEV, _)) => {
                    delete_elsewhere(inside, attachment).map(|()| Detached::AlreadyGone)
                }
                Err((errno, message)) => {
                    let failure = Failure::Refused { at: 0, errno, message };
                    Err(explain(attachment, "delete the link", failure))
                }
            });
        }
    }
    let mut batch = Batch::new();
    batch.push(encode::delete_group(group));
    match inside.submit(&mut batch) {
        // ENODEV: there was none left to be deleted.
        Ok(()) | Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(results),
        Err(failure) => Err(explain(first, "delete the links", failure)),
    }
}

fn delete_elsewhere(inside: &Connection, attachment: &Attachment) -> Result<()> {
    delete_all(inside, &attachment.deletions)
        .map_err(|failure| explain(attachment, "delete routes and rules", failure))
}

fn explain(attachment: &Attachment, operation: &'static str, failure: Failure) -> Error {
    Attempt::Other(LinkId::Name(attachment.name), operation.into())
        .explain(failure, &Place::host(&attachment.netns))
}

/// Whether a link was made on demand is one question to the kernel; most were not.
pub(crate) fn release_parent(host: &NetNs, index: u32) -> Result<()> {
    match host.connection()?.get(encode::get_link(index), decode::link) {
        Ok(parent) if parent.group == Parent::ON_DEMAND_GROUP => on_demand::release(host, index),
        _ => Ok(()),
    }
}

/// Deletes what does not go with a link, last first; what is gone already does not matter.
pub(super) fn delete_all(
    inside: &Connection,
    deletions: &[Request],
) -> std::result::Result<(), Failure> {
    let mut outcome = Ok(());
    for deletion in deletions.iter().rev() {
        let mut batch = Batch::new();
        batch.push(deletion.clone());
        match inside.submit(&mut batch) {
            Ok(())
            | Err(Failure::Refused {
                errno: Errno::ESRCH | Errno::ENOENT | Errno::ENODEV, ..
            }) => {}
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome
}
