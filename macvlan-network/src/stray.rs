//! Handles interfaces with the store's mark in namespaces that have no lease for them.
//!
//! They remain on a host that was away for so long that other hosts took its leases, and if a store
//! has lost data. Addresses that no other container has get a lease again; the others are removed,
//! since no two containers may have them. A mark that the store did not make is reported and
//! changes nothing.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{Attachment, Detached, Handle, LinkInfo, NetNs};

use crate::alive::NetNsMark;
use crate::alone::alone;
use crate::connect_options::path_of;
use crate::container_ref::ContainerRef;
use crate::default_routes;
use crate::error::{Error, ErrorKind, Result};
use crate::interface::words;
use crate::lease::{Lease, LeaseState, OnParent};
use crate::mark::{self, Mark, sealed};
use crate::network::Network;
use crate::networks::Networks;
use crate::random;
use crate::reconcile::Reconciled;

/// The time that a runtime may take from moving a link to renaming it.
const MOVING: Duration = Duration::from_secs(10);

/// An interface with a mark that the store made.
struct Stray<'a> {
    attachment: Attachment,
    netns: &'a NetNs,
    mark: Mark<'a>,
    /// The addresses of the lease that it was made for, as far as it still has them.
    addresses: Vec<IpAddr>,
    /// True if this library's default routes were in the namespace when its first stray was found.
    are_led: bool,
}

fn fails(error: macvlan_core::Error) -> Error {
    Error::kernel("examine an interface", error)
}

/// Returns a description of a lease's holder.
fn holder(lease: &Lease) -> String {
    format!("container {:?} on host {:?}", lease.container, lease.host)
}

impl Networks {
    /// Handles a link whose alias names a lease; the caller holds its namespace.
    ///
    /// `are_led` caches whether this library's default routes are in the namespace.
    pub(crate) fn look_at(
        &self,
        networks: &[Network],
        netns: &NetNs,
        link: &LinkInfo,
        mark: Mark<'_>,
        are_led: &mut Option<bool>,
    ) -> Result<Vec<Reconciled>> {
        let mut all = self.host().attachments(netns).map_err(fails)?;
        let Some(at) = all.iter().position(|one| one.index() == link.index) else {
            return Ok(Vec::new());
        };
        let attachment = all.swap_remove(at);
        let is_its = |network: &Network| network.id().starts_with(mark.network);
        let network = match networks.iter().find(|network| is_its(network)) {
            Some(network) => Some(network.clone()),
            // It may have been created in the meantime.
            None => self.list()?.into_iter().find(is_its),
        };
        let leases =
            network.as_ref().map(|network| network.leases_of(mark.container)).transpose()?;
        let leases = leases.unwrap_or_default();
        let here = NetNsMark::of(netns)?;
        if let Some(network) = &network {
            if let Some(lease) = network.of_link(&leases, (&attachment, link), &all, netns)? {
                return network.claim(lease, netns, &attachment);
            }
        }
        let is_host = netns.same_as(self.host().netns());
        let addresses = match sealed(self.store(), &mark, &attachment) {
            Some(addresses) => addresses,
            // It has no addresses there, and no container can write its alias.
            None if is_host => Vec::new(),
            // It may belong to the container that is here.
            None if leases.iter().any(|lease| lease.is_in(&here)) => return Ok(Vec::new()),
            None => {
                let is_its = |one: &&Lease| one.mac == Some(attachment.mac());
                let error = match leases.iter().find(is_its).and_then(Lease::netns) {
                    Some(home) => moved_here(&attachment, netns, &mark, home),
                    None => not_ours(&attachment, netns, &mark),
                };
                return Err(match &network {
                    Some(network) => error.in_network(network.name()),
                    None => error,
                });
            }
        };
        let are_led = match *are_led {
            Some(known) => known,
            None => *are_led.insert(default_routes::are_ours(netns)?),
        };
        let stray = Stray { attachment, netns, mark, addresses, are_led };
        let elsewhere = leases.iter().find(|lease| lease.netns().is_some_and(|mark| *mark != here));
        // It may have been changed since it was listed.
        let network = network.map(|network| self.network(network.id())).transpose()?;
        let mut done = match (network, elsewhere) {
            // It was moved back to the host and not deleted.
            (Some(network), None) if is_host => {
                vec![network.take_away(&stray, "no container has it")?]
            }
            (Some(network), None) => network.adopt(&stray, here)?,
            (Some(network), Some(lease)) => {
                let why = format!("{} has the lease", holder(lease));
                vec![network.take_away(&stray, &why)?]
            }
            (None, _) => vec![self.remove_stray(&stray)?],
        };
        // They may have led through it, or may lead through it again.
        if let Err(error) = self.0.settle_default_routes(mark.container, netns) {
            done.push(Reconciled::Failed(error.to_string()));
        }
        Ok(done)
    }

