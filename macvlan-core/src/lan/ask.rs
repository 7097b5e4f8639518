//! Asking for many addresses at the same time on one link, and hearing who has them.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::lan::probe::Probe;
use crate::netlink::Failure;
use crate::netns::NetNs;
use crate::packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV6, PacketSocket, everybody, solicited_node};
use crate::rtnl::{decode, encode};
use crate::value::holder::Holder;
use crate::value::mac::MacAddr;

/// As many frames go out at once; macvlan puts up to a thousand multicasts aside for its siblings.
const AT_ONCE: usize = 100;
/// How long is listened before the next go out.
const BREATH: Duration = Duration::from_millis(5);

/// Where it is asked.
pub(crate) struct Asked<'a> {
    pub(crate) netns: &'a NetNs,
    pub(crate) link: &'a str,
    pub(crate) index: u32,
    pub(crate) mac: MacAddr,
}

impl Asked<'_> {
    fn fails(&self, errno: Errno) -> Error {
        Error::system("ask whether the addresses are free", errno)
            .on_link(self.link)
            .in_netns(self.netns.in_words())
    }

    /// Whether questions can reach anybody: silence says nothing where there is no carrier.
    pub(crate) fn check_carrier(&self) -> Result<()> {
        let info = self.netns.connection()?.link(self.index).map_err(|failure| {
            failure.into_error("ask whether the addresses are free").on_link(self.link)
        })?;
        if info.carrier == Some(false) {
            return Err(Error::new(
                ErrorKind::ParentDown,
                "ask whether the addresses are free",
                "the parent is down or has no carrier, so nobody can answer",
            )
            .with_hint("set the parent up and see to its cable first, or attach without probe")
            .on_link(self.link)
            .in_netns(self.netns.in_words()));
        }
        Ok(())
    }
}

/// Asks for all addresses, several times, and hears who has them; with `first`, no longer than until
/// one is heard of.
pub(crate) fn ask(
    asked: &Asked<'_>,
    ips: &[IpAddr],
    probe: &Probe,
    first: bool,
) -> Result<Vec<Holder>> {
    let opened = asked.netns.visit(|| open(asked.index, ips))?;
    let sockets = opened.map_err(|errno| asked.fails(errno))?;
    let mut round = Round { asked, ips, sockets, found: Vec::new(), first };
    round.listen(at_random(probe.start)).map_err(|errno| asked.fails(errno))?;
    for number in 1..=probe.count {
        if round.is_over() {
            break;
        }
        let pause = if number < probe.count {
            probe.interval.saturating_add(at_random(probe.jitter))
        } else {
            probe.wait
        };
        round.send_all().and_then(|()| round.listen(pause)).map_err(|errno| asked.fails(errno))?;
    }
    Ok(round.found)
}

/// A socket for each family that is asked for, with the groups joined that answers come to.
fn open(index: u32, ips: &[IpAddr]) -> nix::Result<Vec<PacketSocket>> {
    let mut sockets = Vec::with_capacity(2);
    if ips.iter().any(IpAddr::is_ipv4) {
        sockets.push(PacketSocket::open(index, Some(ETHERTYPE_ARP))?);
    }
    if ips.iter().any(IpAddr::is_ipv6) {
        let socket = PacketSocket::open(index, Some(ETHERTYPE_IPV6))?;
        socket.join(everybody())?;
        // Somebody else may be asking for the same at this moment.
        for ip in ips {
            if let IpAddr::V6(ip) = ip {
                socket.join(solicited_node(*ip))?;
            }
        }
        sockets.push(socket);
    }
    Ok(sockets)
}

struct Round<'a> {
    asked: &'a Asked<'a>,
    ips: &'a [IpAddr],
    sockets: Vec<PacketSocket>,
    found: Vec<Holder>,
    first: bool,
}

impl Round<'_> {
    fn is_over(&self) -> bool {
        self.first && !self.found.is_empty() || self.found.len() == self.ips.len()
    }

    fn is_found(&self, ip: IpAddr) -> bool {
        self.found.iter().any(|holder| holder.address == ip)
    }

    fn send_all(&mut self) -> nix::Result<()> {
        let left: Vec<IpAddr> = self.ips.iter().copied().filter(|ip| !self.is_found(*ip)).collect();
        for (at, some) in left.chunks(AT_ONCE).enumerate() {
            if at > 0 {
                self.listen(BREATH)?;
            }
            for ip in some {
                // The socket of IPv6 is the last.
                let of_family =
                    if ip.is_ipv4() { self.sockets.first() } else { self.sockets.last() };
                if let Some(socket) = of_family {
                    socket.send(&packet::probe(*ip, self.asked.mac))?;
                }
            }
        }
        Ok(())
    }

    /// Hears what comes within this time.
    fn listen(&mut self, time: Duration) -> nix::Result<()> {
        let Some(until) = Instant::now().checked_add(time) else { return Err(Errno::EINVAL) };
        // With two sockets each is listened to in turn; the kernel keeps what comes meanwhile.
        let slice = if self.sockets.len() > 1 { Duration::from_millis(2) } else { time };
        loop {
            for at in 0..self.sockets.len() {
                let turn = until.min(Instant::now() + slice);
                let (found, ips, we, first) =
                    (&mut self.found, self.ips, self.asked.mac, self.first);
                self.sockets[at].listen(turn, |frame| {
                    let (address, mac) = packet::claim(frame.bytes, we)?;
                    let known = found.iter().any(|holder| holder.address == address);
                    if ips.contains(&address) && !known {
                        found.push(Holder { address, mac: Some(mac) });
                    }
                    (first && !found.is_empty() || found.len() == ips.len()).then_some(())
                })?;
                if self.is_over() {
                    return Ok(());
                }
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }
}

/// The addresses that the parent itself has: it does not hear its own macvlans ask.
pub(crate) fn held_by_parent(host: &NetNs, parent: u32, ips: &[IpAddr]) -> Result<Vec<Holder>> {
    let fails = |failure: Failure| failure.into_error("list the parent's addresses");
    let connection = host.connection()?;
    let of_parent = connection
        .dump(&encode::get_addresses(None, Some(parent)), decode::address)
        .map_err(fails)?;
    let held: Vec<IpAddr> = of_parent.iter().map(|info| info.address.ip()).collect();
    let held: Vec<IpAddr> = ips.iter().copied().filter(|ip| held.contains(ip)).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let parent = connection.link(parent).map_err(fails)?;
    Ok(held.into_iter().map(|address| Holder { address, mac: parent.mac }).collect())
}

/// Up to this long.
fn at_random(at_most: Duration) -> Duration {
    let mut random = [0; 4];
    // Without random bytes everybody waits alike, as without jitter.
    let _ = getrandom::fill(&mut random);
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    at_most.mul_f64(share)
}
