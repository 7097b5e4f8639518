//! The parent of a session, which remains the same link under any name.

use crate::endpoint::{Parent, find_parent, missing_parent};
use crate::error::{Error, ErrorKind, Result};
use crate::host::keep::follow::{Followed, Links, list};
use crate::netns::NetNs;

/// The parent that a session found, followed as by a keeper. A session receives no events; it
/// checks whenever it uses the link.
#[derive(Default)]
pub(super) struct Known(Option<(Followed, Links)>);

impl Known {
    /// Returns the current parent; identifies it by name only if it has never existed.
    pub(super) fn find(&mut self, host: &NetNs, wanted: &Parent) -> Result<Parent> {
        let Some((followed, beside)) = &mut self.0 else { return Ok(wanted.clone()) };
        if let Some(parent) = followed.look(host, wanted, beside)? {
            return Ok(parent);
        }
        if find_parent(host, wanted)?.is_none() {
            return Err(missing_parent(host, wanted));
        }
        let why = format!("the parent was removed, and {wanted} is now another link");
        Err(Error::new(ErrorKind::ParentNotFound, "use the parent", why)
            .on_parent(wanted.to_string())
            .in_netns(host.describe()))
    }

    /// Records the parent, and the links beside it.
    pub(super) fn know(&mut self, host: &NetNs, wanted: &Parent, index: u32) -> Result<()> {
        let link = host.connection()?.find_link(index);
        let link = link.map_err(|failure| failure.into_error("read the parent"))?;
        let link = link.ok_or_else(|| missing_parent(host, wanted))?;
        let mut followed = Followed::new();
        followed.know(host, wanted, &link)?;
        self.0 = Some((followed, Links::of(&list(host)?)));
        Ok(())
    }
}
