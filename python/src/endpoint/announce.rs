//! `macvlan.Announce` and `Announcement`: telling the neighbours where an address is now.

use std::sync::Arc;

use macvlan_core::{Announce as Core, Announcement as CoreAnnouncement};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, text};
use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::base::output::call_text;
use crate::base::waiting;

/// How the neighbours are told of addresses: gratuitous ARP and unsolicited neighbour advertisements.
/// Whoever has talked to an address before, when it was somebody else's, learns of it at once.
///
/// count: how many times, 1 at least.
/// interval: how many seconds (or a timedelta) from one to the next.
/// blocking: whether attaching is to take as long as all of them. If not, it sends the first alone,
///     and the others are sent by who calls Attachment.announce(…).run().
#[pyclass(frozen, eq, hash, module = "macvlan")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Announce(pub(crate) Core);

/// The words that stand for one.
const WORDS: [&str; 2] = ["once", "rfc"];

/// Returns the word that stands for it, if there is one.
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

    /// Once, by the kernel when it takes the address into use, which costs attaching next to nothing.
    #[staticmethod]
    fn once() -> Self {
        Self(Core::once())
    }

    /// As RFC 5227 has it: twice, two seconds apart.
    #[staticmethod]
    fn rfc() -> Self {
        Self(Core::rfc())
    }

    /// How many times.
    #[getter]
    fn count(&self) -> u32 {
        self.0.get_count()
    }

    /// How long from one to the next, in seconds.
    #[getter]
    fn interval(&self) -> f64 {
        self.0.get_interval().as_secs_f64()
    }

    /// Whether attaching takes as long as all of them.
    #[getter]
    fn blocking(&self) -> bool {
        self.0.is_blocking()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (positional, named) = self.__getnewargs_ex__(py)?;
        call_text("Announce", &positional, &named)
    }

    /// The arguments that make the same, without those that say what is meant anyway.
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
        if announce.is_blocking() {
            named.set_item("blocking", true)?;
        }
        Ok((PyTuple::empty(py), named))
    }
}

/// Announcements of an attachment's addresses, of Attachment.announce(), to be sent by whoever has the
/// time. It holds a socket until it is closed.
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
    /// Sends all of them, and takes as long as that; how many frames were sent. Ctrl-C ends it.
    fn run(&self, py: Python<'_>) -> PyResult<usize> {
        let announcement = self.announcement.get()?;
        waiting::or_undo(py, move |cancel| announcement.run_until(cancel), drop)?.or_raise(py)
    }

    /// Announces each address once, now; how many frames were sent. What the link does not have any
    /// more, or the kernel is still checking, is left out.
    fn send(&self, py: Python<'_>) -> PyResult<usize> {
        let announcement = self.announcement.get()?;
        py.detach(|| announcement.send()).or_raise(py)
    }

    /// Closes its socket.
    fn close(&self, py: Python<'_>) {
        self.announcement.close(py);
    }

    /// Whether it is closed.
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
    const EXPECTED: &'static str = "an Announce, \"once\" or \"rfc\"";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(announce) = value.cast::<Announce>() {
            return Ok(announce.get().0);
        }
        Ok(text(value)?.ok_or(Refusal::Type)?.to_lowercase().parse()?)
    }
}
