//! Keeps this host alive in the store, by a key that etcd deletes when it is no longer refreshed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_client::{Client, GetOptions, PutOptions, Txn, TxnOp, TxnOpResponse};

use crate::error::{Error, ErrorKind, Result};
use crate::machine::{Claim, Machine};
use crate::random;
use crate::time::since_boot;

use super::client::LoggedIn;
use super::keys::{self, Keys};
use super::options::EtcdOptions;
use super::wire::{absent, unchanged};

/// The delay before the next attempt if etcd cannot be reached.
const SOON: Duration = Duration::from_secs(1);

/// The result of an attempt to register a host.
pub(super) enum Registered {
    Done,
    /// Another machine is alive under the name.
    Refused(Machine),
    /// Processes of another boot are registered. Either that boot has just ended, or it is another
    /// machine with the same machine-id, which will refresh its registration.
    Unclear,
}

/// This process's registration of its host.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) key: String,
    /// The common prefix of the keys of this host's processes.
    all: String,
    /// The key that names the machine that has the host's name.
    owner: String,
    machine: &'static Machine,
    ttl: Duration,
    /// The etcd lease of the key; 0 if there is none.
    lease: AtomicI64,
    /// The start of the etcd lease's current term, in milliseconds since boot: when the last
    /// answered request was sent.
    counts_since: AtomicU64,
    /// True once the registration has ended.
    is_over: AtomicBool,
    /// The remaining seconds of registrations of other boots, by their etcd leases.
    others: Mutex<HashMap<i64, i64>>,
}

impl Registration {
    pub(super) fn new(keys: &Keys, options: &EtcdOptions) -> Result<Self> {
        let host = &options.host;
        let (all, owner) = (keys.host(host, ""), keys.machine(host));
        let place = if options.agent { keys.agents(host) } else { all.clone() };
        Ok(Self {
            key: format!("{place}{}", &random::id()[..16]),
            all,
            owner,
            machine: Machine::here()?,
            ttl: options.ttl.max(Duration::from_secs(1)),
            lease: AtomicI64::new(0),
            counts_since: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            others: Mutex::default(),
        })
    }

    /// Registers the host, unless another machine is alive under its name.
    pub(super) async fn register(
        self: Arc<Self>,
        mut client: Client,
    ) -> std::result::Result<Registered, etcd_client::Error> {
        let seconds = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let (mut lease, mut asked) = (0, Duration::ZERO);
        loop {
            let living = Some(GetOptions::new().with_prefix().with_limit(1).with_keys_only());
            let owner = TxnOp::get(self.owner.clone(), None);
            let read = Txn::new().and_then([owner, TxnOp::get(self.all.clone(), living)]);
            let read = client.txn(read).await?.op_responses();
            let mut found = read.iter().map(|response| match response {
                TxnOpResponse::Get(found) => found.kvs(),
                _ => &[],
            });
            let owner = found.next().and_then(<[_]>::first);
            let is_dead = found.next().is_none_or(<[_]>::is_empty);
            let changed = owner.map_or(0, etcd_client::KeyValue::mod_revision);
            let read = |owner: &etcd_client::KeyValue| keys::read(owner.value_str().ok()?).ok();
            let machine: Option<Option<Machine>> = owner.map(read);
            let claim = match &machine {
                // A later version's record is not compared.
                Some(None) => Claim::Held,
                owner => self.machine.claim(owner.as_ref().and_then(Option::as_ref)),
            };
            if let (Claim::Take(_), Some(Some(owner)), false) = (&claim, &machine, is_dead) {
                match self.has_another_boot(&mut client).await? {
                    Some(true) => return Ok(Registered::Refused(owner.clone())),
                    Some(false) => {}
                    None => return Ok(Registered::Unclear),
                }
            }
            let mut when = vec![unchanged(self.owner.clone(), changed)];
            let take = match claim {
                Claim::Held => None,
                Claim::Take(machine) => Some(machine),
                Claim::Refused if is_dead => {
                    when.push(absent(self.all.clone()).with_prefix());
                    Some(self.machine.clone())
                }
                Claim::Refused => {
                    return Ok(machine.flatten().map_or(Registered::Done, Registered::Refused));
                }
            };
            if lease == 0 {
                asked = since_boot();
                lease = client.lease_grant(seconds, None).await?.id();
            }
            let options = PutOptions::new().with_lease(lease);
            let mut then =
                vec![TxnOp::put(self.key.clone(), self.machine.boot.as_str(), Some(options))];
            if let Some(Ok(machine)) = take.map(|machine| keys::write(&machine)) {
                then.push(TxnOp::put(self.owner.clone(), machine, None));
            }
            if client.txn(Txn::new().when(when).and_then(then)).await?.succeeded() {
                self.lease.store(lease, Ordering::Release);
                self.counts_from(asked);
                return Ok(Registered::Done);
            }
        }
    }

