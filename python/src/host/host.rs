//! `macvlan.Host`: an open session on the namespace that parent links live in.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use macvlan_core::{
    Access, Attachment as CoreAttachment, Cancel as CoreCancel, Detached, Endpoint as CoreEndpoint,
    Host as Core, NetNs as CoreNetNs, Parent as CoreParent, Probe, Result,
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
use crate::host::detaching::Detaching;
use crate::host::diagnosis::Diagnosis;
use crate::host::keeper::Keeper;
use crate::host::pool::Pool;

/// Attaches endpoints to containers, and detaches them.
///
/// On the namespace that the calling thread is in, or on another, where parents are looked for then.
/// Open one and keep it; threads can share it. Wherever a namespace is wanted, a NetNs, a pid, a name
/// of `ip netns` or a path will do.
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

    /// A host on the same namespace whose waits end when they are cancelled, for a probe for example.
    /// This one is not changed.
    fn cancelled_by(&self, cancel: &Bound<'_, PyAny>) -> PyResult<Self> {
        let cancel: CoreCancel = take("cancel", cancel)?;
        Ok(Self::of(self.0.get()?.cancelled_by(&cancel)))
    }

    /// Gives a container its interface, addresses and routes: all of it, or nothing and an exception
    /// that says why.
    ///
    /// Ctrl-C ends it while an endpoint's probe, blocking announcements or wait_for_mac takes its time,
    /// and what has begun is undone first.
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
    ///
    /// What is gone already is no failure; the answer tells.
    fn detach<'py>(
        &self,
        py: Python<'py>,
        attachment: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        py.detach(|| host.detach(&attachment)).or_raise(py)?.to_member(py)
    }

    /// Detaches without waiting: a thread does it, and the Detaching tells how it went.
    fn detach_later(&self, py: Python<'_>, attachment: &Bound<'_, PyAny>) -> PyResult<Detaching> {
        let host = self.0.get()?;
        let attachment: CoreAttachment = take("attachment", attachment)?;
        Ok(Detaching::new(py.detach(|| host.detach_later(&attachment))))
    }

    /// Attaches many: for each pair of an endpoint and a namespace an Attachment or an exception, in
    /// their order. A failure does not stop the others.
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

    /// Detaches many, their waits at the same time: for each what there was to detach, or an
    /// exception, in their order. A failure does not stop the others.
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

    /// What is not as the endpoint says; empty if all is right. Reads only. What is there besides,
    /// such as further addresses, is no difference.
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

    /// Makes it so: attaches the endpoint when it is missing, repairs what has drifted, and does
    /// nothing but read when all is right. Gives the attachment, and what was repaired.
    ///
    /// What cannot be changed in place (kind, parent, number of queues, to or from mode passthru) is
    /// refused, or with replace=True detached and attached anew.
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
            // What it has repaired stays so, also when a signal comes.
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

    /// Removes VLANs that were made on demand and that nobody uses: those whose containers ended
    /// without being detached.
    fn remove_unused_parents(&self, py: Python<'_>) -> PyResult<()> {
        let host = self.0.get()?;
        py.detach(|| host.remove_unused_parents()).or_raise(py)
    }

    /// A pool of namespaces, each with a macvlan in mode bridge on this parent, filled when this
    /// returns.
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

    /// A pool of links of any kind, with the options of a template that are said when a link is made:
    /// its kind, parent, MTU, queues, group, transmit queue length, promisc and lo_up.
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

    /// Asks on a parent's network for many addresses at once, and tells who has which, a Holder each;
    /// those that are not among the answers are free. Nobody's neighbour table changes.
    ///
    /// Containers in modes private and vepa do not hear it.
    #[pyo3(
        signature = (parent, addresses, *, probe=Arg::Missing),
        text_signature = "($self, parent, addresses, *, probe='rfc')"
    )]
    fn probe_free<'py>(
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
            move |cancel: &_| host.cancelled_by(cancel).probe_free(parent, &addresses, &probe);
        let held = waiting::or_undo(py, ask, drop)?.or_raise(py)?;
        held.into_iter().map(|one| holder(py, one)).collect()
    }

    /// Lets this host reach the containers on a parent, which it does not by itself: by a macvlan of its
    /// own beside them, with the parent's addresses, and a route to each container that is attached by
    /// HostAccess.attach(). If any of it fails, nothing has changed.
    ///
    /// name: what the macvlan is called; the parent's name and "-host" when not given.
    /// addresses: of its own, instead of the parent's.
    /// routes: subnets that are containers' alone, instead of a route to each container in them.
    /// keep: whether it stays when the last container has gone and when the HostAccess is closed; this
    ///     finds it again then.
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

    /// Attaches endpoints, or finds them attached, and keeps them so: when their parent goes and comes
    /// back, they are attached again. Those whose parent does not exist yet are waited for.
    ///
    /// If one fails otherwise, or at Ctrl-C, those that were attached by this call are detached again. A
    /// Keeper works when it is asked for the next event.
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

    /// Finds out why a container does not reach a peer on its network: looks at its link, its parent and
    /// its addresses, asks for the peer (or the gateway to it) from inside, and listens on the parent to
    /// what goes out and comes in.
    ///
    /// Takes a third of a second where the peer answers, and up to two where it does not.
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
    if !endpoint.waits() {
        return py.detach(|| host.attach(endpoint, netns)).or_raise(py);
    }
    let (its, endpoint, netns, host) =
        (host.clone(), endpoint.clone(), netns.clone(), host.clone());
    let undo = move |made: Result<CoreAttachment>| drop(made.map(|made| host.detach(&made)));
    let attach = move |cancel: &_| its.cancelled_by(cancel).attach(&endpoint, &netns);
    waiting::or_undo(py, attach, undo)?.or_raise(py)
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
            Some(attachment) => py.detach(|| self.host.detach(&attachment)).or_raise(py).map(drop),
            None => Ok(()),
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
