//! Attaches and detaches the interface of a lease, and recognizes it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{
    Address, Attachment, Detached, DuplicateDetection, Endpoint, ErrorKind as CoreKind, Handle,
    LinkInfo, LinkName, MacAddr, NetNs, Parent, Presence, Route, RouteKind,
};

use crate::config::NetworkConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, OnParent};
use crate::mark::{self, Mark, sealed};
use crate::network::Network;
use crate::parent_form;

/// The time to wait for a MAC address whose last user is being removed.
pub(crate) const MAC_PATIENCE: Duration = Duration::from_secs(2);
/// The number of attempts to create an isolated network's link, which others may delete again.
const PARENT_TRIES: u32 = 100;

impl Network {
    /// Attaches the interface of a lease, without its default routes.
    ///
    /// `others` are the container's other leases.
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
            attached = self.attach_endpoint(&endpoint.mac_conflict_timeout(MAC_PATIENCE), netns)?;
        }
        attached.map_err(|error| Error::kernel("attach", error))
    }

    /// Attaches an endpoint on the network's parent, and creates the dummy link of an isolated
    /// network.
    pub(crate) fn attach_endpoint(
        &self,
        endpoint: &Endpoint,
        netns: &NetNs,
    ) -> Result<macvlan_core::Result<Attachment>> {
        // The dummy link is created for the first container, and may just have been deleted with
        // the last.
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

    /// Returns whether the MAC address is in use permanently, by a link of the host or by a
    /// container of this host that exists.
    fn is_mac_held(&self, lease: &Lease) -> Result<bool> {
        let (wanted, parent) = (lease.mac.into_iter().collect(), self.parent_of(lease));
        let leases = std::slice::from_ref(lease);
        Ok(!self.held_macs(leases, &wanted, parent.as_deref())?.is_empty())
    }

    /// Returns the parent that the interface of a lease is on, as stores write it; `None` for the
    /// link of an isolated network, and for another network's lease of an earlier version.
    pub(crate) fn parent_of(&self, lease: &Lease) -> Option<String> {
        let of_network = || self.record.stored_parent().filter(|_| lease.network == self.id());
        lease.parent.0.clone().or_else(of_network)
    }

    /// Returns a parent that a store has written; `None` stands for the network's own.
    pub(crate) fn link_of(&self, parent: Option<&str>) -> macvlan_core::Result<Parent> {
        let parent = parent.and_then(parent_form::read_parent);
        parent.map_or_else(|| self.record.link(), Ok)
    }

    /// Returns those MAC addresses that are in use permanently on a parent, not counting these
    /// leases.
    pub(crate) fn held_macs(
        &self,
        leases: &[Lease],
        wanted: &HashSet<MacAddr>,
        parent: Option<&str>,
    ) -> Result<HashSet<MacAddr>> {
        if wanted.is_empty() {
            return Ok(HashSet::new());
        }
        let fails = |error| Error::kernel("list the host's links", error);
        let links = self.session.host.handle().and_then(|handle| handle.links()).map_err(fails)?;
        let below = self.link_of(parent).map_err(fails)?;
        let index = links.iter().find(|link| link.name == below.to_string()).map(|link| link.index);
        // A parent may be described by another name.
        let is_on = |link: &LinkInfo| {
            index.is_none_or(|index| link.index == index || link.parent == Some(index))
        };
        let mut held: HashSet<MacAddr> =
            links.into_iter().filter(is_on).filter_map(|link| link.mac).collect();
        held.retain(|mac| wanted.contains(mac));
        let own: HashSet<&str> = leases.iter().map(|lease| lease.endpoint.as_str()).collect();
        for one in self.session.store.leases(None)? {
            let Some(mac) = one.mac.filter(|mac| wanted.contains(mac)) else { continue };
            let is_on_it = match self.parent_of(&one) {
                Some(its) => parent_form::read_parent(&its)
                    .is_some_and(|its| parent_form::is_same(&its, &below)),
                None => one.network == self.id() && parent.is_none(),
            };
            let may = is_on_it && !held.contains(&mac) && !own.contains(&*one.endpoint);
            let is_there =
                || -> Result<bool> { Ok(matches!(one.presence()?, Some(Presence::There(_)))) };
            if may && self.session.is_here(&one) && is_there()? {
                held.insert(mac);
            }
        }
        Ok(held)
    }

    /// Refuses a MAC address that another container of this host has on the same parent.
    ///
    /// The kernel refuses it only when the link is set up, which a runtime does, and cannot name the
    /// container.
    pub(crate) fn refuse_held(&self, mac: MacAddr, container: &str) -> Result<()> {
        let is_on_parent = |lease: &Lease| {
            let parent = lease.parent.0.as_deref();
            lease.network == self.id() || parent.is_some_and(|one| self.record.has_parent(one))
        };
        for lease in self.session.store.leases(None)? {
            let has_link = lease.netns().is_some() || lease.link.is_some();
            if lease.mac == Some(mac)
                && lease.container != container
                && has_link
                && is_on_parent(&lease)
                && self.session.may_be_here(&lease)?
            {
                let container = lease.name.unwrap_or(lease.container);
                let why = format!("container {container:?} has the MAC address {mac}");
                return Err(Error::new(ErrorKind::AddressTaken, "attach", why)
                    .with_hint("choose another one, or leave it out for a derived one"));
            }
        }
        Ok(())
    }

    /// Deletes the container's interfaces in this network that have no lease; false if there were
    /// none.
    ///
    /// The store may have lost their leases. They may use any of the network's addresses.
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
        remove().map_err(|error| Error::kernel("delete an interface without a lease", error))
    }

    /// Returns a container's interfaces whose aliases name this network, with the aliases, sealed
    /// or not.
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

    /// Returns the aliases of a container's links that name this network, by link index.
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

    /// Attaches the interface of a lease like [`Network::attach`], or repairs it.
    pub(crate) fn ensure(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<macvlan_core::Ensured> {
        let name = self.name_inside(lease, others, netns)?;
        if self.is_isolated() {
            self.session.make_dummy(&self.record)?;
        }
        let endpoint = self.endpoint(&Lease { interface: name, ..lease.clone() }, others)?;
        // A network has no rules; those of a CNI configuration are set beside it.
        let endpoint = endpoint.mac_conflict_timeout(MAC_PATIENCE).leaving_rules();
        let ensured = self.session.host.ensure_or_replace(&endpoint, netns);
        let ensured = ensured.map_err(|error| {
            let in_use = error.kind() == CoreKind::MacInUse;
            let moved = if in_use { self.moved_away(lease, netns) } else { None };
            moved.unwrap_or_else(|| Error::kernel("attach", error))
        })?;
        // Other networks may have its addresses on its former parent now.
        let parent = OnParent(self.record.stored_parent());
        if lease.parent.0 != parent.0 {
            self.session.store.update(&self.record, &Lease { parent, ..lease.clone() })?;
        }
        Ok(ensured)
    }

    /// Returns the name of a lease's interface in the container, where it may have been renamed.
    ///
    /// Without an interface, this is the lease's name. It is refused if another program's link has
    /// it: a process that was killed before it attached the interface may have left the lease.
    fn name_inside(&self, lease: &Lease, others: &[Lease], netns: &NetNs) -> Result<LinkName> {
        let find = || -> macvlan_core::Result<Option<LinkName>> {
            if let Some(name) = self.link_inside(lease, others, netns)? {
                return Ok(Some(name));
            }
            match Handle::in_netns(netns)?.link(lease.interface) {
                Err(error) if error.is_not_found() => Ok(Some(lease.interface)),
                link => link.map(|_| None),
            }
        };
        if let Some(name) = find().map_err(|error| Error::kernel("attach", error))? {
            return Ok(name);
        }
        let why =
            format!("{:?} in the container is another program's link", lease.interface.as_str());
        Err(Error::new(ErrorKind::Kernel, "attach", why)
            .with_hint("rename the link, or disconnect the container"))
    }

    /// Returns the name that a lease's interface has in the container, if it is there.
    pub(crate) fn link_inside(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> macvlan_core::Result<Option<LinkName>> {
        let named = match Handle::in_netns(netns)?.link(lease.interface) {
            Err(error) if error.is_not_found() => None,
            link => Some(link?),
        };
        let is_its = |link: &LinkInfo| lease.mac.is_none_or(|mac| link.mac == Some(mac));
        if named.as_ref().is_some_and(is_its) {
            return Ok(Some(lease.interface));
        }
        let renamed = self.renamed(lease, others, netns)?;
        Ok(renamed.or(named.filter(|link| self.is_marked(link)).map(|_| lease.interface)))
    }

    /// Returns whether a link has a mark of this store.
    fn is_marked(&self, link: &LinkInfo) -> bool {
        let alias = link.alias.as_deref().unwrap_or_default();
        Mark::read(alias, &*self.session.store).is_some()
    }

    /// Returns the error for an interface that is not in its container, but in another namespace
    /// that can be seen; `None` if it is not found.
    fn moved_away(&self, lease: &Lease, netns: &NetNs) -> Option<Error> {
        let mut all = NetNs::visible().namespaces.into_iter().filter_map(|one| one.open().ok());
        let (link, place) = all.find_map(|place| {
            let links = self.session.host.interfaces(&place).ok()?;
            let its = |link: &LinkInfo| link.mac.is_some() && link.mac == lease.mac;
            let link = links.into_iter().map(|(_, link)| link).find(its)?;
            (!place.same_as(netns)).then_some((link, place))
        })?;
        let why = format!(
            "its interface is not in the container, but is {:?} in {}",
            link.name,
            words(&place)
        );
        let hint = "move it back, or delete it there";
        Some(Error::new(ErrorKind::Kernel, "attach", why).with_hint(hint))
    }

    /// Returns the name of the link on the host's links that has a lease's MAC address, or its alias
    /// in mode passthru, if it is not the lease's name.
    pub(crate) fn renamed(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> macvlan_core::Result<Option<LinkName>> {
        let store = &*self.session.store;
        let has_mark = |link: &LinkInfo| {
            let alias = link.alias.as_deref().unwrap_or_default();
            mark::is_of_lease(store, &self.record, lease, alias)
        };
        let is_siblings = |link: &LinkInfo| {
            let mut siblings = others.iter().filter(|other| other.is_sibling_of(lease));
            siblings.any(|sibling| sibling.interface == *link.name)
        };
        let is_its = |link: &LinkInfo| match lease.mac {
            Some(mac) => link.mac == Some(mac),
            None => has_mark(link) && !is_siblings(link),
        };
        let all = self.session.host.interfaces(netns)?;
        let its = all.into_iter().map(|(_, link)| link).find(is_its);
        let its = its.filter(|link| lease.interface != *link.name);
        its.map(|link| LinkName::new(&link.name)).transpose()
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.record.is_isolated()
    }

    /// Returns whether an interface with our alias belongs to another lease of the container in
    /// this network.
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

    /// Returns whether a container's interface in this network belongs to a lease, by its MAC
    /// address, its name or its alias.
    pub(crate) fn is_known_as(&self, lease: &Lease, attachment: &Attachment, alias: &str) -> bool {
        is_of(attachment, lease)
            || attachment.name() == lease.interface
            || mark::is_of_lease(&*self.session.store, &self.record, lease, alias)
    }

    /// Detaches the interface of a lease, if it exists.
    ///
    /// It is recognized by its MAC address or its alias, each of which can be changed inside.
    /// Interfaces of other programs, of other networks and of the container's other leases stay.
    pub(crate) fn detach(
        &self,
        lease: &Lease,
        others: &[Lease],
        netns: &NetNs,
    ) -> Result<Detached> {
        let host = &self.session.host;
        let detach = || -> macvlan_core::Result<Detached> {
            let store = &*self.session.store;
            let links = Handle::in_netns(netns)?.links()?.into_iter();
            let aliases: HashMap<u32, String> =
                links.filter_map(|link| Some((link.index, link.alias?))).collect();
            let mut detached = Detached::AlreadyGone;
            for attachment in host.attachments(netns)? {
                let alias = aliases.get(&attachment.index()).map_or("", String::as_str);
                let mark = Mark::read(alias, store);
                let names_it = |mark: &Mark<'_>| mark.is_of(&self.record, &lease.container);
                let is_ours = if mark.as_ref().is_some_and(names_it) {
                    let is_its = is_of(&attachment, lease);
                    is_its || !self.is_of_sibling(lease, others, &attachment, alias)
                } else {
                    // A network on another parent may have the same subnet, and so the same MAC
                    // addresses. Only the store can write its mark.
                    let is_others = |mark: Mark<'_>| sealed(store, &mark, &attachment).is_some();
                    is_of(&attachment, lease) && !mark.is_some_and(is_others)
                };
                // A link on top of another one was deleted together with it.
                if is_ours && host.detach(&attachment)? == Detached::Removed {
                    detached = Detached::Removed;
                }
            }
            Ok(detached)
        };
        detach().map_err(|error| Error::kernel("detach", error))
    }

    /// Returns the network's routes through the interface of a lease.
    ///
    /// If a container has several interfaces in the network, only the oldest has them.
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

    /// Returns the endpoint of a lease, without addresses and routes.
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

    /// Returns the endpoint of a lease. `others` are the container's other leases.
    pub(crate) fn endpoint(&self, lease: &Lease, others: &[Lease]) -> Result<Endpoint> {
        let (network, config) = (&self.record, self.config());
        let address = |net: IpNet| -> macvlan_core::Result<Address> {
            let address = Address::new(net)?;
            if net.addr().is_ipv4() || config.get_duplicate_detection() {
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
                endpoint = endpoint.route(marked(route));
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

/// Returns a network's route with the library's protocol, by which it is found when the network no
/// longer has it.
fn marked(route: Route) -> Route {
    // The core marks those that do not lead through the interface.
    let leads_through = route.get_kind() == RouteKind::Unicast;
    if leads_through && route.get_protocol().is_none() {
        return route.protocol(Endpoint::PROTOCOL);
    }
    route
}

/// Returns the words for a namespace: its id, and the path that it was found by.
pub(crate) fn words(netns: &NetNs) -> String {
    match netns.found_by() {
        Some(path) => format!("{} ({})", netns.id(), path.display()),
        None => netns.id().to_string(),
    }
}

/// Returns whether an attachment has a lease's MAC address, or its name in mode passthru.
fn is_of(attachment: &Attachment, lease: &Lease) -> bool {
    match lease.mac {
        Some(mac) => attachment.mac() == mac,
        None => attachment.name() == lease.interface,
    }
}
