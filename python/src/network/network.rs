//! `macvlan.Network`: an existing network, which connects containers.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use macvlan_core::{MacAddr, NetNs as CoreNetNs, Parent};
use macvlan_network::{
    Allocation, ConnectOptions, Network as Core, NetworkConfig, NetworkRecord, Result, Updated,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{self, Arg, many, maybe, take};
use crate::base::data::to_data;
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

/// An existing network, from Networks.create(), network() or list(). Connects containers to it, and
/// lists them.
///
/// Its configuration is read without asking the store. Two objects are equal if they are the same
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

    /// Converts the result of a change for Python.
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
    /// Returns the network's id: 64 hexadecimal digits.
    #[getter]
    fn id(&self) -> &str {
        &self.record.id
    }

    /// Returns the configuration as a dict of plain data, without what has its default. The keys
    /// are the arguments of Networks.create().
    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_data(py, self.config())
    }

    /// Returns the network's name.
    #[getter]
    fn name(&self) -> &str {
        self.config().get_name()
    }

    /// Returns the time of its creation: "2024-05-01T12:00:00Z".
    #[getter]
    fn created(&self) -> &str {
        &self.record.created
    }

    /// Returns the link that the containers' links are on. It is the parent, or, for an isolated
    /// network, its own dummy link.
    #[getter]
    fn parent(&self) -> String {
        self.record.parent()
    }

    /// Returns whether it has no parent. Its containers then reach only one another, on one host.
    #[getter]
    fn isolated(&self) -> bool {
        self.config().get_parent().is_none()
    }

    /// Returns problems that would have prevented a connection, as sentences. An example is a
    /// parent that does not exist. They are those at the time when the network was created or
    /// changed by this object; none for a network that was found.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.warnings)
    }

    /// Returns the macvlan mode.
    #[getter]
    fn mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_mode().to_member(py)
    }

    /// Returns the subnets.
    #[getter]
    fn subnets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(
            py,
            self.config().get_subnets().iter().cloned().map(Subnet).collect::<Vec<_>>(),
        )
    }

    /// Returns whether containers get no default route through the network.
    #[getter]
    fn internal(&self) -> bool {
        self.config().get_internal()
    }

    /// Returns the MTU of the containers' interfaces in bytes; None for the parent's.
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.config().get_mtu()
    }

    /// Returns whether the containers' interfaces have no addresses from the network.
    #[getter]
    fn without_addresses(&self) -> bool {
        self.config().get_without_addresses()
    }

    /// Returns whether an IPv6 subnet is chosen if none is given.
    #[getter]
    fn ipv6(&self) -> bool {
        self.config().get_ipv6()
    }

    /// Returns the routes, without the gateways' default routes.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(
            py,
            self.config().get_routes().iter().map(|one| Route(*one)).collect::<Vec<_>>(),
        )
    }

    /// Returns the metric of the default routes; None for the kernel's.
    #[getter]
    fn metric(&self) -> Option<u32> {
        self.config().get_metric()
    }

    /// Returns whether IPv6 is disabled on the containers' interfaces, if it was set.
    #[getter]
    fn disable_ipv6(&self) -> Option<bool> {
        self.config().get_disable_ipv6()
    }

    /// Returns whether the interfaces accept router advertisements, if it was set.
    #[getter]
    fn accept_ra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.config().get_accept_ra().map(|accept| accept.to_member(py)).transpose()
    }

    /// Returns whether the container's sysctls of IPv6 apply, except for those that were set.
    #[getter]
    fn leave_ipv6(&self) -> bool {
        self.config().get_leave_ipv6()
    }

    /// Returns whether the interfaces receive all multicast frames, if it was set.
    #[getter]
    fn allmulticast(&self) -> Option<bool> {
        self.config().get_allmulticast()
    }

    /// Returns the order in which free addresses are assigned.
    #[getter]
    fn order<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_order().to_member(py)
    }

    /// Returns the source of a container's MAC address.
    #[getter]
    fn mac_from<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.config().get_mac_from().to_member(py)
    }

    /// Returns whether an address is probed on the LAN before it is assigned.
    #[getter]
    fn probe(&self) -> bool {
        self.config().get_probe()
    }

    /// Returns whether the kernel checks IPv6 addresses for duplicates on the LAN.
    #[getter]
    fn duplicate_detection(&self) -> bool {
        self.config().get_duplicate_detection()
    }

    /// Returns the number of addresses that a host reserves at a time, if it was set. Otherwise all
    /// hosts assign addresses from one pool.
    #[getter]
    fn block_size(&self) -> Option<u32> {
        self.config().get_block_size()
    }

    /// Returns how long a released address stays reserved for its container, in seconds.
    #[getter]
    fn reservation_ttl(&self) -> f64 {
        self.config().get_reservation_ttl().as_secs_f64()
    }

    /// Returns the options.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        texts(py, self.config().get_options())
    }

    /// Returns the labels.
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        texts(py, self.config().get_labels())
    }

    /// Connects a container. Leases its addresses and attaches its interface, or changes nothing.
    ///
    /// container: its id, which does not change: when it returns, it gets its addresses again.
    /// name: the name by which others find it, which is unique in the network. By default it has
    ///     none.
    /// aliases: further names, which several containers may share.
    /// addresses: the requested addresses; one is chosen of each family without a requested one.
    /// link_local_addresses: additional link-local addresses. The network does not check that they
    ///     are unique.
    /// interface: the interface's name in the container. Defaults to the first free ethN.
    /// mac: the interface's MAC address. Defaults to one that is derived from the address or the
    ///     container.
    /// default_route: whether the container's default routes lead through this network: never, if
    ///     False; if True, before all other networks of the container. By default gw_priority
    ///     decides.
    /// gw_priority: the network's priority for the container's default routes. The network with the
    ///     highest one gets them, among equal ones the first that was connected. Defaults to 0.
    /// replace_default_route: whether other default routes of the container, which this library did
    ///     not add, are replaced. Defaults to False: they stay.
    /// take: the ids (Lease.endpoint) of pending leases, as from allocate(), whose addresses and
    ///     MAC address it takes; then no address is chosen.
    ///
    /// A container that is already connected in the same namespace stays connected; its name,
    /// aliases and default routes are updated, and differences of its interface are repaired. If
    /// the namespace in which it was connected no longer exists, it is connected again with the
    /// same addresses, and with the same name, aliases, link-local addresses and priority, unless
    /// others are given; also if its lease was collected in between, except for a name that another
    /// container has by now. disconnect() forgets them. Waits while another process connects or
    /// disconnects the container.
    ///
    /// On Ctrl-C during a wait, with probe=True or in etcd, the connection is completed and stays;
    /// disconnect() undoes it.
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
        let options = ConnectOptions::new(argument::take::<String>("container", container)?);
        let netns: CoreNetNs = argument::take("netns", netns)?;
        let mut options = options_of(
            options,
            [name, interface, mac],
            [addresses, aliases, link_local_addresses, take],
        )?;
        if let Some(default_route) = maybe("default_route", default_route)? {
            options = options.default_route(default_route);
        }
        if let Some(priority) = maybe("gw_priority", gw_priority)? {
            options = options.gw_priority(priority);
        }
        let replaces = replace_default_route.or("replace_default_route", false)?;
        options = options.replace_default_route(replaces);
        let connect = move |network: Core| network.connect(&options, &netns);
        self.ask_long(py, self.config().get_probe(), connect).map(Connection)
    }

    /// Leases addresses before the container exists. For callers that are asked for an address
    /// first. The lease is pending until a container takes it, by its id (Lease.endpoint), or until
    /// it is released by disconnect() with that id. collect() releases one that is pending for
    /// longer than the session's pending_age, or since another boot.
    ///
    /// addresses: the requested addresses; one is chosen of each family without a requested one.
    /// ipv4, ipv6: whether one of the family is chosen. Both default to True.
    /// mac: the MAC address. Defaults to a derived one.
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
        self.ask_long(py, self.config().get_probe(), allocate).map(Lease)
    }

    /// Leases addresses for a container and creates its link in the host's namespace. The link is
    /// down and without addresses, for a caller that moves it to the container and configures it
    /// there. On a failure nothing is changed. The arguments are as for connect().
    ///
    /// The lease is pending until bind() or reconcile() finds the link in the container's
    /// namespace. Until then, collect() releases the lease and deletes the link if it is older than
    /// the session's pending_age. disconnect() deletes the link, also if it was moved back. The
    /// caller manages addresses and routes in the container; they are not repaired.
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
        let options = ConnectOptions::new(argument::take::<String>("container", container)?);
        let options = options_of(
            options,
            [name, interface, mac],
            [addresses, aliases, link_local_addresses, take],
        )?;
        let create = move |network: Core| network.create_link(&options);
        self.ask_long(py, self.config().get_probe(), create).map(HostLink)
    }

    /// Binds a container's pending lease to the namespace to which its link was moved. The
    /// container is given by its id, or by "ID/INTERFACE" if it has several, and the link by its
    /// name there. A lease that is already bound to it is unchanged.
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

    /// Disconnects a container, by its id, or one of its interfaces, by "ID/INTERFACE". Detaches
    /// its interfaces and releases its addresses. Returns Detached.ALREADY_GONE if they no longer
    /// existed.
    ///
    /// A pending lease is released, by the id of its container, or by its own id if it has none,
    /// and the link that was created for it is deleted. The container's namespace is looked up,
    /// unless netns is given; it is refused if the container is now connected in another one.
    /// Refused for a container of another host while that host is alive.
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

    /// Resolves a container's name to its addresses, on all hosts. The addresses of the container
    /// with this name come first, then those of containers that have it as an alias; if neither
    /// exists, those of the container with this id. The list is empty if there is none. The
    /// network's name may be appended, as in "test101.vlan10".
    fn resolve(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Vec<IpAddr>> {
        let name: String = take("name", name)?;
        self.ask(py, move |network| network.resolve(&name))
    }

    /// Returns lines for /etc/hosts. There is one for each address of a container that has a name
    /// or an alias: the address, and each name alone and with a dot and the network's name.
    fn hosts(&self, py: Python<'_>) -> PyResult<String> {
        self.ask(py, |network| network.hosts())
    }

    /// Writes the lines of hosts() to a file. They are between two comment lines, and replaced the
    /// next time. The rest of the file stays unchanged, with its line ends.
    ///
    /// The file is written in place, so that it changes wherever it is mounted, and keeps its
    /// owner, mode and links. One process at a time writes it. If the file cannot be written, as on
    /// a full disk, it keeps its text.
    fn write_hosts(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let path: PathBuf = take("path", path)?;
        self.ask(py, move |network| network.write_hosts(path))
    }

    /// Returns the object that `docker network inspect` prints for a network. It has the containers
    /// on all hosts; each also has the Host, the Interface, and as Namespace "there", "gone" or
    /// "unknown". Link is the name that the interface has inside now, if it was renamed, or None, if
    /// it is not there.
    fn inspect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = self.ask(py, |network| network.inspect())?;
        loads(py, &found.to_string())
    }

    /// Returns the leases of the containers of all hosts, including pending ones. There is one for
    /// each interface.
    fn leases(&self, py: Python<'_>) -> PyResult<Vec<Lease>> {
        Ok(self.ask(py, |network| network.leases())?.into_iter().map(Lease).collect())
    }

    /// Returns the leases of a container, in the order of their connection. It is given by its id,
    /// or one of its interfaces by "ID/INTERFACE".
    fn leases_of(&self, py: Python<'_>, container: &Bound<'_, PyAny>) -> PyResult<Vec<Lease>> {
        let container: String = take("container", container)?;
        let leases = self.ask(py, move |network| network.leases_of(&container))?;
        Ok(leases.into_iter().map(Lease).collect())
    }

    /// Returns the lease of a container; None if it is not connected. It is given by its id, or one
    /// of its interfaces by "ID/INTERFACE"; the first lease is returned if it has several.
    fn lease(&self, py: Python<'_>, container: &Bound<'_, PyAny>) -> PyResult<Option<Lease>> {
        let container: String = take("container", container)?;
        Ok(self.ask(py, move |network| network.lease(&container))?.map(Lease))
    }

    /// Records an address as used by a machine that is not a container of this network. It is no
    /// longer assigned. Refused if a container has it.
    fn add_conflicting_address(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<()> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, move |network| network.add_conflicting_address(address))
    }

    /// Deletes the record of an address. Returns whether there was one.
    fn remove_conflicting_address(
        &self,
        py: Python<'_>,
        address: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, move |network| network.remove_conflicting_address(address))
    }

    /// Returns a ConflictingAddress for each address that is recorded as conflicting. These are
    /// used by machines that are not containers of this network.
    fn conflicting_addresses<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let class = CLASS.import(py, "macvlan._values", "ConflictingAddress")?;
        let found = self.ask(py, |network| network.conflicting_addresses())?;
        found.into_iter().map(|one| class.call1((one.address, one.found))).collect()
    }

    /// Changes the network to another configuration, or changes nothing. The keywords are those of
    /// Networks.create(); others keep this object's value. Containers stay connected unchanged; the
    /// result, an Updated, lists those to be connected again.
    ///
    /// Refused if a container has an address that would no longer be in the network, and if others
    /// have changed it since it was read.
    #[pyo3(
        signature = (**keywords),
        text_signature = "($self, *, parent=..., subnets=..., without_addresses=..., ipv6=..., mode=..., \
                          internal=..., mtu=..., routes=..., metric=..., disable_ipv6=..., accept_ra=..., \
                          leave_ipv6=..., allmulticast=..., order=..., mac_from=..., probe=..., \
                          duplicate_detection=..., block_size=..., reservation_ttl=..., options=..., labels=...)"
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

    /// Sets the network's parent, independently of concurrent changes by others. Otherwise like
    /// update().
    fn set_parent<'py>(
        &self,
        py: Python<'py>,
        parent: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let parent: Parent = take("parent", parent)?;
        let updated = self.ask(py, move |network| network.set_parent(parent))?;
        Self::updated(py, &self.session, updated)
    }

    /// Disconnects all containers on this host except those with these ids. Returns a Retained with
    /// the released and the failed leases. For a runtime that has a list of its containers, such as
    /// CNI's GC.
    ///
    /// Like disconnect(), releases a lease only if the interface was detached or the namespace no
    /// longer exists. Leases of other hosts, and of containers that were connected after the start
    /// of the call, stay.
    fn retain<'py>(
        &self,
        py: Python<'py>,
        valid: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let valid: Vec<String> = many("valid", valid)?;
        let retained = self.ask(py, move |network| network.retain(&valid))?;
        let released: Vec<_> = retained.released.into_iter().map(Lease).collect();
        let found = |(lease, error)| (Lease(lease), raised(py, &error).into_value(py));
        let failed: Vec<_> = retained.failed.into_iter().map(found).collect();
        CLASS.import(py, "macvlan._values", "Retained")?.call1((released, failed))
    }

    /// Reconciles this network like Networks.reconcile(). That does it for all networks of this
    /// host at once.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Vec<Reconciled>> {
        let done = self.ask(py, |network| network.reconcile())?;
        Ok(done.into_iter().map(Reconciled).collect())
    }

    /// Removes the network from the store, and, if it is isolated, its dummy link. Refused while
    /// containers are connected.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        self.ask(py, Core::remove)
    }

    fn __repr__(&self) -> String {
        let subnets: Vec<String> =
            self.config().get_subnets().iter().map(ToString::to_string).collect();
        format!("<Network {:?}, {}>", self.name(), subnets.join(", "))
    }
}

/// Makes the options of a connection: name, interface and MAC address; addresses, aliases,
/// link-local addresses, and leases to take.
fn options_of(
    mut options: ConnectOptions,
    [name, interface, mac]: [Option<&Bound<'_, PyAny>>; 3],
    [addresses, aliases, link_local_addresses, takes]: [Arg<'_, '_>; 4],
) -> PyResult<ConnectOptions> {
    if let Some(name) = maybe::<String>("name", name)? {
        options = options.name(name);
    }
    for address in addresses.many::<IpAddr>("addresses")? {
        options = options.address(address);
    }
    if let Some(interface) = maybe::<String>("interface", interface)? {
        options = options.interface(interface);
    }
    if let Some(mac) = maybe::<MacAddr>("mac", mac)? {
        options = options.mac(mac);
    }
    for alias in aliases.many::<String>("aliases")? {
        options = options.alias(alias);
    }
    for address in link_local_addresses.many::<IpAddr>("link_local_addresses")? {
        options = options.link_local_address(address);
    }
    for id in takes.many::<String>("take")? {
        options = options.take(id);
    }
    Ok(options)
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