    /// Returns whether processes of another boot refresh their registrations; `None` if this is not
    /// clear yet.
    ///
    /// They refresh them before a third of the time is over, so those that are over by half are of
    /// processes that have ended.
    async fn has_another_boot(
        &self,
        client: &mut Client,
    ) -> std::result::Result<Option<bool>, etcd_client::Error> {
        let all = client.get(self.all.clone(), Some(GetOptions::new().with_prefix())).await?;
        let mut is_clear = true;
        for one in all.kvs() {
            let boot = one.value_str().unwrap_or_default();
            // Those of an earlier version are empty, and so is the one without a process.
            if boot.is_empty() || boot == self.machine.boot {
                continue;
            }
            let term = client.lease_time_to_live(one.lease(), None).await?;
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            // Rounded down by etcd.
            let remains = term.ttl();
            let before = others.insert(one.lease(), remains);
            if before.is_some_and(|before| remains > before) {
                return Ok(Some(true));
            }
            is_clear &= 2 * (remains + 1) <= term.granted_ttl();
        }
        Ok(is_clear.then_some(false))
    }

    /// Returns the time after which to look again, if it is unclear whether another boot has ended.
    pub(super) fn pause(&self) -> Duration {
        (self.ttl / 20).min(SOON)
    }

    fn counts_from(&self, asked: Duration) {
        let asked = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX);
        self.counts_since.fetch_max(asked, Ordering::AcqRel);
    }

    /// Returns the time since boot until which etcd certainly keeps the key.
    pub(super) fn lasts_until(&self) -> Duration {
        Duration::from_millis(self.counts_since.load(Ordering::Acquire)) + self.ttl
    }

    /// Returns the error if another machine is registered under the host's name.
    pub(super) fn refused(&self, host: &str, other: &Machine) -> Error {
        let why = format!("{other} is alive under this name, and this is {}", self.machine);
        let hint = if other.id == self.machine.id {
            "give a cloned machine its own machine-id, and each host a different name"
        } else {
            "use a different name for each host, or forget a declared host that no longer exists"
        };
        Error::new(ErrorKind::OtherMachine, format!("register host {host:?} in etcd"), why)
            .with_hint(hint)
    }

    /// Ends the registration; false if there is none at the moment.
    pub(super) fn end(&self) -> bool {
        self.is_over.store(true, Ordering::Release);
        self.lease.load(Ordering::Acquire) != 0
    }

    /// Refreshes the registration while the store is open.
    pub(super) async fn stay(self: Arc<Self>, client: LoggedIn) {
        loop {
            tokio::time::sleep(if self.lease.load(Ordering::Acquire) == 0 {
                SOON.min(self.ttl / 3)
            } else {
                self.ttl / 3
            })
            .await;
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            let (lease, asked) = (self.lease.load(Ordering::Acquire), since_boot());
            let attempt = async {
                if lease == 0 {
                    // If the name belongs to another machine, the next use of the store reports it.
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
                // The lease has expired, or etcd cannot be reached. A new one does no harm in
                // either case.
                _ => self.forget(lease),
            }
        }
    }

    /// Forgets a lease, unless a newer one has replaced it.
    fn forget(&self, lease: i64) {
        let _ = self.lease.compare_exchange(lease, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}
