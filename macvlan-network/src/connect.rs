//! Connecting a container to a network, and taking it out again.
//!
//! The order is what makes it safe: the addresses are leased first and attached then; detached first
//! and given back then. A process that dies in between leaves a lease without a link, never a link
//! whose addresses somebody else can get.

use std::net::IpAddr;
use std::time::Duration;

use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    LinkName, MacAddr, NetNs, Parent,
};

use crate::alive::{self, NetNsMark};
use crate::alone::Alone;
use crate::config::check_name;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};
use crate::network::Network;
use crate::store::Granted;
use crate::store::refusal::taken;

/// How long to wait for a MAC address whose last owner is just dying.
const MAC_PATIENCE: Duration = Duration::from_secs(2);
/// How many `ethN` are tried when the container has links that we do not know.
const INTERFACES: u32 = 64;
/// What begins the alias of links that are ours.
const ALIAS: &str = "macvlan-network/";

/// How a container is to be connected: a value, as an endpoint is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Member {
    container: String,
    name: Option<String>,
    addresses: Vec<IpAddr>,
    interface: Option<String>,
    mac: Option<MacAddr>,
    default_route: Option<bool>,
}

impl Member {
    /// A container, by an id that stays the same: when it returns, it gets its addresses again.
    pub fn new(container: impl Into<String>) -> Self {
        Self {
            container: container.into(),
            name: None,
            addresses: Vec::new(),
            interface: None,
            mac: None,
            default_route: None,
        }
    }

    /// The name by which others find it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// An address that it is to have; one a family. Chosen when not given.
    #[doc(alias = "--ip")]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// The interface's name inside; the first free `ethN` when not given.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }

    /// The interface's MAC address; derived when not given, see
    /// [`NetworkConfig::mac_from`](crate::NetworkConfig::mac_from).
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Whether the container's default routes lead through this network. When not said, they do if
    /// they lead through no other network that it is in.
    pub fn default_route(mut self, default_route: bool) -> Self {
        self.default_route = Some(default_route);
        self
    }

    /// What it asks for now has to be what it has.
    fn check_against(&self, lease: &Lease) -> Result<()> {
        let has = |wanted: &&IpAddr| lease.addresses.iter().any(|one| one.addr() == **wanted);
        let Some(other) = self.addresses.iter().find(|wanted| !has(wanted)) else { return Ok(()) };
        let why = format!("it is connected, and has not the address {other}");
        Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
            .with_hint("disconnect it first"))
    }

    fn wish(&self, network: &Network, netns: NetNsMark) -> Result<Wish> {
        check_name(&self.container, "a container's id")?;
        self.name.as_deref().map_or(Ok(()), |name| check_name(name, "a container's name"))?;
        for v6 in [false, true] {
            if self.addresses.iter().filter(|address| address.is_ipv6() == v6).count() > 1 {
                let why = "a container has one address of each family in a network";
                return Err(Error::invalid("take several fixed addresses", why));
            }
        }
        let interface = self.interface.as_deref().map(LinkName::new).transpose();
        Ok(Wish {
            container: self.container.clone(),
            name: self.name.clone(),
            host: network.networks.host_name().to_owned(),
            addresses: self.addresses.clone(),
            interface: interface.map_err(|error| Error::kernel("name the interface", error))?,
            mac: self.mac,
            default_route: self.default_route,
            netns,
            skip_interfaces: 0,
        })
    }
}

/// A container that is connected to a network: its lease, and what it became in the kernel.
#[derive(Debug, Clone)]
pub struct Connection {
    lease: Lease,
    attachment: Attachment,
}

impl Connection {
    /// What the store has of it.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// What it became in the kernel.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// Its addresses.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.lease.addresses.iter().map(ipnet::IpNet::addr).collect()
    }

    /// The interface's name inside.
    pub fn interface(&self) -> LinkName {
        self.attachment.name()
    }

    /// The interface's MAC address.
    pub fn mac(&self) -> MacAddr {
        self.attachment.mac()
    }
}

