//! The frames on a cable, with their tags.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use macvlan_core::{Handle, NetNs};
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
    recvmsg, setsockopt, socket,
};

use crate::harness::Outcome;
use crate::patience::PATIENCE;

/// Makes the kernel report the tag that it removed from a frame (`packet(7)`).
#[derive(Clone, Copy)]
struct PacketAuxData;

nix::setsockopt_impl!(
    PacketAuxData,
    libc::SOL_PACKET,
    libc::PACKET_AUXDATA,
    bool,
    nix::sys::socket::sockopt::SetBool
);

/// The frame's own tag is in the `tpacket_auxdata`, and so is its EtherType (`linux/if_packet.h`).
const TAG_IS_TOLD: u32 = libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID;
/// The position of a tag in a frame: after the two MAC addresses.
const TAG_AT: usize = 12;

/// A packet socket that receives the frames arriving at a link.
#[derive(Debug)]
pub struct Wire {
    socket: OwnedFd,
    link: usize,
}

impl Wire {
    /// Opens the socket.
    pub fn listen(netns: &NetNs, link: &str) -> Outcome<Self> {
        let link = Handle::in_netns(netns)?.link(link)?.index as usize;
        let socket = netns.run(|| {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let socket = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)?;
            setsockopt(&socket, PacketAuxData, &true)?;
            Ok::<_, Errno>(socket)
        })??;
        Ok(Self { socket, link })
    }

    /// Waits for a frame, as it was on the wire.
    pub fn find(&self, wanted: impl Fn(&[u8]) -> bool) -> Outcome<Option<Vec<u8>>> {
        self.find_within(PATIENCE, wanted)
    }

    /// Returns a frame that has already arrived.
    pub fn find_now(&self, wanted: impl Fn(&[u8]) -> bool) -> Outcome<Option<Vec<u8>>> {
        self.find_within(Duration::from_millis(50), wanted)
    }

    fn find_within(
        &self,
        patience: Duration,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Outcome<Option<Vec<u8>>> {
        let started = Instant::now();
        while let Some(left) = patience.checked_sub(started.elapsed()) {
            let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX) + 1;
            let mut events = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            poll(&mut events, PollTimeout::from(milliseconds))?;
            match self.next() {
                Ok(Some(frame)) if wanted(&frame) => return Ok(Some(frame)),
                Ok(_) | Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(None)
    }

    /// Returns the next frame; `None` if it was on another link or in the other direction.
    fn next(&self) -> nix::Result<Option<Vec<u8>>> {
        let mut frame = vec![0; 2000];
        let mut control = nix::cmsg_space!([u8; 20]);
        let mut parts = [IoSliceMut::new(&mut frame)];
        let message = recvmsg::<LinkAddr>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        )?;
        let here = message.address.is_some_and(|from| {
            from.ifindex() == self.link && from.pkttype() != libc::PACKET_OUTGOING
        });
        let tag = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Unknown(control) => tag(&control.data_bytes),
            _ => None,
        });
        let length = message.bytes;
        frame.truncate(length);
        if let Some(tag) = tag {
            frame.splice(TAG_AT..TAG_AT, tag);
        }
        Ok(here.then_some(frame))
    }
}

/// Returns the tag of a `struct tpacket_auxdata`, as it was in the frame.
fn tag(auxdata: &[u8]) -> Option<[u8; 4]> {
    let status = u32::from_ne_bytes(*auxdata.first_chunk()?);
    let half = |at: usize| {
        let bytes = auxdata.get(at..)?.first_chunk()?;
        Some(u16::from_ne_bytes(*bytes).to_be_bytes())
    };
    let ([a, b], [c, d]) = (half(18)?, half(16)?);
    (status & TAG_IS_TOLD == TAG_IS_TOLD).then_some([a, b, c, d])
}
