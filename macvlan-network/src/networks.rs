//! A session that creates and finds networks.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::Host;
use serde_json::Value;

use crate::config::NetworkConfig;
use crate::default_pool;
use crate::error::{Error, ErrorKind, Result};
use crate::name::check_name;
use crate::net::overlap;
use crate::network::Network;
use crate::parent;
use crate::pending;
use crate::probe::AddressProbe;
use crate::random;
use crate::record::NetworkRecord;
use crate::session::Session;
use crate::store::{Store, Unreadable};
use crate::subnet::Subnet;
use crate::time;
use crate::wire;

/// The operation in error messages.
const CREATE: &str = "create the network";

/// A session that creates, finds and maintains networks.
///
/// Clones share the session, also among threads.
///
/// ```no_run
/// use macvlan_core::Host;
/// use macvlan_network::{NetworkConfig, Networks, SqliteStore};
///
/// let store = SqliteStore::open("/var/lib/macvlan/networks.db")?;
/// let networks = Networks::new(Host::open()?, store)?;
/// networks.ensure(&NetworkConfig::new("vlan10").parent("ens33.10"))?;
/// for done in networks.reconcile()? {
///     println!("{done}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Networks(pub(crate) Arc<Session>);

impl Networks {
    /// Opens a session on a host, with a store that other sessions may share.
    ///
    /// The name of this host is the one that the store was opened with, or else the system's host
    /// name; see [`Networks::with_host_name`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`] if the system's host name cannot be read.
    pub fn new(host: Host, store: impl Store + 'static) -> Result<Self> {
        let host_name = match store.host_name() {
            Some(name) => name.to_owned(),
            None => nix::unistd::gethostname()
                .map_err(|errno| {
                    Error::new(ErrorKind::Kernel, "read the host's name", errno.desc())
                })?
                .to_string_lossy()
                .into_owned(),
        };
        let (store, probe) = (Arc::new(store), Arc::new(macvlan_core::Probe::quick()));
        let (pending_age, dead_hosts) = (pending::AGE, true);
        Ok(Self(Arc::new(Session { host, host_name, store, probe, pending_age, dead_hosts })))
    }

    /// Sets the name of this host in the store.
    ///
    /// It must not change while the host has containers.
    ///
    /// In a store for one machine the name is only informative: all leases are this machine's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if it is not a valid name, or if the store was opened with
    /// another name, by which other hosts know that this one is alive.
    pub fn with_host_name(self, name: &str) -> Result<Self> {
        check_name(name, "a host's name")?;
        if let Some(told) = self.store().host_name().filter(|told| *told != name) {
            let why = format!("the store was opened for host {told:?}");
            return Err(Error::invalid(format!("use {name:?} as this host's name"), why));
        }
        Ok(self.with(|session| name.clone_into(&mut session.host_name)))
    }

    /// Sets the probe for networks that are created with [`NetworkConfig::probe`].
    ///
    /// Defaults to [`macvlan_core::Probe::quick`].
    #[must_use]
    pub fn with_probe(self, probe: impl AddressProbe + 'static) -> Self {
        self.with(|session| session.probe = Arc::new(probe))
    }

    /// Sets how long a lease may be pending before it is released. Defaults to ten minutes.
    ///
    /// [`Networks::collect`] and [`Networks::reconcile`] release it.
    #[must_use]
    pub fn with_pending_age(self, age: Duration) -> Self {
        self.with(|session| session.pending_age = age)
    }

    /// Sets whether the leases of hosts that are dead according to the store are released, by
    /// [`Networks::collect`], [`Networks::reconcile`], and for an address or a name that another
    /// container requests. Defaults to true.
    ///
    /// A program that runs all the time can leave this to a person, since the containers of a host
    /// that was cut off may still run.
    #[must_use]
    pub fn with_dead_hosts(self, dead_hosts: bool) -> Self {
        self.with(|session| session.dead_hosts = dead_hosts)
    }

    /// Returns a session whose probes end when the token is cancelled.
    ///
    /// Rust and C programs pass a host with a token instead.
    #[must_use]
    #[doc(hidden)] // for Python
    pub fn cancelled_by(&self, cancel: &macvlan_core::Cancel) -> Self {
        self.clone().with(|session| session.host = session.host.cancelled_by(cancel))
    }

    fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Returns the host whose namespace has the parents.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Returns the name of this host in the store.
    pub fn host_name(&self) -> &str {
        &self.0.host_name
    }