    /// Deletes an interface in a network that no longer exists.
    fn remove_stray(&self, stray: &Stray<'_>) -> Result<Reconciled> {
        let is_its = |network: &str| network.starts_with(stray.mark.network);
        if let Some(hidden) = self.unreadable()?.into_iter().find(|one| is_its(&one.network)) {
            return Err(hidden.error);
        }
        let fails = |error| Error::kernel("delete an interface", error);
        self.host().detach(&stray.attachment).map_err(fails)?;
        let interface = stray.attachment.name().to_string();
        Ok(Reconciled::Removed { interface, container: stray.mark.container.to_owned() })
    }
}

impl Network {
    /// Returns which of a container's leases a link in a namespace belongs to, if any.
    ///
    /// `others` are the other attachments there.
    fn of_link<'a>(
        &self,
        leases: &'a [Lease],
        (attachment, link): (&Attachment, &LinkInfo),
        others: &[Attachment],
        netns: &NetNs,
    ) -> Result<Option<&'a Lease>> {
        let here = NetNsMark::of(netns)?;
        let alias = link.alias.as_deref().unwrap_or_default();
        let is_host = netns.same_as(self.session.host.netns());
        let may = |lease: &&Lease| {
            lease.is_in(&here) || lease.link.is_some() && (is_host || lease.netns().is_none())
        };
        let may: Vec<&Lease> = leases.iter().filter(may).collect();
        let found = may.iter().find(|lease| self.is_known_as(lease, attachment, alias));
        let is_elsewhere =
            |lease: &Lease| others.iter().any(|one| self.is_known_as(lease, one, ""));
        Ok(match (found, may.as_slice()) {
            // Its alias may be of an earlier version, and its MAC address and name may have been
            // changed inside.
            (None, [only]) if only.is_in(&here) && !is_elsewhere(only) => Some(only),
            (found, _) => found.copied(),
        })
    }

    /// Binds the lease of a link that was moved to the namespace where it was found.
    fn claim(
        &self,
        lease: &Lease,
        netns: &NetNs,
        attachment: &Attachment,
    ) -> Result<Vec<Reconciled>> {
        let Some(pending) = lease.pending() else { return Ok(Vec::new()) };
        // A runtime that has just moved it is about to rename it.
        let is_moving = lease.link == Some(attachment.name()) && pending.age()? < MOVING;
        if is_moving || netns.same_as(self.session.host.netns()) {
            return Ok(Vec::new());
        }
        Ok(self.bind_here(lease, netns)?.map(Reconciled::Adopted).into_iter().collect())
    }

    /// Enters a lease for the addresses that no other container has, and removes the others.
    fn adopt(&self, stray: &Stray<'_>, netns: NetNsMark) -> Result<Vec<Reconciled>> {
        let (record, store) = (&self.record, &self.session.store);
        let leases = self.leases()?;
        let (mut done, mut free, mut told, mut taken) = (vec![], vec![], vec![], vec![]);
        let conflicts = self.conflicting_addresses()?;
        for address in &stray.addresses {
            let has = |lease: &&Lease| lease.addresses.iter().any(|one| one.addr() == *address);
            match leases.iter().find(has) {
                // The interface may be the one that the container runs with.
                Some(lease) if lease.container == stray.mark.container => {
                    told.push(format!("the container itself has a lease for {address}"));
                }
                Some(lease) => taken.push((*address, holder(lease))),
                None if conflicts.iter().any(|one| one.address == *address) => {
                    told.push(format!("{address} is recorded as conflicting"));
                }
                None => match self.adoptable(*address, stray.mark.name) {
                    Ok(net) => free.push(net),
                    Err(error) => told.push(error.cause().to_owned()),
                },
            }
        }
        if free.is_empty() && told.is_empty() && !taken.is_empty() {
            let taken = taken.iter().map(|(address, holder)| format!("{holder} has {address}"));
            return Ok(vec![self.take_away(stray, &taken.collect::<Vec<_>>().join(", "))?]);
        }
        for (address, holder) in taken {
            done.push(self.take_address(stray, address, &holder)?);
        }
        let name_holder = leases.iter().find(|lease| {
            let is_other = lease.container != stray.mark.container;
            is_other && lease.name.is_some() && lease.name.as_deref() == stray.mark.name
        });
        if let Some(lease) = name_holder {
            let name = stray.mark.name.unwrap_or_default();
            told.push(format!("{} has the name {name:?}", holder(lease)));
        }
        if !free.is_empty() || stray.addresses.is_empty() {
            let attachment = &stray.attachment;
            let siblings = leases.iter().filter(|one| one.container == stray.mark.container);
            let leads = attachment.routes().iter().any(macvlan_core::Route::is_default);
            let lease = Lease {
                network: self.id().to_owned(),
                container: stray.mark.container.to_owned(),
                name: stray.mark.name.filter(|_| name_holder.is_none()).map(str::to_owned),
                aliases: Vec::new(),
                host: self.session.host_name.clone(),
                endpoint: random::id(),
                interface: attachment.name(),
                mac: (!record.is_passthru()).then(|| attachment.mac()),
                addresses: free,
                link_local: Vec::new(),
                // If another container had the addresses, this interface may have been the second
                // choice.
                default_route: leads || stray.are_led || self.config().get_internal(),
                gw_priority: 0,
                sequence: siblings
                    .map(|one| one.sequence.saturating_add(1))
                    .max()
                    .unwrap_or(u32::from(!leads)),
                state: LeaseState::Connected { netns, path: path_of(stray.netns) },
                link: None,
                parent: OnParent(record.stored_parent()),
            };
            let adopted = store.adopt(record, lease);
            let lease = adopted.map_err(|error| error.in_network(self.name()))?;
            let fails = |error| Error::kernel("mark an interface", error).in_network(self.name());
            if self.is_on_parent(attachment).map_err(fails)? {
                // The old mark may cover more addresses than it has now.
                let alias = mark::alias(&**store, record, &lease);
                let handle = Handle::in_netns(stray.netns).map_err(fails)?;
                handle.set_alias(attachment.index(), &alias).map_err(fails)?;
            } else {
                // The network has another parent since, where the lease is valid.
                let mut others = store.leases_of(&lease.container)?;
                others.retain(|other| other.endpoint != lease.endpoint);
                if let Err(error) = self.ensure(&lease, &others, stray.netns) {
                    return Err(self.undo_lease(&lease, &[], error.in_network(self.name()))?);
                }
            }
            done.push(Reconciled::Adopted(lease));
        }
        let operation = format!("adopt an interface of container {:?}", stray.mark.container);
        done.extend(told.into_iter().map(|why| {
            let error = Error::new(ErrorKind::AddressUnusable, operation.clone(), why);
            Reconciled::Failed(error.in_network(self.name()).to_string())
        }));
        Ok(done)
    }

    /// Returns an address as a lease has it, unless the network leases it to no such container.
    fn adoptable(&self, address: IpAddr, name: Option<&str>) -> Result<IpNet> {
        self.record.check_reserved(address, name)?;
        self.record.with_prefix(address)
    }

    /// Returns whether an interface is on the network's parent; false if that is not found by name.
    fn is_on_parent(&self, attachment: &Attachment) -> macvlan_core::Result<bool> {
        let parent = self.record.parent();
        let links = self.session.host.handle()?.links()?;
        let mut parents = links.iter().filter(|link| link.name == parent);
        Ok(parents.any(|link| link.index == attachment.parent_index()))
    }

    /// Deletes an interface all of whose addresses other containers have.
    fn take_away(&self, stray: &Stray<'_>, why: &str) -> Result<Reconciled> {
        let fails = |error| Error::kernel("delete an interface", error).in_network(self.name());
        self.session.host.detach(&stray.attachment).map_err(fails)?;
        Ok(self.displaced(stray, "", why))
    }

    fn take_address(&self, stray: &Stray<'_>, address: IpAddr, holder: &str) -> Result<Reconciled> {
        let all = stray.attachment.addresses();
        let delete = || -> macvlan_core::Result<()> {
            let handle = Handle::in_netns(stray.netns)?;
            for found in all.iter().filter(|one| one.ip() == address) {
                handle.delete_address(stray.attachment.index(), found)?;
            }
            Ok(())
        };
        let fails =
            |error| Error::kernel(format!("remove {address}"), error).in_network(self.name());
        delete().map_err(fails)?;
        Ok(self.displaced(stray, &format!("{address} from "), &format!("{holder} has it")))
    }

    fn displaced(&self, stray: &Stray<'_>, part: &str, why: &str) -> Reconciled {
        let (interface, container) =
            (stray.attachment.name().to_string(), stray.mark.container.to_owned());
        let text = format!(
            "removed {part}{interface:?} of container {container:?} on host {:?} in network {:?}: {why}",
            self.session.host_name,
            self.name()
        );
        Reconciled::Displaced { interface, container, text }
    }

    /// Deletes a container's interfaces that belong to none of its leases; false if there are none.
    ///
    /// Searches the given namespace, which the caller holds, or else all that are visible.
    pub(crate) fn remove_strays(
        &self,
        of: ContainerRef<'_>,
        netns: Option<&NetNs>,
        leases: &[Lease],
    ) -> Result<bool> {
        let container = of.container;
        if let Some(netns) = netns {
            return self.remove_marked(of, netns, leases, false);
        }
        let mut removed = false;
        for netns in NetNs::visible().namespaces {
            // It has ended in the meantime, or may not be entered.
            let Ok(netns) = netns.open() else { continue };
            let links = Handle::in_netns(&netns).and_then(|handle| handle.links());
            let is_its = |alias: &str| {
                let mark = Mark::read(alias, &*self.session.store);
                mark.is_some_and(|mark| mark.is_of(&self.record, container))
            };
            let aliases = links.unwrap_or_default().into_iter().filter_map(|link| link.alias);
            if !aliases.into_iter().any(|alias| is_its(&alias)) {
                continue;
            }
            // A process that is just connecting the container holds the namespace.
            let _alone = alone(&netns)?;
            removed |= self.remove_marked(of, &netns, &self.leases_of(container)?, true)?;
        }
        Ok(removed)
    }

    /// Deletes the interfaces whose alias names a container and that belong to none of its leases
    /// there, optionally only those with a valid seal; false if there were none.
    ///
    /// Then updates the default routes.
    fn remove_marked(
        &self,
        of: ContainerRef<'_>,
        netns: &NetNs,
        leases: &[Lease],
        only_sealed: bool,
    ) -> Result<bool> {
        let (store, here) = (&*self.session.store, NetNsMark::of(netns)?);
        let is_of_lease = |attachment: &Attachment, alias: &str| {
            let mut there = leases.iter().filter(|lease| lease.is_in(&here));
            there.any(|lease| self.is_known_as(lease, attachment, alias))
        };
        let remove = || -> macvlan_core::Result<bool> {
            let mut removed = false;
            for (attachment, alias) in self.marked(of.container, netns)? {
                if of.interface.is_some_and(|interface| attachment.name() != *interface)
                    || is_of_lease(&attachment, &alias)
                {
                    continue;
                }
                let mark = Mark::read(&alias, store);
                let is_sealed =
                    mark.is_some_and(|mark| sealed(store, &mark, &attachment).is_some());
                if is_sealed || !only_sealed {
                    removed |= self.session.host.detach(&attachment)? == Detached::Removed;
                }
            }
            Ok(removed)
        };
        let removed = remove().map_err(|error| Error::kernel("detach", error))?;
        if removed {
            self.session.settle_default_routes(of.container, netns)?;
        }
        Ok(removed)
    }
}

/// Returns the error for an interface with a mark that the store did not make.
fn not_ours(attachment: &Attachment, netns: &NetNs, mark: &Mark<'_>) -> Error {
    let operation = format!("adopt {:?} in {}", attachment.name().as_str(), netns.id());
    let why = format!(
        "its alias names container {:?}, but was not written by this store, or not for this MAC address and these addresses",
        mark.container
    );
    Error::new(ErrorKind::NotConnected, operation, why)
        .with_hint("connect the container, or delete the interface")
}

/// Returns the error for an interface that was moved out of its container. It has lost its addresses
/// there, which the mark depends on.
fn moved_here(attachment: &Attachment, netns: &NetNs, mark: &Mark<'_>, home: &NetNsMark) -> Error {
    let operation = format!("adopt {:?} in {}", attachment.name().as_str(), words(netns));
    let why = format!(
        "it has the alias and the MAC address of container {:?}, which is connected in net:[{}]",
        mark.container, home.inode
    );
    Error::new(ErrorKind::AlreadyConnected, operation, why).with_hint("delete it here")
}
