//! Connecting a container to a network.
//!
//! The order is what makes it safe: the addresses are leased first and attached then; detached first
//! and given back then. A process that dies in between leaves a lease without a link, never a link
//! whose addresses somebody else can get.

use std::net::IpAddr;

use macvlan_core::{Attachment, ErrorKind as CoreKind, LinkName, MacAddr, NetNs, Presence};

use crate::alive;
use crate::alone::alone;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};
use crate::member::Member;
use crate::network::Network;
use crate::standing::Standing;
use crate::store::Granted;

/// How many `ethN` are tried when the container has links that we do not know.
const INTERFACES: u32 = 64;
/// How many derived MAC addresses are tried.
const MACS: u32 = 8;

/// A container that is connected to a network: its lease, and what it became in the kernel. It does not hold
/// the container's namespace open.
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
    /// A container that is connected already, in the same namespace, stays as it is, but for its name,
    /// its aliases and its default routes, which become as they are said, and what is missing of its
    /// interface, which is repaired. If the namespace in which it was connected is gone, as after
    /// a restart of the container, it is connected anew, with the addresses it had. By an interface name
    /// that it has not yet ([`Member::interface`]) it is connected once more, with further addresses.
    ///
    /// A pending lease that is said ([`Member::take`]) becomes the container's, with its addresses and its MAC
    /// address. If connecting fails, it is pending as before.
    ///
    /// An address or a name that is said and that a container has whose namespace or host is gone, is taken
    /// from that one. The host's own namespace is refused.
    ///
    /// With a store for many hosts it fails with [`ErrorKind::LeaseLost`], and leaves nothing, if this process was
    /// stopped for longer than its host counts as alive and others have taken the lease.
    ///
    /// While somebody else connects or disconnects the container, in whatever process, this waits.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::AlreadyConnected`]: it is connected elsewhere, or with other addresses or another MAC
    ///   address than are said; or by several interfaces, and none is said; or its link was created to be moved
    ///   ([`Network::create_link`]), and is not in the namespace.
    /// - [`ErrorKind::LeaseLost`]: a lease that it is to take is not pending any more.
    pub fn connect(&self, member: &Member, netns: &NetNs) -> Result<Connection> {
        let operation = || format!("connect container {:?}", member.container);
        let connect = || {
            let mut wish = member.wish_in(&self.session.host_name, netns)?;
            self.refuse_host(netns)?;
            let alone = alone(netns)?;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                match self.granted(&wish)? {
                    Granted::Held { lease, others } if wish.is_beside(&lease) => {
                        if let Some(id) = member.takes().first() {
                            return Err(no_room(&lease, id));
                        }
                        return self.again((&lease, &others), member, netns, &mut standing);
                    }
                    Granted::Held { lease, .. } => {
                        let is_moved = lease.netns().is_none();
                        if !is_moved || self.bind_here(&lease, netns)?.is_none() {
                            self.take_over(&lease)?;
                            wish.take_over(lease);
                        }
                    }
                    Granted::New { lease, others, taken } => {
                        let leases = (lease, &*others, &*taken);
                        match self.try_out(leases, &wish, member, netns, &mut standing)? {
                            Tried::Connected(connection) => return Ok(*connection),
                            Tried::ForeignAddress => {}
                            Tried::InterfaceTaken => wish.skip_interfaces += 1,
                            Tried::MacTaken => wish.skip_macs += 1,
                        }
                    }
                    Granted::Changed(record) => {
                        drop(alone);
                        return Self { record, ..self.clone() }.connect(member, netns);
                    }
                }
            }
        };
        connect().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// The host's namespace is no container's: what belongs to it would be taken for a container's.
    pub(crate) fn refuse_host(&self, netns: &NetNs) -> Result<()> {
        if !netns.same_as(self.session.host.netns()) {
            return Ok(());
        }
        let why = format!("{} is the host's own network namespace", netns.id());
        Err(Error::invalid("connect", why)
            .with_hint("give the container's, which a container in host networking does not have"))
    }

    /// Sees that the lease of a container, its interface and its default routes are as they are said now.
    fn again(
        &self,
        (held, others): (&Lease, &[Lease]),
        member: &Member,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Connection> {
        let lease = member.changed(held, others)?;
        if lease != *held {
            for net in &lease.addresses {
                self.record.check_reserved(net.addr(), lease.name.as_deref())?;
            }
            if !self.session.store.update(&self.record, &lease)? {
                let why = "its lease was taken back while it was connected again";
                return Err(Error::new(ErrorKind::NotConnected, "connect", why));
            }
        }
        let ensure = || {
            let attachment = self.ensure(&lease, others, netns)?.attachment;
            self.lead_through((&lease, &attachment), others, member, netns)?;
            Ok(attachment)
        };
        let attachment = self.while_standing(standing, (&lease, others, netns), false, ensure)?;
        Ok(Connection { lease, attachment })
    }

    /// A lease of another namespace, or of a link that is to be moved: that has to be gone.
    pub(crate) fn take_over(&self, lease: &Lease) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it there first"))
        };
        if self.session.is_here(lease) {
            match (lease.presence()?, lease.netns()) {
                (Some(Presence::Gone), _) => drop(self.remove_host_link(lease)?),
                (Some(Presence::Unknown(error)), _) => return Err(alive::unknown(error)),
                (Some(Presence::There(_)), Some(netns)) => {
                    let inode = netns.inode;
                    return refuse(format!("it is connected in another namespace, net:[{inode}]"));
                }
                (Some(Presence::There(_)) | None, _) => return Err(not_moved(lease)),
            }
        } else if !self.session.is_host_dead(lease)? {
            return refuse(format!("it is connected on host {:?}", lease.host));
        }
        self.session.store.release(&self.record, lease)?;
        Ok(())
    }

    /// Probes and attaches what was leased; if that does not work, the lease is given back.
    fn try_out(
        &self,
        (lease, others, taken): (Lease, &[Lease], &[Lease]),
        wish: &Wish,
        member: &Member,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Tried> {
        let attach = || {
            let attachment = self.attach(&lease, others, netns)?;
            match self.lead_through((&lease, &attachment), others, member, netns) {
                Ok(()) => Ok(attachment),
                Err(error) => Err(self.take_back(&lease, others, netns, error)),
            }
        };
        let asked = if self.config().is_probe() {
            // What is forgotten would answer.
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
                    .gives_way((&lease, taken), other, wish)
                    .map(|()| Tried::ForeignAddress);
            }
            Err(error) => error,
        };
        // An interface that may have stayed keeps its addresses from others.
        if why.leftovers().next().is_some() && self.detach(&lease, others, netns).is_err() {
            return Err(why.leaves(format!("the lease of {:?}", lease.container)));
        }
        let why = self.undo_lease(&lease, taken, why)?;
        // What we chose is chosen again.
        match why.core().map(macvlan_core::Error::kind) {
            Some(CoreKind::NameTaken)
                if wish.interface.is_none() && wish.skip_interfaces < INTERFACES =>
            {
                Ok(Tried::InterfaceTaken)
            }
            // That of a lease that was taken is known to others.
            Some(CoreKind::MacInUse)
                if wish.mac.is_none() && taken.is_empty() && wish.skip_macs < MACS =>
            {
                Ok(Tried::MacTaken)
            }
            _ => Err(why),
        }
    }

    /// Sets the default routes of a container that has got this interface.
    fn lead_through(
        &self,
        (lease, attachment): (&Lease, &Attachment),
        others: &[Lease],
        member: &Member,
        netns: &NetNs,
    ) -> Result<()> {
        let link = Some(attachment.index());
        let replaces = member.replace_default_route;
        self.set_default_routes((lease, link), others, netns, replaces).map(drop)
    }
}

/// The error for a container that is connected and would take further addresses.
fn no_room(lease: &Lease, id: &str) -> Error {
    let why = format!(
        "it is connected, by interface {}, and cannot take the lease {id}",
        lease.interface
    );
    Error::new(ErrorKind::AlreadyConnected, "connect", why).with_hint("disconnect it first")
}

/// The error for a container whose link was created to be moved, and was not moved here.
pub(crate) fn not_moved(lease: &Lease) -> Error {
    let link = lease.link.as_ref().map_or("", LinkName::as_str);
    let why = format!("its link {link:?} was created to be moved, and was not moved there");
    Error::new(ErrorKind::AlreadyConnected, "connect", why)
        .with_hint("move it, or disconnect the container first")
}

/// What came of trying a lease.
enum Tried {
    Connected(Box<Connection>),
    ForeignAddress,
    InterfaceTaken,
    MacTaken,
}
