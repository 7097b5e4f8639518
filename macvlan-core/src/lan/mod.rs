//! Probes and announcements of addresses on the network.

pub(crate) mod announce;
pub(crate) mod ask;
pub(crate) mod asked;
pub(crate) mod carrier;
pub(crate) mod dad;
#[cfg(feature = "serde")]
mod form;
pub(crate) mod probe;
