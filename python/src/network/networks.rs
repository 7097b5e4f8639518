//! `macvlan.Networks`: an open session on a host and a store, which creates networks and finds them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use macvlan_core::{Host as CoreHost, Probe};
#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, EtcdStore as CoreEtcdStore};
use macvlan_network::{
    Network as CoreNetwork, NetworkConfig, Networks as Core, Result, SqliteStore,
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

/// Where networks and leases are kept.
enum Place {
    File(PathBuf),
    /// One that may have been another machine's.
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

    /// The same, also if another machine wrote it last.
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

/// An open session on networks: creates them, and finds them again.
///
/// host: the Host that containers are connected on.
/// store: where networks and leases are kept: a file of this machine, which is made if there is none,
///     and which many processes can use; or an EtcdStore, which many hosts can use.
/// host_name: what this host is called in the store, always the same as long as it has containers; its
///     host name when not given. An EtcdStore has a name of its own.
/// probe: what asks the wire, for networks with probe=True: a Probe, "quick" or "rfc".
/// moved: whether a file that another machine wrote last becomes this machine's by the next write, since it
///     was moved here for good, or the machine got another machine-id. Otherwise it is refused.
/// pending_age: for how long a lease may be pending before collect() and reconcile() take it back; ten
///     minutes when not given.
///
/// Open one and keep it; threads can share it. When it is closed its networks cannot be used any more;
/// what is connected stays connected.
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

    /// The host that containers are connected on.
    #[getter]
    fn host(&self) -> PyResult<Host> {
        Ok(Host::of(self.0.networks.get()?.host().clone()))
    }

    /// What this host is called in the store.
    #[getter]
    fn host_name(&self) -> PyResult<String> {
        Ok(self.0.networks.get()?.host_name().to_owned())
    }

    /// Creates a network.
    ///
    /// parent: the link on the host that its containers hang on: "ens33", or "ens33.100", which is made
    ///     when the first container needs it and removed with the last; or a Parent, which can say a VLAN's
    ///     own name and its protocol. Without a parent the network is isolated: its containers hang on a dummy
    ///     link of its own. One that does not exist now is told by Network.warnings.
    /// subnets: that a container gets an address of each family from. When none is given, the first of
    ///     Docker's default subnets that no network, and no link or route of this host, has.
    /// without_addresses: gives containers interfaces without addresses, which they get from outside, by
    ///     DHCP or router advertisements, or not at all. The container's own sysctls of IPv6 hold.
    /// ipv6: whether an IPv6 subnet is chosen if none is given: a /64 of the store's own unique local
    ///     addresses.
    /// mode: who its containers may talk to.
    /// internal: whether no container gets a default route through it.
    /// mtu: of its containers' interfaces; the parent's when None.
    /// routes: that each container gets on its interface, as Route or as `ip route` writes them. One with a
    ///     gateway in a subnet is for the containers that have an address there.
    /// metric: of its default routes; the kernel's when None.
    /// disable_ipv6: whether its containers' interfaces are without IPv6; when None, whether it has no IPv6
    ///     subnet and accepts no router advertisements.
    /// accept_ra: whether they accept router advertisements; "never" when None.
    /// leave_ipv6: whether the container's own sysctls of IPv6 hold, but for those that were given.
    /// allmulticast: whether they take all multicast frames; those of the groups that are joined when None.
    /// order: which free address is given next.
    /// mac_from: what a container's MAC address follows from.
    /// probe: whether an address is looked for on the wire before it is given. One that somebody else
    ///     has is skipped, and remembered as foreign. It takes a quarter of a second.
    /// duplicate_detection: whether the kernel checks IPv6 addresses on the wire, for a second or two.
    /// share: how many addresses a host takes at a time, where many hosts have one store; when not
    ///     given, all give from one pool.
    /// keep: how long an address that is given back stays its container's, in seconds or as a timedelta.
    /// options, labels: text by its key, for whoever reads it with Network.inspect().
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, parent=None, subnets=(), without_addresses=False, ipv6=False, \
                          mode='bridge', internal=False, mtu=None, routes=(), metric=None, \
                          disable_ipv6=None, accept_ra=None, leave_ipv6=False, allmulticast=None, \
                          order='first', mac_from='address', probe=False, duplicate_detection=False, \
                          share=None, keep=0.0, options=(), labels=())"
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

    /// Creates the network, or changes the one of that name, whole or not at all. The keywords are those of
    /// create(); subnets that are not given are those that a network which exists has. Returns an Updated, which
    /// tells whether it was created.
    ///
    /// A network that is so already is left as it is: programs may call it before each use, any number at once.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, parent=None, subnets=(), without_addresses=False, ipv6=False, \
                          mode='bridge', internal=False, mtu=None, routes=(), metric=None, \
                          disable_ipv6=None, accept_ra=None, leave_ipv6=False, allmulticast=None, \
                          order='first', mac_from='address', probe=False, duplicate_detection=False, \
                          share=None, keep=0.0, options=(), labels=())"
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

    /// Returns the network that has this name or this id, or whose id alone begins so.
    #[pyo3(name = "network")]
    fn find(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Network> {
        let name: String = take("name", name)?;
        let found = self.0.ask(py, false, move |networks| networks.network(&name))?;
        Ok(self.network(&found))
    }

    /// The networks and leases that are stored and cannot be read, as exceptions that are not raised. Lists
    /// leave them out, and what they hold is given to nobody else.
    fn unreadable<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = self.0.ask(py, false, Core::unreadable)?;
        let error = |error| raised(py, error).into_value(py).into_bound(py).into_any();
        Ok(found.iter().map(|one| error(&one.error)).collect())
    }

    /// All networks that can be read, by name; unreadable() has the others.
    fn list(&self, py: Python<'_>) -> PyResult<Vec<Network>> {
        let found = self.0.ask(py, false, Core::list)?;
        Ok(found.iter().map(|one| self.network(one)).collect())
    }

    /// Returns what `docker network ls` would list: a dict each with Id, Name, Driver, Scope, Parent, Internal,
    /// Subnets, and how many Containers are connected on all hosts.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let told = self.0.ask(py, false, Core::summary)?;
        loads(py, &told.to_string())
    }

    /// Removes the networks without containers, on whatever host, and the links that they made. Returns their
    /// names. A container that is gone counts until it is collected.
    fn prune(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.0.ask(py, false, Core::prune)
    }

    /// Takes back the leases of this host's containers whose namespace is gone, also by a reboot; of
    /// hosts that the store says are dead; and addresses that were kept long enough. Tells what it was.
    ///
    /// A namespace is gone when no process is in it or has it open, and it is mounted nowhere, as far
    /// as this process may look: let one with root's rights on the host call this, not one in a
    /// container.
    fn collect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let done = self.0.ask(py, false, Core::collect)?;
        let leases: Vec<_> = done.leases.into_iter().map(Lease).collect();
        CLASS.import(py, "macvlan._values", "Collected")?.call1((leases, done.expired))
    }

    /// Forgets a host that counts as alive without a process (EtcdStore's persistent) and is gone for good: from
    /// now on others collect its containers' leases, and another machine may have its name. False if no such host
    /// is known, as in a file.
    ///
    /// Its containers' addresses are given to others then, so they may run no more. Refused while a process of
    /// it has Networks open, and where one was killed, for as long as a host counts as alive.
    fn forget_host(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name: String = take("name", name)?;
        self.0.ask(py, false, move |networks| networks.forget_host(&name))
    }

    /// Brings the kernel and the store together on this host, and says what it did; empty if all was
    /// right. For a program that starts again, after whatever happened.
    ///
    /// Leases of namespaces that are gone are taken back, interfaces that are missing or have changed
    /// are made as they should be, interfaces that the store does not know get a lease if their network
    /// exists, and go if it does not.
    ///
    /// An interface gets a lease for the addresses that nobody else has got since; others are removed
    /// from it, and so is an interface that would have none, or whose container is connected elsewhere
    /// by now. An interface is known by its alias, which only the store can have made for it; any other
    /// is reported as FAILED and left as it is.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Vec<Reconciled>> {
        let done = self.0.ask(py, false, Core::reconcile)?;
        Ok(done.into_iter().map(Reconciled).collect())
    }

    /// Closes the store, and its host's file descriptors. What is connected stays connected.
    fn close(&self, py: Python<'_>) {
        self.0.networks.close(py);
    }

    /// Whether it is closed.
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
