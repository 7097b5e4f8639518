//! The IPAM driver: pools and addresses.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use macvlan_core::parse_ip;
use macvlan_network::{AddressRange, Allocation, ErrorKind, Lease, Network, Pending, Subnet};
use serde_json::json;
use tracing::{info, warn};

use crate::container::stopped_in;
use crate::docker::leased::{is_allocated, short};
use crate::docker::plugin::{Answer, Plugin, lock};
use crate::docker::pools::is_v6;
use crate::docker::request::{ReleaseAddress, ReleasePool, RequestAddress, RequestPool};
use crate::docker::stored::docker_of;
use crate::failure::{Done, Failure, status};
use crate::store::is_here;

/// The address space, by which the network driver knows that a network uses this IPAM driver.
pub(super) const SPACE: &str = "macvlan";

/// The option of an address that says what it is for.
const TYPE: &str = "RequestAddressType";
const GATEWAY: &str = "com.docker.network.gateway";

pub(super) fn request_pool(plugin: &Plugin, request: &RequestPool) -> Done<Answer> {
    if let Some((key, value)) = request.options.iter().next() {
        return Err(Failure::usage(format!(
            "cannot use --ipam-opt {key}={value}: the IPAM driver has no options; give options by -o"
        )));
    }
    if request.pool.is_empty() {
        // Docker asks for another subnet, for ever, as long as the host has a route to it.
        let family = if request.v6 { "an IPv6 subnet" } else { "a subnet" };
        return Err(Failure::usage(format!(
            "cannot choose {family}: only that of the LAN can be used; give it by --subnet"
        )));
    }
    let net = Subnet::new(&request.pool)?.get_net();
    let range = match request.range.as_str() {
        "" => None,
        range => Some(range.parse::<AddressRange>()?),
    };
    if let Some(range) = range {
        if !net.contains(&range.first()) || !net.contains(&range.last()) {
            let why = format!("it is outside of the subnet {net}");
            return Err(Failure::usage(format!("cannot use range {}: {why}", request.range)));
        }
    }
    let id = plugin.pools.add(net, range)?;
    Ok(json!({ "PoolID": id, "Pool": net.to_string(), "Data": {} }))
}

pub(super) fn release_pool(plugin: &Plugin, request: &ReleasePool) {
    plugin.pools.remove(&request.pool);
}

pub(super) fn request_address(plugin: &Plugin, request: &RequestAddress) -> Done<Answer> {
    let address = optional(&request.address)?;
    let is_gateway = request.options.get(TYPE).is_some_and(|kind| kind == GATEWAY);
    let reserved = plugin.pools.reserve(&request.pool, address, is_gateway)?;
    let net = match reserved {
        Some(net) => net,
        None => allocate(plugin, &request.pool, address)?,
    };
    Ok(json!({ "Address": net.to_string(), "Data": {} }))
}

/// Leases an address for a container that is not known yet.
fn allocate(plugin: &Plugin, pool: &str, address: Option<IpAddr>) -> Done<IpNet> {
    let started = Instant::now();
    let network = plugin.stored.network_of_pool(pool)?.ok_or_else(|| {
        Failure::not_found(format!(
            "cannot lease an address: the store has no network with the pool {pool}; remove Docker's \
             network and create it again"
        ))
    })?;
    let is_v6 = is_v6(pool);
    let lease = |address: Option<IpAddr>| {
        let any = Allocation::new().ipv4(!is_v6).ipv6(is_v6);
        network.allocate(&address.into_iter().fold(any, Allocation::address))
    };
    let had = if address.is_none() { remembered(plugin, &network, pool) } else { None };
    let lease = match (had.map(|had| lease(Some(had))), address) {
        (Some(Ok(again)), _) => again,
        // Another one has it by now.
        (Some(Err(_)) | None, None) => lease(None)?,
        (_, Some(address)) => match lease(Some(address)) {
            Err(error) if error.kind() == ErrorKind::AddressTaken => {
                match orphan(plugin, &network, address)? {
                    Some(lease) => lease,
                    None => return Err(taken(plugin, &network, address)?.unwrap_or(error.into())),
                }
            }
            lease => lease?,
        },
    };
    let net = lease.addresses.first().copied();
    let net = net.ok_or_else(|| {
        Failure::usage("cannot lease an address: the network is without addresses")
    })?;
    info!(network = network.name(), address = %net, took = ?started.elapsed(), "leased an address");
    Ok(net)
}

