//! `macvlan_diagnosis`: why a container does not reach a peer; and `macvlan_finding`, one reason.

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

/// What was found out about an attachment and a peer, given by macvlan_host_diagnose(). Freed with
/// macvlan_diagnosis_free(); all that it tells belongs to it.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_diagnosis {
    _opaque: (),
}
object!(macvlan_diagnosis, Diagnosed);

/// Something that is not as it should be: a part of a macvlan_diagnosis, which it is freed with.
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_finding {
    _opaque: (),
}
object!(macvlan_finding, Found);

/// What is not as it should be. The numbers are stable, and more may come: a program has to expect
/// numbers that are not listed here.
#[repr(C)]
pub enum macvlan_finding_kinds {
    /// There is no finding: macvlan_finding_kind(NULL).
    MACVLAN_FINDING_NONE = 0,
    /// The container's link does not exist any more.
    MACVLAN_FINDING_LINK_GONE = 1,
    /// The container's link is down.
    MACVLAN_FINDING_LINK_DOWN = 2,
    /// The container's link has another MAC address than it was given.
    MACVLAN_FINDING_MAC_CHANGED = 3,
    /// The parent does not exist any more.
    MACVLAN_FINDING_PARENT_GONE = 4,
    /// The parent, or a link below it, is down.
    MACVLAN_FINDING_PARENT_DOWN = 5,
    /// The parent, or a link below it, has no carrier.
    MACVLAN_FINDING_NO_CARRIER = 6,
    /// The parent, or a link below it, is a port of a bridge, bond or VRF, which takes its frames.
    MACVLAN_FINDING_PARENT_IS_PORT = 7,
    /// The parent is wireless.
    MACVLAN_FINDING_WIRELESS = 8,
    /// The link has no address of the peer's family.
    MACVLAN_FINDING_NO_ADDRESS = 9,
    /// No route leads to the peer by this link.
    MACVLAN_FINDING_NO_ROUTE = 10,
    /// The peer is the host itself, which its own macvlans do not reach.
    MACVLAN_FINDING_PEER_IS_HOST = 11,
    /// The container's question did not leave by the parent.
    MACVLAN_FINDING_NOT_SENT = 12,
    /// The question went out, and nobody has answered.
    MACVLAN_FINDING_NO_ANSWER = 13,
    /// The peer answers the parent, and not the container: something on the way lets only the
    /// parent's MAC address pass.
    MACVLAN_FINDING_MAC_FILTERED = 14,
    /// The answer arrives only while the parent is promiscuous.
    MACVLAN_FINDING_NOT_PROMISCUOUS = 15,
    /// The answer has reached the parent, and not the container.
    MACVLAN_FINDING_ANSWER_LOST = 16,
    /// Several answer for one address.
    MACVLAN_FINDING_SEVERAL_ANSWER = 17,
    /// Somebody else sends with the container's MAC address.
    MACVLAN_FINDING_MAC_ELSEWHERE = 18,
    /// The wire carries other VLANs than this one.
    MACVLAN_FINDING_OTHER_VLANS = 19,
    /// The container remembers another MAC address than the peer has.
    MACVLAN_FINDING_WRONG_NEIGHBOUR = 20,
    /// The kernel does not use an IPv6 address of the container, because another host has it.
    MACVLAN_FINDING_ADDRESS_DUPLICATE = 21,
    /// The kernel has looked for a duplicate of an IPv6 address for longer than that takes.
    MACVLAN_FINDING_ADDRESS_TENTATIVE = 22,
    /// The route to the subnet of an address was deleted.
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

/// Finds out why a container does not reach a peer on its network, "192.168.15.2": looks at its link,
/// its parent and its addresses, asks for the peer (or the gateway to it) from inside, and listens on
/// the parent to what goes out and what comes in.
///
/// Takes a third of a second where the peer answers, and up to two where it does not. Nothing is
/// changed, but that the parent is promiscuous for a moment where nobody answers. Needs CAP_NET_RAW
/// beside the others.
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

/// Returns whether the peer, or the gateway that leads to it, has answered the container.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_answered(diagnosis: *const macvlan_diagnosis) -> bool {
    answer(false, || Ok(shared!(diagnosis).diagnosis.answered))
}

/// Returns the number of findings; 0 if all is well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_diagnosis_finding_count(
    diagnosis: *const macvlan_diagnosis,
) -> usize {
    answer(0, || Ok(shared!(diagnosis).findings.len()))
}

/// Returns one of the findings, counted from 0, what hinders most first. NULL past the end.
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

/// Something that was seen, for the person reading, counted from 0: states of links, neighbour entries,
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

/// All of it: the findings with their remedies and the facts, a line each. NULL if the diagnosis is
/// invalid.
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

/// What it is: one of enum macvlan_finding_kinds. MACVLAN_FINDING_NONE for NULL.
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

/// What it is, in words. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_text(finding: *const macvlan_finding) -> *const c_char {
    answer(null(), || Ok(shared!(finding).text.as_ptr()))
}

/// What can be done about it. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_finding_remedy(finding: *const macvlan_finding) -> *const c_char {
    answer(null(), || Ok(shared!(finding).remedy.as_ptr()))
}
