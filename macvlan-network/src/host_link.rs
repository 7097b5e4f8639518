//! Creates links in the host's namespace, which a runtime moves to the container itself.
//!
//! Some runtimes also set the name, addresses and routes inside. So the lease comes first, then the
//! link, down and without addresses. The lease is pending until the link is found in a container's
//! namespace, by its alias, which a move does not change.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Attachment, Detached, ErrorKind as CoreKind, Handle, LinkName, MacAddr, NetNs, Route,
};

use crate::alive::NetNsMark;
use crate::alone::alone;
use crate::connect::not_moved;
use crate::connect_options::{ConnectOptions, path_of};
use crate::container_ref::ContainerRef;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Lease, LeaseRequest, LeaseState};
use crate::mark::{self, Mark};
use crate::network::Network;
use crate::pending::Pending;
use crate::standing::Standing;
use crate::store::LeaseOutcome;

/// The number of attempts to find a name that is free in the kernel.
const NAMES: u32 = 8;

/// A link in the host's namespace to be moved to a container, and the settings that it gets there.
///
/// ```no_run
/// # use macvlan_core::NetNs;
/// # use macvlan_network::{ConnectOptions, Network};
/// # fn example(network: &Network, container: &NetNs) -> macvlan_network::Result<()> {
/// let link = network.create_link(&ConnectOptions::new("4f1c9a").interface("eth0"))?;
/// println!("move {} to the container, and add {:?}", link.name(), link.addresses());
/// network.bind("4f1c9a", container)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HostLink {
    lease: Lease,
    attachment: Attachment,
    gateways: Vec<IpAddr>,
    routes: Vec<Route>,
}

impl HostLink {
    /// Returns the lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns the name in the host's namespace: `mv-` and 12 hexadecimal digits.
    pub fn name(&self) -> LinkName {
        self.attachment.name()
    }

    /// Returns the index in the host's namespace.
    pub fn index(&self) -> u32 {
        self.attachment.index()
    }

    /// Returns the MAC address, which a move does not change.
    pub fn mac(&self) -> MacAddr {
        self.attachment.mac()
    }

    /// Returns the addresses to add inside, each with the prefix length of its subnet.
    pub fn addresses(&self) -> &[IpNet] {
        &self.lease.addresses
    }

    /// Returns the gateways, at most one of each family; empty in an internal network.
    pub fn gateways(&self) -> &[IpAddr] {
        &self.gateways
    }

    /// Returns the network's routes to add inside.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }
}

