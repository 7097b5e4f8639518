//! `macvlan.Network`: a network that exists, which connects containers.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use macvlan_core::{MacAddr, NetNs as CoreNetNs, Parent};
use macvlan_network::{
    Allocation, Member, Network as Core, NetworkConfig, NetworkRecord, Result, Updated,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{self, Arg, many, maybe, take};
use crate::base::error::raised;
use crate::base::output::Enumeration;
use crate::network::config::described;
use crate::network::connection::Connection;
use crate::network::host_link::HostLink;
use crate::network::lease::Lease;
use crate::network::reconciled::Reconciled;
use crate::network::session::Session;
use crate::network::subnet::Subnet;
use crate::value::route::Route;

/// A network that exists, of Networks.create(), network() or list(): connects containers to it, and
/// tells who is.
///
/// What it was created as it tells without asking the store. Two are equal when they are the same
/// network.
#[pyclass(frozen, eq, hash, module = "macvlan")]
pub(crate) struct Network {
    session: Arc<Session>,
    record: NetworkRecord,
    warnings: Vec<String>,
}

impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        self.record.id == other.record.id
    }
}

impl Hash for Network {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.record.id.hash(state);
    }
}

impl Network {
    pub(crate) fn new(session: Arc<Session>, network: &Core) -> Self {
        let (record, warnings) = (network.record().clone(), network.warnings().to_vec());
        Self { session, record, warnings }
    }

    fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(Core) -> Result<T> + Send + 'static,
    ) -> PyResult<T> {
        self.ask_long(py, false, work)
    }

    fn ask_long<T: Send + 'static>(
        &self,
        py: Python<'_>,
        slow: bool,
        work: impl FnOnce(Core) -> Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let record = self.record.clone();
        self.session.ask(py, slow, move |networks| work(networks.with_record(record)))
    }

    /// What came of changing it, for Python.
    pub(crate) fn updated<'py>(
        py: Python<'py>,
        session: &Arc<Session>,
        updated: Updated,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let leases = |leases: Vec<_>| leases.into_iter().map(Lease).collect::<Vec<_>>();
        let network = Self::new(session.clone(), &updated.network);
        let (outdated, unaffected) = (leases(updated.outdated), leases(updated.unaffected));
        let class = CLASS.import(py, "macvlan._values", "Updated")?;
        class.call1((network, outdated, unaffected, updated.created))
    }

    fn config(&self) -> &NetworkConfig {
        &self.record.config
    }
}

#[pymethods]
impl Network {
    /// Its id: 64 hexadecimal digits.
    #[getter]
    fn id(&self) -> &str {
        &self.record.id
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.config().name()
    }

    /// When it was created: "2024-05-01T12:00:00Z".
    #[getter]
    fn created(&self) -> &str {
        &self.record.created
    }

    /// The link on the host that its containers hang on: the parent, or, if it is isolated, the dummy
    /// link of its own.
    #[getter]
    fn parent(&self) -> String {
        self.record.parent()
    }

    /// Whether it has no parent, so that its containers reach one another on one host and nobody else.
    #[getter]
    fn isolated(&self) -> bool {
        self.config().get_parent().is_none()
    }

