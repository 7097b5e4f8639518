//! `macvlan_diagnosis`: reasons why a container does not reach a peer.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{Diagnosis, Finding, parse_ip};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::number;
use crate::base::object::{give, object, out, shared};
use crate::base::optional::Bool;
use crate::base::record::record;
use crate::base::report::macvlan_error;
use crate::base::text::text;
use crate::base::view::{Arena, Output, View};
use crate::endpoint::attachment::macvlan_attachment;
use crate::host::macvlan_host;

/// The diagnosis of an attachment and a peer, from macvlan_host_diagnose(). Freed with
/// macvlan_diagnosis_free(), with all its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_diagnosis {
    _opaque: (),
}
object!(macvlan_diagnosis, View<Diagnosis>);

/// The kind of a finding. The numbers are stable. Later versions may add some, so a program has to
/// expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_finding_kinds {
    /// No finding has this kind.
    MACVLAN_FINDING_NONE = 0,
    /// The container's link no longer exists.
    MACVLAN_FINDING_LINK_GONE = 1,
    /// The container's link is down.
    MACVLAN_FINDING_LINK_DOWN = 2,
    /// The container's link has another MAC address than it was given.
    MACVLAN_FINDING_MAC_CHANGED = 3,
    /// The parent no longer exists.
    MACVLAN_FINDING_PARENT_GONE = 4,
    /// The parent, or a link below it, is down.
    MACVLAN_FINDING_PARENT_DOWN = 5,
    /// The parent, or a link below it, has no carrier.
    MACVLAN_FINDING_NO_CARRIER = 6,
    /// The parent, or a link below it, is a port of a bridge, bond or VRF, which receives its
    /// frames.
    MACVLAN_FINDING_PARENT_IS_PORT = 7,
    /// The parent is wireless.
    MACVLAN_FINDING_WIRELESS = 8,
    /// The link has no address of the peer's family.
    MACVLAN_FINDING_NO_ADDRESS = 9,
    /// No route leads to the peer through the link.
    MACVLAN_FINDING_NO_ROUTE = 10,
    /// The peer is the host itself, which its own macvlans cannot reach.
    MACVLAN_FINDING_PEER_IS_HOST = 11,
    /// The container's request did not leave through the parent.
    MACVLAN_FINDING_NOT_SENT = 12,
    /// The request was sent, but not answered.
    MACVLAN_FINDING_NO_ANSWER = 13,
    /// The peer answers the parent but not the container: only the parent's MAC address passes on
    /// the way.
    MACVLAN_FINDING_MAC_FILTERED = 14,
    /// The answer is only received while the parent is promiscuous.
    MACVLAN_FINDING_NOT_PROMISCUOUS = 15,
    /// The answer reached the parent but not the container.
    MACVLAN_FINDING_ANSWER_LOST = 16,
    /// Several hosts answer for one address.
    MACVLAN_FINDING_SEVERAL_ANSWER = 17,
    /// Another host uses the container's MAC address.
    MACVLAN_FINDING_MAC_ELSEWHERE = 18,
    /// The network carries other VLANs than this one.
    MACVLAN_FINDING_OTHER_VLANS = 19,
    /// The container's neighbour entry has another MAC address than the peer.
    MACVLAN_FINDING_WRONG_NEIGHBOUR = 20,
    /// The kernel does not use an IPv6 address of the container, because another host has it.
    MACVLAN_FINDING_ADDRESS_DUPLICATE = 21,
    /// An IPv6 address of the container has been tentative for longer than a detection takes.
    MACVLAN_FINDING_ADDRESS_TENTATIVE = 22,
    /// The connected route of an address was deleted.
    MACVLAN_FINDING_CONNECTED_ROUTE_MISSING = 23,
    /// The peer is a macvlan on the same parent, and not both are in mode bridge.
    MACVLAN_FINDING_SIBLING_MODE = 24,
    /// ARP and neighbour discovery are off on the container's link.
    MACVLAN_FINDING_ARP_OFF = 25,
    /// The container's routing drops packets for the peer, or sends them through another link.
    MACVLAN_FINDING_ROUTED_ELSEWHERE = 26,
}

