//! Waits for the kernel's duplicate detection of IPv6 addresses, by its events.

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

/// The time for which received frames are examined.
const HEARD: Duration = Duration::from_millis(20);

/// The sockets of a detection, opened before the addresses are added.
pub(crate) struct Detection<'a> {
    asked: &'a Asked<'a>,
    listener: Listener,
    /// The kernel reports a duplicate without the MAC address of the other host.
    wire: PacketSocket,
    pending: Vec<Ipv6Addr>,
}

impl<'a> Detection<'a> {
    pub(crate) fn listen(asked: &'a Asked<'a>, ips: &[Ipv6Addr]) -> Result<Self> {
        let fails = |errno| asked.fails(errno);
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

    /// Waits until the kernel has found all addresses to be unique or one to be a duplicate, or the
    /// deadline.
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

    /// Processes an event of an address; returns it if it is a duplicate.
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

    /// Handles a deleted address: the kernel deletes a duplicate with a limited lifetime.
    fn deleted(&self, info: &AddressInfo, carrier: &Carrier<'_>) -> Result<Option<Ipv6Addr>> {
        match self.ours(info) {
            Some(ip) if info.is_duplicate() => Ok(Some(ip)),
            Some(ip) => Err(self.was_deleted(ip, carrier)),
            None => Ok(None),
        }
    }

    /// Makes the error for an address that was deleted and is not a duplicate: the kernel deletes
    /// the addresses of a link that goes down, and an administrator can delete any.
    fn was_deleted(&self, ip: Ipv6Addr, carrier: &Carrier<'_>) -> Error {
        let cause = format!("{ip} was deleted from the link during the detection");
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

    /// Lists the addresses after lost events.
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

    /// Returns the host that has an address; its frame was received before the kernel's verdict.
    fn holder(&self, ip: Ipv6Addr) -> Holder {
        let heard = self.wire.listen(Instant::now() + HEARD, |frame| {
            packet::claim(frame.bytes, self.asked.mac).filter(|(claimed, _)| *claimed == ip)
        });
        // The MAC address is for the message only.
        let mac = match heard {
            Ok(heard) => heard.map(|(_, mac)| mac),
            Err(_) => None,
        };
        Holder { address: IpAddr::V6(ip), mac }
    }

    fn too_late(&self, at_most: Duration) -> Error {
        let pending: Vec<String> = self.pending.iter().map(ToString::to_string).collect();
        let cause =
            format!("the detection of {} has not ended after {at_most:?}", pending.join(", "));
        self.asked
            .here(Error::new(ErrorKind::TimedOut, OPERATION, cause))
            .with_hint("use a longer deadline, or make the address optimistic or nodad")
    }
}
