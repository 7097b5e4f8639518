//! `macvlan.Announce` and `Announcement`: announcements of addresses.

use std::sync::Arc;

use macvlan_core::{Announce as Core, Announcement as CoreAnnouncement};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, text};
use crate::base::closable::Closable;
use crate::base::data::from_data;
use crate::base::error::OrRaise;
use crate::base::output::call_text;
use crate::base::waiting;

/// The settings of announcements of addresses to the neighbours. They are sent as gratuitous ARP
/// and unsolicited neighbour advertisements. A neighbour that has an entry for a previous holder of
/// the address then updates it at once.
///
/// count: the number of announcements, at least 1.
/// interval: the time between announcements, in seconds or as a timedelta.
/// blocking: whether attach waits until all are sent. Otherwise it sends only the first one, and
///     Attachment.announce(…).run() sends the others.
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Announce(pub(crate) Core);

/// The words for predefined settings.
const WORDS: [&str; 2] = ["once", "rfc"];

/// Returns the word for these settings, if there is one.
pub(crate) fn word(announce: &Core) -> Option<&'static str> {
    WORDS.into_iter().find(|word| word.parse::<Core>().is_ok_and(|one| one == *announce))
}

#[pymethods]
impl Announce {
    #[new]
    #[pyo3(
        signature = (count=Arg::Missing, *, interval=Arg::Missing, blocking=Arg::Missing),
        text_signature = "(count=1, *, interval=2.0, blocking=False)"
    )]
    fn new(
        py: Python<'_>,
        count: Arg<'_, '_>,
        interval: Arg<'_, '_>,
        blocking: Arg<'_, '_>,
    ) -> PyResult<Self> {
        let once = Core::once();
        Ok(Self(
            once.count(count.or("count", once.get_count())?)
                .or_raise_for(py, "count")?
                .interval(interval.or("interval", once.get_interval())?)
                .blocking(blocking.or("blocking", false)?),
        ))
    }

    /// Makes announcements that are sent once. The kernel sends them when it starts to use the
    /// address, at almost no cost.
    #[staticmethod]
    fn once() -> Self {
        Self(Core::once())
    }

    /// Makes announcements as in RFC 5227: two, two seconds apart.
    #[staticmethod]
    fn rfc() -> Self {
        Self(Core::rfc())
    }

    /// Returns the number of announcements.
    #[getter]
    fn count(&self) -> u32 {
        self.0.get_count()
    }

    /// Returns the time between announcements in seconds.
    #[getter]
    fn interval(&self) -> f64 {
        self.0.get_interval().as_secs_f64()
    }

    /// Returns whether attach waits until all announcements are sent.
    #[getter]
    fn blocking(&self) -> bool {
        self.0.get_blocking()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Announce", &positional, &named)
    }

    /// Returns the arguments that make an equal object, without those that equal the defaults.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let (announce, once) = (&self.0, Core::once());
        let named = PyDict::new(py);
        if announce.get_count() != once.get_count() {
            named.set_item("count", announce.get_count())?;
        }
        if announce.get_interval() != once.get_interval() {
            named.set_item("interval", announce.get_interval().as_secs_f64())?;
        }
        if announce.get_blocking() {
            named.set_item("blocking", true)?;
        }
        Ok((PyTuple::empty(py), named))
    }
}

/// Announcements of an attachment's addresses, to be sent by the caller. From
/// Attachment.announce(). It holds a socket until it is closed.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Announcement {
    announce: Core,
    announcement: Closable<Arc<CoreAnnouncement>>,
}

impl Announcement {
    pub(crate) fn new(announce: Core, announcement: CoreAnnouncement) -> Self {
        Self { announce, announcement: Closable::new("Announcement", Arc::new(announcement)) }
    }
}

#[pymethods]
impl Announcement {
    /// Sends all announcements and returns the number of frames sent, after the last one. Ctrl-C
    /// ends it.
    fn run(&self, py: Python<'_>) -> PyResult<usize> {
        let announcement = self.announcement.get()?;
        waiting::or_undo(py, move |cancel| announcement.run_until(cancel), drop)?.or_raise(py)
    }

    /// Announces each address once, now, and returns the number of frames sent. Skips addresses
    /// that the link no longer has or that the kernel is still checking.
    fn send(&self, py: Python<'_>) -> PyResult<usize> {
        let announcement = self.announcement.get()?;
        py.detach(|| announcement.send()).or_raise(py)
    }

    /// Closes the socket.
    fn close(&self, py: Python<'_>) {
        self.announcement.close(py);
    }

    /// Returns whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.announcement.is_closed()
    }

    fn __repr__(&self) -> String {
        let closed = if self.closed() { ", closed" } else { "" };
        format!("<Announcement, {}{closed}>", self.announce)
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().announcement.get()?;
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

impl Take for Core {
    const EXPECTED: &'static str = "an Announce or its dict, \"once\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyDict>() {
            return Ok(from_data("Announce", value)?);
        }
        if let Ok(announce) = value.cast::<Announce>() {
            return Ok(announce.get().0);
        }
        Ok(text(value)?.ok_or(Refusal::Type)?.to_lowercase().parse()?)
    }
}
