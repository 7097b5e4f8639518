//! Interfaces with addresses from the lease store (`"ipam": {"type": "lan"}`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use macvlan_core::{
    AcceptRa, Attachment, Endpoint, Handle, Host, LinkId, NetNs, Parent, Route, RouteFilter,
    RouteInfo,
};
use macvlan_network::{
    ConnectOptions, Connection, ErrorKind, Lease, Network, NetworkConfig, Networks,
};

use crate::cni::attachment::{self, until_sent};
use crate::cni::config::{Config, Kind, Request};
use crate::cni::environment;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::{Addresses, Leases, is_default};
use crate::cni::log::Log;
use crate::cni::result::{Answer, Interface, Ip, RouteTo};
use crate::cni::{mark, parent, sysctl};
use crate::host_access;
use crate::runtime_network;
use crate::value::{MAIN_TABLE, set};

/// The runtime, for the label of the network.
const RUNTIME: &str = "cni";

/// Opens the store.
pub(super) fn open(leases: &Leases, config: &Config, host: &Host) -> Result<Networks> {
    if config.is_in_container() {
        let why = "leases are for the host's links";
        return Err(Error::config(format!("cannot use linkInContainer with ipam lan: {why}")));
    }
    let networks = leases.store().open(host.clone())?;
    Ok(match config.probe {
        Some(probe) => networks.with_probe(probe),
        None => networks,
    })
}

/// Returns the network of the configuration, if a CNI runtime has created it.
pub(super) fn find(networks: &Networks, config: &Config) -> Result<Option<Network>> {
    Ok(runtime_network::find(networks, &config.name, RUNTIME)?)
}

/// Returns the description of the network.
fn describe(networks: &Networks, config: &Config, leases: &Leases) -> Result<NetworkConfig> {
    let Kind::Macvlan(mode) = config.kind else {
        let why = "a parent has only one VLAN link with an id";
        return Err(Error::config(format!(
            "cannot use kind vlan with ipam lan: {why}; set kind macvlan, for macvlans on that VLAN"
        )));
    };
    // The default route may have changed since the first ADD, or the link that was chosen be gone.
    let known = if config.has_master() { None } else { find(networks, config)? };
    let known = known.as_ref().and_then(|network| network.config().get_parent());
    let master = match known {
        Some(known) if parent::find(networks.host(), known)?.is_some() => known.clone(),
        _ => config.parent(networks.host())?,
    };
    let mut described = NetworkConfig::new(&config.name)
        .parent(master)
        .mode(mode)
        .probe(config.probe.is_some())
        .duplicate_detection(config.duplicate_detection);
    set!(described, mtu = config.mtu, mac_from = config.mac_from);
    // Otherwise a reconcile would set them back to the network's defaults.
    let off = sysctl::of_ipv6(&config.sysctls, "disable_ipv6").map(|value| value != "0");
    let accept = sysctl::of_ipv6(&config.sysctls, "accept_ra");
    let accept = accept.and_then(|value| AcceptRa::from_kernel(value.parse().ok()?));
    set!(described, disable_ipv6 = off, accept_ra = accept);
    leases.addresses()?.apply(described)
}

/// Ensures that the network is as described: what an ADD does before it leases an address.
fn ensure(networks: &Networks, described: NetworkConfig) -> Result<Network> {
    Ok(runtime_network::ensure(networks, described, RUNTIME)?.network)
}

/// Connects the container to the network, which is created or changed as configured.
pub(super) fn add(
    request: &Request,
    of: &environment::Attachment,
    (host, netns): (&Host, &NetNs),
    leases: &Leases,
    log: &Log,
) -> Result<(Attachment, Answer)> {
    let config = &request.config;
    let networks = open(leases, config, host)?;
    let network = ensure(&networks, describe(&networks, config, leases)?)?;
    let addresses = leases.addresses()?;
    // Until it is finished, so that another ADD of this interface is refused.
    let _alone = netns.lock()?;
    // A lease without an interface remains of an ADD that was killed.
    if network.lease(of.key())?.is_some() && mark::is_leased(host, netns, of)? {
        let why = "the container is already connected by it";
        return Err(Error::new(
            Code::OTHER,
            format!("cannot add interface {}: {why}; run DEL first", of.interface),
        ));
    }
    let (options, name) = options(config, of, addresses)?;
    let named = (options, name.as_str());
    let warn = |why: &str| log.line(why);
    let connection = runtime_network::connect_named(&networks, &network, named, netns, warn)?;
    let finish = || -> Result<Answer> {
        more(config, of, (&network, addresses), &connection, (host, netns))?;
        answer(of, addresses, &network, &connection, netns)
    };
    match finish() {
        Ok(answer) => Ok((connection.attachment().clone(), answer)),
        Err(error) => Err(undo(&network, of, netns, error)),
    }
}