/// Returns the error for an address that a container has whose name is known, or another host's.
fn taken(plugin: &Plugin, network: &Network, address: IpAddr) -> Done<Option<Failure>> {
    let Some(lease) = plugin.stored.holder(network, address)? else { return Ok(None) };
    let is_here = is_here(plugin.stored.networks()?, &lease);
    let known = lease.name.as_ref().or(lease.aliases.first());
    if is_here && known.is_none() {
        return Ok(None);
    }
    let container = known.map_or_else(|| short(&lease.container), String::as_str);
    let host = if is_here { String::new() } else { format!(" on host {:?}", lease.host) };
    let why = format!("network {:?}: container {container:?}{host} has {address}", network.name());
    Ok(Some(Failure::new(status::EXISTS, why)))
}

/// Returns the address that the container had which starts, if it is known which one that is.
fn remembered(plugin: &Plugin, network: &Network, pool: &str) -> Option<IpAddr> {
    if !lock(&plugin.remembered).has(network.id()) {
        return None;
    }
    let stopped = stopped_in(docker_of(network, pool)?);
    let had = lock(&plugin.remembered).find(network.id(), is_v6(pool), stopped.as_deref());
    // The network may have been changed since.
    had.filter(|had| network.config().gives(*had))
}

/// Returns the lease of an address that was leased here before this process started, and that no
/// endpoint has taken: Docker repeats a request that was not answered.
fn orphan(plugin: &Plugin, network: &Network, address: IpAddr) -> Done<Option<Lease>> {
    let lease = allocated(plugin, network, address)?;
    // An age is one of whole seconds, so it may be up to one too much.
    let before = plugin.stored.started.elapsed() + Duration::from_secs(1);
    let age = lease.as_ref().and_then(Lease::pending).map(Pending::age).transpose()?;
    Ok(lease.filter(|_| age.is_some_and(|age| age > before)))
}

/// Returns the lease of an address on this host that no endpoint has taken.
fn allocated(plugin: &Plugin, network: &Network, address: IpAddr) -> Done<Option<Lease>> {
    let (networks, lease) = (plugin.stored.networks()?, plugin.stored.holder(network, address)?);
    Ok(lease.filter(|lease| is_allocated(lease) && is_here(networks, lease)))
}

/// Releases an address. If that fails, it is done later, since the lease is pending.
pub(super) fn release_address(plugin: &Plugin, request: &ReleaseAddress) {
    let address = optional(&request.address);
    let released = address.and_then(|address| match address {
        Some(address) => release(plugin, &request.pool, address),
        None => Ok(()),
    });
    if let Err(failure) = released {
        let (address, why) = (&*request.address, failure.in_one_line());
        warn!(address, "cannot release an address yet: {why}");
    }
}

fn release(plugin: &Plugin, pool: &str, address: IpAddr) -> Done {
    let Some(network) = plugin.stored.network_of_pool(pool)? else { return Ok(()) };
    let was_released = plugin.was_released(&network, address);
    let Some(lease) = allocated(plugin, &network, address)? else { return Ok(()) };
    if was_released {
        // Docker may mean the former one, or may have left out the release of that.
        plugin.finisher.release(network, &lease);
        return Ok(());
    }
    match network.disconnect(&lease.endpoint) {
        Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
        done => drop(done?),
    }
    info!(network = network.name(), %address, "released an address");
    Ok(())
}

/// Parses an address, which may have a length; an empty one is none.
pub(super) fn optional(text: &str) -> Done<Option<IpAddr>> {
    let address = text.split('/').next().unwrap_or_default();
    if address.is_empty() { Ok(None) } else { Ok(Some(parse_ip(address)?)) }
}
