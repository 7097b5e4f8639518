//! The layout of the keys in etcd.
//!
//! | key | value |
//! |---|---|
//! | `store` | the store's id |
//! | `secret` | its secret |
//! | `guard` | changes whenever a network is added or removed |
//! | `net/ID` | a network, as JSON |
//! | `making/ID` | the key of the host's process that writes gaps under this id, before a network uses them |
//! | `netname/NAME` | the id of the network with this name; not written by an earlier version |
//! | `gap/ID/POOL/OWNER/FIRST` | the last address of a gap; the owner is `@` or, with shares, a host; the id is the network's, or the one in its record |
//! | `last/ID/POOL/OWNER` | the address that was given last |
//! | `addr/ID/ADDRESS` | its holder ([`Holder`]) |
//! | `rest/ID/POOL/UNTIL/ADDRESS` | marks an address that is kept until then, or rests since then; not written by an earlier version |
//! | `lease/ID/CONTAINER` | a lease, as JSON |
//! | `lease/ID/CONTAINER/INTERFACE` | a further lease of the same container |
//! | `name/ID/NAME` | the container with this name |
//! | `alias/ID/NAME/CONTAINER` | marks a container with this alias |
//! | `member/CONTAINER/ID` | a copy of the lease, to be found by the container; further ones as above |
//! | `was/ID/CONTAINER` | the addresses that a container had ([`Was`]); further interfaces as above, for hosts of an earlier version |
//! | `was/ID/CONTAINER/INTERFACE` | the same for each interface |
//! | `was/ID/CONTAINER/~/INTERFACE` | the settings of a lease that it had ([`WasSet`]) |
//! | `host/HOST/PROCESS` | the boot id of a process's machine, while the process is alive; empty if written by an earlier version |
//! | `host/HOST/agent/PROCESS` | the same for an agent |
//! | `host/HOST/~` | exists while the host is declared alive |
//! | `machine/HOST` | the machine that has the host's name, as JSON |
//!
//! A pending lease without a container has its own id in place of the container.
//!
//! Addresses are 32 hexadecimal digits, IPv4 ones as IPv4-mapped IPv6 ones, so that they sort as
//! numbers.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::former::Former;

/// The owner of the common pool, from which any host may take addresses.
pub(super) const EVERYBODY: &str = "@";

/// The holder of an address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Holder {
    /// A container, and the owner of the gap that the address came from.
    Lease { container: String, owner: String },
    /// A host outside of the network, found at that time in seconds since 1970.
    Foreign { found: u64, owner: String },
    /// A container that had it. It is kept for the container until that time in seconds since 1970.
    ///
    /// An address that rests is no longer kept, and given to others when no other address is left.
    Kept {
        container: String,
        until: u64,
        owner: String,
        #[serde(default)]
        rests: bool,
    },
}

impl Holder {
    pub(super) fn owner(&self) -> &str {
        match self {
            Self::Lease { owner, .. } | Self::Foreign { owner, .. } | Self::Kept { owner, .. } => {
                owner
            }
        }
    }
}

/// The addresses that a container had, and until when this is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Was {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) released: u64,
}

/// The settings of a lease that a container had.
///
/// Hosts of an earlier version read it as a [`Was`] without addresses, which they delete in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WasSet {
    #[serde(default)]
    pub(super) addresses: Vec<IpAddr>,
    #[serde(flatten)]
    pub(super) former: Former,
}

/// Makes keys with the store's prefix.
#[derive(Debug, Clone)]
pub(super) struct Keys(pub(super) String);

impl Keys {
    pub(super) fn store(&self) -> String {
        format!("{}store", self.0)
    }

    pub(super) fn secret(&self) -> String {
        format!("{}secret", self.0)
    }

    pub(super) fn guard(&self) -> String {
        format!("{}guard", self.0)
    }

    pub(super) fn networks(&self) -> String {
        format!("{}net/", self.0)
    }

    pub(super) fn network(&self, id: &str) -> String {
        format!("{}net/{id}", self.0)
    }

    pub(super) fn network_name(&self, name: &str) -> String {
        format!("{}netname/{name}", self.0)
    }

    pub(super) fn makings(&self) -> String {
        format!("{}making/", self.0)
    }

    pub(super) fn making(&self, id: &str) -> String {
        format!("{}making/{id}", self.0)
    }

    pub(super) fn all_gaps(&self, id: &str) -> String {
        format!("{}gap/{id}/", self.0)
    }

