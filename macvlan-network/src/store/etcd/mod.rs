//! The store for many hosts: etcd.
//!
//! Every change is one transaction of etcd's that compares what it rests on: that an address has no
//! holder, that a gap is as it was read, that the host is alive. If somebody was faster, it is read
//! again. So an address is given once, however many hosts ask at the same time; and when etcd cannot
//! be reached, none is given.

mod change;
mod host;
mod keys;
mod leases;
mod wire;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcd_client::{Compare, CompareOp, DeleteOptions, TxnOp};

use crate::config::check_name;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Foreign, Lease, Wish};
use crate::pool;
use crate::random;
use crate::record::NetworkRecord;
use crate::store::refusal::{in_use, no_network};
use crate::store::{Granted, Store, check_clash};

use change::Change;
use host::Registration;
use keys::{Holder, Keys, end_of};
use wire::{Get, Wire};

/// How often a change is tried again when somebody was faster.
const TRIES: u32 = 2000;

/// How to reach etcd, and who this is.
#[derive(Debug, Clone)]
#[must_use]
pub struct EtcdOptions {
    endpoints: Vec<String>,
    host: String,
    prefix: String,
    timeout: Duration,
    ttl: Duration,
}

impl EtcdOptions {
    /// Of this host, by a name that no other has, at these endpoints: `http://10.0.0.7:2379`.
    pub fn new<E: Into<String>>(
        host: impl Into<String>,
        endpoints: impl IntoIterator<Item = E>,
    ) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            host: host.into(),
            prefix: "/macvlan/".to_owned(),
            timeout: Duration::from_secs(5),
            ttl: Duration::from_secs(60),
        }
    }

    /// What all keys begin with; `/macvlan/` when not given.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        if !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }

    /// How long to wait for an answer; 5 s when not given.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For how long this host counts as alive after its last process with an open store has ended, or
    /// can reach etcd no more; 60 s when not given. Then others may collect its containers' leases.
    ///
    /// On a host without a process that stays, such as an agent, let it be longer than containers
    /// are left alone.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}

/// Networks and leases in etcd, which many hosts use at once.
#[derive(Debug)]
pub struct EtcdStore {
    wire: Wire,
    keys: Keys,
    id: String,
    host: String,
    registration: Arc<Registration>,
    /// Leases of which etcd did not say whether it took them; they are taken back first of all.
    doubtful: Mutex<Vec<(NetworkRecord, Lease)>>,
    /// How many changes etcd did not answer, and how many of these can come to nothing any more.
    unanswered: AtomicU64,
    fenced: AtomicU64,
}

impl EtcdStore {
    /// Connects, and says that this host is alive as long as the store is open.
    pub fn open(options: &EtcdOptions) -> Result<Self> {
        check_name(&options.host, "a host's name")?;
        let wire = Wire::connect(&options.endpoints, options.timeout)?;
        let keys = Keys(options.prefix.clone());
        let key = keys.host(&options.host, &random::id()[..16]);
        let registration = Arc::new(Registration::new(key, options.ttl));
        let id = id(&wire, keys.store())?;
        let store = Self {
            wire,
            keys,
            id,
            host: options.host.clone(),
            registration,
            doubtful: Mutex::new(Vec::new()),
            unanswered: AtomicU64::new(0),
            fenced: AtomicU64::new(0),
        };
        store.register()?;
        let staying = Arc::clone(&store.registration).stay(store.wire.client());
        store.wire.spawn(staying);
        Ok(store)
    }

    /// Says that this host is alive.
    fn register(&self) -> Result<()> {
        let (registration, client) = (Arc::clone(&self.registration), self.wire.client());
        self.wire.run(async move { registration.register(client).await })
    }

    /// Has leases changed. What rests on this host's registration as it was read may go unanswered,
    /// and cannot happen late, when the caller has long gone on: see [`EtcdStore::settle`].
    fn decide(&self, change: Change) -> Result<bool> {
        change.commit(&self.wire).inspect_err(|_| {
            self.unanswered.fetch_add(1, Ordering::AcqRel);
        })
    }

    /// Takes back what etcd may or may not have taken when it last could not be reached, and nobody
    /// else has found and taken up since.
    fn settle(&self) -> Result<()> {
        let unanswered = self.unanswered.load(Ordering::Acquire);
        if self.fenced.load(Ordering::Acquire) < unanswered {
            // What is still on its way, or waits for etcd's disk, rests on the old registration.
            self.register()?;
            self.fenced.fetch_max(unanswered, Ordering::AcqRel);
        }
        let doubtful = || self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some((network, lease)) = doubtful().pop() else { return Ok(()) };
            match self.take_back(&network, &lease, |item| item.made == item.changed) {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::StoreUnavailable | ErrorKind::Contended
                    ) =>
                {
                    doubtful().push((network, lease));
                    return Err(error);
                }
                // What cannot be read will not be read the next time.
                _ => {}
            }
        }
    }

    fn doubt(&self, network: &NetworkRecord, lease: &Lease) {
        let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        doubtful.push((network.clone(), lease.clone()));
    }
}

/// The store's id, which is chosen by whoever opens it first.
fn id(wire: &Wire, key: String) -> Result<String> {
    let chosen = TxnOp::put(key.clone(), &random::id()[..8], None);
    wire.commit(vec![absent(key.clone())], vec![chosen])?;
    let found = wire.get(Get::Key(key))?.pop();
    found.map(|item| item.value).ok_or_else(|| {
        Error::new(ErrorKind::StoreUnusable, "read the store's id", "it is gone again")
    })
}