impl Network {
    /// Creates a link in the host's namespace, to be moved to the container, or changes nothing.
    ///
    /// Leases addresses and creates the link, down and without addresses. The caller sets name,
    /// addresses and routes in the container.
    ///
    /// The lease is pending until [`Network::bind`] or
    /// [`Networks::reconcile`](crate::Networks::reconcile) finds the link in the container's
    /// namespace. If it is pending for longer than
    /// [`Networks::with_pending_age`](crate::Networks::with_pending_age),
    /// [`Networks::collect`](crate::Networks::collect) removes both. [`Network::disconnect`]
    /// deletes the link, also if it was moved back to the host.
    ///
    /// The addresses and routes inside are not repaired. The container's default routes do not lead
    /// through this network, unless [`ConnectOptions::default_route`] or
    /// [`ConnectOptions::gw_priority`] is set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyConnected`] also if the container already has such a link,
    /// [`ErrorKind::AddressTaken`] also if another container of this host has the requested MAC
    /// address on the same parent; otherwise as for [`Network::connect`].
    pub fn create_link(&self, options: &ConnectOptions) -> Result<HostLink> {
        let operation = || format!("create a link for container {:?}", options.container);
        let create = || {
            let state = LeaseState::Pending(Pending::now()?);
            let request = options.request(&self.session.host_name, state)?;
            if let Some(mac) = request.mac {
                self.refuse_held(mac, &request.container)?;
            }
            let mut tries = 0..NAMES;
            loop {
                let mut standing = Standing::begin(&*self.session.store);
                match self.granted(&request)? {
                    LeaseOutcome::New { lease, others, taken } => {
                        let (leases, may_repeat) = ((&lease, &*taken), tries.next().is_some());
                        let made = self.try_link(leases, &request, &mut standing, may_repeat)?;
                        if let Some(attachment) = made {
                            return Ok(self.host_link(lease, &others, attachment));
                        }
                    }
                    LeaseOutcome::Held { lease, .. } => self.take_over(&lease)?,
                    LeaseOutcome::Changed(record) => {
                        return Self { record, ..self.clone() }.create_link(options);
                    }
                }
            }
        };
        create().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    fn host_link(&self, lease: Lease, others: &[Lease], attachment: Attachment) -> HostLink {
        let gateway = |v6| self.record.gateway(&lease.addresses, v6);
        let gateways = [false, true].into_iter().filter_map(gateway).collect();
        HostLink { gateways, routes: self.routes_of(&lease, others), lease, attachment }
    }

    /// Creates the link of a lease; `None` to try another lease.
    fn try_link(
        &self,
        (lease, taken): (&Lease, &[Lease]),
        request: &LeaseRequest,
        standing: &mut Standing,
        may_repeat: bool,
    ) -> Result<Option<Attachment>> {
        let host = self.session.host.netns();
        let make = || -> Result<Attachment> {
            let fails = |error| Error::kernel("create the link", error);
            let name = lease.link.unwrap_or(lease.interface);
            let endpoint = self.bare_endpoint(name, lease).map_err(fails)?;
            self.attach_endpoint(&endpoint.lo_up(false).left_down(), host)?.map_err(fails)
        };
        let tried = self.who_else(lease, taken).and_then(|other| match other {
            Some(other) => Ok(Err(other)),
            None => self.while_standing(standing, (lease, &[], host), true, make).map(Ok),
        });
        match tried {
            Ok(Ok(attachment)) => Ok(Some(attachment)),
            Ok(Err(other)) => self.gives_way((lease, taken), other, request).map(|()| None),
            Err(why) => {
                let why = self.undo_lease(lease, taken, why)?;
                match why.core().map(macvlan_core::Error::kind) {
                    Some(CoreKind::NameTaken) if may_repeat => Ok(None),
                    _ => Err(why),
                }
            }
        }
    }

    /// Binds a pending lease to the namespace that its link was moved to.
    ///
    /// The link's name there becomes the lease's interface.
    ///
    /// A lease that is already bound to this namespace is returned unchanged.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::NotConnected`]: the container has no pending lease, or its link is not in the
    ///   namespace.
    /// - [`ErrorKind::InvalidValue`]: the container has several pending leases, and no interface is
    ///   given; or the namespace is the host's.
    /// - [`ErrorKind::LeaseLost`]: the lease was released, or bound to another namespace, in the
    ///   meantime.
    /// - [`ErrorKind::Contended`]: another process held the container's namespace for too long.
    /// - [`ErrorKind::Kernel`]: the namespace cannot be searched.
    /// - Otherwise as for every [`Store`](crate::Store#errors).
    pub fn bind<'a>(&self, of: impl Into<ContainerRef<'a>>, netns: &NetNs) -> Result<Lease> {
        let of = of.into();
        let bind = || {
            self.refuse_host(netns)?;
            let _alone = alone(netns)?;
            let here = NetNsMark::of(netns)?;
            let refuse = |why: String| Err(Error::new(ErrorKind::NotConnected, "bind", why));
            let all = self.leases_of(of)?;
            let mut pending = all.iter().filter(|lease| lease.pending().is_some());
            match (pending.next(), pending.next()) {
                (None, _) => match all.into_iter().find(|lease| lease.is_in(&here)) {
                    Some(lease) => Ok(lease),
                    None => refuse("no lease is pending".to_owned()),
                },
                (Some(lease), None) => match self.bind_here(lease, netns)? {
                    Some(bound) => Ok(bound),
                    None => refuse(not_moved(lease).cause().to_owned()),
                },
                (Some(_), Some(_)) => {
                    let why = "several leases are pending";
                    Err(Error::invalid("bind", why).with_hint("name the interface"))
                }
            }
        };
        let operation = || format!("bind {}", of.words());
        bind().map_err(|error: Error| error.during(operation()).in_network(self.name()))
    }

    /// Binds a pending lease to a namespace that the caller holds, if its link is there.
    pub(crate) fn bind_here(&self, lease: &Lease, netns: &NetNs) -> Result<Option<Lease>> {
        let Some(attachment) = self.moved_link(lease, netns)? else { return Ok(None) };
        let state = LeaseState::Connected { netns: NetNsMark::of(netns)?, path: path_of(netns) };
        let bound = Lease { interface: attachment.name(), state, ..lease.clone() };
        if self.session.store.bind(&self.record, &bound)? {
            return Ok(Some(bound));
        }
        let why = "its lease was released or bound to another namespace at the same time";
        Err(Error::new(ErrorKind::LeaseLost, "bind", why))
    }

