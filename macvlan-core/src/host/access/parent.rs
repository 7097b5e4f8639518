//! The parent of a session, which stays the link that it is, whatever that is called.

use crate::endpoint::{Parent, find_parent, missing_parent};
use crate::error::{Error, ErrorKind, Result};
use crate::host::keep::follow::{Followed, Links, list};
use crate::netns::NetNs;

/// The parent that a session found, followed as a keeper follows one. A session hears no events; it looks
/// each time that it has to do with the link.
#[derive(Default)]
pub(super) struct Known(Option<(Followed, Links)>);

impl Known {
    /// Returns the parent as it is now: by its name only as long as it has never been there.
    pub(super) fn find(&mut self, host: &NetNs, wanted: &Parent) -> Result<Parent> {
        let Some((followed, beside)) = &mut self.0 else { return Ok(wanted.clone()) };
        if let Some(parent) = followed.look(host, wanted, beside)? {
            return Ok(parent);
        }
        if find_parent(host, wanted)?.is_none() {
            return Err(missing_parent(host, wanted));
        }
        let why = format!("it has gone, and {wanted} is another link now");
        Err(Error::new(ErrorKind::ParentNotFound, "use the parent", why)
            .on_parent(wanted.to_string())
            .in_netns(host.in_words()))
    }

    /// Takes note of what the parent is, and of the links beside it.
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
