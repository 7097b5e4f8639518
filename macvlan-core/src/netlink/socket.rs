//! The system calls of a netlink socket.

#![allow(unsafe_code)] // an ioctl that nix does not wrap

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockopt, recv,
    recvmsg, send, setsockopt, socket, sockopt,
};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};

sockopt_impl!(ExtendedAck, SetOnly, libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, bool);
sockopt_impl!(CappedAck, SetOnly, libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, bool);
sockopt_impl!(StrictCheck, SetOnly, libc::SOL_NETLINK, libc::NETLINK_GET_STRICT_CHK, bool);
sockopt_impl!(NetnsCookie, GetOnly, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, u64);

pub(super) struct Socket(OwnedFd);

/// The last reply, in a buffer that is reused.
pub(super) struct Answer {
    buffer: Vec<u8>,
    length: usize,
}

/// Enough for a verdict with the kernel's message.
const VERDICT: usize = 1024;
/// The most that the kernel puts into one part of a listing (`netlink_dump` in
/// `net/netlink/af_netlink.c`).
const LISTING: usize = 32 * 1024;

impl Default for Answer {
    fn default() -> Self {
        Self { buffer: vec![0; VERDICT], length: 0 }
    }
}

impl Answer {
    /// Enlarges the buffer for the parts of a listing: the kernel makes them as large as the buffer
    /// that receives them. An attach lists nothing and can do without.
    pub(super) fn make_room_for_listing(&mut self) {
        self.buffer.resize(LISTING.max(self.buffer.len()), 0);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Socket {
    /// Opens a socket in the calling thread's namespace, with extended acknowledgements.
    pub(super) fn open() -> nix::Result<Self> {
        let socket = Self(new_socket()?);
        setsockopt(&socket.0, ExtendedAck, &true)?;
        setsockopt(&socket.0, CappedAck, &true)?;
        Ok(socket)
    }

    /// Enables the kernel's filters for listings. Most sockets never list anything.
    pub(super) fn filter_listings(&self) -> nix::Result<()> {
        setsockopt(&self.0, StrictCheck, &true)
    }

    /// Returns the kernel's cookie for the socket's namespace, or `None` before Linux 5.14.
    pub(super) fn netns_cookie(&self) -> nix::Result<Option<u64>> {
        match getsockopt(&self.0, NetnsCookie) {
            Err(Errno::ENOPROTOOPT) => Ok(None),
            cookie => cookie.map(Some),
        }
    }

    /// Opens a socket in the calling thread's namespace that is subscribed to these groups.
    pub(super) fn listen(groups: u32) -> nix::Result<Self> {
        let fd = new_socket()?;
        // The limit without `CAP_NET_ADMIN` may be lower; bursts have thousands of events.
        let _ = setsockopt(&fd, sockopt::RcvBuf, &(4 * 1024 * 1024));
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self(fd))
    }

    /// Sends requests; the kernel executes them inside this call.
    pub(super) fn send(&self, bytes: &[u8]) -> nix::Result<()> {
        loop {
            // An unconnected netlink socket sends to port 0, the kernel.
            match send(self.0.as_raw_fd(), bytes, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Receives the next reply, which the kernel queued before `send` returned; `EAGAIN` if there
    /// is none.
    ///
    /// Only for replies of bounded size: one that is larger than the buffer is `EMSGSIZE`.
    pub(super) fn receive(&self, answer: &mut Answer) -> nix::Result<()> {
        let length = self.receive_into(answer, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC)?;
        if length > answer.buffer.len() {
            return Err(Errno::EMSGSIZE);
        }
        answer.length = length;
        Ok(())
    }

    /// Receives the next reply of any size.
    pub(super) fn receive_whole(&self, answer: &mut Answer) -> nix::Result<()> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC | MsgFlags::MSG_PEEK;
        let length = self.receive_into(answer, flags)?;
        if length > answer.buffer.len() {
            answer.buffer.resize(length, 0);
        }
        self.receive(answer)
    }

    /// Fills the buffer, skipping messages that are not from the kernel; returns the reply's full
    /// length.
    fn receive_into(&self, answer: &mut Answer, flags: MsgFlags) -> nix::Result<usize> {
        answer.length = 0;
        loop {
            let mut parts = [IoSliceMut::new(&mut answer.buffer)];
            let received = recvmsg::<NetlinkAddr>(self.0.as_raw_fd(), &mut parts, None, flags)
                .map(|message| (message.address.is_none_or(|from| from.pid() == 0), message.bytes));
            match received {
                Ok((true, length)) => return Ok(length),
                // Remove the foreign message, or peeking would return it forever.
                Ok(_) if flags.contains(MsgFlags::MSG_PEEK) => {
                    recv(self.0.as_raw_fd(), &mut [], MsgFlags::MSG_DONTWAIT)?;
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Returns the index of a link in the socket's namespace, by name.
    pub(super) fn index_of(&self, name: &str) -> nix::Result<u32> {
        let mut request = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_ifindex: 0 },
        };
        if name.len() >= request.ifr_name.len() {
            return Err(Errno::ENODEV);
        }
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = libc::c_char::from_ne_bytes([from]);
        }
        // SAFETY: the request reads and writes one ifreq (netdevice(7)), which outlives the call.
        let result =
            unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SIOCGIFINDEX as _, &raw mut request) };
        Errno::result(result)?;
        // SAFETY: SIOCGIFINDEX has filled this member of the union.
        let index = unsafe { request.ifr_ifru.ifru_ifindex };
        u32::try_from(index).map_err(|_| Errno::ENODEV)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn new_socket() -> nix::Result<OwnedFd> {
    socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
}
