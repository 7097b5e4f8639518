//! Holding a link promiscuous for as long as somebody needs it.

#![allow(unsafe_code)] // a socket option that nix does not wrap

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::error::Result;
use crate::netns::NetNs;

/// As `struct packet_mreq` has it; libc gives an int.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1
const PACKET_MR_PROMISC: libc::c_ushort = libc::PACKET_MR_PROMISC as libc::c_ushort;

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
        netns.visit(|| {
            // Protocol 0: the socket takes no frames.
            let socket =
                socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
            let membership = libc::packet_mreq {
                mr_ifindex: i32::try_from(index).map_err(|_| Errno::ENODEV)?,
                mr_type: PACKET_MR_PROMISC,
                mr_alen: 0,
                mr_address: [0; 8],
            };
            #[allow(clippy::cast_possible_truncation)] // 16
            // SAFETY: the value is a packet_mreq that outlives the call, and its size is given.
            let result = unsafe {
                libc::setsockopt(
                    socket.as_raw_fd(),
                    libc::SOL_PACKET,
                    libc::PACKET_ADD_MEMBERSHIP,
                    (&raw const membership).cast(),
                    size_of_val(&membership) as libc::socklen_t,
                )
            };
            Errno::result(result).map(|_| Self { socket })
        })
    }
}

impl AsFd for PromiscGuard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
