//! The verbs of `ip`, one a method, on one network namespace.

pub(crate) mod promisc;
pub(crate) mod watch;

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;
use nix::libc::{RTPROT_BOOT, RTPROT_UNSPEC};

use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place, no_such_parent};
use crate::handle::promisc::PromiscGuard;
use crate::handle::watch::Watch;
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::{Address, AddressInfo};
use crate::value::filter::{AddressFilter, LinkFilter, NeighbourFilter, RouteFilter};
use crate::value::link::{
    AddrGenMode, IntoLinkId, LIST_OUTSIDE_SOURCE, Link, LinkInfo, MacvlanChange, Mode, Vlan,
    check_alias,
};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName, check_alternative_name};
use crate::value::neighbour::NeighbourInfo;
use crate::value::route::{Route, RouteInfo};
use crate::value::rule::Rule;

/// The links, addresses and routes of one network namespace.
///
/// Every method is one verb of `ip`, and its documentation names the command. Links are named by
/// `"eth0"`, a [`LinkName`] or an index ([`LinkId`]).
///
/// ```no_run
/// use macvlan_core::Handle;
/// let handle = Handle::open()?;
/// handle.set_promisc("ens33", true)?;
/// handle.add_address("ens33", &"10.0.0.1/24".parse()?)?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Handle {
    netns: NetNs,
}

impl Handle {
    /// On the namespace that the calling thread is in.
    pub fn open() -> Result<Self> {
        Self::in_netns(&NetNs::current()?)
    }

    /// On another namespace.
    #[doc(alias = "ip -n")]
    pub fn in_netns(netns: &NetNs) -> Result<Self> {
        netns.connection()?;
        Ok(Self { netns: netns.clone() })
    }

    /// The namespace that this handle is on.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// `ip link add`.
    #[doc(alias = "ip link add")]
    #[doc(alias = "RTM_NEWLINK")]
    pub fn add_link(&self, link: &Link) -> Result<()> {
        link.check()?;
        let attempt = Attempt::CreateLink(link);
        let parent = link.parent.map(|parent| self.parent_index(parent, &attempt)).transpose()?;
        self.submit(encode::create_link(link, parent), &attempt, parent)
    }

