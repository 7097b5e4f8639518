//! Holding a link promiscuous for as long as somebody needs it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::Result;
use crate::netns::NetNs;
use crate::packet;

/// Keeps a link promiscuous until it is dropped.
///
/// The kernel counts the holders, and counts one less when the guard is dropped or its process ends,
/// even by `kill -9`. `ip -d link` shows the count as `promiscuity`; the flag `PROMISC` that
/// [`Handle::set_promisc`](crate::Handle::set_promisc) sets is another matter (`packet(7)`).
#[derive(Debug)]
#[must_use = "the link is promiscuous only as long as the guard lives"]
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
