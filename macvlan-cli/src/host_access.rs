//! The host's access to the containers of plugins.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{Access, Attachment, Endpoint, Host, Parent, RouteFilter, RouteInfo};
use macvlan_network::{Lease, Network};

use crate::failure::Done;

/// Gives the host access to a container's interface.
///
/// The host's link stays when this process ends, and other containers use it too.
pub(crate) fn give(host: &Host, parent: &Parent, attachment: &Attachment) -> Done {
    let mut attachment = attachment.clone();
    attachment.refresh()?;
    Ok(host.access_by(Access::on(parent)?.keep(true))?.add(&attachment)?)
}

/// Removes the host's access to containers that are disconnected from a network.
pub(crate) fn take_from(host: &Host, network: &Network, leases: &[Lease]) -> Done {
    let addresses: Vec<IpAddr> =
        leases.iter().flat_map(|lease| &lease.addresses).map(IpNet::addr).collect();
    match network.config().get_parent() {
        Some(parent) if !addresses.is_empty() => take(host, parent, &addresses),
        _ => Ok(()),
    }
}

/// Removes the host's routes to a container's addresses, and its link with the last one.
pub(crate) fn take(host: &Host, parent: &Parent, addresses: &[IpAddr]) -> Done {
    let Some(link) = host.find_access(parent)? else { return Ok(()) };
    let handle = host.handle()?;
    let routes = RouteFilter::new().link(link).protocol(Endpoint::PROTOCOL);
    let (its, others): (Vec<RouteInfo>, Vec<RouteInfo>) =
        handle.find_routes(&routes)?.into_iter().partition(|info| {
            let destination = info.route.get_destination();
            addresses.iter().any(|address| destination == IpNet::from(*address))
        });
    if others.is_empty() && !its.is_empty() {
        host.remove_access(parent)?;
        return Ok(());
    }
    for info in its {
        match handle.delete_route(&info.route) {
            Err(error) if error.is_not_found() => {}
            deleted => deleted?,
        }
    }
    Ok(())
}
