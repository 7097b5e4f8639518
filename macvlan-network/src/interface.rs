//! The interface that a lease becomes in the kernel, and how it is known again.

use std::collections::HashMap;
use std::time::Duration;

use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    NetNs,
};

use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::mark::{self, Mark};
use crate::network::Network;

/// How long to wait for a MAC address whose last owner is just dying.
const MAC_PATIENCE: Duration = Duration::from_secs(2);

impl Network {
    pub(crate) fn attach(&self, lease: &Lease, netns: &NetNs) -> Result<Attachment> {
        let endpoint = self.endpoint(lease)?;
        let attach = || self.session.host.attach(&endpoint, netns);
        let attached = match attach() {
            // After a reboot, or on another host: the network's own link is not there yet.
            Err(error) if error.kind() == CoreKind::ParentNotFound && self.is_isolated() => {
                self.session.make_dummy(&self.record)?;
                attach()
            }
            Err(error)
                if matches!(error.kind(), CoreKind::NameTaken | CoreKind::MacInUse)
                    && self.remove_forgotten(lease, netns)? =>
            {
                attach()
            }
            result => result,
        };
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
    pub(crate) fn ensure(&self, lease: &Lease, netns: &NetNs) -> Result<macvlan_core::Ensured> {
        if self.is_isolated() {
            self.session.make_dummy(&self.record)?;
        }
        let endpoint = self.endpoint(lease)?;
        let ensured = self.session.host.ensure_or_replace(&endpoint, netns);
        ensured.map_err(|error| Error::kernel("attach", error))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.config().get_parent().is_none()
    }

    /// Takes the link of a lease away, if it is there; one that somebody else made stays. It is known by its
    /// alias, and by its MAC address, as each can be changed inside: what has either goes.
    pub(crate) fn detach(&self, lease: &Lease, netns: &NetNs) -> Result<Detached> {
        let host = &self.session.host;
        let detach = || -> macvlan_core::Result<Detached> {
            let aliases = self.aliases(&lease.container, netns)?;
            let mut detached = Detached::AlreadyGone;
            for attachment in host.attachments(netns)? {
                let is_ours =
                    aliases.contains_key(&attachment.index()) || is_of(&attachment, lease);
                // One that is on another goes with it.
                if is_ours && host.detach(&attachment)? == Detached::Removed {
                    detached = Detached::Removed;
                }
            }
            Ok(detached)
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// What a lease is to become.
    fn endpoint(&self, lease: &Lease) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = Endpoint::new(lease.interface, network.parent().as_str())?
                .mode(config.get_mode())?
                .alias(mark::alias(&*self.session.store, network, lease))
                .wait_for_mac(MAC_PATIENCE);
            if let Some(mac) = lease.mac {
                endpoint = endpoint.mac(mac);
            }
            if let Some(mtu) = config.get_mtu() {
                endpoint = endpoint.mtu(mtu);
            }
            for net in &lease.addresses {
                let mut address = Address::new(*net)?;
                if net.addr().is_ipv6() && !config.is_duplicate_detection() {
                    address = address.with_duplicate_detection(DuplicateDetection::Skip)?;
                }
                endpoint = endpoint.address(address);
                let subnet = network.subnet_of(net.addr());
                let gateway = subnet.and_then(|(_, subnet)| subnet.get_gateway());
                if let Some(gateway) = gateway.filter(|_| lease.default_route) {
                    endpoint = endpoint.gateway(gateway);
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
