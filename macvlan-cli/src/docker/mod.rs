//! The plugin of Docker: a network driver and an IPAM driver for its daemon.
//!
//! The daemon sends requests over a Unix socket, which are answered from the store of networks and
//! leases. Requests name networks, pools and endpoints by ids; the store has those as well, so that
//! this process may be killed at any time. `docs/docker.md` in the repository is its manual.

mod endpoint;
mod finish;
mod ipam;
mod leased;
mod methods;
mod network;
mod options;
mod plugin;
mod pools;
mod remembered;
mod repair;
mod request;
mod server;
mod socket;
mod stored;

pub(crate) use plugin::Plugin;
pub(crate) use server::Server;
pub(crate) use socket::{DEFAULT as SOCKET, Socket};

/// The runtime's name, on the networks that it describes.
const RUNTIME: &str = crate::runtime_network::DOCKER;
/// The beginning of the names of interfaces that Docker moves and numbers; until then, the name of
/// such an interface.
const PREFIX: &str = "eth";
