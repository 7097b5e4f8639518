//! Connecting a container to a network.
//!
//! The order is what makes it safe: the addresses are leased first and attached then; detached first
//! and given back then. A process that dies in between leaves a lease without a link, never a link
//! whose addresses somebody else can get.

use std::net::IpAddr;

use macvlan_core::{Attachment, ErrorKind as CoreKind, LinkName, MacAddr, NetNs, Presence};

use crate::alive::{self, NetNsMark};
use crate::alone::alone;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};
use crate::member::Member;
use crate::network::Network;
use crate::standing::Standing;
use crate::store::Granted;
use crate::store::refusal::{self, is_the_hosts};

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
            let here = NetNsMark::of(netns)?;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                match self.granted(&wish)? {
                    Granted::Held { lease, others } if lease.is_in(&here) => {
                        if let Some(id) = member.takes().first() {
                            return Err(no_room(&lease, id));
                        }
                        return self.again((&lease, &others), member, netns, &mut standing);
                    }
                    Granted::Held { lease, .. } => {
                        let is_moved = lease.netns().is_none();
                        if !is_moved || self.bind_here(&lease, netns)?.is_none() {
                            self.take_over(&lease)?;
                            wish.name = wish.name.or(lease.name);
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

    /// Has a wish granted, if need be at the expense of those that are gone.
    pub(crate) fn granted(&self, wish: &Wish) -> Result<Granted> {
        loop {
            match self.session.store.lease(&self.record, wish) {
                Err(error) if self.takes_from_the_dead(&error, wish)? => {}
                Err(error) if error.kind() == ErrorKind::AddressForeign => {
                    return Err(self.of_this_host(wish)?.unwrap_or(error));
                }
                granted => return granted,
            }
        }
    }

    /// The error for an address that is wished for, and that this host has itself.
    fn of_this_host(&self, wish: &Wish) -> Result<Option<Error>> {
        for address in &wish.addresses {
            if self.is_local(*address)? {
                return Ok(Some(is_the_hosts(&self.record, *address)));
            }
        }
        Ok(None)
    }

    fn is_local(&self, address: IpAddr) -> Result<bool> {
        let is_local = self.session.host.handle().and_then(|handle| handle.is_local(address));
        is_local.map_err(|error| Error::kernel("look for the address on this host", error))
    }

    /// Whether a wish was refused for a container that is gone, whose lease was taken back now.
    fn takes_from_the_dead(&self, refused: &Error, wish: &Wish) -> Result<bool> {
        let (store, network) = (&self.session.store, &self.record);
        let mut holders = Vec::new();
        match refused.kind() {
            ErrorKind::AddressTaken => {
                for address in &wish.addresses {
                    holders.extend(store.holding(network, *address)?);
                }
            }
            ErrorKind::NameTaken => {
                if let Some(name) = wish.name.as_deref() {
                    let named = store.named(network, name)?.into_iter();
                    holders.extend(named.filter(|lease| lease.name.as_deref() == Some(name)));
                }
            }
            _ => return Ok(false),
        }
        let mut taken = false;
        for holder in holders {
            if self.session.is_gone(&holder)? {
                taken |= store.release(network, &holder)?;
            }
        }
        Ok(taken)
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
            let attachment = self.ensure(&lease, netns)?.attachment;
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
        let asked = match self.config().is_probe() {
            // What is forgotten would answer.
            true => self.remove_forgotten(&lease, others, netns).map(drop),
            false => Ok(()),
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
                return self.gives_way((&lease, taken), other, wish).map(|()| Tried::ForeignAddress);
            }
            Err(error) => error,
        };
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

    /// Gives a lease back of which somebody else has an address. Fails if it is one that was wished for.
    pub(crate) fn gives_way(
        &self,
        (lease, taken): (&Lease, &[Lease]),
        (address, holder): (IpAddr, Other),
        wish: &Wish,
    ) -> Result<()> {
        self.give_back(lease, taken)?;
        let is_wished = wish.addresses.contains(&address);
        if holder == Other::ThisHost && is_wished {
            return Err(is_the_hosts(&self.record, address));
        }
        self.session.store.add_foreign(&self.record, address)?;
        if is_wished {
            return Err(refusal::taken(&self.record, address, None));
        }
        Ok(())
    }

    /// Gives a lease back after an error, and returns that one; with what is left if that fails.
    pub(crate) fn undo_lease(&self, lease: &Lease, taken: &[Lease], why: Error) -> Result<Error> {
        match self.give_back(lease, taken) {
            Ok(()) => Ok(why),
            Err(error) => {
                Err(why.leaves(format!("a lease of {:?} ({error})", lease.container)))
            }
        }
    }

    /// Gives a lease back. Those that it took are pending again.
    fn give_back(&self, lease: &Lease, taken: &[Lease]) -> Result<()> {
        let store = &self.session.store;
        store.release(&self.record, lease)?;
        taken.iter().try_for_each(|pending| store.adopt(&self.record, pending))
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

    /// An address of a lease that somebody else has: this host, or somebody on the wire. Those of leases that
    /// it took were asked for before.
    pub(crate) fn who_else(
        &self,
        lease: &Lease,
        taken: &[Lease],
    ) -> Result<Option<(IpAddr, Other)>> {
        let (host, probe) = (&self.session.host, &self.session.probe);
        let was_asked = |net: &&ipnet::IpNet| taken.iter().any(|one| one.addresses.contains(net));
        let fresh = lease.addresses.iter().filter(|net| !was_asked(net));
        let addresses: Vec<IpAddr> = fresh.map(ipnet::IpNet::addr).collect();
        for address in &addresses {
            if self.is_local(*address)? {
                return Ok(Some((*address, Other::ThisHost)));
            }
        }
        if !self.config().is_probe() || addresses.is_empty() {
            return Ok(None);
        }
        let fails = |error| Error::kernel("probe the addresses", error);
        if self.is_isolated() {
            // After a reboot, or on another host, it is not there yet.
            self.session.make_dummy(&self.record)?;
        }
        let parent = self.record.link().map_err(fails)?;
        let taken = probe.taken(host, &parent, &addresses).map_err(fails)?;
        let found = taken.into_iter().find(|address| addresses.contains(address));
        Ok(found.map(|address| (address, Other::OnTheWire)))
    }
}

/// The error for a container that is connected and would take further addresses.
fn no_room(lease: &Lease, id: &str) -> Error {
    let why = format!("it is connected, by interface {}, and cannot take the lease {id}", lease.interface);
    Error::new(ErrorKind::AlreadyConnected, "connect", why).with_hint("disconnect it first")
}

/// The error for a container whose link was created to be moved, and was not moved here.
pub(crate) fn not_moved(lease: &Lease) -> Error {
    let link = lease.link.as_ref().map_or("", LinkName::as_str);
    let why = format!("its link {link:?} was created to be moved, and was not moved there");
    Error::new(ErrorKind::AlreadyConnected, "connect", why)
        .with_hint("move it, or disconnect the container first")
}

/// Who has an address that is no container's.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Other {
    ThisHost,
    OnTheWire,
}

/// What came of trying a lease.
enum Tried {
    Connected(Box<Connection>),
    ForeignAddress,
    InterfaceTaken,
    MacTaken,
}
