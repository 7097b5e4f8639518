//! An open store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use etcd_client::TxnOp;

use crate::config::check_name;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::random;
use crate::record::NetworkRecord;

use super::change::Change;
use super::host::Registration;
use super::keys::Keys;
use super::options::EtcdOptions;
use super::wire::{Get, Wire, absent};

/// Networks and leases in etcd, which many hosts use at once.
#[derive(Debug)]
pub struct EtcdStore {
    pub(super) wire: Wire,
    pub(super) keys: Keys,
    pub(super) id: String,
    pub(super) host: String,
    pub(super) registration: Arc<Registration>,
    /// Leases of which etcd did not say whether it took them; they are taken back first of all.
    pub(super) doubtful: Mutex<Vec<(NetworkRecord, Lease)>>,
    /// How many changes etcd did not answer, and how many of these can come to nothing any more.
    pub(super) unanswered: AtomicU64,
    pub(super) fenced: AtomicU64,
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
        let staying = Arc::clone(&store.registration).stay(store.wire.client()?);
        store.wire.spawn(staying)?;
        Ok(store)
    }

    /// Says that this host is alive.
    pub(super) fn register(&self) -> Result<()> {
        let (registration, client) = (Arc::clone(&self.registration), self.wire.client()?);
        self.wire.run(async move { registration.register(client).await })
    }

    /// Has leases changed. What rests on this host's registration as it was read may go unanswered,
    /// and cannot happen late, when the caller has long gone on: see [`EtcdStore::settle`].
    pub(super) fn decide(&self, change: Change) -> Result<bool> {
        change.commit(&self.wire).inspect_err(|_| {
            self.unanswered.fetch_add(1, Ordering::AcqRel);
        })
    }

    pub(super) fn doubt(&self, network: &NetworkRecord, lease: &Lease) {
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
