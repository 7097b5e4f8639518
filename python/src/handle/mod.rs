//! Namespaces, and the commands of `ip` in one.

pub(crate) mod handle;
pub(crate) mod netns;
pub(crate) mod promisc;
pub(crate) mod watch;
