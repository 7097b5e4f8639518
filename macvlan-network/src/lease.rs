//! Who holds which address, and in which namespace.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{LinkName, MacAddr, Presence};

use crate::alive::{self, NetNsMark};
use crate::error::{Error, ErrorKind, Result};
use crate::pending::Pending;
use crate::random;
use crate::record::NetworkRecord;

/// One interface of a container in one network, as the store has it. A container that has several in a network
/// has a lease for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The network's id.
    pub network: String,
    /// The container's id, as the caller calls it; of addresses that were allocated without a container, the
    /// lease's own id.
    pub container: String,
    /// The name by which others find it; no other container of the network has it.
    pub name: Option<String>,
    /// Further names by which others find it, which several containers may have.
    pub aliases: Vec<String>,
    /// The host that it runs on.
    pub host: String,
    /// The lease's id, which tells it from any other that the container had or will have.
    pub endpoint: String,
    /// The interface's name inside, which tells it from the container's others in the network.
    pub interface: LinkName,
    /// The interface's MAC address; none in mode passthru, where it is the parent's.
    pub mac: Option<MacAddr>,
    /// Its addresses, each with the prefix length of its subnet.
    pub addresses: Vec<IpNet>,
    /// Its link-local addresses, which are in no subnet of the network, and which nobody keeps from others.
    pub link_local: Vec<IpAddr>,
    /// Whether the container's default routes may lead through this network. They lead through one of
    /// those that may, are not internal and have a gateway of the family: the one with the highest priority.
    pub default_route: bool,
    /// The network's priority among those. Of several that have the same, the first counts.
    pub gw_priority: i32,
    /// Which of the container's connections it is: a later one has a higher number.
    pub sequence: u32,
    /// Whether it is bound to the container's namespace.
    pub state: LeaseState,
    /// The name that its link has in the host's namespace, if it was created there to be moved
    /// ([`Network::create_link`](crate::Network::create_link)).
    pub link: Option<LinkName>,
}

/// Whether a lease is bound to a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseState {
    /// The container is connected.
    Connected {
        /// The container's namespace.
        netns: NetNsMark,
        /// The path by which the namespace was found, if it was by one. It may lead to another by now.
        path: Option<String>,
    },
    /// It is not bound to a namespace yet: since when.
    Pending(Pending),
}

impl LeaseState {
    /// Whether both are bound, to two namespaces.
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
    /// Returns the container's namespace; none of a lease that is pending.
    pub fn netns(&self) -> Option<&NetNsMark> {
        self.state.netns()
    }

    /// Returns the path by which the container's namespace was found, if it was by one. It may lead to another by
    /// now.
    pub fn netns_path(&self) -> Option<&str> {
        match &self.state {
            LeaseState::Connected { path, .. } => path.as_deref(),
            LeaseState::Pending(_) => None,
        }
    }

    /// Returns since when it is pending; none if it is bound to a namespace.
    pub fn pending(&self) -> Option<&Pending> {
        match &self.state {
            LeaseState::Connected { .. } => None,
            LeaseState::Pending(pending) => Some(pending),
        }
    }

    /// Whether it has an address.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|net| net.addr() == address)
    }

    /// Refuses it if another of the container's leases in the network has its interface.
    pub(crate) fn check_interface(&self, network: &NetworkRecord, all: &[Self]) -> Result<()> {
        let has_it =
            |other: &&Self| other.endpoint != self.endpoint && other.interface == self.interface;
        let Some(other) = all.iter().find(has_it) else { return Ok(()) };
        let why = format!("container {:?} has one for {}", other.container, other.interface);
        Err(Error::new(ErrorKind::AlreadyConnected, "enter a lease", why)
            .in_network(network.name()))
    }

    /// Whether it is bound to this namespace.
    pub(crate) fn is_in(&self, netns: &NetNsMark) -> bool {
        self.netns() == Some(netns)
    }

    /// Whether both are in one namespace, or will be as far as is known.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.netns() == other.netns()
    }

    /// Whether both are of one container in one network.
    pub(crate) fn is_sibling_of(&self, other: &Self) -> bool {
        self.endpoint != other.endpoint
            && self.network == other.network
            && self.container == other.container
    }

    /// What is known of the container's namespace, if it is of this machine. One that is pending has none: it is
    /// gone with the boot that it was made in.
    pub(crate) fn presence(&self) -> Result<Option<Presence>> {
        match &self.state {
            LeaseState::Connected { netns, path } => alive::find(netns, path.as_deref()).map(Some),
            LeaseState::Pending(pending) if pending.is_of_this_boot()? => Ok(None),
            LeaseState::Pending(_) => Ok(Some(Presence::Gone)),
        }
    }

    /// Whether its host is none of those that live; where there is one host alone, it lives.
    pub(crate) fn is_of_the_dead(&self, living: Option<&[String]>) -> bool {
        living.is_some_and(|hosts| !hosts.contains(&self.host))
    }

    /// Its place among those that the container's default routes can lead through, the lowest first.
    pub(crate) fn rank(&self) -> (Reverse<i32>, u32, &str) {
        (Reverse(self.gw_priority), self.sequence, &self.network)
    }

    /// Refuses a network as it is to be if it has not these addresses any more.
    pub(crate) fn check_in(&self, network: &NetworkRecord) -> Result<()> {
        let has = |net: &IpNet| {
            network.check_reserved(net.addr(), self.name.as_deref())?;
            network.with_prefix(net.addr())
        };
        for net in &self.addresses {
            let why = match has(net) {
                Ok(same) if same == *net => continue,
                Ok(other) => format!("it would be {other}"),
                Err(error) => error.cause().to_owned(),
            };
            let why = format!("container {:?} has {net}, and {why}", self.container);
            return Err(in_the_way(network, why));
        }
        let (bare, passthru) = (self.addresses.is_empty(), self.mac.is_none());
        if bare != network.config.is_without_addresses() || passthru != network.is_passthru() {
            let why = format!("container {:?} is connected as it was", self.container);
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

/// An address that somebody has who is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// The address.
    pub address: IpAddr,
    /// When it was found, in seconds since 1970.
    pub found: u64,
}

/// What is asked of a store for a container that is to be connected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wish {
    /// The container's id.
    pub container: String,
    /// The name by which others are to find it.
    pub name: Option<String>,
    /// Further names, which other containers may have too.
    pub aliases: Vec<String>,
    /// The host that it runs on.
    pub host: String,
    /// Addresses that it has to get; one is chosen of each family of which none is given.
    pub addresses: Vec<IpAddr>,
    /// Whether an IPv4, and whether an IPv6 address is chosen where none is given.
    pub families: [bool; 2],
    /// The ids of pending leases that it takes, with their addresses; none is chosen then.
    pub take: Vec<String>,
    /// Link-local addresses that its interface has besides.
    pub link_local: Vec<IpAddr>,
    /// The interface's name; the first free `ethN` when not given.
    pub interface: Option<LinkName>,
    /// The interface's MAC address, if it has to be a certain one.
    pub mac: Option<MacAddr>,
    /// Whether default routes are to lead through this network: never, if false; in front of the
    /// container's other networks, if true.
    pub default_route: Option<bool>,
    /// The network's priority among those that the default routes can lead through.
    pub gw_priority: Option<i32>,
    /// The container's namespace, or that it has none yet.
    pub state: LeaseState,
    /// Whether its link is created in the host's namespace, to be moved.
    pub is_moved: bool,
    /// How many of the first free `ethN` are passed over, since the kernel has them already.
    pub skip_interfaces: u32,
    /// How many MAC addresses that were derived are passed over, since the kernel has them already.
    pub skip_macs: u32,
}

