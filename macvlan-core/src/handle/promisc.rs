//! A guard that keeps a link promiscuous.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::Result;
use crate::netns::NetNs;
use crate::packet;

/// A guard that keeps a link promiscuous until it is dropped.
///
/// [`Handle::hold_promisc`](crate::Handle::hold_promisc) makes one.
///
/// The kernel counts the guards, and releases one when it is dropped or its process ends, even by
/// `SIGKILL`. `ip -d link` shows the count as `promiscuity`. The flag that
/// [`Handle::set_promisc`](crate::Handle::set_promisc) sets is separate (`packet(7)`).
///
/// ```no_run
/// use macvlan_core::Handle;
/// let guard = Handle::open()?.hold_promisc("ens33")?;
/// // ens33 receives frames for all MAC addresses here.
/// drop(guard);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the link stops being promiscuous when the guard is dropped"]
pub struct PromiscGuard {
    socket: OwnedFd,
}

impl PromiscGuard {
    pub(crate) fn hold(netns: &NetNs, index: u32) -> Result<nix::Result<Self>> {
        netns.visit(|| packet::promiscuous(index).map(|socket| Self { socket }))
    }
}

impl AsFd for PromiscGuard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
