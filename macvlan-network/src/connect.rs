//! Connecting a container to a network.
//!
//! The order is what makes it safe: the addresses are leased first and attached then; detached first
//! and given back then. A process that dies in between leaves a lease without a link, never a link
//! whose addresses somebody else can get.

use std::net::IpAddr;

use macvlan_core::{Attachment, ErrorKind as CoreKind, LinkName, MacAddr, NetNs, Parent, Presence};

use crate::alive::{self, NetNsMark};
use crate::alone::alone;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, Wish};
use crate::member::Member;
use crate::network::Network;
use crate::standing::Standing;
use crate::store::Granted;
use crate::store::refusal::taken;

/// How many `ethN` are tried when the container has links that we do not know.
const INTERFACES: u32 = 64;

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
    /// A container that is connected already, in the same namespace, stays as it is; what is missing
    /// of its interface is repaired. If the namespace in which it was connected is gone, as after
    /// a restart of the container, it is connected anew, with the addresses it had.
    ///
    /// The host's own namespace is refused.
    ///
    /// With a store for many hosts it fails with [`ErrorKind::LeaseLost`], and leaves nothing, if this process was
    /// stopped for longer than its host counts as alive and others have taken the lease.
    ///
    /// While somebody else connects or disconnects the container, in whatever process, this waits.
    pub fn connect(&self, member: &Member, netns: &NetNs) -> Result<Connection> {
        let operation = || format!("connect container {:?}", member.container);
        let connect = || {
            let mut wish = member.wish(&self.session.host_name, NetNsMark::of(netns)?)?;
            self.refuse_host(netns)?;
            let _alone = alone(netns)?;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                match self.session.store.lease(&self.record, &wish)? {
                    Granted::Held(lease) if lease.netns == wish.netns => {
                        member.check_against(&lease)?;
                        return self.again(lease, netns, &mut standing);
                    }
                    Granted::Held(lease) => {
                        self.take_over(&lease)?;
                        wish.name = wish.name.or(lease.name);
                    }
                    Granted::New(lease) => {
                        match self.try_out(lease, &wish, netns, &mut standing)? {
                            Tried::Connected(connection) => return Ok(*connection),
                            Tried::ForeignAddress => {}
                            Tried::InterfaceTaken => wish.skip_interfaces += 1,
                        }
                    }
                }
            }
        };
        connect().map_err(|error: Error| error.during(operation()).in_network(self.name()))
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

    /// Sees that the interface of a lease is there and right.
    fn again(&self, lease: Lease, netns: &NetNs, standing: &mut Standing) -> Result<Connection> {
        let ensure = || self.ensure(&lease, netns);
        let ensured = self.while_standing(standing, (&lease, netns), false, ensure)?;
        Ok(Connection { lease, attachment: ensured.attachment })
    }

    /// A lease of another namespace: that one has to be gone.
    fn take_over(&self, lease: &Lease) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::AlreadyConnected, "connect", why)
                .with_hint("disconnect it there first"))
        };
        if self.session.is_here(lease) {
            match alive::find(&lease.netns)? {
                Presence::Gone => {}
                Presence::Unknown(error) => return Err(alive::unknown(error)),
                Presence::There(_) => {
                    let inode = lease.netns.inode;
                    return refuse(format!("it is connected in another namespace, net:[{inode}]"));
                }
            }
        } else {
            let living = self.session.store.living_hosts()?;
            if living.is_none_or(|hosts| hosts.contains(&lease.host)) {
                return refuse(format!("it is connected on host {:?}", lease.host));
            }
        }
        self.session.store.release(&self.record, lease)?;
        Ok(())
    }

    /// Probes and attaches what was leased; if that does not work, the lease is given back.
    fn try_out(
        &self,
        lease: Lease,
        wish: &Wish,
        netns: &NetNs,
        standing: &mut Standing,
    ) -> Result<Tried> {
        let attach = || self.attach(&lease, netns);
        let tried = self.is_foreign(&lease, netns).and_then(|foreign| match foreign {
            Some(address) => Ok(Err(address)),
            None => self.while_standing(standing, (&lease, netns), true, attach).map(Ok),
        });
        let why = match tried {
            Ok(Ok(attachment)) => {
                return Ok(Tried::Connected(Box::new(Connection { lease, attachment })));
            }
            Ok(Err(address)) => {
                self.session.store.release(&self.record, &lease)?;
                self.session.store.add_foreign(&self.record, address)?;
                if wish.addresses.contains(&address) {
                    return Err(taken(&self.record, address, None));
                }
                return Ok(Tried::ForeignAddress);
            }
            Err(error) => error,
        };
        if let Err(error) = self.session.store.release(&self.record, &lease) {
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
        let (host, probe) = (&self.session.host, &self.session.probe);
        let taken = probe.taken(host, &parent, &addresses).map_err(fails)?;
        Ok(taken.into_iter().find(|address| addresses.contains(address)))
    }
}

/// What came of trying a lease.
enum Tried {
    Connected(Box<Connection>),
    ForeignAddress,
    InterfaceTaken,
}
