//! The floor: one container's attach with system calls only. Its requests are encoded before the
//! clock starts, and the answers are read after it has stopped.

#![allow(unsafe_code)] // two system calls that nix does not wrap: pidfd_open and an ioctl

use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use nix::sys::stat::Mode;

use crate::Outcome;
use crate::contender::Contender;
use crate::message::{LinkSlots, Messages, NewLink, Slot, refusal};
use crate::work::{GATEWAYS, NAME, V4, V6};

/// An index that no other link has.
const INDEX: u32 = 0x1_0000;
const LOOPBACK: u32 = 1;
/// The number of the host's namespace in the container's, if needed.
const HOST_NSID: u32 = 7;

/// All floors have different MAC addresses.
static MACS: AtomicU32 = AtomicU32::new(0);

/// The order and the means of the same work.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // each is tried by itself
pub struct Order {
    /// The namespace by a pidfd (Linux 6.11 and later), not by `/proc/PID/ns/net`.
    pub pidfd: bool,
    /// One send on one socket inside, with the parent given across namespaces; not one send on the
    /// host's socket and one inside.
    pub one_send: bool,
    /// Up in the request that creates it, not in one after the addresses.
    pub up_at_creation: bool,
    /// The caller chooses the index, so no query is needed.
    pub chosen_index: bool,
    /// The caller chooses the MAC address.
    pub chosen_mac: bool,
    /// The number of queues is given.
    pub queues: bool,
    /// No link-local address, which is less work.
    pub no_link_local: bool,
    /// The socket inside before the link is created, so that once the link exists, only the
    /// kernel's refusals can fail.
    pub socket_first: bool,
    /// `lo` up before everything else inside, not after.
    pub loopback_first: bool,
    /// `lo` up in a separate send, at the end.
    pub loopback_alone: bool,
    /// The namespace only by the process: entered by the pidfd, and given by the pid when the link
    /// is created (which a library cannot do, because the pid may be reused by then).
    pub by_process: bool,
    /// No acknowledgements: the kernel answers only if it refuses.
    pub silent: bool,
    /// IPv6's address and route before IPv4's.
    pub v6_first: bool,
}

/// The fastest known order; `docs/performance.md` describes the others.
pub const BEST: Order = Order {
    pidfd: true,
    one_send: false,
    up_at_creation: true,
    chosen_index: true,
    chosen_mac: true,
    queues: false,
    no_link_local: false,
    socket_first: true,
    loopback_first: false,
    loopback_alone: false,
    by_process: false,
    silent: false,
    v6_first: false,
};

/// The fastest order that leaves no changes when the kernel refuses a request; the library uses it.
pub const SAFE: Order = Order { loopback_alone: true, ..BEST };

/// Everything that can be prepared before a container exists.
#[derive(Debug)]
pub struct Floor {
    name: String,
    order: Order,
    parent: u32,
    home: OwnedFd,
    outside: OwnedFd,
}

/// Everything that can be prepared before the clock starts.
struct Ready {
    pid: libc::pid_t,
    path: CString,
    outside: Messages,
    netns: Option<Slot>,
    inside: Messages,
    host: Option<Slot>,
    last: Messages,
    /// The answers, each in a separate buffer.
    answers: [[u8; 1024]; 3],
}

