//! What was found out.

use std::fmt;

use crate::value::text::kinds;

/// What was found out about an attachment and a peer: [`Host::diagnose`](crate::Host::diagnose).
///
/// Displayed, it is the findings with their remedies and the facts, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// Whether the peer, or the gateway that leads to it, has answered the container.
    pub answered: bool,
    /// What is not as it should be, what hinders most first; empty if all is well.
    pub findings: Vec<Finding>,
    /// What was seen, for the person reading: states of links, neighbour entries, frames, VLANs.
    pub facts: Vec<String>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// What it is, for a program.
    pub kind: FindingKind,
    /// What it is, in words.
    pub text: String,
    /// What can be done about it.
    pub remedy: String,
}

/// The kind of a [`Finding`]. The numbers are stable, and the C ABI shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
#[repr(u32)]
pub enum FindingKind {
    /// The container's link does not exist any more.
    LinkGone = 1,
    /// The container's link is down.
    LinkDown = 2,
    /// The container's link has another MAC address than it was given.
    MacChanged = 3,
    /// The parent does not exist any more.
    ParentGone = 4,
    /// The parent, or a link below it, is down.
    ParentDown = 5,
    /// The parent, or a link below it, has no carrier.
    NoCarrier = 6,
    /// The parent, or a link below it, is a port of a bridge, bond or VRF, which takes its frames.
    ParentIsPort = 7,
    /// The parent is wireless.
    Wireless = 8,
    /// The link has no address of the peer's family.
    NoAddress = 9,
    /// No route leads to the peer by this link.
    NoRoute = 10,
    /// The peer is the host itself, which its own macvlans do not reach.
    PeerIsHost = 11,
    /// The container's question did not leave by the parent.
    NotSent = 12,
    /// The question went out, and nobody has answered.
    NoAnswer = 13,
    /// The peer answers the parent, and not the container: something on the way lets only the
    /// parent's MAC address pass.
    MacFiltered = 14,
    /// The answer arrives only while the parent is promiscuous.
    NotPromiscuous = 15,
    /// The answer has reached the parent, and not the container.
    AnswerLost = 16,
    /// Several answer for one address.
    SeveralAnswer = 17,
    /// Somebody else sends with the container's MAC address.
    MacElsewhere = 18,
    /// The wire carries other VLANs than this one.
    OtherVlans = 19,
    /// The container remembers another MAC address than the peer has.
    WrongNeighbour = 20,
    /// The kernel does not use an IPv6 address of the container, because another host has it.
    AddressDuplicate = 21,
    /// The kernel has looked for a duplicate of an IPv6 address for longer than that takes.
    AddressTentative = 22,
    /// The route to the subnet of an address was deleted.
    ConnectedRouteMissing = 23,
}

kinds!(
    FindingKind,
    "kind of finding",
    [
        LinkGone = "link-gone",
        LinkDown = "link-down",
        MacChanged = "mac-changed",
        ParentGone = "parent-gone",
        ParentDown = "parent-down",
        NoCarrier = "no-carrier",
        ParentIsPort = "parent-is-port",
        Wireless = "wireless",
        NoAddress = "no-address",
        NoRoute = "no-route",
        PeerIsHost = "peer-is-host",
        NotSent = "not-sent",
        NoAnswer = "no-answer",
        MacFiltered = "mac-filtered",
        NotPromiscuous = "not-promiscuous",
        AnswerLost = "answer-lost",
        SeveralAnswer = "several-answer",
        MacElsewhere = "mac-elsewhere",
        OtherVlans = "other-vlans",
        WrongNeighbour = "wrong-neighbour",
        AddressDuplicate = "address-duplicate",
        AddressTentative = "address-tentative",
        ConnectedRouteMissing = "connected-route-missing",
    ]
);

impl Diagnosis {
    pub(super) fn find(
        &mut self,
        kind: FindingKind,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.findings.push(Finding { kind, text: text.into(), remedy: remedy.into() });
    }

    pub(super) fn note(&mut self, fact: impl Into<String>) {
        self.facts.push(fact.into());
    }

    /// Whether there is a finding of this kind.
    pub fn has(&self, kind: FindingKind) -> bool {
        self.findings.iter().any(|finding| finding.kind == kind)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.kind, self.text, self.remedy)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        if self.findings.is_empty() {
            writeln!(f, "nothing is amiss")?;
        }
        for fact in &self.facts {
            writeln!(f, "  {fact}")?;
        }
        Ok(())
    }
}
