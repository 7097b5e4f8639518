//! The kernel's raw answers to a listing of links.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv, send};

use crate::Outcome;
use crate::floor::netlink;
use crate::message::{Messages, ends_a_listing};

/// Returns the links of the calling thread's namespace: the bytes of each receive, except the last,
/// which only ends the listing.
pub fn links() -> Outcome<Vec<Vec<u8>>> {
    let socket = netlink()?;
    let mut messages = Messages::default();
    messages.list_links();
    send(socket.as_raw_fd(), messages.bytes(), MsgFlags::empty())?;
    let mut all = Vec::new();
    loop {
        let mut answer = vec![0; 1 << 16];
        let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT)?;
        answer.truncate(length);
        if ends_a_listing(&answer) {
            return Ok(all);
        }
        all.push(answer);
    }
}
