//! Attach, detach, and other operations of a host for its containers.

pub(crate) mod access;
pub(crate) mod detach_handle;
pub(crate) mod diagnosis;
pub(crate) mod host;
pub(crate) mod keeper;
pub(crate) mod pool;
