//! `macvlan.Attachment`: an attached endpoint.

use std::hash::{Hash, Hasher};
use std::os::fd::IntoRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use macvlan_core::{Announce, Attachment as Core, LinkId, NetNs as CoreNetNs};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, parse, take};
use crate::base::data::to_data;
use crate::base::error::OrRaise;
use crate::base::output::{addresses, attributes_text, endpoint_kind, link, mac};
use crate::endpoint::announce::Announcement;
use crate::handle::netns::{NetNs, netns_id};
use crate::value::link_info::LinkInfo;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// An attached endpoint: a container interface as it was set up.
///
/// Its properties are the values that were set, without asking the kernel; refresh() reads the
/// current ones. It does not keep the container's namespace in existence. To detach, it finds the
/// namespace by the NetNs that was used to attach, as long as that exists, and then opens it again
/// in the same way: by pid, pidfd, name or path. A namespace that was opened by a descriptor needs
/// that NetNs, or another one set with set_netns().
///
/// Two are equal if all their values are and the namespace is the same. The hash does not change
/// with refresh().
///
/// It cannot be pickled or copied. Another process finds it with Host.attachments().
#[pyclass(frozen, eq, hash, module = "macvlan")]
pub(crate) struct Attachment(Mutex<Arc<Core>>);

impl PartialEq for Attachment {
    fn eq(&self, other: &Self) -> bool {
        // Each is locked alone: two threads may compare the same two in either order.
        let (one, another) = (self.get(), other.get());
        one == another
    }
}

impl Hash for Attachment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl Attachment {
    pub(crate) fn new(attachment: Core) -> Self {
        Self(Mutex::new(Arc::new(attachment)))
    }

    /// Returns the current state; refresh() replaces it.
    pub(crate) fn get(&self) -> Arc<Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[pymethods]
impl Attachment {
    /// Returns the link's name in the container.
    #[getter]
    fn name(&self) -> String {
        self.get().name().to_string()
    }

    /// Returns the kind of link: macvlan, macvtap or vlan.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        endpoint_kind(py, self.get().kind())
    }

    /// Returns the link's index in the container.
    #[getter]
    fn index(&self) -> u32 {
        self.get().index()
    }

    /// Returns the link's MAC address, including one that was chosen at random.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mac(py, self.get().mac())
    }

    /// Returns the link's MTU in bytes; None if it was not set and there was no refresh().
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.get().mtu()
    }

    /// Returns the parent on the host: its name, or its index.
    #[getter]
    fn parent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        link(py, self.get().parent())
    }

    /// Returns the parent's index on the host.
    #[getter]
    fn parent_index(&self) -> u32 {
        self.get().parent_index()
    }

    /// Returns a handle on the container's namespace.
    ///
    /// Raises MacvlanError of the kind NAMESPACE_GONE if the namespace was opened in a way that no
    /// longer leads to it.
    #[getter]
    fn netns(&self, py: Python<'_>) -> PyResult<NetNs> {
        let attachment = self.get();
        py.detach(|| attachment.netns()).or_raise(py).map(NetNs::new)
    }

    /// Returns the identity of the container's namespace, as NetNs.id.
    #[getter]
    fn netns_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.get().netns_id())
    }

    /// Sets the NetNs by which the container's namespace is found. One on another namespace is
    /// refused.
    fn set_netns(&self, netns: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = netns.py();
        let netns: CoreNetNs = take("netns", netns)?;
        let mut attachment = Core::clone(&*self.get());
        py.detach(|| attachment.set_netns(&netns)).or_raise(py)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(attachment);
        Ok(())
    }

    /// Returns the addresses, as ipaddress.IPv4Interface and Address6.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        addresses(py, self.get().addresses())
    }

    /// Returns the endpoint's routes, including those that lead through other links.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.get().routes().iter().map(|one| Route(*one)).collect::<Vec<_>>())
    }

    /// Returns the policy rules of source_routing.
    #[getter]
    fn rules<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.get().rules().iter().map(|one| Rule(*one)).collect::<Vec<_>>())
    }

    /// Returns the device file of a macvtap; None for other kinds. It is /dev/tapN with the link's
    /// index.
    #[getter]
    fn tap_path(&self) -> Option<PathBuf> {
        self.get().tap_path()
    }

    /// Opens the device file of a macvtap for reading and writing. QEMU's `-netdev tap,fd=` takes
    /// the file's fileno(). Each call adds a queue.
    fn open_tap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let attachment = self.get();
        let tap = py.detach(|| attachment.open_tap()).or_raise(py)?;
        // The file owns the descriptor as soon as it is made.
        py.import("io")?.getattr("FileIO")?.call1((tap.into_raw_fd(), "r+"))
    }

    /// Makes announcements of the addresses: "once", "rfc" or an Announce. The caller sends them
    /// with Announcement.run() or send(), on any thread.
    #[pyo3(
        signature = (announce=Arg::Missing),
        text_signature = "($self, announce='once')"
    )]
    fn announce(&self, py: Python<'_>, announce: Arg<'_, '_>) -> PyResult<Announcement> {
        let (attachment, announce) = (self.get(), announce.or("announce", Announce::once())?);
        let made = py.detach(|| attachment.announce(announce)).or_raise(py)?;
        Ok(Announcement::new(announce, made))
    }

    /// Reads the current state from the kernel. This includes the name, the MAC address, the MTU,
    /// addresses, routes and rules.
    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let mut attachment = Core::clone(&*self.get());
        py.detach(|| attachment.refresh()).or_raise(py)?;
        let fresh = Arc::new(attachment);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Returns the values as a dict of plain data, with the identity of the namespace.
    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_data(py, &*self.get())
    }

    /// Refuses pickle and copy.
    #[allow(clippy::unused_self, reason = "a method of Python")]
    fn __reduce__(&self) -> PyResult<()> {
        let why = "cannot pickle or copy an Attachment: it finds its namespace by the handles of this \
            process; Host.attachments() lists those of a container in any process";
        Err(PyTypeError::new_err(why))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        const SHOWN: [&str; 7] =
            ["name", "kind", "parent", "index", "mac", "addresses", "netns_id"];
        attributes_text(slf, &SHOWN)
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "an Attachment";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let attachment = value.cast::<Attachment>().map_err(|_| Refusal::Type)?;
        Ok(Self::clone(&attachment.get().get()))
    }
}

/// Here, since an attachment is a link too.
impl Take for LinkId {
    const EXPECTED: &'static str = "a link: its name, its index, a LinkInfo or an Attachment";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if let Ok(link) = value.cast::<LinkInfo>() {
            return Ok(Self::from(&link.get().0));
        }
        if let Ok(attachment) = value.cast::<Attachment>() {
            return Ok(Self::from(&*attachment.get().get()));
        }
        if value.is_instance_of::<PyInt>() {
            return u32::take(value).map(Self::Index);
        }
        parse(value)
    }
}
