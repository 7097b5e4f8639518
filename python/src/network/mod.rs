//! Networks and their containers.

pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod etcd;
pub(crate) mod host_link;
pub(crate) mod lease;
pub(crate) mod network;
pub(crate) mod networks;
pub(crate) mod reconciled;
pub(crate) mod session;
pub(crate) mod subnet;
