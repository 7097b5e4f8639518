//! What an endpoint became in the kernel.

use netlink_packet_route::route::RouteMessage;

use crate::address::Address;
use crate::error::Result;
use crate::explain::{Attempt, Place};
use crate::filter::RouteFilter;
use crate::mac::MacAddr;
use crate::name::{LinkId, LinkName};
use crate::netlink::{decode, encode};
use crate::netns::{NetNs, NetNsId};
use crate::route::Route;

/// One container interface, as it was set up.
///
/// It tells what was set without asking the kernel again; [`Attachment::refresh`] asks. It holds the
/// container's namespace open: drop it when the container has ended, or the namespace, with the link
/// and its MAC address, outlives the container.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub(super) name: LinkName,
    pub(super) index: u32,
    pub(super) mac: MacAddr,
    pub(super) mtu: Option<u32>,
    pub(super) parent: LinkId,
    pub(super) parent_index: u32,
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Vec<Route>,
    /// Routes that do not go with the link, as they were added.
    pub(super) elsewhere: Vec<RouteMessage>,
    pub(super) netns: NetNs,
}

impl Attachment {
    /// The link's name inside.
    pub fn name(&self) -> LinkName {
        self.name
    }

    /// The link's index inside.
    #[doc(alias = "ifindex")]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The link's MAC address, also when nobody gave one.
    pub fn mac(&self) -> MacAddr {
        self.mac
    }

    /// The link's MTU in bytes; none before [`Attachment::refresh`] if the endpoint gave none, and
    /// the link has its parent's.
    pub fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// The parent, as the endpoint named it.
    pub fn parent(&self) -> LinkId {
        self.parent
    }

    /// The parent's index on the host.
    pub fn parent_index(&self) -> u32 {
        self.parent_index
    }

    /// The container's namespace.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// What identifies the container's namespace.
    pub fn netns_id(&self) -> NetNsId {
        self.netns.id()
    }

    /// The link's addresses.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The endpoint's routes: those through the link, and those that it brought along.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Reads back from the kernel what the link is now: name, MAC address, MTU, addresses, and the
    /// routes through it in all tables, with those that the kernel made for the addresses.
    pub fn refresh(&mut self) -> Result<()> {
        let attempt = Attempt::Other(LinkId::Name(self.name), "read the link".into());
        let place = Place { host: &self.netns, inside: None, parent: None };
        let connection = self.netns.connection()?;
        let explain = |failure| attempt.explain(failure, &place);
        let info = connection.get(encode::get_link(self.index), decode::link).map_err(explain)?;
        let addresses = connection
            .dump(&encode::get_addresses(None, Some(self.index)), decode::address)
            .map_err(explain)?;
        let routes = connection
            .dump(&encode::get_routes(&RouteFilter::new(), Some(self.index)), decode::route)
            .map_err(explain)?;
        self.name = info.name.parse().unwrap_or(self.name);
        self.mac = info.mac.unwrap_or(self.mac);
        self.mtu = Some(info.mtu);
        self.addresses = addresses.into_iter().map(|info| info.address).collect();
        self.routes = routes.into_iter().map(|info| info.route).collect();
        Ok(())
    }
}

impl From<&Attachment> for LinkId {
    fn from(attachment: &Attachment) -> Self {
        Self::Index(attachment.index)
    }
}
