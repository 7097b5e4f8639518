//! `macvlan.Lease`: one container's place in one network, as the store has it.

use macvlan_network::Lease as Core;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::base::error::OrRaise as _;
use crate::base::output::{attributes_text, interfaces, mac};

/// One interface of a container in one network, as the store has it.
#[pyclass(frozen, eq, module = "macvlan")]
#[derive(PartialEq, Eq)]
pub(crate) struct Lease(pub(crate) Core);

#[pymethods]
impl Lease {
    /// The network's id.
    #[getter]
    fn network(&self) -> &str {
        &self.0.network
    }

    /// The container's id, as the caller calls it; of addresses that were allocated without a container, the
    /// lease's own id.
    #[getter]
    fn container(&self) -> &str {
        &self.0.container
    }

    /// The name by which others find it; None if it was given none.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The host that it runs on.
    #[getter]
    fn host(&self) -> &str {
        &self.0.host
    }

    /// The lease's id, which tells it from any other that the container had or will have.
    #[getter]
    fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// The interface's name inside.
    #[getter]
    fn interface(&self) -> &str {
        self.0.interface.as_str()
    }

    /// The interface's MAC address; None in mode passthru, where it is the parent's.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.mac.map(|one| mac(py, one)).transpose()
    }

    /// Its addresses, each with the prefix length of its subnet.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        interfaces(py, &self.0.addresses)
    }

    /// Further names by which others find it, which several containers may have.
    #[getter]
    fn aliases<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.aliases)
    }

    /// Its link-local addresses, which are in no subnet of the network.
    #[getter]
    fn link_local_addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.link_local)
    }

    /// The network's priority among those that default routes can lead through.
    #[getter]
    fn gw_priority(&self) -> i32 {
        self.0.gw_priority
    }

    /// Which of the container's connections it is: a later one has a higher number.
    #[getter]
    fn sequence(&self) -> u32 {
        self.0.sequence
    }

    /// Whether the container's default routes may lead through this network. They lead through one of those
    /// that may and that have a gateway of the family: the one with the highest priority.
    #[getter]
    fn default_route(&self) -> bool {
        self.0.default_route
    }

    /// The container's namespace, as a NetNsMark; None of a lease that is pending.
    #[getter]
    fn netns<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let Some(mark) = self.0.netns() else { return Ok(None) };
        let class = CLASS.import(py, "macvlan._values", "NetNsMark")?;
        class.call1((&mark.boot, mark.inode, mark.cookie)).map(Some)
    }

    /// The path by which the namespace was found, which may lead to another by now; None if it was not by one.
    #[getter]
    fn netns_path(&self) -> Option<&str> {
        self.0.netns_path()
    }

    /// Since when it is pending, in seconds since 1970; None if it is bound to a namespace.
    #[getter]
    fn pending_since(&self) -> Option<u64> {
        self.0.pending().map(|pending| pending.since)
    }

    /// For how many seconds it is pending, by the clocks of two hosts if it is another host's; None if it is
    /// bound to a namespace.
    #[getter]
    fn pending_age(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let age = self.0.pending().map(macvlan_network::Pending::age).transpose();
        Ok(age.or_raise(py)?.map(|age| age.as_secs()))
    }

    /// The name that its link has in the host's namespace, if it was created there to be moved.
    #[getter]
    fn link(&self) -> Option<&str> {
        self.0.link.as_ref().map(macvlan_core::LinkName::as_str)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        const SHOWN: [&str; 6] = ["container", "name", "host", "interface", "mac", "addresses"];
        attributes_text(slf, &SHOWN)
    }
}
