//! Tracks the sessions that use a host's link, in this and other processes.
//!
//! Each holds a socket with an abstract name in the host's namespace, which disappears with its
//! process and leaves nothing behind. A child process that another thread is starting inherits the
//! socket until it calls `exec`, so a session that ends also marks its socket.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::errno::Errno;

use crate::error::{Error, Result, errno_of};
use crate::netns::NetNs;
use crate::owner::Owner;

/// The list of a namespace's sockets; `/proc/net` would be that of the main thread.
const SOCKETS: &str = "/proc/thread-self/net/unix";

/// The registration of a session, which ends when this is dropped.
pub(super) struct Presence {
    name: String,
    socket: UnixDatagram,
    owner: Owner,
}

impl Presence {
    /// Registers a session that uses a link.
    pub(super) fn on(host: &NetNs, link: u32) -> Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|_| Error::system("choose a name at random", Errno::EIO))?;
        let name = format!("{}{:016x}", prefix(link), u64::from_ne_bytes(random));
        let bound = host
            .visit(|| UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name.as_bytes())?))?;
        let socket = bound.map_err(|error| fails(host, &error))?;
        Ok(Self { name, socket, owner: Owner::here() })
    }

    /// Returns whether other sessions use the link.
    pub(super) fn has_company(&self, host: &NetNs, link: u32) -> Result<bool> {
        let listed = host.visit(|| std::fs::read(SOCKETS))?.map_err(|error| fails(host, &error))?;
        let prefix = prefix(link);
        // The names of other sockets may contain any bytes.
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.lines().filter_map(|line| line.rsplit_once('@').map(|(_, name)| name));
        let mut others = names.filter(|name| name.starts_with(&prefix) && *name != self.name);
        // Any other error counts as a session that is still active.
        let goes_on = |name| !matches!(ask(name), Err(Errno::EPERM | Errno::ECONNREFUSED));
        host.visit(|| others.any(goes_on))
    }
}

/// Succeeds if a session is active; fails with `EPERM` if it has ended, and with `ECONNREFUSED` if
/// its socket is closed.
fn ask(name: &str) -> nix::Result<()> {
    let asked = || {
        let address = SocketAddr::from_abstract_name(name.as_bytes())?;
        UnixDatagram::unbound()?.connect_addr(&address)
    };
    asked().map_err(|error| errno_of(&error))
}

impl Drop for Presence {
    /// Marks the socket as ended: a socket that is connected to itself accepts no other connection
    /// (`unix_may_send` in the kernel's `net/unix/af_unix.c`).
    fn drop(&mut self) {
        if self.owner.is_here() {
            let itself = SocketAddr::from_abstract_name(self.name.as_bytes());
            let _ended = itself.and_then(|itself| self.socket.connect_addr(&itself));
        }
    }
}

fn prefix(link: u32) -> String {
    format!("macvlan-access-{link}-")
}

fn fails(host: &NetNs, error: &std::io::Error) -> Error {
    Error::system("find other users of the host's link", errno_of(error)).in_netns(host.describe())
}
