//! The kernel's duplicate detection of IPv6 addresses: its verdict is waited for as an event.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::lan::ask::Asked;
use crate::netlink::Listener;
use crate::packet::{self, ETHERTYPE_IPV6, PacketSocket, everybody};
use crate::rtnl::{decode, encode};
use crate::value::address::AddressInfo;
use crate::value::event::Event;
use crate::value::holder::Holder;

/// How long is looked at what was heard.
const HEARD: Duration = Duration::from_millis(20);

/// Ears on a link, opened before the addresses are added that the kernel then checks.
pub(crate) struct Detection<'a> {
    asked: &'a Asked<'a>,
    listener: Listener,
    /// The kernel tells that there is a duplicate, and not whose.
    wire: PacketSocket,
    pending: Vec<Ipv6Addr>,
}

impl<'a> Detection<'a> {
    pub(crate) fn listen(asked: &'a Asked<'a>, ips: &[Ipv6Addr]) -> Result<Self> {
        let fails = |errno| {
            Error::system("wait for duplicate address detection", errno).on_link(asked.link)
        };
        let (listener, wire) = asked
            .netns
            .visit(|| -> nix::Result<_> {
                let wire = PacketSocket::open(asked.index, Some(ETHERTYPE_IPV6))?;
                wire.join(everybody())?;
                Ok((Listener::open()?, wire))
            })?
            .map_err(fails)?;
        Ok(Self { asked, listener, wire, pending: ips.to_vec() })
    }

    /// Waits until the kernel has found that all are free, or one is not, or the time is over.
    pub(crate) fn wait(mut self, at_most: Duration) -> Result<Option<Holder>> {
        let operation = "wait for duplicate address detection";
        let deadline = Instant::now().checked_add(at_most);
        while !self.pending.is_empty() {
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let mut told = Vec::new();
            let came = self.listener.receive(left, |kind, payload| {
                told.extend(decode::event(kind, payload));
            });
            let conflict = match came {
                Ok(true) => told.into_iter().find_map(|event| match event {
                    Event::NewAddress(info) => self.settle(&info),
                    Event::DelAddress(info) => self.lost(&info),
                    _ => None,
                }),
                Ok(false) => return Err(self.too_late(at_most)),
                Err(Errno::EINTR) => None,
                Err(Errno::ENOBUFS) => self.look()?,
                Err(errno) => {
                    return Err(Error::system(operation, errno).on_link(self.asked.link));
                }
            };
            if let Some(ip) = conflict {
                return Ok(Some(self.holder(ip)));
            }
        }
        Ok(None)
    }

    /// Takes note of an address; if it is a duplicate, gives it.
    fn settle(&mut self, info: &AddressInfo) -> Option<Ipv6Addr> {
        let ip = self.ours(info)?;
        if info.is_duplicate() {
            return Some(ip);
        }
        if !info.is_tentative() {
            self.pending.retain(|pending| *pending != ip);
        }
        None
    }

    /// One that is gone has been found to be a duplicate.
    fn lost(&self, info: &AddressInfo) -> Option<Ipv6Addr> {
        self.ours(info)
    }

    fn ours(&self, info: &AddressInfo) -> Option<Ipv6Addr> {
        match info.address.ip() {
            IpAddr::V6(ip) if info.link == self.asked.index && self.pending.contains(&ip) => {
                Some(ip)
            }
            _ => None,
        }
    }

    /// Events were lost: what the addresses are now.
    fn look(&mut self) -> Result<Option<Ipv6Addr>> {
        let request = encode::get_addresses(None, Some(self.asked.index));
        let listed = self
            .asked
            .netns
            .connection()?
            .dump(&request, decode::address)
            .map_err(|failure| failure.into_error("list the addresses"))?;
        Ok(listed.iter().find_map(|info| self.settle(info)))
    }

    /// Who was heard to have an address: its frame came before the kernel's verdict.
    fn holder(&self, ip: Ipv6Addr) -> Holder {
        let heard = self.wire.listen(Instant::now() + HEARD, |frame| {
            packet::claim(frame.bytes, self.asked.mac).filter(|(claimed, _)| *claimed == ip)
        });
        let mac = heard.ok().flatten().map(|(_, mac)| mac);
        Holder { address: IpAddr::V6(ip), mac }
    }

    fn too_late(&self, at_most: Duration) -> Error {
        let pending: Vec<String> = self.pending.iter().map(ToString::to_string).collect();
        Error::new(
            ErrorKind::TimedOut,
            "wait for duplicate address detection",
            format!("the kernel is still checking {} after {at_most:?}", pending.join(", ")),
        )
        .with_hint("give it a longer deadline, or say that the address is optimistic or nodad")
        .on_link(self.asked.link)
        .in_netns(self.asked.netns.in_words())
    }
}
