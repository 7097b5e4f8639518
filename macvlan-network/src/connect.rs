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
use crate::store::refusal::{is_the_hosts, taken};

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
    /// a restart of the container, it is connected anew, with the addresses it had.
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
    /// [`ErrorKind::AlreadyConnected`]: it is connected elsewhere, or with other addresses, another MAC
    /// address or another interface than are said.
    pub fn connect(&self, member: &Member, netns: &NetNs) -> Result<Connection> {
        let operation = || format!("connect container {:?}", member.container);
        let connect = || {
            let mut wish = member.wish(&self.session.host_name, netns)?;
            self.refuse_host(netns)?;
            let alone = alone(netns)?;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                let granted = match self.session.store.lease(&self.record, &wish) {
                    Err(error) if self.takes_from_the_dead(&error, member)? => continue,
                    Err(error) if error.kind() == ErrorKind::AddressForeign => {
                        return Err(self.of_this_host(member)?.unwrap_or(error));
                    }
                    granted => granted?,
                };
                match granted {
                    Granted::Held { lease, others } if lease.netns == wish.netns => {
                        return self.again((&lease, &others), member, netns, &mut standing);
                    }
                    Granted::Held { lease, .. } => {
                        self.take_over(&lease)?;
                        wish.take_over(lease);
                    }
                    Granted::New { lease, others } => {
                        let leases = (lease, &*others);
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

    /// The error for an address that is wished for, and that this host has itself.
    fn of_this_host(&self, member: &Member) -> Result<Option<Error>> {
        for address in member.addresses() {
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
    fn takes_from_the_dead(&self, refused: &Error, member: &Member) -> Result<bool> {
        let (store, network) = (&self.session.store, &self.record);
        let mut holders = Vec::new();
        match refused.kind() {
            ErrorKind::AddressTaken => {
                for address in member.addresses() {
                    holders.extend(store.holding(network, *address)?);
                }
            }
            ErrorKind::NameTaken => {
                if let Some(name) = member.get_name() {
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
    fn refuse_host(&self, netns: &NetNs) -> Result<()> {
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
        let attachment = self.while_standing(standing, (&lease, netns), false, ensure)?;
        Ok(Connection { lease, attachment })
    }

    /// A lease of another namespace: that one has to be gone.
    fn take_over(&self, lease: &Lease) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it there first"))
        };
        if self.session.is_here(lease) {
            match lease.presence()? {
                Presence::Gone => {}
                Presence::Unknown(error) => return Err(alive::unknown(error)),
                Presence::There(_) => {
                    let inode = lease.netns.inode;
                    return refuse(format!("it is connected in another namespace, net:[{inode}]"));
                }
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
        (lease, others): (Lease, &[Lease]),
        wish: &Wish,
        member: &Member,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Tried> {
        let attach = || {
            let attachment = self.attach(&lease, netns)?;
            match self.lead_through((&lease, &attachment), others, member, netns) {
                Ok(()) => Ok(attachment),
                Err(error) => Err(self.take_back(&lease, netns, error)),
            }
        };
        let tried = self.who_else(&lease, netns).and_then(|other| match other {
            Some(other) => Ok(Err(other)),
            None => self.while_standing(standing, (&lease, netns), true, attach).map(Ok),
        });
        let why = match tried {
            Ok(Ok(attachment)) => {
                return Ok(Tried::Connected(Box::new(Connection { lease, attachment })));
            }
            Ok(Err((address, holder))) => {
                self.session.store.release(&self.record, &lease)?;
                let is_wished = wish.addresses.contains(&address);
                if holder == Other::ThisHost && is_wished {
                    return Err(is_the_hosts(&self.record, address));
                }
                self.session.store.add_foreign(&self.record, address)?;
                if is_wished {
                    return Err(taken(&self.record, address, None));
                }
                return Ok(Tried::ForeignAddress);
            }
            Err(error) => error,
        };
        if let Err(error) = self.session.store.release(&self.record, &lease) {
            return Err(why.leaves(format!("a lease of {:?} ({error})", lease.container)));
        }
        // What we chose is chosen again.
        match why.core().map(macvlan_core::Error::kind) {
            Some(CoreKind::NameTaken)
                if wish.interface.is_none() && wish.skip_interfaces < INTERFACES =>
            {
                Ok(Tried::InterfaceTaken)
            }
            Some(CoreKind::MacInUse) if wish.mac.is_none() && wish.skip_macs < MACS => {
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

    /// An address that somebody else has: this host, or somebody on the wire.
    fn who_else(&self, lease: &Lease, netns: &NetNs) -> Result<Option<(IpAddr, Other)>> {
        let (host, probe) = (&self.session.host, &self.session.probe);
        let addresses: Vec<IpAddr> = lease.addresses.iter().map(ipnet::IpNet::addr).collect();
        for address in &addresses {
            if self.is_local(*address)? {
                return Ok(Some((*address, Other::ThisHost)));
            }
        }
        if !self.config().is_probe() || addresses.is_empty() {
            return Ok(None);
        }
        // Which would answer.
        self.remove_forgotten(lease, netns)?;
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

/// Who has an address that is no container's.
#[derive(PartialEq)]
enum Other {
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
