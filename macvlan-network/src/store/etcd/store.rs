//! An open store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use etcd_client::TxnOp;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::random;
use crate::record::NetworkRecord;
use crate::store::secret::Secret;

use super::change::Change;
use super::host::Registration;
use super::keys::Keys;
use super::options::EtcdOptions;
use super::trouble::Trouble;
use super::wire::{Get, Wire, absent};

/// Networks and leases in etcd, which many hosts use at once.
#[derive(Debug)]
pub struct EtcdStore {
    pub(super) wire: Wire,
    pub(super) keys: Keys,
    pub(super) id: String,
    pub(super) secret: Secret,
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
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: as [`EtcdOptions::check`]; or the certificates are not what they should be.
    /// - [`ErrorKind::File`]: one of their files cannot be read.
    /// - [`ErrorKind::StoreUnavailable`]: etcd cannot be reached.
    /// - [`ErrorKind::StoreRefused`]: etcd does not accept this host's user or certificate, or this host etcd's.
    /// - [`ErrorKind::OtherMachine`]: another machine lives under the host's name: one of another boot
    ///   (`/proc/sys/kernel/random/boot_id`) and another machine-id (`/etc/machine-id`).
    pub fn open(options: &EtcdOptions) -> Result<Self> {
        options.check()?;
        let wire = Wire::connect(options)?;
        let keys = Keys(options.prefix.clone());
        let registration = Registration::new(&keys, options)?;
        let id = chosen(&wire, &keys.store(), &random::id()[..8])?;
        let secret = Secret(chosen(&wire, &keys.secret(), &Secret::new().0)?);
        let store = Self {
            wire,
            keys,
            id,
            secret,
            host: options.host.clone(),
            registration: Arc::new(registration),
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
    pub(super) fn register(&self) -> std::result::Result<(), Trouble> {
        let registration = Arc::clone(&self.registration);
        match self.wire.ask(move |client| Arc::clone(&registration).register(client))? {
            None => Ok(()),
            Some(other) => Err(self.registration.refused(&self.host, &other).into()),
        }
    }

    /// Has leases changed. What rests on this host's registration as it was read may go unanswered,
    /// and cannot happen late, when the caller has long gone on: see [`EtcdStore::settle`].
    pub(super) fn decide(&self, change: Change) -> std::result::Result<bool, Trouble> {
        change.commit(&self.wire).inspect_err(|trouble| {
            self.unanswered.fetch_add(u64::from(!trouble.is_refusal), Ordering::AcqRel);
        })
    }

    pub(super) fn doubt(&self, network: &NetworkRecord, lease: &Lease) {
        let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        doubtful.push((network.clone(), lease.clone()));
    }
}

impl Drop for EtcdStore {
    /// A host that counts as alive without a process can be forgotten as soon as its processes have ended. Any
    /// other counts as alive for a while, in which a process may come that goes on with its leases.
    fn drop(&mut self) {
        if self.registration.end() {
            // What stays runs out. A forked child is refused.
            let persistent = self.keys.persistent(&self.host);
            let _ = self.wire.delete_soon(self.registration.key.clone(), persistent);
        }
    }
}

/// The value of a key that is chosen by whoever comes first.
fn chosen(wire: &Wire, key: &str, choice: &str) -> Result<String> {
    let find = || wire.get(Get::Key(key.to_owned())).map(|mut found| found.pop());
    if let Some(found) = find()? {
        return Ok(found.value);
    }
    let choose = TxnOp::put(key, choice, None);
    wire.commit(vec![absent(key)], vec![choose])?;
    find()?.map(|item| item.value).ok_or_else(|| {
        Error::new(ErrorKind::StoreUnusable, format!("read {key} in etcd"), "it is gone again")
    })
}
