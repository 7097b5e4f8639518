//! Says by what a host counts as alive in a store for many hosts.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// By what a host counts as alive in etcd, so that other hosts leave its leases alone.
///
/// The numbers are stable and appear in the C ABI.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[repr(u32)]
pub enum Life {
    /// By each process that has the store open, and for a while after it.
    ///
    /// This is for programs that run as long as their containers.
    #[default]
    Process = 1,
    /// By an agent (`macvlan agent`), or by a declaration.
    ///
    /// This is for processes that end at once, such as a CNI plugin. Without either, they get no
    /// lease.
    Agent = 2,
    /// By a declaration ([`Networks::declare_host`](crate::Networks::declare_host)), which lasts
    /// until [`Networks::forget_host`](crate::Networks::forget_host).
    ///
    /// Without one, processes get no lease.
    Declared = 3,
}

impl Life {
    /// All values, ordered by number.
    pub const ALL: &[Self] = &[Self::Process, Self::Agent, Self::Declared];
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Process => "process",
            Self::Agent => "agent",
            Self::Declared => "declared",
        })
    }
}

impl FromStr for Life {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|one| one.to_string() == text).ok_or_else(|| {
            Error::invalid(
                format!("parse the life of a host {text:?}"),
                "the life must be process, agent or declared",
            )
        })
    }
}

/// The state of a host in a store for many hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostStatus {
    /// The host's name.
    pub name: String,
    /// True if the host counts as alive.
    pub is_alive: bool,
    /// True if the host is declared.
    pub is_declared: bool,
    /// The number of its agents that count as alive.
    pub agents: usize,
    /// The number of its other processes that count as alive.
    pub processes: usize,
    /// The machine that has the name, by its machine-id and its boot id.
    pub machine: Option<String>,
}
