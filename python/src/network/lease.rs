//! `macvlan.Lease`: the addresses of one interface of a container in a network.

use macvlan_network::Lease as Core;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::base::data::data;
use crate::base::error::OrRaise as _;
use crate::base::output::{attributes_text, interfaces, mac};

/// The lease of one interface of a container in one network, as stored.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Lease(pub(crate) Core);

data!(Lease);

#[pymethods]
impl Lease {
    /// Returns the network's id.
    #[getter]
    fn network(&self) -> &str {
        &self.0.network
    }

    /// Returns the container's id, as given by the caller. For addresses that were allocated
    /// without a container it is the lease's own id.
    #[getter]
    fn container(&self) -> &str {
        &self.0.container
    }

    /// Returns the name by which others find the container; None if it has none.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Returns the name of the host that the container runs on.
    #[getter]
    fn host(&self) -> &str {
        &self.0.host
    }

    /// Returns the lease's id, which is different for every lease of the container.
    #[getter]
    fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// Returns the interface's name in the container.
    #[getter]
    fn interface(&self) -> &str {
        self.0.interface.as_str()
    }

    /// Returns the interface's MAC address; None in mode passthru, where it is the parent's.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// Returns the addresses, each with the prefix length of its subnet.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        interfaces(py, &self.0.addresses)
    }

    /// Returns the aliases. These are further names by which others find the container, which
    /// several containers may share.
    #[getter]
    fn aliases<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.aliases)
    }

    /// Returns the link-local addresses, which are not in a subnet of the network.
    #[getter]
    fn link_local_addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.link_local)
    }

    /// Returns the network's priority for the container's default routes.
    #[getter]
    fn gw_priority(&self) -> i32 {
        self.0.gw_priority
    }

    /// Returns the sequence number of the connection among those of the container. Later ones are
    /// higher.
    #[getter]
    fn sequence(&self) -> u32 {
        self.0.sequence
    }

    /// Returns whether the container's default routes may lead through this network. They lead
    /// through the one with the highest priority of those that may and that have a gateway of the
    /// family.
    #[getter]
    fn default_route(&self) -> bool {
        self.0.default_route
    }

    /// Returns the identity of the container's namespace; None for a pending lease.
    #[getter]
    fn netns<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let Some(mark) = self.0.netns() else { return Ok(None) };
        let class = CLASS.import(py, "macvlan._values", "NetNsMark")?;
        class.call1((&mark.boot, mark.inode, mark.cookie)).map(Some)
    }

    /// Returns the path by which the namespace was found, if it was found by one. The path may have
    /// come to lead to another namespace.
    #[getter]
    fn netns_path(&self) -> Option<&str> {
        self.0.netns_path()
    }

    /// Returns since when the lease is pending, in seconds since 1970, if it is.
    #[getter]
    fn pending_since(&self) -> Option<u64> {
        self.0.pending().map(|pending| pending.since)
    }

    /// Returns for how long the lease is pending, in seconds, if it is. For a lease of another host
    /// this compares the clocks of both.
    #[getter]
    fn pending_age(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let age = self.0.pending().map(macvlan_network::Pending::age).transpose();
        Ok(age.or_raise(py)?.map(|age| age.as_secs()))
    }

    /// Returns the name of the link in the host's namespace, if it was created there.
    #[getter]
    fn link(&self) -> Option<&str> {
        self.0.link.as_ref().map(macvlan_core::LinkName::as_str)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        const SHOWN: [&str; 6] = ["container", "name", "host", "interface", "mac", "addresses"];
        attributes_text(slf, &SHOWN)
    }
}
