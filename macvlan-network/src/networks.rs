//! Creates networks, and finds them again.

use std::sync::Arc;

use ipnet::IpNet;
use macvlan_core::Host;
use serde_json::Value;

use crate::config::{NetworkConfig, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;
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
        Ok(Self(Arc::new(Session { host, host_name, store, probe })))
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
    /// and no link or route of this host has.
    pub fn create(&self, config: &NetworkConfig) -> Result<Network> {
        config.check()?;
        if !config.get_subnets().is_empty() {
            return self.add(config.clone());
        }
        let mut avoid = self.in_use()?;
        loop {
            let Some(subnet) = defaults().find(|one| !avoid.iter().any(|net| overlap(*net, *one)))
            else {
                return Err(Error::new(
                    ErrorKind::NoFreeSubnet,
                    "choose a subnet",
                    "all of 172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/20 to 192.168.240.0/20 \
                     are in use by networks, or by this host's links and routes",
                )
                .with_hint("give the network a subnet")
                .in_network(config.name()));
            };
            match self.add(config.clone().subnet(Subnet::from(subnet))) {
                // Somebody else has just chosen it.
                Err(error) if error.kind() == ErrorKind::SubnetOverlaps => avoid.push(subnet),
                result => return result,
            }
        }
    }

    fn add(&self, config: NetworkConfig) -> Result<Network> {
        let record = NetworkRecord { id: random::id(), created: time::now(), config };
        self.store().add_network(&record)?;
        if record.config.get_parent().is_none() {
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
                let all = found.iter().map(|one| format!("{} ({:?})", &one.id[..12], one.name()));
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
        Network { session: Arc::clone(&self.0), record }
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

/// Docker's default address pools, in its order.
fn defaults() -> impl Iterator<Item = IpNet> {
    let net = |a, b, c, length| IpNet::new([a, b, c, 0].map(u8::from).into(), length).ok();
    let large = (17..=31_u8).filter_map(move |b| net(172_u8, b, 0_u8, 16));
    large.chain((0..16_u8).filter_map(move |c| net(192, 168, c * 16, 20)))
}

fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}

#[cfg(test)]
mod tests {
    #[test]
    fn defaults_are_dockers() {
        let all: Vec<String> = super::defaults().map(|net| net.to_string()).collect();
        assert_eq!(all.len(), 31);
        assert_eq!((all[0].as_str(), all[14].as_str()), ("172.17.0.0/16", "172.31.0.0/16"));
        assert_eq!((all[15].as_str(), all[30].as_str()), ("192.168.0.0/20", "192.168.240.0/20"));
    }
}
