//! `macvlan.Keeper` and `KeepEvent`: endpoints that are attached again when their parent has gone and come
//! back.

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

/// Keeps endpoints attached, from when Host.keep() made it.
///
/// When their parent disappears and comes back they are attached again: same name, MAC address,
/// addresses, routes. A parent is followed by what it is: its index while it is there, and then its index
/// and MAC address, its MAC address, or, if that is no other card's, its name. That a link goes down is no
/// reason to do anything. Namespaces are not held open; a container that has ended is let go, and an
/// event says so.
///
/// It works when it is asked for the next event: as an iterator, which never ends, or by
/// next_within(). `async for` does so in the running asyncio loop. For other loops, fileno()
/// becomes readable; then, and after patience() seconds, call next_within(0) until it gives None.
/// One waits at a time; a second one gets a RuntimeError. When it is closed, the endpoints stay as they are.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Keeper {
    waited: Waited<Keeping>,
    cancel: CoreCancel,
}

pub(crate) struct Keeping {
    keeper: Core,
    /// Whether one of the endpoints takes time to be attached.
    waits: bool,
}

impl Keeper {
    /// With what ends the keeper's work.
    pub(crate) fn new((keeper, cancel): (Core, CoreCancel), waits: bool) -> PyResult<Self> {
        Ok(Self { waited: Waited::new("Keeper", Keeping { keeper, waits })?, cancel })
    }

    /// Its lock is held while it attaches, so it is never waited for with the interpreter held.
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
    /// Keeps one more, as Host.keep() does.
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

    /// Does not keep an endpoint any more, and gives its attachment, as it is.
    ///
    /// None if there is none with this name in this namespace, or its parent is gone now.
    fn release(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Attachment>> {
        let (name, netns): (LinkName, CoreNetNs) = (take("name", name)?, take("netns", netns)?);
        Ok(self.with(py, |keeper| keeper.release(name, &netns))?.map(Attachment::new))
    }

    /// What is attached at this moment.
    fn attachments(&self, py: Python<'_>) -> PyResult<Vec<Attachment>> {
        let found = self.with(py, |keeper| keeper.attachments().cloned().collect::<Vec<_>>())?;
        Ok(found.into_iter().map(Attachment::new).collect())
    }

    /// Sees to what has happened; the next event, or None if none comes within this time, in seconds or
    /// as a timedelta. An endpoint's probe takes its own time.
    fn next_within(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Option<KeepEvent>> {
        let limit = Some(take("timeout", timeout)?);
        Ok(self.waited.next(timeout.py(), limit)?.map(KeepEvent))
    }

    /// How many seconds another loop may wait until it calls next_within(); None for ever.
    ///
    /// Something that failed is to be tried again then, though fileno() has not become readable.
    fn patience(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        self.with(py, |keeper| keeper.patience().map(|patience| patience.as_secs_f64()))
    }

    /// Its file descriptor, which becomes readable when something has happened, or may have.
    fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.with(py, |keeper| keeper.as_fd().as_raw_fd())
    }

    /// Keeps nothing any more; what is attached stays so. Who waits in another thread or task gets a
    /// ValueError, and a probe that is under way is ended.
    fn close(&self, py: Python<'_>) {
        self.cancel.cancel();
        self.waited.close(py);
    }

    /// A descriptor that becomes readable when it is closed, for asyncio.
    fn _closing(&self) -> PyResult<RawFd> {
        Ok(self.waited.closing()?.into_raw_fd())
    }

    /// Whether it is closed.
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

/// What a Keeper has seen or done; str() says it in words.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct KeepEvent(CoreEvent);

#[pymethods]
impl KeepEvent {
    /// What has happened.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.kind().to_member(py)
    }

    /// The name of the endpoint that it is about.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    /// The namespace of the container that it is about.
    ///
    /// Raises MacvlanError if the container has ended.
    #[getter]
    fn netns(&self, py: Python<'_>) -> PyResult<NetNs> {
        py.detach(|| self.0.netns()).or_raise(py).map(NetNs::new)
    }

    /// What identifies that namespace, or did, as NetNs.id.
    #[getter]
    fn netns_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.0.netns_id())
    }

    /// The attachment: of GONE what it was, of ATTACHED and RENAMED what it is. None of the others.
    #[getter]
    fn attachment(&self) -> Option<Attachment> {
        self.0.attachment().cloned().map(Attachment::new)
    }

    /// What the parent is called now, of RENAMED.
    #[getter]
    fn parent(&self) -> Option<String> {
        self.0.parent().map(|parent| parent.to_string())
    }

    /// Why it failed, of FAILED and ENDED: an exception that is not raised.
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
