//! `macvlan.Host`: an open session on the namespace that parent links live in.

use std::sync::{Mutex, PoisonError};

use macvlan_core::{
    Attachment as CoreAttachment, Endpoint as CoreEndpoint, Host as Core, NetNs as CoreNetNs,
};
use pyo3::prelude::*;

use crate::argument::{maybe, take};
use crate::attachment::Attachment;
use crate::closable::Closable;
use crate::error::OrRaise;
use crate::handle::Handle;
use crate::netns::NetNs;

/// Attaches endpoints to containers, and detaches them.
///
/// On the namespace that the calling thread is in, or on another, where parents are looked for then.
/// Open one and keep it; threads can share it. Wherever a namespace is wanted, a NetNs, a pid, a name
/// of `ip netns` or a path will do.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Host(Closable<Core>);

#[pymethods]
impl Host {
    #[new]
    #[pyo3(signature = (netns=None))]
    fn new(py: Python<'_>, netns: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let netns: Option<CoreNetNs> = maybe("netns", netns)?;
        let host = py.detach(|| netns.map_or_else(Core::open, |netns| Core::in_netns(&netns)));
        Ok(Self(Closable::new("Host", host.or_raise(py)?)))
    }

    /// The namespace that parents are looked for in.
    #[getter]
    fn netns(&self) -> PyResult<NetNs> {
        Ok(NetNs::new(self.0.get()?.netns().clone()))
    }

    /// The verbs of `ip` on the host's namespace.
    fn handle(&self, py: Python<'_>) -> PyResult<Handle> {
        let host = self.0.get()?;
        py.detach(|| host.handle()).or_raise(py).map(Handle::new)
    }

    /// Gives a container its interface, addresses and routes: all of it, or nothing and an exception
    /// that says why.
    fn attach(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Attachment> {
        let host = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        attach(py, &host, &endpoint, &netns).map(Attachment::new)
    }

    /// Takes the interface away, and with it its addresses, routes and rules; and its parent, if that
    /// is a VLAN that was made on demand and nobody else is on it. The kernel takes about 16 ms for it.
    fn detach(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<()> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| host.detach(attachment)).or_raise(py)
    }

    /// For a with block: attaches on the way in, gives the Attachment, and detaches on the way out,
    /// also on an exception.
    fn attached(
        &self,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Attached> {
        Ok(Attached {
            host: self.0.get()?,
            endpoint: take("endpoint", endpoint)?,
            netns: take("netns", netns)?,
            attachment: Mutex::new(None),
        })
    }

    /// The interfaces in a container that hang on this host's links: macvlans, macvtaps and VLANs,
    /// whoever made them.
    fn attachments(&self, py: Python<'_>, netns: &Bound<'_, PyAny>) -> PyResult<Vec<Attachment>> {
        let host = self.0.get()?;
        let netns: CoreNetNs = take("netns", netns)?;
        let found = py.detach(|| host.attachments(&netns)).or_raise(py)?;
        Ok(found.into_iter().map(Attachment::new).collect())
    }

    /// Closes its file descriptors. What is attached stays attached.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    fn __repr__(&self) -> String {
        self.0.get().map_or_else(
            |_| "<Host, closed>".to_owned(),
            |host| format!("<Host in {} {}>", host.netns(), host.netns().id()),
        )
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

fn attach(
    py: Python<'_>,
    host: &Core,
    endpoint: &CoreEndpoint,
    netns: &CoreNetNs,
) -> PyResult<CoreAttachment> {
    py.detach(|| host.attach(endpoint, netns)).or_raise(py)
}

/// An endpoint that is attached in a with block.
#[pyclass(frozen, module = "macvlan._macvlan")]
pub(crate) struct Attached {
    host: Core,
    endpoint: CoreEndpoint,
    netns: CoreNetNs,
    attachment: Mutex<Option<CoreAttachment>>,
}

#[pymethods]
impl Attached {
    fn __enter__(&self, py: Python<'_>) -> PyResult<Attachment> {
        let attachment = attach(py, &self.host, &self.endpoint, &self.netns)?;
        *self.attachment.lock().unwrap_or_else(PoisonError::into_inner) = Some(attachment.clone());
        Ok(Attachment::new(attachment))
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
        let attachment = self.attachment.lock().unwrap_or_else(PoisonError::into_inner).take();
        match attachment {
            Some(attachment) => py.detach(|| self.host.detach(attachment)).or_raise(py),
            None => Ok(()),
        }
    }
}