/// Disconnects the container after a failure, and returns the failure.
fn undo(network: &Network, of: &environment::Attachment, netns: &NetNs, error: Error) -> Error {
    match network.disconnect_from(of.key(), netns) {
        Ok(_) => error,
        Err(other) => error.and(&other.into()),
    }
}

/// Returns the options, and the name of the container, empty if it has none.
fn options(
    config: &Config,
    of: &environment::Attachment,
    addresses: &Addresses,
) -> Result<(ConnectOptions, String)> {
    let mut options = ConnectOptions::new(&of.container).interface(of.interface.as_str());
    set!(options, mac = config.mac(&of.arguments)?);
    let mut name = of.name().unwrap_or_default();
    // An address may be reserved for the pod's name alone, which the lease then has.
    let pod = of.arguments.pod.as_ref().filter(|pod| **pod != name && addresses.reserves(pod));
    if let Some(pod) = pod.filter(|_| !addresses.reserves(&name)) {
        if options.clone().runtime_name(&name) != options {
            options = options.alias(&name);
        }
        name.clone_from(pod);
    }
    options = config.ips(&of.arguments)?.into_iter().fold(options, ConnectOptions::address);
    // With source routing, they are in a table of the interface's own.
    if !addresses.has_default_route() || config.source_routing.is_some() {
        options = options.default_route(false);
    } else {
        let by_interface = || runtime_network::priority(of.interface.as_str());
        options = options.gw_priority(addresses.gw_priority().unwrap_or_else(by_interface));
    }
    Ok((options, name))
}

/// Adds to the interface what networks do not have.
fn more(
    config: &Config,
    of: &environment::Attachment,
    (network, addresses): (&Network, &Addresses),
    connection: &Connection,
    (host, netns): (&Host, &NetNs),
) -> Result {
    if config.bc_queue_len.is_some() || config.source_routing.is_some() {
        let lease = connection.lease();
        let routes = network.routes_by(lease)?;
        host.ensure(&endpoint(config, of, (network, addresses), (lease, &routes))?, netns)?;
    }
    if let Some(announce) = config.announce.on() {
        let mut attached = connection.attachment().clone();
        attached.refresh()?;
        attached.announce(until_sent(announce))?.run()?;
    }
    Ok(())
}

/// Returns the endpoint that the interface of a lease should be with these routes, and without the
/// default routes of its network, which depend on the container's others.
fn endpoint(
    config: &Config,
    of: &environment::Attachment,
    (network, addresses): (&Network, &Addresses),
    (lease, own): (&Lease, &[Route]),
) -> Result<Endpoint> {
    let parent: Parent = network.parent().parse()?;
    let parent = network.config().get_parent().unwrap_or(&parent);
    let endpoint = attachment::bare(config, of, parent, lease.mac)?;
    let ips: Vec<Ip> = ips((network, addresses), lease);
    let mut routes: Vec<RouteTo> = Vec::new();
    if config.source_routing.is_some() {
        let gateways = ips.iter().filter(|ip| ip.gateway.is_some());
        routes.extend(gateways.map(|ip| RouteTo::new(default_of(&ip.address), ip.gateway)));
    }
    // What was announced, or probed, is not done again.
    let endpoint =
        attachment::with(endpoint, &config.quiet(), &ips.iter().collect::<Vec<_>>(), &routes)?;
    Ok(own.iter().copied().fold(endpoint, Endpoint::route))
}

/// Returns the addresses of a lease, with their gateways.
fn ips((network, addresses): (&Network, &Addresses), lease: &Lease) -> Vec<Ip> {
    let gateway = |net: &IpNet| {
        runtime_network::gateway(net, network.config()).or_else(|| addresses.idle_gateway(net))
    };
    let ip = |net: &IpNet| Ip { address: *net, gateway: gateway(net), interface: Some(0) };
    lease.addresses.iter().map(ip).collect()
}

fn default_of(net: &IpNet) -> IpNet {
    let any: IpAddr = if net.addr().is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    IpNet::new_assert(any, 0)
}

