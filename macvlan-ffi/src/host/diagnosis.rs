//! `macvlan_diagnosis`: reasons why a container does not reach a peer; and `macvlan_finding`, one
//! of them.

use std::ffi::{CString, c_char, c_int};
use std::ptr::null;

use macvlan_core::{Diagnosis, Finding, FindingKind, parse_ip};

use crate::base::boundary::{answer, boundary, free};
use crate::base::kernel::number;
use crate::base::object::{Tagged, give, nth, object, out, parts, shared};
use crate::base::report::macvlan_error;
use crate::base::text::{Text, Texts, c_string, text};
use crate::endpoint::attachment::macvlan_attachment;
use crate::host::macvlan_host;

/// The diagnosis of an attachment and a peer, from macvlan_host_diagnose(). Freed with
/// macvlan_diagnosis_free(), with all its parts.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_diagnosis {
    _opaque: (),
}
object!(macvlan_diagnosis, Diagnosed);

/// A problem: a part of a macvlan_diagnosis, with which it is freed.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_finding {
    _opaque: (),
}
object!(macvlan_finding, Found);

/// The kind of a finding. The numbers are stable. Later versions may add some, so a program has to
/// expect numbers that are not listed here.
#[repr(C)]
pub enum macvlan_finding_kinds {
    /// No finding: macvlan_finding_kind(NULL).
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
}

pub(crate) struct Diagnosed {
    diagnosis: Diagnosis,
    findings: Vec<Tagged<Found>>,
    facts: Texts,
    text: Text,
}

impl From<Diagnosis> for Diagnosed {
    fn from(diagnosis: Diagnosis) -> Self {
        let findings = parts::<macvlan_finding>(diagnosis.findings.iter().map(Found::from));
        Self { diagnosis, findings, facts: Texts::default(), text: Text::default() }
    }
}

pub(crate) struct Found {
    kind: FindingKind,
    kind_name: CString,
    text: CString,
    remedy: CString,
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: finding.kind,
            kind_name: c_string(finding.kind.as_str()),
            text: c_string(&finding.text),
            remedy: c_string(&finding.remedy),
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
        let (host, attachment) = (shared!(host), &shared!(attachment).attachment);
        give(diagnosis, host.diagnose(attachment, parse_ip(text!(peer))?)?.into());
    })
}

/// Returns whether the peer, or the gateway to it, has answered the container.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_answered(diagnosis: *const macvlan_diagnosis) -> bool {
    answer(false, || Ok(shared!(diagnosis).diagnosis.answered))
}

/// Returns the number of findings; 0 if no problems were found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_finding_count(
    diagnosis: *const macvlan_diagnosis,
) -> usize {
    answer(0, || Ok(shared!(diagnosis).findings.len()))
}

/// Returns one of the findings, counted from 0, the most severe first. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_finding(
    diagnosis: *const macvlan_diagnosis,
    index: usize,
) -> *const macvlan_finding {
    answer(null(), || Ok(nth(&shared!(diagnosis).findings, index)))
}

/// Returns whether there is a finding of this kind, one of enum macvlan_finding_kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_has(
    diagnosis: *const macvlan_diagnosis,
    kind: c_int,
) -> bool {
    answer(false, || {
        let found = &shared!(diagnosis).diagnosis.findings;
        Ok(found.iter().any(|finding| number(finding.kind as u32) == kind))
    })
}

/// Returns the number of facts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_fact_count(
    diagnosis: *const macvlan_diagnosis,
) -> usize {
    answer(0, || Ok(shared!(diagnosis).diagnosis.facts.len()))
}

/// Returns one of the facts, for people, counted from 0: states of links, neighbour entries,
/// frames, VLANs. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_fact(
    diagnosis: *const macvlan_diagnosis,
    index: usize,
) -> *const c_char {
    answer(null(), || {
        let diagnosed = shared!(diagnosis);
        Ok(diagnosed.facts.of(&diagnosed.diagnosis.facts, index))
    })
}

/// Returns all findings with their remedies, and the facts, one on each line. NULL if the diagnosis
/// is invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_text(
    diagnosis: *const macvlan_diagnosis,
) -> *const c_char {
    answer(null(), || {
        let diagnosed = shared!(diagnosis);
        Ok(diagnosed.text.of(&diagnosed.diagnosis))
    })
}

/// Frees a diagnosis. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_free(diagnosis: *mut macvlan_diagnosis) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(diagnosis) }
}

/// Returns the kind of the finding: one of enum macvlan_finding_kinds. MACVLAN_FINDING_NONE for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_kind(finding: *const macvlan_finding) -> c_int {
    answer(0, || Ok(number(shared!(finding).kind as u32)))
}

/// Returns the kind's name, for logs: "parent-down". NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_kind_name(
    finding: *const macvlan_finding,
) -> *const c_char {
    answer(null(), || Ok(shared!(finding).kind_name.as_ptr()))
}

/// Returns a description of the problem. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_text(finding: *const macvlan_finding) -> *const c_char {
    answer(null(), || Ok(shared!(finding).text.as_ptr()))
}

/// Returns a remedy for the problem. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_remedy(finding: *const macvlan_finding) -> *const c_char {
    answer(null(), || Ok(shared!(finding).remedy.as_ptr()))
}