    /// Sentences that tell what would have kept containers from being connected when it was created or changed
    /// by this object, such as a parent that does not exist; none of a network that was found.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.warnings)
    }

    /// Who its containers may talk to.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_mode().to_member(py)
    }

    /// Its subnets.
    #[getter]
    fn subnets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(
            py,
            self.config().get_subnets().iter().cloned().map(Subnet).collect::<Vec<_>>(),
        )
    }

    /// Whether no container gets a default route through it.
    #[getter]
    fn internal(&self) -> bool {
        self.config().is_internal()
    }

    /// The MTU of its containers' interfaces; None if it is the parent's.
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.config().get_mtu()
    }

    /// Whether its containers' interfaces have no addresses of the network's.
    #[getter]
    fn without_addresses(&self) -> bool {
        self.config().is_without_addresses()
    }

    /// Whether an IPv6 subnet is chosen for it if it has none.
    #[getter]
    fn ipv6(&self) -> bool {
        self.config().is_ipv6()
    }

    /// Its routes, without the default routes of its gateways.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(
            py,
            self.config().get_routes().iter().map(|one| Route(*one)).collect::<Vec<_>>(),
        )
    }

    /// The metric of its default routes; None if it is the kernel's.
    #[getter]
    fn metric(&self) -> Option<u32> {
        self.config().get_metric()
    }

    /// Whether its containers' interfaces are without IPv6, if that was said.
    #[getter]
    fn disable_ipv6(&self) -> Option<bool> {
        self.config().get_disable_ipv6()
    }

    /// Whether its containers' interfaces accept router advertisements, if that was said.
    #[getter]
    fn accept_ra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.config().get_accept_ra().map(|accept| accept.to_member(py)).transpose()
    }

    /// Whether the container's own sysctls of IPv6 hold, but for those that were said.
    #[getter]
    fn leave_ipv6(&self) -> bool {
        self.config().is_leave_ipv6()
    }

    /// Whether its containers' interfaces take all multicast frames, if that was said.
    #[getter]
    fn allmulticast(&self) -> Option<bool> {
        self.config().get_allmulticast()
    }

    /// Which free address is given next.
    #[getter]
    fn order<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_order().to_member(py)
    }

    /// What a container's MAC address follows from.
    #[getter]
    fn mac_from<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_mac_from().to_member(py)
    }

    /// Whether an address is looked for on the wire before it is given.
    #[getter]
    fn probe(&self) -> bool {
        self.config().is_probe()
    }

    /// Whether the kernel checks IPv6 addresses on the wire.
    #[getter]
    fn duplicate_detection(&self) -> bool {
        self.config().is_duplicate_detection()
    }

    /// How many addresses a host takes at a time; None if all hosts give from one pool.
    #[getter]
    fn share(&self) -> Option<u32> {
        self.config().get_share()
    }

    /// How long an address that is given back stays its container's, in seconds.
    #[getter]
    fn keep(&self) -> f64 {
        self.config().get_keep().as_secs_f64()
    }

    /// Its options.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        texts(py, self.config().get_options())
    }

    /// Its labels.
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        texts(py, self.config().get_labels())
    }

    /// Connects a container: leases its addresses and attaches its interface; all of it, or nothing and
    /// an exception that says why.
    ///
    /// container: its id, always the same: when it returns, it gets its addresses again.
    /// name: by which others find it; no other container of the network can have it.
    /// aliases: further names, which several containers may have.
    /// addresses: that it has to have; one is chosen of each family of which none is given.
    /// link_local_addresses: that it has besides, and that the network does not keep from others.
    /// interface: its name inside; the first free ethN when not given.
    /// mac: the interface's MAC address; it follows from the address or the container when not given.
    /// default_route: whether the container's default routes lead through this network: never, if False; if
    ///     True, in front of all networks that it is in. When not said, gw_priority decides.
    /// gw_priority: the network's priority among those that the default routes can lead through. The
    ///     highest gets them, and of several that have the same, 0 when not given, the first.
    /// replace_default_route: whether default routes that the container has from somebody else are deleted,
    ///     where this network's take their place. Otherwise they stay.
    /// take: the ids (Lease.endpoint) of pending leases whose addresses and MAC address it takes, as of
    ///     allocate(); none is chosen then.
    ///
    /// A container that is connected already, in the same namespace, stays as it is, but for its name, its
    /// aliases and its default routes, which become as they are said, and what is missing of its interface,
    /// which is repaired. If the namespace in which it was connected is gone, it is connected anew, with the
    /// addresses it had. While somebody else connects or disconnects the container, in whatever process,
    /// this waits.
    ///
    /// Ctrl-C while it takes its time, with probe=True or in etcd: what has begun comes to its end, and
    /// stays; disconnect() takes it away.
    #[pyo3(
        signature = (
            container, netns, *, name=None, addresses=Arg::Missing, interface=None, mac=None,
            default_route=None, aliases=Arg::Missing, link_local_addresses=Arg::Missing,
            gw_priority=None, replace_default_route=Arg::Missing, take=Arg::Missing
        ),
        text_signature = "($self, container, netns, *, name=None, addresses=(), interface=None, \
                          mac=None, default_route=None, aliases=(), link_local_addresses=(), \
                          gw_priority=None, replace_default_route=False, take=())"
    )]
    #[allow(clippy::too_many_arguments)] // keywords
    fn connect(
        &self,
        py: Python<'_>,
        container: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
        name: Option<&Bound<'_, PyAny>>,
        addresses: Arg<'_, '_>,
        interface: Option<&Bound<'_, PyAny>>,
        mac: Option<&Bound<'_, PyAny>>,
        default_route: Option<&Bound<'_, PyAny>>,
        aliases: Arg<'_, '_>,
        link_local_addresses: Arg<'_, '_>,
        gw_priority: Option<&Bound<'_, PyAny>>,
        replace_default_route: Arg<'_, '_>,
        take: Arg<'_, '_>,
    ) -> PyResult<Connection> {
        let member = Member::new(argument::take::<String>("container", container)?);
        let netns: CoreNetNs = argument::take("netns", netns)?;
        let mut member = member_of(
            member,
            [name, interface, mac],
            [addresses, aliases, link_local_addresses, take],
        )?;
        if let Some(default_route) = maybe("default_route", default_route)? {
            member = member.default_route(default_route);
        }
        if let Some(priority) = maybe("gw_priority", gw_priority)? {
            member = member.gw_priority(priority);
        }
        let replaces = replace_default_route.or("replace_default_route", false)?;
        member = member.replace_default_route(replaces);
        let connect = move |network: Core| network.connect(&member, &netns);
        self.ask_long(py, self.config().is_probe(), connect).map(Connection)
    }

    /// Leases addresses before there is a container, for callers that are asked for an address first. Nobody
    /// else gets them. The lease is pending until a container takes it, by its id (Lease.endpoint), or until
    /// disconnect() with that id gives it back. One that is pending for longer than the session's pending_age,
    /// or since another boot, is taken back by collect().
    ///
    /// addresses: those that it is to have; one is chosen of each family of which none is given.
    /// ipv4, ipv6: whether one is.
    /// mac: the MAC address; derived when not given.
    #[pyo3(
        signature = (*, addresses=Arg::Missing, ipv4=Arg::Missing, ipv6=Arg::Missing, mac=None),
        text_signature = "($self, *, addresses=(), ipv4=True, ipv6=True, mac=None)"
    )]
    fn allocate(
        &self,
        py: Python<'_>,
        addresses: Arg<'_, '_>,
        ipv4: Arg<'_, '_>,
        ipv6: Arg<'_, '_>,
        mac: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Lease> {
        let mut allocation = Allocation::new().ipv4(ipv4.or("ipv4", true)?);
        allocation = allocation.ipv6(ipv6.or("ipv6", true)?);
        for address in addresses.many::<IpAddr>("addresses")? {
            allocation = allocation.address(address);
        }
        if let Some(mac) = maybe::<MacAddr>("mac", mac)? {
            allocation = allocation.mac(mac);
        }
        let allocate = move |network: Core| network.allocate(&allocation);
        self.ask_long(py, self.config().is_probe(), allocate).map(Lease)
    }

    /// Leases addresses for a container and creates its link in the host's namespace, down and without
    /// addresses, for a caller that moves it to the container, and sets name, addresses and routes there. All
    /// of it, or nothing. What is said is as of connect().
    ///
    /// The lease is pending until bind() or reconcile() finds the link in the container's namespace. For as
    /// long as it is, collect() takes back both when it is older than the session's pending_age.
    /// disconnect() removes the link, also where it was moved back. Addresses and routes inside are the
    /// caller's, and are not repaired.
    #[pyo3(
        signature = (
            container, *, name=None, addresses=Arg::Missing, interface=None, mac=None,
            aliases=Arg::Missing, link_local_addresses=Arg::Missing, take=Arg::Missing
        ),
        text_signature = "($self, container, *, name=None, addresses=(), interface=None, mac=None, \
                          aliases=(), link_local_addresses=(), take=())"
    )]
    #[allow(clippy::too_many_arguments)] // keywords
    fn create_link(
        &self,
        py: Python<'_>,
        container: &Bound<'_, PyAny>,
        name: Option<&Bound<'_, PyAny>>,
        addresses: Arg<'_, '_>,
        interface: Option<&Bound<'_, PyAny>>,
        mac: Option<&Bound<'_, PyAny>>,
        aliases: Arg<'_, '_>,
        link_local_addresses: Arg<'_, '_>,
        take: Arg<'_, '_>,
    ) -> PyResult<HostLink> {
        let member = Member::new(argument::take::<String>("container", container)?);
        let member = member_of(
            member,
            [name, interface, mac],
            [addresses, aliases, link_local_addresses, take],
        )?;
        let create = move |network: Core| network.create_link(&member);
        self.ask_long(py, self.config().is_probe(), create).map(HostLink)
    }

    /// Binds a container's pending lease, by its id, or by "ID/INTERFACE" if it has several, to the namespace
    /// that its link was moved to, with the name that it has there. One that is bound to it already stays as
    /// it is.
    fn bind(
        &self,
        py: Python<'_>,
        container: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Lease> {
        let container: String = take("container", container)?;
        let netns: CoreNetNs = take("netns", netns)?;
        self.ask(py, move |network| network.bind(&container, &netns)).map(Lease)
    }

    /// Takes a container out of the network, by its id, or one of its interfaces, by "ID/INTERFACE": detaches
    /// its interfaces, and gives its addresses back. A pending lease is given back, by the container that it is
    /// for, or by its own id if it is for none, and the link that was created for it is removed. Tells
    /// what there was to detach; a namespace that is gone has nothing.
    ///
    /// Its namespace is looked for, unless netns says which one it is; if the container is connected in
    /// another one by now, that is refused. On another host than the one that it runs on it is refused
    /// while that host lives.
    #[pyo3(signature = (container, netns=None))]
    fn disconnect<'py>(
        &self,
        py: Python<'py>,
        container: &Bound<'py, PyAny>,
        netns: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let container: String = take("container", container)?;
        let netns: Option<CoreNetNs> = maybe("netns", netns)?;
        let disconnect = move |network: Core| match netns {
            Some(netns) => network.disconnect_from(&container, &netns),
            None => network.disconnect(&container),
        };
        self.ask(py, disconnect)?.to_member(py)
    }

    /// The addresses of the container that has this name, then of those that have it as an alias, on whatever
    /// host; those of the container with this id, if none has; empty if there is none. What is behind the network's name, as in "test101.vlan10", is understood too.
    fn resolve(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Vec<IpAddr>> {
        let name: String = take("name", name)?;
        self.ask(py, move |network| network.resolve(&name))
    }

    /// Lines for /etc/hosts, one for each address of a container that has a name or an alias: the address,
    /// and each name alone and with the network's behind a dot.
    fn hosts(&self, py: Python<'_>) -> PyResult<String> {
        self.ask(py, |network| network.hosts())
    }

    /// Writes these lines into a hosts file, between two lines of comment; the next time they are
    /// replaced. The rest of the file stays as it is, with its line ends.
    ///
    /// The file is written in place, so that it changes wherever it is mounted, and keeps its owner, mode
    /// and links. One process at a time writes it. A file that cannot be written, as on a full disk, keeps
    /// its text.
    fn write_hosts(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let path: PathBuf = take("path", path)?;
        self.ask(py, move |network| network.write_hosts(path))
    }

    /// What `docker network inspect` prints for a network, with its containers on all hosts, and of each the
    /// Host, the Interface, and as Namespace whether that is "there", "gone" or "unknown".
    fn inspect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let told = self.ask(py, |network| network.inspect())?;
        loads(py, &told.to_string())
    }

    /// Who is connected, on all hosts, with the leases that are pending. A container has one for each of its
    /// interfaces.
    fn leases(&self, py: Python<'_>) -> PyResult<Vec<Lease>> {
        Ok(self.ask(py, |network| network.leases())?.into_iter().map(Lease).collect())
    }

    /// The leases of a container, by its id, or of one of its interfaces, by "ID/INTERFACE", in the order in
    /// which they were connected.
    fn leases_of(&self, py: Python<'_>, container: &Bound<'_, PyAny>) -> PyResult<Vec<Lease>> {
        let container: String = take("container", container)?;
        let leases = self.ask(py, move |network| network.leases_of(&container))?;
        Ok(leases.into_iter().map(Lease).collect())
    }

    /// The lease of a container, by its id, or of one of its interfaces, by "ID/INTERFACE"; of several that of
    /// the first that was connected. None if it is not connected.
    fn lease(&self, py: Python<'_>, container: &Bound<'_, PyAny>) -> PyResult<Option<Lease>> {
        let container: String = take("container", container)?;
        Ok(self.ask(py, move |network| network.lease(&container))?.map(Lease))
    }

    /// Remembers that somebody has an address who is no container of this network: it is not given any
    /// more. Refused if a container has it.
    fn add_foreign(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<()> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, move |network| network.add_foreign(address))
    }

    /// Forgets that somebody has an address; False if it was not known.
    fn forget_foreign(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<bool> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, move |network| network.forget_foreign(address))
    }

    /// The addresses that somebody has who is no container of this network: a Foreign each.
    fn foreign<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let class = CLASS.import(py, "macvlan._values", "Foreign")?;
        let found = self.ask(py, |network| network.foreign())?;
        found.into_iter().map(|one| class.call1((one.address, one.found))).collect()
    }

    /// Changes the network, whole or not at all. The keywords are those of Networks.create(); what they leave
    /// out stays as this object has it. Containers stay connected as they are: the result, an Updated, tells
    /// which of them are to be connected again.
    ///
    /// Refused where a container has an address that the network would not have any more, and where others
    /// have changed it since it was read.
    #[pyo3(
        signature = (**keywords),
        text_signature = "($self, *, parent=..., subnets=..., without_addresses=..., ipv6=..., mode=..., \
                          internal=..., mtu=..., routes=..., metric=..., disable_ipv6=..., accept_ra=..., \
                          leave_ipv6=..., allmulticast=..., order=..., mac_from=..., probe=..., \
                          duplicate_detection=..., share=..., keep=..., options=..., labels=...)"
    )]
    fn update<'py>(
        &self,
        py: Python<'py>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let config = described("Network.update", self.config(), keywords)?;
        let updated = self.ask(py, move |network| network.update(&config))?;
        Self::updated(py, &self.session, updated)
    }

    /// Sets the link that its containers hang on, whatever else others change. As update().
    fn set_parent<'py>(
        &self,
        py: Python<'py>,
        parent: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let parent: Parent = take("parent", parent)?;
        let updated = self.ask(py, move |network| network.set_parent(parent))?;
        Self::updated(py, &self.session, updated)
    }

    /// Disconnects all containers on this host but those with these ids. Returns a Retained: what was released,
    /// and what failed. For a runtime that knows which of its containers exist, such as CNI's GC.
    ///
    /// As disconnect(): a lease is taken back where the interface was detached or the namespace is known to be
    /// gone. Leases of other hosts, and containers that were connected since this began, stay.
    fn retain<'py>(
        &self,
        py: Python<'py>,
        valid: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let valid: Vec<String> = many("valid", valid)?;
        let retained = self.ask(py, move |network| network.retain(&valid))?;
        let released: Vec<_> = retained.released.into_iter().map(Lease).collect();
        let told = |(lease, error)| (Lease(lease), raised(py, &error).into_value(py));
        let failed: Vec<_> = retained.failed.into_iter().map(told).collect();
        CLASS.import(py, "macvlan._values", "Retained")?.call1((released, failed))
    }

    /// As Networks.reconcile(), which does it for all networks of this host at once.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Vec<Reconciled>> {
        let done = self.ask(py, |network| network.reconcile())?;
        Ok(done.into_iter().map(Reconciled).collect())
    }

    /// Removes it, and the link that it made, if it is isolated; refused while somebody is connected.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        self.ask(py, Core::remove)
    }

    fn __repr__(&self) -> String {
        let subnets: Vec<String> =
            self.config().get_subnets().iter().map(ToString::to_string).collect();
        format!("<Network {:?}, {}>", self.name(), subnets.join(", "))
    }
}

