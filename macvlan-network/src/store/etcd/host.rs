//! That a host is alive: a key that etcd drops when nobody says so any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use etcd_client::{Client, Compare, CompareOp, GetOptions, PutOptions, Txn, TxnOp};

use crate::error::{Error, ErrorKind, Result};
use crate::machine::Machine;
use crate::time::since_boot;

use super::client::LoggedIn;
use super::keys;

/// How soon to try again when etcd could not be reached.
const SOON: Duration = Duration::from_secs(1);

/// This process's word for its host.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) key: String,
    /// What all keys of this host's processes begin with.
    all: String,
    machine: &'static Machine,
    /// What its value says: the machine.
    value: String,
    ttl: Duration,
    /// etcd's lease; 0 if there is none.
    lease: AtomicI64,
    /// Since when etcd's lease counts, in milliseconds since boot: when what it last answered was asked.
    counts_since: AtomicU64,
}

impl Registration {
    pub(super) fn new(
        all: String,
        process: &str,
        machine: &'static Machine,
        ttl: Duration,
    ) -> Result<Self> {
        let (key, ttl) = (format!("{all}{process}"), ttl.max(Duration::from_secs(1)));
        let value = keys::write(machine)?;
        Ok(Self {
            key,
            all,
            machine,
            value,
            ttl,
            lease: AtomicI64::new(0),
            counts_since: AtomicU64::new(0),
        })
    }

    /// Says it, unless another machine lives under the host's name, which is returned then.
    pub(super) async fn register(
        self: Arc<Self>,
        mut client: Client,
    ) -> std::result::Result<Option<Machine>, etcd_client::Error> {
        let seconds = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let (mut lease, mut asked) = (0, Duration::ZERO);
        loop {
            let all = GetOptions::new().with_prefix();
            let found = client.get(self.all.clone(), Some(all)).await?;
            // One of an earlier version does not say on which machine it is.
            let machines =
                found.kvs().iter().filter_map(|kv| keys::read(kv.value_str().ok()?).ok());
            let machines: Vec<Machine> = machines.collect();
            // All that live under a name are one machine: after a reboot its containers, which may have other
            // machine-ids, are known by what they have in common with it.
            let is_same = |one: &Machine| self.machine.is_same_as(one) == Some(true);
            if !machines.iter().any(is_same) {
                let mut machines = machines.into_iter();
                if let Some(other) = machines.find(|one| self.machine.is_other_than(one)) {
                    return Ok(Some(other));
                }
            }
            if lease == 0 {
                asked = since_boot();
                lease = client.lease_grant(seconds, None).await?.id();
            }
            let revision = found.header().map_or(0, etcd_client::ResponseHeader::revision);
            let nobody_since =
                Compare::mod_revision(self.all.clone(), CompareOp::Less, revision + 1)
                    .with_prefix();
            let options = PutOptions::new().with_lease(lease);
            let say = TxnOp::put(self.key.clone(), self.value.clone(), Some(options));
            if client.txn(Txn::new().when([nobody_since]).and_then([say])).await?.succeeded() {
                self.lease.store(lease, Ordering::Release);
                self.counts_from(asked);
                return Ok(None);
            }
        }
    }

    fn counts_from(&self, asked: Duration) {
        let asked = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX);
        self.counts_since.fetch_max(asked, Ordering::AcqRel);
    }

    /// Until when etcd keeps the key, whatever becomes of this process, as time since boot.
    pub(super) fn lasts_until(&self) -> Duration {
        Duration::from_millis(self.counts_since.load(Ordering::Acquire)) + self.ttl
    }

    /// The error where another machine lives under the host's name.
    pub(super) fn refused(&self, host: &str, other: &Machine) -> Error {
        let why = format!("{other} lives under that name, and this is {}", self.machine);
        Error::new(ErrorKind::OtherMachine, format!("call this host {host:?} in etcd"), why)
            .with_hint("give each host a name of its own")
    }

    /// Says it again and again, as long as the store is open.
    pub(super) async fn stay(self: Arc<Self>, client: LoggedIn) {
        loop {
            tokio::time::sleep(if self.lease.load(Ordering::Acquire) == 0 {
                SOON.min(self.ttl / 3)
            } else {
                self.ttl / 3
            })
            .await;
            let (lease, asked) = (self.lease.load(Ordering::Acquire), since_boot());
            let attempt = async {
                if lease == 0 {
                    // Another machine's name is refused when it is used.
                    let register = |client| Arc::clone(&self).register(client);
                    return client.ask(register).await.map(drop);
                }
                let keep = |mut client: Client| async move {
                    client.lease_keep_alive(lease).await.map(drop)
                };
                client.ask(keep).await.map(|()| self.counts_from(asked))
            };
            match tokio::time::timeout(self.ttl / 2, attempt).await {
                Ok(Ok(())) => {}
                // It ran out, or etcd cannot be reached; a new one can do no harm in either case.
                _ => self.forget(lease),
            }
        }
    }

    /// Another may have been made meanwhile.
    fn forget(&self, lease: i64) {
        let _ = self.lease.compare_exchange(lease, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}
