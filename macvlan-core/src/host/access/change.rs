//! A change that is part of a move of addresses and routes.

use nix::errno::Errno;

use crate::netlink::Request;
use crate::value::name::LinkName;

/// A link's index, and its name for messages and labels.
pub(super) type Link = (u32, LinkName);

/// A change and its undo.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) apply: Request,
    /// A refusal with this number means that the change is not needed, so it is not undone either.
    pub(super) unless: Option<Errno>,
    pub(super) undo: Vec<Request>,
}
