//! Creates networks, and finds them again.

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
use crate::probe::Probe;
use crate::random;
use crate::record::NetworkRecord;
use crate::session::Session;
use crate::store::{Store, Unreadable};
use crate::subnet::Subnet;
use crate::time;

/// Creates networks and finds them again.
///
/// Open one and keep it; clones share it, also among threads.
#[derive(Debug, Clone)]
pub struct Networks(pub(crate) Arc<Session>);

impl Networks {
    /// A session on a host, with a store that may serve others too. The host is called as the store
    /// was told, or by its host name; see [`Networks::with_host_name`].
    pub fn new(host: Host, store: impl Store + 'static) -> Result<Self> {
        let host_name = match store.host_name() {
            Some(name) => name.to_owned(),
            None => nix::unistd::gethostname()
                .map_err(|errno| {
                    Error::new(ErrorKind::Kernel, "ask for the host's name", errno.desc())
                })?
                .to_string_lossy()
                .into_owned(),
        };
        let (store, probe) = (Arc::new(store), Arc::new(macvlan_core::Probe::quick()));
        let pending_age = pending::AGE;
        Ok(Self(Arc::new(Session { host, host_name, store, probe, pending_age })))
    }

    /// What this host is called in the store: a name that stays the same for as long as it has
    /// containers. In a store for one machine it is a word alone, and all leases are this machine's. Refused if the store was told another: by that one others know that it lives.
    pub fn with_host_name(self, name: &str) -> Result<Self> {
        check_name(name, "a host's name")?;
        if let Some(told) = self.store().host_name().filter(|told| *told != name) {
            let why = format!("its store was told that it is {told:?}");
            return Err(Error::invalid(format!("call this host {name:?}"), why));
        }
        Ok(self.with(|session| name.clone_into(&mut session.host_name)))
    }

    /// What asks the wire, for networks that are created with [`NetworkConfig::probe`]: another
    /// [`macvlan_core::Probe`] than the quick one, or something of one's own.
    #[must_use]
    pub fn with_probe(self, probe: impl Probe + 'static) -> Self {
        self.with(|session| session.probe = Arc::new(probe))
    }

    /// Sets for how long a lease may be pending before [`Networks::collect`] and [`Networks::reconcile`] take it
    /// back. Defaults to ten minutes.
    #[must_use]
    pub fn with_pending_age(self, age: Duration) -> Self {
        self.with(|session| session.pending_age = age)
    }

    /// Returns these networks, with probes that end when they are cancelled. C and Rust programs give a
    /// host that is cancelled.
    #[must_use]
    #[doc(hidden)] // for Python
    pub fn cancelled_by(&self, cancel: &macvlan_core::Cancel) -> Self {
        self.clone().with(|session| session.host = session.host.cancelled_by(cancel))
    }

    fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The host that containers are connected on.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// What this host is called in the store.
    pub fn host_name(&self) -> &str {
        &self.0.host_name
    }

    /// Where networks and leases are kept.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// Creates a network. Without a subnet it gets one of Docker's default subnets that no network
    /// and no link or route of this host has, unless it is to be without addresses.
    ///
    /// What would keep containers from being connected as this host is now, such as a parent that does not
    /// exist, is told by [`Network::warnings`].
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: what can never be right, and a parent such as `ens33.4095`, which can be
    ///   no VLAN, if there is no link of that name.
    /// - [`ErrorKind::NetworkExists`], [`ErrorKind::SubnetOverlaps`], [`ErrorKind::ParentClash`]: it cannot be
    ///   beside the other networks.
    /// - [`ErrorKind::NoFreeSubnet`]: all subnets that could be chosen are in use.
    pub fn create(&self, config: &NetworkConfig) -> Result<Network> {
        let config = config.clone().settled();
        config.check()?;
        let warnings = parent::look_at("create the network", self.host(), &config)?;
        let add = |config, alone: &[IpNet]| self.add(config, alone);
        Ok(Network { warnings, ..self.with_subnets(&config, add)? })
    }

