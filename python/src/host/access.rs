//! `macvlan.HostAccess` and `PendingMove`: the host's access to its containers.

use std::sync::Arc;
use std::time::Duration;

use macvlan_core::{
    Attachment as CoreAttachment, Endpoint as CoreEndpoint, HostAccess as Core, NetNs as CoreNetNs,
    PendingMove as CoreMoving,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::base::argument::take;
use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::base::output::{Enumeration, network};
use crate::base::waiting;
use crate::endpoint::attachment::Attachment;

/// The host's access to the containers on one parent, through a macvlan of its own (a shim). From
/// Host.access().
///
/// The host can reach containers in mode bridge that are attached with attach(), and these can
/// reach the host at the parent's addresses. The host's link is deleted when the last container is
/// detached with detach() or the access is closed, unless it is kept. A with block closes the
/// access at its end.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct HostAccess(Closable<Arc<Core>>);

impl HostAccess {
    pub(crate) fn new(access: Core) -> Self {
        Self(Closable::new("HostAccess", Arc::new(access)))
    }
}

#[pymethods]
impl HostAccess {
    /// Returns the last known name of the host's link; None while there is no container.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let access = self.0.get()?;
        Ok(py.detach(|| access.name()).map(|name| name.to_string()))
    }

    /// Returns the index of the host's link; None while there is no link.
    #[getter]
    fn index(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        let access = self.0.get()?;
        Ok(py.detach(|| access.index()))
    }

    /// Returns the destinations that the host reaches through the link.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let access = self.0.get()?;
        let routes = py.detach(|| access.routes());
        let routes =
            routes.into_iter().map(|net| network(py, net)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, routes)
    }

    /// Attaches an endpoint like Host.attach(), and adds routes to its addresses on the host. On a
    /// failure nothing is changed. The endpoint must be a macvlan or macvtap in mode bridge on the
    /// same parent.
    fn attach(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Attachment> {
        let access = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        let attached = if endpoint.waits() {
            let its = Arc::clone(&access);
            waiting::or_undo(
                py,
                move |cancel| its.attach_cancelled_by(&endpoint, &netns, cancel),
                move |made| drop(made.map(|made| access.detach(&made))),
            )?
        } else {
            py.detach(|| access.attach(&endpoint, &netns))
        };
        attached.or_raise(py).map(Attachment::new)
    }

    /// Adds routes to the addresses of a container that is already attached.
    fn add(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<()> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.add(&attachment)).or_raise(py)
    }

    /// Updates the borrowed addresses of the host's link, and restores a deleted link. Only reads
    /// if there is nothing to do.
    ///
    /// Call it after events of Handle.watch() for addresses of the parent or for the host's link.
    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let access = self.0.get()?;
        py.detach(|| access.refresh()).or_raise(py)
    }

    /// Detaches like Host.detach(), and deletes the host's routes to the container. With the last
    /// container, this also deletes the host's link, unless it is kept.
    fn detach<'py>(
        &self,
        py: Python<'py>,
        attachment: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.detach(&attachment)).or_raise(py)?.to_member(py)
    }

    /// Deletes the host's routes to a container without a change in the container.
    fn remove(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<()> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.remove(&attachment)).or_raise(py)
    }

    /// Moves the parent's addresses, and the routes through it, to the host's link. Host and
    /// containers are then ordinary neighbours. On a failure nothing is changed.
    ///
    /// Unless it is confirmed before the deadline, in seconds or as a timedelta, the addresses are
    /// moved back, so an administrator who is cut off only has to wait. A with block confirms at
    /// its end, and undoes on an exception. A DHCP client or network manager has to be reconfigured
    /// separately.
    fn move_addresses(&self, py: Python<'_>, deadline: &Bound<'_, PyAny>) -> PyResult<PendingMove> {
        let access = self.0.get()?;
        let deadline: Duration = take("deadline", deadline)?;
        let moving = py.detach(|| access.move_addresses(deadline)).or_raise(py)?;
        Ok(PendingMove(Closable::new("PendingMove", moving)))
    }

    /// Moves the addresses and routes back to the parent, if they were moved. They may have been
    /// moved by this process or, for a link that was kept, by another one.
    fn move_back(&self, py: Python<'_>) -> PyResult<()> {
        let access = self.0.get()?;
        py.detach(|| access.move_back()).or_raise(py)
    }

    /// Deletes the host's link with its routes, unless it is kept. Moved addresses are moved back
    /// first.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        // If another thread is using it, it is dropped with the end of that.
        let close = || self.0.take().and_then(Arc::into_inner).map_or(Ok(()), Core::close);
        py.detach(close).or_raise(py)
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let Ok(access) = self.0.get() else { return "<HostAccess, closed>".to_owned() };
        py.detach(|| match access.name() {
            Some(name) => format!("<HostAccess by {name}, {} routes>", access.routes().len()),
            None => "<HostAccess, without a link now>".to_owned(),
        })
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
    ) -> PyResult<()> {
        let _ = (kind, error, traceback);
        self.close(py)
    }
}

/// A move of addresses that is to be confirmed, from HostAccess.move_addresses().
///
/// If it is not confirmed until the deadline, or is collected, the addresses are moved back. A with
/// block confirms at its end, and undoes on an exception, unless one of these was done in it.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct PendingMove(Closable<CoreMoving>);

#[pymethods]
impl PendingMove {
    /// Confirms the move, so that the addresses stay. Raises TimedOut if they were moved back at
    /// the deadline.
    fn confirm(&self, py: Python<'_>) -> PyResult<()> {
        let moving = self.0.take().ok_or_else(decided)?;
        py.detach(|| moving.confirm()).or_raise(py)
    }

    /// Moves the addresses back now.
    fn undo(&self, py: Python<'_>) -> PyResult<()> {
        let moving = self.0.take().ok_or_else(decided)?;
        py.detach(|| moving.undo()).or_raise(py)
    }

    /// Returns whether the move is neither confirmed nor undone.
    #[getter]
    fn is_pending(&self, py: Python<'_>) -> bool {
        py.detach(|| self.0.with(|moving| moving.is_pending())).unwrap_or(false)
    }

    fn __repr__(&self, py: Python<'_>) -> &'static str {
        if self.is_pending(py) { "<PendingMove, to be confirmed>" } else { "<PendingMove, over>" }
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        if slf.get().0.is_closed() { Err(decided()) } else { Ok(slf) }
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        if self.0.is_closed() {
            return Ok(());
        }
        if kind.is_none() { self.confirm(py) } else { self.undo(py) }
    }
}

fn decided() -> PyErr {
    PyValueError::new_err("the move has been confirmed or undone already")
}
