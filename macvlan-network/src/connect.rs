//! Connects a container to a network.
//!
//! The order makes this safe: addresses are leased before they are attached, and detached before
//! they are released. A process that dies in between leaves a lease without a link, but never a
//! link whose addresses could be given to another container.

use std::net::IpAddr;

use macvlan_core::{Attachment, ErrorKind as CoreKind, LinkName, MacAddr, NetNs, Presence};

use crate::alive;
use crate::alone::alone;
use crate::connect_options::ConnectOptions;
use crate::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseRequest};
use crate::network::Network;
use crate::standing::Standing;
use crate::store::LeaseOutcome;

/// The number of names `ethN` to try if the container has links that are not in the store.
const INTERFACES: u32 = 64;
/// The number of derived MAC addresses to try.
const MACS: u32 = 8;

/// A container that is connected to a network: its lease and its attachment.
///
/// It does not keep the container's namespace alive.
#[derive(Debug, Clone)]
pub struct Connection {
    lease: Lease,
    attachment: Attachment,
}

impl Connection {
    /// Returns the lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns the attachment in the kernel.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// Returns the addresses, without prefix lengths.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.lease.addresses.iter().map(ipnet::IpNet::addr).collect()
    }

    /// Returns the interface's name inside the container.
    pub fn interface(&self) -> LinkName {
        self.attachment.name()
    }

    /// Returns the interface's MAC address.
    pub fn mac(&self) -> MacAddr {
        self.attachment.mac()
    }
}

impl Network {
    /// Connects a container: leases its addresses and attaches its interface, or changes nothing.
    ///
    /// If the container is already connected in the same namespace, only its name, aliases and
    /// default routes are changed to those of `options`, and its interface is repaired if needed.
    /// If the namespace in which it was connected no longer exists, as after a restart of the
    /// container, it is connected again with the same addresses, as far as the network still gives
    /// them, and with the same name, aliases and priority, unless `options` sets others. So is a
    /// container whose lease was released since, as by [`Networks::reconcile`](crate::Networks::reconcile) after a reboot, except
    /// that it does not get a name that another container has by now. An interface name that it does not have yet ([`ConnectOptions::interface`]) connects it
    /// once more, with further addresses.
    ///
    /// With [`ConnectOptions::take`], a pending lease becomes the container's, with its addresses
    /// and its MAC address. If this fails, the lease is pending as before.
    ///
    /// If another container has the requested address or name, but its namespace or its host is
    /// gone, its lease is released, as soon as the kernel has deleted its interface; after two
    /// seconds, the request is refused. The host's own namespace is refused.
    ///
    /// Waits while another process connects or disconnects the same container.
    ///
    /// ```no_run
    /// # use macvlan_core::NetNs;
    /// # use macvlan_network::{ConnectOptions, Network};
    /// # fn example(network: &Network) -> Result<(), Box<dyn std::error::Error>> {
    /// let container = NetNs::from_pid(2084)?;
    /// let options = ConnectOptions::new("4f1c9a").name("test101").address("10.0.10.7".parse()?);
    /// let connection = network.connect(&options, &container)?;
    /// assert_eq!(connection.interface().as_str(), "eth0");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidValue`]: a value of `options` is invalid, or the namespace is the
    ///   host's.
    /// - [`ErrorKind::AlreadyConnected`]: the container is connected elsewhere, or with other
    ///   addresses or another MAC address; or by several interfaces, and `options` names none; or
    ///   its link was created to be moved ([`Network::create_link`]) and is not in the namespace; or
    ///   the kernel has not deleted the interface in its former namespace after two seconds.
    /// - [`ErrorKind::AddressTaken`], [`ErrorKind::AddressConflict`],
    ///   [`ErrorKind::AddressUnusable`]: the requested address cannot be given.
    /// - [`ErrorKind::NameTaken`]: another container in the network has the name.
    /// - [`ErrorKind::PoolExhausted`]: the network has no free address left.
    /// - [`ErrorKind::LeaseLost`]: a lease to take is no longer pending; or, in a store for many
    ///   hosts, this process was stopped for longer than its host counts as alive and another host
    ///   has taken the lease.
    /// - [`ErrorKind::NetworkNotFound`]: the network was deleted.
    /// - [`ErrorKind::Contended`]: another process held the container's namespace for too long.
    /// - [`ErrorKind::Kernel`]: the interface could not be attached.
    /// - Otherwise as for every [`Store`](crate::Store#errors).
    pub fn connect(&self, options: &ConnectOptions, netns: &NetNs) -> Result<Connection> {
        let operation = || format!("connect container {:?}", options.container);
        let connect = || {
            let mut request = options.request_in(&self.session.host_name, netns)?;
            self.refuse_host(netns)?;
            let alone = alone(netns)?;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                match self.granted(&request)? {
                    LeaseOutcome::Held { lease, others } if request.is_beside(&lease) => {
                        if let Some(id) = options.takes().first() {
                            return Err(no_room(&lease, id));
                        }
                        return self.reconnect((&lease, &others), options, netns, &mut standing);
                    }
                    LeaseOutcome::Held { lease, .. } => {
                        let is_moved = lease.netns().is_none();
                        if !is_moved || self.bind_here(&lease, netns)?.is_none() {
                            self.take_over(&lease)?;
                        }
                    }
                    LeaseOutcome::New { lease, others, taken } => {
                        let leases = (lease, &*others, &*taken);
                        match self.try_out(leases, &request, options, netns, &mut standing)? {
                            Tried::Connected(connection) => return Ok(*connection),
                            Tried::ForeignAddress => {}
                            Tried::InterfaceTaken => request.skip_interfaces += 1,
                            Tried::MacTaken => request.skip_macs += 1,
                        }
                    }
                    LeaseOutcome::Changed(record) => {
                        drop(alone);
                        return Self { record, ..self.clone() }.connect(options, netns);
                    }
                }
            }
        };
        connect().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// Refuses the host's own namespace, whose links must not be taken for a container's.
    pub(crate) fn refuse_host(&self, netns: &NetNs) -> Result<()> {
        if !netns.same_as(self.session.host.netns()) {
            return Ok(());
        }
        let why = format!("{} is the host's own network namespace", netns.id());
        Err(Error::invalid("connect", why)
            .with_hint("use the container's; a container in host networking has none of its own"))
    }