    /// `ip link delete`. Waits until the kernel has finished, about 16 ms.
    #[doc(alias = "ip link delete")]
    #[doc(alias = "RTM_DELLINK")]
    pub fn delete_link(&self, link: impl IntoLinkId) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "delete the link".into());
        let index = self.index_of(link, &attempt)?;
        self.submit(encode::delete_link(index), &attempt, None)
    }

    /// `ip -d link show dev`.
    #[doc(alias = "ip link show")]
    #[doc(alias = "RTM_GETLINK")]
    pub fn link(&self, link: impl IntoLinkId) -> Result<LinkInfo> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "read the link".into());
        self.connection()?.link(link).map_err(|failure| self.explain(&attempt, None, failure))
    }

    /// `ip -d link show`: all links.
    #[doc(alias = "ip link show")]
    pub fn links(&self) -> Result<Vec<LinkInfo>> {
        self.find_links(&LinkFilter::new())
    }

    /// `ip -d link show [type KIND] [master LINK]`.
    pub fn find_links(&self, wanted: &LinkFilter) -> Result<Vec<LinkInfo>> {
        let operation = "list the links";
        let controller = self.index_for(wanted.controller, operation)?;
        self.list(&encode::get_links(wanted.kind.as_deref(), controller), decode::link, operation)
    }

    /// `ip link set dev LINK up`.
    #[doc(alias = "ip link set up")]
    #[doc(alias = "IFF_UP")]
    pub fn set_up(&self, link: impl IntoLinkId) -> Result<()> {
        self.change(link, &LinkChange::Up(true))
    }

    /// `ip link set dev LINK down`. The kernel takes about 14 ms for it.
    #[doc(alias = "ip link set down")]
    pub fn set_down(&self, link: impl IntoLinkId) -> Result<()> {
        self.change(link, &LinkChange::Up(false))
    }

    /// `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the link is up.
    #[doc(alias = "ip link set name")]
    #[doc(alias = "IFLA_IFNAME")]
    pub fn rename(&self, link: impl IntoLinkId, name: LinkName) -> Result<()> {
        self.change(link, &LinkChange::Name(name))
    }

    /// `ip link set dev LINK address MAC`.
    #[doc(alias = "ip link set address")]
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn set_mac(&self, link: impl IntoLinkId, mac: MacAddr) -> Result<()> {
        self.change(link, &LinkChange::Mac(mac))
    }

    /// `ip link set dev LINK mtu BYTES`.
    #[doc(alias = "ip link set mtu")]
    #[doc(alias = "IFLA_MTU")]
    pub fn set_mtu(&self, link: impl IntoLinkId, mtu: u32) -> Result<()> {
        self.change(link, &LinkChange::Mtu(mtu))
    }

    /// `ip link set dev LINK promisc on|off`: the flag, which knows no owners.
    #[doc(alias = "ip link set promisc")]
    #[doc(alias = "IFF_PROMISC")]
    pub fn set_promisc(&self, link: impl IntoLinkId, on: bool) -> Result<()> {
        self.change(link, &LinkChange::Promisc(on))
    }

    /// `ip link set dev LINK allmulticast on|off`.
    #[doc(alias = "ip link set allmulticast")]
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn set_allmulticast(&self, link: impl IntoLinkId, on: bool) -> Result<()> {
        self.change(link, &LinkChange::AllMulticast(on))
    }

    /// `ip link set dev LINK alias TEXT`; an empty text takes it away.
    #[doc(alias = "ip link set alias")]
    #[doc(alias = "IFLA_IFALIAS")]
    pub fn set_alias(&self, link: impl IntoLinkId, alias: &str) -> Result<()> {
        check_alias(alias)?;
        self.change(link, &LinkChange::Alias(alias))
    }

    /// `ip link set dev LINK group NUMBER`.
    #[doc(alias = "ip link set group")]
    #[doc(alias = "IFLA_GROUP")]
    pub fn set_group(&self, link: impl IntoLinkId, group: u32) -> Result<()> {
        self.change(link, &LinkChange::Group(group))
    }

    /// `ip link set dev LINK txqueuelen PACKETS`.
    #[doc(alias = "ip link set txqueuelen")]
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn set_tx_queue_len(&self, link: impl IntoLinkId, packets: u32) -> Result<()> {
        self.change(link, &LinkChange::TxQueueLen(packets))
    }

    /// `ip link set dev LINK addrgenmode MODE`. It counts when the link comes up next; an address
    /// that was made already stays.
    #[doc(alias = "ip link set addrgenmode")]
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub fn set_addr_gen_mode(&self, link: impl IntoLinkId, mode: AddrGenMode) -> Result<()> {
        self.change(link, &LinkChange::AddrGenMode(mode))
    }

    /// `ip link property add dev LINK altname NAME`: one more name, up to 127 bytes long (Linux 5.5
    /// and later).
    #[doc(alias = "ip link property add altname")]
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub fn add_alternative_name(&self, link: impl IntoLinkId, name: &str) -> Result<()> {
        check_alternative_name(name)?;
        self.change(link, &LinkChange::AddAltName(name))
    }

    /// `ip link property del dev LINK altname NAME`.
    #[doc(alias = "ip link property del altname")]
    pub fn delete_alternative_name(&self, link: impl IntoLinkId, name: &str) -> Result<()> {
        check_alternative_name(name)?;
        self.change(link, &LinkChange::DeleteAltName(name))
    }

    /// `ip link set dev LINK type macvlan …`, or macvtap: mode, flags, queue, list of source MAC
    /// addresses.
    #[doc(alias = "ip link set type macvlan")]
    pub fn set_macvlan(&self, link: impl IntoLinkId, change: &MacvlanChange) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        change.check()?;
        let info = self.link(link)?;
        let (Some(kind), Some(options)) = (info.kind.as_deref(), &info.macvlan) else {
            let attempt = Attempt::Change(link, LinkChange::Macvlan("", change));
            return Err(self
                .explain(&attempt, None, Failure::refused(Errno::EOPNOTSUPP))
                .because(ErrorKind::InvalidValue, "the link is neither macvlan nor macvtap"));
        };
        self.change_of(link, info.index, &LinkChange::Macvlan(kind, change)).map_err(|error| {
            let (was, is) = (options.mode(), change.mode.unwrap_or(options.mode()));
            if error.errno() != Some(Errno::EINVAL as i32) {
                error
            } else if was != is && [was, is].contains(&Mode::Passthru) {
                let why = "a link cannot change from mode passthru or to it";
                error.because(ErrorKind::InvalidValue, why)
            } else if is != Mode::Source && change.source_macs.is_some() {
                error.because(ErrorKind::InvalidValue, LIST_OUTSIDE_SOURCE)
            } else {
                error
            }
        })
    }

    /// `ip link set dev LINK type vlan …`: the flags and QoS mappings that are said; id and protocol
    /// cannot be changed and are not looked at.
    #[doc(alias = "ip link set type vlan")]
    pub fn set_vlan(&self, link: impl IntoLinkId, vlan: &Vlan) -> Result<()> {
        vlan.check()?;
        let link = link.try_into().map_err(Into::into)?;
        self.change(link, &LinkChange::Vlan(vlan)).map_err(|error| {
            // What the kernel says to options of another kind of link.
            if error.errno() != Some(Errno::EOPNOTSUPP as i32) {
                return error;
            }
            match self.link(link) {
                Ok(info) if info.vlan.is_none() => {
                    error.because(ErrorKind::InvalidValue, "the link is no VLAN")
                }
                _ => error,
            }
        })
    }

    /// Holds a link promiscuous until the guard is dropped, or the process ends in whatever way.
    /// The kernel counts: others who want it promiscuous are not disturbed.
    #[doc(alias = "PACKET_MR_PROMISC")]
    pub fn hold_promisc(&self, link: impl IntoLinkId) -> Result<PromiscGuard> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "hold the link promiscuous".into());
        let index = self.index_of(link, &attempt)?;
        PromiscGuard::hold(&self.netns, index)?
            .map_err(|errno| self.explain(&attempt, None, Failure::refused(errno)))
    }

    /// `ip link set dev LINK netns … [name NAME]`: moves a link to another namespace.
    ///
    /// Its addresses and routes are lost, it arrives down, and the kernel takes about 16 ms for it;
    /// creating it there ([`Link::netns`]) takes a hundredth of that.
    #[doc(alias = "ip link set netns")]
    #[doc(alias = "IFLA_NET_NS_FD")]
    pub fn move_link(
        &self,
        link: impl IntoLinkId,
        to: &NetNs,
        name: Option<LinkName>,
    ) -> Result<()> {
        self.change(link, &LinkChange::NetNs(to, name))
    }

    /// `ip address add … dev LINK`.
    #[doc(alias = "ip address add")]
    #[doc(alias = "RTM_NEWADDR")]
    pub fn add_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "add", encode::add_address)
    }

    /// `ip address replace … dev LINK`: adds it, or updates what exists.
    #[doc(alias = "ip address replace")]
    pub fn replace_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "replace", encode::replace_address)
    }

    /// `ip address delete … dev LINK`.
    #[doc(alias = "ip address delete")]
    #[doc(alias = "RTM_DELADDR")]
    pub fn delete_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "delete", encode::delete_address)
    }

    /// `ip address show`: all addresses of the namespace.
    #[doc(alias = "ip address show")]
    #[doc(alias = "RTM_GETADDR")]
    pub fn addresses(&self) -> Result<Vec<AddressInfo>> {
        self.find_addresses(&AddressFilter::new())
    }

    /// `ip [-4|-6] address show [dev LINK]`.
    pub fn find_addresses(&self, wanted: &AddressFilter) -> Result<Vec<AddressInfo>> {
        let operation = "list the addresses";
        let link = self.index_for(wanted.link, operation)?;
        self.list(&encode::get_addresses(wanted.family, link), decode::address, operation)
    }

    /// `ip route get ADDRESS`: whether the kernel answers `local`, since a link of the namespace has the
    /// address. The kernel looks it up, and lists nothing.
    #[doc(alias = "ip route get")]
    #[doc(alias = "RTM_GETROUTE")]
    pub fn is_local(&self, address: IpAddr) -> Result<bool> {
        let is_local = |payload: &[u8]| Some(decode::local_route(payload).is_some());
        match self.connection()?.get(encode::get_route_to(address), is_local) {
            // That it leads nowhere is an answer, too.
            Err(Failure::Refused {
                errno: Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES | Errno::EINVAL,
                ..
            }) => Ok(false),
            answer => answer.map_err(|failure| {
                let operation = format!("look up the route to {address}");
                failure.into_error(operation).in_netns(self.netns.in_words())
            }),
        }
    }

    /// `ip neighbour show`: all neighbours, ARP's and neighbour discovery's.
    #[doc(alias = "ip neighbour show")]
    #[doc(alias = "RTM_GETNEIGH")]
    pub fn neighbours(&self) -> Result<Vec<NeighbourInfo>> {
        self.find_neighbours(&NeighbourFilter::new())
    }

    /// `ip [-4|-6] neighbour show [dev LINK]`.
    pub fn find_neighbours(&self, wanted: &NeighbourFilter) -> Result<Vec<NeighbourInfo>> {
        let operation = "list the neighbours";
        let link = self.index_for(wanted.link, operation)?;
        self.list(&encode::get_neighbours(wanted.family, link), decode::neighbour, operation)
    }

    /// `ip route add`.
    #[doc(alias = "ip route add")]
    #[doc(alias = "RTM_NEWROUTE")]
    pub fn add_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "add", |route, device| encode::add_route(route, device, RTPROT_BOOT))
    }

    /// `ip route replace`: adds it, or takes the place of the one to the same destination with the
    /// same metric in the same table.
    #[doc(alias = "ip route replace")]
    pub fn replace_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "replace", encode::replace_route)
    }

    /// `ip route delete`: the first that matches all that the route says.
    #[doc(alias = "ip route delete")]
    #[doc(alias = "RTM_DELROUTE")]
    pub fn delete_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "delete", encode::delete_route)
    }

    /// `ip route show table all`, both families, without the local and broadcast routes that the
    /// kernel makes for every address.
    #[doc(alias = "ip route show")]
    #[doc(alias = "RTM_GETROUTE")]
    pub fn routes(&self) -> Result<Vec<RouteInfo>> {
        self.find_routes(&RouteFilter::new())
    }

    /// `ip [-4|-6] route show [table TABLE] [dev LINK] [type TYPE] [proto PROTOCOL]`.
    pub fn find_routes(&self, wanted: &RouteFilter) -> Result<Vec<RouteInfo>> {
        let operation = "list the routes";
        let link = self.index_for(wanted.link, operation)?;
        match self.list(&encode::get_routes(wanted, link), decode::route, operation) {
            // A table that nobody has put a route in does not exist.
            Err(error) if error.errno() == Some(Errno::ENOENT as i32) => Ok(Vec::new()),
            other => other,
        }
    }

    /// `ip rule add`.
    #[doc(alias = "ip rule add")]
    #[doc(alias = "RTM_NEWRULE")]
    pub fn add_rule(&self, rule: &Rule) -> Result<()> {
        self.submit(
            Request::create(Message::NewRule(encode::rule(rule, RTPROT_UNSPEC)?)),
            &Attempt::Rule("add", rule),
            None,
        )
    }

    /// `ip rule delete`: the first that matches all that the rule says.
    #[doc(alias = "ip rule delete")]
    #[doc(alias = "RTM_DELRULE")]
    pub fn delete_rule(&self, rule: &Rule) -> Result<()> {
        self.submit(
            Request::new(Message::DelRule(encode::rule(rule, RTPROT_UNSPEC)?)),
            &Attempt::Rule("delete", rule),
            None,
        )
    }

    /// `ip rule show`, both families; rules that do not lead to a table are left out.
    #[doc(alias = "ip rule show")]
    #[doc(alias = "RTM_GETRULE")]
    pub fn rules(&self) -> Result<Vec<Rule>> {
        self.list(&encode::get_rules(None), decode::rule, "list the rules")
    }

    /// `ip monitor link address route`: what happens from now on.
    #[doc(alias = "ip monitor")]
    pub fn watch(&self) -> Result<Watch> {
        Watch::open(&self.netns)
    }

    fn connection(&self) -> Result<&Connection> {
        self.netns.connection()
    }

    fn list<T>(
        &self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Option<T>,
        operation: &'static str,
    ) -> Result<Vec<T>> {
        self.connection()?
            .dump(request, decode)
            .map_err(|failure| failure.into_error(operation).in_netns(self.netns.in_words()))
    }

    fn change(&self, link: impl IntoLinkId, change: &LinkChange<'_>) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let index = self.index_of(link, &Attempt::Change(link, *change))?;
        self.change_of(link, index, change)
    }

    fn change_of(&self, link: LinkId, index: u32, change: &LinkChange<'_>) -> Result<()> {
        self.submit(encode::set_link(index, change), &Attempt::Change(link, *change), None)
    }

    fn with_address(
        &self,
        link: impl IntoLinkId,
        address: &Address,
        verb: &'static str,
        request: impl FnOnce(u32, &Address) -> Request,
    ) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Address(verb, address, link);
        let index = self.index_of(link, &attempt)?;
        self.submit(request(index, address), &attempt, None)
    }

    fn with_route(
        &self,
        route: &Route,
        verb: &'static str,
        request: impl FnOnce(&Route, Option<u32>) -> Result<Request>,
    ) -> Result<()> {
        let attempt = Attempt::Route(verb, route, route.get_device());
        let device = self.connection()?.device_of(route, None);
        let device = device.map_err(|failure| self.explain(&attempt, None, failure))?;
        self.submit(request(route, device)?, &attempt, None)
    }

    fn submit(&self, request: Request, attempt: &Attempt<'_>, parent: Option<u32>) -> Result<()> {
        self.connection()?
            .submit_one(request)
            .map_err(|failure| self.explain(attempt, parent, failure))
    }

    fn index_of(&self, link: LinkId, attempt: &Attempt<'_>) -> Result<u32> {
        match link {
            LinkId::Index(index) => Ok(index),
            LinkId::Name(name) => self
                .connection()?
                .index_of(&name)
                .map_err(|errno| self.explain(attempt, None, Failure::refused(errno))),
        }
    }

    fn index_for(&self, link: Option<LinkId>, operation: &'static str) -> Result<Option<u32>> {
        link.map(|link| self.index_of(link, &Attempt::Other(link, operation.into()))).transpose()
    }

    fn parent_index(&self, parent: LinkId, attempt: &Attempt<'_>) -> Result<u32> {
        self.index_of(parent, attempt).map_err(|error| {
            if error.kind() == ErrorKind::NotFound { no_such_parent(error) } else { error }
        })
    }

    fn explain(&self, attempt: &Attempt<'_>, parent: Option<u32>, failure: Failure) -> Error {
        attempt.explain(failure, &Place { parent, ..Place::host(&self.netns) })
    }
}