    /// Returns the link in a namespace that was created for a lease.
    fn moved_link(&self, lease: &Lease, netns: &NetNs) -> Result<Option<Attachment>> {
        if lease.link.is_none() {
            return Ok(None);
        }
        let marked = self.marked(&lease.container, netns);
        let marked = marked.map_err(|error| Error::kernel("find the link", error))?;
        let is_its = |attachment: &Attachment, alias: &str| {
            mark::is_of_lease(&*self.session.store, &self.record, lease, alias)
                || lease.mac.is_some_and(|mac| mac == attachment.mac())
        };
        let mut found = marked.into_iter().filter(|(found, alias)| is_its(found, alias));
        Ok(found.next().map(|(found, _)| found))
    }

    /// Deletes the link of a lease in a namespace; false if there is none.
    pub(crate) fn remove_link_in(&self, lease: &Lease, netns: &NetNs) -> Result<bool> {
        let Some(found) = self.moved_link(lease, netns)? else { return Ok(false) };
        let detached = self.session.host.detach(&found);
        Ok(detached.map_err(|error| Error::kernel("detach", error))? == Detached::Removed)
    }

    /// Deletes the link of a lease in the host's namespace, if it was not moved or was moved back.
    pub(crate) fn remove_host_link(&self, lease: &Lease) -> Result<bool> {
        let host = &self.session.host;
        let Some(name) = lease.link else { return Ok(false) };
        if self.remove_link_in(lease, host.netns())? {
            return Ok(true);
        }
        let remove = || -> macvlan_core::Result<bool> {
            let found = match host.handle()?.link(name) {
                Err(error) if error.is_not_found() => return Ok(false),
                found => found?,
            };
            // The process that created it was killed before it set the alias.
            if found.alias.is_some() || lease.mac.is_some_and(|mac| found.mac != Some(mac)) {
                return Ok(false);
            }
            let mut all = host.attachments(host.netns())?.into_iter();
            let link = all.find(|one| one.index() == found.index);
            link.map_or(Ok(false), |link| Ok(host.detach(&link)? == Detached::Removed))
        };
        remove().map_err(|error| Error::kernel("detach", error))
    }

    /// Finds the namespace that the link of a pending lease was moved to; `None` if it certainly no
    /// longer exists.
    pub(crate) fn find_link(&self, lease: &Lease) -> Result<Option<NetNs>> {
        let visible = NetNs::visible();
        let is_its = |alias: &str| {
            let mark = Mark::read(alias, &*self.session.store);
            mark.is_some_and(|mark| mark.is_of(&self.record, &lease.container))
        };
        let link = lease.link.as_ref().map_or("", LinkName::as_str);
        let mut hidden = visible.why_incomplete(format!("find link {link:?} in all namespaces"));
        for found in visible.namespaces {
            let links = found.open().and_then(|netns| {
                let links = Handle::in_netns(&netns)?.links()?;
                Ok((netns, links))
            });
            let (netns, links) = match links {
                Ok(found) => found,
                Err(error) if error.kind() == CoreKind::NamespaceGone => continue,
                Err(error) => {
                    hidden.get_or_insert(error);
                    continue;
                }
            };
            let is_there = links.iter().any(|link| link.alias.as_deref().is_some_and(is_its));
            if is_there && self.moved_link(lease, &netns)?.is_some() {
                return Ok(Some(netns));
            }
        }
        match hidden {
            Some(error) => Err(Error::kernel("find the link", error)),
            None => Ok(None),
        }
    }

    /// Deletes the link of a pending lease that has expired.
    ///
    /// Returns false if the link is in a container, and then binds the lease to its namespace.
    pub(crate) fn remove_unclaimed(&self, lease: &Lease) -> Result<bool> {
        let is_of_this_boot = lease.pending().map_or(Ok(true), Pending::is_of_this_boot)?;
        if lease.link.is_none() || !is_of_this_boot || self.remove_host_link(lease)? {
            return Ok(true);
        }
        match self.find_link(lease)? {
            None => Ok(true),
            Some(netns) if netns.same_as(self.session.host.netns()) => self.remove_host_link(lease),
            Some(netns) => {
                let _alone = alone(&netns)?;
                match self.bind_here(lease, &netns) {
                    // Another process was faster.
                    Err(error) if error.kind() == ErrorKind::LeaseLost => Ok(false),
                    bound => bound.map(|_| false),
                }
            }
        }
    }
}
