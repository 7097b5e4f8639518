//! Encodes and decodes rtnetlink messages.

#[cfg(all(test, target_endian = "little"))]
pub(crate) mod captured;
#[allow(clippy::disallowed_methods)] // decodes bytes only
pub(crate) mod decode;
mod elsewhere;
#[allow(clippy::disallowed_methods)] // decodes bytes only
pub(crate) mod encode;
#[allow(clippy::disallowed_methods)] // decodes bytes only
mod note;
mod query;
#[cfg(test)]
mod roundtrip_tests;
pub(crate) mod sysctl;
mod uapi;

pub(crate) use elsewhere::{find_elsewhere, may_be_elsewhere};
pub(crate) use note::{Note, TABLE as NOTES_TABLE};
pub(crate) use uapi::{RTPROT_MACVLAN, RTPROT_RA};
