//! Follows a request from the container to the network, and the answer back.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::endpoint::Attachment;
use crate::error::Result;
use crate::handle::promisc::PromiscGuard;
use crate::host::diagnose::finding::{Diagnosis, FindingKind};
use crate::host::diagnose::look::Surroundings;
use crate::host::diagnose::sibling::Sibling;
use crate::netns::NetNs;
use crate::packet::{self, Arp, BROADCAST, Ndp, PacketSocket, everybody, solicited_node};
use crate::value::mac::MacAddr;

/// The number of requests, and how long to listen after each.
const TIMES: usize = 3;
const TIME: Duration = Duration::from_millis(200);
/// The time to listen for other answers after the first.
const OTHERS: Duration = Duration::from_millis(150);
/// The time to listen at one place before the next.
const TURN: Duration = Duration::from_millis(5);

/// The frames that were received, and where.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // independent findings, not a state machine
pub(super) struct Heard {
    /// The request left through the parent.
    out: bool,
    /// The MAC addresses that answered, received on the parent and in the container.
    at_parent: BTreeSet<MacAddr>,
    inside: BTreeSet<MacAddr>,
    /// Received in the container only while the parent was promiscuous.
    with_promisc: bool,
    /// The peer answered a request of the parent.
    to_parent: bool,
    /// The VLAN tags of received frames, and the number of frames.
    vlans: BTreeSet<u16>,
    came: usize,
    /// A received frame has the container's own MAC address as its source.
    double: bool,
}

/// The places to listen.
struct Ears {
    inside: PacketSocket,
    parent: PacketSocket,
    wire: PacketSocket,
}

/// The request and its sender.
struct Question {
    we: MacAddr,
    parent: MacAddr,
    target: IpAddr,
    frame: Vec<u8>,
}

/// Ignores a frame that was dropped on the way, which is what the diagnosis looks for.
fn unless_dropped(sent: nix::Result<()>) -> nix::Result<()> {
    match sent {
        Err(Errno::ENOBUFS) => Ok(()),
        sent => sent,
    }
}

impl Heard {
    pub(super) fn ask(
        host: &NetNs,
        attachment: &Attachment,
        around: &Surroundings,
        source: IpAddr,
        target: IpAddr,
    ) -> Result<Self> {
        let fails = |errno: Errno| {
            packet::refused("listen on the parent", errno)
                .on_link(around.link.name.as_str())
                .on_parent(around.parent.name.as_str())
        };
        let we = around.link.mac.unwrap_or(attachment.mac());
        let parent = around.parent.mac.unwrap_or(we);
        let Some(frame) = question(source, target, we) else { return Ok(Self::default()) };
        let open = |index| PacketSocket::open(index, None);
        let inside = around.netns.visit(|| open(around.link.index))?.map_err(fails)?;
        let outside = host.visit(|| -> nix::Result<_> {
            let parent = open(around.parent.index)?;
            // Answers to the parent's own request are sent to this group.
            parent.join(everybody())?;
            Ok((parent, open(around.wire.index)?))
        })?;
        let (on_parent, wire) = outside.map_err(fails)?;
        let ears = Ears { inside, parent: on_parent, wire };
        let question = Question { we, parent, target, frame };
        let mut heard = Self::default();
        heard.follow(&ears, &question, TIMES).map_err(fails)?;
        if heard.inside.is_empty() {
            heard.ask_otherwise(host, around, &ears, &question)?;
        }
        Ok(heard)
    }

    /// Sends requests from the container until an answer, up to a number of times.
    fn follow(&mut self, ears: &Ears, question: &Question, times: usize) -> nix::Result<()> {
        for _ in 0..times {
            unless_dropped(ears.inside.send(&question.frame))?;
            self.listen(ears, question, TIME, |heard| !heard.inside.is_empty())?;
            if !self.inside.is_empty() {
                return self.listen(ears, question, OTHERS, |_| false);
            }
        }
        Ok(())
    }

    /// Tries further requests without an answer: with a promiscuous parent, and from the parent
    /// itself.
    fn ask_otherwise(
        &mut self,
        host: &NetNs,
        around: &Surroundings,
        ears: &Ears,
        question: &Question,
    ) -> Result<()> {
        let fails = |errno: Errno| {
            packet::refused("listen on the parent", errno).on_parent(around.parent.name.as_str())
        };
        let guard = PromiscGuard::hold(host, around.wire.index)?;
        if let Ok(_held) = &guard {
            self.follow(ears, question, 2).map_err(fails)?;
            self.with_promisc = !self.inside.is_empty();
        }
        drop(guard);
        if self.inside.is_empty() {
            let from_parent = packet::probe(question.target, question.parent);
            let already = self.at_parent.clone();
            self.at_parent.clear();
            for _ in 0..2 {
                unless_dropped(ears.parent.send(&from_parent)).map_err(fails)?;
                self.listen(ears, question, TIME, |heard| !heard.at_parent.is_empty())
                    .map_err(fails)?;
            }
            self.to_parent = !self.at_parent.is_empty();
            self.at_parent = already;
        }
        Ok(())
    }

