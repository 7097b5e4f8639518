//! `macvlan.Networks`: a session on a host and a store, which creates and finds networks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use macvlan_core::{Host as CoreHost, Probe};
#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, EtcdStore as CoreEtcdStore};
use macvlan_network::{
    HostStatus, Network as CoreNetwork, NetworkConfig, Networks as Core, Result, SqliteStore,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::base::argument::{Arg, Refusal, Take, maybe, take, wrong_value};
use crate::base::closable::Closable;
use crate::base::error::{OrRaise, raised};
use crate::base::waiting;
use crate::host::host::Host;
use crate::network::config::described;
use crate::network::lease::Lease;
use crate::network::network::{Network, loads};
use crate::network::reconciled::Reconciled;
use crate::network::session::Session;

/// The store of networks and leases.
enum Place {
    File(PathBuf),
    /// A file that may have been another machine's.
    Moved(PathBuf),
    #[cfg(feature = "etcd")]
    Etcd(Box<EtcdOptions>),
}

impl Take for Place {
    const EXPECTED: &'static str = "a path as str or os.PathLike, or an EtcdStore";
    fn take(value: &Bound<'_, PyAny>) -> std::result::Result<Self, Refusal> {
        #[cfg(feature = "etcd")]
        if let Ok(store) = value.cast::<crate::network::etcd::EtcdStore>() {
            return Ok(Self::Etcd(Box::new(store.get().options())));
        }
        PathBuf::take(value).map(Self::File)
    }
}

impl Place {
    fn is_distant(&self) -> bool {
        !matches!(self, Self::File(_) | Self::Moved(_))
    }

    /// Allows a file that another machine wrote last.
    fn moved(self) -> std::result::Result<Self, &'static str> {
        match self {
            Self::File(path) | Self::Moved(path) => Ok(Self::Moved(path)),
            #[cfg(feature = "etcd")]
            Self::Etcd(_) => Err("only a file can be moved to another machine"),
        }
    }

    fn open(
        self,
        host: CoreHost,
        name: Option<&str>,
        probe: Option<Probe>,
        pending_age: Option<Duration>,
    ) -> Result<Core> {
        let mut networks = match self {
            Self::File(path) => Core::new(host, SqliteStore::open(path)?)?,
            Self::Moved(path) => Core::new(host, SqliteStore::open_moved(path)?)?,
            #[cfg(feature = "etcd")]
            Self::Etcd(options) => Core::new(host, CoreEtcdStore::open(&options)?)?,
        };
        if let Some(name) = name {
            networks = networks.with_host_name(name)?;
        }
        if let Some(age) = pending_age {
            networks = networks.with_pending_age(age);
        }
        Ok(match probe {
            Some(probe) => networks.with_probe(probe),
            None => networks,
        })
    }
}

/// A session that creates and finds networks.
///
/// host: the Host on which containers are connected.
/// store: the store of networks and leases: a local file, which is created if it does not exist and
///     many processes can use; or an EtcdStore, which several hosts can use.
/// host_name: this host's name in the store, which must not change while it has containers.
///     Defaults to its host name. An EtcdStore has a name of its own.
/// probe: how addresses are probed for networks with probe=True: a Probe, "quick" or "rfc".
/// moved: whether a file that another machine wrote last is accepted and becomes this machine's at
///     the next write, because it was moved here permanently or the machine got another machine-id.
///     Defaults to False: such a file is refused.
/// pending_age: how long a lease may be pending before collect() and reconcile() release it, in
///     seconds or as a timedelta. Defaults to ten minutes.
///
/// Open one and keep it; threads can share it. After it is closed, its networks cannot be used any
/// more; containers stay connected.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Networks(Arc<Session>);

impl Networks {
    fn network(&self, network: &CoreNetwork) -> Network {
        Network::new(self.0.clone(), network)
    }
}

