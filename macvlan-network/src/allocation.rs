//! Allocates addresses for a container that does not exist yet.

use std::net::IpAddr;

use macvlan_core::MacAddr;

use crate::connect_options::ConnectOptions;
use crate::error::{Error, Result};
use crate::lease::{Lease, LeaseState};
use crate::network::Network;
use crate::pending::Pending;
use crate::random;
use crate::store::LeaseOutcome;

/// Options for allocating addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Allocation {
    addresses: Vec<IpAddr>,
    families: [bool; 2],
    mac: Option<MacAddr>,
}

impl Default for Allocation {
    fn default() -> Self {
        Self::new()
    }
}

impl Allocation {
    /// Makes options for one address of each family that the network has.
    pub fn new() -> Self {
        Self { addresses: Vec::new(), families: [true; 2], mac: None }
    }

    /// Adds an address to request. For a family without one, an address is chosen.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Sets whether an IPv4 address is chosen if none is requested. Defaults to true.
    pub fn ipv4(mut self, choose: bool) -> Self {
        self.families[0] = choose;
        self
    }

    /// Sets whether an IPv6 address is chosen if none is requested. Defaults to true.
    pub fn ipv6(mut self, choose: bool) -> Self {
        self.families[1] = choose;
        self
    }

    /// Sets the MAC address.
    ///
    /// By default it is derived, see [`NetworkConfig::mac_from`](crate::NetworkConfig::mac_from).
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }
}

impl Network {
    /// Leases addresses for a container that does not exist yet.
    ///
    /// The lease is pending until a container takes it ([`ConnectOptions::take`] with its id,
    /// [`Lease::endpoint`]), or until it is released with [`Network::disconnect`] and that id.
    /// [`Networks::collect`](crate::Networks::collect) releases it if it is pending for longer than
    /// [`Networks::with_pending_age`](crate::Networks::with_pending_age), or since an earlier boot.
    ///
    /// ```no_run
    /// # use macvlan_core::NetNs;
    /// # use macvlan_network::{Allocation, ConnectOptions, Network};
    /// # fn example(network: &Network, container: &NetNs) -> macvlan_network::Result<()> {
    /// let lease = network.allocate(&Allocation::new())?;
    /// println!("the container will have {:?}", lease.addresses);
    /// network.connect(&ConnectOptions::new("4f1c9a").take(&lease.endpoint), container)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) also if no address is to be
    /// chosen, although the network has subnets; otherwise as for [`Network::connect`].
    pub fn allocate(&self, allocation: &Allocation) -> Result<Lease> {
        let operation = "allocate addresses";
        let allocate = || loop {
            let mut options = ConnectOptions::new(random::id());
            for address in &allocation.addresses {
                options = options.address(*address);
            }
            if let Some(mac) = allocation.mac {
                options = options.mac(mac);
            }
            let state = LeaseState::Pending(Pending::now()?);
            let mut request = options.request(&self.session.host_name, state)?;
            (request.families, request.is_moved) = (allocation.families, false);
            let is_bare = request.addresses.is_empty()
                && ![false, true].into_iter().any(|v6| request.chooses(&self.record, v6));
            if is_bare && !self.config().get_without_addresses() {
                let why = "the network has no subnet of a family that is asked for";
                return Err(Error::invalid(operation, why));
            }
            match self.granted(&request)? {
                LeaseOutcome::New { lease, .. } => match self.who_else(&lease, &[]) {
                    Ok(None) => return Ok(lease),
                    Ok(Some(other)) => self.gives_way((&lease, &[]), other, &request)?,
                    Err(why) => return Err(self.undo_lease(&lease, &[], why)?),
                },
                // The id is random, so no other lease has it.
                LeaseOutcome::Held { .. } => {}
                LeaseOutcome::Changed(record) => {
                    return Self { record, ..self.clone() }.allocate(allocation);
                }
            }
        };
        allocate().map_err(|error: Error| error.during(operation).in_network(self.name()))
    }
}
