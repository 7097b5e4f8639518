//! `macvlan.Host`: a session on the namespace with the parent links.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use macvlan_core::{
    Access, Attachment as CoreAttachment, Cancel as CoreCancel, Detached, Endpoint as CoreEndpoint,
    Host as Core, NetNs as CoreNetNs, Owner, Parent as CoreParent, Probe, Result,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::base::argument::{Arg, Refusal, Take, many, maybe, take};
use crate::base::closable::Closable;
use crate::base::error::{OrRaise, holder, raised};
use crate::base::output::Enumeration;
use crate::base::waiting;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::difference::Difference;
use crate::handle::handle::Handle;
use crate::handle::netns::NetNs;
use crate::host::access::HostAccess;
use crate::host::detach_handle::DetachHandle;
use crate::host::diagnosis::Diagnosis;
use crate::host::keeper::Keeper;
use crate::host::pool::Pool;

/// A session on the namespace with the parent links, which attaches and detaches endpoints.
///
/// The namespace is the calling thread's by default. Open one and keep it; threads can share it.
/// Arguments that are a namespace can be a NetNs, a pid, a name of `ip netns` or a path.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Host(Closable<Core>);

impl Host {
    pub(crate) fn of(host: Core) -> Self {
        Self(Closable::new("Host", host))
    }

    pub(crate) fn get(&self) -> PyResult<Core> {
        self.0.get()
    }
}

#[pymethods]
impl Host {
    #[new]
    #[pyo3(signature = (netns=None))]
    fn new(py: Python<'_>, netns: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let netns: Option<CoreNetNs> = maybe("netns", netns)?;
        let host = py.detach(|| netns.map_or_else(Core::open, |netns| Core::in_netns(&netns)));
        host.or_raise(py).map(Self::of)
    }

    /// Returns the namespace with the parent links.
    #[getter]
    fn netns(&self) -> PyResult<NetNs> {
        Ok(NetNs::new(self.0.get()?.netns().clone()))
    }

    /// Opens a handle on the host's namespace, for the operations of `ip`.
    fn handle(&self, py: Python<'_>) -> PyResult<Handle> {
        let host = self.0.get()?;
        py.detach(|| host.handle()).or_raise(py).map(Handle::new)
    }

    /// Makes a host on the same namespace whose waits, such as for a probe, can be cancelled. This
    /// one is not affected.
    fn cancelled_by(&self, cancel: &Bound<'_, PyAny>) -> PyResult<Self> {
        let cancel: CoreCancel = take("cancel", cancel)?;
        Ok(Self::of(self.0.get()?.cancelled_by(&cancel)))
    }

    /// Attaches an endpoint to a container. Creates its link, addresses and routes, or changes
    /// nothing.
    ///
    /// Ctrl-C ends it during a probe, blocking announcements or mac_conflict_timeout; its changes
    /// are undone first.
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

