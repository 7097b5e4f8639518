//! The interface that a lease becomes in the kernel, and how it is known again.

use std::time::Duration;

use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    NetNs, Route,
};

use crate::config::NetworkConfig;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::network::Network;

/// How long to wait for a MAC address whose last owner is just dying.
const MAC_PATIENCE: Duration = Duration::from_secs(2);
/// How often an isolated network's link is made when others remove it as soon as it is there.
const PARENT_TRIES: u32 = 100;
/// What begins the alias of links that are ours.
const ALIAS: &str = "macvlan-network/";

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
        let remove = || match self.marked(&lease.container, netns)? {
            Some(forgotten) => self.session.host.detach(&forgotten).map(|_| true),
            None => Ok(false),
        };
        remove().map_err(|error| Error::kernel("remove a forgotten interface", error))
    }

    /// The interface that a container has of this network, by its alias.
    fn marked(&self, container: &str, netns: &NetNs) -> macvlan_core::Result<Option<Attachment>> {
        let alias = self.alias(container);
        let links = Handle::in_netns(netns)?.links()?;
        let Some(link) = links.iter().find(|link| link.alias.as_ref() == Some(&alias)) else {
            return Ok(None);
        };
        let all = self.session.host.attachments(netns)?;
        Ok(all.into_iter().find(|one| one.index() == link.index))
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

    /// Takes the link of a lease away, if it is there; one that somebody else made stays. If its alias
    /// was taken away inside, it is known by its MAC address.
    pub(crate) fn detach(&self, lease: &Lease, netns: &NetNs) -> Result<Detached> {
        let host = &self.session.host;
        let detach = || -> macvlan_core::Result<Detached> {
            let ours = match self.marked(&lease.container, netns)? {
                Some(marked) => Some(marked),
                None => host.attachments(netns)?.into_iter().find(|one| is_of(one, lease)),
            };
            match ours {
                Some(attachment) => host.detach(&attachment),
                None => Ok(Detached::AlreadyGone),
            }
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// What marks the link of a lease, so that it can be told whose it is, and by which store.
    fn alias(&self, container: &str) -> String {
        format!("{ALIAS}{}/{}/{container}", self.session.store.id(), self.record.short_id())
    }

    /// What a lease is to become.
    pub(crate) fn endpoint(&self, lease: &Lease) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = Endpoint::new(lease.interface, network.link()?)?
                .mode(config.get_mode())?
                .alias(self.alias(&lease.container))
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

/// The network's id, shortened, and the container that an alias tells of, if it is of that store.
pub(crate) fn read_alias<'a>(alias: &'a str, store: &str) -> Option<(&'a str, &'a str)> {
    alias.strip_prefix(ALIAS)?.strip_prefix(store)?.strip_prefix('/')?.split_once('/')
}
