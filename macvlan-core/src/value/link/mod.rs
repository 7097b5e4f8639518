//! What a link is to be, and what the kernel says that it is.

mod info;
mod ipv6;
mod kind;
mod macvlan;
mod vlan;

pub use info::{LinkInfo, LinkState, LinkStatistics, Offloads};
pub use ipv6::{AcceptRa, Ipv6Sysctl};
pub use kind::{EndpointType, LinkType};
pub use macvlan::{Macvlan, MacvlanChange, Mode, SourceMacs};
pub use vlan::{Vlan, VlanProtocol};

pub(crate) use macvlan::LIST_OUTSIDE_SOURCE;

use crate::error::{Error, Result};
use crate::netns::NetNs;
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::text::named;

/// The smallest MTU with which the kernel has IPv6 on a link.
pub(crate) const IPV6_MIN_MTU: u32 = 1280;

/// `lo` in every network namespace.
pub(crate) const LOOPBACK: u32 = 1;

/// A link to be made, by [`Handle::add_link`](crate::Handle::add_link).
///
/// ```no_run
/// use macvlan_core::{Handle, Link, Macvlan, Mode};
/// let handle = Handle::open()?;
/// handle.add_link(&Link::macvlan("mv0", "ens33", Macvlan::new(Mode::Bridge))?.up(true))?;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "RTM_NEWLINK")]
#[derive(Debug, Clone)]
#[must_use]
pub struct Link {
    pub(crate) name: LinkName,
    pub(crate) kind: LinkKind,
    pub(crate) parent: Option<LinkId>,
    /// The parent's alternative name, where it is asked for by one that is longer than a name can be.
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

/// The kinds of link that can be made.
#[doc(alias = "IFLA_INFO_KIND")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LinkKind {
    /// A macvlan on a parent.
    Macvlan(Macvlan),
    /// A macvlan whose frames a program reads and writes, through `/dev/tapN`: a VM's interface.
    Macvtap(Macvlan),
    /// A VLAN of a parent.
    Vlan(Vlan),
    /// A cable's two ends, the other end under a name of its own, in a namespace of its own.
    Veth {
        /// The other end's name.
        peer: LinkName,
        /// The other end's namespace; the same as this end's when not given.
        peer_netns: Option<NetNs>,
    },
    /// A link that leads nowhere.
    Dummy,
    /// A software switch.
    Bridge,
}

impl LinkKind {
    /// Returns which kind it is, without its options.
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

    /// The kernel's name for it: `"macvlan"`.
    pub fn as_str(&self) -> &'static str {
        self.link_type().as_str()
    }

    /// The options as `ip link add … type KIND` takes them, each with a space before it.
    pub(crate) fn options_in_words(&self) -> String {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => options.in_words(),
            Self::Vlan(options) => options.in_words(),
            Self::Veth { peer, .. } => format!(" peer name {peer}"),
            Self::Dummy | Self::Bridge => String::new(),
        }
    }

    /// The options of a macvlan or macvtap.
    pub(crate) fn macvlan(&self) -> Option<&Macvlan> {
        match self {
            Self::Macvlan(options) | Self::Macvtap(options) => Some(options),
            _ => None,
        }
    }
}

/// How the kernel makes a link's IPv6 link-local address.
///
/// The numbers are the kernel's (`enum in6_addr_gen_mode` in `linux/if_link.h`).
#[doc(alias = "IFLA_INET6_ADDR_GEN_MODE")]
#[doc(alias = "addrgenmode")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum AddrGenMode {
    /// From the MAC address (RFC 4291), what the kernel does by itself.
    #[doc(alias = "IN6_ADDR_GEN_MODE_EUI64")]
    Eui64 = 0,
    /// Not at all: no `fe80::` address.
    #[doc(alias = "IN6_ADDR_GEN_MODE_NONE")]
    None = 1,
    /// Stable, and telling nothing (RFC 7217), from the namespace's sysctl `stable_secret`.
    #[doc(alias = "IN6_ADDR_GEN_MODE_STABLE_PRIVACY")]
    StableSecret = 2,
    /// As `StableSecret`, from a secret that the kernel makes for each link.
    #[doc(alias = "IN6_ADDR_GEN_MODE_RANDOM")]
    Random = 3,
}

named!(
    AddrGenMode,
    "address generation mode",
    [Eui64 = "eui64", None = "none", StableSecret = "stable_secret", Random = "random",]
);

impl AddrGenMode {
    /// Returns the mode of one of the kernel's numbers.
    pub fn from_kernel(number: u8) -> Option<Self> {
        [Self::Eui64, Self::None, Self::StableSecret, Self::Random]
            .into_iter()
            .find(|mode| *mode as u8 == number)
    }
}

/// Refuses an alias that the kernel would cut off or refuse.
pub(crate) fn check_alias(alias: &str) -> Result<()> {
    /// `IFALIASZ` less the terminating zero.
    const MAX_LEN: usize = 255;
    let why = match alias.len() {
        _ if alias.contains('\0') => "it contains a zero byte".to_owned(),
        0..=MAX_LEN => return Ok(()),
        length => format!("it is {length} bytes long and the kernel's limit is {MAX_LEN}"),
    };
    Err(Error::invalid(format!("use {alias:?} as a link's alias"), why))
}

/// The most queues that the kernel gives a link in one direction (`rtnl_create_link`).
const MOST_QUEUES: u32 = 4096;