/// Returns the result: the addresses of the lease, and the routes that the interface got.
fn answer(
    of: &environment::Attachment,
    addresses: &Addresses,
    network: &Network,
    connection: &Connection,
    netns: &NetNs,
) -> Result<Answer> {
    let interface = Interface::new(
        of.interface.as_str(),
        connection.mac().to_string(),
        connection.attachment().mtu(),
        &of.sandbox().to_string_lossy(),
    );
    let mut routes: Vec<RouteTo> = connection.attachment().routes().iter().map(listed).collect();
    if addresses.has_default_route() {
        let link = connection.attachment().index();
        let ours = RouteFilter::new().link(link).table(MAIN_TABLE).protocol(Endpoint::PROTOCOL);
        let found = Handle::in_netns(netns)?.find_routes(&ours)?;
        let found = found.iter().map(|info| &info.route).filter(|route| route.is_default());
        routes.extend(found.map(listed));
    }
    Ok(Answer {
        interfaces: vec![interface],
        ips: ips((network, addresses), connection.lease()),
        routes,
        dns: None,
    })
}

/// Returns a route as the result has it.
fn listed(route: &Route) -> RouteTo {
    RouteTo {
        mtu: route.get_mtu(),
        advmss: route.get_advmss(),
        priority: route.get_metric(),
        table: Some(route.get_table()).filter(|table| *table != MAIN_TABLE),
        ..RouteTo::new(route.get_destination(), route.get_gateway())
    }
}

/// Disconnects the container, and succeeds if it is not connected.
pub(super) fn del(
    request: &Request,
    of: &environment::Attachment,
    (host, netns): (&Host, Option<&NetNs>),
    leases: &Leases,
    log: &Log,
) -> Result {
    let config = &request.config;
    let disconnect = || -> Result {
        let networks = open(leases, config, host)?;
        let network = find(&networks, config)?;
        if let Some(network) = &network {
            if config.access {
                take_access(host, network, of)?;
            }
            match network.disconnect(of.key()) {
                Err(error) if error.kind() == ErrorKind::NotConnected => {}
                done => drop(done?),
            }
        }
        let Some(netns) = netns else { return Ok(()) };
        // The store may have lost the lease, or be another one by now.
        let (previous, known) = (request.previous.as_ref(), (&networks, network.as_ref()));
        if let Some(found) = mark::find_lost(host, netns, of, known, previous)? {
            if config.access && network.is_none() {
                let ips = previous.iter().flat_map(|previous| &previous.ips);
                let addresses: Vec<IpAddr> = ips.map(|ip| ip.address.addr()).collect();
                host_access::take(host, found.parent_index(), &addresses)?;
            }
            host.detach(&found)?;
        }
        Ok(())
    };
    let may_wait = |error: &Error| {
        [ErrorKind::StoreUnavailable, ErrorKind::File].into_iter().any(|kind| error.is(kind))
    };
    match disconnect() {
        // The interface has ended with its namespace, and the lease is released by GC, by
        // `network reconcile` or by the agent.
        Err(error) if netns.is_none() && may_wait(&error) => {
            log.line(&format!("the lease remains for GC: {}", error.message()));
            Ok(())
        }
        disconnected => disconnected,
    }
}

/// Removes the host's access to a container, whose lease may have been released already.
fn take_access(host: &Host, network: &Network, of: &environment::Attachment) -> Result {
    match network.lease(of.key())? {
        Some(lease) => host_access::take_from(host, network, &[lease])?,
        None => host_access::take_stale(host, network, &[])?,
    }
    Ok(())
}

/// Disconnects the containers that the runtime does not know.
pub(super) fn gc(request: &Request, host: &Host, leases: &Leases, log: &Log) -> Result {
    let config = &request.config;
    let networks = open(leases, config, host)?;
    let Some(network) = find(&networks, config)? else { return Ok(()) };
    let valid = request.valid()?.iter();
    let retained = network.retain(valid.map(|one| (&*one.container, &*one.interface)))?;
    for lease in &retained.released {
        log.line(&format!("released {}/{}, which is not valid", lease.container, lease.interface));
    }
    let mut errors: Vec<Error> = Vec::new();
    errors.extend(retained.failed.into_iter().map(|(_, error)| error.into()));
    if config.access {
        let taken = host_access::take_stale(host, &network, &retained.released);
        errors.extend(taken.err().map(Error::from));
    }
    Error::all(errors)
}

