//! Links to be created, and links as reported by the kernel.

mod info;
mod ipv6;
mod kind;
mod macvlan;
mod vlan;

pub use info::{LinkInfo, LinkState, LinkStatistics, Offloads};
pub use ipv6::{AcceptRa, Ipv6Sysctl};
pub use kind::{EndpointType, LinkType};
pub use macvlan::{MacvlanChange, MacvlanOptions, Mode, SourceMacs};
pub use vlan::{VlanOptions, VlanProtocol};

pub(crate) use macvlan::LIST_OUTSIDE_SOURCE;

use crate::error::{Error, Result};
use crate::netns::NetNs;
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::text::named;

/// The minimum MTU for IPv6 on a link.
pub(crate) const IPV6_MIN_MTU: u32 = 1280;

/// The index of `lo` in every network namespace.
pub(crate) const LOOPBACK: u32 = 1;

/// A link to be created by [`Handle::add_link`](crate::Handle::add_link).
///
/// ```no_run
/// use macvlan_core::{Handle, Link, MacvlanOptions, Mode};
/// let handle = Handle::open()?;
/// handle.add_link(&Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Bridge))?.up(true))?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "RTM_NEWLINK")]
#[derive(Debug, Clone)]
#[must_use]
pub struct Link {
    pub(crate) name: LinkName,
    pub(crate) kind: LinkKind,
    pub(crate) parent: Option<LinkId>,
    /// The parent's alternative name, if it is longer than a name can be.
    pub(crate) parent_alternative: Option<Box<str>>,
    pub(crate) index: Option<u32>,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) mtu: Option<u32>,
    pub(crate) up: bool,
    pub(crate) promisc: bool,
    pub(crate) allmulticast: bool,
    pub(crate) group: Option<u32>,
    pub(crate) tx_queue_len: Option<u32>,
    pub(crate) tx_queues: Option<u32>,
    pub(crate) rx_queues: Option<u32>,
    pub(crate) netns: Option<NetNs>,
}

/// The kinds of link that can be created, with their options.
#[doc(alias = "IFLA_INFO_KIND")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LinkKind {
    /// A macvlan on a parent.
    Macvlan(MacvlanOptions),
    /// A macvtap on a parent: a macvlan whose frames a program exchanges through `/dev/tapN`.
    Macvtap(MacvlanOptions),
    /// A VLAN of a parent.
    Vlan(VlanOptions),
    /// A pair of virtual Ethernet links; the peer may be in another namespace.
    Veth {
        /// The name of the peer.
        peer: LinkName,
        /// The namespace of the peer; `None` for that of the link.
        peer_netns: Option<NetNs>,
    },
    /// A dummy link, which drops all packets.
    Dummy,
    /// A bridge.
    Bridge,
}

impl LinkKind {
    /// Returns the kind without its options.
    pub fn link_type(&self) -> LinkType {
        match self {
            Self::Macvlan(_) => LinkType::Macvlan,
            Self::Macvtap(_) => LinkType::Macvtap,
            Self::Vlan(_) => LinkType::Vlan,
            Self::Veth { .. } => LinkType::Veth,
            Self::Dummy => LinkType::Dummy,
            Self::Bridge => LinkType::Bridge,
        }
    }

    /// Returns the kernel's name for the kind, such as `"macvlan"`.
    pub fn as_str(&self) -> &'static str {
        self.link_type().as_str()
    }

    /// Formats the options as `ip link add … type KIND` takes them, each with a leading space.
    pub(crate) fn describe_options(&self) -> String {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => options.describe(),
            Self::Vlan(options) => options.describe(),
            Self::Veth { peer, .. } => format!(" peer name {peer}"),
            Self::Dummy | Self::Bridge => String::new(),
        }
    }

    /// Returns the options of a macvlan or macvtap.
    pub(crate) fn macvlan(&self) -> Option<&MacvlanOptions> {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => Some(options),
            _ => None,
        }
    }
}