/// What is said of a container: its name, interface and MAC address; its addresses, aliases, link-local
/// addresses, and the leases that it takes.
fn member_of(
    mut member: Member,
    [name, interface, mac]: [Option<&Bound<'_, PyAny>>; 3],
    [addresses, aliases, link_local_addresses, takes]: [Arg<'_, '_>; 4],
) -> PyResult<Member> {
    if let Some(name) = maybe::<String>("name", name)? {
        member = member.name(name);
    }
    for address in addresses.many::<IpAddr>("addresses")? {
        member = member.address(address);
    }
    if let Some(interface) = maybe::<String>("interface", interface)? {
        member = member.interface(interface);
    }
    if let Some(mac) = maybe::<MacAddr>("mac", mac)? {
        member = member.mac(mac);
    }
    for alias in aliases.many::<String>("aliases")? {
        member = member.alias(alias);
    }
    for address in link_local_addresses.many::<IpAddr>("link_local_addresses")? {
        member = member.link_local_address(address);
    }
    for id in takes.many::<String>("take")? {
        member = member.take(id);
    }
    Ok(member)
}

pub(crate) fn loads<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOADS.import(py, "json", "loads")?.call1((json,))
}

fn texts<'py>(py: Python<'py>, texts: &BTreeMap<String, String>) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    for (key, value) in texts {
        made.set_item(key, value)?;
    }
    Ok(made)
}
