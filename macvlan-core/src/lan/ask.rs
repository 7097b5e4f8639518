//! Asking for many addresses at the same time on one link, and hearing who has them.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::lan::carrier::Carrier;
use crate::lan::probe::Probe;
use crate::packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV6, PacketSocket, everybody, solicited_node};
use crate::value::holder::Holder;
use crate::wait;

/// As many frames go out at once; macvlan puts up to a thousand multicasts aside for its siblings.
const AT_ONCE: usize = 100;
/// How long is listened before the next go out.
const BREATH: Duration = Duration::from_millis(5);

/// Asks for all addresses, several times, and hears who has them; with `first`, no longer than until
/// one is heard of. Fails unless there was a carrier all the time, or all have been heard of.
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
                // The socket of IPv6 is the last.
                let of_family =
                    if ip.is_ipv4() { self.sockets.first() } else { self.sockets.last() };
                let Some(socket) = of_family else { continue };
                // A queue that stays full takes its time for each.
                wait::check(asked.cancels)
                    .and_then(|()| socket.send(&packet::probe(*ip, asked.mac)))
                    .map_err(|errno| self.carrier.explain(errno))?;
            }
        }
        Ok(())
    }

    /// Hears what comes within this time.
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

    /// Hears what has come.
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

/// Up to this long.
fn at_random(at_most: Duration) -> Duration {
    let mut random = [0; 4];
    // Without random bytes everybody waits alike, as without jitter.
    let _ = getrandom::fill(&mut random);
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    at_most.mul_f64(share)
}