    fn listen(
        &mut self,
        ears: &Ears,
        question: &Question,
        time: Duration,
        enough: impl Fn(&Self) -> bool,
    ) -> nix::Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until && !enough(self) {
            let turn = || Instant::now() + TURN;
            let none = None::<()>;
            ears.parent.listen(turn(), |frame| {
                if frame.outgoing {
                    self.out |= is_question(frame.bytes, question);
                } else {
                    self.at_parent.extend(answer(frame.bytes, question));
                }
                none
            })?;
            ears.inside.listen(turn(), |frame| {
                if !frame.outgoing {
                    self.inside.extend(answer(frame.bytes, question));
                }
                none
            })?;
            ears.wire.listen(turn(), |frame| {
                if !frame.outgoing {
                    self.came += 1;
                    self.vlans.extend(frame.vlan);
                    self.double |= frame.bytes.get(6..12) == Some(&question.we.octets());
                }
                none
            })?;
        }
        Ok(())
    }

    /// Returns whether an answer has reached the container.
    pub(super) fn is_answered(&self) -> bool {
        !self.inside.is_empty()
    }

    /// Derives the findings.
    pub(super) fn tell(
        &self,
        around: &Surroundings,
        target: IpAddr,
        sibling: Option<&Sibling>,
        diagnosis: &mut Diagnosis,
    ) {
        diagnosis.answered = !self.inside.is_empty() && !self.with_promisc;
        let (link, parent) = (&around.link.name, &around.parent.name);
        diagnosis.note(format!(
            "request for {target} seen leaving {parent}: {}; answer seen on {parent}: {}; in {link}: {}",
            yes(self.out),
            yes(!self.at_parent.is_empty()),
            yes(!self.inside.is_empty())
        ));
        let vlans: Vec<String> = self.vlans.iter().map(ToString::to_string).collect();
        diagnosis.note(format!(
            "{} {} came in by {}; VLAN tags: {}",
            self.came,
            if self.came == 1 { "frame" } else { "frames" },
            around.wire.name,
            if vlans.is_empty() { "none".to_owned() } else { vlans.join(", ") }
        ));
        if self.double {
            diagnosis.find(
                FindingKind::MacElsewhere,
                format!("frames come in from the MAC address of {link} itself"),
                "another host has it, so change one of the two; or the network has a loop",
            );
        }
        if self.inside.len() > 1 {
            let who: Vec<String> = self.inside.iter().map(ToString::to_string).collect();
            diagnosis.find(
                FindingKind::SeveralAnswer,
                format!("several hosts answer for {target}: {}", who.join(" and ")),
                "find the hosts that have the address, and attach with a probe",
            );
        }
        if let Some(only) = self.inside.first().filter(|_| self.inside.len() == 1) {
            let remembered = around.remembered().filter(|remembered| remembered != only);
            if let Some(wrong) = remembered.filter(|_| around.is_remembered_for_ever()) {
                diagnosis.find(
                    FindingKind::WrongNeighbour,
                    format!("{target} has {only}, and the container's permanent neighbour entry has {wrong}"),
                    format!("`ip neigh del {target} dev {link}` inside"),
                );
            }
        }
        if self.with_promisc {
            diagnosis.find(
                FindingKind::NotPromiscuous,
                format!("{parent} receives answers only while it is promiscuous"),
                format!(
                    "make it promiscuous, as by `ip link set {} promisc on`{}",
                    around.wire.name,
                    hypervisor(around)
                ),
            );
        } else if !self.is_answered()
            && !sibling.is_some_and(|one| one.tell(around, target, diagnosis))
        {
            self.tell_silence(around, target, diagnosis);
        }
    }

    fn tell_silence(&self, around: &Surroundings, target: IpAddr, diagnosis: &mut Diagnosis) {
        let (link, parent) = (&around.link.name, &around.parent.name);
        if around.peer_is_host {
            diagnosis.find(
                FindingKind::PeerIsHost,
                format!("{target} is the host itself, which its own macvlans cannot reach"),
                "give the host access to its containers",
            );
            return;
        }
        if !self.at_parent.is_empty() {
            diagnosis.find(
                FindingKind::AnswerLost,
                format!("the answer has reached {parent} but not {link}"),
                "look for filters on both (tc, nftables' netdev tables), and whether the link's mode \
                 is source",
            );
        } else if !self.out {
            diagnosis.find(
                FindingKind::NotSent,
                format!("the request of {link} did not leave through {parent}"),
                "check for filters on both (tc, nftables' netdev tables), and check the link's rate limit",
            );
        } else if self.to_parent {
            diagnosis.find(
                FindingKind::MacFiltered,
                format!("{target} answers {parent} but not {link}: only the parent's MAC address passes"),
                format!(
                    "allow more than one MAC address on the switch port (port security, MAC limit){}",
                    hypervisor(around)
                ),
            );
        } else {
            diagnosis.find(
                FindingKind::NoAnswer,
                format!("the request for {target} has left through {parent} and is not answered, nor is one of the parent"),
                "check that the peer is on, has this address, and is in the same network (VLAN)",
            );
        }
        let ours = around.vlan;
        let other = self.vlans.iter().any(|vlan| Some(*vlan) != ours);
        if other && ours.is_none_or(|ours| !self.vlans.contains(&ours)) {
            let seen: Vec<String> = self.vlans.iter().map(ToString::to_string).collect();
            let here = ours.map_or_else(|| "no tag".to_owned(), |vlan| format!("VLAN {vlan}"));
            diagnosis.find(
                FindingKind::OtherVlans,
                format!(
                    "{} carries VLAN {} and {link} is on {here}",
                    around.wire.name,
                    seen.join(", ")
                ),
                "use the parent of that VLAN, or allow this one on the switch port",
            );
        }
    }
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn question(source: IpAddr, target: IpAddr, we: MacAddr) -> Option<Vec<u8>> {
    match (source, target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            Some(Arp::request(target, source, we).frame(BROADCAST))
        }
        (IpAddr::V6(source), IpAddr::V6(target)) => {
            Some(Ndp::solicitation(target, source, we).frame(solicited_node(target), we))
        }
        _ => None,
    }
}

