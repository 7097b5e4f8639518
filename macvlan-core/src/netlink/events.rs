//! Events: the messages that the kernel sends unasked.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;

use crate::netlink::ack;
use crate::netlink::socket::{Answer, Socket};
use crate::wait::{self, Cancel};

/// A socket that receives events.
pub(crate) struct Listener {
    socket: Socket,
    answer: Answer,
}

/// The multicast groups of links, addresses and routes of both families, as `bind` takes them.
#[allow(clippy::cast_sign_loss)] // bits
const GROUPS: u32 = LINKS
    | (libc::RTMGRP_IPV4_IFADDR
        | libc::RTMGRP_IPV4_ROUTE
        | libc::RTMGRP_IPV6_IFADDR
        | libc::RTMGRP_IPV6_ROUTE) as u32;
#[allow(clippy::cast_sign_loss)] // 1
const LINKS: u32 = libc::RTMGRP_LINK as u32;
const NAMESPACES: u32 = 1 << (libc::RTNLGRP_NSID - 1);

impl Listener {
    /// Opens a listener in the calling thread's namespace.
    pub(crate) fn open() -> nix::Result<Self> {
        Ok(Self { socket: Socket::listen(GROUPS)?, answer: Answer::default() })
    }

    /// As [`Listener::open`], but for links, and for other namespaces that have an id there.
    pub(crate) fn open_for_links() -> nix::Result<Self> {
        Ok(Self { socket: Socket::listen(LINKS | NAMESPACES)?, answer: Answer::default() })
    }

    /// Waits for the next messages and passes each one's type and payload on. Returns whether any
    /// came before the timeout. Fails with `ENOBUFS` if events were lost, and with `ECANCELED` if
    /// cancelled.
    pub(crate) fn receive(
        &mut self,
        timeout: Option<Duration>,
        cancels: &[Cancel],
        mut each: impl FnMut(u16, &[u8]),
    ) -> nix::Result<bool> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            match self.socket.receive_whole(&mut self.answer) {
                Ok(()) => break,
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno),
            }
            if timeout == Some(Duration::ZERO)
                || !wait::readable(&[self.socket.as_fd()], deadline, cancels)?
            {
                return Ok(false);
            }
        }
        let mut messages = ack::replies(self.answer.bytes());
        for message in &mut messages {
            each(message.kind, message.payload);
        }
        if messages.are_whole() { Ok(true) } else { Err(Errno::ENOBUFS) }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
