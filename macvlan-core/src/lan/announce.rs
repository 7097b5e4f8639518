//! Telling the neighbours where an address is now: gratuitous ARP, unsolicited neighbour
//! advertisements.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::netns::NetNs;
use crate::packet::{self, ETHERTYPE_ARP, PacketSocket};
use crate::rtnl::{decode, encode};
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::wait::{self, Cancel};

/// How the neighbours are told of an endpoint's addresses; see
/// [`Endpoint::announce`](crate::Endpoint::announce).
///
/// Whoever has talked to the address before, when it was somebody else's, learns its MAC address at
/// once and not when its own entry has grown old, which takes up to half an hour.
///
/// ```
/// use macvlan_core::{Announce, Endpoint};
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .address("192.168.15.5/24".parse()?)
///     .announce(Announce::once());
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "gratuitous ARP")]
#[doc(alias = "arp_notify")]
#[doc(alias = "arping -U")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub struct Announce {
    count: u32,
    interval: Duration,
    blocking: bool,
}

impl Announce {
    /// Once, by the kernel when it takes the address into use: that costs attaching some tens of
    /// microseconds. On a LAN that loses no frames it is enough.
    pub fn once() -> Self {
        Self { count: 1, interval: Duration::from_secs(2), blocking: false }
    }

    /// As RFC 5227 has it: twice, two seconds apart.
    pub fn rfc() -> Self {
        Self { count: 2, ..Self::once() }
    }

    /// Sets how many times (`ANNOUNCE_NUM`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for 0.
    pub fn count(mut self, count: u32) -> Result<Self> {
        if count == 0 {
            let cause = "announcing 0 times is announcing nothing";
            return Err(Error::invalid("set the number of announcements", cause));
        }
        self.count = count;
        Ok(self)
    }

    /// How long from one to the next (`ANNOUNCE_INTERVAL`).
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Whether attaching is to take as long as all of them; no when not given. Attaching then sends
    /// the first alone, and the others are sent by the thread that runs
    /// [`Attachment::announce`](crate::Attachment::announce): this library starts none behind its
    /// caller's back.
    pub fn blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }

    /// How many times.
    pub fn get_count(&self) -> u32 {
        self.count
    }

    /// How long from one to the next.
    pub fn get_interval(&self) -> Duration {
        self.interval
    }

    /// Whether attaching takes as long as all of them.
    pub fn is_blocking(&self) -> bool {
        self.blocking
    }

    /// How many are left for attaching to send when the first has been.
    pub(crate) fn rest(&self) -> Option<Self> {
        (self.blocking && self.count > 1).then(|| Self { count: self.count - 1, ..*self })
    }
}

impl FromStr for Announce {
    type Err = Error;
    /// `once` or `rfc`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "once" => Ok(Self::once()),
            "rfc" => Ok(Self::rfc()),
            _ => Err(Error::invalid(
                format!("parse announce {text:?}"),
                "it is neither once nor rfc",
            )),
        }
    }
}

impl Default for Announce {
    /// [`Announce::once`].
    fn default() -> Self {
        Self::once()
    }
}

impl fmt::Display for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => f.write_str("once"),
            count => write!(f, "{count} times, {:?} apart", self.interval),
        }
    }
}

/// Announcements of an attachment's addresses, to be sent by whoever has the time:
/// [`Attachment::announce`](crate::Attachment::announce).
#[derive(Debug)]
#[must_use = "nothing is sent before it is run"]
pub struct Announcement {
    announce: Announce,
    netns: NetNs,
    link: LinkName,
    index: u32,
    ips: Vec<IpAddr>,
    socket: PacketSocket,
}

impl Announcement {
    pub(crate) fn of(
        announce: Announce,
        netns: &NetNs,
        link: LinkName,
        index: u32,
        ips: Vec<IpAddr>,
    ) -> Result<Self> {
        // It is for sending: what of ARP comes in overflows, and nobody minds.
        let socket = netns.visit(|| PacketSocket::open(index, Some(ETHERTYPE_ARP)))?;
        let socket = socket.map_err(|errno| fails(errno, link, netns))?;
        Ok(Self { announce, netns: netns.clone(), link, index, ips, socket })
    }

    /// Sends all of them, and takes as long as that; how many frames were sent. Ends early when the
    /// link is gone.
    pub fn run(&self) -> Result<usize> {
        self.run_after(Duration::ZERO, &[])
    }

    /// Sends all of them, as [`Announcement::run`], until it is cancelled.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and those of [`Announcement::send`].
    pub fn run_until(&self, cancel: &Cancel) -> Result<usize> {
        self.run_after(Duration::ZERO, std::slice::from_ref(cancel))
    }

    /// As [`Announcement::run`], the first of them after this time.
    pub(crate) fn run_after(&self, time: Duration, cancels: &[Cancel]) -> Result<usize> {
        let mut sent = 0;
        for number in 0..self.announce.count {
            let time = if number == 0 { time } else { self.announce.interval };
            wait::pause(time, cancels).map_err(|errno| fails(errno, self.link, &self.netns))?;
            sent += self.send()?;
        }
        Ok(sent)
    }

    /// Announces each address once, now; how many frames were sent. What the link does not have any
    /// more, or the kernel is still checking, is left out.
    pub fn send(&self) -> Result<usize> {
        let attempt = Attempt::Other(self.link.into(), "announce the addresses".into());
        let refused = |failure| attempt.explain(failure, &Place::host(&self.netns));
        let connection = self.netns.connection()?;
        let mac = connection.link(self.index).map_err(refused)?.mac;
        let Some(mac) = mac else { return Ok(0) };
        let listed = connection
            .dump(&encode::get_addresses(None, Some(self.index)), decode::address)
            .map_err(refused)?;
        let usable = |ip: &&IpAddr| {
            listed.iter().any(|info| {
                info.address.ip() == **ip && !info.is_tentative() && !info.is_duplicate()
            })
        };
        self.send_these(self.ips.iter().filter(usable).copied(), mac)
    }

    pub(crate) fn send_these(
        &self,
        ips: impl Iterator<Item = IpAddr>,
        mac: MacAddr,
    ) -> Result<usize> {
        let mut sent = 0;
        for ip in ips {
            let frame = packet::announcement(ip, mac);
            self.socket.send(&frame).map_err(|errno| fails(errno, self.link, &self.netns))?;
            sent += 1;
        }
        Ok(sent)
    }
}

fn fails(errno: Errno, link: LinkName, netns: &NetNs) -> Error {
    Error::system("announce the addresses", errno).on_link(link.as_str()).in_netns(netns.in_words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_when_the_first_has_been_sent() {
        assert_eq!(Announce::once().rest(), None);
        assert_eq!(Announce::rfc().rest(), None, "the caller's business");
        let rest = Announce::rfc().count(5).unwrap().blocking(true).rest().unwrap();
        assert_eq!(rest.get_count(), 4);
        assert!(Announce::once().count(0).unwrap_err().is_invalid_value());
        assert_eq!(Announce::rfc().to_string(), "2 times, 2s apart");
    }
}
