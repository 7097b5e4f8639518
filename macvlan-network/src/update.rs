//! Changes a network that exists.

use std::sync::Arc;

use macvlan_core::IntoParent;

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::networks::Networks;
use crate::parent;
use crate::record::NetworkRecord;
use crate::wire;

/// The operation in error messages.
const CHANGE: &str = "change the network";
/// The number of attempts if other processes change the network at the same time.
pub(crate) const TRIES: u32 = 100;

/// The result of [`Network::update`], [`Network::set_parent`] or [`Networks::ensure`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Updated {
    /// The changed network.
    pub network: Network,
    /// The leases whose interfaces differ from the new configuration.
    ///
    /// [`Network::connect`] and, on their hosts,
    /// [`Networks::reconcile`](crate::Networks::reconcile) update them.
    pub outdated: Vec<Lease>,
    /// The leases whose interfaces match the new configuration.
    ///
    /// Empty if the network was left unchanged.
    pub unaffected: Vec<Lease>,
    /// True if the network was created.
    pub created: bool,
}

impl Updated {
    /// Makes the result for a network whose containers were not checked.
    pub(crate) fn alone(network: Network, created: bool) -> Self {
        Self { network, outdated: Vec::new(), unaffected: Vec::new(), created }
    }
}

impl Network {
    /// Changes the network's configuration, or changes nothing.
    ///
    /// Containers stay connected as they are; the result says which of them have to be connected
    /// again.
    ///
    /// The name cannot change. Without subnets in `config`, the network keeps its subnets; if
    /// `config` asks for an IPv6 subnet and has none, it keeps its IPv6 subnets. A subnet without
    /// an explicit gateway has the one that [`Networks::create`](crate::Networks::create) would
    /// give it: the first address, or none while the network is internal. Other handles on the
    /// network use the new configuration from now on.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: the name differs, or as for
    ///   [`Networks::create`](crate::Networks::create).
    /// - [`ErrorKind::SubnetOverlaps`], [`ErrorKind::ParentClash`], [`ErrorKind::NoFreeSubnet`],
    ///   [`ErrorKind::Kernel`]: as for [`Networks::create`](crate::Networks::create).
    /// - [`ErrorKind::NetworkInUse`]: a container has an address that would be outside of all
    ///   subnets, excluded, reserved, that of the subnet's or a route's gateway, or have another
    ///   prefix length; or a container is connected, and the network would change to or from mode
    ///   passthru, or to or from having addresses. A range may become smaller: containers with
    ///   addresses outside of it keep them.
    /// - [`ErrorKind::NetworkNotFound`]: the network was deleted.
    /// - [`ErrorKind::Contended`]: the network was changed since it was read.
    /// - Otherwise as for every [`Store`](crate::Store#errors).
    pub fn update(&self, config: &NetworkConfig) -> Result<Updated> {
        self.bring_to(config, false)
    }

    /// Changes the network like [`Network::update`], or leaves it unchanged if allowed and already
    /// as configured.
    pub(crate) fn bring_to(&self, config: &NetworkConfig, leave: bool) -> Result<Updated> {
        let refuse = |error: Error| error.during(CHANGE).in_network(self.name());
        let mut config = config.clone();
        if config.get_name() != self.name() {
            return Err(refuse(Error::invalid(CHANGE, "the name of a network cannot be changed")));
        }
        let had = self.record.config.subnets.iter();
        if config.get_subnets().is_empty() && !config.get_without_addresses() {
            config.subnets.extend(had.cloned());
        } else if config.get_ipv6() && !config.has_family(true) {
            config.subnets.extend(had.filter(|one| one.get_net().addr().is_ipv6()).cloned());
        }
        let config = config.settled();
        config.check().map_err(refuse)?;
        let networks = Networks(Arc::clone(&self.session));
        let warnings = parent::look_at(CHANGE, networks.host(), &config)?;
        if leave && config == self.record.config {
            let network = Self { warnings, ..self.clone() };
            return Ok(Updated::alone(network, false));
        }
        wire::refuse_other(CHANGE, &self.session, &config)?;
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

    /// Sets the parent, on top of the changes that others make at the same time.
    ///
    /// Otherwise like [`Network::update`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Kernel`] if it is not a valid parent; otherwise as for [`Network::update`].
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
