//! The interface that a lease becomes in the kernel, and how it is known again.

use std::collections::HashMap;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    LinkName, NetNs, Presence, Route,
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
    /// Attaches what was leased, without its default routes; the container has these other leases.
    pub(crate) fn attach(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<Attachment> {
        let endpoint = self.endpoint(lease, others)?;
        let mut attached = self.attach_endpoint(&endpoint, netns)?;
        let is_taken = |kind| matches!(kind, CoreKind::NameTaken | CoreKind::MacInUse);
        if attached.as_ref().is_err_and(|error| is_taken(error.kind()))
            && self.remove_forgotten(lease, others, netns)?
        {
            attached = self.attach_endpoint(&endpoint, netns)?;
        }
        if attached.as_ref().is_err_and(|error| error.kind() == CoreKind::MacInUse)
            && !self.is_mac_held(lease)?
        {
            attached = self.attach_endpoint(&endpoint.wait_for_mac(MAC_PATIENCE), netns)?;
        }
        attached.map_err(|error| Error::kernel("attach", error))
    }

    /// Attaches an endpoint on the network's parent, which is made if it is the network's own.
    pub(crate) fn attach_endpoint(
        &self,
        endpoint: &Endpoint,
        netns: &NetNs,
    ) -> Result<macvlan_core::Result<Attachment>> {
        // The network's own link comes with the first container, and may just have gone with the last.
        for _ in 0..PARENT_TRIES {
            match self.session.host.attach(endpoint, netns) {
                Err(error) if self.is_isolated() && error.kind() == CoreKind::ParentNotFound => {
                    self.session.make_dummy(&self.record)?;
                }
                attached => return Ok(attached),
            }
        }
        Ok(self.session.host.attach(endpoint, netns))
    }

    /// Whether somebody has the MAC address who does not just end: a link of the host, or a container of
    /// this host's that lives.
    fn is_mac_held(&self, lease: &Lease) -> Result<bool> {
        let Some(mac) = lease.mac else { return Ok(false) };
        let links = || self.session.host.handle()?.links();
        let links = links().map_err(|error| Error::kernel("list the host's links", error))?;
        if links.iter().any(|link| link.mac == Some(mac)) {
            return Ok(true);
        }
        for one in self.session.store.leases(None)? {
            let may = one.mac == Some(mac) && one.endpoint != lease.endpoint;
            let is_there =
                || -> Result<bool> { Ok(matches!(one.presence()?, Some(Presence::There(_)))) };
            if may && self.session.is_here(&one) && is_there()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes away what the container has of a lease that the store has lost; whether there was such
    /// an interface. It may have any of the network's addresses. Those of its other leases stay.
    pub(crate) fn remove_forgotten(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<bool> {
        let remove = || {
            let mut removed = false;
            for (forgotten, alias) in self.marked(&lease.container, netns)? {
                if !self.is_of_sibling(lease, others, &forgotten, &alias) {
                    self.session.host.detach(&forgotten)?;
                    removed = true;
                }
            }
            Ok(removed)
        };
        remove().map_err(|error| Error::kernel("remove a forgotten interface", error))
    }

    /// The interfaces that a container has of this network by their aliases, whoever wrote these, with them.
    pub(crate) fn marked(
        &self,
        container: &str,
        netns: &NetNs,
    ) -> macvlan_core::Result<Vec<(Attachment, String)>> {
        let mut aliases = self.aliases(container, netns)?;
        if aliases.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.session.host.attachments(netns)?.into_iter();
        let with_alias = |one: Attachment| aliases.remove(&one.index()).map(|alias| (one, alias));
        Ok(all.filter_map(with_alias).collect())
    }

    /// The aliases that say that a link is of a container in this network, by the links' indexes.
    fn aliases(
        &self,
        container: &str,
        netns: &NetNs,
    ) -> macvlan_core::Result<HashMap<u32, String>> {
        let store = &*self.session.store;
        let is_its = |alias: &String| {
            Mark::read(alias, store).is_some_and(|mark| mark.is_of(&self.record, container))
        };
        let links = Handle::in_netns(netns)?.links()?.into_iter();
        Ok(links.filter_map(|link| Some((link.index, link.alias.filter(is_its)?))).collect())
    }

    /// As attaching, but what is there already is repaired.
    pub(crate) fn ensure(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<macvlan_core::Ensured> {
        if self.is_isolated() {
            self.session.make_dummy(&self.record)?;
        }
        let endpoint = self.endpoint(lease, others)?;
        let endpoint = endpoint.wait_for_mac(MAC_PATIENCE);
        let ensured = self.session.host.ensure_or_replace(&endpoint, netns);
        ensured.map_err(|error| Error::kernel("attach", error))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.record.is_isolated()
    }

    /// Whether an interface with our alias is that of another lease of the same container in this network.
    fn is_of_sibling(
        &self,
        lease: &Lease,
        others: &[Lease],
        attachment: &Attachment,
        alias: &str,
    ) -> bool {
        let mut siblings = others.iter().filter(|other| other.is_sibling_of(lease));
        siblings.any(|sibling| self.is_known_as(sibling, attachment, alias))
    }

    /// Whether an interface of a container in this network is that of one of its leases: by its alias, which
    /// tells it from the container's others, by its MAC address or its name.
    pub(crate) fn is_known_as(&self, lease: &Lease, attachment: &Attachment, alias: &str) -> bool {
        is_of(attachment, lease)
            || attachment.name() == lease.interface
            || alias == mark::alias(&*self.session.store, &self.record, lease)
    }

    /// Takes the link of a lease away, if it is there; one that somebody else made stays, and so do those of
    /// the container's other leases. It is known by its alias, and by its MAC address, as each can be changed
    /// inside: what has either goes.
    pub(crate) fn detach(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<Detached> {
        let host = &self.session.host;
        let detach = || -> macvlan_core::Result<Detached> {
            let aliases = self.aliases(&lease.container, netns)?;
            let mut detached = Detached::AlreadyGone;
            for attachment in host.attachments(netns)? {
                let alias = aliases.get(&attachment.index());
                let is_ours = is_of(&attachment, lease)
                    || alias.is_some_and(|alias| {
                        !self.is_of_sibling(lease, others, &attachment, alias)
                    });
                // One that is on another goes with it.
                if is_ours && host.detach(&attachment)? == Detached::Removed {
                    detached = Detached::Removed;
                }
            }
            Ok(detached)
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// The network's routes that lead through the interface of a lease; through the container's first one, if it
    /// has several.
    pub(crate) fn routes_of(&self, lease: &Lease, others: &[Lease]) -> Vec<Route> {
        let is_first = |other: &Lease| {
            other.is_sibling_of(lease) && other.is_beside(lease) && other.sequence < lease.sequence
        };
        if others.iter().any(is_first) {
            return Vec::new();
        }
        let reached = |route: &&Route| NetworkConfig::reaches(route, &lease.addresses);
        self.config().get_routes().iter().filter(reached).copied().collect()
    }

    /// The link alone of what a lease is to become.
    pub(crate) fn bare_endpoint(
        &self,
        name: LinkName,
        lease: &Lease,
    ) -> macvlan_core::Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let mut endpoint = Endpoint::new(name, network.link()?)?
            .mode(config.get_mode())?
            .alias(mark::alias(&*self.session.store, network, lease));
        if let Some(mac) = lease.mac {
            endpoint = endpoint.mac(mac);
        }
        if let Some(mtu) = config.get_mtu() {
            endpoint = endpoint.mtu(mtu);
        }
        if let Some(on) = config.get_allmulticast() {
            endpoint = endpoint.allmulticast(on);
        }
        Ok(endpoint)
    }

    /// What a lease is to become, where the container has these other leases.
    pub(crate) fn endpoint(&self, lease: &Lease, others: &[Lease]) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let address = |net: IpNet| -> macvlan_core::Result<Address> {
            let address = Address::new(net)?;
            if net.addr().is_ipv4() || config.is_duplicate_detection() {
                return Ok(address);
            }
            address.with_duplicate_detection(DuplicateDetection::Skip)
        };
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = self.bare_endpoint(lease.interface, lease)?;
            if let Some(disable) = config.is_without_ipv6() {
                endpoint = endpoint.disable_ipv6(disable);
            }
            if let Some(accept) = config.accepts_ra() {
                endpoint = endpoint.accept_ra(accept);
            }
            for route in self.routes_of(lease, others) {
                endpoint = endpoint.route(route);
            }
            for net in &lease.addresses {
                endpoint = endpoint.address(address(*net)?);
            }
            for ip in &lease.link_local {
                let net = IpNet::new(*ip, if ip.is_ipv4() { 16 } else { 64 });
                endpoint = endpoint.address(address(net.unwrap_or_else(|_| IpNet::from(*ip)))?);
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
