//! What a link is to be, and what the kernel says that it is.

mod info;
mod macvlan;

pub use info::{LinkInfo, LinkState};
pub use macvlan::{Macvlan, Mode};

use crate::error::Result;
use crate::mac::MacAddr;
use crate::name::{LinkId, LinkName};
use crate::netns::NetNs;

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
    pub(crate) index: Option<u32>,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) mtu: Option<u32>,
    pub(crate) up: bool,
    pub(crate) promisc: bool,
    pub(crate) netns: Option<NetNs>,
}

/// The kinds of link that can be made.
#[doc(alias = "IFLA_INFO_KIND")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LinkKind {
    /// A macvlan on a parent.
    Macvlan(Macvlan),
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
    /// The kernel's name for it: `"macvlan"`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Macvlan(_) => "macvlan",
            Self::Veth { .. } => "veth",
            Self::Dummy => "dummy",
            Self::Bridge => "bridge",
        }
    }
}

impl Link {
    fn new(name: LinkName, kind: LinkKind) -> Self {
        Self {
            name,
            kind,
            parent: None,
            index: None,
            mac: None,
            mtu: None,
            up: false,
            promisc: false,
            netns: None,
        }
    }

    /// A macvlan, as `ip link add link PARENT name NAME type macvlan mode …` makes it.
    #[doc(alias = "ip link add type macvlan")]
    pub fn macvlan<N, P>(name: N, parent: P, options: Macvlan) -> Result<Self>
    where
        N: TryInto<LinkName>,
        crate::Error: From<N::Error>,
        P: TryInto<LinkId>,
        crate::Error: From<P::Error>,
    {
        let mut link = Self::new(name.try_into()?, LinkKind::Macvlan(options));
        link.parent = Some(parent.try_into()?);
        Ok(link)
    }

    /// A cable, as `ip link add NAME type veth peer name PEER [netns …]` makes it.
    #[doc(alias = "ip link add type veth")]
    pub fn veth<N, P>(name: N, peer: P, peer_netns: Option<&NetNs>) -> Result<Self>
    where
        N: TryInto<LinkName>,
        crate::Error: From<N::Error>,
        P: TryInto<LinkName>,
        crate::Error: From<P::Error>,
    {
        let kind = LinkKind::Veth { peer: peer.try_into()?, peer_netns: peer_netns.cloned() };
        Ok(Self::new(name.try_into()?, kind))
    }

    /// A dummy, as `ip link add NAME type dummy` makes it.
    #[doc(alias = "ip link add type dummy")]
    pub fn dummy<N>(name: N) -> Result<Self>
    where
        N: TryInto<LinkName>,
        crate::Error: From<N::Error>,
    {
        Ok(Self::new(name.try_into()?, LinkKind::Dummy))
    }

    /// A bridge, as `ip link add NAME type bridge` makes it.
    #[doc(alias = "ip link add type bridge")]
    pub fn bridge<N>(name: N) -> Result<Self>
    where
        N: TryInto<LinkName>,
        crate::Error: From<N::Error>,
    {
        Ok(Self::new(name.try_into()?, LinkKind::Bridge))
    }

    /// The index to have; the kernel's choice when not given.
    pub fn index(mut self, index: u32) -> Self {
        self.index = Some(index);
        self
    }

    /// The MAC address; the kernel's choice (random, or the parent's for passthru) when not given.
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

    /// The namespace that it is made in; the handle's own when not given. The parent stays where the
    /// handle is.
    #[doc(alias = "IFLA_NET_NS_FD")]
    pub fn netns(mut self, netns: &NetNs) -> Self {
        self.netns = Some(netns.clone());
        self
    }
}
