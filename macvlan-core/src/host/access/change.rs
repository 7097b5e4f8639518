//! One of the changes that move addresses and routes.

use nix::errno::Errno;

use crate::netlink::Request;
use crate::value::name::LinkName;

/// A link by its index, and what it is called for messages and labels.
pub(super) type Link = (u32, LinkName);

/// What is done, and what undoes it.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) apply: Request,
    /// A refusal that says that it is so already: then there is nothing to be undone.
    pub(super) unless: Option<Errno>,
    pub(super) undo: Vec<Request>,
}