/// What can stand for a link's name in arguments.
pub trait IntoLinkName: TryInto<LinkName, Error: Into<Error>> {}
impl<T: TryInto<LinkName, Error: Into<Error>>> IntoLinkName for T {}

/// What can stand for a link in arguments: a name or an index.
pub trait IntoLinkId: TryInto<LinkId, Error: Into<Error>> {}
impl<T: TryInto<LinkId, Error: Into<Error>>> IntoLinkId for T {}

impl Link {
    fn new(name: impl IntoLinkName, parent: Option<LinkId>, kind: LinkKind) -> Result<Self> {
        Ok(Self::bare(name.try_into().map_err(Into::into)?, parent, kind))
    }

    /// From parts that are checked already.
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

    /// A macvlan, as `ip link add link PARENT name NAME type macvlan mode …` makes it.
    #[doc(alias = "ip link add type macvlan")]
    pub fn macvlan(
        name: impl IntoLinkName,
        parent: impl IntoLinkId,
        options: Macvlan,
    ) -> Result<Self> {
        Self::on(name, parent, LinkKind::Macvlan(options))
    }

    /// A macvtap, as `ip link add link PARENT name NAME type macvtap mode …` makes it.
    #[doc(alias = "ip link add type macvtap")]
    pub fn macvtap(
        name: impl IntoLinkName,
        parent: impl IntoLinkId,
        options: Macvlan,
    ) -> Result<Self> {
        Self::on(name, parent, LinkKind::Macvtap(options))
    }

    /// A VLAN, as `ip link add link PARENT name NAME type vlan id …` makes it.
    #[doc(alias = "ip link add type vlan")]
    pub fn vlan(name: impl IntoLinkName, parent: impl IntoLinkId, options: Vlan) -> Result<Self> {
        Self::on(name, parent, LinkKind::Vlan(options))
    }

    /// A cable, as `ip link add NAME type veth peer name PEER [netns …]` makes it.
    #[doc(alias = "ip link add type veth")]
    pub fn veth(
        name: impl IntoLinkName,
        peer: impl IntoLinkName,
        peer_netns: Option<&NetNs>,
    ) -> Result<Self> {
        let peer = peer.try_into().map_err(Into::into)?;
        Self::new(name, None, LinkKind::Veth { peer, peer_netns: peer_netns.cloned() })
    }

    /// A dummy, as `ip link add NAME type dummy` makes it.
    #[doc(alias = "ip link add type dummy")]
    pub fn dummy(name: impl IntoLinkName) -> Result<Self> {
        Self::new(name, None, LinkKind::Dummy)
    }

    /// A bridge, as `ip link add NAME type bridge` makes it.
    #[doc(alias = "ip link add type bridge")]
    pub fn bridge(name: impl IntoLinkName) -> Result<Self> {
        Self::new(name, None, LinkKind::Bridge)
    }

    /// The index to have; the kernel's choice when not given.
    pub fn index(mut self, index: u32) -> Self {
        self.index = Some(index);
        self
    }

    /// The MAC address; the kernel's choice (random, or the parent's for passthru and VLANs) when
    /// not given.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// The MTU in bytes; the parent's when not given.
    #[doc(alias = "IFLA_MTU")]
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Whether it is made up; down when not given.
    #[doc(alias = "IFF_UP")]
    pub fn up(mut self, up: bool) -> Self {
        self.up = up;
        self
    }

    /// Whether it is made promiscuous.
    #[doc(alias = "IFF_PROMISC")]
    pub fn promisc(mut self, promisc: bool) -> Self {
        self.promisc = promisc;
        self
    }

    /// The group that it belongs to; 0, the default group, when not given.
    #[doc(alias = "IFLA_GROUP")]
    pub fn group(mut self, group: u32) -> Self {
        self.group = Some(group);
        self
    }

    /// The transmit queue's length in packets; the kind's own when not given.
    #[doc(alias = "IFLA_TXQLEN")]
    pub fn tx_queue_len(mut self, packets: u32) -> Self {
        self.tx_queue_len = Some(packets);
        self
    }

    /// The number of transmit and of receive queues; the kind's own when not given (the parent's for
    /// macvlan).
    #[doc(alias = "IFLA_NUM_TX_QUEUES")]
    #[doc(alias = "IFLA_NUM_RX_QUEUES")]
    pub fn queues(mut self, transmit: u32, receive: u32) -> Self {
        self.tx_queues = Some(transmit);
        self.rx_queues = Some(receive);
        self
    }

    /// The namespace that it is made in; the handle's own when not given. The parent stays where the
    /// handle is.
    #[doc(alias = "IFLA_NET_NS_FD")]
    pub fn netns(mut self, netns: &NetNs) -> Self {
        self.netns = Some(netns.clone());
        self
    }

    /// Refuses what the values alone tell to be wrong.
    pub(crate) fn check(&self) -> Result<()> {
        if self.tx_queues == Some(0) || self.rx_queues == Some(0) {
            return Err(Error::invalid("create a link with no queue", "it takes one at least")
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
            let why = "net/ipv4/conf has this name for the settings of other links";
            return Err(Error::invalid(format!("call a link {name:?}"), why)
                .with_hint("choose another name"));
        }
        match &self.kind {
            LinkKind::Macvlan(options) | LinkKind::Macvtap(options) => options.check(),
            LinkKind::Vlan(options) => options.check(),
            LinkKind::Veth { .. } | LinkKind::Dummy | LinkKind::Bridge => Ok(()),
        }
    }
}
