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

/// A handle on a network namespace, such as a container's or the host's.
///
/// It keeps the namespace in existence, even if no process is in it, until close() or the end of a
/// with block. Two handles are equal if they are on the same namespace.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct NetNs {
    /// Kept, so that closed handles can still be compared.
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
    /// Opens the network namespace of a process. The process is pinned by a pidfd first, so a
    /// reused pid cannot lead to the wrong namespace.
    #[staticmethod]
    fn from_pid(py: Python<'_>, pid: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pid = take("pid", pid)?;
        Self::open(py, || Core::from_pid(pid))
    }

    /// Opens the network namespace of a pidfd's process. The pidfd stays the caller's.
    #[staticmethod]
    fn from_pidfd(py: Python<'_>, pidfd: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pidfd: Descriptor = take("pidfd", pidfd)?;
        Self::open(py, || Core::from_pidfd(pidfd.as_fd()))
    }

    /// Opens a named namespace, created by create() or `ip netns add`.
    #[staticmethod]
    fn from_name(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Self> {
        let name: String = take("name", name)?;
        Self::open(py, || Core::from_name(&name))
    }

    /// Opens a namespace by a path, such as /proc/2084/ns/net or a container runtime's.
    #[staticmethod]
    fn from_path(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path: PathBuf = take("path", path)?;
        Self::open(py, || Core::from_path(path))
    }

    /// Makes a handle from a file descriptor, or an object that has one. It stays the caller's.
    #[staticmethod]
    fn from_fd(py: Python<'_>, fd: &Bound<'_, PyAny>) -> PyResult<Self> {
        let fd: Descriptor = take("fd", fd)?;
        Self::open(py, || Core::from_fd(fd.as_fd()))
    }

    /// Opens the calling thread's network namespace.
    #[staticmethod]
    fn current(py: Python<'_>) -> PyResult<Self> {
        Self::open(py, Core::current)
    }

    /// Creates a namespace without a name. It exists as long as the handle and the processes in it.
    #[staticmethod]
    fn anonymous(py: Python<'_>) -> PyResult<Self> {
        Self::open(py, Core::anonymous)
    }

    /// Creates a named namespace, like `ip netns add`. It exists until it is deleted, also without
    /// a handle.
    #[staticmethod]
    fn create(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Self> {
        let name: String = take("name", name)?;
        Self::open(py, || Core::create(&name))
    }

    /// Deletes a namespace's name, like `ip netns delete`.
    #[staticmethod]
    fn delete(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let name: String = take("name", name)?;
        py.detach(|| Core::delete(&name)).or_raise(py)
    }

    /// Lists the network namespaces that exist. These have a name, a thread, an open descriptor or
    /// a mount. Also lists the files that could not be read and may lead to further ones.
    #[staticmethod]
    fn visible(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let found = py.detach(Core::visible);
        let namespaces: Vec<_> = found.namespaces.into_iter().map(VisibleNetNs).collect();
        let class = CLASS.import(py, "macvlan._values", "VisibleNamespaces")?;
        class.call1((namespaces, found.unseen))
    }

    /// Returns the identity of the namespace, which no other namespace has at the same time. It is
    /// the device and inode number of its file.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.id)
    }

    /// Returns whether both are handles on the same namespace, like ==.
    fn same_as(&self, other: &Bound<'_, Self>) -> bool {
        self.id == other.get().id
    }

    /// Calls a function in the namespace and returns its result or raises its exception. It runs on
    /// a new thread that ends afterwards.
    ///
    /// Sockets opened by it stay in the namespace, and processes started by it begin there. /sys is
    /// not remounted, unlike with `ip netns exec`. Ctrl-C, and other exceptions of signal handlers,
    /// end the wait, but not the function: its thread continues.
    fn run(&self, py: Python<'_>, callable: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !callable.is_callable() {
            return Err(wrong_type("callable", callable, "a callable"));
        }
        let netns = self.get()?;
        let callable = callable.clone().unbind();
        let call = move || netns.run(|| Python::attach(|py| callable.call0(py)));
        waiting::or_leave(py, call)?.or_raise(py)?
    }

    /// Returns the file descriptor, which stays the handle's.
    fn fileno(&self) -> PyResult<RawFd> {
        self.netns.with(|netns| netns.as_fd().as_raw_fd())
    }

    /// Closes the handle. The namespace exists as long as a process or another handle is in it.
    fn close(&self, py: Python<'_>) {
        self.netns.close(py);
    }

    /// Returns whether it is closed.
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

/// A network namespace that exists, from NetNs.visible(), and the ways to open it.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct VisibleNetNs(CoreVisible);

#[pymethods]
impl VisibleNetNs {
    /// Returns the identity of the namespace, as NetNs.id.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        netns_id(py, self.0.id)
    }

    /// Returns the names, as `ip netns` lists them.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.names)
    }

    /// Returns the processes whose main thread is in the namespace.
    #[getter]
    fn pids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.pids)
    }

    /// Returns the other files that lead to the namespace. They are of further threads, open
    /// descriptors and mounts.
    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.paths)
    }

    /// Opens the namespace in the first way that still leads to it. Raises NotFoundError if none
    /// does.
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

/// A namespace: a handle, a pid, a name, or a path; text of digits alone is a pid.
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
            return Ok(py.detach(|| Self::from_text(&text))?);
        }
        let path = PathBuf::take(value)?;
        Ok(py.detach(|| Self::from_path(path))?)
    }
}
