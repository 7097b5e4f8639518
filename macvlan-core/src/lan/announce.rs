//! Announces addresses to neighbours: gratuitous ARP, unsolicited neighbour advertisements.

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

/// The way in which an endpoint's addresses are announced.
///
/// See [`Endpoint::announce`](crate::Endpoint::announce).
///
/// Neighbours that have an entry for the address update its MAC address immediately. Otherwise the
/// entry would expire after up to half an hour.
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
#[must_use]
pub struct Announce {
    count: u32,
    interval: Duration,
    blocking: bool,
}

impl Announce {
    /// Makes one announcement, sent by the kernel when the address becomes usable.
    ///
    /// It adds some tens of microseconds to an attach.
    ///
    /// Sufficient on a network without packet loss.
    pub fn once() -> Self {
        Self { count: 1, interval: Duration::from_secs(2), blocking: false }
    }

    /// Makes the announcements of RFC 5227: two, two seconds apart.
    pub fn rfc() -> Self {
        Self { count: 2, ..Self::once() }
    }

    /// Sets the number of announcements (`ANNOUNCE_NUM`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for 0.
    pub fn count(mut self, count: u32) -> Result<Self> {
        if count == 0 {
            let cause = "the minimum is 1";
            return Err(Error::invalid("set the number of announcements", cause));
        }
        self.count = count;
        Ok(self)
    }

    /// Sets the time between announcements (`ANNOUNCE_INTERVAL`).
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets whether attach returns after the last announcement. Defaults to false.
    ///
    /// Otherwise attach sends only the first, and the caller sends the others with
    /// [`Attachment::announce`](crate::Attachment::announce). This library starts no background
    /// threads.
    pub fn blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }

    /// Returns the number of announcements.
    pub fn get_count(&self) -> u32 {
        self.count
    }

    /// Returns the time between announcements.
    pub fn get_interval(&self) -> Duration {
        self.interval
    }

    /// Returns whether attach returns after the last announcement.
    pub fn get_blocking(&self) -> bool {
        self.blocking
    }

    /// Returns the announcements that attach sends after the first.
    pub(crate) fn rest(&self) -> Option<Self> {
        (self.blocking && self.count > 1).then(|| Self { count: self.count - 1, ..*self })
    }
}

impl FromStr for Announce {
    type Err = Error;
    /// Parses `once` or `rfc`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "once" => Ok(Self::once()),
            "rfc" => Ok(Self::rfc()),
            _ => Err(Error::invalid(format!("parse announce {text:?}"), "expected once or rfc")),
        }
    }
}

impl Default for Announce {
    /// Returns [`Announce::once`].
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

/// Announcements of an attachment's addresses.
///
/// [`Attachment::announce`](crate::Attachment::announce) makes them.
///
/// ```no_run
/// # use macvlan_core::{Announce, Endpoint, Host, NetNs};
/// # let host = Host::open()?;
/// # let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.5/24".parse()?);
/// let attachment = host.attach(&endpoint, &NetNs::from_pid(2084)?)?;
/// let announcement = attachment.announce(Announce::rfc())?;
/// std::thread::spawn(move || announcement.run());
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "announcements are only sent by `run` or `send`"]
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
        // The socket only sends; received ARP overflows its buffer without harm.
        let socket = netns.visit(|| PacketSocket::open(index, Some(ETHERTYPE_ARP)))?;
        let socket = socket.map_err(|errno| fails(errno, link, netns))?;
        Ok(Self { announce, netns: netns.clone(), link, index, ips, socket })
    }

    /// Sends all announcements at their times and returns the number of frames sent.
    ///
    /// Ends early if the link is deleted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the namespace may not
    /// be entered; [`ErrorKind::System`](crate::ErrorKind::System) if a frame cannot be sent.
    pub fn run(&self) -> Result<usize> {
        self.run_after(Duration::ZERO, &[])
    }

    /// As [`Announcement::run`], but can be cancelled.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and as for [`Announcement::run`].
    pub fn run_until(&self, cancel: &Cancel) -> Result<usize> {
        self.run_after(Duration::ZERO, std::slice::from_ref(cancel))
    }

    /// As [`Announcement::run`], with a delay before the first announcement.
    pub(crate) fn run_after(&self, time: Duration, cancels: &[Cancel]) -> Result<usize> {
        let mut sent = 0;
        for number in 0..self.announce.count {
            let time = if number == 0 { time } else { self.announce.interval };
            wait::pause(time, cancels).map_err(|errno| fails(errno, self.link, &self.netns))?;
            sent += self.send()?;
        }
        Ok(sent)
    }

    /// Announces each address once and returns the number of frames sent.
    ///
    /// Leaves out addresses that the link no longer has or that are tentative.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the namespace may not
    /// be entered; [`ErrorKind::System`](crate::ErrorKind::System) if a frame cannot be sent.
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
    packet::refused("announce the addresses", errno)
        .on_link(link.as_str())
        .in_netns(netns.describe())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_after_the_first_announcement() {
        assert_eq!(Announce::once().rest(), None);
        assert_eq!(Announce::rfc().rest(), None, "the caller's business");
        let rest = Announce::rfc().count(5).unwrap().blocking(true).rest().unwrap();
        assert_eq!(rest.get_count(), 4);
        assert!(Announce::once().count(0).unwrap_err().is_invalid_value());
        assert_eq!(Announce::rfc().to_string(), "2 times, 2s apart");
    }
}
