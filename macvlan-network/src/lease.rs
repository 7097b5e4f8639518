//! Leases: the addresses that a container has, and the namespace that it has them in.

use std::cmp::Reverse;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{LinkName, MacAddr, Presence};

use crate::alive::{self, NetNsMark};
use crate::error::{Error, ErrorKind, Result};
use crate::pending::Pending;
use crate::random;
use crate::record::NetworkRecord;

/// A lease: one interface of a container in one network, as it is stored.
///
/// A container with several interfaces in a network has a lease for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// The network's id.
    pub network: String,
    /// The container's id.
    ///
    /// For addresses that were allocated without a container, this is the lease's own id.
    pub container: String,
    /// The container's name, which is unique in the network.
    pub name: Option<String>,
    /// Further names, which several containers may share.
    pub aliases: Vec<String>,
    /// The name of the container's host.
    pub host: String,
    /// The lease's id, which is never used again.
    pub endpoint: String,
    /// The interface's name inside, unique among the container's in the network.
    pub interface: LinkName,
    /// The interface's MAC address; `None` in mode passthru, where it is the parent's.
    pub mac: Option<MacAddr>,
    /// The addresses, each with the prefix length of its subnet.
    pub addresses: Vec<IpNet>,
    /// The link-local addresses, which are in no subnet and not checked for uniqueness.
    pub link_local: Vec<IpAddr>,
    /// True if the container's default routes may lead through this network.
    ///
    /// They lead through the network with the highest priority among those that allow it, are not
    /// internal and have a gateway of the family.
    pub default_route: bool,
    /// The network's priority for default routes. Among equals, the oldest connection counts.
    pub gw_priority: i32,
    /// The position among the container's connections; later ones have higher numbers.
    pub sequence: u32,
    /// The namespace that the lease is bound to, if any.
    pub state: LeaseState,
    /// The link's name in the host's namespace, if it was created there to be moved.
    ///
    /// See [`Network::create_link`](crate::Network::create_link).
    pub link: Option<LinkName>,
    /// The parent that the interface is on, as stores write it. After a change of the network's
    /// parent, this is the earlier one until the interface is moved.
    #[serde(skip)]
    pub(crate) parent: OnParent,
}

/// The parent that an interface is on, which a store keeps for itself: leases are the same without
/// it, and so are their documents.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnParent(pub(crate) Option<String>);

impl PartialEq for OnParent {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for OnParent {}

impl Hash for OnParent {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The namespace that a lease is bound to, or that it is pending.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LeaseState {
    /// The container is connected.
    Connected {
        /// The container's namespace.
        netns: NetNsMark,
        /// The path that the namespace was opened by, if any. It may refer to another one by now.
        path: Option<String>,
    },
    /// The lease is not bound to a namespace yet.
    Pending(Pending),
}

impl LeaseState {
    /// Returns whether both are bound, to different namespaces.
    fn is_elsewhere_than(&self, other: &Self) -> bool {
        let (one, other) = (self.netns(), other.netns());
        one.is_some() && other.is_some() && one != other
    }

    fn netns(&self) -> Option<&NetNsMark> {
        match self {
            Self::Connected { netns, .. } => Some(netns),
            Self::Pending(_) => None,
        }
    }
}

impl Lease {
    /// Returns the container's namespace; `None` if the lease is pending.
    pub fn netns(&self) -> Option<&NetNsMark> {
        self.state.netns()
    }

    /// Returns the path that the container's namespace was opened by, if any.
    ///
    /// The path may refer to another namespace by now.
    pub fn netns_path(&self) -> Option<&str> {
        match &self.state {
            LeaseState::Connected { path, .. } => path.as_deref(),
            LeaseState::Pending(_) => None,
        }
    }

    /// Returns since when the lease is pending; `None` if it is bound to a namespace.
    pub fn pending(&self) -> Option<&Pending> {
        match &self.state {
            LeaseState::Connected { .. } => None,
            LeaseState::Pending(pending) => Some(pending),
        }
    }

    /// Returns whether the lease has an address.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|net| net.addr() == address)
    }

    /// Refuses the lease if another one of the container in the network has the same interface.
    pub(crate) fn check_interface(&self, network: &NetworkRecord, all: &[Self]) -> Result<()> {
        let has_it =
            |other: &&Self| other.endpoint != self.endpoint && other.interface == self.interface;
        let Some(other) = all.iter().find(has_it) else { return Ok(()) };
        let why = format!(
            "container {:?} already has a lease for interface {}",
            other.container, other.interface
        );
        Err(Error::new(ErrorKind::AlreadyConnected, "add a lease", why).in_network(network.name()))
    }

    /// Returns whether the lease is bound to this namespace.
    pub(crate) fn is_in(&self, netns: &NetNsMark) -> bool {
        self.netns() == Some(netns)
    }

    /// Returns whether both leases are in one namespace, or are expected to be.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.netns() == other.netns()
    }

    /// Returns whether both leases belong to one container in one network.
    pub(crate) fn is_sibling_of(&self, other: &Self) -> bool {
        self.endpoint != other.endpoint
            && self.network == other.network
            && self.container == other.container
    }

