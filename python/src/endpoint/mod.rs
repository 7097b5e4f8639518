//! Descriptions of container interfaces, and attached ones.

pub(crate) mod announce;
pub(crate) mod attachment;
pub(crate) mod difference;
pub(crate) mod endpoint;
pub(crate) mod probe;
