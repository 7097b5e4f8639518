//! `macvlan.HostAccess` and `Moving`: the host's own way to its containers.

use std::sync::Arc;
use std::time::Duration;

use macvlan_core::{
    Attachment as CoreAttachment, Endpoint as CoreEndpoint, HostAccess as Core,
    Moving as CoreMoving, NetNs as CoreNetNs,
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

/// A host's way to the containers on one parent, of Host.access(): a macvlan of the host's beside them.
///
/// Containers that are attached by its attach(), in mode bridge, reach the host and are reached. When
/// the last of them is detached by it, or it is closed, the host's link goes, unless it is to be kept.
/// As a context manager it closes itself.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct HostAccess(Closable<Arc<Core>>);

impl HostAccess {
    pub(crate) fn new(access: Core) -> Self {
        Self(Closable::new("HostAccess", Arc::new(access)))
    }
}

#[pymethods]
impl HostAccess {
    /// The name of the host's link; None while there is none, because the last container has gone.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let access = self.0.get()?;
        Ok(py.detach(|| access.name()).map(|name| name.to_string()))
    }

    /// The index of the host's link.
    #[getter]
    fn index(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        let access = self.0.get()?;
        Ok(py.detach(|| access.index()))
    }

    /// The destinations that the host reaches by it.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let access = self.0.get()?;
        let routes = py.detach(|| access.routes());
        let routes =
            routes.into_iter().map(|net| network(py, net)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, routes)
    }

    /// As Host.attach(), and the host has a route to each of the container's addresses; all of it, or
    /// nothing. The endpoint has to be a macvlan or macvtap in mode bridge on the same parent.
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

    /// Lets the host reach a container that is attached already.
    fn add(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<()> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.add(&attachment)).or_raise(py)
    }

    /// Lends the addresses that the parent has now, and makes the host's link again if it was deleted, with
    /// its routes. Where all is right it only looks.
    ///
    /// To be called after events of Handle.watch() that are about addresses of the parent or the link.
    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let access = self.0.get()?;
        py.detach(|| access.refresh()).or_raise(py)
    }

    /// As Host.detach(), and the host's routes to the container go; with the last container, the host's
    /// link too, unless it is to be kept.
    fn detach<'py>(
        &self,
        py: Python<'py>,
        attachment: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.detach(&attachment)).or_raise(py)?.to_member(py)
    }

    /// Takes the host's routes to a container away, and leaves the container as it is.
    fn remove(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<()> {
        let access = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| access.remove(&attachment)).or_raise(py)
    }

    /// Moves the parent's addresses, and the routes through it, to the host's link, so that host and
    /// containers are plain neighbours; all of it, or nothing.
    ///
    /// Unless it is confirmed within `deadline`, in seconds or as a timedelta, it undoes itself: who has
    /// cut himself off only has to wait. In a with block it is confirmed at the end, and undone by an
    /// exception. A DHCP client or a network manager has to be told itself.
    fn move_addresses(&self, py: Python<'_>, deadline: &Bound<'_, PyAny>) -> PyResult<Moving> {
        let access = self.0.get()?;
        let deadline: Duration = take("deadline", deadline)?;
        let moving = py.detach(|| access.move_addresses(deadline)).or_raise(py)?;
        Ok(Moving(Closable::new("Moving", moving)))
    }

    /// Moves the addresses and routes back to the parent, if they have been moved, by this process or,
    /// with a link that was kept, by another.
    fn move_back(&self, py: Python<'_>) -> PyResult<()> {
        let access = self.0.get()?;
        py.detach(|| access.move_back()).or_raise(py)
    }

    /// Takes the host's link away with its routes, if it is not to be kept. Addresses that were moved
    /// are moved back before.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        // Where another thread is in the middle of something, it goes with that.
        let close = || self.0.take().and_then(Arc::into_inner).map_or(Ok(()), Core::close);
        py.detach(close).or_raise(py)
    }

    /// Whether it is closed.
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

/// Addresses that have been moved, to be confirmed: of HostAccess.move_addresses().
///
/// At its deadline it moves them back by itself, and at once when it is collected. A with block confirms
/// at its end, and undoes by an exception, unless one of both was done inside.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Moving(Closable<CoreMoving>);

#[pymethods]
impl Moving {
    /// Leaves the addresses where they are. Too late, when they have been moved back already, is
    /// TimedOut.
    fn confirm(&self, py: Python<'_>) -> PyResult<()> {
        let moving = self.0.take().ok_or_else(decided)?;
        py.detach(|| moving.confirm()).or_raise(py)
    }

    /// Moves the addresses back now.
    fn undo(&self, py: Python<'_>) -> PyResult<()> {
        let moving = self.0.take().ok_or_else(decided)?;
        py.detach(|| moving.undo()).or_raise(py)
    }

    /// Whether they are still moved and to be confirmed.
    #[getter]
    fn is_pending(&self, py: Python<'_>) -> bool {
        py.detach(|| self.0.with(|moving| moving.is_pending())).unwrap_or(false)
    }

    fn __repr__(&self, py: Python<'_>) -> &'static str {
        if self.is_pending(py) { "<Moving, to be confirmed>" } else { "<Moving, over>" }
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