    /// Returns whether the container's namespace exists, if it is on this machine.
    ///
    /// A pending lease has no namespace; it is gone when the boot in which it was made has ended.
    pub(crate) fn presence(&self) -> Result<Option<Presence>> {
        match &self.state {
            LeaseState::Connected { netns, path } => alive::find(netns, path.as_deref()).map(Some),
            LeaseState::Pending(pending) if pending.is_of_this_boot()? => Ok(None),
            LeaseState::Pending(_) => Ok(Some(Presence::Gone)),
        }
    }

    /// Returns whether the lease's host is not among those alive; a store for a single host has no
    /// such list.
    pub(crate) fn is_of_the_dead(&self, living: Option<&[String]>) -> bool {
        living.is_some_and(|hosts| !hosts.contains(&self.host))
    }

    /// Returns the key by which leases are ordered for default routes, lowest first.
    pub(crate) fn rank(&self) -> (Reverse<i32>, u32, &str) {
        (Reverse(self.gw_priority), self.sequence, &self.network)
    }

    /// Refuses a changed network if the lease's addresses would no longer be valid in it.
    pub(crate) fn check_in(&self, network: &NetworkRecord) -> Result<()> {
        let has = |net: &IpNet| {
            network.check_reserved(net.addr(), self.name.as_deref())?;
            network.with_prefix(net.addr())
        };
        for net in &self.addresses {
            let why = match has(net) {
                Ok(same) if same == *net => continue,
                Ok(other) => format!("its address would become {other}"),
                Err(error) => error.cause().to_owned(),
            };
            let why = format!("container {:?} has {net}: {why}", self.container);
            return Err(in_the_way(network, why));
        }
        let (bare, passthru) = (self.addresses.is_empty(), self.mac.is_none());
        if bare != network.config.get_without_addresses() || passthru != network.is_passthru() {
            let why = format!(
                "container {:?} is connected with the old kind of addresses",
                self.container
            );
            return Err(in_the_way(network, why));
        }
        Ok(())
    }
}

fn in_the_way(network: &NetworkRecord, why: String) -> Error {
    Error::new(ErrorKind::NetworkInUse, "change the network", why)
        .with_hint("disconnect it first")
        .in_network(network.name())
}

/// An address that a host outside of the network has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConflictingAddress {
    /// The address.
    pub address: IpAddr,
    /// The time when it was found, in seconds since 1970.
    pub found: u64,
}

/// A request for a lease, for a container to be connected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LeaseRequest {
    /// The container's id.
    pub container: String,
    /// The container's name.
    pub name: Option<String>,
    /// Further names, which several containers may share.
    pub aliases: Vec<String>,
    /// The name of the container's host.
    pub host: String,
    /// The requested addresses. For a family without one, an address is chosen.
    pub addresses: Vec<IpAddr>,
    /// For IPv4 and IPv6, true if an address is chosen when none is requested.
    pub families: [bool; 2],
    /// The ids of pending leases to take, with their addresses. No address is chosen then.
    pub take: Vec<String>,
    /// Link-local addresses of the interface, in addition to the others.
    pub link_local: Vec<IpAddr>,
    /// The interface's name. Defaults to the first free `ethN`.
    pub interface: Option<LinkName>,
    /// The interface's MAC address. Defaults to a derived one.
    pub mac: Option<MacAddr>,
    /// True if default routes lead through this network before others; false if never.
    ///
    /// `None` leaves the choice to the priorities.
    pub default_route: Option<bool>,
    /// The network's priority for default routes.
    pub gw_priority: Option<i32>,
    /// The container's namespace, or that the lease is pending.
    pub state: LeaseState,
    /// True if the link is created in the host's namespace, to be moved.
    pub is_moved: bool,
    /// The number of free names `ethN` to skip, because the kernel already has them.
    pub skip_interfaces: u32,
    /// The number of derived MAC addresses to skip, because the kernel already has them.
    pub skip_macs: u32,
}

impl LeaseRequest {
    /// Returns the addresses of a family that are fixed: the requested ones, or the reserved one.
    pub(crate) fn fixed(&self, network: &NetworkRecord, v6: bool) -> Result<Vec<IpAddr>> {
        let asked_for = self.addresses.iter().copied().filter(|address| address.is_ipv6() == v6);
        let asked_for: Vec<IpAddr> = asked_for.collect();
        for address in &asked_for {
            network.check_reserved(*address, self.name.as_deref())?;
        }
        if asked_for.is_empty() && self.chooses(network, v6) {
            return Ok(network.reserved_for(self.name.as_deref(), v6).into_iter().collect());
        }
        Ok(asked_for)
    }

    /// Returns the addresses of both families that are fixed.
    pub(crate) fn all_fixed(&self, network: &NetworkRecord) -> Result<Vec<IpAddr>> {
        Ok([self.fixed(network, false)?, self.fixed(network, true)?].concat())
    }

