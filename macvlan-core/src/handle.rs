//! The verbs of `ip`, one a method, on one network namespace.

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;

use crate::address::{Address, AddressInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::link::{Link, LinkInfo};
use crate::mac::MacAddr;
use crate::name::{LinkId, LinkName};
use crate::netlink::encode::{self, LinkChange};
use crate::netlink::{Batch, Connection, Failure, Request, decode};
use crate::netns::NetNs;
use crate::route::{Route, RouteInfo};

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
        let attempt = Attempt::CreateLink(link);
        let parent = link.parent.map(|parent| self.parent_index(parent, &attempt)).transpose()?;
        self.submit(encode::create_link(link, parent), &attempt, parent)
    }

    /// `ip link delete`. Waits until the kernel has finished, about 16 ms.
    #[doc(alias = "ip link delete")]
    #[doc(alias = "RTM_DELLINK")]
    pub fn delete_link(&self, link: impl TryInto<LinkId, Error: Into<Error>>) -> Result<()> {
        self.on_link(link, "delete the link", |index| Ok(encode::delete_link(index)))
    }

    /// `ip -d link show dev`.
    #[doc(alias = "ip link show")]
    #[doc(alias = "RTM_GETLINK")]
    pub fn link(&self, link: impl TryInto<LinkId, Error: Into<Error>>) -> Result<LinkInfo> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "read the link".into());
        let index = self.index_of(link, &attempt)?;
        self.connection()?
            .get(encode::get_link(index), decode::link)
            .map_err(|failure| self.explain(&attempt, None, failure))
    }

    /// `ip -d link show`: all links.
    #[doc(alias = "ip link show")]
    pub fn links(&self) -> Result<Vec<LinkInfo>> {
        self.list(&encode::get_links(), decode::link, "list the links")
    }

    /// `ip link set dev LINK up`.
    #[doc(alias = "ip link set up")]
    #[doc(alias = "IFF_UP")]
    pub fn set_up(&self, link: impl TryInto<LinkId, Error: Into<Error>>) -> Result<()> {
        self.change(link, "set the link up", &LinkChange::Up(true))
    }

    /// `ip link set dev LINK down`. The kernel takes about 14 ms for it.
    #[doc(alias = "ip link set down")]
    pub fn set_down(&self, link: impl TryInto<LinkId, Error: Into<Error>>) -> Result<()> {
        self.change(link, "set the link down", &LinkChange::Up(false))
    }

    /// `ip link set dev LINK name NAME`. Kernels before 6.0 refuse it while the link is up.
    #[doc(alias = "ip link set name")]
    #[doc(alias = "IFLA_IFNAME")]
    pub fn rename(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        name: LinkName,
    ) -> Result<()> {
        self.change(
            link,
            format!("rename the link to {:?}", name.as_str()),
            &LinkChange::Name(name),
        )
    }

    /// `ip link set dev LINK address MAC`.
    #[doc(alias = "ip link set address")]
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn set_mac(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        mac: MacAddr,
    ) -> Result<()> {
        self.change(link, format!("set the MAC address {mac}"), &LinkChange::Mac(mac))
    }

    /// `ip link set dev LINK mtu BYTES`.
    #[doc(alias = "ip link set mtu")]
    #[doc(alias = "IFLA_MTU")]
    pub fn set_mtu(&self, link: impl TryInto<LinkId, Error: Into<Error>>, mtu: u32) -> Result<()> {
        self.change(link, format!("set the MTU to {mtu}"), &LinkChange::Mtu(mtu))
    }

    /// `ip link set dev LINK promisc on|off`: the flag, which knows no owners.
    #[doc(alias = "ip link set promisc")]
    #[doc(alias = "IFF_PROMISC")]
    pub fn set_promisc(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        on: bool,
    ) -> Result<()> {
        self.change(link, format!("set promisc {}", on_off(on)), &LinkChange::Promisc(on))
    }

    /// `ip link set dev LINK allmulticast on|off`.
    #[doc(alias = "ip link set allmulticast")]
    #[doc(alias = "IFF_ALLMULTI")]
    pub fn set_allmulticast(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        on: bool,
    ) -> Result<()> {
        self.change(link, format!("set allmulticast {}", on_off(on)), &LinkChange::AllMulticast(on))
    }

    /// `ip link set dev LINK netns … [name NAME]`: moves a link to another namespace.
    ///
    /// Its addresses and routes are lost, it arrives down, and the kernel takes about 16 ms for it;
    /// creating it there ([`Link::netns`]) takes a hundredth of that.
    #[doc(alias = "ip link set netns")]
    #[doc(alias = "IFLA_NET_NS_FD")]
    pub fn move_link(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        to: &NetNs,
        name: Option<LinkName>,
    ) -> Result<()> {
        self.change(link, format!("move the link to {to}"), &LinkChange::NetNs(to, name))
    }

    /// `ip address add … dev LINK`.
    #[doc(alias = "ip address add")]
    #[doc(alias = "RTM_NEWADDR")]
    pub fn add_address(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        address: &Address,
    ) -> Result<()> {
        self.with_address(link, address, "add", |message| {
            Request::create(Message::NewAddress(message))
        })
    }

    /// `ip address replace … dev LINK`: adds it, or updates what exists.
    #[doc(alias = "ip address replace")]
    pub fn replace_address(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        address: &Address,
    ) -> Result<()> {
        self.with_address(link, address, "replace", |message| {
            Request::replace(Message::NewAddress(message))
        })
    }

    /// `ip address delete … dev LINK`.
    #[doc(alias = "ip address delete")]
    #[doc(alias = "RTM_DELADDR")]
    pub fn delete_address(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        address: &Address,
    ) -> Result<()> {
        self.with_address(link, address, "delete", |message| {
            Request::new(Message::DelAddress(message))
        })
    }

    /// `ip address show`: all addresses of the namespace.
    #[doc(alias = "ip address show")]
    #[doc(alias = "RTM_GETADDR")]
    pub fn addresses(&self) -> Result<Vec<AddressInfo>> {
        self.list(&encode::get_addresses(0), decode::address, "list the addresses")
    }

    /// `ip address show dev LINK`: the kernel sends just this link's.
    #[doc(alias = "ip address show dev")]
    pub fn addresses_of(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
    ) -> Result<Vec<AddressInfo>> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, "list the addresses".into());
        let index = self.index_of(link, &attempt)?;
        self.connection()?
            .dump(&encode::get_addresses(index), decode::address)
            .map_err(|failure| self.explain(&attempt, None, failure))
    }

    /// `ip route add`.
    #[doc(alias = "ip route add")]
    #[doc(alias = "RTM_NEWROUTE")]
    pub fn add_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "add", |route, device| {
            Ok(Request::create(Message::NewRoute(encode::route(route, device)?)))
        })
    }

    /// `ip route replace`: adds it, or takes the place of the one to the same destination with the
    /// same metric in the same table.
    #[doc(alias = "ip route replace")]
    pub fn replace_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "replace", |route, device| {
            Ok(Request::replace(Message::NewRoute(encode::route(route, device)?)))
        })
    }

    /// `ip route delete`: the first that matches all that the route says.
    #[doc(alias = "ip route delete")]
    #[doc(alias = "RTM_DELROUTE")]
    pub fn delete_route(&self, route: &Route) -> Result<()> {
        self.with_route(route, "delete", |route, device| {
            Ok(Request::new(Message::DelRoute(encode::route_to_delete(route, device)?)))
        })
    }

    /// `ip route show table all`, both families, without the local and broadcast routes that the
    /// kernel makes for every address.
    #[doc(alias = "ip route show")]
    #[doc(alias = "RTM_GETROUTE")]
    pub fn routes(&self) -> Result<Vec<RouteInfo>> {
        self.list(&encode::get_routes(None, None), decode::route, "list the routes")
    }

    /// `ip route show table TABLE`: the kernel sends just that table's.
    #[doc(alias = "ip route show table")]
    pub fn routes_in(&self, table: u32) -> Result<Vec<RouteInfo>> {
        let found =
            self.list(&encode::get_routes(Some(table), None), decode::route, "list the routes");
        match found {
            // A table that nobody has put a route in does not exist.
            Err(error) if error.errno() == Some(Errno::ENOENT as i32) => Ok(Vec::new()),
            other => other,
        }
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

    fn change(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        operation: impl Into<std::borrow::Cow<'static, str>>,
        change: &LinkChange<'_>,
    ) -> Result<()> {
        self.on_link(link, operation, |index| Ok(encode::set_link(index, change)))
    }

    fn on_link(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        operation: impl Into<std::borrow::Cow<'static, str>>,
        request: impl FnOnce(u32) -> Result<Request>,
    ) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Other(link, operation.into());
        let index = self.index_of(link, &attempt)?;
        self.submit(request(index)?, &attempt, None)
    }

    fn with_address(
        &self,
        link: impl TryInto<LinkId, Error: Into<Error>>,
        address: &Address,
        verb: &'static str,
        request: impl FnOnce(netlink_packet_route::address::AddressMessage) -> Request,
    ) -> Result<()> {
        let link = link.try_into().map_err(Into::into)?;
        let attempt = Attempt::Address(verb, address, link);
        let index = self.index_of(link, &attempt)?;
        self.submit(request(encode::address(index, address)), &attempt, None)
    }

    fn with_route(
        &self,
        route: &Route,
        verb: &'static str,
        request: impl FnOnce(&Route, Option<u32>) -> Result<Request>,
    ) -> Result<()> {
        let attempt = Attempt::Route(verb, route, route.get_device());
        let device = route.get_device().map(|link| self.index_of(link, &attempt)).transpose()?;
        self.submit(request(route, device)?, &attempt, None)
    }

    fn submit(&self, request: Request, attempt: &Attempt<'_>, parent: Option<u32>) -> Result<()> {
        let mut batch = Batch::new();
        batch.push(request);
        self.connection()?
            .submit(&mut batch)
            .map_err(|failure| self.explain(attempt, parent, failure))
    }

    fn index_of(&self, link: LinkId, attempt: &Attempt<'_>) -> Result<u32> {
        match link {
            LinkId::Index(index) => Ok(index),
            LinkId::Name(name) => self.connection()?.index_of(&name).map_err(|errno| {
                self.explain(attempt, None, Failure::Refused { at: 0, errno, message: None })
            }),
        }
    }

    fn parent_index(&self, parent: LinkId, attempt: &Attempt<'_>) -> Result<u32> {
        self.index_of(parent, attempt).map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                error.because(ErrorKind::ParentNotFound, "the parent does not exist")
            } else {
                error
            }
        })
    }

    fn explain(&self, attempt: &Attempt<'_>, parent: Option<u32>, failure: Failure) -> Error {
        attempt.explain(failure, &Place { host: &self.netns, inside: None, parent })
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