#[pymethods]
impl Networks {
    #[new]
    #[pyo3(
        signature = (
            host, store, *, host_name=None, probe=Arg::Missing, moved=Arg::Missing, pending_age=None
        ),
        text_signature = "(host, store, *, host_name=None, probe='quick', moved=False, \
                          pending_age=None)"
    )]
    fn new(
        py: Python<'_>,
        host: &Bound<'_, PyAny>,
        store: &Bound<'_, PyAny>,
        host_name: Option<&Bound<'_, PyAny>>,
        probe: Arg<'_, '_>,
        moved: Arg<'_, '_>,
        pending_age: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (host, mut store): (CoreHost, Place) = (take("host", host)?, take("store", store)?);
        if let Arg::Given(given) = moved {
            if take("moved", &given)? {
                store = store.moved().map_err(|cause| wrong_value("moved", &given, cause))?;
            }
        }
        let (name, probe): (Option<String>, _) =
            (maybe("host_name", host_name)?, probe.get("probe")?);
        let age: Option<Duration> = maybe("pending_age", pending_age)?;
        let distant = store.is_distant();
        let open = move || store.open(host, name.as_deref(), probe, age);
        let opened = if distant { waiting::or_leave(py, open)? } else { py.detach(open) };
        let networks = Closable::new("Networks", opened.or_raise(py)?);
        Ok(Self(Arc::new(Session { networks, distant })))
    }

    /// Returns the host on which containers are connected.
    #[getter]
    fn host(&self) -> PyResult<Host> {
        Ok(Host::of(self.0.networks.get()?.host().clone()))
    }

    /// Returns this host's name in the store.
    #[getter]
    fn host_name(&self) -> PyResult<String> {
        Ok(self.0.networks.get()?.host_name().to_owned())
    }

    /// Creates a network.
    ///
    /// parent: the link on the host that the containers' links are on: "ens33", or "ens33.100",
    ///     which is created for the first container and removed with the last one; or a Parent,
    ///     which can have a VLAN's name and protocol. Without a parent the network is isolated: its
    ///     containers are on a dummy link of its own. Network.warnings reports one that does not
    ///     exist.
    /// subnets: the subnets; a container gets one address of each family. Defaults to the first of
    ///     Docker's default subnets that is not used by another network or by a link or route of
    ///     this host.
    /// without_addresses: whether the containers' interfaces have no addresses from the network:
    ///     they get them by DHCP or router advertisements, or have none. The container's own
    ///     sysctls of IPv6 apply. Defaults to False.
    /// ipv6: whether an IPv6 subnet is chosen if none is given: a /64 of the store's unique local
    ///     addresses. Defaults to False.
    /// mode: the macvlan mode. Defaults to "bridge".
    /// internal: whether containers get no default route through the network. Defaults to False.
    /// mtu: the MTU of the containers' interfaces in bytes. Defaults to the parent's.
    /// routes: routes that each container gets on its interface, as Route or in the format of `ip
    ///     route`. One with a gateway in a subnet is only for containers with an address in it.
    /// metric: the metric of the default routes. Defaults to the kernel's.
    /// disable_ipv6: whether IPv6 is disabled on the containers' interfaces. By default it is if
    ///     the network has no IPv6 subnet and accepts no router advertisements.
    /// accept_ra: whether the containers' interfaces accept router advertisements. Defaults to
    ///     "never".
    /// leave_ipv6: whether the container's own sysctls of IPv6 apply, except for those that are set
    ///     here. Defaults to False.
    /// allmulticast: whether the containers' interfaces receive all multicast frames. By default
    ///     they receive those of the groups that are joined.
    /// order: the order in which free addresses are assigned. Defaults to "first".
    /// mac_from: the source of a container's MAC address. Defaults to "address".
    /// probe: whether an address is probed on the LAN before it is assigned; one that is in use is
    ///     skipped and recorded as conflicting. Takes a quarter of a second. Defaults to False.
    /// duplicate_detection: whether the kernel checks IPv6 addresses for duplicates on the LAN, for
    ///     one or two seconds. Defaults to False.
    /// block_size: the number of addresses that a host reserves at a time, if several hosts use one
    ///     store. By default all hosts assign addresses from one pool.
    /// reservation_ttl: how long a released address stays reserved for its container, in seconds or
    ///     as a timedelta. Defaults to 0.
    /// options, labels: text by key, for readers of Network.inspect().
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, parent=None, subnets=(), without_addresses=False, ipv6=False, \
                          mode='bridge', internal=False, mtu=None, routes=(), metric=None, \
                          disable_ipv6=None, accept_ra=None, leave_ipv6=False, allmulticast=None, \
                          order='first', mac_from='address', probe=False, duplicate_detection=False, \
                          block_size=None, reservation_ttl=0.0, options=(), labels=())"
    )]
    fn create(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Network> {
        let plain = NetworkConfig::new(take::<String>("name", name)?);
        let config = described("Networks.create", &plain, keywords)?;
        let created = self.0.ask(py, false, move |networks| networks.create(&config))?;
        Ok(self.network(&created))
    }

    /// Ensures that a network is as configured. Creates it, or changes the existing one with this
    /// name, or changes nothing. The keywords are those of create(); without subnets, an existing
    /// network keeps its own. Returns an Updated, which has whether it was created.
    ///
    /// Only reads if there are no differences, so programs may call it before each use, and at the
    /// same time.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, parent=None, subnets=(), without_addresses=False, ipv6=False, \
                          mode='bridge', internal=False, mtu=None, routes=(), metric=None, \
                          disable_ipv6=None, accept_ra=None, leave_ipv6=False, allmulticast=None, \
                          order='first', mac_from='address', probe=False, duplicate_detection=False, \
                          block_size=None, reservation_ttl=0.0, options=(), labels=())"
    )]
    fn ensure<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyAny>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plain = NetworkConfig::new(take::<String>("name", name)?);
        let config = described("Networks.ensure", &plain, keywords)?;
        let updated = self.0.ask(py, false, move |networks| networks.ensure(&config))?;
        Network::updated(py, &self.0, updated)
    }

    /// Finds a network by its name, its id or a unique prefix of the id.
    #[pyo3(name = "network")]
    fn find(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Network> {
        let name: String = take("name", name)?;
        let found = self.0.ask(py, false, move |networks| networks.network(&name))?;
        Ok(self.network(&found))
    }

    /// Returns the stored networks and leases that cannot be read. They are exceptions that are not
    /// raised. Other lists do not have them, and their addresses are not leased.
    fn unreadable<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = self.0.ask(py, false, Core::unreadable)?;
        let error = |error| raised(py, error).into_value(py).into_bound(py).into_any();
        Ok(found.iter().map(|one| error(&one.error)).collect())
    }

    /// Returns the networks that can be read, ordered by name; see also unreadable().
    fn list(&self, py: Python<'_>) -> PyResult<Vec<Network>> {
        let found = self.0.ask(py, false, Core::list)?;
        Ok(found.iter().map(|one| self.network(one)).collect())
    }

    /// Returns a summary like `docker network ls`. It has a dict for each network, with Id, Name,
    /// Driver, Scope, Parent, Internal, Subnets, and the number of connected Containers on all
    /// hosts.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = self.0.ask(py, false, Core::summary)?;
        loads(py, &found.to_string())
    }

    /// Removes the networks that have no containers on any host, and their dummy links. Returns
    /// their names. A container that has ended counts until its lease is collected.
    fn prune(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.0.ask(py, false, Core::prune)
    }

    /// Releases leases that are no longer used: of this host's containers whose namespace no longer
    /// exists, also after a reboot; of hosts that the store considers dead; and addresses that were
    /// reserved long enough. Returns a Collected.
    ///
    /// Since Linux 6.18 the kernel says whether a namespace exists. On earlier kernels, all
    /// processes and mounts are searched for it, which needs root on the host, not in a container.
    /// If that does not show whether it exists, a MacvlanError is raised, and no such lease is
    /// released.
    fn collect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let done = self.0.ask(py, false, Core::collect)?;
        let leases: Vec<_> = done.leases.into_iter().map(Lease).collect();
        CLASS.import(py, "macvlan._values", "Collected")?.call1((leases, done.expired))
    }

    /// Returns a HostStatus for each host that the store knows, also for dead ones, ordered by name.
    /// In a store for one machine there are none.
    fn hosts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let class = CLASS.import(py, "macvlan._values", "HostStatus")?;
        let of = |one: HostStatus| {
            let (alive, declared) = (one.is_alive, one.is_declared);
            class.call1((one.name, alive, declared, one.agents, one.processes, one.machine))
        };
        self.0.ask(py, false, Core::hosts)?.into_iter().map(of).collect()
    }

    /// Declares that a host is alive, also without a process and across reboots.
    /// Until forget_host(), only the host itself releases the leases of its containers. Returns
    /// False if it was declared already. A host that is not alive yet can be declared ahead.
    fn declare_host(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name: String = take("name", name)?;
        self.0.ask(py, false, move |networks| networks.declare_host(&name))
    }

    /// Ends the declaration of a host. Returns whether it was declared; in a file no host is. On
    /// another host this is for one that has permanently ended: others then collect the leases of
    /// its containers, and another machine may have its name.
    ///
    /// The addresses of its containers may then be leased to others, so these must not run any
    /// more. Refused while a process of it has Networks open, and after one was killed, for as long
    /// as a host counts as alive; and on the host itself, while it has leases and no agent.
    fn forget_host(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name: String = take("name", name)?;
        self.0.ask(py, false, move |networks| networks.forget_host(&name))
    }

    /// Checks that leases outlive this process, if the store was opened for that. See EtcdStore's
    /// life. connect() checks it as well.
    fn check_life(&self, py: Python<'_>) -> PyResult<()> {
        self.0.ask(py, false, Core::check_life)
    }

    /// Reconciles the kernel with the store on this host, and returns the changes. The list is
    /// empty if there were none. For a program that starts again after a failure.
    ///
    /// Leases of namespaces that no longer exist are released. Interfaces that are missing or
    /// changed are repaired. Interfaces that are not stored get a lease if their network exists,
    /// and are deleted if it does not.
    ///
    /// An interface gets a lease for those of its addresses that were not leased to another
    /// container; the others are deleted from it. It is deleted if none would remain, or if its
    /// container is now connected elsewhere. An interface is identified by its alias, if only the
    /// store can have made it; any other is reported as FAILED and left unchanged.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Vec<Reconciled>> {
        let done = self.0.ask(py, false, Core::reconcile)?;
        Ok(done.into_iter().map(Reconciled).collect())
    }

    /// Closes the store, and its host's file descriptors. Containers stay connected.
    fn close(&self, py: Python<'_>) {
        self.0.networks.close(py);
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.networks.is_closed()
    }

    fn __repr__(&self) -> String {
        self.0.networks.get().map_or_else(
            |_| "<Networks, closed>".to_owned(),
            |networks| format!("<Networks of host {:?}>", networks.host_name()),
        )
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().0.networks.get()?;
        Ok(slf)
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, error, traceback);
        self.close(py);
    }
}
