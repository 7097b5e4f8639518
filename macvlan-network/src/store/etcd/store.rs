//! An open store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use etcd_client::TxnOp;

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::life::Life;
use crate::random;
use crate::record::NetworkRecord;
use crate::store::secret::Secret;

use super::change::Change;
use super::host::{Registered, Registration};
use super::keys::Keys;
use super::options::EtcdOptions;
use super::trouble::Trouble;
use super::wire::{Get, Wire, absent, exists};

/// A store in etcd, which many hosts can use at once.
///
/// ```no_run
/// use macvlan_core::Host;
/// use macvlan_network::{EtcdOptions, EtcdStore, Networks};
///
/// let options = EtcdOptions::new("host-1", ["http://10.0.0.7:2379"]);
/// let networks = Networks::new(Host::open()?, EtcdStore::open(&options)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EtcdStore {
    pub(super) wire: Wire,
    pub(super) keys: Keys,
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) host: String,
    pub(super) life: Life,
    is_agent: bool,
    pub(super) registration: Arc<Registration>,
    /// Leases that etcd may or may not have stored, each with the pending ones that it has taken.
    /// They are undone before anything else.
    pub(super) doubtful: Mutex<Vec<(NetworkRecord, Lease, Vec<Lease>)>>,
    /// The number of changes without an answer, and how many of them can no longer take effect.
    pub(super) unanswered: AtomicU64,
    pub(super) fenced: AtomicU64,
}

impl EtcdStore {
    /// Connects to etcd. This host counts as alive while the store is open.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: as for [`EtcdOptions::check`]; or a certificate or key is
    ///   malformed.
    /// - [`ErrorKind::File`]: a file of certificates or a key cannot be read.
    /// - [`ErrorKind::StoreUnavailable`]: etcd cannot be reached.
    /// - [`ErrorKind::StoreRefused`]: etcd rejects this host's user or certificate, or etcd's
    ///   certificate is not trusted.
    /// - [`ErrorKind::StoreUnusable`]: the store was written by a later version, or is damaged.
    /// - [`ErrorKind::OtherMachine`]: another machine, with another boot id
    ///   (`/proc/sys/kernel/random/boot_id`), is alive under the host's name. If it has the same
    ///   machine-id (`/etc/machine-id`), as a clone has, this takes up to half of
    ///   [`EtcdOptions::ttl`] to find out, and so does a reboot that took less than that.
    pub fn open(options: &EtcdOptions) -> Result<Self> {
        options.check()?;
        let wire = Wire::connect(options)?;
        let keys = Keys(options.prefix.clone());
        let registration = Registration::new(&keys, options)?;
        let new_id = random::id()[..8].to_owned();
        let choices = [(keys.store(), new_id), (keys.secret(), Secret::new().0)];
        let [id, secret] = chosen(&wire, &choices)?;
        let secret = Secret(secret);
        let store = Self {
            wire,
            keys,
            id,
            secret,
            host: options.host.clone(),
            // An agent's own leases last as long as it runs.
            life: if options.agent { Life::Process } else { options.life },
            is_agent: options.agent,
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

    /// Registers this host as alive.
    pub(super) fn register(&self) -> std::result::Result<(), Trouble> {
        loop {
            let registration = Arc::clone(&self.registration);
            match self.wire.ask(move |client| Arc::clone(&registration).register(client))? {
                Registered::Done => return Ok(()),
                Registered::Refused(other) => {
                    return Err(self.registration.refused(&self.host, &other).into());
                }
                Registered::Unclear => thread::sleep(self.registration.pause()),
            }
        }
    }

    /// Commits a change of leases.
    ///
    /// It is conditional on this host's registration, so that if it is not answered, it cannot take
    /// effect later, when the caller has continued: see [`EtcdStore::settle`].
    pub(super) fn decide(&self, change: Change) -> std::result::Result<bool, Trouble> {
        change.commit(&self.wire).inspect_err(|trouble| {
            self.unanswered.fetch_add(u64::from(!trouble.is_refusal), Ordering::AcqRel);
        })
    }

    pub(super) fn doubt(&self, network: &NetworkRecord, lease: Lease, taken: Vec<Lease>) {
        let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        doubtful.push((network.clone(), lease, taken));
    }
}

impl Drop for EtcdStore {
    /// Ends the registration of a process whose host counts as alive without it, so that the host
    /// can be forgotten as soon as its processes have ended.
    ///
    /// Any other host counts as alive for a while, in which another process, or the next agent, may
    /// continue with its leases.
    fn drop(&mut self) {
        if self.registration.end() {
            let declared = exists(self.keys.declared(&self.host));
            let agent = exists(self.keys.agents(&self.host)).with_prefix();
            let either = if self.is_agent { vec![declared] } else { vec![declared, agent] };
            // A key that remains expires. A forked child is refused.
            let _ = self.wire.delete_soon(&self.registration.key, either);
        }
    }
}

/// Returns the values of keys, each as the first process to need it has chosen it.
fn chosen<const N: usize>(wire: &Wire, choices: &[(String, String); N]) -> Result<[String; N]> {
    let find = || wire.read_all(choices.each_ref().map(|(key, _)| Get::Key(key.clone())));
    let mut found = find()?;
    for ((key, choice), found) in choices.iter().zip(&found) {
        if found.is_empty() {
            let choose = TxnOp::put(key.clone(), choice.clone(), None);
            wire.commit(vec![absent(key.clone())], vec![choose])?;
        }
    }
    if found.iter().any(Vec::is_empty) {
        found = find()?;
    }
    if let Some(((key, _), _)) = choices.iter().zip(&found).find(|(_, found)| found.is_empty()) {
        let why = "it was deleted at the same time";
        return Err(Error::new(ErrorKind::StoreUnusable, format!("read {key} in etcd"), why));
    }
    Ok(found.map(|mut found| found.pop().map(|item| item.value).unwrap_or_default()))
}