impl Network {
    /// Connects a container: leases its addresses and attaches its interface; all of it, or nothing
    /// and an error that says why.
    ///
    /// A container that is connected already, in the same namespace, stays as it is; what is missing
    /// of its interface is repaired. If the namespace in which it was connected is gone, as after
    /// a restart of the container, it is connected anew, with the addresses it had.
    ///
    /// While somebody else connects or disconnects the container, in whatever process, this waits.
    pub fn connect(&self, member: &Member, netns: &NetNs) -> Result<Connection> {
        let operation = || format!("connect container {:?}", member.container);
        let connect = || {
            let mut wish = member.wish(self, NetNsMark::of(netns)?)?;
            let _alone = Alone::with(netns)?;
            loop {
                match self.networks.store().lease(&self.record, &wish)? {
                    Granted::Held(lease) if lease.netns == wish.netns => {
                        member.check_against(&lease)?;
                        return self.again(lease, netns);
                    }
                    Granted::Held(lease) => self.take_over(&lease)?,
                    Granted::New(lease) => match self.try_out(lease, &wish, netns)? {
                        Tried::Connected(connection) => return Ok(*connection),
                        Tried::ForeignAddress => {}
                        Tried::InterfaceTaken => wish.skip_interfaces += 1,
                    },
                }
            }
        };
        connect().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// Sees that the interface of a lease is there and right.
    fn again(&self, lease: Lease, netns: &NetNs) -> Result<Connection> {
        let attachment = self.ensure(&lease, netns)?.attachment;
        Ok(Connection { lease, attachment })
    }

    /// A lease of another namespace: that one has to be gone.
    fn take_over(&self, lease: &Lease) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it there first"))
        };
        if lease.host != self.networks.host_name() {
            let living = self.networks.store().living_hosts()?;
            if living.is_none_or(|hosts| hosts.contains(&lease.host)) {
                return refuse(format!("it is connected on host {:?}", lease.host));
            }
        } else if alive::open(&lease.netns)?.is_some() {
            return refuse(format!(
                "it is connected in another namespace, net:[{}]",
                lease.netns.inode
            ));
        }
        self.networks.store().release(&self.record, lease)?;
        Ok(())
    }

    /// Probes and attaches what was leased; if that does not work, the lease is given back.
    fn try_out(&self, lease: Lease, wish: &Wish, netns: &NetNs) -> Result<Tried> {
        let tried = self.is_foreign(&lease, netns).and_then(|foreign| match foreign {
            Some(address) => Ok(Err(address)),
            None => self.attach(&lease, netns).map(Ok),
        });
        let why = match tried {
            Ok(Ok(attachment)) => {
                return Ok(Tried::Connected(Box::new(Connection { lease, attachment })));
            }
            Ok(Err(address)) => {
                self.networks.store().release(&self.record, &lease)?;
                self.networks.store().add_foreign(&self.record, address)?;
                if wish.addresses.contains(&address) {
                    return Err(taken(&self.record, address, None));
                }
                return Ok(Tried::ForeignAddress);
            }
            Err(error) => error,
        };
        if let Err(error) = self.networks.store().release(&self.record, &lease) {
            return Err(why.leaves(format!("a lease of {:?} ({error})", lease.container)));
        }
        let taken = why.core().is_some_and(|core| core.kind() == CoreKind::NameTaken);
        if taken && wish.interface.is_none() && wish.skip_interfaces < INTERFACES {
            return Ok(Tried::InterfaceTaken);
        }
        Err(why)
    }

    /// An address that somebody on the wire has.
    fn is_foreign(&self, lease: &Lease, netns: &NetNs) -> Result<Option<IpAddr>> {
        if !self.config().is_probe() {
            return Ok(None);
        }
        // Which would answer.
        self.remove_forgotten(lease, netns)?;
        let fails = |error| Error::kernel("probe the addresses", error);
        let parent: Parent = self.record.parent().parse().map_err(fails)?;
        let addresses: Vec<IpAddr> = lease.addresses.iter().map(ipnet::IpNet::addr).collect();
        let (host, probe) = (self.networks.host(), self.networks.probe());
        let taken = probe.taken(host, &parent, &addresses).map_err(fails)?;
        Ok(taken.into_iter().find(|address| addresses.contains(address)))
    }

    fn attach(&self, lease: &Lease, netns: &NetNs) -> Result<Attachment> {
        let endpoint = self.endpoint(lease)?;
        let attach = || self.networks.host().attach(&endpoint, netns);
        let attached = match attach() {
            // After a reboot, or on another host: the network's own link is not there yet.
            Err(error) if error.kind() == CoreKind::ParentNotFound && self.is_isolated() => {
                self.networks.make_dummy(&self.record)?;
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
    fn remove_forgotten(&self, lease: &Lease, netns: &NetNs) -> Result<bool> {
        let remove = || match self.marked(&lease.container, netns)? {
            Some(forgotten) => self.networks.host().detach(forgotten).map(|_| true),
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
        let all = self.networks.host().attachments(netns)?;
        Ok(all.into_iter().find(|one| one.index() == link.index))
    }

    /// As attaching, but what is there already is repaired.
    pub(crate) fn ensure(&self, lease: &Lease, netns: &NetNs) -> Result<macvlan_core::Ensured> {
        if self.is_isolated() {
            self.networks.make_dummy(&self.record)?;
        }
        let endpoint = self.endpoint(lease)?;
        let ensured = self.networks.host().ensure_or_replace(&endpoint, netns);
        ensured.map_err(|error| Error::kernel("attach", error))
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.config().get_parent().is_none()
    }

    /// Takes a container out of the network: detaches its interface, and gives its addresses back.
    /// Its namespace is looked for; if it is gone, nothing is left to be detached.
    ///
    /// On another host than the one that it runs on it is refused while that host lives.
    pub fn disconnect(&self, container: &str) -> Result<Detached> {
        self.disconnect_in(container, None)
    }

    /// As [`Network::disconnect`], by one who has a handle on the namespace, which saves looking for
    /// it; refused if the container is connected in another one by now, as after a restart of which
    /// whoever cleans up is late to hear.
    pub fn disconnect_from(&self, container: &str, netns: &NetNs) -> Result<Detached> {
        self.disconnect_in(container, Some(netns))
    }

    fn disconnect_in(&self, container: &str, netns: Option<&NetNs>) -> Result<Detached> {
        let operation = format!("disconnect container {container:?}");
        let done = || {
            let mut alone = netns.map(Alone::with).transpose()?;
            loop {
                let lease = self.lease(container)?.ok_or_else(|| {
                    Error::new(ErrorKind::NotConnected, "disconnect", "it is not connected")
                })?;
                self.refuse_elsewhere(&lease)?;
                let detached = match &alone {
                    Some(alone) if NetNsMark::of(alone.netns())? == lease.netns => {
                        self.detach(&lease, alone.netns())?
                    }
                    _ => match alive::open(&lease.netns)? {
                        None => Detached::AlreadyGone,
                        Some(_) if netns.is_some() => return Err(elsewhere(&lease)),
                        // What was read may have changed while others had it.
                        Some(found) => {
                            drop(alone.take());
                            alone = Some(Alone::with(&found)?);
                            continue;
                        }
                    },
                };
                let released = self.networks.store().release(&self.record, &lease)?;
                if released || lease.host == self.networks.host_name() {
                    return Ok(detached);
                }
                // Its host lives again.
            }
        };
        done().map_err(|error: Error| error.during(operation).in_network(self.name()))
    }

    fn refuse_elsewhere(&self, lease: &Lease) -> Result<()> {
        if lease.host == self.networks.host_name() {
            return Ok(());
        }
        let living = self.networks.store().living_hosts()?;
        if living.is_some_and(|hosts| !hosts.contains(&lease.host)) {
            return Ok(());
        }
        let why = format!("it runs on host {:?}", lease.host);
        Err(Error::new(ErrorKind::AlreadyConnected, "disconnect", why)
            .with_hint("only there its interface can be taken away"))
    }

    /// Takes the link of a lease away, if it is there; one that somebody else made stays. If its alias
    /// was taken away inside, it is known by its MAC address.
    fn detach(&self, lease: &Lease, netns: &NetNs) -> Result<Detached> {
        let host = self.networks.host();
        let detach = || -> macvlan_core::Result<Detached> {
            let ours = match self.marked(&lease.container, netns)? {
                Some(marked) => Some(marked),
                None => host.attachments(netns)?.into_iter().find(|one| is_of(one, lease)),
            };
            match ours {
                Some(attachment) => host.detach(attachment),
                None => Ok(Detached::AlreadyGone),
            }
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// What marks the link of a lease, so that it can be told whose it is, and by which store.
    fn alias(&self, container: &str) -> String {
        format!("{ALIAS}{}/{}/{container}", self.networks.store().id(), &self.id()[..12])
    }

    /// What a lease is to become.
    fn endpoint(&self, lease: &Lease) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let make = || -> macvlan_core::Result<Endpoint> {
            let mut endpoint = Endpoint::new(lease.interface, network.parent().as_str())?
                .mode(config.get_mode())
                .alias(self.alias(&lease.container))
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

fn elsewhere(lease: &Lease) -> Error {
    let why = format!("it is connected in another namespace, net:[{}]", lease.netns.inode);
    Error::new(ErrorKind::NotConnected, "disconnect", why)
        .with_hint("disconnect it there, or without a namespace")
}

/// What came of trying a lease.
enum Tried {
    Connected(Box<Connection>),
    ForeignAddress,
    InterfaceTaken,
}

/// The network's id, shortened, and the container that an alias tells of, if it is of that store.
pub(crate) fn read_alias<'a>(alias: &'a str, store: &str) -> Option<(&'a str, &'a str)> {
    alias.strip_prefix(ALIAS)?.strip_prefix(store)?.strip_prefix('/')?.split_once('/')
}
