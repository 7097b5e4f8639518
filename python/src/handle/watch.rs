//! `macvlan.Watch`: the events of a namespace.

use std::os::fd::{AsFd, AsRawFd, IntoRawFd, RawFd};
use std::time::Duration;

use macvlan_core::{Event, Result, Watch as Core};
use pyo3::prelude::*;

use crate::base::argument::take;
use crate::base::waiting::{self, Source, Waited};
use crate::value::address_info::AddressInfo;
use crate::value::link_info::LinkInfo;
use crate::value::route_info::RouteInfo;

/// The events of one namespace, since Handle.watch() opened it.
///
/// As an iterator it waits for each event and never ends; next_within() waits for a limited time.
/// `async for` waits in the running asyncio loop. For other loops, fileno() becomes readable; then
/// call next_within(0) until it returns None. Only one caller can wait at a time; a second one gets
/// a RuntimeError.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Watch(Waited<Core>);

impl Watch {
    pub(crate) fn new(watch: Core) -> PyResult<Self> {
        Waited::new("Watch", watch).map(Self)
    }
}

impl Source for Core {
    type Event = Event;

    fn next(&mut self) -> Result<Option<Event>> {
        self.next_within(Duration::ZERO)
    }
}

#[pymethods]
impl Watch {
    /// Waits for the next event and returns it, or None after this time. It is in seconds or a
    /// timedelta.
    fn next_within<'py>(&self, timeout: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = timeout.py();
        let event = self.0.next(py, Some(take("timeout", timeout)?))?;
        event.map(|event| typed(py, event)).transpose()
    }

    /// Returns the file descriptor, which becomes readable when there may be an event.
    fn fileno(&self) -> PyResult<RawFd> {
        self.0.with(|watch| watch.as_fd().as_raw_fd())
    }

    /// Stops watching. A wait in another thread or task ends with a ValueError.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Returns a descriptor that becomes readable when it is closed, for asyncio.
    fn _closing(&self) -> PyResult<RawFd> {
        Ok(self.0.closing()?.into_raw_fd())
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let event = self.0.next(py, None)?;
        event.map(|event| typed(py, event)).transpose()
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        waiting::in_asyncio(slf)
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_closed() { "<Watch, closed>" } else { "<Watch>" }
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().fileno()?;
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

/// Converts an event to one of the classes of `macvlan/_events.py`.
fn typed(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
    let class = |name: &str| py.import("macvlan._events")?.getattr(name);
    match event {
        Event::NewLink(link) => class("NewLink")?.call1((LinkInfo(*link),)),
        Event::DelLink(link) => class("DelLink")?.call1((LinkInfo(*link),)),
        Event::NewAddress(address) => class("NewAddress")?.call1((AddressInfo(address),)),
        Event::DelAddress(address) => class("DelAddress")?.call1((AddressInfo(address),)),
        Event::NewRoute(route) => class("NewRoute")?.call1((RouteInfo(route),)),
        Event::DelRoute(route) => class("DelRoute")?.call1((RouteInfo(route),)),
        // Also for kinds of events that a later core may add.
        _ => class("Lost")?.call0(),
    }
}