/// The way in which the kernel makes a link's IPv6 link-local address.
///
/// The numbers are the kernel's (`enum in6_addr_gen_mode` in `linux/if_link.h`).
#[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
#[doc(alias = "addrgenmode")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum AddrGenMode {
    /// Derived from the MAC address (RFC 4291), the kernel's default.
    #[doc(alias = "IN6_ADDR_GEN_MODE_EUI64")]
    Eui64 = 0,
    /// No link-local address.
    #[doc(alias = "IN6_ADDR_GEN_MODE_NONE")]
    None = 1,
    /// Stable and opaque (RFC 7217), derived from the sysctl `stable_secret` of the namespace.
    #[doc(alias = "IN6_ADDR_GEN_MODE_STABLE_PRIVACY")]
    StableSecret = 2,
    /// As `StableSecret`, with a random secret for each link.
    #[doc(alias = "IN6_ADDR_GEN_MODE_RANDOM")]
    Random = 3,
}

named!(
    AddrGenMode,
    "address generation mode",
    [Eui64 = "eui64", None = "none", StableSecret = "stable_secret", Random = "random",]
);

impl AddrGenMode {
    /// Returns the mode for one of the kernel's numbers.
    pub fn from_kernel(number: u8) -> Option<Self> {
        [Self::Eui64, Self::None, Self::StableSecret, Self::Random]
            .into_iter()
            .find(|mode| *mode as u8 == number)
    }
}

/// Checks an alias, which the kernel would otherwise truncate or refuse.
pub(crate) fn check_alias(alias: &str) -> Result<()> {
    /// `IFALIASZ` less the terminating zero.
    const MAX_LEN: usize = 255;
    let why = match alias.len() {
        _ if alias.contains('\0') => "the alias contains a zero byte".to_owned(),
        0..=MAX_LEN => return Ok(()),
        length => format!("the alias has {length} bytes and the kernel's limit is {MAX_LEN}"),
    };
    Err(Error::invalid(format!("use {alias:?} as a link's alias"), why))
}

/// The kernel's maximum number of queues per direction (`rtnl_create_link`).
const MOST_QUEUES: u32 = 4096;

/// A type that converts to a link name: a string or a [`LinkName`].
pub trait IntoLinkName: TryInto<LinkName, Error: Into<Error>> {}
impl<T: TryInto<LinkName, Error: Into<Error>>> IntoLinkName for T {}

/// A type that converts to a link: a string, a [`LinkName`], a [`LinkId`] or an index.
pub trait IntoLinkId: TryInto<LinkId, Error: Into<Error>> {}
impl<T: TryInto<LinkId, Error: Into<Error>>> IntoLinkId for T {}

impl Link {
    fn new(name: impl IntoLinkName, parent: Option<LinkId>, kind: LinkKind) -> Result<Self> {
        Ok(Self::bare(name.try_into().map_err(Into::into)?, parent, kind))
    }

    /// Makes a link from validated parts.
    pub(crate) fn bare(name: LinkName, parent: Option<LinkId>, kind: LinkKind) -> Self {
        Self {
            name,
            kind,
            parent,
            parent_alternative: None,
            index: None,
            mac: None,
            mtu: None,
            up: false,
            promisc: false,
            allmulticast: false,
            group: None,
            tx_queue_len: None,
            tx_queues: None,
            rx_queues: None,
            netns: None,
        }
    }

    fn on(name: impl IntoLinkName, parent: impl IntoLinkId, kind: LinkKind) -> Result<Self> {
        Self::new(name, Some(parent.try_into().map_err(Into::into)?), kind)
    }

    /// Makes a macvlan, as `ip link add link PARENT name NAME type macvlan mode …` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    #[doc(alias = "ip link add type macvlan")]
    pub fn macvlan(
        name: impl IntoLinkName,
        parent: impl IntoLinkId,
        options: MacvlanOptions,
    ) -> Result<Self> {
        Self::on(name, parent, LinkKind::Macvlan(options))
    }

    /// Makes a macvtap, as `ip link add link PARENT name NAME type macvtap mode …` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    #[doc(alias = "ip link add type macvtap")]
    pub fn macvtap(
        name: impl IntoLinkName,
        parent: impl IntoLinkId,
        options: MacvlanOptions,
    ) -> Result<Self> {
        Self::on(name, parent, LinkKind::Macvtap(options))
    }

    /// Makes a VLAN, as `ip link add link PARENT name NAME type vlan id …` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    #[doc(alias = "ip link add type vlan")]
    pub fn vlan(
        name: impl IntoLinkName,
        parent: impl IntoLinkId,
        options: VlanOptions,
    ) -> Result<Self> {
        Self::on(name, parent, LinkKind::Vlan(options))
    }

