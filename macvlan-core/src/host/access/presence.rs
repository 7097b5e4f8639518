//! Who uses a host's link now: sessions of this process and of others.
//!
//! Each holds a socket with an abstract name in the host's namespace. It goes with its process, however
//! that ends, and leaves nothing behind. A child that another thread is just starting has it too until it
//! calls `exec`, so a session that ends says so on the socket.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::errno::Errno;

use crate::error::{Error, Result, errno_of};
use crate::netns::NetNs;
use crate::owner::Owner;

/// What a namespace's sockets are listed in; `/proc/net` would be the main thread's.
const SOCKETS: &str = "/proc/thread-self/net/unix";

/// That a session uses a link, as long as this lives.
pub(super) struct Presence {
    name: String,
    socket: UnixDatagram,
    owner: Owner,
}

impl Presence {
    /// Takes note that one more session uses the link.
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

    /// Whether others use the link too.
    pub(super) fn has_company(&self, host: &NetNs, link: u32) -> Result<bool> {
        let listed = host.visit(|| std::fs::read(SOCKETS))?.map_err(|error| fails(host, &error))?;
        let prefix = prefix(link);
        // Names of others' sockets may be any bytes.
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.lines().filter_map(|line| line.rsplit_once('@').map(|(_, name)| name));
        let mut others = names.filter(|name| name.starts_with(&prefix) && *name != self.name);
        // Whatever else keeps one from being asked, it is taken to go on.
        let goes_on = |name| !matches!(ask(name), Err(Errno::EPERM | Errno::ECONNREFUSED));
        host.visit(|| others.any(goes_on))
    }
}

/// Succeeds where a session goes on; `EPERM` where it has ended, `ECONNREFUSED` where its socket has gone.
fn ask(name: &str) -> nix::Result<()> {
    let asked = || {
        let address = SocketAddr::from_abstract_name(name.as_bytes())?;
        UnixDatagram::unbound()?.connect_addr(&address)
    };
    asked().map_err(|error| errno_of(&error))
}

impl Drop for Presence {
    /// A socket that is connected to itself takes nobody else's connection (`unix_may_send` in the
    /// kernel's `net/unix/af_unix.c`).
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
    Error::system("find out who uses the host's link", errno_of(error)).in_netns(host.in_words())
}
