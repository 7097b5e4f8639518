//! What the kernel says when it is asked for its links, as it came.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, recv, send};

use crate::Outcome;
use crate::floor::netlink;
use crate::message::{Messages, ends_a_listing};

/// The links of the namespace that the calling thread is in: what each receive returned, but for the
/// last, which only says that this was all.
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