    /// Detaches an endpoint: deletes its link, addresses, routes and rules. Also removes the
    /// parent, if that is an unused VLAN that was made on demand. Returns when the kernel has
    /// finished, after about 16 ms.
    ///
    /// Returns Detached.ALREADY_GONE if the link or the container no longer exists.
    fn detach<'py>(
        &self,
        py: Python<'py>,
        attachment: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| host.detach(&attachment)).or_raise(py)?.to_member(py)
    }

    /// Starts a detach in a thread of its own. The DetachHandle has its result.
    fn detach_later(
        &self,
        py: Python<'_>,
        attachment: &Bound<'_, PyAny>,
    ) -> PyResult<DetachHandle> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        Ok(DetachHandle::new(py.detach(|| host.detach_later(&attachment))))
    }

    /// Attaches several endpoints. Returns an Attachment or an exception for each pair of an
    /// endpoint and a namespace, in their order. A failure does not stop the others.
    fn attach_all<'py>(
        &self,
        py: Python<'py>,
        pairs: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let host = self.0.get()?;
        let pairs: Vec<(CoreEndpoint, CoreNetNs)> = many("pairs", pairs)?;
        let work = |host: &Core, pairs: &[(CoreEndpoint, CoreNetNs)]| {
            host.attach_all(pairs.iter().map(|(endpoint, netns)| (endpoint, netns)))
        };
        let results = if pairs.iter().any(|(endpoint, _)| endpoint.waits()) {
            let its = host.clone();
            let undo = move |made: Vec<Result<CoreAttachment>>| {
                drop(host.detach_all(made.iter().flatten()));
            };
            waiting::or_undo(py, move |cancel| work(&its.cancelled_by(cancel), &pairs), undo)?
        } else {
            py.detach(|| work(&host, &pairs))
        };
        let each = |result: Result<CoreAttachment>| match result {
            Ok(made) => Ok(Attachment::new(made).into_pyobject(py)?.into_any()),
            Err(error) => Ok(raised(py, &error).into_value(py).into_bound(py).into_any()),
        };
        results.into_iter().map(each).collect()
    }

    /// Detaches several attachments, with overlapping waits. Returns a Detached or an exception for
    /// each, in their order. A failure does not stop the others.
    fn detach_all<'py>(
        &self,
        py: Python<'py>,
        attachments: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let host = self.0.get()?;
        let attachments: Vec<CoreAttachment> = many("attachments", attachments)?;
        let results = py.detach(|| host.detach_all(&attachments));
        let each = |result: Result<Detached>| match result {
            Ok(detached) => detached.to_member(py),
            Err(error) => Ok(raised(py, &error).into_value(py).into_bound(py).into_any()),
        };
        results.into_iter().map(each).collect()
    }

    /// Returns the differences between an endpoint and its actual state. The list is empty if there
    /// are none. Changes nothing. Additional objects, such as further addresses, are not
    /// differences.
    fn check(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        netns: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<Difference>> {
        let host = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        let found = py.detach(|| host.check(&endpoint, &netns)).or_raise(py)?;
        Ok(found.into_iter().map(Difference).collect())
    }

    /// Ensures that an endpoint is attached as requested. Attaches it if it is missing, and repairs
    /// differences. Only reads if there are none. Returns the attachment and the repaired
    /// differences.
    ///
    /// A difference that cannot be changed on the link (kind, parent, number of queues, to or from
    /// mode passthru) is refused, or, with replace=True, resolved by a replacement of the link.
    #[pyo3(
        signature = (endpoint, netns, *, replace=Arg::Missing),
        text_signature = "($self, endpoint, netns, *, replace=False)"
    )]
    fn ensure<'py>(
        &self,
        py: Python<'py>,
        endpoint: &Bound<'py, PyAny>,
        netns: &Bound<'py, PyAny>,
        replace: Arg<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let host = self.0.get()?;
        let endpoint: CoreEndpoint = take("endpoint", endpoint)?;
        let netns: CoreNetNs = take("netns", netns)?;
        let replace = replace.or("replace", false)?;
        let ensure = if replace { Core::ensure_or_replace } else { Core::ensure };
        let ensured = if endpoint.waits() {
            // Repairs stay, also when a signal comes.
            let work = move |cancel: &_| ensure(&host.cancelled_by(cancel), &endpoint, &netns);
            waiting::or_undo(py, work, drop)?
        } else {
            py.detach(|| ensure(&host, &endpoint, &netns))
        };
        let ensured = ensured.or_raise(py)?;
        let repaired = ensured.repaired.into_iter().map(Difference).collect::<Vec<_>>();
        let made = Attachment::new(ensured.attachment);
        CLASS.import(py, "macvlan._values", "Ensured")?.call1((made, PyTuple::new(py, repaired)?))
    }

    /// Removes unused VLANs that were made on demand. They remain if a container ends without a
    /// detach.
    fn remove_unused_parents(&self, py: Python<'_>) -> PyResult<()> {
        let host = self.0.get()?;
        py.detach(|| host.remove_unused_parents()).or_raise(py)
    }

    /// Makes a pool of namespaces with a macvlan in mode bridge on this parent, and fills it.
    fn pool(
        &self,
        py: Python<'_>,
        parent: &Bound<'_, PyAny>,
        size: &Bound<'_, PyAny>,
    ) -> PyResult<Pool> {
        let host = self.0.get()?;
        let (parent, size): (CoreParent, u32) = (take("parent", parent)?, take("size", size)?);
        py.detach(|| host.pool(parent, size as usize)).or_raise(py).map(Pool::new)
    }

    /// Makes a pool of links like the template. They have its kind, parent, MTU, queues, group,
    /// transmit queue length, promisc and lo_up.
    fn pool_of(
        &self,
        py: Python<'_>,
        template: &Bound<'_, PyAny>,
        size: &Bound<'_, PyAny>,
    ) -> PyResult<Pool> {
        let host = self.0.get()?;
        let (template, size): (CoreEndpoint, u32) =
            (take("template", template)?, take("size", size)?);
        py.detach(|| host.pool_of(template, size as usize)).or_raise(py).map(Pool::new)
    }

    /// Makes a context manager that attaches an endpoint for the time of a with block. It yields
    /// the Attachment, and detaches it at the end, also on an exception.
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

    /// Returns the interfaces in a container that are on this host's links. These are macvlans,
    /// macvtaps and VLANs, also those that other programs have created.
    fn attachments(&self, py: Python<'_>, netns: &Bound<'_, PyAny>) -> PyResult<Vec<Attachment>> {
        let host = self.0.get()?;
        let netns: CoreNetNs = take("netns", netns)?;
        let found = py.detach(|| host.attachments(&netns)).or_raise(py)?;
        Ok(found.into_iter().map(Attachment::new).collect())
    }

    /// Probes addresses on a parent's network, all at once. Returns a Holder for each that is in
    /// use; the others are free. Neighbour tables are not changed.
    ///
    /// Containers in modes private and vepa do not receive the probes.
    #[pyo3(
        signature = (parent, addresses, *, probe=Arg::Missing),
        text_signature = "($self, parent, addresses, *, probe='rfc')"
    )]
    fn probe_addresses<'py>(
        &self,
        py: Python<'py>,
        parent: &Bound<'py, PyAny>,
        addresses: &Bound<'py, PyAny>,
        probe: Arg<'_, 'py>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let host = self.0.get()?;
        let parent: CoreParent = take("parent", parent)?;
        let addresses: Vec<IpAddr> = many("addresses", addresses)?;
        let probe = probe.or("probe", Probe::rfc())?;
        let ask =
            move |cancel: &_| host.cancelled_by(cancel).probe_addresses(parent, &addresses, &probe);
        let held = waiting::or_undo(py, ask, drop)?.or_raise(py)?;
        held.into_iter().map(|one| holder(py, one)).collect()
    }

    /// Gives the host access to the containers on a parent. The host gets a macvlan of its own with
    /// the parent's addresses, and a route to each container that is attached with
    /// HostAccess.attach(). On a failure nothing is changed.
    ///
    /// name: the name of the host's link. Defaults to the parent's name and "-host".
    /// addresses: addresses of the link's own, which replace the parent's.
    /// routes: subnets of containers only, with one route each instead of one to each container.
    /// keep: whether the link is kept when the last container is detached and when the HostAccess
    ///     is closed; this method finds it again. Defaults to False.
    #[pyo3(
        signature = (
            parent, *, name=None, addresses=Arg::Missing, routes=Arg::Missing, keep=Arg::Missing
        ),
        text_signature = "($self, parent, *, name=None, addresses=(), routes=(), keep=False)"
    )]
    fn access(
        &self,
        py: Python<'_>,
        parent: &Bound<'_, PyAny>,
        name: Option<&Bound<'_, PyAny>>,
        addresses: Arg<'_, '_>,
        routes: Arg<'_, '_>,
        keep: Arg<'_, '_>,
    ) -> PyResult<HostAccess> {
        let host = self.0.get()?;
        let mut access = Access::on(take::<CoreParent>("parent", parent)?).or_raise(py)?;
        if let Some(name) = maybe("name", name)? {
            access = access.name(name);
        }
        for address in addresses.many("addresses")? {
            access = access.address(address);
        }
        for net in routes.many("routes")? {
            access = access.route(net);
        }
        access = access.keep(keep.or("keep", false)?);
        py.detach(|| host.access_by(access)).or_raise(py).map(HostAccess::new)
    }

    /// Attaches endpoints like ensure(), and keeps them attached. When their parent is removed and
    /// returns, they are attached again. Waits for parents that do not exist yet.
    ///
    /// If one fails otherwise, or on Ctrl-C, those that were attached by this call are detached
    /// again. The Keeper works while it is asked for its next event.
    fn keep(&self, py: Python<'_>, pairs: &Bound<'_, PyAny>) -> PyResult<Keeper> {
        let host = self.0.get()?;
        let pairs: Vec<(CoreEndpoint, CoreNetNs)> = many("pairs", pairs)?;
        let waits = pairs.iter().any(|(endpoint, _)| endpoint.waits());
        let keep = move |cancel: &CoreCancel| {
            host.cancelled_by(cancel).keep(pairs).map(|keeper| (keeper, cancel.clone()))
        };
        let keeper = if waits {
            waiting::or_undo(py, keep, drop)?
        } else {
            py.detach(|| CoreCancel::new().and_then(|cancel| keep(&cancel)))
        };
        Keeper::new(keeper.or_raise(py)?, waits)
    }

    /// Diagnoses why a container does not reach a peer on its network. Checks its link, its parent
    /// and its addresses, sends a request for the peer (or the gateway to it) from the container,
    /// and captures frames on the parent.
    ///
    /// Takes a third of a second if the peer answers, and up to two seconds if it does not.
    fn diagnose(
        &self,
        py: Python<'_>,
        attachment: &Bound<'_, PyAny>,
        peer: &Bound<'_, PyAny>,
    ) -> PyResult<Diagnosis> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        let peer: IpAddr = take("peer", peer)?;
        let diagnose = move || host.diagnose(&attachment, peer);
        waiting::or_leave(py, diagnose)?.or_raise(py).map(Diagnosis)
    }

    /// Closes the file descriptors. Attached interfaces stay.
    fn close(&self, py: Python<'_>) {
        self.0.close(py);
    }

    /// Returns whether it is closed.
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
    if !endpoint.waits() {
        return py.detach(|| host.attach(endpoint, netns)).or_raise(py);
    }
    let (its, endpoint, netns, host) =
        (host.clone(), endpoint.clone(), netns.clone(), host.clone());
    let undo = move |made: Result<CoreAttachment>| drop(made.map(|made| host.detach(&made)));
    let attach = move |cancel: &_| its.cancelled_by(cancel).attach(&endpoint, &netns);
    waiting::or_undo(py, attach, undo)?.or_raise(py)
}

/// The context manager of Host.attached().
#[pyclass(frozen, module = "macvlan._macvlan")]
pub(crate) struct Attached {
    host: Core,
    endpoint: CoreEndpoint,
    netns: CoreNetNs,
    attachment: Mutex<Option<(CoreAttachment, Owner)>>,
}

#[pymethods]
impl Attached {
    fn __enter__(&self, py: Python<'_>) -> PyResult<Attachment> {
        let attachment = attach(py, &self.host, &self.endpoint, &self.netns)?;
        *self.attachment.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((attachment.clone(), Owner::here()));
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
            // A forked child leaves the block as well, while the interface is its parent's.
            Some((attachment, owner)) if owner.is_here() => {
                py.detach(|| self.host.detach(&attachment)).or_raise(py).map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl Take for Core {
    const EXPECTED: &'static str = "a Host";
    fn take(value: &Bound<'_, PyAny>) -> std::result::Result<Self, Refusal> {
        let host = value.cast::<Host>().map_err(|_| Refusal::Type)?;
        Ok(host.get().get()?)
    }
}
