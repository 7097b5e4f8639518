//! The system calls of a packet socket (`packet(7)`).

#![allow(unsafe_code)] // nix has no way to say which link a packet socket is for

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockType, SockaddrLike, bind,
    recvmsg, send, setsockopt, socket,
};
use nix::{setsockopt_impl, sockopt_impl};

use crate::wait;

// Reports the VLAN tag, which the kernel removes from a frame.
sockopt_impl!(PacketAuxData, SetOnly, libc::SOL_PACKET, libc::PACKET_AUXDATA, bool);
// Receives frames for other MAC addresses while the socket is open.
sockopt_impl!(
    Membership,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_ADD_MEMBERSHIP,
    libc::packet_mreq
);

/// The flag for a removed tag (`linux/if_packet.h`).
const TAG_IS_TOLD: u32 = libc::TP_STATUS_VLAN_VALID;
/// The number of frames received in a row; on a busy network there is always another one.
const AT_ONCE: usize = 64;
/// Longer than the part of a frame that is examined.
const LONGEST: usize = 2048;

/// A socket for the frames of one link, of one EtherType or of all.
#[derive(Debug)]
pub(crate) struct PacketSocket {
    fd: OwnedFd,
    index: u32,
}

/// A frame that was sent or received on the link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The frame from the Ethernet header on, without a VLAN tag.
    pub(crate) bytes: &'a [u8],
    /// The VLAN id, if the frame had a tag.
    pub(crate) vlan: Option<u16>,
    /// True if the frame was sent by this host.
    pub(crate) outgoing: bool,
}

/// The maximum time to wait for room in the queue.
const PATIENCE: Duration = Duration::from_millis(100);

impl PacketSocket {
    /// Opens a socket in the calling thread's namespace. With `None` as the EtherType it receives
    /// all frames, including outgoing ones.
    pub(crate) fn open(index: u32, ethertype: Option<u16>) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        // Protocol 0: receives no frames until it is bound to the link.
        let fd = socket(AddressFamily::Packet, SockType::Raw, flags, None)?;
        if ethertype.is_none() {
            setsockopt(&fd, PacketAuxData, &true)?;
        }
        #[allow(clippy::cast_possible_truncation)] // 3
        let protocol = ethertype.unwrap_or(libc::ETH_P_ALL as u16);
        let ours = Self { fd, index };
        bind(ours.fd.as_raw_fd(), &link_address(index, protocol)?)?;
        Ok(ours)
    }

    /// Joins a multicast group.
    pub(crate) fn join(&self, group: [u8; 6]) -> nix::Result<()> {
        let membership = membership(self.index, libc::PACKET_MR_MULTICAST, &group)?;
        setsockopt(&self.fd, Membership, &membership)
    }

    /// Sends a frame. Fails with `ENOBUFS` if it was dropped, by a full queue or a filter, which
    /// the kernel does not distinguish (`packet_snd` in `net/packet/af_packet.c`).
    pub(crate) fn send(&self, frame: &[u8]) -> nix::Result<()> {
        let began = Instant::now();
        loop {
            match send(self.fd.as_raw_fd(), frame, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                // Wait for frames in the queue to be sent.
                Err(Errno::EAGAIN | Errno::ENOBUFS) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Passes frames to a closure until it returns a value or the timeout expires.
    pub(crate) fn listen<T>(
        &self,
        until: Instant,
        mut each: impl FnMut(Frame<'_>) -> Option<T>,
    ) -> nix::Result<Option<T>> {
        loop {
            let found = self.hear(&mut each)?;
            if found.is_some()
                || Instant::now() >= until
                || !wait::readable(&[self.as_fd()], Some(until), &[])?
            {
                return Ok(found);
            }
        }
    }

    /// Passes the queued frames to a closure until it returns a value or there have been many.
    pub(crate) fn hear<T>(
        &self,
        mut each: impl FnMut(Frame<'_>) -> Option<T>,
    ) -> nix::Result<Option<T>> {
        let mut buffer = vec![0; LONGEST];
        for _ in 0..AT_ONCE {
            match self.receive(&mut buffer) {
                Ok(Some(frame)) => {
                    if let Some(found) = each(frame) {
                        return Ok(Some(found));
                    }
                }
                Ok(None) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(None)
    }

    /// Returns the next frame; `None` if it belongs to another link.
    fn receive<'a>(&self, buffer: &'a mut [u8]) -> nix::Result<Option<Frame<'a>>> {
        let mut control = nix::cmsg_space!([u8; 20]);
        let (length, here, outgoing, vlan) = {
            let mut parts = [IoSliceMut::new(buffer)];
            let message = recvmsg::<LinkAddr>(
                self.fd.as_raw_fd(),
                &mut parts,
                Some(&mut control),
                MsgFlags::empty(),
            )?;
            let vlan = message.cmsgs()?.find_map(|control| match control {
                ControlMessageOwned::Unknown(control) => tag(&control.data_bytes),
                _ => None,
            });
            let from = message.address;
            let here = from.is_some_and(|from| from.ifindex() == self.index as usize);
            let outgoing = from.is_some_and(|from| from.pkttype() == libc::PACKET_OUTGOING);
            (message.bytes, here, outgoing, vlan)
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        Ok(here.then_some(Frame { bytes, vlan, outgoing }))
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Opens a socket in the calling thread's namespace that receives no frames and keeps a link
/// promiscuous while it is open.
pub(crate) fn promiscuous(index: u32) -> nix::Result<OwnedFd> {
    // Protocol 0: receives no frames.
    let fd = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&fd, Membership, &membership(index, libc::PACKET_MR_PROMISC, &[])?)?;
    Ok(fd)
}

/// Makes a membership request: promiscuous, or a multicast group.
fn membership(index: u32, kind: libc::c_int, group: &[u8]) -> nix::Result<libc::packet_mreq> {
    let mut address = [0; 8];
    address[..group.len()].copy_from_slice(group);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 at most, 6 at most
    Ok(libc::packet_mreq {
        mr_ifindex: i32::try_from(index).map_err(|_| Errno::ENODEV)?,
        mr_type: kind as libc::c_ushort,
        mr_alen: group.len() as libc::c_ushort,
        mr_address: address,
    })
}

/// Returns the VLAN id in a `struct tpacket_auxdata`.
fn tag(auxdata: &[u8]) -> Option<u16> {
    let status = u32::from_ne_bytes(*auxdata.first_chunk()?);
    let tci = u16::from_ne_bytes(*auxdata.get(16..)?.first_chunk()?);
    (status & TAG_IS_TOLD != 0).then_some(tci & 0xfff)
}

fn link_address(index: u32, protocol: u16) -> nix::Result<LinkAddr> {
    #[allow(clippy::cast_possible_truncation)] // 17
    let family = libc::AF_PACKET as libc::sa_family_t;
    let address = libc::sockaddr_ll {
        sll_family: family,
        sll_protocol: protocol.to_be(),
        sll_ifindex: i32::try_from(index).map_err(|_| Errno::ENODEV)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    #[allow(clippy::cast_possible_truncation)] // 20
    let length = size_of_val(&address) as libc::socklen_t;
    // SAFETY: it is a complete sockaddr_ll with its family and size, and it outlives the call.
    unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(length)) }.ok_or(Errno::EINVAL)
}
