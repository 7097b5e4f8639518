//! Attaching, detaching, and what else a host does for its containers.

pub(crate) mod access;
pub(crate) mod detaching;
pub(crate) mod diagnosis;
pub(crate) mod host;
pub(crate) mod keeper;
pub(crate) mod pool;
