//! `macvlan.Keeper` and `KeepEvent`: attaches endpoints again when their parent returns.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::time::Duration;

use macvlan_core::{
    Cancel as CoreCancel, Endpoint as CoreEndpoint, KeepEvent as CoreEvent, KeepEventKind,
    Keeper as Core, LinkName, NetNs as CoreNetNs, Result,
};
use pyo3::prelude::*;

use crate::base::argument::take;
use crate::base::error::{OrRaise, raised};
use crate::base::output::{Enumeration, attributes_text, enumerations};
use crate::base::waiting::{self, Source, Waited};
use crate::endpoint::attachment::Attachment;
use crate::handle::netns::{NetNs, netns_id};

/// Keeps endpoints attached across the removal of their parent, from Host.keep().
///
/// When the parent returns, they are attached again with the same name, MAC address, addresses and
/// routes. A returning parent is identified by its index and MAC address, by its MAC address, or by
/// its name, if that is not another card's. The keeper does not react if a link goes down. It does
/// not keep namespaces in existence; for a container that has ended there is an event.
///
/// It works while it is asked for its next event: as an iterator, which never ends, or by
/// next_within(). `async for` does so in the running asyncio loop. For other loops, fileno()
/// becomes readable; then, and after patience() seconds, call next_within(0) until it returns None.
/// Only one caller can wait at a time; a second one gets a RuntimeError. The endpoints stay
/// attached when it is closed.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Keeper {
    waited: Waited<Keeping>,
    cancel: CoreCancel,
}

pub(crate) struct Keeping {
    keeper: Core,
    /// True if the attach of one of the endpoints may wait.
    waits: bool,
}

impl Keeper {
    /// Makes a keeper with the token that cancels its work.
    pub(crate) fn new((keeper, cancel): (Core, CoreCancel), waits: bool) -> PyResult<Self> {
        Ok(Self { waited: Waited::new("Keeper", Keeping { keeper, waits })?, cancel })
    }

    /// Its lock is held while it attaches, so it is never awaited with the interpreter held.
    fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Core) -> R + Send,
    ) -> PyResult<R> {
        py.detach(|| self.waited.with(|keeping| work(&mut keeping.keeper)))
    }
}

impl Source for Keeping {
    type Event = CoreEvent;

    fn next(&mut self) -> Result<Option<CoreEvent>> {
        self.keeper.next_within(Duration::ZERO)
    }

    fn patience(&self) -> Option<Duration> {
        self.keeper.patience()
    }

    fn takes_time(&self) -> bool {
        self.waits
    }

    fn set_cancel(&mut self, cancel: &CoreCancel) {
        self.keeper.set_cancel(cancel);
    }
}

impl AsFd for Keeping {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.keeper.as_fd()
    }
}

#[pymethods]
impl Keeper {
    /// Keeps another endpoint attached, like Host.keep().
    fn add(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        if !endpoint.waits() {
            return self.with(py, |keeper| keeper.add(endpoint, &netns))?.or_raise(py);
        }
        let add = move |keeping: &mut Keeping| {
            keeping.waits = true;
            keeping.keeper.add(endpoint, &netns)
        };
        self.waited.work(py, add)?.or_raise(py)
    }

    /// Stops keeping an endpoint, and returns its attachment, which stays attached.
    ///
    /// None if there is none with this name in this namespace, or its parent is gone.
    fn release(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Attachment>> {
        let (name, netns): (LinkName, CoreNetNs) = (take("name", name)?, take("netns", netns)?);
        Ok(self.with(py, |keeper| keeper.release(name, &netns))?.map(Attachment::new))
    }

    /// Returns the current attachments.
    fn attachments(&self, py: Python<'_>) -> PyResult<Vec<Attachment>> {
        let found = self.with(py, |keeper| keeper.attachments().cloned().collect::<Vec<_>>())?;
        Ok(found.into_iter().map(Attachment::new).collect())
    }

    /// Does the pending work, and returns the next event, or None after this time. It is in seconds
    /// or a timedelta. An endpoint's probe takes additional time.
    fn next_within(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Option<KeepEvent>> {
        let limit = Some(take("timeout", timeout)?);
        Ok(self.waited.next(timeout.py(), limit)?.map(KeepEvent))
    }

    /// Returns the time in seconds after which next_within() has to be called. It has to be called
    /// then even if fileno() is not readable, because a failed attach is due for a retry. None if
    /// there is no such limit.
    fn patience(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        self.with(py, |keeper| keeper.patience().map(|patience| patience.as_secs_f64()))
    }

    /// Returns the file descriptor, which becomes readable when there may be work.
    fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.with(py, |keeper| keeper.as_fd().as_raw_fd())
    }

    /// Stops keeping all endpoints, which stay attached. A wait in another thread or task ends with
    /// a ValueError, and a running probe is cancelled.
    fn close(&self, py: Python<'_>) {
        self.cancel.cancel();
        self.waited.close(py);
    }

    /// Returns a descriptor that becomes readable when it is closed, for asyncio.
    fn _closing(&self) -> PyResult<RawFd> {
        Ok(self.waited.closing()?.into_raw_fd())
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.waited.is_closed())
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<KeepEvent>> {
        Ok(self.waited.next(py, None)?.map(KeepEvent))
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        waiting::in_asyncio(slf)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match self.with(py, |keeper| keeper.attachments().count()) {
            Ok(attached) => format!("<Keeper, {attached} attached>"),
            Err(_) => "<Keeper, closed>".to_owned(),
        }
    }

    fn __enter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().fileno(py)?;
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

enumerations!(KeepEventKind = "KeepEventKind");

/// An event of a Keeper. str() returns a sentence.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct KeepEvent(CoreEvent);

#[pymethods]
impl KeepEvent {
    /// Returns the kind of the event.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// Returns the name of the endpoint.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    /// Opens the container's namespace.
    ///
    /// Raises MacvlanError if the container has ended.
    #[getter]
    fn netns(&self, py: Python<'_>) -> PyResult<NetNs> {
        py.detach(|| self.0.netns()).or_raise(py).map(NetNs::new)
    }

    /// Returns the identity of that namespace, also of one that has ended, as NetNs.id.
    #[getter]
    fn netns_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.0.netns_id())
    }

    /// Returns the attachment, if the event has one. It is the former one for GONE, the current one
    /// for ATTACHED and RENAMED, and None for other kinds.
    #[getter]
    fn attachment(&self) -> Option<Attachment> {
        self.0.attachment().cloned().map(Attachment::new)
    }

    /// Returns the parent's new name for RENAMED; None for other kinds.
    #[getter]
    fn parent(&self) -> Option<String> {
        self.0.parent().map(|parent| parent.to_string())
    }

    /// Returns the reason for FAILED and ENDED; None for other kinds. It is an exception that is
    /// not raised.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.0.error().map(|error| raised(py, error).into_value(py).into_bound(py).into_any())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["kind", "name", "netns_id", "attachment", "parent", "error"])
    }
}