    /// Updates the lease, the interface and the default routes of a container that is connected.
    fn reconnect(
        &self,
        (held, others): (&Lease, &[Lease]),
        options: &ConnectOptions,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Connection> {
        let lease = options.changed(held, others)?;
        if lease != *held {
            for net in &lease.addresses {
                self.record.check_reserved(net.addr(), lease.name.as_deref())?;
            }
            if !self.session.store.update(&self.record, &lease)? {
                let why = "its lease was released at the same time";
                return Err(Error::new(ErrorKind::NotConnected, "connect", why));
            }
        }
        let ensure = || {
            let attachment = self.ensure(&lease, others, netns)?.attachment;
            self.lead_through((&lease, &attachment), others, options, netns)?;
            Ok(attachment)
        };
        let attachment = self.while_standing(standing, (&lease, others, netns), false, ensure)?;
        Ok(Connection { lease, attachment })
    }

    /// Releases a lease in another namespace, or of a link to be moved, if that no longer exists.
    pub(crate) fn take_over(&self, lease: &Lease) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it there first"))
        };
        if self.session.is_here(lease) {
            match (lease.presence()?, lease.netns()) {
                (Some(Presence::Gone), _) => {
                    if !self.clear_away(lease, ending::deadline())? {
                        let why = "the interface in its former namespace is still being deleted";
                        return Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                            .with_hint("connect it again later"));
                    }
                }
                (Some(Presence::Unknown(error)), _) => return Err(alive::unknown(error)),
                (Some(Presence::There(_)), Some(netns)) => {
                    let inode = netns.inode;
                    return refuse(format!(
                        "already connected in another namespace, net:[{inode}]"
                    ));
                }
                (Some(Presence::There(_)) | None, _) => return Err(not_moved(lease)),
            }
        } else if !self.session.is_host_dead(lease)? {
            return refuse(format!("already connected on host {:?}", lease.host));
        }
        // The container returns, with the same names and settings.
        self.session.store.release_gone(&self.record, vec![lease.clone()])?;
        Ok(())
    }

    /// Probes and attaches the addresses of a lease; releases the lease if that fails.
    fn try_out(
        &self,
        (lease, others, taken): (Lease, &[Lease], &[Lease]),
        request: &LeaseRequest,
        options: &ConnectOptions,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Tried> {
        let attach = || {
            let attachment = self.attach(&lease, others, netns)?;
            match self.lead_through((&lease, &attachment), others, options, netns) {
                Ok(()) => Ok(attachment),
                Err(error) => Err(self.take_back(&lease, others, netns, error)),
            }
        };
        let asked = if self.config().get_probe() {
            // An interface without a lease would answer the probe.
            self.remove_forgotten(&lease, others, netns).map(drop)
        } else {
            Ok(())
        };
        let other = asked.and_then(|()| self.who_else(&lease, taken));
        let tried = other.and_then(|other| match other {
            Some(other) => Ok(Err(other)),
            None => self.while_standing(standing, (&lease, others, netns), true, attach).map(Ok),
        });
        let why = match tried {
            Ok(Ok(attachment)) => {
                return Ok(Tried::Connected(Box::new(Connection { lease, attachment })));
            }
            Ok(Err(other)) => {
                return self
                    .gives_way((&lease, taken), other, request)
                    .map(|()| Tried::ForeignAddress);
            }
            Err(error) => error,
        };
        // An interface that may remain still uses its addresses, so its lease remains too.
        if why.leftovers().next().is_some() && self.detach(&lease, others, netns).is_err() {
            return Err(why.leaves(format!("the lease of {:?}", lease.container)));
        }
        // A value that was chosen here is chosen again.
        let chosen_again = match why.core().map(macvlan_core::Error::kind) {
            Some(CoreKind::NameTaken)
                if request.interface.is_none() && request.skip_interfaces < INTERFACES =>
            {
                Tried::InterfaceTaken
            }
            // The MAC address of a lease that was taken is already known to others.
            Some(CoreKind::MacInUse)
                if request.mac.is_none() && taken.is_empty() && request.skip_macs < MACS =>
            {
                Tried::MacTaken
            }
            _ => return Err(self.undo_lease(&lease, taken, why)?),
        };
        match self.session.store.undo_lease(&self.record, &lease, taken) {
            Ok(_) => Ok(chosen_again),
            Err(error) => Err(error.leaves(format!("a lease of {:?}", lease.container))),
        }
    }

    /// Sets the default routes of a container after it got this interface.
    fn lead_through(
        &self,
        (lease, attachment): (&Lease, &Attachment),
        others: &[Lease],
        options: &ConnectOptions,
        netns: &NetNs,
    ) -> Result<()> {
        let link = Some(attachment.index());
        let replaces = options.replace_default_route;
        self.set_default_routes((lease, link), others, netns, replaces).map(drop)
    }
}

/// Returns the error for a connected container that would take further addresses.
fn no_room(lease: &Lease, id: &str) -> Error {
    let why = format!("already connected by interface {}, without lease {id}", lease.interface);
    Error::new(ErrorKind::AlreadyConnected, "connect", why).with_hint("disconnect it first")
}

/// Returns the error for a container whose link was created to be moved, but is not here.
pub(crate) fn not_moved(lease: &Lease) -> Error {
    let link = lease.link.as_ref().map_or("", LinkName::as_str);
    let why = format!("its link {link:?} has not been moved to this namespace");
    Error::new(ErrorKind::AlreadyConnected, "connect", why)
        .with_hint("move the link, or disconnect the container first")
}

/// The result of trying a lease.
enum Tried {
    Connected(Box<Connection>),
    ForeignAddress,
    InterfaceTaken,
    MacTaken,
}