fn is_question(frame: &[u8], question: &Question) -> bool {
    frame == question.frame
}

/// Returns the MAC address that answers the request.
fn answer(frame: &[u8], question: &Question) -> Option<MacAddr> {
    if let Some(arp) = Arp::read(frame) {
        if !arp.is_reply() {
            return None;
        }
    } else if !Ndp::read(frame)?.is_advertisement() {
        return None;
    }
    let (ip, mac) = packet::claim(frame, question.we)?;
    (ip == question.target).then_some(mac)
}

/// Returns a hint for a virtual network card, by the first half of its MAC address.
fn hypervisor(around: &Surroundings) -> &'static str {
    match around.wire.mac.map(MacAddr::octets) {
        Some([0x00, 0x0c, 0x29, ..] | [0x00, 0x50, 0x56, ..] | [0x00, 0x05, 0x69, ..]) => {
            "; VMware: the port group has to accept promiscuous mode, MAC address changes and forged \
             transmits"
        }
        Some([0x08, 0x00, 0x27, ..]) => {
            "; VirtualBox: set the adapter's promiscuous mode to \"Allow All\""
        }
        Some([0x00, 0x15, 0x5d, ..]) => "; Hyper-V: enable MAC address spoofing on the adapter",
        Some([0x52, 0x54, 0x00, ..]) => {
            "; libvirt: the interface has to be trustGuestRxFilters='yes' on macvtap, and without a \
             filter against MAC spoofing"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_are_answers() {
        let mac = |last| MacAddr::new([2, 0, 0, 0, 0, last]).unwrap();
        for (source, target) in [("10.0.0.2", "10.0.0.1"), ("fd00::2", "fd00::1")] {
            let (source, target): (IpAddr, IpAddr) =
                (source.parse().unwrap(), target.parse().unwrap());
            let frame = super::question(source, target, mac(1)).unwrap();
            let question = Question { we: mac(1), parent: mac(9), target, frame: frame.clone() };
            assert!(is_question(&frame, &question));
            assert_eq!(answer(&frame, &question), None);
            let theirs = super::question(target, source, mac(2)).unwrap();
            assert_eq!(answer(&theirs, &question), None, "who asks does not answer");
        }
        let announced = packet::announcement("fd00::1".parse().unwrap(), mac(2));
        let target = "fd00::1".parse().unwrap();
        let question = Question { we: mac(1), parent: mac(9), target, frame: Vec::new() };
        assert_eq!(answer(&announced, &question), Some(mac(2)));
    }
}