    /// Returns the store of networks and leases.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// Creates a network.
    ///
    /// If no subnet is given, chooses one of Docker's default subnets that does not overlap any
    /// network, or any link or route of this host, unless the network is without addresses.
    ///
    /// [`Network::warnings`] returns conditions of this host that would keep containers from being
    /// connected, such as a parent that does not exist.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: the configuration is invalid, or the parent is a name such as
    ///   `ens33.4095`, which is not a valid VLAN, and there is no link of that name.
    /// - [`ErrorKind::NetworkExists`], [`ErrorKind::SubnetOverlaps`], [`ErrorKind::ParentClash`]:
    ///   the network conflicts with another one.
    /// - [`ErrorKind::NoFreeSubnet`]: every subnet that could be chosen is in use.
    /// - [`ErrorKind::Kernel`]: the host's links cannot be listed, or a dummy link cannot be
    ///   created.
    /// - Otherwise as for every [`Store`](crate::Store#errors).
    pub fn create(&self, config: &NetworkConfig) -> Result<Network> {
        let config = config.clone().settled();
        config.check()?;
        let warnings = parent::look_at(CREATE, self.host(), &config)?;
        wire::refuse_other(CREATE, &self.0, &config)?;
        let add = |config, alone: &[IpNet]| self.add(config, alone);
        Ok(Network { warnings, ..self.with_subnets(&config, add)? })
    }

    /// Stores a network with the subnets that are chosen for it, which must not overlap any other.
    pub(crate) fn with_subnets<T>(
        &self,
        config: &NetworkConfig,
        put: impl Fn(NetworkConfig, &[IpNet]) -> Result<T>,
    ) -> Result<T> {
        let v4 = config.get_subnets().is_empty() && !config.get_without_addresses();
        let v6 = config.get_ipv6() && !config.has_family(true);
        if !v4 && !v6 {
            return put(config.clone(), &[]);
        }
        if v6 {
            self.store().make()?;
        }
        loop {
            let (avoid, mut chosen) = (self.in_use()?, Vec::new());
            if v4 {
                chosen.push(choose(default_pool::docker(), &avoid).ok_or_else(|| {
                    no_free_subnet(
                        "172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/20 to 192.168.240.0/20",
                        config,
                    )
                })?);
            }
            if v6 {
                let own = default_pool::unique_local(self.store().id());
                let subnets = default_pool::networks_of(own);
                chosen.push(
                    choose(subnets, &avoid)
                        .ok_or_else(|| no_free_subnet(&format!("the /64s of {own}"), config))?,
                );
            }
            let with_chosen =
                chosen.iter().fold(config.clone(), |config, net| config.subnet((*net).into()));
            match put(with_chosen.settled(), &chosen) {
                // Another process has just used one of them.
                Err(error)
                    if error.kind() == ErrorKind::SubnetOverlaps && {
                        let now = self.in_use()?;
                        chosen.iter().any(|net| choose([*net], &now).is_none())
                    } => {}
                result => return result,
            }
        }
    }

    fn add(&self, config: NetworkConfig, alone: &[IpNet]) -> Result<Network> {
        let record = NetworkRecord { id: random::id(), created: time::now(), config, gaps: None };
        self.store().add_network(&record, alone)?;
        if record.is_isolated() {
            if let Err(error) = self.0.make_dummy(&record) {
                return Err(match self.store().remove_network(&record) {
                    Ok(()) => error,
                    Err(_) => error.leaves("the network in the store"),
                });
            }
        }
        Ok(self.with_record(record))
    }

    /// Returns the subnets of all networks, and of this host's links and routes.
    fn in_use(&self) -> Result<Vec<IpNet>> {
        let mut found: Vec<IpNet> = Vec::new();
        for record in self.store().networks()? {
            found.extend(record.config.get_subnets().iter().map(Subnet::get_net));
        }
        let mut read = || -> macvlan_core::Result<()> {
            let handle = self.host().handle()?;
            found.extend(handle.addresses()?.iter().map(|info| info.address.net().trunc()));
            let routes = handle.routes()?.into_iter().map(|info| info.route.get_destination());
            found.extend(routes.filter(|net| net.prefix_len() > 0));
            Ok(())
        };
        read().map_err(|error| Error::kernel("choose a subnet", error))?;
        Ok(found)
    }