    /// Stores a network with the subnets that are to be chosen for it, which may overlap none.
    pub(crate) fn with_subnets<T>(
        &self,
        config: &NetworkConfig,
        put: impl Fn(NetworkConfig, &[IpNet]) -> Result<T>,
    ) -> Result<T> {
        let v4 = config.get_subnets().is_empty() && !config.is_without_addresses();
        let v6 = config.is_ipv6() && !config.has_family(true);
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
                // Somebody else has just chosen one of them.
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

    /// The subnets of all networks, and of this host's links and routes.
    fn in_use(&self) -> Result<Vec<IpNet>> {
        let mut found: Vec<IpNet> = Vec::new();
        for record in self.store().networks()? {
            found.extend(record.config.get_subnets().iter().map(Subnet::net));
        }
        let mut read = || -> macvlan_core::Result<()> {
            let handle = self.host().handle()?;
            found.extend(handle.addresses()?.iter().map(|info| info.address.net().trunc()));
            let routes = handle.routes()?.into_iter().map(|info| info.route.destination());
            found.extend(routes.filter(|net| net.prefix_len() > 0));
            Ok(())
        };
        read().map_err(|error| Error::kernel("choose a subnet", error))?;
        Ok(found)
    }

    /// Returns the network that has this name or this id, or whose id alone begins so.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NetworkNotFound`] if there is none; [`ErrorKind::InvalidValue`] if the ids of several
    /// begin so, which it names.
    pub fn network(&self, name_or_id: &str) -> Result<Network> {
        let mut found = self.store().find_networks(name_or_id)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(self.with_record(one)),
            (Some(one), false) => {
                found.push(one);
                let all = found.iter().map(|one| format!("{} ({:?})", one.short_id(), one.name()));
                let why =
                    format!("the ids of several begin so: {}", all.collect::<Vec<_>>().join(", "));
                Err(Error::invalid(format!("find network {name_or_id:?}"), why)
                    .with_hint("give more digits, or the name"))
            }
            (None, _) => Err(self.not_found(name_or_id)?),
        }
    }

    /// The error for a network that is not among those that can be read.
    fn not_found(&self, name_or_id: &str) -> Result<Error> {
        let mut hidden = self.unreadable()?.into_iter().filter(|one| one.container.is_none());
        if let Some(hidden) = hidden.find(|one| one.network == name_or_id) {
            return Ok(hidden.error);
        }
        let why = "no network has that name or id";
        Ok(Error::new(ErrorKind::NetworkNotFound, format!("find network {name_or_id:?}"), why))
    }

    /// Returns what `docker network ls` would list, as an array of objects with `Id`, `Name`, `Driver`,
    /// `Scope`, `Parent`, `Internal`, `Subnets`, and how many `Containers` are connected on all hosts.
    pub fn summary(&self) -> Result<Value> {
        let count = self.store().count()?;
        let containers = |network: &Network| count.get(network.id()).copied().unwrap_or(0);
        Ok(self.list()?.iter().map(|network| network.summary(containers(network))).collect())
    }

    /// Removes the networks without containers, on whatever host, and the links that they made, and returns
    /// their names. A container that is gone counts until it is collected.
    pub fn prune(&self) -> Result<Vec<String>> {
        let count = self.store().count()?;
        let mut removed = Vec::new();
        for network in self.list()? {
            if count.contains_key(network.id()) {
                continue;
            }
            let name = network.name().to_owned();
            match network.remove() {
                Ok(()) => removed.push(name),
                // Somebody was faster.
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

    /// The network that a record tells of. Whether it still exists is not asked; what is done with it
    /// finds out.
    #[must_use]
    pub fn with_record(&self, record: NetworkRecord) -> Network {
        Network { session: Arc::clone(&self.0), record, warnings: Vec::new() }
    }

    /// Returns the networks and leases that the store has and that cannot be read. Lists leave them out,
    /// and what they hold is given to nobody else.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`] or [`ErrorKind::File`]: the store cannot be read at all.
    pub fn unreadable(&self) -> Result<Vec<Unreadable>> {
        self.store().unreadable()
    }

    /// All networks that can be read, by name; [`Networks::unreadable`] has the others.
    pub fn list(&self) -> Result<Vec<Network>> {
        let records = self.store().networks()?;
        Ok(records.into_iter().map(|record| self.with_record(record)).collect())
    }
}

fn no_free_subnet(all: &str, config: &NetworkConfig) -> Error {
    let why = format!("all of {all} are in use by networks, or by this host's links and routes");
    Error::new(ErrorKind::NoFreeSubnet, "choose a subnet", why)
        .with_hint("give the network a subnet")
        .in_network(config.name())
}

/// The first that nothing else overlaps.
fn choose(all: impl IntoIterator<Item = IpNet>, avoid: &[IpNet]) -> Option<IpNet> {
    all.into_iter().find(|one| !avoid.iter().any(|net| overlap(*net, *one)))
}
