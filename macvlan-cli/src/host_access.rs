//! The host's access to the containers of plugins.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{Access, Attachment, Host, Parent, RouteFilter};

use crate::failure::Done;

/// Gives the host access to a container's interface.
///
/// The host's link stays when this process ends, and other containers use it too.
pub(crate) fn give(host: &Host, parent: &Parent, attachment: &Attachment) -> Done {
    let mut attachment = attachment.clone();
    attachment.refresh()?;
    Ok(host.access_by(Access::on(parent)?.keep(true))?.add(&attachment)?)
}

/// Removes the host's routes to a container's addresses, and its link with the last one.
pub(crate) fn take(host: &Host, parent: &Parent, addresses: &[IpAddr]) -> Done {
    let Some(link) = host.find_access(parent)? else { return Ok(()) };
    let handle = host.handle()?;
    let mut others = false;
    for info in handle.find_routes(&RouteFilter::new().link(link))? {
        let destination = info.route.get_destination();
        if addresses.iter().any(|address| destination == IpNet::from(*address)) {
            match handle.delete_route(&info.route) {
                Err(error) if error.is_not_found() => {}
                deleted => deleted?,
            }
        } else {
            others |= is_to_a_container(&destination);
        }
    }
    if !others {
        host.remove_access(parent)?;
    }
    Ok(())
}

/// Returns whether a route through the host's link is not the kernel's own.
fn is_to_a_container(destination: &IpNet) -> bool {
    let ip = destination.addr();
    let is_own = match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unicast_link_local(),
    };
    !is_own
}