/// Tries until nobody was faster.
fn insist<T>(mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    for tries in 0..TRIES {
        if let Some(done) = attempt()? {
            return Ok(done);
        }
        // Whoever waits for a random time lets another go first.
        let most = 1 << tries.min(5);
        let some = u64::try_from(random::number() % most).unwrap_or_default();
        std::thread::sleep(Duration::from_millis(some));
    }
    Err(Error::new(
        ErrorKind::Contended,
        "change what is in etcd",
        format!("somebody else was faster {TRIES} times"),
    ))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// That a key exists.
fn exists(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Greater, 0)
}

/// That a key does not exist.
fn absent(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Equal, 0)
}

/// That a key is as it was read; revision 0: that it does not exist.
fn unchanged(key: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(key, CompareOp::Equal, revision)
}

impl Store for EtcdStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn host_name(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn add_network(&self, network: &NetworkRecord) -> Result<()> {
        self.settle()?;
        let config = keys::write(network)?;
        insist(|| {
            let guard = self.wire.get(Get::Key(self.keys.guard()))?;
            let guard = guard.first().map_or(0, |guard| guard.changed);
            check_clash(network, &self.networks()?)?;
            let mut then = vec![
                TxnOp::put(self.keys.guard(), network.id.clone(), None),
                TxnOp::put(self.keys.network(&network.id), config.clone(), None),
            ];
            for (pool, subnet) in network.config.get_subnets().iter().enumerate() {
                for gap in subnet.gaps() {
                    let key = self.keys.gap(&network.id, pool, keys::EVERYBODY, gap.first);
                    then.push(TxnOp::put(key, format!("{:032x}", gap.last), None));
                }
            }
            let when = vec![unchanged(self.keys.guard(), guard)];
            Ok(self.wire.commit(when, then)?.then_some(()))
        })
    }

    fn networks(&self) -> Result<Vec<NetworkRecord>> {
        let found = self.wire.all(&self.keys.networks())?;
        let mut all: Vec<NetworkRecord> =
            found.iter().map(|item| keys::read(&item.value)).collect::<Result<_>>()?;
        all.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(all)
    }

    fn remove_network(&self, network: &NetworkRecord) -> Result<()> {
        self.settle()?;
        let key = self.keys.network(&network.id);
        insist(|| {
            let mut then = vec![
                TxnOp::put(self.keys.guard(), network.id.clone(), None),
                TxnOp::delete(key.clone(), None),
            ];
            for prefix in self.keys.of_network(&network.id) {
                then.push(TxnOp::delete(prefix, Some(DeleteOptions::new().with_prefix())));
            }
            let no_leases = absent(self.keys.leases(&network.id)).with_prefix();
            if self.wire.commit(vec![exists(key.clone()), no_leases], then)? {
                return Ok(Some(()));
            }
            if self.wire.get(Get::Key(key.clone()))?.is_empty() {
                return Err(no_network(network.name()));
            }
            match self.leases(Some(network))?.as_slice() {
                [] => Ok(None),
                held @ [one, ..] => Err(in_use(network, held.len(), &one.container)),
            }
        })
    }

    fn lease(&self, network: &NetworkRecord, wish: &Wish) -> Result<Granted> {
        self.settle()?;
        self.grant(network, wish)
    }

    fn take_up(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        insist(|| {
            let found = self.wire.get(Get::Key(self.keys.lease(&network.id, &lease.container)))?;
            let Some(held) = found.first() else { return Ok(Some(false)) };
            if keys::read::<Lease>(&held.value)?.endpoint != lease.endpoint {
                return Ok(Some(false));
            }
            Ok(self.write_anew(held)?.then_some(true))
        })
    }

    fn release(&self, network: &NetworkRecord, lease: &Lease) -> Result<bool> {
        self.settle()?;
        self.take_back(network, lease, |_| true)
    }

    fn adopt(&self, network: &NetworkRecord, lease: &Lease) -> Result<()> {
        self.settle()?;
        self.enter(network, lease)
    }

    fn find(&self, network: &NetworkRecord, container: &str) -> Result<Option<Lease>> {
        self.settle()?;
        let found = self.wire.get(Get::Key(self.keys.lease(&network.id, container)))?;
        found.first().map(|item| keys::read(&item.value)).transpose()
    }

    fn leases(&self, network: Option<&NetworkRecord>) -> Result<Vec<Lease>> {
        self.settle()?;
        let prefix = match network {
            Some(network) => self.keys.leases(&network.id),
            None => format!("{}lease/", self.keys.0),
        };
        self.wire.all(&prefix)?.iter().map(|item| keys::read(&item.value)).collect()
    }

    fn add_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        insist(|| self.try_add_foreign(network, address))
    }

    fn forget_foreign(&self, network: &NetworkRecord, address: IpAddr) -> Result<bool> {
        let is_foreign = |holder: &Holder| matches!(holder, Holder::Foreign { .. });
        insist(|| self.try_free(network, address, &is_foreign))
    }

    fn foreign(&self, network: &NetworkRecord) -> Result<Vec<Foreign>> {
        let mut foreign = Vec::new();
        for item in self.wire.all(&self.keys.addresses(&network.id))? {
            if let Holder::Foreign { found, .. } = keys::read(&item.value)? {
                let address = pool::address(keys::number(end_of(&item.key))?);
                foreign.push(Foreign { address, found });
            }
        }
        Ok(foreign)
    }

    fn expire(&self, network: &NetworkRecord) -> Result<usize> {
        self.settle()?;
        self.free_what_is_over(network)
    }

    fn living_hosts(&self) -> Result<Option<Vec<String>>> {
        let prefix = self.keys.hosts();
        let mut hosts: Vec<String> = self
            .wire
            .all(&prefix)?
            .iter()
            .filter_map(|item| Some(item.key.strip_prefix(&prefix)?.split('/').next()?.to_owned()))
            .collect();
        hosts.dedup();
        Ok(Some(hosts))
    }
}
