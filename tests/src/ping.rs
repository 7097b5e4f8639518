//! An echo request from inside a namespace, without the `ping` program.

use std::io::IoSliceMut;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use macvlan_core::NetNs;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::Ipv6RecvHopLimit;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    SockaddrStorage, bind, connect, recvmsg, send, setsockopt, socket,
};

use crate::patience::PATIENCE;

/// The interval between requests while waiting for an answer.
const AGAIN: Duration = Duration::from_millis(200);
/// The time to wait for answers that must not come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// The hop limit (IPv4: TTL) of the answer: 64 if it was not routed.
    pub ttl: u8,
    /// The time from the first request to the answer.
    pub time: Duration,
}

/// Sends echo requests until an answer comes, for at most [`PATIENCE`].
///
/// # Panics
/// If `ip` is not an address, or if a raw socket cannot be opened in the namespace.
#[track_caller]
pub fn ping(netns: &NetNs, ip: impl ToIp) -> Option<Echo> {
    ask(netns, None, ip.to_ip(), PATIENCE)
}

/// Sends echo requests with a given source address.
///
/// # Panics
/// As [`ping()`], and if the namespace does not have the source address.
#[track_caller]
pub fn ping_from(netns: &NetNs, source: impl ToIp, ip: impl ToIp) -> Option<Echo> {
    ask(netns, Some(source.to_ip()), ip.to_ip(), PATIENCE)
}

/// Returns true if no answer comes within a third of a second.
///
/// # Panics
/// As [`ping()`].
#[track_caller]
pub fn silent(netns: &NetNs, ip: impl ToIp) -> bool {
    answer(netns, ip.to_ip(), SILENCE).is_none()
}

/// Returns true if no answer to this source address comes within a third of a second.
///
/// # Panics
/// As [`ping_from()`].
#[track_caller]
pub fn silent_from(netns: &NetNs, source: impl ToIp, ip: impl ToIp) -> bool {
    ask(netns, Some(source.to_ip()), ip.to_ip(), SILENCE).is_none()
}

/// Sends echo requests for the given time.
#[track_caller]
pub(crate) fn answer(netns: &NetNs, ip: IpAddr, patience: Duration) -> Option<Echo> {
    ask(netns, None, ip, patience)
}

/// An address, or the text of one.
pub trait ToIp {
    /// Returns the address.
    fn to_ip(self) -> IpAddr;
}

impl ToIp for IpAddr {
    fn to_ip(self) -> IpAddr {
        self
    }
}

impl ToIp for &str {
    #[track_caller]
    fn to_ip(self) -> IpAddr {
        self.parse().unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

#[track_caller]
fn ask(netns: &NetNs, source: Option<IpAddr>, ip: IpAddr, patience: Duration) -> Option<Echo> {
    let answer = netns.run(|| Line::open(source, ip)?.map_or(Ok(None), |line| line.ask(patience)));
    match answer {
        Ok(Ok(echo)) => echo,
        Ok(Err(errno)) => panic!("cannot ping {ip} in {netns}: {errno}"),
        Err(error) => panic!("cannot ping {ip}: {error}"),
    }
}

/// A raw socket connected to one address.
struct Line {
    socket: OwnedFd,
    v6: bool,
}

impl Line {
    /// Returns `None` if no route leads to the address.
    fn open(source: Option<IpAddr>, ip: IpAddr) -> nix::Result<Option<Self>> {
        let v6 = ip.is_ipv6();
        let (family, protocol) = if v6 {
            (AddressFamily::Inet6, SockProtocol::IcmpV6)
        } else {
            (AddressFamily::Inet, SockProtocol::Icmp)
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(family, SockType::Raw, flags, protocol)?;
        if v6 {
            setsockopt(&socket, Ipv6RecvHopLimit, &true)?;
        }
        if let Some(source) = source {
            bind(socket.as_raw_fd(), &to_socket_address(source))?;
        }
        match connect(socket.as_raw_fd(), &to_socket_address(ip)) {
            Ok(()) => Ok(Some(Self { socket, v6 })),
            Err(errno) if is_no_way(errno) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn ask(&self, patience: Duration) -> nix::Result<Option<Echo>> {
        // The process may have many of these sockets: the number distinguishes them.
        let [.., a, b] = self.socket.as_raw_fd().to_be_bytes();
        let started = Instant::now();
        for sequence in 0..u16::MAX {
            let [c, d] = sequence.to_be_bytes();
            let (request, reply) = if self.v6 { (128, 129) } else { (8, 0) };
            match send(
                self.socket.as_raw_fd(),
                &with_checksum([request, 0, 0, 0, a, b, c, d]),
                MsgFlags::empty(),
            ) {
                // The error of an earlier request.
                Err(errno) if !is_no_way(errno) => return Err(errno),
                _ => {}
            }
            let until = patience.min(AGAIN * (u32::from(sequence) + 1));
            while let Some(left) = until.checked_sub(started.elapsed()) {
                let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX) + 1;
                let mut events = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                poll(&mut events, PollTimeout::from(milliseconds))?;
                if let Some(ttl) = self.hear([reply, 0, a, b])? {
                    return Ok(Some(Echo { ttl, time: started.elapsed() }));
                }
            }
            if started.elapsed() >= patience {
                break;
            }
        }
        Ok(None)
    }

    /// Receives one message; returns the hop limit if it is the answer.
    fn hear(&self, [kind, code, a, b]: [u8; 4]) -> nix::Result<Option<u8>> {
        let mut buffer = [0; 1500];
        let mut control = nix::cmsg_space!(nix::libc::c_int);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let message = match recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        ) {
            Ok(message) => message,
            Err(errno) if errno == Errno::EAGAIN || is_no_way(errno) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let length = message.bytes;
        let hop_limit = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv6HopLimit(limit) => u8::try_from(limit).ok(),
            _ => None,
        });
        let packet = &buffer[..length];
        // An IPv4 raw socket includes the IP header, an IPv6 one does not.
        let (hop_limit, echo) = if self.v6 {
            (hop_limit, packet)
        } else {
            let header = packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
            (packet.get(8).copied(), packet.get(header..).unwrap_or_default())
        };
        let ours = echo.len() >= 8 && echo[..2] == [kind, code] && echo[4..6] == [a, b];
        Ok(hop_limit.filter(|_| ours))
    }
}

/// The errors of a socket whose destination cannot be reached.
fn is_no_way(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES | Errno::ENONET | Errno::ENETDOWN
    )
}

fn to_socket_address(ip: IpAddr) -> SockaddrStorage {
    std::net::SocketAddr::new(ip, 0).into()
}

/// The Internet checksum (RFC 1071). For IPv6, the kernel fills in its own.
fn with_checksum(mut message: [u8; 8]) -> [u8; 8] {
    let sum: u32 =
        message.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    #[allow(clippy::cast_possible_truncation)] // at most 0xffff after the fold
    let checksum = !(folded as u16);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}
