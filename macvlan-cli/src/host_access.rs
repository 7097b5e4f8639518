//! The host's access to the containers of plugins.
//!
//! A plugin creates a link of the host that is deleted with the last route. One that `macvlan
//! access`, the agent or a program has made, or has used since, is theirs: only routes through it
//! are removed.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Access, Address, Attachment, ErrorKind, Host, HostAccess, IntoParent, NetNs, Parent,
};
use macvlan_network::{Lease, Network, Networks, Reconciled};

use crate::failure::{Done, Failure};

/// Gives the host access to a container's interface: to its leased addresses, or to all if it was
/// just made.
///
/// The host's link stays when this process ends, and other containers use it too.
pub(crate) fn give(
    host: &Host,
    parent: &Parent,
    attachment: &Attachment,
    lease: Option<&Lease>,
) -> Done {
    let mut attachment = attachment.clone();
    attachment.refresh()?;
    let mut addresses = attachment.addresses().to_vec();
    if let Some(lease) = lease {
        let is_leased = |one: &Address| lease.addresses.iter().any(|net| net.addr() == one.ip());
        addresses.retain(is_leased);
    }
    let access = Access::on(parent)?.keep(true).transient(true);
    let add = |access: HostAccess| access.add_addresses(&attachment, &addresses, true);
    if let Err(error) = host.access_by(access).and_then(add) {
        // The link may have been made for it.
        return Err(match take(host, parent, &[]) {
            Ok(()) => error.into(),
            Err(other) => Failure::from(error).and(other),
        });
    }
    Ok(())
}

/// Removes the host's access to containers that are about to be disconnected from a network, before
/// others can lease their addresses.
pub(crate) fn take_from(host: &Host, network: &Network, leases: &[Lease]) -> Done {
    match network.config().get_parent() {
        Some(parent) if !leases.is_empty() => take(host, parent, &addresses(leases)),
        _ => Ok(()),
    }
}

/// Removes the host's access to the addresses of a network that no container has any more: those of
/// released leases, and those that plugins have left.
pub(crate) fn take_stale(host: &Host, network: &Network, released: &[Lease]) -> Done {
    let Some(parent) = network.config().get_parent() else { return Ok(()) };
    // A plugin leases an address first, and waits for this lock to give access to it.
    let _alone = host.netns().lock()?;
    let leased: HashSet<IpAddr> = addresses(&network.leases()?).into_iter().collect();
    let released = addresses(released);
    let mut stale = host.transient_access(parent)?;
    // Another network can have the same subnet.
    stale.retain(|ip| network.config().gives(*ip) && !released.contains(ip));
    stale.retain(|ip| !leased.contains(ip));
    retain_unused(host, None, &mut stale);
    stale.extend(released.into_iter().filter(|ip| !leased.contains(ip)));
    take(host, parent, &stale)
}

/// Retains the addresses that certainly no container has, apart from one interface.
pub(crate) fn retain_unused(host: &Host, of: Option<&Attachment>, addresses: &mut Vec<IpAddr>) {
    if addresses.is_empty() {
        return;
    }
    let visible = NetNs::visible();
    if visible.why_incomplete("look for addresses".to_owned()).is_some() {
        addresses.clear();
    }
    let is_it = |one: &Attachment| {
        of.is_some_and(|of| (of.netns_id(), of.index()) == (one.netns_id(), one.index()))
    };
    for found in visible.namespaces {
        match found.open().and_then(|netns| host.attachments(&netns)) {
            Ok(attachments) => {
                let others = attachments.iter().filter(|one| !is_it(one));
                let used: HashSet<IpAddr> = others.flat_map(ips_of).collect();
                addresses.retain(|ip| !used.contains(ip));
            }
            Err(error) if error.kind() == ErrorKind::NamespaceGone => {}
            Err(_refused) => addresses.clear(),
        }
    }
}

/// Returns the addresses of an interface.
pub(crate) fn ips_of(attached: &Attachment) -> Vec<IpAddr> {
    attached.addresses().iter().map(Address::ip).collect()
}

/// Removes the host's access to stale addresses of all networks, as [`take_stale`].
pub(crate) fn take_all_stale(networks: &Networks, released: &[Lease]) -> Done {
    for network in networks.list()? {
        let its = released.iter().filter(|lease| lease.network == network.id());
        take_stale(networks.host(), &network, &its.cloned().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Removes the host's access to containers of leases that were released when the kernel and the
/// store were made to agree, and to other stale addresses.
pub(crate) fn take_reconciled(networks: &Networks, changes: &[Reconciled]) -> Done {
    let released = |change: &Reconciled| match change {
        Reconciled::Released(lease) => Some(lease.clone()),
        _ => None,
    };
    take_all_stale(networks, &changes.iter().filter_map(released).collect::<Vec<_>>())
}

/// Removes the host's routes to a container's addresses, and with the last route a link that
/// plugins have made.
pub(crate) fn take(host: &Host, parent: impl IntoParent, addresses: &[IpAddr]) -> Done {
    Ok(host.remove_access_to(parent, addresses)?)
}

fn addresses(leases: &[Lease]) -> Vec<IpAddr> {
    leases.iter().flat_map(|lease| &lease.addresses).map(IpNet::addr).collect()
}