impl Wish {
    /// Has what is not said be as in a lease that the container had: its names, its link-local addresses, and
    /// what its default routes go by.
    pub(crate) fn take_over(&mut self, lease: Lease) {
        self.name = self.name.take().or(lease.name);
        if self.aliases.is_empty() {
            self.aliases = lease.aliases;
        }
        if self.link_local.is_empty() {
            self.link_local = lease.link_local;
        }
        if self.default_route.is_none() && self.gw_priority.is_none() {
            self.default_route = Some(lease.default_route);
            self.gw_priority = Some(lease.gw_priority);
        }
    }

    /// The addresses of a family that it has to have: those that were asked for, or the one that is reserved
    /// for it.
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

    /// Whether it is about the namespace that a lease is bound to.
    pub(crate) fn is_beside(&self, lease: &Lease) -> bool {
        lease.netns().is_some_and(|netns| self.state.netns() == Some(netns))
    }

    /// Whether an address of a family is chosen if none is said.
    pub(crate) fn chooses(&self, network: &NetworkRecord, v6: bool) -> bool {
        self.take.is_empty() && self.families[usize::from(v6)] && network.config.has_family(v6)
    }

    /// Returns which of a container's leases in the network it is about; none if it is about another one.
    ///
    /// A container is in one namespace, so one that is bound to another is in the way, whichever interface it
    /// is of.
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
                let why = format!("it is connected by several interfaces: {}", all.join(", "));
                Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                    .with_hint("say which interface")
                    .in_network(network.name()))
            }
        }
    }

    /// The lease that comes of it, with these addresses; `others` are the container's other leases, `taken`
    /// those that it takes.
    pub(crate) fn granted(
        &self,
        network: &NetworkRecord,
        addresses: Vec<IpNet>,
        others: &[Lease],
        taken: &[Lease],
    ) -> Lease {
        let beside = |lease: &&Lease| !self.state.is_elsewhere_than(&lease.state);
        let here: Vec<&Lease> = others.iter().filter(beside).collect();
        let plain: Vec<IpAddr> = addresses.iter().map(IpNet::addr).collect();
        let may = self.default_route.unwrap_or(!self.is_moved);
        let asks = may && self.default_route.is_some();
        let sequence = others.iter().map(|lease| lease.sequence.saturating_add(1)).max();
        let id = random::id();
        let endpoint = if self.is_allocation() { self.container.clone() } else { id };
        let interface =
            self.interface.unwrap_or_else(|| free_interface(&here, self.skip_interfaces));
        // Of several interfaces each has one of its own.
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
        }
    }

    /// Whether it is for addresses alone, without a container: its id is the lease's.
    fn is_allocation(&self) -> bool {
        matches!(self.state, LeaseState::Pending(_)) && !self.is_moved
    }
}

/// What a link is called in the host's namespace, until it is moved.
fn host_link(endpoint: &str) -> LinkName {
    let name = format!("mv-{}", endpoint.get(..12).unwrap_or_default());
    LinkName::new(&name).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The priority that puts a network in front of others: no less than the usual one.
pub(crate) fn in_front_of<'a>(others: impl Iterator<Item = &'a Lease>) -> i32 {
    let may = others.filter(|lease| lease.default_route);
    may.map(|lease| lease.gw_priority.saturating_add(1)).max().map_or(0, |most| most.max(0))
}

/// `eth0`, or the first `ethN` that the container has from no other lease.
fn free_interface(others: &[&Lease], skip: u32) -> LinkName {
    let names = (0_u32..).filter_map(|number| LinkName::new(&format!("eth{number}")).ok());
    let mut free = names.filter(|name| !others.iter().any(|lease| lease.interface == *name));
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    free.nth(skip).unwrap_or_else(|| unreachable!("there are more names than leases"))
}