    pub(super) fn pool(&self, id: &str, pool: usize) -> String {
        format!("{}gap/{id}/{pool:02x}/", self.0)
    }

    pub(super) fn gaps(&self, id: &str, pool: usize, owner: &str) -> String {
        format!("{}gap/{id}/{pool:02x}/{owner}/", self.0)
    }

    pub(super) fn gap(&self, id: &str, pool: usize, owner: &str, first: u128) -> String {
        self.all_gaps(id) + &place(pool, owner, first)
    }

    pub(super) fn last(&self, id: &str, pool: usize, owner: &str) -> String {
        format!("{}last/{id}/{pool:02x}/{owner}", self.0)
    }

    pub(super) fn addresses(&self, id: &str) -> String {
        format!("{}addr/{id}/", self.0)
    }

    pub(super) fn address(&self, id: &str, at: u128) -> String {
        format!("{}addr/{id}/{at:032x}", self.0)
    }

    pub(super) fn rests(&self, id: &str, pool: usize) -> String {
        format!("{}rest/{id}/{pool:02x}/", self.0)
    }

    pub(super) fn rest(&self, id: &str, pool: usize, until: u64, at: u128) -> String {
        format!("{}rest/{id}/{pool:02x}/{until:016x}/{at:032x}", self.0)
    }

    pub(super) fn all_leases(&self) -> String {
        format!("{}lease/", self.0)
    }

    pub(super) fn leases(&self, id: &str) -> String {
        format!("{}lease/{id}/", self.0)
    }

    pub(super) fn lease(&self, id: &str, container: &str) -> String {
        format!("{}lease/{id}/{container}", self.0)
    }

    pub(super) fn name(&self, id: &str, name: &str) -> String {
        format!("{}name/{id}/{name}", self.0)
    }

    pub(super) fn aliases(&self, id: &str, alias: &str) -> String {
        format!("{}alias/{id}/{alias}/", self.0)
    }

    pub(super) fn alias(&self, id: &str, alias: &str, container: &str) -> String {
        format!("{}alias/{id}/{alias}/{container}", self.0)
    }

    pub(super) fn members(&self, container: &str) -> String {
        format!("{}member/{container}/", self.0)
    }

    pub(super) fn member(&self, container: &str, id: &str) -> String {
        format!("{}member/{container}/{id}", self.0)
    }

    pub(super) fn was(&self, id: &str, container: &str) -> String {
        format!("{}was/{id}/{container}", self.0)
    }

    pub(super) fn formers(&self, id: &str, container: &str) -> String {
        format!("{}was/{id}/{container}/~/", self.0)
    }

    pub(super) fn former(&self, id: &str, container: &str, interface: &str) -> String {
        format!("{}was/{id}/{container}/~/{interface}", self.0)
    }

    pub(super) fn hosts(&self) -> String {
        format!("{}host/", self.0)
    }

    pub(super) fn host(&self, host: &str, process: &str) -> String {
        format!("{}host/{host}/{process}", self.0)
    }

    pub(super) fn agents(&self, host: &str) -> String {
        self.host(host, "agent/")
    }

    /// Sorts after the keys of all processes and agents.
    pub(super) fn declared(&self, host: &str) -> String {
        self.host(host, "~")
    }

    pub(super) fn machine(&self, host: &str) -> String {
        format!("{}machine/{host}", self.0)
    }

    /// Returns the prefixes of the keys that are deleted with a network, except its gaps.
    pub(super) fn of_network(&self, id: &str) -> Vec<String> {
        ["last", "addr", "was", "lease", "name", "alias", "rest"]
            .map(|kind| format!("{}{kind}/{id}/", self.0))
            .to_vec()
    }
}

/// Returns the part of a gap's key after the id.
pub(super) fn place(pool: usize, owner: &str, first: u128) -> String {
    format!("{pool:02x}/{owner}/{first:032x}")
}

/// Returns the last part of a key.
pub(super) fn end_of(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

pub(super) fn number(digits: &str) -> Result<u128> {
    u128::from_str_radix(digits, 16).map_err(|error| unusable(&error))
}

pub(super) fn read<T: for<'a> Deserialize<'a>>(value: &str) -> Result<T> {
    serde_json::from_str(value).map_err(|error| unusable(&error))
}

pub(super) fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| unusable(&error))
}

fn unusable(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::StoreUnusable, "read the store in etcd", error.to_string())
}
