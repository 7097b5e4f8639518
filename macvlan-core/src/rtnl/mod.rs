//! rtnetlink messages: laid out from our values, and read back into them.

#[cfg(all(test, target_endian = "little"))]
mod captured;
pub(crate) mod decode;
mod elsewhere;
pub(crate) mod encode;
#[cfg(feature = "bench-internals")]
pub(crate) mod laid_open;
mod query;
#[cfg(test)]
mod roundtrip_tests;
pub(crate) mod sysctl;
mod uapi;

pub(crate) use elsewhere::find_elsewhere;
pub(crate) use uapi::{IP6_RT_PRIO_USER, RTPROT_MACVLAN, RTPROT_RA};