impl Floor {
    /// Creates it for a parent in the calling thread's namespace; the thread stays there.
    pub fn new(name: &str, parent: u32, order: Order) -> Outcome<Self> {
        let home =
            open("/proc/thread-self/ns/net", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(Self { name: name.to_owned(), order, parent, home, outside: netlink()? })
    }

    fn ready(&self, pid: u32) -> Outcome<Ready> {
        let order = self.order;
        let (mut outside, mut inside, mut last) =
            (Messages::default(), Messages::default(), Messages::default());
        let link = NewLink {
            up: order.up_at_creation && !order.no_link_local,
            index: order.chosen_index.then_some(INDEX),
            mac: order.chosen_mac,
            queues: order.queues,
            parent_nsid: order.one_send.then_some(HOST_NSID),
            of_process: order.by_process.then_some(pid),
        };
        let host = order.one_send.then(|| inside.new_nsid(HOST_NSID));
        let creator = if order.one_send { &mut inside } else { &mut outside };
        let LinkSlots { netns, mac } = creator.new_link(NAME, self.parent, link);
        if let Some(slot) = mac {
            // Different from those of other processes on the same parent.
            let number = MACS.fetch_add(1, Ordering::Relaxed) ^ (std::process::id() << 16);
            let [a, b, c, d] = number.to_be_bytes();
            creator.fill(slot, &[0x02, 0xf1, a, b, c, d]);
        }
        if order.chosen_index {
            self.furnish(&mut inside, &mut last, INDEX);
        }
        if order.silent {
            outside.without_ack();
            inside.without_ack();
        }
        let path = CString::new(format!("/proc/{pid}/ns/net"))?;
        let pid = pid.try_into()?;
        Ok(Ready { pid, path, outside, netns, inside, host, last, answers: [[0; 1024]; 3] })
    }

    /// Does the work inside.
    fn furnish(&self, inside: &mut Messages, last: &mut Messages, index: u32) {
        let order = self.order;
        if order.loopback_first {
            inside.set_up(LOOPBACK);
        }
        if order.no_link_local {
            inside.no_link_local(index);
            inside.set_up(index);
        }
        let mut addresses = [(V4.0.into(), V4.1), (V6.0.into(), V6.1)];
        let mut gateways = [GATEWAYS.0.into(), GATEWAYS.1.into()];
        if order.v6_first {
            addresses.reverse();
            gateways.reverse();
        }
        for (ip, prefix) in addresses {
            inside.new_address(index, ip, prefix);
        }
        if !order.up_at_creation && !order.no_link_local {
            inside.set_up(index);
        }
        for gateway in gateways {
            inside.new_default_route(index, gateway);
        }
        if order.loopback_alone {
            last.set_up(LOOPBACK);
        } else if !order.loopback_first {
            inside.set_up(LOOPBACK);
        }
    }

    fn run(&self, ready: &mut Ready) -> nix::Result<()> {
        let netns = if self.order.by_process {
            pidfd_of(ready.pid)?
        } else if self.order.pidfd {
            netns_of_process(ready.pid)?
        } else {
            open(ready.path.as_c_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?
        };
        if let Some(slot) = ready.netns {
            ready.outside.fill(slot, &netns.as_raw_fd().to_ne_bytes());
        }
        if let Some(slot) = ready.host {
            ready.inside.fill(slot, &self.home.as_raw_fd().to_ne_bytes());
        }
        let inside = if self.order.socket_first {
            let inside = self.socket_inside(&netns)?;
            self.create(ready)?;
            inside
        } else {
            self.create(ready)?;
            self.socket_inside(&netns)?
        };
        if !self.order.chosen_index {
            let index = index_of(&inside, NAME)?;
            let (mut messages, mut last) = (Messages::default(), Messages::default());
            self.furnish(&mut messages, &mut last, index);
            ready.inside = messages;
        }
        converse(&inside, &ready.inside, &mut ready.answers[1])?;
        if !ready.last.bytes().is_empty() {
            converse(&inside, &ready.last, &mut ready.answers[2])?;
        }
        Ok(())
    }
}

impl Floor {
    fn create(&self, ready: &mut Ready) -> nix::Result<()> {
        if ready.outside.bytes().is_empty() {
            return Ok(());
        }
        converse(&self.outside, &ready.outside, &mut ready.answers[0])
    }

    fn socket_inside(&self, netns: &OwnedFd) -> nix::Result<OwnedFd> {
        setns(netns, CloneFlags::CLONE_NEWNET)?;
        let inside = netlink();
        setns(&self.home, CloneFlags::CLONE_NEWNET)?;
        inside
    }
}

impl Contender for Floor {
    fn name(&self) -> &str {
        &self.name
    }

    fn attach(&mut self, pid: u32) -> Outcome<Duration> {
        let mut ready = self.ready(pid)?;
        let start = Instant::now();
        self.run(&mut ready)?;
        let time = start.elapsed();
        match ready.answers.iter().find_map(|answer| refusal(answer)) {
            Some(code) => Err(format!("{}: {}", self.name, Errno::from_raw(code)).into()),
            None => Ok(time),
        }
    }

    fn detach(&mut self, pid: u32) -> Outcome<Duration> {
        let mut messages = Messages::default();
        messages.delete_link(INDEX);
        let mut answer = [0; 1024];
        let start = Instant::now();
        let inside = self.socket_inside(&netns_of_process(pid.try_into()?)?)?;
        converse(&inside, &messages, &mut answer)?;
        drop(inside);
        let time = start.elapsed();
        match refusal(&answer) {
            Some(code) => Err(format!("{}: {}", self.name, Errno::from_raw(code)).into()),
            None => Ok(time),
        }
    }
}

pub(crate) fn netlink() -> nix::Result<OwnedFd> {
    let (kind, flags) = (SockType::Raw, SockFlag::SOCK_CLOEXEC);
    socket(AddressFamily::Netlink, kind, flags, SockProtocol::NetlinkRoute)
}

fn converse(socket: &OwnedFd, messages: &Messages, answer: &mut [u8]) -> nix::Result<()> {
    send(socket.as_raw_fd(), messages.bytes(), MsgFlags::empty())?;
    match recv(socket.as_raw_fd(), answer, MsgFlags::MSG_DONTWAIT) {
        // The kernel has executed all requests before the send returned, so no further answers will
        // come.
        Err(Errno::EAGAIN) if !messages.ask_for_an_ack() => Ok(()),
        received => received.map(drop),
    }
}

fn netns_of_process(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    const PIDFD_GET_NET_NAMESPACE: libc::Ioctl = nix::request_code_none!(0xff, 4) as libc::Ioctl;
    let pidfd = pidfd_of(pid)?;
    // SAFETY: the request takes no argument (linux/pidfd.h) and returns a new descriptor.
    let netns = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_NET_NAMESPACE, 0) };
    owned(netns.into())
}

fn pidfd_of(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two integers and no pointer.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

fn owned(result: libc::c_long) -> nix::Result<OwnedFd> {
    let fd = libc::c_int::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just returned this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn index_of(socket: &OwnedFd, name: &str) -> nix::Result<u32> {
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    // SAFETY: the request reads and writes one ifreq (netdevice(7)), which outlives the call.
    let result =
        unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFINDEX as _, &raw mut request) };
    Errno::result(result)?;
    // SAFETY: SIOCGIFINDEX has filled this member of the union.
    let index = unsafe { request.ifr_ifru.ifru_ifindex };
    u32::try_from(index).map_err(|_| Errno::ENODEV)
}
