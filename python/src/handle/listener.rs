//! The events of a namespace, without waiting; `macvlan.Watch`, in `macvlan/_watch.py`, waits.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use macvlan_core::{Event, Watch};
use pyo3::prelude::*;

use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::value::address_info::AddressInfo;
use crate::value::link_info::LinkInfo;
use crate::value::route_info::RouteInfo;

/// What hears the events of a namespace.
#[pyclass(frozen, module = "macvlan._macvlan")]
pub(crate) struct Listener(Closable<Watch>);

impl Listener {
    pub(crate) fn new(watch: Watch) -> Self {
        Self(Closable::new("Watch", watch))
    }
}

#[pymethods]
impl Listener {
    /// The next event, if one is there already.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let event = py.detach(|| self.0.with(|watch| watch.next_within(Duration::ZERO)))?;
        event.or_raise(py)?.map(|event| typed(py, event)).transpose()
    }

    /// Its file descriptor, which becomes readable.
    fn fileno(&self) -> PyResult<RawFd> {
        self.0.with(|watch| watch.as_fd().as_raw_fd())
    }

    /// Stops listening.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// An event as one of the classes of `macvlan/_watch.py`.
fn typed(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
    let class = |name: &str| py.import("macvlan._watch")?.getattr(name);
    match event {
        Event::NewLink(link) => class("NewLink")?.call1((LinkInfo(*link),)),
        Event::DelLink(link) => class("DelLink")?.call1((LinkInfo(*link),)),
        Event::NewAddress(address) => class("NewAddress")?.call1((AddressInfo(address),)),
        Event::DelAddress(address) => class("DelAddress")?.call1((AddressInfo(address),)),
        Event::NewRoute(route) => class("NewRoute")?.call1((RouteInfo(route),)),
        Event::DelRoute(route) => class("DelRoute")?.call1((RouteInfo(route),)),
        // Also of whatever the core may tell one day and this does not know.
        _ => class("Lost")?.call0(),
    }
}
