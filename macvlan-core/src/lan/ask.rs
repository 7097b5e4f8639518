//! Probes many addresses on one link at the same time.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::lan::carrier::Carrier;
use crate::lan::probe::Probe;
use crate::packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV6, PacketSocket, everybody, solicited_node};
use crate::value::holder::Holder;
use crate::wait;

/// The number of frames sent in a row; macvlan queues up to 1000 multicast frames for other links.
const AT_ONCE: usize = 100;
/// The time to listen between rows.
const BREATH: Duration = Duration::from_millis(5);

/// Probes all addresses several times and returns the hosts that have them; with `first`, returns
/// at the first answer.
///
/// Fails unless the carrier was present throughout or all addresses were answered for.
pub(crate) fn ask(
    carrier: &mut Carrier<'_>,
    ips: &[IpAddr],
    probe: &Probe,
    first: bool,
) -> Result<Vec<Holder>> {
    let asked = carrier.asked;
    let opened = asked.netns.visit(|| open(asked.index, ips))?;
    let sockets = opened.map_err(|errno| carrier.explain(errno))?;
    let mut round = Round { carrier, ips, sockets, found: Vec::new(), first };
    round.listen(at_random(probe.start))?;
    for number in 1..=probe.count {
        if round.is_over() {
            break;
        }
        let pause = if number < probe.count {
            probe.interval.saturating_add(at_random(probe.jitter))
        } else {
            probe.wait
        };
        round.send_all()?;
        round.listen(pause)?;
    }
    if !round.is_over() {
        round.carrier.confirm()?;
    }
    Ok(round.found)
}

/// Opens a socket for each family, and joins the groups to which answers are sent.
fn open(index: u32, ips: &[IpAddr]) -> nix::Result<Vec<PacketSocket>> {
    let mut sockets = Vec::with_capacity(2);
    if ips.iter().any(IpAddr::is_ipv4) {
        sockets.push(PacketSocket::open(index, Some(ETHERTYPE_ARP))?);
    }
    if ips.iter().any(IpAddr::is_ipv6) {
        let socket = PacketSocket::open(index, Some(ETHERTYPE_IPV6))?;
        socket.join(everybody())?;
        // Another host may be probing for the same address.
        for ip in ips {
            if let IpAddr::V6(ip) = ip {
                socket.join(solicited_node(*ip))?;
            }
        }
        sockets.push(socket);
    }
    Ok(sockets)
}

struct Round<'a, 'b> {
    carrier: &'a mut Carrier<'b>,
    ips: &'a [IpAddr],
    sockets: Vec<PacketSocket>,
    found: Vec<Holder>,
    first: bool,
}

impl Round<'_, '_> {
    fn is_over(&self) -> bool {
        self.first && !self.found.is_empty() || self.found.len() == self.ips.len()
    }

    fn is_found(&self, ip: IpAddr) -> bool {
        self.found.iter().any(|holder| holder.address == ip)
    }

    fn send_all(&mut self) -> Result<()> {
        let left: Vec<IpAddr> = self.ips.iter().copied().filter(|ip| !self.is_found(*ip)).collect();
        let asked = self.carrier.asked;
        for (at, some) in left.chunks(AT_ONCE).enumerate() {
            if at > 0 {
                self.listen(BREATH)?;
            }
            for ip in some {
                // The socket for IPv6 is the last.
                let of_family =
                    if ip.is_ipv4() { self.sockets.first() } else { self.sockets.last() };
                let Some(socket) = of_family else { continue };
                // A full queue delays each frame.
                wait::check(asked.cancels)
                    .and_then(|()| socket.send(&packet::probe(*ip, asked.mac)))
                    .map_err(|errno| self.carrier.explain(errno))?;
            }
        }
        Ok(())
    }

    /// Receives frames until a timeout.
    fn listen(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now().checked_add(time);
        loop {
            self.hear().map_err(|errno| self.carrier.explain(errno))?;
            let ears: Vec<BorrowedFd<'_>> = self.sockets.iter().map(AsFd::as_fd).collect();
            if self.is_over() || !self.carrier.wait(&ears, until)? {
                return Ok(());
            }
        }
    }

    /// Receives the queued frames.
    fn hear(&mut self) -> nix::Result<()> {
        let (found, ips, we) = (&mut self.found, self.ips, self.carrier.asked.mac);
        for socket in &self.sockets {
            socket.hear(|frame| {
                let (address, mac) = packet::claim(frame.bytes, we)?;
                let known = found.iter().any(|holder| holder.address == address);
                if ips.contains(&address) && !known {
                    found.push(Holder { address, mac: Some(mac) });
                }
                None::<()>
            })?;
        }
        Ok(())
    }
}

/// Returns a random time up to a maximum.
fn at_random(at_most: Duration) -> Duration {
    let mut random = [0; 4];
    // Without random bytes there is no jitter.
    let _ = getrandom::fill(&mut random);
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    at_most.mul_f64(share)
}
