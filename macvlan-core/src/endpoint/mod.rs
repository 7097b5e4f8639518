//! What one container interface should be, and what it became.

mod attach;
mod attachment;
mod plan;

use std::net::IpAddr;

pub use attachment::Attachment;
pub use plan::{Plan, Step};

pub(crate) use attach::{attach, detach};

use crate::address::{Address, Assignment};
use crate::error::{Error, Result};
use crate::link::{Macvlan, Mode};
use crate::mac::MacAddr;
use crate::name::{LinkId, LinkName};
use crate::route::Route;

/// What one container interface should be: a value, made without any system call.
///
/// Given to [`Host::attach`](crate::Host::attach), which makes it so in a container's namespace.
///
/// ```
/// use macvlan_core::{Endpoint, Mode};
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .mode(Mode::Bridge)
///     .address("172.16.213.180/16".parse()?)
///     .gateway("172.16.213.2".parse().unwrap());
/// println!("{}", endpoint.plan()?);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
#[allow(clippy::struct_excessive_bools)] // independent switches, not a state machine
pub struct Endpoint {
    name: LinkName,
    parent: LinkId,
    macvlan: Macvlan,
    mac: Option<MacAddr>,
    mtu: Option<u32>,
    addresses: Vec<Address>,
    gateways: Vec<IpAddr>,
    on_link_gateways: bool,
    routes: Vec<Route>,
    promisc: bool,
    lo_up: bool,
    replace_default_route: bool,
}

impl Endpoint {
    /// An interface called `name` inside, on a parent link on the host; in mode bridge.
    pub fn new<N, P>(name: N, parent: P) -> Result<Self>
    where
        N: TryInto<LinkName>,
        Error: From<N::Error>,
        P: TryInto<LinkId>,
        Error: From<P::Error>,
    {
        Ok(Self {
            name: name.try_into()?,
            parent: parent.try_into()?,
            macvlan: Macvlan::new(Mode::Bridge),
            mac: None,
            mtu: None,
            addresses: Vec::new(),
            gateways: Vec::new(),
            on_link_gateways: false,
            routes: Vec::new(),
            promisc: false,
            lo_up: true,
            replace_default_route: false,
        })
    }

    /// Who it may talk to; [`Mode::Bridge`] when not given.
    #[doc(alias = "IFLA_MACVLAN_MODE")]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.macvlan = Macvlan::new(mode);
        self
    }

    /// Its MAC address. When not given, a random one, locally administered; in mode passthru, the
    /// parent's.
    ///
    /// In mode passthru a MAC address given here becomes the parent's as long as the link exists.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Its MTU in bytes, at most the parent's; the parent's when not given.
    #[doc(alias = "IFLA_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// One more address.
    pub fn address(mut self, address: Address) -> Self {
        self.addresses.push(address);
        self
    }

    /// An address and, if it has one, its gateway, in pipework's notation
    /// `172.16.104.10/24@172.16.104.1`.
    pub fn assignment(mut self, assignment: Assignment) -> Self {
        self.addresses.push(assignment.address());
        self.gateways.extend(assignment.gateway());
        self
    }

    /// The gateway of the default route of its family; one a family.
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Takes gateways that lie outside the subnet of every address to be directly on the link
    /// (`onlink`). Without, the kernel refuses them unless a route says where they are.
    #[doc(alias = "RTNH_F_ONLINK")]
    pub fn on_link_gateways(mut self, on_link: bool) -> Self {
        self.on_link_gateways = on_link;
        self
    }

    /// One more route, after the addresses and the gateways' default routes; through this link,
    /// unless it names another. What leads elsewhere goes, too, when the interface is detached.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Whether the link is promiscuous, which makes the parent promiscuous too while it is up
    /// (`ip link set eth0 promisc on`); no when not given.
    #[doc(alias = "IFF_PROMISC")]
    pub fn promisc(mut self, promisc: bool) -> Self {
        self.promisc = promisc;
        self
    }

    /// Whether the container's `lo` is set up as well, as a new namespace's is not; yes when not
    /// given.
    pub fn lo_up(mut self, lo_up: bool) -> Self {
        self.lo_up = lo_up;
        self
    }

    /// Whether the default routes that the container already has in table `main`, of the gateways'
    /// families, go (as pipework has it); no when not given, and then one with the same metric is
    /// in the way. If attaching fails, they are as they were.
    pub fn replace_default_route(mut self, replace: bool) -> Self {
        self.replace_default_route = replace;
        self
    }

    /// What attaching it would do, in order. Everything that is wrong with the values alone is found
    /// here, without any system call.
    pub fn plan(&self) -> Result<Plan> {
        Plan::of(self)
    }

    /// The name inside.
    pub fn name(&self) -> LinkName {
        self.name
    }

    /// The parent on the host.
    pub fn parent(&self) -> LinkId {
        self.parent
    }
}
