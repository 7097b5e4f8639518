//! `macvlan.Pool`: namespaces with their link already inside, made before they are needed.

use std::sync::Arc;

use macvlan_core::{Endpoint as CoreEndpoint, Pool as Core};
use pyo3::prelude::*;

use crate::base::argument::take;
use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::endpoint::attachment::Attachment;
use crate::handle::netns::NetNs;

/// Namespaces with a link already inside, of Host.pool(), for containers that cannot wait.
///
/// attach() takes one out, and its link then gets its name, addresses and routes, in a fraction of
/// the time; the container's process has to join that namespace, which is the attachment's netns. The
/// pool does not fill itself: call fill() when there is time. Namespaces that nobody has taken go with
/// the pool.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Pool(Closable<Arc<Core>>);

impl Pool {
    pub(crate) fn new(pool: Core) -> Self {
        Self(Closable::new("Pool", Arc::new(pool)))
    }
}

#[pymethods]
impl Pool {
    /// Makes namespaces until the pool is full again, and tells how many were made.
    fn fill(&self, py: Python<'_>) -> PyResult<usize> {
        let pool = self.0.get()?;
        py.detach(|| pool.fill()).or_raise(py)
    }

    /// Takes a namespace out of the pool and makes its link this endpoint; from an empty pool, with
    /// one made now: a NetNs for the container's process to join, which the namespace ends with otherwise,
    /// and the Attachment.
    ///
    /// The endpoint may differ from the pool's links in name, MAC address, addresses, gateways,
    /// routes, source routing, alias, alternative names and address generation.
    fn attach(&self, py: Python<'_>, endpoint: &Bound<'_, PyAny>) -> PyResult<(NetNs, Attachment)> {
        let pool = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let (netns, attachment) = py.detach(|| pool.attach(&endpoint)).or_raise(py)?;
        Ok((NetNs::new(netns), Attachment::new(attachment)))
    }

    /// The namespaces that are ready, the one to be taken next first.
    fn namespaces(&self, py: Python<'_>) -> PyResult<Vec<NetNs>> {
        let pool = self.0.get()?;
        Ok(py.detach(|| pool.namespaces()).into_iter().map(NetNs::new).collect())
    }

    /// How many namespaces are ready.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let pool = self.0.get()?;
        Ok(py.detach(|| pool.len()))
    }

    /// Gives up the namespaces that nobody has taken.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Whether it is closed.
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
