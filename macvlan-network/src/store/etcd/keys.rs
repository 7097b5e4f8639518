//! Where things are in etcd.
//!
//! | key | value |
//! |---|---|
//! | `store` | the store's id |
//! | `secret` | its secret |
//! | `guard` | changes with every network that comes or goes |
//! | `net/ID` | a network, as JSON |
//! | `making/ID` | the host's key of the process that writes gaps by an id, which are no network's yet |
//! | `netname/NAME` | the id of the network that is called so; one of an earlier version has none |
//! | `gap/ID/POOL/OWNER/FIRST` | the last address of a gap; the owner is `@` or, with shares, a host. The id is the network's, or one that the network tells |
//! | `last/ID/POOL/OWNER` | the address that was given last |
//! | `addr/ID/ADDRESS` | who has it ([`Holder`]) |
//! | `rest/ID/POOL/UNTIL/ADDRESS` | that an address is kept until then, or rests since then; not if an earlier version has kept it |
//! | `lease/ID/CONTAINER` | a lease, as JSON |
//! | `lease/ID/CONTAINER/INTERFACE` | a further one of the same container |
//! | `name/ID/NAME` | the container that is called so |
//! | `alias/ID/NAME/CONTAINER` | that the container is called so too |
//! | `member/CONTAINER/ID` | the lease once more, to be found by the container; a further one as above |
//! | `was/ID/CONTAINER` | the addresses that a container had ([`Was`]); by a further interface as above |
//! | `host/HOST/PROCESS` | there as long as that process lives on that host |
//! | `host/HOST/~` | there as long as that host counts as alive without a process |
//! | `machine/HOST` | the machine that the host's name is of, as JSON |
//!
//! A pending lease that is for no container has its own id as container.
//!
//! Addresses are 32 hexadecimal digits, IPv4 ones as mapped IPv6 ones, so that they sort as numbers.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// The owner of what any host may take.
pub(super) const EVERYBODY: &str = "@";

/// Who has an address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Holder {
    /// A container's, and whose gaps it came from.
    Lease { container: String, owner: String },
    /// Nobody's whom we know, found at that second.
    Foreign { found: u64, owner: String },
    /// Nobody's, but kept for a container until that second. One that rests is kept no longer, and given to
    /// others when no other is left.
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

/// The addresses that a container had, until when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Was {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) released: u64,
}

/// All keys begin the same.
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

    pub(super) fn hosts(&self) -> String {
        format!("{}host/", self.0)
    }

    pub(super) fn host(&self, host: &str, process: &str) -> String {
        format!("{}host/{host}/{process}", self.0)
    }

    /// Behind those of all processes, which are hexadecimal digits.
    pub(super) fn persistent(&self, host: &str) -> String {
        self.host(host, "~")
    }

    pub(super) fn machine(&self, host: &str) -> String {
        format!("{}machine/{host}", self.0)
    }

    /// Everything that goes with a network, but for its gaps.
    pub(super) fn of_network(&self, id: &str) -> Vec<String> {
        ["last", "addr", "was", "lease", "name", "alias", "rest"]
            .map(|kind| format!("{}{kind}/{id}/", self.0))
            .to_vec()
    }
}

/// What is behind the id in the key of a gap.
pub(super) fn place(pool: usize, owner: &str, first: u128) -> String {
    format!("{pool:02x}/{owner}/{first:032x}")
}

/// The last part of a key.
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
    Error::new(ErrorKind::StoreUnusable, "read what is in etcd", error.to_string())
}
