//! Forgets a host that counts as alive without a process.

use etcd_client::TxnOp;

use crate::error::{Error, ErrorKind, Result};

use super::change::retry;
use super::store::EtcdStore;
use super::wire::none_within;

impl EtcdStore {
    /// Makes a host count as dead, if none of its processes is alive; false if it already does.
    pub(super) fn forget_persistent(&self, host: &str) -> Result<bool> {
        let (all, key) = (self.keys.host(host, ""), self.keys.persistent(host));
        retry(|| {
            let found = self.wire.all(&all)?;
            if found.is_empty() {
                return Ok(Some(false));
            }
            if found.iter().any(|item| item.key != key) {
                let why = "a process of it has the store open, or had until a moment ago";
                return Err(Error::new(ErrorKind::HostAlive, format!("forget host {host:?}"), why)
                    .with_hint(
                        "wait for the time for which it counts as alive, 60 s unless said",
                    ));
            }
            let no_process = none_within(all.clone(), key.clone());
            let forgotten =
                self.wire.commit(vec![no_process], vec![TxnOp::delete(key.clone(), None)])?;
            Ok(forgotten.then_some(true))
        })
    }
}
