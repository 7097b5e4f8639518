//! `macvlan.Handle`: the commands of `ip` as methods, in one network namespace.

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

/// The links, addresses and routes of one network namespace. It is the calling thread's by default.
///
/// Each method corresponds to a command of `ip`. Links are given by name ("eth0"), index, LinkInfo
/// or Attachment. Threads can share a handle.
#[pyclass(frozen, module = "macvlan")]
pub(crate) struct Handle(Closable<Core>);

impl Handle {
    pub(crate) fn new(handle: Core) -> Self {
        Self(Closable::new("Handle", handle))
    }

    /// Does an operation in the kernel, with the interpreter released.
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

    /// Returns the namespace of the handle.
    #[getter]
    fn netns(&self) -> PyResult<NetNs> {
        Ok(NetNs::new(self.0.get()?.netns().clone()))
    }

    /// Creates a link, like `ip link add`. The kind is "macvlan", "macvtap", "vlan", "veth",
    /// "dummy" or "bridge".
    ///
    /// Mode and options are those of Endpoint. kind defaults to the kind of the options. peer is
    /// the name of a veth's peer, and peer_netns the peer's namespace; netns is the namespace in
    /// which the link is created. The parent is in the handle's namespace in either case.
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

    /// Deletes a link, like `ip link delete`. Returns when the kernel has finished, after about 16
    /// ms.
    fn delete_link(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.delete_link(link))
    }

    /// Returns a link, like `ip -d link show dev`.
    fn link(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<LinkInfo> {
        let link: LinkId = take("link", link)?;
        let found = self.ask(py, |handle| handle.link(link))?;
        Ok(LinkInfo(found))
    }

    /// Returns links, like `ip -d link show [type KIND] [master LINK]`. These are all, or those of
    /// a kind or in a bridge, bond or VRF. All are returned if the kernel does not know the kind.
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

    /// Sets a link up, like `ip link set dev LINK up`.
    fn set_up(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.set_up(link))
    }

    /// Sets a link down, like `ip link set dev LINK down`. The kernel takes about 14 ms for it.
    fn set_down(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<()> {
        let link: LinkId = take("link", link)?;
        self.ask(py, |handle| handle.set_down(link))
    }

    /// Renames a link, like `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while
    /// the link is up.
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

    /// Sets a link's MAC address, like `ip link set dev LINK address MAC`.
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

    /// Sets a link's MTU in bytes, like `ip link set dev LINK mtu BYTES`.
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

    /// Sets a link's promisc flag, like `ip link set dev LINK promisc on|off`. The flag has no
    /// owners; see hold_promisc().
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

    /// Sets a link's allmulti flag, like `ip link set dev LINK allmulticast on|off`.
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

    /// Sets a link's alias, like `ip link set dev LINK alias TEXT`. An empty text removes it.
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

    /// Sets a link's group, like `ip link set dev LINK group NUMBER`.
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

    /// Sets the length of a link's transmit queue in packets. Like `ip link set dev LINK txqueuelen
    /// PACKETS`.
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

    /// Sets how a link's IPv6 link-local address is made. Like `ip link set dev LINK addrgenmode
    /// MODE`. It applies when the link next comes up.
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

    /// Adds an alternative name of up to 127 bytes to a link. Like `ip link property add dev LINK
    /// altname NAME`.
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

    /// Deletes an alternative name of a link. Like `ip link property delete dev LINK altname NAME`.
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

    /// Changes the given options of a macvlan or macvtap. Like `ip link set dev LINK type macvlan
    /// …`.
    ///
    /// The kernel sets the flags nopromisc and nodst together: if only one is given, the other is
    /// cleared. source_macs replaces the whole list, () empties it; add_source_mac and
    /// delete_source_mac change one entry.
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

    /// Changes the given flags of a VLAN and adds entries to its QoS maps. Like `ip link set dev
    /// LINK type vlan …`. Id and protocol cannot be changed.
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
        // The id is ignored.
        let change = flags.set(py, macvlan_core::VlanOptions::priority_tags())?;
        self.ask(py, |handle| handle.set_vlan(link, &change))
    }

    /// Holds a link promiscuous until the guard is closed or the process ends. The kernel counts
    /// the holders, so others are not affected.
    fn hold_promisc(&self, py: Python<'_>, link: &Bound<'_, PyAny>) -> PyResult<PromiscGuard> {
        let link: LinkId = take("link", link)?;
        let found = self.ask(py, |handle| handle.hold_promisc(link))?;
        Ok(PromiscGuard::new(found))
    }

    /// Moves a link to another namespace, like `ip link set dev LINK netns … [name NAME]`.
    ///
    /// It loses its addresses and routes and is down afterwards, and the kernel takes about 16 ms
    /// for it; add_link(…, netns=…) creates it there in a hundredth of that.
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

    /// Adds an address to a link, like `ip address add … dev LINK`.
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

    /// Adds an address to a link or updates an existing one. Like `ip address replace … dev LINK`.
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

    /// Deletes an address from a link, like `ip address delete … dev LINK`.
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

    /// Returns whether an address is local, which means that a link of the namespace has it. The
    /// kernel then answers "local" to `ip route get ADDRESS`.
    fn is_local(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<bool> {
        let address: IpAddr = take("address", address)?;
        self.ask(py, |handle| handle.is_local(address))
    }

    /// Returns addresses, like `ip [-4|-6] address show [dev LINK]`; family is 4 or 6.
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

    /// Returns neighbour entries, like `ip [-4|-6] neighbour show [dev LINK]`.
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

    /// Adds a route, a Route or its text, like `ip route add`.
    fn add_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.add_route(&route))
    }

    /// Adds or replaces a route, like `ip route replace`. It replaces the one to the same
    /// destination with the same metric in the same table.
    fn replace_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.replace_route(&route))
    }

    /// Deletes the first route that matches, like `ip route delete`.
    fn delete_route(&self, py: Python<'_>, route: &Bound<'_, PyAny>) -> PyResult<()> {
        let route = take("route", route)?;
        self.ask(py, |handle| handle.delete_route(&route))
    }

    /// Returns routes, like `ip [-4|-6] route show table all`. These are all, or those of a table,
    /// link, type or routing protocol (2 kernel, 3 boot, 4 static). The local and broadcast routes
    /// that the kernel adds for each address are left out.
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

    /// Adds a policy rule, a Rule or its text, like `ip rule add`.
    fn add_rule(&self, py: Python<'_>, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let rule = take("rule", rule)?;
        self.ask(py, |handle| handle.add_rule(&rule))
    }

    /// Deletes the first policy rule that matches, like `ip rule delete`.
    fn delete_rule(&self, py: Python<'_>, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let rule = take("rule", rule)?;
        self.ask(py, |handle| handle.delete_rule(&rule))
    }

    /// Returns the policy rules of both families that select a table, like `ip rule show`.
    fn rules(&self, py: Python<'_>) -> PyResult<Vec<Rule>> {
        let found = self.ask(py, Core::rules)?;
        Ok(found.into_iter().map(Rule).collect())
    }

    /// Watches links, addresses and routes from now on, like `ip monitor`. Returns a Watch.
    fn watch(&self, py: Python<'_>) -> PyResult<Watch> {
        self.ask(py, Core::watch).and_then(Watch::new)
    }

    /// Closes the file descriptors.
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

/// The other links that a new link needs: a parent or a peer.
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