    /// Returns the network with this name, or with this id or a unique prefix of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkNotFound`] if there is none; [`ErrorKind::InvalidValue`] if several ids
    /// begin with it; otherwise as for every [`Store`](crate::Store#errors).
    pub fn network(&self, name_or_id: &str) -> Result<Network> {
        let mut found = self.store().find_networks(name_or_id)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(self.with_record(one)),
            (Some(one), false) => {
                found.push(one);
                let all = found.iter().map(|one| format!("{} ({:?})", one.short_id(), one.name()));
                let why = format!(
                    "the ids of several networks begin with it: {}",
                    all.collect::<Vec<_>>().join(", ")
                );
                Err(Error::invalid(format!("find network {name_or_id:?}"), why)
                    .with_hint("use more digits, or the name"))
            }
            (None, _) => Err(self.not_found(name_or_id)?),
        }
    }

    /// Returns the error for a network that was not found among the readable ones.
    fn not_found(&self, name_or_id: &str) -> Result<Error> {
        let mut hidden = self.unreadable()?.into_iter().filter(|one| one.container.is_none());
        if let Some(hidden) = hidden.find(|one| one.network == name_or_id) {
            return Ok(hidden.error);
        }
        let why = "no network has this name or id";
        Ok(Error::new(ErrorKind::NetworkNotFound, format!("find network {name_or_id:?}"), why))
    }

    /// Returns a summary of all networks, as `docker network ls` lists them.
    ///
    /// This is an array of objects with `Id`, `Name`, `Driver`, `Scope`, `Parent`, `Internal`,
    /// `Subnets` and `Containers`, the number of connected containers on all hosts.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn summary(&self) -> Result<Value> {
        let count = self.store().count()?;
        let containers = |network: &Network| count.get(network.id()).copied().unwrap_or(0);
        Ok(self.list()?.iter().map(|network| network.summary(containers(network))).collect())
    }

    /// Deletes all networks without containers on any host, and returns their names.
    ///
    /// The dummy links of isolated networks are deleted too.
    ///
    /// A container that is gone counts until its lease is collected.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`] if a dummy link cannot be deleted; otherwise as for every
    /// [`Store`](crate::Store#errors).
    pub fn prune(&self) -> Result<Vec<String>> {
        self.prune_if(|_| true)
    }

    /// Deletes the networks without containers for which `may_go` returns true, and returns their
    /// names.
    ///
    /// Otherwise like [`Networks::prune`]. A program that shares the store with others may have to
    /// spare the networks of those.
    ///
    /// # Errors
    ///
    /// As for [`Networks::prune`].
    pub fn prune_if(&self, mut may_go: impl FnMut(&Network) -> bool) -> Result<Vec<String>> {
        let count = self.store().count()?;
        let mut removed = Vec::new();
        for network in self.list()? {
            if count.contains_key(network.id()) || !may_go(&network) {
                continue;
            }
            let name = network.name().to_owned();
            match network.remove() {
                Ok(()) => removed.push(name),
                // Another process was faster.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NetworkInUse | ErrorKind::NetworkNotFound
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }

    /// Makes a handle on the network of a record, without checking whether it still exists.
    #[must_use]
    pub fn with_record(&self, record: NetworkRecord) -> Network {
        Network { session: Arc::clone(&self.0), record, warnings: Vec::new() }
    }

    /// Returns the networks and leases in the store that cannot be read.
    ///
    /// Lists omit them, and their addresses are not given to other containers.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn unreadable(&self) -> Result<Vec<Unreadable>> {
        self.store().unreadable()
    }

    /// Returns all networks that can be read, ordered by name.
    ///
    /// [`Networks::unreadable`] returns the others.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn list(&self) -> Result<Vec<Network>> {
        let records = self.store().networks()?;
        Ok(records.into_iter().map(|record| self.with_record(record)).collect())
    }
}

fn no_free_subnet(all: &str, config: &NetworkConfig) -> Error {
    let why = format!("all of {all} are in use by networks, or by this host's links and routes");
    Error::new(ErrorKind::NoFreeSubnet, "choose a subnet", why)
        .with_hint("specify a subnet")
        .in_network(config.get_name())
}

/// Returns the first subnet that does not overlap any of those to avoid.
fn choose(all: impl IntoIterator<Item = IpNet>, avoid: &[IpNet]) -> Option<IpNet> {
    all.into_iter().find(|one| !avoid.iter().any(|net| overlap(*net, *one)))
}
