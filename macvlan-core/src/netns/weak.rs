//! A reference to a namespace that does not keep it in existence.

use std::fmt;
use std::os::fd::AsFd;
use std::sync::{Arc, Weak};

use crate::error::{Error, ErrorKind, Result};
use crate::netns::presence::decide;
use crate::netns::{Identity, NetNs, NetNsId, Origin, Presence, Shared, VisibleNamespaces};

/// A weak reference to a network namespace, which does not keep it in existence.
///
/// Opens the same handle as long as a clone of it exists, otherwise a new one in the way in which
/// that was opened.
#[derive(Clone)]
pub struct WeakNetNs {
    handle: Weak<Shared>,
    identity: Arc<Identity>,
}

impl NetNs {
    pub(crate) fn downgrade(&self) -> WeakNetNs {
        WeakNetNs { handle: Arc::downgrade(&self.0), identity: Arc::clone(&self.0.identity) }
    }

    /// Returns whether a namespace has this identity; the inode number alone may be reused.
    fn is(&self, identity: &Identity) -> Result<bool> {
        let Some(cookie) = identity.cookie.get() else { return Ok(self.id() == identity.id) };
        Ok(self.id() == identity.id && self.cookie()? == Some(*cookie))
    }
}

impl WeakNetNs {
    /// Returns the identity of the namespace, which may have ended.
    pub fn id(&self) -> NetNsId {
        self.identity.id
    }

    /// Returns a handle on the namespace: the original one, or a new one opened in the same way.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NamespaceGone`] if the pid, name or path no longer leads to this namespace;
    /// [`ErrorKind::InvalidValue`] if it was opened by a descriptor and the last handle was
    /// dropped.
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
                let why = "the namespace was opened by a descriptor, and the last handle on it was dropped";
                return Err(Error::invalid(format!("open {self} again"), why)
                    .with_hint("keep a handle open, or set a new one on the attachment"));
            }
        };
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::NotANamespace => {
                let why = "the pid, name or path no longer belongs to a network namespace";
                error.because(ErrorKind::NamespaceGone, why)
            }
            _ => error,
        })?;
        if opened.is(&self.identity)? {
            return Ok(opened);
        }
        let why = "the pid, name or path now belongs to another network namespace";
        Err(Error::new(ErrorKind::NamespaceGone, format!("open {self} again"), why))
    }

    /// Searches for the namespace, which may still exist if the way to it no longer does.
    pub(crate) fn find_among(&self, visible: &VisibleNamespaces) -> Presence {
        let is_it = |netns: &NetNs| netns.is(&self.identity);
        let inode = self.id().inode;
        match visible.presence(inode, is_it, format!("find {self}")) {
            there @ Presence::There(_) => there,
            otherwise => decide((inode, self.identity.cookie.get().copied()), otherwise),
        }
    }

    /// Sets another handle that leads to the namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if it is a handle on another namespace.
    pub(crate) fn lead_by(&mut self, netns: &NetNs) -> Result<()> {
        if !netns.is(&self.identity)? {
            let why = format!("the handle is on another network namespace, {}", netns.id());
            return Err(Error::invalid(format!("use a handle on {self}"), why));
        }
        *self = netns.downgrade();
        Ok(())
    }

    /// Returns a description for messages: `the network namespace of pid 2084`.
    pub(crate) fn describe(&self) -> String {
        self.identity.describe()
    }
}

impl Drop for Shared {
    /// Records the cookie, which distinguishes this namespace from one that reuses its inode
    /// number.
    fn drop(&mut self) {
        if Arc::strong_count(&self.identity) > 1 {
            let cookie = self.inside.get().map(|opened| opened.connection.netns_cookie());
            // On failure, and on kernels without cookies, the inode number has to suffice.
            if let Some(Ok(Some(cookie))) = cookie {
                self.identity.cookie.get_or_init(|| cookie);
            }
        }
    }
}

impl fmt::Debug for WeakNetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakNetNs({}, {})", self.describe(), self.id())
    }
}

impl fmt::Display for WeakNetNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
