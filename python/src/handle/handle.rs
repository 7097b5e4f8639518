//! `macvlan.Handle`: the verbs of `ip`, one a method, on one network namespace.

use std::net::IpAddr;

use macvlan_core::{
    AddressFilter, Handle as Core, Link, LinkFilter, LinkId, LinkName, LinkType, MacAddr,
    MacvlanChange, NeighbourFilter, NetNs as CoreNetNs, Result, RouteFilter, SourceMacs,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::base::argument::{Arg, many, maybe, refuse_option, take};
use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::handle::netns::NetNs;
use crate::handle::promisc::PromiscGuard;
use crate::handle::watch::Watch;
use crate::value::address_info::AddressInfo;
use crate::value::link_info::LinkInfo;
use crate::value::neighbour_info::NeighbourInfo;
use crate::value::options::Options;
use crate::value::route_info::RouteInfo;
use crate::value::rule::Rule;
use crate::value::vlan::Flags;

/// The links, addresses and routes of one network namespace: the one that the calling thread is in,
/// or another.
///
/// Every method is one verb of `ip`. Links are named by "eth0", an index, a LinkInfo or an
/// Attachment. Threads can share a handle.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Handle(Closable<Core>);

impl Handle {
    pub(crate) fn new(handle: Core) -> Self {
        Self(Closable::new("Handle", handle))
    }

    /// Does something in the kernel, without the interpreter.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        what: impl FnOnce(&Core) -> Result<T> + Send,
    ) -> PyResult<T> {
        let handle = self.0.get()?;
        py.detach(|| what(&handle)).or_raise(py)
    }
}

#[pymethods]
impl Handle {
    #[new]
    #[pyo3(signature = (netns=None))]
    fn open(py: Python<'_>, netns: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let netns: Option<CoreNetNs> = maybe("netns", netns)?;
        let handle = py.detach(|| netns.map_or_else(Core::open, |netns| Core::in_netns(&netns)));
        handle.or_raise(py).map(Self::new)
    }

    /// The namespace that this handle is on.
    #[getter]
    fn netns(&self) -> PyResult<NetNs> {
        Ok(NetNs::new(self.0.get()?.netns().clone()))
    }

