//! What keeps endpoints attached, without waiting; `macvlan.Keeper`, in `macvlan/_keep.py`, waits.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use macvlan_core::{
    Endpoint as CoreEndpoint, KeepEvent as CoreEvent, Keeper as Core, LinkName, NetNs as CoreNetNs,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::base::argument::take;
use crate::base::closable::Closable;
use crate::base::error::{OrRaise, raised};
use crate::base::output::attributes_text;
use crate::endpoint::attachment::Attachment;
use crate::handle::netns::NetNs;

/// What keeps endpoints attached. Its lock is held while it attaches them, so it is never waited for
/// with the interpreter held.
#[pyclass(frozen, module = "macvlan._macvlan")]
pub(crate) struct Keeping(Closable<Core>);

impl Keeping {
    pub(crate) fn new(keeper: Core) -> Self {
        Self(Closable::new("Keeper", keeper))
    }

    fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Core) -> R + Send,
    ) -> PyResult<R> {
        py.detach(|| self.0.with(work))
    }
}

#[pymethods]
impl Keeping {
    /// The next event, if one is there already or what is due brings one.
    fn next(&self, py: Python<'_>) -> PyResult<Option<KeepEvent>> {
        let event = self.with(py, |keeper| keeper.next_within(Duration::ZERO))?;
        Ok(event.or_raise(py)?.map(KeepEvent))
    }

    /// How long to wait at most until next() is called again; None for ever.
    fn patience(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        self.with(py, |keeper| keeper.patience().map(|patience| patience.as_secs_f64()))
    }

    /// Keeps one more.
    fn add(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        self.with(py, |keeper| keeper.add(endpoint, &netns))?.or_raise(py)
    }

    /// Does not keep an endpoint any more, and gives its attachment.
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

    /// Its file descriptor, which becomes readable.
    fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.with(py, |keeper| keeper.as_fd().as_raw_fd())
    }

    /// Keeps nothing any more.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.0.is_closed())
    }
}

/// What a Keeper has seen or done; str() says it in words.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct KeepEvent(CoreEvent);

#[pymethods]
impl KeepEvent {
    /// What has happened.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let kind = match &self.0 {
            CoreEvent::Gone(_) => "gone",
            CoreEvent::Attached(_) => "attached",
            CoreEvent::Renamed(..) => "renamed",
            CoreEvent::Failed(..) => "failed",
            CoreEvent::Ended(..) => "ended",
            _ => "other",
        };
        CLASS.import(py, "macvlan._enums", "KeepEventKind")?.call1((kind,))
    }

    /// The name of the endpoint that it is about.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_string()
    }

    /// The namespace of the container that it is about.
    #[getter]
    fn netns(&self) -> NetNs {
        NetNs::new(self.0.netns().clone())
    }

    /// The attachment: of GONE what it was, of ATTACHED and RENAMED what it is. None of the others.
    #[getter]
    fn attachment(&self) -> Option<Attachment> {
        match &self.0 {
            CoreEvent::Gone(one) | CoreEvent::Attached(one) | CoreEvent::Renamed(one, _) => {
                Some(Attachment::new(one.as_ref().clone()))
            }
            _ => None,
        }
    }

    /// What the parent is called now, of RENAMED.
    #[getter]
    fn parent(&self) -> Option<String> {
        match &self.0 {
            CoreEvent::Renamed(_, parent) => Some(parent.to_string()),
            _ => None,
        }
    }

    /// Why it failed, of FAILED and ENDED: an exception that is not raised.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        match &self.0 {
            CoreEvent::Failed(_, _, error) | CoreEvent::Ended(_, _, error) => {
                Some(raised(py, error).into_value(py).into_bound(py).into_any())
            }
            _ => None,
        }
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["kind", "name", "netns", "attachment", "parent", "error"])
    }
}
