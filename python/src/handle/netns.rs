//! `macvlan.NetNs`: a handle on a network namespace.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::PathBuf;

use macvlan_core::{NetNs as Core, NetNsId, VisibleNetNs as CoreVisible};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyTuple};

use crate::base::argument::{Refusal, Take, take, text, wrong_type};
use crate::base::closable::Closable;
use crate::base::descriptor::Descriptor;
use crate::base::error::OrRaise;
use crate::base::output::attributes_text;
use crate::base::waiting;

/// A handle on a network namespace: a container's, a sandbox's, the host's.
///
/// It holds the namespace open: as long as a handle lives, so does the namespace with everything in
/// it. close(), or leaving a with block, lets go of it. Two handles are equal when they are on one
/// namespace.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct NetNs {
    /// Kept, so that closed handles can still be told apart.
    id: NetNsId,
    netns: Closable<Core>,
}

impl NetNs {
    pub(crate) fn new(netns: Core) -> Self {
        Self { id: netns.id(), netns: Closable::new("NetNs", netns) }
    }

    pub(crate) fn get(&self) -> PyResult<Core> {
        self.netns.get()
    }

    fn open(
        py: Python<'_>,
        open: impl FnOnce() -> macvlan_core::Result<Core> + Send,
    ) -> PyResult<Self> {
        py.detach(open).or_raise(py).map(Self::new)
    }
}

#[pymethods]
impl NetNs {
    /// The namespace of a process, which is pinned before its namespace is looked up, so that a pid
    /// that is given to another process in between cannot lead to the wrong one.
    #[staticmethod]
    fn from_pid(py: Python<'_>, pid: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pid = take("pid", pid)?;
        Self::open(py, || Core::from_pid(pid))
    }

    /// The namespace of the process that a pidfd stands for; the pidfd stays the caller's.
    #[staticmethod]
    fn from_pidfd(py: Python<'_>, pidfd: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pidfd: Descriptor = take("pidfd", pidfd)?;
        Self::open(py, || Core::from_pidfd(pidfd.as_fd()))
    }

    /// A namespace that has a name: made by create() or `ip netns add`.
    #[staticmethod]
    fn from_name(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Self> {
        let name: String = take("name", name)?;
        Self::open(py, || Core::from_name(&name))
    }

    /// A namespace by a path, such as /proc/2084/ns/net or a container runtime's.
    #[staticmethod]
    fn from_path(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path: PathBuf = take("path", path)?;
        Self::open(py, || Core::from_path(path))
    }

    /// A namespace by a file descriptor, or what has one; it stays the caller's.
    #[staticmethod]
    fn from_fd(py: Python<'_>, fd: &Bound<'_, PyAny>) -> PyResult<Self> {
        let fd: Descriptor = take("fd", fd)?;
        Self::open(py, || Core::from_fd(fd.as_fd()))
    }

    /// The namespace that the calling thread is in.
    #[staticmethod]
    fn current(py: Python<'_>) -> PyResult<Self> {
        Self::open(py, Core::current)
    }

    /// A new namespace without a name, which lives as long as the handle and whoever is inside.
    #[staticmethod]
    fn anonymous(py: Python<'_>) -> PyResult<Self> {
        Self::open(py, Core::anonymous)
    }

    /// A new namespace with a name, as `ip netns add` makes it. It lives until it is deleted, also
    /// without a handle.
    #[staticmethod]
    fn create(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Self> {
        let name: String = take("name", name)?;
        Self::open(py, || Core::create(&name))
    }

    /// Takes a namespace's name away, as `ip netns delete` does.
    #[staticmethod]
    fn delete(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let name: String = take("name", name)?;
        py.detach(|| Core::delete(&name)).or_raise(py)
    }

    /// The namespaces that have a name, a thread inside, an open descriptor or a mount, each once, and what
    /// could not be looked at, behind which there may be more.
    #[staticmethod]
    fn visible(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let found = py.detach(Core::visible);
        let namespaces: Vec<_> = found.namespaces.into_iter().map(VisibleNetNs).collect();
        let class = CLASS.import(py, "macvlan._values", "VisibleNamespaces")?;
        class.call1((namespaces, found.unseen))
    }

    /// What identifies the namespace as long as it exists: the device and inode number of its file.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.id)
    }

    /// Whether both are handles on one namespace, as == tells, too.
    fn same_as(&self, other: &Bound<'_, Self>) -> bool {
        self.id == other.get().id
    }

    /// Calls something inside, on a thread of its own that ends with it, and returns what that
    /// returns, or raises what that raises.
    ///
    /// Sockets opened inside stay inside, and processes started inside begin there. /sys is not
    /// remounted, as `ip netns exec` would. Ctrl-C, and whatever else a signal's handler raises, ends
    /// the wait, but not what is called: its thread goes on to its end.
    fn run(&self, py: Python<'_>, callable: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !callable.is_callable() {
            return Err(wrong_type("callable", callable, "a callable"));
        }
        let netns = self.get()?;
        let callable = callable.clone().unbind();
        let call = move || netns.run(|| Python::attach(|py| callable.call0(py)));
        waiting::or_leave(py, call)?.or_raise(py)?
    }

    /// Its file descriptor, which stays the handle's.
    fn fileno(&self) -> PyResult<RawFd> {
        self.netns.with(|netns| netns.as_fd().as_raw_fd())
    }

    /// Lets go of the namespace; it lives on as long as a process or another handle is in it.
    fn close(&self, py: Python<'_>) {
        self.netns.close(py);
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.netns.is_closed()
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> bool {
        self.same_as(other)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.id.hash(&mut hasher);
        hasher.finish()
    }

    fn __str__(&self) -> String {
        self.netns.get().map_or_else(|_| self.id.to_string(), |netns| netns.to_string())
    }

    fn __repr__(&self) -> String {
        self.netns.get().map_or_else(
            |_| format!("<NetNs {}, closed>", self.id),
            |netns| format!("<NetNs {}: {netns}>", self.id),
        )
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().get()?;
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

/// A network namespace that exists, of NetNs.visible(), and the ways that lead to it.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct VisibleNetNs(CoreVisible);

#[pymethods]
impl VisibleNetNs {
    /// What identifies it, as NetNs.id.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.0.id)
    }

    /// Its names, as `ip netns` lists them.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.names)
    }

    /// The processes whose main thread is in it.
    #[getter]
    fn pids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.pids)
    }

    /// The files that lead to it otherwise: of further threads, open descriptors and mounts.
    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.paths)
    }

    /// Opens it by the first way that still leads to it; NotFoundError if none does.
    fn open(&self, py: Python<'_>) -> PyResult<NetNs> {
        NetNs::open(py, || self.0.open())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        attributes_text(slf, &["id", "names", "pids", "paths"])
    }
}

pub(crate) fn netns_id(py: Python<'_>, id: NetNsId) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "macvlan._values", "NetNsId")?.call1((id.device, id.inode))
}

/// A namespace: a handle, a pid, a name, or a path.
impl Take for Core {
    const EXPECTED: &'static str = "a NetNs, a pid, a name or a path";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        let py = value.py();
        if let Ok(netns) = value.cast::<NetNs>() {
            return Ok(netns.get().get()?);
        }
        if value.is_instance_of::<PyInt>() {
            let pid = u32::take(value)?;
            return Ok(py.detach(|| Self::from_pid(pid))?);
        }
        if let Some(text) = text(value)? {
            return Ok(py.detach(|| Self::from_name_or_path(&text))?);
        }
        let path = PathBuf::take(value)?;
        Ok(py.detach(|| Self::from_path(path))?)
    }
}
