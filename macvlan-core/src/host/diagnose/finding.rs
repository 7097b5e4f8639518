//! The results of a diagnosis.

use std::fmt;

use crate::value::text::kinds;

/// The result of [`Host::diagnose`](crate::Host::diagnose) for an attachment and a peer.
///
/// Displayed as the findings with their remedies, and the facts, one per line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// True if the peer, or the gateway to it, has answered the container.
    pub answered: bool,
    /// The problems found, the most serious first; empty if there are none.
    pub findings: Vec<Finding>,
    /// The observations, for a person: states of links, neighbour entries, frames, VLANs.
    pub facts: Vec<String>,
}

/// A problem that a diagnosis found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Finding {
    /// The kind of the problem.
    pub kind: FindingKind,
    /// A description of the problem.
    pub text: String,
    /// A suggestion for resolving the problem.
    pub remedy: String,
}

/// The kind of a [`Finding`]. The numbers are stable and part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum FindingKind {
    /// The container's link no longer exists.
    LinkGone = 1,
    /// The container's link is down.
    LinkDown = 2,
    /// The container's link has another MAC address than it was given.
    MacChanged = 3,
    /// The parent no longer exists.
    ParentGone = 4,
    /// The parent, or a link below it, is down.
    ParentDown = 5,
    /// The parent, or a link below it, has no carrier.
    NoCarrier = 6,
    /// The parent, or a link below it, is a port of a bridge, bond or VRF, which receives its
    /// frames.
    ParentIsPort = 7,
    /// The parent is wireless.
    Wireless = 8,
    /// The link has no address of the peer's family.
    NoAddress = 9,
    /// No route leads to the peer through the link.
    NoRoute = 10,
    /// The peer is the host itself, which its own macvlans cannot reach.
    PeerIsHost = 11,
    /// The container's request did not leave through the parent.
    NotSent = 12,
    /// The request was sent, but not answered.
    NoAnswer = 13,
    /// The peer answers the parent but not the container: only the parent's MAC address passes on
    /// the way.
    MacFiltered = 14,
    /// The answer is only received while the parent is promiscuous.
    NotPromiscuous = 15,
    /// The answer reached the parent but not the container.
    AnswerLost = 16,
    /// Several hosts answer for one address.
    SeveralAnswer = 17,
    /// Another host uses the container's MAC address.
    MacElsewhere = 18,
    /// The network carries other VLANs than this one.
    OtherVlans = 19,
    /// The container's neighbour entry has another MAC address than the peer.
    WrongNeighbour = 20,
    /// The kernel does not use an IPv6 address of the container, because another host has it.
    AddressDuplicate = 21,
    /// An IPv6 address of the container has been tentative for longer than a detection takes.
    AddressTentative = 22,
    /// The connected route of an address was deleted.
    ConnectedRouteMissing = 23,
    /// The peer is a macvlan on the same parent, and not both are in mode bridge.
    SiblingMode = 24,
    /// ARP and neighbour discovery are off on the container's link.
    ArpOff = 25,
    /// The container's routing drops packets for the peer, or sends them through another link.
    RoutedElsewhere = 26,
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
        SiblingMode = "sibling-mode",
        ArpOff = "arp-off",
        RoutedElsewhere = "routed-elsewhere",
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

    /// Returns whether there is a finding of this kind.
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
            writeln!(f, "no problems found")?;
        }
        for fact in &self.facts {
            writeln!(f, "  {fact}")?;
        }
        Ok(())
    }
}
