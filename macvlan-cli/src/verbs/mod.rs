//! The verbs, one file each.

pub(crate) mod access;
pub(crate) mod announce;
pub(crate) mod attach;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod detach;
pub(crate) mod diagnose;
pub(crate) mod docker;
pub(crate) mod ensure;
pub(crate) mod keep;
pub(crate) mod man;
pub(crate) mod netns;
pub(crate) mod network;
pub(crate) mod parents;
pub(crate) mod probe;
pub(crate) mod select;
pub(crate) mod show;
pub(crate) mod watch;
