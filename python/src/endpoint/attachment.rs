//! `macvlan.Attachment`: what an endpoint became in the kernel.

use std::os::fd::IntoRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use macvlan_core::{Announce, Attachment as Core, LinkId, NetNs as CoreNetNs};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use crate::base::argument::{Arg, Refusal, Take, parse, take};
use crate::base::error::OrRaise;
use crate::base::output::{addresses, attributes_text, endpoint_kind, link, mac};
use crate::endpoint::announce::Announcement;
use crate::handle::netns::{NetNs, netns_id};
use crate::value::link_info::LinkInfo;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// One container interface, as it was set up.
///
/// It tells what was set without asking the kernel again; refresh() asks. It does not hold the
/// container's namespace open. It finds it by the NetNs that the endpoint was attached by, as long as there
/// is one, and then opens it again in the same way: by pid, pidfd, name or path. Who has only a descriptor
/// keeps the NetNs, or gives another by set_netns().
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Attachment(Mutex<Arc<Core>>);

impl Attachment {
    pub(crate) fn new(attachment: Core) -> Self {
        Self(Mutex::new(Arc::new(attachment)))
    }

    /// As it is now; refresh() puts another in its place.
    pub(crate) fn get(&self) -> Arc<Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[pymethods]
impl Attachment {
    /// The link's name inside.
    #[getter]
    fn name(&self) -> String {
        self.get().name().to_string()
    }

    /// Its kind: macvlan, macvtap or vlan.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        endpoint_kind(py, self.get().kind())
    }

    /// The link's index inside.
    #[getter]
    fn index(&self) -> u32 {
        self.get().index()
    }

    /// The link's MAC address, also when nobody gave one.
    #[getter]
    fn mac<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mac(py, self.get().mac())
    }

    /// The link's MTU in bytes; None before refresh() if the endpoint gave none, and it has the
    /// parent's.
    #[getter]
    fn mtu(&self) -> Option<u32> {
        self.get().mtu()
    }

    /// The parent on the host: its name, or its index.
    #[getter]
    fn parent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        link(py, self.get().parent())
    }

    /// The parent's index on the host.
    #[getter]
    fn parent_index(&self) -> u32 {
        self.get().parent_index()
    }

    /// The container's namespace, held open by what is given.
    ///
    /// Raises MacvlanError of the kind NAMESPACE_GONE if the way by which it was opened leads nowhere any
    /// more, or to another namespace.
    #[getter]
    fn netns(&self, py: Python<'_>) -> PyResult<NetNs> {
        let attachment = self.get();
        py.detach(|| attachment.netns()).or_raise(py).map(NetNs::new)
    }

    /// What identifies the container's namespace, as NetNs.id.
    #[getter]
    fn netns_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.get().netns_id())
    }

    /// Sets the NetNs by which the container's namespace is found; one of another namespace is refused.
    fn set_netns(&self, netns: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = netns.py();
        let netns: CoreNetNs = take("netns", netns)?;
        let mut attachment = Core::clone(&*self.get());
        py.detach(|| attachment.set_netns(&netns)).or_raise(py)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(attachment);
        Ok(())
    }

    /// The addresses, as ipaddress.IPv4Interface and Address6.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        addresses(py, self.get().addresses())
    }

    /// The routes: those through the link, and those that it brought along.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.get().routes().iter().map(|one| Route(*one)).collect::<Vec<_>>())
    }

    /// The policy rules of source_routing.
    #[getter]
    fn rules<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.get().rules().iter().map(|one| Rule(*one)).collect::<Vec<_>>())
    }

    /// Where a VM monitor finds a macvtap's frames: /dev/tapN. None for other kinds.
    #[getter]
    fn tap_path(&self) -> Option<PathBuf> {
        self.get().tap_path()
    }

    /// Opens a macvtap for a VM monitor, for reading and writing: the file whose fileno() QEMU takes
    /// as `-netdev tap,fd=`. Every opening adds a queue.
    fn open_tap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let attachment = self.get();
        let tap = py.detach(|| attachment.open_tap()).or_raise(py)?;
        // The file owns the descriptor as soon as it is made.
        py.import("io")?.getattr("FileIO")?.call1((tap.into_raw_fd(), "r+"))
    }

    /// Announcements of its addresses to the neighbours, to be sent by Announcement.run() or send() on
    /// whatever thread: "once", "rfc" or an Announce.
    #[pyo3(
        signature = (announce=Arg::Missing),
        text_signature = "($self, announce='once')"
    )]
    fn announce(&self, py: Python<'_>, announce: Arg<'_, '_>) -> PyResult<Announcement> {
        let (attachment, announce) = (self.get(), announce.or("announce", Announce::once())?);
        let made = py.detach(|| attachment.announce(announce)).or_raise(py)?;
        Ok(Announcement::new(announce, made))
    }

    /// Reads back from the kernel what the link is now: name, MAC address, MTU, addresses, routes and
    /// rules.
    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let mut attachment = Core::clone(&*self.get());
        py.detach(|| attachment.refresh()).or_raise(py)?;
        let fresh = Arc::new(attachment);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
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
