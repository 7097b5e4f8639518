//! The interface that a lease becomes in the kernel, and how it is known again.

use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    NetNs, Presence,
};

use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::network::Network;
use crate::session::Session;

/// How long to wait for a MAC address whose last owner is just dying.
const MAC_PATIENCE: Duration = Duration::from_secs(2);
/// What begins the alias of links that are ours.
const ALIAS: &str = "macvlan-network/";

impl Network {
    /// Attaches what was leased, without its default routes.
    pub(crate) fn attach(&self, lease: &Lease, netns: &NetNs) -> Result<Attachment> {
        let endpoint = self.endpoint(lease)?;
        let attach = |endpoint: &Endpoint| self.session.host.attach(endpoint, netns);
        let attached = match attach(&endpoint) {
            // After a reboot, or on another host: the network's own link is not there yet.
            Err(error) if error.kind() == CoreKind::ParentNotFound && self.is_isolated() => {
                self.session.make_dummy(&self.record)?;
                attach(&endpoint)
            }
            Err(error)
                if matches!(error.kind(), CoreKind::NameTaken | CoreKind::MacInUse)
                    && self.remove_forgotten(lease, netns)? =>
            {
                attach(&endpoint)
            }
            result => result,
        };
        let attached = match attached {
            Err(error) if error.kind() == CoreKind::MacInUse && !self.is_mac_held(lease)? => {
                attach(&endpoint.wait_for_mac(MAC_PATIENCE))
            }
            result => result,
        };
        attached.map_err(|error| Error::kernel("attach", error))
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
            if may && self.session.is_here(&one) && matches!(one.presence()?, Presence::There(_)) {
                return Ok(true);
            }
        }
        Ok(false)
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
        let endpoint = endpoint.wait_for_mac(MAC_PATIENCE);
        let ensured = self.session.host.ensure_or_replace(&endpoint, netns);
        ensured.map_err(|error| Error::kernel("attach", error))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.config().get_parent().is_none()
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

    fn alias(&self, container: &str) -> String {
        self.session.alias(self.id(), container)
    }

    /// What a lease is to become.
    fn endpoint(&self, lease: &Lease) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let address = |net: IpNet| -> macvlan_core::Result<Address> {
            let address = Address::new(net)?;
            if net.addr().is_ipv4() || config.is_duplicate_detection() {
                return Ok(address);
            }
            address.with_duplicate_detection(DuplicateDetection::Skip)
        };
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = Endpoint::new(lease.interface, network.parent().as_str())?
                .mode(config.get_mode())?
                .alias(self.alias(&lease.container));
            if let Some(mac) = lease.mac {
                endpoint = endpoint.mac(mac);
            }
            if let Some(mtu) = config.get_mtu() {
                endpoint = endpoint.mtu(mtu);
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

impl Session {
    /// What marks the link of a lease, so that it can be told whose it is, and by which store.
    pub(crate) fn alias(&self, network: &str, container: &str) -> String {
        format!("{ALIAS}{}/{}/{container}", self.store.id(), &network[..12])
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