/// Returns the endpoint that the interface of an attachment should be.
pub(super) fn expected(
    request: &Request,
    of: &environment::Attachment,
    (host, netns): (&Host, &NetNs),
    leases: &Leases,
) -> Result<Endpoint> {
    let config = &request.config;
    let networks = open(leases, config, host)?;
    let missing =
        |what: String| Error::new(Code::OTHER, format!("cannot check {}: {what}", of.interface));
    let network = find(&networks, config)?
        .ok_or_else(|| missing(format!("the store has no network {:?}", config.name)))?;
    let lease = network
        .lease(of.key())?
        .ok_or_else(|| missing("the container has no lease in the network".to_owned()))?;
    let is_here = lease.netns().is_some_and(|mark| mark.inode == netns.id().inode);
    if !is_here {
        return Err(missing("the lease is of another namespace".to_owned()));
    }
    let expected = request.expected()?;
    let sandbox = of.sandbox().to_string_lossy();
    let listed = expected.of_interface(of.interface.as_str(), &sandbox);
    let mut listed = listed.into_iter().flat_map(|(_, ips)| ips);
    if let Some(other) = listed.find(|ip| !lease.addresses.contains(&ip.address)) {
        return Err(missing(format!("{} of prevResult is not in the lease", other.address)));
    }
    // An older interface of the container in the network may have them, or may have had them.
    let mut routes = network.routes_by(&lease)?;
    let is_listed = |route: &Route| {
        let way = (route.get_destination(), route.get_gateway());
        expected.routes.iter().any(|listed| (listed.dst.trunc(), listed.gw) == way)
    };
    routes.retain(is_listed);
    endpoint(config, of, (&network, leases.addresses()?), (&lease, &routes))
}

/// Returns the default routes of `prevResult` through an interface with these addresses that are
/// gone.
///
/// One is not if the default route now leads through another network of the container, since the
/// choice depends on all of them.
pub(super) fn missing_default_routes(
    expected: &Answer,
    ips: &[&Ip],
    of: &environment::Attachment,
    netns: &NetNs,
) -> Result<Vec<String>> {
    let is_its = |route: &&RouteTo| {
        let its = |ip: &&Ip| ip.gateway.is_some() && ip.gateway == route.gw;
        is_default(&route.dst) && route.table.is_none() && ips.iter().any(its)
    };
    let handle = Handle::in_netns(netns)?;
    let link = match handle.link(of.interface) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        link => Some(LinkId::Index(link?.index)),
    };
    let found =
        handle.find_routes(&RouteFilter::new().table(MAIN_TABLE).protocol(Endpoint::PROTOCOL))?;
    let leads = |wanted: &RouteTo| {
        let does = |info: &RouteInfo| {
            let (route, dst) = (&info.route, info.route.get_destination());
            let is_there = route.get_gateway() == wanted.gw
                && wanted.priority.is_none_or(|metric| route.get_metric() == Some(metric));
            route.is_default()
                && dst.addr().is_ipv4() == wanted.dst.addr().is_ipv4()
                && (is_there || route.get_device() != link)
        };
        found.iter().any(does)
    };
    let gone = expected.routes.iter().filter(is_its).filter(|route| !leads(route));
    Ok(gone
        .map(|route| {
            let gateway = route.gw.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
            format!("the default route{gateway} is missing")
        })
        .collect())
}

/// Fails if an ADD would fail before it gets to the container, and does what that would do first:
/// creates the network, or changes it as configured.
pub(super) fn status(config: &Config, host: &Host, leases: &Leases) -> Result {
    let networks = open(leases, config, host)?;
    networks.check_life()?;
    let network = if leases.addresses()?.awaits_ranges() {
        parent::check(host, &config.parent(host)?, config.mtu)?;
        runtime_network::refuse_others(&networks, &config.name, RUNTIME)?;
        find(&networks, config)?
    } else {
        let described = describe(&networks, config, leases)?;
        if let Some(found) = described.get_parent() {
            parent::check(host, found, config.mtu)?;
        }
        Some(ensure(&networks, described)?)
    };
    networks.store().check_write()?;
    let Some(network) = network else { return Ok(()) };
    if exhausted(&network)?.is_some() {
        // As an ADD does then.
        runtime_network::collect(&networks)?;
    }
    if let Some(family) = exhausted(&network)? {
        let why =
            format!("cannot lease an {family} address: network {:?} has none left", config.name);
        return Err(Error::new(Code::UNAVAILABLE, why));
    }
    Ok(())
}

/// Returns the family of which no subnet has a free address.
fn exhausted(network: &Network) -> Result<Option<&'static str>> {
    for (family, v6) in [("IPv4", false), ("IPv6", true)] {
        let mut subnets = network.config().get_subnets().iter();
        if subnets.any(|one| one.get_net().addr().is_ipv6() == v6)
            && !network.has_free_address(v6)?
        {
            return Ok(Some(family));
        }
    }
    Ok(None)
}
