//! The interface of an attachment, as the core describes it.

use macvlan_core::{Address, Announce, DuplicateDetection, Endpoint, MacAddr, Parent};

use crate::cni::config::{Config, Kind};
use crate::cni::environment::Attachment;
use crate::cni::error::Result;
use crate::cni::ipam::{is_default, to_route};
use crate::cni::result::{Ip, RouteTo};
use crate::value::set;

/// Returns the endpoint of an interface without addresses.
pub(super) fn bare(
    config: &Config,
    of: &Attachment,
    parent: &Parent,
    mac: Option<MacAddr>,
) -> Result<Endpoint> {
    let mut endpoint = match &config.kind {
        Kind::Macvlan(mode) => {
            let endpoint = Endpoint::new(of.interface, parent)?.mode(*mode)?;
            match config.bc_queue_len {
                Some(frames) => endpoint.change_options(|options| options.bc_queue_len(frames))?,
                None => endpoint,
            }
        }
        Kind::Vlan(vlan) => Endpoint::vlan(of.interface, parent, vlan.clone())?,
    };
    // A VLAN has its parent's MAC address, unless one is requested.
    set!(endpoint, mac = mac, mtu = config.mtu);
    Ok(endpoint)
}

/// Adds addresses and routes, as another plugin gave them, and how they are to be treated.
pub(super) fn with(
    mut endpoint: Endpoint,
    config: &Config,
    ips: &[&Ip],
    routes: &[RouteTo],
) -> Result<Endpoint> {
    for ip in ips {
        let mut address = Address::new(ip.address)?;
        if address.ip().is_ipv6() {
            endpoint = endpoint.disable_ipv6(false);
            if !config.duplicate_detection {
                address = address.with_duplicate_detection(DuplicateDetection::Skip)?;
            }
        }
        endpoint = endpoint.address(address);
    }
    for route in routes {
        let is_v4 = route.dst.addr().is_ipv4();
        let gateway = route.gw.or_else(|| {
            let mut same = ips.iter().filter(|ip| ip.address.addr().is_ipv4() == is_v4);
            same.find_map(|ip| ip.gateway)
        });
        match gateway {
            // With source routing it is for the interface's own addresses.
            Some(gateway) if config.source_routing.is_some() && is_default(&route.dst) => {
                endpoint = endpoint.gateway(gateway);
            }
            _ => endpoint = endpoint.route(to_route(route, gateway)?),
        }
    }
    // The reference plugins announce as well.
    let announce = config.announce.or(Announce::once());
    set!(
        endpoint,
        probe = config.probe,
        announce = announce.map(until_sent),
        source_routing = config.source_routing,
    );
    Ok(endpoint)
}

/// The plugin ends afterwards, so all announcements are sent before.
pub(super) fn until_sent(announce: Announce) -> Announce {
    if announce.get_count() > 1 { announce.blocking(true) } else { announce }
}