    /// Makes a veth pair, as `ip link add NAME type veth peer name PEER [netns …]` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if a name is invalid.
    #[doc(alias = "ip link add type veth")]
    pub fn veth(
        name: impl IntoLinkName,
        peer: impl IntoLinkName,
        peer_netns: Option<&NetNs>,
    ) -> Result<Self> {
        let peer = peer.try_into().map_err(Into::into)?;
        Self::new(name, None, LinkKind::Veth { peer, peer_netns: peer_netns.cloned() })
    }

    /// Makes a dummy link, as `ip link add NAME type dummy` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name is invalid.
    #[doc(alias = "ip link add type dummy")]
    pub fn dummy(name: impl IntoLinkName) -> Result<Self> {
        Self::new(name, None, LinkKind::Dummy)
    }

    /// Makes a bridge, as `ip link add NAME type bridge` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name is invalid.
    #[doc(alias = "ip link add type bridge")]
    pub fn bridge(name: impl IntoLinkName) -> Result<Self> {
        Self::new(name, None, LinkKind::Bridge)
    }

    /// Sets the index. By default the kernel chooses it.
    #[doc(alias = "ifi_index")]
    pub fn index(mut self, index: u32) -> Self {
        self.index = Some(index);
        self
    }

    /// Sets the MAC address.
    ///
    /// Defaults to the parent's for passthru and VLANs, and to a random one otherwise.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Sets the MTU in bytes. Defaults to the parent's.
    #[doc(alias = "IFLA_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Sets whether the link is up when it is created. Defaults to false.
    #[doc(alias = "IFF_UP")]
    pub fn up(mut self, up: bool) -> Self {
        self.up = up;
        self
    }

    /// Sets whether the link is promiscuous. Defaults to false.
    #[doc(alias = "IFF_PROMISC")]
    pub fn promisc(mut self, promisc: bool) -> Self {
        self.promisc = promisc;
        self
    }

    /// Sets the group. Defaults to 0, the kernel's default group.
    #[doc(alias = "IFLA_GROUP")]
    pub fn group(mut self, group: u32) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the length of the transmit queue in packets.
    ///
    /// Defaults to the kernel's value for the kind.
    #[doc(alias = "txqueuelen")]
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn tx_queue_len(mut self, packets: u32) -> Self {
        self.tx_queue_len = Some(packets);
        self
    }

    /// Sets the number of transmit and receive queues.
    ///
    /// Defaults to the kernel's value for the kind, which is the parent's for macvlan.
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub fn queues(mut self, transmit: u32, receive: u32) -> Self {
        self.tx_queues = Some(transmit);
        self.rx_queues = Some(receive);
        self
    }

    /// Sets the namespace in which the link is created. Defaults to the handle's.
    ///
    /// The parent is always in the handle's namespace.
    #[doc(alias = "IFLA_NET_NS_FD")]
    pub fn netns(mut self, netns: &NetNs) -> Self {
        self.netns = Some(netns.clone());
        self
    }

    /// Checks the values, before any system call.
    pub(crate) fn check(&self) -> Result<()> {
        if self.tx_queues == Some(0) || self.rx_queues == Some(0) {
            return Err(Error::invalid("create a link with no queue", "the minimum is one")
                .on_link(self.name.as_str()));
        }
        let most = self.tx_queues.max(self.rx_queues).unwrap_or_default();
        if most > MOST_QUEUES {
            let operation = format!("create a link with {most} queues");
            return Err(Error::invalid(operation, format!("the kernel's limit is {MOST_QUEUES}"))
                .on_link(self.name.as_str()));
        }
        let peer = match &self.kind {
            LinkKind::Veth { peer, .. } => Some(peer),
            _ => None,
        };
        if let Some(name) = [Some(&self.name), peer]
            .into_iter()
            .flatten()
            .find(|name| ["all", "default"].contains(&name.as_str()))
        {
            let why = "the name is reserved in net/ipv4/conf";
            return Err(Error::invalid(format!("use {name:?} as a link name"), why)
                .with_hint("choose another name"));
        }
        match &self.kind {
            LinkKind::Macvlan(options) | LinkKind::Macvtap(options) => options.check(),
            LinkKind::Vlan(options) => options.check(),
            LinkKind::Veth { .. } | LinkKind::Dummy | LinkKind::Bridge => Ok(()),
        }
    }
}
