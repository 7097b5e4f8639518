//! What a container's interface should be, and what it became.

pub(crate) mod announce;
pub(crate) mod attachment;
pub(crate) mod difference;
pub(crate) mod endpoint;
pub(crate) mod probe;
