//! What goes over the wire about addresses.

pub(crate) mod announce;
pub(crate) mod ask;
pub(crate) mod asked;
pub(crate) mod carrier;
pub(crate) mod dad;
pub(crate) mod probe;
