//! Changing a network that exists.

use std::sync::Arc;

use macvlan_core::IntoParent;

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::networks::Networks;
use crate::parent;
use crate::record::NetworkRecord;

/// What it is called.
const CHANGE: &str = "change the network";
/// How often it is tried again when others change the network at the same time.
pub(crate) const TRIES: u32 = 100;

/// What came of [`Network::update`], [`Network::set_parent`] or [`Networks::ensure`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Updated {
    /// The network as it is now.
    pub network: Network,
    /// The containers whose interfaces are not as the network says now: [`Network::connect`] makes each as it
    /// should be, and so does [`Networks::reconcile`](crate::Networks::reconcile) on their hosts.
    pub outdated: Vec<Lease>,
    /// The containers whose interfaces are as before, and as the network says. None where the network was left as
    /// it is.
    pub unaffected: Vec<Lease>,
    /// Whether the network did not exist before.
    pub created: bool,
}

impl Updated {
    /// A network whose containers were not looked at.
    pub(crate) fn alone(network: Network, created: bool) -> Self {
        Self { network, outdated: Vec::new(), unaffected: Vec::new(), created }
    }
}

impl Network {
    /// Changes the network to another configuration, whole or not at all. Containers stay connected as they
    /// are; the result tells which of them are to be connected again.
    ///
    /// The name stays. A configuration without subnets leaves the network those that it has, and one that asks
    /// for an IPv6 subnet, and has none, its IPv6 subnets. A subnet whose gateway was not said has the one that
    /// [`Networks::create`](crate::Networks::create) would give it: the first address, or none as long as the
    /// network is internal. What others have done with handles on the network as it
    /// was is as before; from now on they use it as it is.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`], [`ErrorKind::SubnetOverlaps`], [`ErrorKind::ParentClash`],
    ///   [`ErrorKind::NoFreeSubnet`]: as of [`Networks::create`](crate::Networks::create), and for another name.
    /// - [`ErrorKind::NetworkInUse`]: a container has an address that would be in no subnet any more, or with
    ///   another prefix length, excluded, the gateway's or reserved; or containers are connected and it would
    ///   have addresses, or mode passthru, or neither any more. A range may be narrowed: who has an address
    ///   outside keeps it.
    /// - [`ErrorKind::Contended`]: others have changed the network since it was read.
    pub fn update(&self, config: &NetworkConfig) -> Result<Updated> {
        self.bring_to(config, false)
    }

    /// As [`Network::update`]; a network that is as the configuration says may be left as it is.
    pub(crate) fn bring_to(&self, config: &NetworkConfig, leave: bool) -> Result<Updated> {
        let refuse = |error: Error| error.during(CHANGE).in_network(self.name());
        let mut config = config.clone();
        if config.name() != self.name() {
            return Err(refuse(Error::invalid(CHANGE, "a network keeps its name")));
        }
        let had = self.record.config.subnets.iter();
        if config.get_subnets().is_empty() && !config.is_without_addresses() {
            config.subnets.extend(had.cloned());
        } else if config.is_ipv6() && !config.has_family(true) {
            config.subnets.extend(had.filter(|one| one.net().addr().is_ipv6()).cloned());
        }
        let config = config.settled();
        config.check().map_err(refuse)?;
        let networks = Networks(Arc::clone(&self.session));
        let warnings = parent::look_at(CHANGE, networks.host(), &config)?;
        if leave && config == self.record.config {
            let network = Self { warnings, ..self.clone() };
            return Ok(Updated::alone(network, false));
        }
        networks.with_subnets(&config, |config, alone| {
            let record = NetworkRecord { config, ..self.record.clone() };
            let leases = self.session.store.change_network(&self.record, &record, alone)?;
            let network = Self { record, warnings: warnings.clone(), ..self.clone() };
            let routes = |record: &NetworkRecord, lease: &Lease| {
                [false, true].map(|v6| record.default_route(lease, v6))
            };
            let is_outdated =
                |lease: &Lease| match (self.endpoint(lease, &[]), network.endpoint(lease, &[])) {
                    (Ok(before), Ok(now)) => {
                        before != now
                            || routes(&self.record, lease) != routes(&network.record, lease)
                    }
                    _ => true,
                };
            let (outdated, unaffected) = leases.into_iter().partition(is_outdated);
            Ok(Updated { network, outdated, unaffected, created: false })
        })
    }

    /// Sets the link that its containers hang on, whatever else others change. As [`Network::update`].
    ///
    /// # Errors
    ///
    /// As of [`Network::update`].
    pub fn set_parent(&self, parent: impl IntoParent) -> Result<Updated> {
        let parent = parent.try_into().map_err(Into::into);
        let parent =
            parent.map_err(|error| Error::kernel(CHANGE, error).in_network(self.name()))?;
        let mut tries = 0;
        loop {
            let now = Networks(Arc::clone(&self.session)).network(self.id())?;
            match now.update(&now.config().clone().parent(&parent)) {
                Err(error) if error.kind() == ErrorKind::Contended && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }
}