    /// Returns whether the request is for the namespace that a lease is bound to.
    pub(crate) fn is_beside(&self, lease: &Lease) -> bool {
        lease.netns().is_some_and(|netns| self.state.netns() == Some(netns))
    }

    /// Returns whether an address of a family is chosen if none is requested.
    pub(crate) fn chooses(&self, network: &NetworkRecord, v6: bool) -> bool {
        self.take.is_empty() && self.families[usize::from(v6)] && network.config.has_family(v6)
    }

    /// Returns which of a container's leases in the network is requested; `None` if it is a new
    /// one.
    ///
    /// A container is in one namespace, so a lease that is bound to another namespace conflicts
    /// with the request, whichever interface it is for.
    pub(crate) fn meant(&self, network: &NetworkRecord, leases: &[Lease]) -> Result<Option<usize>> {
        let elsewhere = |lease: &Lease| self.state.is_elsewhere_than(&lease.state);
        if let Some(at) = leases.iter().position(elsewhere) {
            return Ok(Some(at));
        }
        match (self.interface, leases) {
            (Some(named), _) => Ok(leases.iter().position(|lease| lease.interface == named)),
            (None, []) => Ok(None),
            (None, [_]) => Ok(Some(0)),
            (None, several) => {
                let all: Vec<&str> = several.iter().map(|one| one.interface.as_str()).collect();
                let why = format!("connected by several interfaces: {}", all.join(", "));
                Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                    .with_hint("name the interface")
                    .in_network(network.name()))
            }
        }
    }

    /// Returns those of the container's other leases that are not in another namespace.
    fn beside<'a>(&self, others: &'a [Lease]) -> Vec<&'a Lease> {
        let beside = |lease: &&Lease| !self.state.is_elsewhere_than(&lease.state);
        others.iter().filter(beside).collect()
    }

    /// Returns the interface's name: the requested one, or the first free one beside the container's
    /// other leases.
    pub(crate) fn interface_beside(&self, others: &[Lease]) -> LinkName {
        let free = || free_interface(&self.beside(others), self.skip_interfaces);
        self.interface.unwrap_or_else(free)
    }

    /// Makes the lease with these addresses.
    ///
    /// `others` are the container's other leases, `taken` the pending ones that it takes.
    pub(crate) fn granted(
        &self,
        network: &NetworkRecord,
        addresses: Vec<IpNet>,
        others: &[Lease],
        taken: &[Lease],
    ) -> Lease {
        let here = self.beside(others);
        let plain: Vec<IpAddr> = addresses.iter().map(IpNet::addr).collect();
        let may = self.default_route.unwrap_or(!self.is_moved || self.gw_priority.is_some());
        let asks = may && self.default_route.is_some();
        let sequence = others.iter().map(|lease| lease.sequence.saturating_add(1)).max();
        let id = random::id();
        let endpoint = if self.is_allocation() { self.container.clone() } else { id };
        let interface = self.interface_beside(others);
        // Each of several interfaces has a MAC address of its own.
        let place = if others.iter().any(|one| one.network == network.id) {
            format!("{}/{interface}", self.container)
        } else {
            self.container.clone()
        };
        let promised = taken.iter().find_map(|lease| lease.mac);
        Lease {
            network: network.id.clone(),
            container: self.container.clone(),
            name: self.name.clone(),
            aliases: self.aliases.clone(),
            host: self.host.clone(),
            link: self.is_moved.then(|| host_link(&endpoint)),
            endpoint,
            interface,
            mac: network.mac(self.mac.or(promised), (&place, self.skip_macs), &plain),
            addresses,
            link_local: self.link_local.clone(),
            default_route: may,
            gw_priority: self
                .gw_priority
                .unwrap_or_else(|| if asks { in_front_of(here.iter().copied()) } else { 0 }),
            sequence: sequence.unwrap_or(0),
            state: self.state.clone(),
            parent: OnParent(network.stored_parent()),
        }
    }

    /// Returns whether this allocates addresses without a container, whose id is the lease's then.
    pub(crate) fn is_allocation(&self) -> bool {
        matches!(self.state, LeaseState::Pending(_)) && !self.is_moved
    }
}

/// Returns the name of a link in the host's namespace, before it is moved.
fn host_link(endpoint: &str) -> LinkName {
    let name = format!("mv-{}", endpoint.get(..12).unwrap_or_default());
    LinkName::new(&name).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Returns the priority that puts a network before the others, at least the default.
pub(crate) fn in_front_of<'a>(others: impl Iterator<Item = &'a Lease>) -> i32 {
    let may = others.filter(|lease| lease.default_route);
    may.map(|lease| lease.gw_priority.saturating_add(1)).max().map_or(0, |most| most.max(0))
}

/// Returns the first `ethN` that no other lease of the container has.
fn free_interface(others: &[&Lease], skip: u32) -> LinkName {
    let names = (0_u32..).filter_map(|number| LinkName::new(&format!("eth{number}")).ok());
    let mut free = names.filter(|name| !others.iter().any(|lease| lease.interface == *name));
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    free.nth(skip).unwrap_or_else(|| unreachable!("there are more names than leases"))
}
