//! `macvlan.Pool`: namespaces that already have a link.

use std::sync::Arc;

use macvlan_core::{Endpoint as CoreEndpoint, Pool as Core};
use pyo3::prelude::*;

use crate::base::argument::take;
use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::endpoint::attachment::Attachment;
use crate::handle::netns::NetNs;

/// Namespaces that already have a link, for containers that have to start quickly. From
/// Host.pool().
///
/// attach() takes one out, whose link then gets its name, addresses and routes in a fraction of the
/// time. The container's process has to join that namespace, the attachment's netns. The pool is
/// not filled automatically: call fill() at a suitable time. Unused namespaces end with the pool.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Pool(Closable<Arc<Core>>);

impl Pool {
    pub(crate) fn new(pool: Core) -> Self {
        Self(Closable::new("Pool", Arc::new(pool)))
    }
}

#[pymethods]
impl Pool {
    /// Creates namespaces until the pool is full, and returns their number.
    fn fill(&self, py: Python<'_>) -> PyResult<usize> {
        let pool = self.0.get()?;
        py.detach(|| pool.fill()).or_raise(py)
    }

    /// Takes a namespace from the pool and attaches an endpoint in it. Creates one if the pool is
    /// empty. Returns a NetNs, which the container's process has to join, or the namespace ends
    /// with it, and the Attachment.
    ///
    /// The endpoint may differ from the pool's links in name, MAC address, addresses, gateways,
    /// routes, source routing, alias, alternative names and address generation.
    fn attach(&self, py: Python<'_>, endpoint: &Bound<'_, PyAny>) -> PyResult<(NetNs, Attachment)> {
        let pool = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let (netns, attachment) = py.detach(|| pool.attach(&endpoint)).or_raise(py)?;
        Ok((NetNs::new(netns), Attachment::new(attachment)))
    }

    /// Returns the namespaces that are ready, in the order in which they will be used.
    fn namespaces(&self, py: Python<'_>) -> PyResult<Vec<NetNs>> {
        let pool = self.0.get()?;
        Ok(py.detach(|| pool.namespaces()).into_iter().map(NetNs::new).collect())
    }

    /// Returns the number of namespaces that are ready.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let pool = self.0.get()?;
        Ok(py.detach(|| pool.len()))
    }

    /// Drops the unused namespaces.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match self.0.get() {
            Ok(pool) => format!("<Pool, {} ready>", py.detach(|| pool.len())),
            Err(_) => "<Pool, closed>".to_owned(),
        }
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().0.get()?;
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
