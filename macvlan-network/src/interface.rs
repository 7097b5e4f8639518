//! The interface that a lease becomes in the kernel, and how it is known again.

use std::collections::HashMap;
use std::time::Duration;

use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    NetNs, Route,
};

use crate::config::NetworkConfig;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::mark::{self, Mark};
use crate::network::Network;

/// How long to wait for a MAC address whose last owner is just dying.
const MAC_PATIENCE: Duration = Duration::from_secs(2);
/// How often an isolated network's link is made when others remove it as soon as it is there.
const PARENT_TRIES: u32 = 100;

impl Network {
    pub(crate) fn attach(&self, lease: &Lease, netns: &NetNs) -> Result<Attachment> {
        let endpoint = self.endpoint(lease)?;
        let attach = || self.session.host.attach(&endpoint, netns);
        let mut attached = attach();
        // The network's own link comes with the first container, and may just have gone with the last.
        for _ in 0..PARENT_TRIES {
            match &attached {
                Err(error) if self.is_isolated() && error.kind() == CoreKind::ParentNotFound => {
                    self.session.make_dummy(&self.record)?;
                    attached = attach();
                }
                _ => break,
            }
        }
        let is_taken = |kind| matches!(kind, CoreKind::NameTaken | CoreKind::MacInUse);
        if attached.as_ref().is_err_and(|error| is_taken(error.kind()))
            && self.remove_forgotten(lease, netns)?
        {
            attached = attach();
        }
        attached.map_err(|error| Error::kernel("attach", error))
    }

    /// Takes away what the container has of a lease that the store has lost; whether there was such
    /// an interface. It may have any of the network's addresses.
    pub(crate) fn remove_forgotten(&self, lease: &Lease, netns: &NetNs) -> Result<bool> {
        let remove = || {
            let forgotten = self.marked(&lease.container, netns)?;
            for (forgotten, _) in &forgotten {
                self.session.host.detach(forgotten)?;
            }
            Ok(!forgotten.is_empty())
        };
        remove().map_err(|error| Error::kernel("remove a forgotten interface", error))
    }

    /// The interfaces that a container has of this network by their aliases, whoever wrote these, with them.
    pub(crate) fn marked(
        &self,
        container: &str,
        netns: &NetNs,
    ) -> macvlan_core::Result<Vec<(Attachment, String)>> {
        let store = &*self.session.store;
        let is_its = |alias: &String| {
            Mark::read(alias, store).is_some_and(|mark| mark.is_of(&self.record, container))
        };
        let links = Handle::in_netns(netns)?.links()?.into_iter();
        let mut aliases: HashMap<u32, String> =
            links.filter_map(|link| Some((link.index, link.alias.filter(is_its)?))).collect();
        if aliases.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.session.host.attachments(netns)?.into_iter();
        let with_alias = |one: Attachment| aliases.remove(&one.index()).map(|alias| (one, alias));
        Ok(all.filter_map(with_alias).collect())
    }

    /// As attaching, but what is there already is repaired.
    pub(crate) fn ensure(&self, lease: &Lease, netns: &NetNs) -> Result<macvlan_core::Ensured> {
        if self.is_isolated() {
            self.session.make_dummy(&self.record)?;
        }
        let endpoint = self.endpoint(lease)?;
        let ensured = self.session.host.ensure_or_replace(&endpoint, netns);
        ensured.map_err(|error| Error::kernel("attach", error))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.record.is_isolated()
    }

    /// Takes the link of a lease away, if it is there; one that somebody else made stays. It is known by its
    /// alias, and by its MAC address, as each can be changed inside: what has either goes.
    pub(crate) fn detach(&self, lease: &Lease, netns: &NetNs) -> Result<Detached> {
        let host = &self.session.host;
        let detach = || -> macvlan_core::Result<Detached> {
            let marked = self.marked(&lease.container, netns)?;
            let is_marked =
                |one: &Attachment| marked.iter().any(|(ours, _)| ours.index() == one.index());
            let mut detached = Detached::AlreadyGone;
            for attachment in host.attachments(netns)? {
                if is_marked(&attachment) || is_of(&attachment, lease) {
                    detached = host.detach(&attachment)?;
                }
            }
            Ok(detached)
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// What a lease is to become.
    pub(crate) fn endpoint(&self, lease: &Lease) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = Endpoint::new(lease.interface, network.link()?)?
                .mode(config.get_mode())?
                .alias(mark::alias(&*self.session.store, network, lease))
                .wait_for_mac(MAC_PATIENCE);
            if let Some(mac) = lease.mac {
                endpoint = endpoint.mac(mac);
            }
            if let Some(mtu) = config.get_mtu() {
                endpoint = endpoint.mtu(mtu);
            }
            if let Some(disable) = config.is_without_ipv6() {
                endpoint = endpoint.disable_ipv6(disable);
            }
            if let Some(accept) = config.accepts_ra() {
                endpoint = endpoint.accept_ra(accept);
            }
            if let Some(on) = config.get_allmulticast() {
                endpoint = endpoint.allmulticast(on);
            }
            if let Some(metric) = config.get_metric() {
                endpoint = endpoint.gateway_metric(metric);
            }
            let reached = |route: &&Route| NetworkConfig::reaches(route, &lease.addresses);
            for route in config.get_routes().iter().filter(reached) {
                endpoint = endpoint.route(*route);
            }
            for net in &lease.addresses {
                let mut address = Address::new(*net)?;
                if net.addr().is_ipv6() && !config.is_duplicate_detection() {
                    address = address.with_duplicate_detection(DuplicateDetection::Skip)?;
                }
                endpoint = endpoint.address(address);
                let subnet = network.subnet_of(net.addr());
                let leads = lease.default_route && !config.is_internal();
                let Some((_, subnet)) = subnet.filter(|_| leads) else { continue };
                if let Some(gateway) = subnet.get_gateway() {
                    endpoint = endpoint.gateway(gateway);
                }
                if subnet.is_on_link_gateway() {
                    endpoint = endpoint.on_link_gateways(true);
                }
            }
            Ok(endpoint)
        };
        make().map_err(|error| {
            Error::kernel("describe the interface", error).in_network(network.name())
        })
    }
}

/// Whether an attachment is what a lease became: by its name, or, if that was changed inside, by its
/// MAC address.
fn is_of(attachment: &Attachment, lease: &Lease) -> bool {
    match lease.mac {
        Some(mac) => attachment.mac() == mac,
        None => attachment.name() == lease.interface,
    }
}
