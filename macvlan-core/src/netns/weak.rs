//! A namespace that is not held open: it ends when nobody else is in it.

use std::fmt;
use std::os::fd::AsFd;
use std::sync::{Arc, Weak};

use crate::error::{Error, ErrorKind, Result};
use crate::netns::presence::decide;
use crate::netns::{Identity, NetNs, NetNsId, Origin, Presence, Shared, VisibleNamespaces};

/// What leads to a network namespace without holding it open: a [`NetNs`], as long as somebody has a clone
/// of it, and then the way by which that was opened.
#[derive(Clone)]
pub struct WeakNetNs {
    handle: Weak<Shared>,
    identity: Arc<Identity>,
}

impl NetNs {
    pub(crate) fn downgrade(&self) -> WeakNetNs {
        WeakNetNs { handle: Arc::downgrade(&self.0), identity: Arc::clone(&self.0.identity) }
    }

    /// Whether this is the namespace that had this identity; the inode number alone may be another's by
    /// now.
    fn is(&self, identity: &Identity) -> Result<bool> {
        let Some(cookie) = identity.cookie.get() else { return Ok(self.id() == identity.id) };
        Ok(self.id() == identity.id && self.cookie()? == Some(*cookie))
    }
}

impl WeakNetNs {
    /// Returns what identifies the namespace, or did.
    pub fn id(&self) -> NetNsId {
        self.identity.id
    }

    /// Returns a handle on the namespace: the one that it was opened by, or another, opened in the same way.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if that way leads nowhere any more, or to another namespace;
    /// [`ErrorKind::InvalidValue`] if it was a descriptor alone, which cannot be opened again.
    pub fn open(&self) -> Result<NetNs> {
        if let Some(handle) = self.handle.upgrade() {
            return Ok(NetNs(handle));
        }
        let opened = match &self.identity.origin {
            Origin::Pid(pid) => NetNs::from_pid(*pid),
            Origin::PidFd(pidfd) => NetNs::from_pidfd(pidfd.as_fd()),
            Origin::Name(name) => NetNs::from_name(name),
            Origin::Path(path) => NetNs::from_path(path),
            Origin::Current => NetNs::current(),
            Origin::Fd | Origin::Anonymous => {
                let why = "the handle on it was dropped, and nothing else leads to it";
                return Err(Error::invalid(format!("open {self} again"), why)
                    .with_hint("give the attachment an open handle, or keep the first one"));
            }
        };
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::NotANamespace => {
                let why = "that leads to no network namespace any more";
                error.because(ErrorKind::NamespaceGone, why)
            }
            _ => error,
        })?;
        if opened.is(&self.identity)? {
            return Ok(opened);
        }
        let why = "that leads to another namespace now";
        Err(Error::new(ErrorKind::NamespaceGone, format!("open {self} again"), why))
    }

    /// Returns what is known of the namespace: it may live on where the way to it leads no more.
    pub(crate) fn find_among(&self, visible: &VisibleNamespaces) -> Presence {
        let is_it = |netns: &NetNs| netns.is(&self.identity);
        let inode = self.id().inode;
        match visible.presence(inode, is_it, format!("find {self}")) {
            there @ Presence::There(_) => there,
            otherwise => decide((inode, self.identity.cookie.get().copied()), otherwise),
        }
    }

    /// Has another handle lead to the namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if that is a handle on another namespace.
    pub(crate) fn lead_by(&mut self, netns: &NetNs) -> Result<()> {
        if !netns.is(&self.identity)? {
            let why = format!("it is a handle on {}, which is another one", netns.id());
            return Err(Error::invalid(format!("use a handle on {self}"), why));
        }
        *self = netns.downgrade();
        Ok(())
    }

    /// Words for messages: `the network namespace of pid 2084`.
    pub(crate) fn in_words(&self) -> String {
        self.identity.in_words()
    }
}

impl Drop for Shared {
    /// Who wants to find the namespace again has to tell it from one that gets its inode number.
    fn drop(&mut self) {
        if Arc::strong_count(&self.identity) > 1 {
            let cookie = self.inside.get().map(|opened| opened.connection.netns_cookie());
            // Where that fails, the inode number has to do, as on kernels that have no cookies.
            if let Some(Ok(Some(cookie))) = cookie {
                self.identity.cookie.get_or_init(|| cookie);
            }
        }
    }
}

impl fmt::Debug for WeakNetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakNetNs({}, {})", self.in_words(), self.id())
    }
}

impl fmt::Display for WeakNetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words())
    }
}