    /// `ip link add`: a link of kind "macvlan", "macvtap", "vlan", "veth", "dummy" or "bridge".
    ///
    /// Mode and options are those of Endpoint, and options say the kind where it is not given. peer is
    /// the name of a veth's other end, and peer_netns where that is; netns is the namespace that the link
    /// itself is made in, while its parent stays where the handle is.
    #[pyo3(
        signature = (
            name, *, kind=None, parent=None, mode=None, options=None, peer=None, peer_netns=None,
            netns=None, index=None, mac=None, mtu=None, up=Arg::Missing, promisc=Arg::Missing,
            group=None, tx_queue_len=None, queues=None
        ),
        text_signature = "($self, name, *, kind=None, parent=None, mode=None, options=None, \
            peer=None, peer_netns=None, netns=None, index=None, mac=None, mtu=None, up=False, \
            promisc=False, group=None, tx_queue_len=None, queues=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn add_link(
        &self,
        name: &Bound<'_, PyAny>,
        kind: Option<&Bound<'_, PyAny>>,
        parent: Option<&Bound<'_, PyAny>>,
        mode: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        peer: Option<&Bound<'_, PyAny>>,
        peer_netns: Option<&Bound<'_, PyAny>>,
        netns: Option<&Bound<'_, PyAny>>,
        index: Option<&Bound<'_, PyAny>>,
        mac: Option<&Bound<'_, PyAny>>,
        mtu: Option<&Bound<'_, PyAny>>,
        up: Arg<'_, '_>,
        promisc: Arg<'_, '_>,
        group: Option<&Bound<'_, PyAny>>,
        tx_queue_len: Option<&Bound<'_, PyAny>>,
        queues: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = name.py();
        let name: LinkName = take("name", name)?;
        let options = Options { mode, options };
        let kind = maybe("kind", kind)?.or(options.kind()).ok_or_else(|| {
            PyTypeError::new_err("argument 'kind' is missing: neither do options say it")
        })?;
        let ends = Ends { kind, parent, peer, peer_netns };
        let mut link = match kind {
            LinkType::Macvlan => Link::macvlan(name, ends.parent()?, options.of_macvlan(kind)?),
            LinkType::Macvtap => Link::macvtap(name, ends.parent()?, options.of_macvlan(kind)?),
            LinkType::Vlan => Link::vlan(name, ends.parent()?, options.of_vlan()?),
            LinkType::Veth => {
                let (peer, netns) = ends.peer()?;
                options.of_others(kind)?;
                Link::veth(name, peer, netns.as_ref())
            }
            LinkType::Dummy | LinkType::Bridge => {
                ends.alone()?;
                options.of_others(kind)?;
                if kind == LinkType::Dummy { Link::dummy(name) } else { Link::bridge(name) }
            }
        }
        .or_raise(py)?
        .up(up.or("up", false)?)
        .promisc(promisc.or("promisc", false)?);
        if let Some(index) = maybe("index", index)? {
            link = link.index(index);
        }
        if let Some(mac) = maybe("mac", mac)? {
            link = link.mac(mac);
        }
        if let Some(mtu) = maybe("mtu", mtu)? {
            link = link.mtu(mtu);
        }
        if let Some(group) = maybe("group", group)? {
            link = link.group(group);
        }
        if let Some(packets) = maybe("tx_queue_len", tx_queue_len)? {
            link = link.tx_queue_len(packets);
        }
        if let Some((transmit, receive)) = maybe("queues", queues)? {
            link = link.queues(transmit, receive);
        }
        if let Some(netns) = maybe("netns", netns)? {
            link = link.netns(&netns);
        }
        self.ask(py, |handle| handle.add_link(&link))
    }

    /// `ip link delete`. The kernel takes about 16 ms for it.
    fn delete_link(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.delete_link(link))
    }

    /// `ip -d link show dev`.
    fn link(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<LinkInfo> {
        let link: LinkId = take("link", link)?;
        let found = self.ask(py, |handle| handle.link(link))?;
        Ok(LinkInfo(found))
    }

    /// `ip -d link show [type KIND] [master LINK]`: all links, or those of a kind or in a bridge, bond
    /// or VRF. A kind that the kernel has never heard of filters nothing.
    #[pyo3(signature = (*, kind=None, controller=None))]
    fn links(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        controller: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<LinkInfo>> {
        let mut filter = LinkFilter::new();
        if let Some(kind) = maybe::<String>("kind", kind)? {
            filter = filter.kind(&kind);
        }
        if let Some(controller) = maybe::<LinkId>("controller", controller)? {
            filter = filter.controller(controller);
        }
        let found = self.ask(py, |handle| handle.find_links(&filter))?;
        Ok(found.into_iter().map(LinkInfo).collect())
    }

    /// `ip link set dev LINK up`.
    fn set_up(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.set_up(link))
    }

    /// `ip link set dev LINK down`. The kernel takes about 14 ms for it.
    fn set_down(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.set_down(link))
    }

    /// `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the link is up.
    fn rename(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let name: LinkName = take("name", name)?;
        self.ask(py, |handle| handle.rename(link, name))
    }

    /// `ip link set dev LINK address MAC`.
    fn set_mac(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        mac: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let mac: MacAddr = take("mac", mac)?;
        self.ask(py, |handle| handle.set_mac(link, mac))
    }

    /// `ip link set dev LINK mtu BYTES`.
    fn set_mtu(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        mtu: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let mtu = take("mtu", mtu)?;
        self.ask(py, |handle| handle.set_mtu(link, mtu))
    }

    /// `ip link set dev LINK promisc on|off`: the flag, which knows no owners.
    fn set_promisc(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        on: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let on = take("on", on)?;
        self.ask(py, |handle| handle.set_promisc(link, on))
    }

    /// `ip link set dev LINK allmulticast on|off`.
    fn set_allmulticast(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        on: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let on = take("on", on)?;
        self.ask(py, |handle| handle.set_allmulticast(link, on))
    }

    /// `ip link set dev LINK alias TEXT`; an empty text takes it away.
    fn set_alias(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        alias: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let alias: String = take("alias", alias)?;
        self.ask(py, |handle| handle.set_alias(link, &alias))
    }

    /// `ip link set dev LINK group NUMBER`.
    fn set_group(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        group: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let group = take("group", group)?;
        self.ask(py, |handle| handle.set_group(link, group))
    }

    /// `ip link set dev LINK txqueuelen PACKETS`.
    fn set_tx_queue_len(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        packets: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let packets = take("packets", packets)?;
        self.ask(py, |handle| handle.set_tx_queue_len(link, packets))
    }

    /// `ip link set dev LINK addrgenmode MODE`. It counts when the link comes up next.
    fn set_addr_gen_mode(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        mode: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let mode = take("mode", mode)?;
        self.ask(py, |handle| handle.set_addr_gen_mode(link, mode))
    }

    /// `ip link property add dev LINK altname NAME`: one more name, up to 127 bytes long.
    fn add_alternative_name(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let name: String = take("name", name)?;
        self.ask(py, |handle| handle.add_alternative_name(link, &name))
    }

    /// `ip link property delete dev LINK altname NAME`.
    fn delete_alternative_name(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let name: String = take("name", name)?;
        self.ask(py, |handle| handle.delete_alternative_name(link, &name))
    }

    /// `ip link set dev LINK type macvlan …`, or macvtap: what is given is changed.
    ///
    /// The kernel sets the flags nopromisc and nodst together: when one is given, the other is off
    /// unless it is given too. source_macs takes the place of the whole list, () empties it;
    /// add_source_mac and delete_source_mac change one entry.
    #[pyo3(signature = (
        link, *, mode=None, nopromisc=None, nodst=None, bc_queue_len=None, bc_cutoff=None,
        source_macs=None, add_source_mac=None, delete_source_mac=None
    ))]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn set_macvlan(
        &self,
        link: &Bound<'_, PyAny>,
        mode: Option<&Bound<'_, PyAny>>,
        nopromisc: Option<&Bound<'_, PyAny>>,
        nodst: Option<&Bound<'_, PyAny>>,
        bc_queue_len: Option<&Bound<'_, PyAny>>,
        bc_cutoff: Option<&Bound<'_, PyAny>>,
        source_macs: Option<&Bound<'_, PyAny>>,
        add_source_mac: Option<&Bound<'_, PyAny>>,
        delete_source_mac: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = link.py();
        let link: LinkId = take("link", link)?;
        let mut change = MacvlanChange::new();
        if let Some(mode) = maybe("mode", mode)? {
            change = change.mode(mode);
        }
        let flags = (maybe("nopromisc", nopromisc)?, maybe("nodst", nodst)?);
        if flags != (None, None) {
            change = change.flags(flags.0.unwrap_or(false), flags.1.unwrap_or(false));
        }
        if let Some(frames) = maybe("bc_queue_len", bc_queue_len)? {
            change = change.bc_queue_len(frames);
        }
        if let Some(siblings) = maybe("bc_cutoff", bc_cutoff)? {
            change = change.bc_cutoff(siblings);
        }
        let list = match (source_macs, add_source_mac, delete_source_mac) {
            (None, None, None) => None,
            (Some(macs), None, None) => Some(match many("source_macs", macs)? {
                none if none.is_empty() => SourceMacs::Flush,
                macs => SourceMacs::Set(macs),
            }),
            (None, Some(mac), None) => Some(SourceMacs::Add(take("add_source_mac", mac)?)),
            (None, None, Some(mac)) => Some(SourceMacs::Delete(take("delete_source_mac", mac)?)),
            _ => {
                return Err(PyTypeError::new_err(
                    "of source_macs, add_source_mac and delete_source_mac one at a time",
                ));
            }
        };
        if let Some(list) = list {
            change = change.source_macs(list);
        }
        self.ask(py, |handle| handle.set_macvlan(link, &change))
    }

    /// `ip link set dev LINK type vlan …`: the flags that are given, and one more mapping for each of
    /// the QoS maps' entries. Id and protocol cannot be changed.
    #[pyo3(
        signature = (
            link, *, reorder_hdr=None, gvrp=None, mvrp=None, loose_binding=None,
            bridge_binding=None, ingress_qos=Arg::Missing, egress_qos=Arg::Missing
        ),
        text_signature = "($self, link, *, reorder_hdr=None, gvrp=None, mvrp=None, \
            loose_binding=None, bridge_binding=None, ingress_qos=(), egress_qos=())"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn set_vlan(
        &self,
        link: &Bound<'_, PyAny>,
        reorder_hdr: Option<&Bound<'_, PyAny>>,
        gvrp: Option<&Bound<'_, PyAny>>,
        mvrp: Option<&Bound<'_, PyAny>>,
        loose_binding: Option<&Bound<'_, PyAny>>,
        bridge_binding: Option<&Bound<'_, PyAny>>,
        ingress_qos: Arg<'_, '_>,
        egress_qos: Arg<'_, '_>,
    ) -> PyResult<()> {
        let py = link.py();
        let link: LinkId = take("link", link)?;
        let flags = Flags {
            reorder_hdr,
            gvrp,
            mvrp,
            loose_binding,
            bridge_binding,
            ingress_qos,
            egress_qos,
        };
        // The id is not looked at.
        let change = flags.set(py, macvlan_core::Vlan::priority_tags())?;
        self.ask(py, |handle| handle.set_vlan(link, &change))
    }

    /// Holds a link promiscuous until the guard is closed, or the process ends in whatever way. The
    /// kernel counts: others who want it promiscuous are not disturbed.
    fn hold_promisc(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<PromiscGuard> {
        let link: LinkId = take("link", link)?;
        let found = self.ask(py, |handle| handle.hold_promisc(link))?;
        Ok(PromiscGuard::new(found))
    }

    /// `ip link set dev LINK netns … [name NAME]`: moves a link to another namespace.
    ///
    /// Its addresses and routes are lost, it arrives down, and the kernel takes about 16 ms for it;
    /// add_link(…, netns=…) makes it there in a hundredth of that.
    #[pyo3(signature = (link, to, *, name=None))]
    fn move_link(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        to: &Bound<'_, PyAny>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let to: CoreNetNs = take("to", to)?;
        let name: Option<LinkName> = maybe("name", name)?;
        self.ask(py, |handle| handle.move_link(link, &to, name))
    }

    /// `ip address add … dev LINK`.
    fn add_address(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let address = take("address", address)?;
        self.ask(py, |handle| handle.add_address(link, &address))
    }

    /// `ip address replace … dev LINK`: adds it, or updates what exists.
    fn replace_address(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let address = take("address", address)?;
        self.ask(py, |handle| handle.replace_address(link, &address))
    }

    /// `ip address delete … dev LINK`.
    fn delete_address(
        &self,
        py: Python<'_>,
        link: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        let address = take("address", address)?;
        self.ask(py, |handle| handle.delete_address(link, &address))
    }

    /// `ip route get ADDRESS`: whether the kernel answers "local", since a link of the namespace has the
    /// address.
    fn is_local(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<bool> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, |handle| handle.is_local(address))
    }

    /// `ip [-4|-6] address show [dev LINK]`; family is 4 or 6.
    #[pyo3(signature = (link=None, *, family=None))]
    fn addresses(
        &self,
        py: Python<'_>,
        link: Option<&Bound<'_, PyAny>>,
        family: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<AddressInfo>> {
        let mut filter = AddressFilter::new();
        if let Some(link) = maybe::<LinkId>("link", link)? {
            filter = filter.link(link);
        }
        if let Some(family) = maybe("family", family)? {
            filter = filter.family(family);
        }
        let found = self.ask(py, |handle| handle.find_addresses(&filter))?;
        Ok(found.into_iter().map(AddressInfo).collect())
    }

    /// `ip [-4|-6] neighbour show [dev LINK]`: what ARP and neighbour discovery know.
    #[pyo3(signature = (link=None, *, family=None))]
    fn neighbours(
        &self,
        py: Python<'_>,
        link: Option<&Bound<'_, PyAny>>,
        family: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<NeighbourInfo>> {
        let mut filter = NeighbourFilter::new();
        if let Some(link) = maybe::<LinkId>("link", link)? {
            filter = filter.link(link);
        }
        if let Some(family) = maybe("family", family)? {
            filter = filter.family(family);
        }
        let found = self.ask(py, |handle| handle.find_neighbours(&filter))?;
        Ok(found.into_iter().map(NeighbourInfo).collect())
    }

    /// `ip route add`: a Route, or its text.
    fn add_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.add_route(&route))
    }

    /// `ip route replace`: adds it, or takes the place of the one to the same destination with the same
    /// metric in the same table.
    fn replace_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.replace_route(&route))
    }

    /// `ip route delete`: the first that matches all that the route says.
    fn delete_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.delete_route(&route))
    }

    /// `ip [-4|-6] route show table all`, or those in a table, through a link, of a type, or made by one
    /// (protocol: 2 the kernel, 3 at boot, 4 an administrator), without the local and broadcast routes
    /// that the kernel makes for every address.
    #[pyo3(signature = (link=None, *, family=None, table=None, kind=None, protocol=None))]
    fn routes(
        &self,
        py: Python<'_>,
        link: Option<&Bound<'_, PyAny>>,
        family: Option<&Bound<'_, PyAny>>,
        table: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyAny>>,
        protocol: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<RouteInfo>> {
        let mut filter = RouteFilter::new();
        if let Some(link) = maybe::<LinkId>("link", link)? {
            filter = filter.link(link);
        }
        if let Some(family) = maybe("family", family)? {
            filter = filter.family(family);
        }
        if let Some(table) = maybe("table", table)? {
            filter = filter.table(table);
        }
        if let Some(kind) = maybe("kind", kind)? {
            filter = filter.kind(kind);
        }
        if let Some(protocol) = maybe("protocol", protocol)? {
            filter = filter.protocol(protocol);
        }
        let found = self.ask(py, |handle| handle.find_routes(&filter))?;
        Ok(found.into_iter().map(RouteInfo).collect())
    }

    /// `ip rule add`: a Rule, or its text.
    fn add_rule(&self, py: Python<'_>, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let rule = take("rule", rule)?;
        self.ask(py, |handle| handle.add_rule(&rule))
    }

    /// `ip rule delete`: the first that matches all that the rule says.
    fn delete_rule(&self, py: Python<'_>, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let rule = take("rule", rule)?;
        self.ask(py, |handle| handle.delete_rule(&rule))
    }

    /// `ip rule show`, both families; rules that do not lead to a table are left out.
    fn rules(&self, py: Python<'_>) -> PyResult<Vec<Rule>> {
        let found = self.ask(py, Core::rules)?;
        Ok(found.into_iter().map(Rule).collect())
    }

    /// `ip monitor`: the events of links, addresses and routes from now on, as a Watch.
    fn watch(&self, py: Python<'_>) -> PyResult<Watch> {
        self.ask(py, Core::watch).and_then(Watch::new)
    }

    /// Closes its file descriptors.
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
            |_| "<Handle, closed>".to_owned(),
            |handle| format!("<Handle in {} {}>", handle.netns(), handle.netns().id()),
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

/// What else a link is made of: a parent, or another end.
struct Ends<'a, 'py> {
    kind: LinkType,
    parent: Option<&'a Bound<'py, PyAny>>,
    peer: Option<&'a Bound<'py, PyAny>>,
    peer_netns: Option<&'a Bound<'py, PyAny>>,
}

impl Ends<'_, '_> {
    fn parent(&self) -> PyResult<LinkId> {
        refuse_option("peer", self.peer, self.kind)?;
        refuse_option("peer_netns", self.peer_netns, self.kind)?;
        maybe("parent", self.parent)?.ok_or_else(|| self.missing("parent"))
    }

    fn peer(&self) -> PyResult<(LinkName, Option<CoreNetNs>)> {
        refuse_option("parent", self.parent, self.kind)?;
        let peer = maybe("peer", self.peer)?.ok_or_else(|| self.missing("peer"))?;
        Ok((peer, maybe("peer_netns", self.peer_netns)?))
    }

    fn alone(&self) -> PyResult<()> {
        refuse_option("parent", self.parent, self.kind)?;
        refuse_option("peer", self.peer, self.kind)?;
        refuse_option("peer_netns", self.peer_netns, self.kind)
    }

    fn missing(&self, name: &str) -> PyErr {
        let kind = self.kind;
        PyTypeError::new_err(format!(
            "argument '{name}' is missing: a link of kind {kind} needs it"
        ))
    }
}
