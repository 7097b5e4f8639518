//! The operations of `ip` on one network namespace.

pub(crate) mod promisc;
pub(crate) mod watch;

use std::collections::HashMap;
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
    AddrGenMode, IntoLinkId, LIST_OUTSIDE_SOURCE, Link, LinkInfo, MacvlanChange, Mode, VlanOptions,
    check_alias,
};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName, check_alternative_name};
use crate::value::neighbour::NeighbourInfo;
use crate::value::route::{Route, RouteInfo};
use crate::value::rule::Rule;

/// A handle for the links, addresses, routes, rules and neighbours of one network namespace.
///
/// Each method corresponds to one command of `ip`, which its documentation names. A link is given
/// by its name, such as `"eth0"`, a [`LinkName`] or an index ([`LinkId`]).
///
/// Every method fails with [`ErrorKind::PermissionDenied`] without `CAP_NET_ADMIN` in the user
/// namespace that owns the network namespace (methods that only read do not need it), and with
/// [`ErrorKind::System`] or [`ErrorKind::Protocol`] for other failures of the kernel. The
/// documentation of a method lists further kinds.
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
    /// Opens a handle on the calling thread's namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`] if no more files may be opened.
    pub fn open() -> Result<Self> {
        Self::in_netns(&NetNs::current()?)
    }

    /// Opens a handle on a namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`] if the namespace may not be entered; [`ErrorKind::System`]
    /// if no more files may be opened.
    #[doc(alias = "ip -n")]
    pub fn in_netns(netns: &NetNs) -> Result<Self> {
        netns.connection()?;
        Ok(Self { netns: netns.clone() })
    }

    /// Returns the namespace of the handle.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// Creates a link (`ip link add`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] for options that contradict each other; [`ErrorKind::NameTaken`]
    /// if the name is in use; [`ErrorKind::ParentNotFound`], [`ErrorKind::ParentBusy`],
    /// [`ErrorKind::PassthruConflict`], [`ErrorKind::ParentDown`], [`ErrorKind::MacInUse`],
    /// [`ErrorKind::MtuTooLarge`] and [`ErrorKind::Unsupported`] if the kernel refuses the link.
    #[doc(alias = "ip link add")]
    #[doc(alias = "RTM_NEWLINK")]
    pub fn add_link(&self, link: &Link) -> Result<()> {
        link.check()?;
        let attempt = Attempt::CreateLink(link);
        let parent = link.parent.map(|parent| self.parent_index(parent, &attempt)).transpose()?;
        self.submit(encode::create_link(link, parent), &attempt, parent)
    }

    /// Deletes a link (`ip link delete`). Returns when the kernel has finished, after about 16 ms.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link delete")]
    #[doc(alias = "RTM_DELLINK")]
    pub fn delete_link(&self, link: impl IntoLinkId) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "delete the link".into());
        let index = self.index_of(link, &attempt)?;
        self.submit(encode::delete_link(index), &attempt, None)
    }

    /// Returns a link (`ip -d link show dev`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link show")]
    #[doc(alias = "RTM_GETLINK")]
    pub fn link(&self, link: impl IntoLinkId) -> Result<LinkInfo> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "read the link".into());
        self.connection()?.link(link).map_err(|failure| self.explain(&attempt, None, failure))
    }

    /// Lists all links (`ip -d link show`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if the links changed repeatedly during the listing.
    #[doc(alias = "ip link show")]
    pub fn links(&self) -> Result<Vec<LinkInfo>> {
        self.find_links(&LinkFilter::new())
    }

    /// Lists the links that match a filter (`ip -d link show [type KIND] [master LINK]`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the filter's link does not exist; otherwise as for
    /// [`Handle::links`].
    pub fn find_links(&self, wanted: &LinkFilter) -> Result<Vec<LinkInfo>> {
        let operation = "list the links";
        let controller = self.index_for(wanted.controller, operation)?;
        self.list(&encode::get_links(wanted.kind.as_deref(), controller), decode::link, operation)
    }

    /// Sets a link up (`ip link set dev LINK up`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::MacInUse`],
    /// [`ErrorKind::ParentBusy`] or [`ErrorKind::ParentDown`] if the kernel refuses.
    #[doc(alias = "ip link set up")]
    #[doc(alias = "IFF_UP")]
    pub fn set_up(&self, link: impl IntoLinkId) -> Result<()> {
        self.change(link, &LinkChange::Up(true))
    }

    /// Sets a link down (`ip link set dev LINK down`), which takes the kernel about 14 ms.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link set down")]
    pub fn set_down(&self, link: impl IntoLinkId) -> Result<()> {
        self.change(link, &LinkChange::Up(false))
    }

    /// Renames a link (`ip link set dev LINK name NAME`).
    ///
    /// Kernels before 6.0 refuse this while it is up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::NameTaken`] if the name is
    /// in use.
    #[doc(alias = "ip link set name")]
    #[doc(alias = "IFLA_IFNAME")]
    pub fn rename(&self, link: impl IntoLinkId, name: LinkName) -> Result<()> {
        self.change(link, &LinkChange::Name(name))
    }

    /// Sets the MAC address of a link (`ip link set dev LINK address MAC`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::MacInUse`] if the parent or
    /// another link on it has the address.
    #[doc(alias = "ip link set address")]
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn set_mac(&self, link: impl IntoLinkId, mac: MacAddr) -> Result<()> {
        self.change(link, &LinkChange::Mac(mac))
    }

    /// Sets the MTU of a link in bytes (`ip link set dev LINK mtu BYTES`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::MtuTooLarge`] if the MTU is
    /// above the parent's or the driver's limit.
    #[doc(alias = "ip link set mtu")]
    #[doc(alias = "IFLA_MTU")]
    pub fn set_mtu(&self, link: impl IntoLinkId, mtu: u32) -> Result<()> {
        self.change(link, &LinkChange::Mtu(mtu))
    }

    /// Sets the promisc flag of a link (`ip link set dev LINK promisc on|off`).
    ///
    /// The flag is not counted; to share it with others, use [`Handle::hold_promisc`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link set promisc")]
    #[doc(alias = "IFF_PROMISC")]
    pub fn set_promisc(&self, link: impl IntoLinkId, on: bool) -> Result<()> {
        self.change(link, &LinkChange::Promisc(on))
    }

    /// Sets the allmulti flag of a link (`ip link set dev LINK allmulticast on|off`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link set allmulticast")]
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn set_allmulticast(&self, link: impl IntoLinkId, on: bool) -> Result<()> {
        self.change(link, &LinkChange::AllMulticast(on))
    }

    /// Sets the alias of a link (`ip link set dev LINK alias TEXT`); an empty text deletes it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] above 255 bytes; [`ErrorKind::NotFound`] if the link does not
    /// exist.
    #[doc(alias = "ip link set alias")]
    #[doc(alias = "IFLA_IFALIAS")]
    pub fn set_alias(&self, link: impl IntoLinkId, alias: &str) -> Result<()> {
        check_alias(alias)?;
        self.change(link, &LinkChange::Alias(alias))
    }

    /// Sets the group of a link (`ip link set dev LINK group NUMBER`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link set group")]
    #[doc(alias = "IFLA_GROUP")]
    pub fn set_group(&self, link: impl IntoLinkId, group: u32) -> Result<()> {
        self.change(link, &LinkChange::Group(group))
    }

    /// Sets the transmit queue length of a link (`ip link set dev LINK txqueuelen PACKETS`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip link set txqueuelen")]
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn set_tx_queue_len(&self, link: impl IntoLinkId, packets: u32) -> Result<()> {
        self.change(link, &LinkChange::TxQueueLen(packets))
    }

    /// Sets how the IPv6 link-local address is made (`ip link set dev LINK addrgenmode MODE`).
    ///
    /// Takes effect when the link next comes up; an existing address is kept.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::Ipv6Disabled`] or
    /// [`ErrorKind::Unsupported`] without IPv6.
    #[doc(alias = "ip link set addrgenmode")]
    #[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
    pub fn set_addr_gen_mode(&self, link: impl IntoLinkId, mode: AddrGenMode) -> Result<()> {
        self.change(link, &LinkChange::AddrGenMode(mode))
    }

    /// Adds an alternative name of up to 127 bytes (`ip link property add dev LINK altname NAME`).
    ///
    /// Linux 5.5 and later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] for an invalid name; [`ErrorKind::NotFound`] if the link does
    /// not exist; [`ErrorKind::NameTaken`] if the name is in use.
    #[doc(alias = "ip link property add altname")]
    #[doc(alias = "IFLA_ALT_IFNAME")]
    pub fn add_alternative_name(&self, link: impl IntoLinkId, name: &str) -> Result<()> {
        check_alternative_name(name)?;
        self.change(link, &LinkChange::AddAltName(name))
    }

    /// Deletes an alternative name (`ip link property del dev LINK altname NAME`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist or does not have the name.
    #[doc(alias = "ip link property del altname")]
    pub fn delete_alternative_name(&self, link: impl IntoLinkId, name: &str) -> Result<()> {
        check_alternative_name(name)?;
        self.change(link, &LinkChange::DeleteAltName(name))
    }

    /// Changes the options of a macvlan or macvtap (`ip link set dev LINK type macvlan …`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if an option does not apply to the mode, the mode changes to or
    /// from passthru, or the link is neither macvlan nor macvtap; [`ErrorKind::NotFound`] if the
    /// link does not exist.
    #[doc(alias = "ip link set type macvlan")]
    pub fn set_macvlan(&self, link: impl IntoLinkId, change: &MacvlanChange) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        change.check()?;
        let info = self.link(link)?;
        let (Some(kind), Some(options)) = (info.kind.as_deref(), &info.macvlan) else {
            let attempt = Attempt::Change(link, LinkChange::Macvlan("", change));
            return Err(self
                .explain(&attempt, None, Failure::refused(Errno::EOPNOTSUPP))
                .because(ErrorKind::InvalidValue, "the link is neither a macvlan nor a macvtap"));
        };
        self.change_of(link, info.index, &LinkChange::Macvlan(kind, change)).map_err(|error| {
            let (was, is) = (options.get_mode(), change.mode.unwrap_or(options.get_mode()));
            if error.errno() != Some(Errno::EINVAL as i32) {
                error
            } else if was != is && [was, is].contains(&Mode::Passthru) {
                let why = "a link cannot change to or from mode passthru";
                error.because(ErrorKind::InvalidValue, why)
            } else if is != Mode::Source && change.source_macs.is_some() {
                error.because(ErrorKind::InvalidValue, LIST_OUTSIDE_SOURCE)
            } else {
                error
            }
        })
    }

    /// Changes the flags and priority maps of a VLAN (`ip link set dev LINK type vlan …`).
    ///
    /// Those that are not set keep their values.
    ///
    /// The id and the protocol cannot be changed and are ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] if the link is not a VLAN; [`ErrorKind::NotFound`] if it does
    /// not exist.
    #[doc(alias = "ip link set type vlan")]
    pub fn set_vlan(&self, link: impl IntoLinkId, vlan: &VlanOptions) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        self.change(link, &LinkChange::Vlan(vlan)).map_err(|error| {
            // The kernel's answer to options of another kind of link.
            if error.errno() != Some(Errno::EOPNOTSUPP as i32) {
                return error;
            }
            match self.link(link) {
                Ok(info) if info.vlan.is_none() => {
                    error.because(ErrorKind::InvalidValue, "the link is not a VLAN")
                }
                _ => error,
            }
        })
    }

    /// Keeps a link promiscuous until the guard is dropped or the process ends.
    ///
    /// The kernel counts these requests, so other users of the link are not affected.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::PermissionDenied`] without
    /// `CAP_NET_RAW`.
    #[doc(alias = "PACKET_MR_PROMISC")]
    pub fn hold_promisc(&self, link: impl IntoLinkId) -> Result<PromiscGuard> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "make the link promiscuous".into());
        let index = self.index_of(link, &attempt)?;
        PromiscGuard::hold(&self.netns, index)?
            .map_err(|errno| self.explain(&attempt, None, Failure::refused(errno)))
    }

    /// Moves a link to another namespace (`ip link set dev LINK netns … [name NAME]`).
    ///
    /// The link loses its addresses and routes, and is down afterwards; the kernel takes about 16
    /// ms. Creating it there ([`Link::netns`]) takes a hundredth of this.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::NameTaken`] if the name is
    /// in use there.
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

    /// Adds an address (`ip address add … dev LINK`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist; [`ErrorKind::AddressTaken`] if it has
    /// the address; [`ErrorKind::Ipv6Disabled`] or [`ErrorKind::Unsupported`] without IPv6.
    #[doc(alias = "ip address add")]
    #[doc(alias = "RTM_NEWADDR")]
    pub fn add_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "add", encode::add_address)
    }

    /// Adds an address or updates an existing one (`ip address replace … dev LINK`).
    ///
    /// # Errors
    ///
    /// As for [`Handle::add_address`], without [`ErrorKind::AddressTaken`].
    #[doc(alias = "ip address replace")]
    pub fn replace_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "replace", encode::replace_address)
    }

    /// Deletes an address (`ip address delete … dev LINK`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the link does not exist or does not have the address.
    #[doc(alias = "ip address delete")]
    #[doc(alias = "RTM_DELADDR")]
    pub fn delete_address(&self, link: impl IntoLinkId, address: &Address) -> Result<()> {
        self.with_address(link, address, "delete", encode::delete_address)
    }

    /// Lists all addresses of the namespace (`ip address show`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if the addresses changed repeatedly during the listing.
    #[doc(alias = "ip address show")]
    #[doc(alias = "RTM_GETADDR")]
    pub fn addresses(&self) -> Result<Vec<AddressInfo>> {
        self.find_addresses(&AddressFilter::new())
    }

    /// Lists the addresses that match a filter (`ip [-4|-6] address show [dev LINK]`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the filter's link does not exist; otherwise as for
    /// [`Handle::addresses`].
    pub fn find_addresses(&self, wanted: &AddressFilter) -> Result<Vec<AddressInfo>> {
        let operation = "list the addresses";
        let link = self.index_for(wanted.link, operation)?;
        self.list(&encode::get_addresses(wanted.family, link), decode::address, operation)
    }

    /// Returns whether a link has an address (`ip route get ADDRESS` answers `local`).
    ///
    /// This is a lookup, not a listing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`] or [`ErrorKind::Protocol`] if the kernel does not answer.
    #[doc(alias = "ip route get")]
    #[doc(alias = "RTM_GETROUTE")]
    pub fn is_local(&self, address: IpAddr) -> Result<bool> {
        let is_local = |payload: &[u8]| Some(decode::local_route(payload).is_some());
        match self.connection()?.get(encode::get_route_to(address, None, None), is_local) {
            // That no route leads there is an answer, too.
            Err(Failure::Refused {
                errno: Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES | Errno::EINVAL,
                ..
            }) => Ok(false),
            answer => answer.map_err(|failure| {
                let operation = format!("look up the route to {address}");
                failure.into_error(operation).in_netns(self.netns.describe())
            }),
        }
    }

    /// Lists all neighbour entries (`ip neighbour show`), for IPv4 and IPv6.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if the entries changed repeatedly during the listing.
    #[doc(alias = "ip neighbour show")]
    #[doc(alias = "RTM_GETNEIGH")]
    pub fn neighbours(&self) -> Result<Vec<NeighbourInfo>> {
        self.find_neighbours(&NeighbourFilter::new())
    }

    /// Lists the neighbour entries that match a filter (`ip [-4|-6] neighbour show [dev LINK]`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the filter's link does not exist; otherwise as for
    /// [`Handle::neighbours`].
    pub fn find_neighbours(&self, wanted: &NeighbourFilter) -> Result<Vec<NeighbourInfo>> {
        let operation = "list the neighbours";
        let link = self.index_for(wanted.link, operation)?;
        self.list(&encode::get_neighbours(wanted.family, link), decode::neighbour, operation)
    }

    /// Adds a route (`ip route add`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] as for [`Route::check`]; [`ErrorKind::RouteExists`] if a route
    /// has the same destination, metric and table; [`ErrorKind::GatewayUnreachable`] if the gateway
    /// is not on a subnet; [`ErrorKind::NotFound`] if the link does not exist.
    #[doc(alias = "ip route add")]
    #[doc(alias = "RTM_NEWROUTE")]
    pub fn add_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "add", |route, device| encode::add_route(route, device, RTPROT_BOOT))
    }

    /// Adds a route, or replaces one with the same destination, metric and table
    /// (`ip route replace`).
    ///
    /// # Errors
    ///
    /// As for [`Handle::add_route`], without [`ErrorKind::RouteExists`].
    #[doc(alias = "ip route replace")]
    pub fn replace_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "replace", encode::replace_route)
    }

    /// Deletes the first route that matches all fields that are set (`ip route delete`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] as for [`Route::check`]; [`ErrorKind::NotFound`] if no route
    /// matches or the link does not exist.
    #[doc(alias = "ip route delete")]
    #[doc(alias = "RTM_DELROUTE")]
    pub fn delete_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "delete", encode::delete_route)
    }

    /// Lists the routes of all tables and both families (`ip route show table all`).
    ///
    /// The local and broadcast routes that the kernel adds for each address are left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if the routes changed repeatedly during the listing.
    #[doc(alias = "ip route show")]
    #[doc(alias = "RTM_GETROUTE")]
    pub fn routes(&self) -> Result<Vec<RouteInfo>> {
        self.find_routes(&RouteFilter::new())
    }

    /// Lists the routes that match a filter.
    ///
    /// `ip [-4|-6] route show [table TABLE] [dev LINK] [type TYPE] [proto PROTOCOL]`
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the filter's link does not exist; otherwise as for
    /// [`Handle::routes`].
    pub fn find_routes(&self, wanted: &RouteFilter) -> Result<Vec<RouteInfo>> {
        let operation = "list the routes";
        let link = self.index_for(wanted.link, operation)?;
        let found = match self.list(&encode::get_routes(wanted, link), decode::route, operation) {
            // A table without routes does not exist.
            Err(error) if error.errno() == Some(Errno::ENOENT as i32) => Vec::new(),
            found => found?,
        };
        if found.is_empty() {
            return Ok(found);
        }
        let names: HashMap<u32, LinkId> = self
            .links()?
            .into_iter()
            .map(|link| (link.index, LinkId::named(&link.name, link.index)))
            .collect();
        let name = |index| match names.get(&index) {
            Some(LinkId::Name(name)) => Some(*name),
            _ => None,
        };
        Ok(found.into_iter().map(|info| info.named(name)).collect())
    }

    /// Adds a policy rule (`ip rule add`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] as for [`Rule::check`]; [`ErrorKind::RouteExists`] if the
    /// namespace has the rule.
    #[doc(alias = "ip rule add")]
    #[doc(alias = "RTM_NEWRULE")]
    pub fn add_rule(&self, rule: &Rule) -> Result<()> {
        self.submit(
            Request::create(Message::NewRule(encode::rule(rule, RTPROT_UNSPEC)?)),
            &Attempt::Rule("add", rule),
            None,
        )
    }

    /// Deletes the first policy rule that matches all fields that are set (`ip rule delete`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] as for [`Rule::check`]; [`ErrorKind::NotFound`] if no rule
    /// matches.
    #[doc(alias = "ip rule delete")]
    #[doc(alias = "RTM_DELRULE")]
    pub fn delete_rule(&self, rule: &Rule) -> Result<()> {
        self.submit(
            Request::new(Message::DelRule(encode::rule(rule, RTPROT_UNSPEC)?)),
            &Attempt::Rule("delete", rule),
            None,
        )
    }

    /// Lists the policy rules of both families that select a table (`ip rule show`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] if the rules changed repeatedly during the listing.
    #[doc(alias = "ip rule show")]
    #[doc(alias = "RTM_GETRULE")]
    pub fn rules(&self) -> Result<Vec<Rule>> {
        self.list(&encode::get_rules(None), decode::rule, "list the rules")
    }

    /// Subscribes to the events of links, addresses and routes (`ip monitor link address route`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`] if the namespace may not be entered; [`ErrorKind::System`]
    /// if no more files may be opened.
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
            .map_err(|failure| failure.into_error(operation).in_netns(self.netns.describe()))
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
        self.connection()?
            .index_by(link)
            .map_err(|errno| self.explain(attempt, None, Failure::refused(errno)))
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