/// A problem.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_finding {
    /// The size of the struct.
    pub size: usize,
    /// The kind: one of enum macvlan_finding_kinds.
    pub kind: u32,
    /// The kind's name, for logs: "parent-down".
    pub kind_name: *const c_char,
    /// A description of the problem.
    pub text: *const c_char,
    /// A remedy for the problem.
    pub remedy: *const c_char,
}
record!(macvlan_finding);

/// The contents of a diagnosis.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_diagnosis_info {
    /// The size of the struct.
    pub size: usize,
    /// The findings, the most severe first; none if no problems were found.
    pub findings: *const *const macvlan_finding,
    /// The number of findings.
    pub finding_count: usize,
    /// The facts, for people: states of links, neighbour entries, frames, VLANs.
    pub facts: *const *const c_char,
    /// The number of facts.
    pub fact_count: usize,
    /// All findings with their remedies, and the facts, one on each line.
    pub text: *const c_char,
    /// True if the peer, or the gateway to it, has answered the container.
    pub answered: Bool,
}
record!(macvlan_diagnosis_info);

impl Output for Finding {
    type Record = macvlan_finding;

    fn record(&self, arena: &mut Arena) -> macvlan_finding {
        macvlan_finding {
            kind: self.kind as u32,
            kind_name: arena.text(self.kind.as_str()),
            text: arena.text(&self.text),
            remedy: arena.text(&self.remedy),
            ..macvlan_finding::new()
        }
    }
}

impl Output for Diagnosis {
    type Record = macvlan_diagnosis_info;

    fn record(&self, arena: &mut Arena) -> macvlan_diagnosis_info {
        let (findings, finding_count) = arena.parts(&self.findings);
        let (facts, fact_count) = arena.texts(&self.facts);
        macvlan_diagnosis_info {
            findings,
            finding_count,
            facts,
            fact_count,
            text: arena.text(self),
            answered: self.answered.into(),
            ..macvlan_diagnosis_info::new()
        }
    }
}

/// Diagnoses why a container does not reach a peer on its network, "192.168.15.2". Checks its link,
/// its parent and its addresses, sends a request for the peer (or the gateway to it) from the
/// container, and captures frames on the parent. The caller frees the diagnosis with
/// macvlan_diagnosis_free().
///
/// Takes a third of a second if the peer answers, and up to two seconds if it does not. Changes
/// nothing, except that the parent is promiscuous for a moment if there is no answer. Also needs
/// CAP_NET_RAW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_host_diagnose(
    host: *const macvlan_host,
    attachment: *const macvlan_attachment,
    peer: *const c_char,
    diagnosis: *mut *mut macvlan_diagnosis,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let diagnosis = out!(diagnosis);
        let (host, attachment) = (shared!(host), &shared!(attachment).value);
        give(diagnosis, host.diagnose(attachment, parse_ip(text!(peer))?)?.into());
    })
}

/// Returns the contents of the diagnosis, which belong to it. NULL if the diagnosis is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_get(
    diagnosis: *const macvlan_diagnosis,
) -> *const macvlan_diagnosis_info {
    answer(null(), || Ok(shared!(diagnosis).record()))
}

/// Returns whether there is a finding of this kind, one of enum macvlan_finding_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_has(
    diagnosis: *const macvlan_diagnosis,
    kind: c_int,
) -> bool {
    answer(false, || {
        let found = &shared!(diagnosis).value.findings;
        Ok(found.iter().any(|finding| number(finding.kind as u32) == kind))
    })
}

/// Frees a diagnosis. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_free(diagnosis: *mut macvlan_diagnosis) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(diagnosis) }
}
