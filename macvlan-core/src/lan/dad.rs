//! The kernel's duplicate detection of IPv6 addresses: its verdict is waited for as an event.

use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::lan::asked::Asked;
use crate::lan::carrier::Carrier;
use crate::netlink::Listener;
use crate::packet::{self, ETHERTYPE_IPV6, PacketSocket, everybody};
use crate::rtnl::{decode, encode};
use crate::value::address::AddressInfo;
use crate::value::event::Event;
use crate::value::holder::Holder;

const OPERATION: &str = "wait for duplicate address detection";

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
        let fails = |errno| asked.here(Error::system(OPERATION, errno));
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
    pub(crate) fn wait(
        mut self,
        carrier: &mut Carrier<'_>,
        at_most: Duration,
    ) -> Result<Option<Holder>> {
        let deadline = Instant::now().checked_add(at_most);
        while !self.pending.is_empty() {
            let mut verdicts = Vec::new();
            let came = self.listener.receive(Some(Duration::ZERO), &[], |kind, payload| {
                verdicts.extend(decode::event(kind, payload));
            });
            let conflict = match came {
                Ok(true) => verdicts
                    .into_iter()
                    .map(|event| match event {
                        Event::NewAddress(info) => Ok(self.settle(&info)),
                        Event::DelAddress(info) => self.deleted(&info, carrier),
                        _ => Ok(None),
                    })
                    .find_map(Result::transpose)
                    .transpose()?,
                Ok(false) if carrier.wait(&[self.listener.as_fd()], deadline)? => None,
                Ok(false) => return Err(self.too_late(at_most)),
                Err(Errno::ENOBUFS) => self.look(carrier)?,
                Err(errno) => return Err(carrier.explain(errno)),
            };
            if let Some(ip) = conflict {
                return Ok(Some(self.holder(ip)));
            }
        }
        carrier.confirm().map(|()| None)
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

    /// The kernel deletes a duplicate that is not permanent.
    fn deleted(&self, info: &AddressInfo, carrier: &Carrier<'_>) -> Result<Option<Ipv6Addr>> {
        match self.ours(info) {
            Some(ip) if info.is_duplicate() => Ok(Some(ip)),
            Some(ip) => Err(self.was_deleted(ip, carrier)),
            None => Ok(None),
        }
    }

    /// The error for an address that is no duplicate: the kernel deletes those of a link that goes down,
    /// and somebody else may delete any.
    fn was_deleted(&self, ip: Ipv6Addr, carrier: &Carrier<'_>) -> Error {
        let cause = format!("{ip} was deleted from the link before the kernel had checked it");
        let otherwise = || self.asked.here(Error::new(ErrorKind::NotFound, OPERATION, cause));
        carrier.confirm().err().unwrap_or_else(otherwise)
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
    fn look(&mut self, carrier: &Carrier<'_>) -> Result<Option<Ipv6Addr>> {
        let request = encode::get_addresses(None, Some(self.asked.index));
        let listed = self
            .asked
            .netns
            .connection()?
            .dump(&request, decode::address)
            .map_err(|failure| self.asked.here(failure.into_error("list the addresses")))?;
        let conflict = listed.iter().find_map(|info| self.settle(info));
        let is_listed = |ip: &Ipv6Addr| listed.iter().any(|info| info.address.ip() == *ip);
        match self.pending.iter().find(|ip| !is_listed(ip)) {
            Some(ip) if conflict.is_none() => Err(self.was_deleted(*ip, carrier)),
            _ => Ok(conflict),
        }
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
        let cause =
            format!("the kernel is still checking {} after {at_most:?}", pending.join(", "));
        self.asked
            .here(Error::new(ErrorKind::TimedOut, OPERATION, cause))
            .with_hint("give it a longer deadline, or say that the address is optimistic or nodad")
    }
}
