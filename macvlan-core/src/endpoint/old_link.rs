//! A link that is being replaced, with everything that is needed to create it again.

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::endpoint::attach::others::Others;
use crate::endpoint::attachment::marked_rules;
use crate::endpoint::change::{Change, Target};
use crate::endpoint::find_parent;
use crate::endpoint::on_demand::links_on;
use crate::error::{Error, ErrorKind, Result};
use crate::netlink::{Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::decode::OtherSettings;
use crate::rtnl::encode::LinkChange;
use crate::rtnl::sysctl::{Sysctls, static_multicast};
use crate::rtnl::{decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::{Link, LinkInfo, LinkKind, Mode, Offloads};
use crate::value::name::{LinkId, LinkName};
use crate::value::rule::Rule;

/// The state of a link before it is replaced.
pub(super) struct OldLink<'a> {
    host: &'a NetNs,
    netns: &'a NetNs,
    pub(super) info: &'a LinkInfo,
    link: Link,
    /// The parent's index if it is on the host; otherwise it is in the container.
    pub(super) on_host: Option<u32>,
    sysctls: Sysctls,
    other_settings: OtherSettings,
    settings: Vec<Change>,
    addresses: Vec<AddressMessage>,
    routes: Vec<RouteMessage>,
    /// The namespace's routes: those through other links may depend on an address of the link.
    others: Others,
    neighbours: Vec<NeighbourMessage>,
    /// Descriptions of settings that cannot be restored.
    lost: Vec<String>,
    /// Rules, which stay when the link is deleted.
    pub(super) rules: Vec<Rule>,
}

impl<'a> OldLink<'a> {
    /// Reads the state, or fails before anything is changed.
    pub(super) fn read(host: &'a NetNs, netns: &'a NetNs, info: &'a LinkInfo) -> Result<Self> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::NeedsReplacement, "replace the link", why)
                .on_link(info.name.clone())
                .in_netns(netns.describe())
                .with_hint("delete the link first"))
        };
        let kind = match (info.kind.as_deref(), &info.macvlan, &info.vlan) {
            (Some("macvlan"), Some(options), _) => LinkKind::Macvlan(options.clone()),
            (Some("macvtap"), Some(options), _) => LinkKind::Macvtap(options.clone()),
            (Some("vlan"), _, Some(options)) => LinkKind::Vlan(options.clone()),
            (kind, ..) => {
                let kind = kind.unwrap_or("hardware");
                return refuse(format!("an endpoint cannot be of its kind, {kind}"));
            }
        };
        let Some(parent) = info.parent else {
            return refuse("the link could not be restored, because it has no parent".to_owned());
        };
        let inside = netns.connection()?;
        let fails = |failure: Failure| {
            failure
                .into_error("read the link to be replaced")
                .on_link(info.name.clone())
                .in_netns(netns.describe())
        };
        let on_host = find_parent::on_host(host, netns, inside).map_err(fails)?(info);
        if !on_host && info.parent_netns.is_some() {
            return refuse(
                "the link could not be restored, because its parent is in another namespace"
                    .to_owned(),
            );
        }
        let children = links_on(inside, info.index).map_err(fails)?;
        if let Some(child) = children.first() {
            return refuse(format!("{:?} on it would be deleted as well", child.name));
        }
        let mut link = Link::bare(LinkName::new(&info.name)?, Some(LinkId::Index(parent)), kind);
        link.index = Some(info.index);
        link.mac = info.mac.filter(|_| !is_passthru(info));
        link.mtu = Some(info.mtu);
        link.group = Some(info.group);
        link.promisc = info.is_promisc();
        link.allmulticast = info.is_allmulticast();
        link.tx_queue_len = Some(info.tx_queue_len);
        link.tx_queues = Some(info.tx_queues).filter(|queues| *queues != 0);
        link.rx_queues = Some(info.rx_queues).filter(|queues| *queues != 0);
        link.netns = Some(netns.clone());
        let mut settings = Vec::new();
        // A new passthru link has its parent's, which the kernel has restored.
        settings.extend(info.mac.filter(|_| is_passthru(info)).map(Change::SetMac));
        settings.extend(info.addr_gen_mode.map(Change::SetAddrGenMode));
        settings.extend(info.alias.clone().map(Change::SetAlias));
        settings.extend(info.alternative_names.iter().cloned().map(Change::AddAlternativeName));
        settings.extend(inside.rate_of(info).map_err(fails)?.map(Change::SetRate));
        settings.extend(info.is_up().then_some(Change::SetUp));
        let by_hand = |payload: &[u8]| {
            let found = decode::address(payload).filter(|found| !found.came_by_itself())?;
            Some((found.address, decode::raw_address(payload)?))
        };
        let addresses = encode::get_addresses(None, Some(info.index));
        let addresses = inside.dump(&addresses, by_hand).map_err(fails)?;
        let (ips, mut addresses): (Vec<_>, Vec<_>) = addresses.into_iter().unzip();
        // The kernel lists newer IPv6 addresses first.
        let first_v6 = ips.iter().position(|address| address.ip().is_ipv6());
        addresses[first_v6.unwrap_or(ips.len())..].reverse();
        let routes = encode::get_routes(&RouteFilter::new(), None);
        let routes = inside
            .dump(&routes, |payload| decode::route_through(payload, info.index))
            .map_err(fails)?;
        let get_link = encode::get_link(LinkId::Index(info.index));
        let other_settings = inside.get(get_link, decode::other_settings).map_err(fails)?;
        let mut lost = lost(inside, info, static_multicast(netns, info.index)?).map_err(fails)?;
        lost.extend(other_settings.has_xdp.then(|| "the XDP program".to_owned()));
        Ok(Self {
            host,
            netns,
            info,
            link,
            on_host: on_host.then_some(parent),
            sysctls: Sysctls::read(netns, &info.name)?,
            settings,
            other_settings,
            addresses,
            routes,
            others: Others::read(inside, info.index).map_err(fails)?,
            neighbours: neighbours(inside, info.index).map_err(fails)?,
            lost,
            rules: marked_rules(inside, &ips).map_err(fails)?,
        })
    }

    /// Creates the link again, with its addresses and settings. Adds to the error what could not be
    /// restored.
    pub(super) fn put_back(&self, mut error: Error) -> Error {
        let (name, there) = (&self.info.name, self.netns);
        if let Err(failure) = self.make_link() {
            let maybe = failure.maybe();
            return error.leaves(format!("{maybe}the loss of the link {name:?} in {there}"));
        }
        for lost in &self.lost {
            error = error.leaves(format!("the loss of {lost} of {name:?} in {there}"));
        }
        let Ok(inside) = self.netns.connection() else {
            return error
                .leaves(format!("the loss of the settings and addresses of {name:?} in {there}"));
        };
        match self.sysctls.write_back(self.netns) {
            Ok(refused) => {
                error = refused.into_iter().fold(error, |error, sysctl| {
                    error.leaves(format!("the loss of {sysctl} in {there}"))
                });
            }
            Err(refused) => {
                error = error
                    .leaves(format!("the loss of the sysctls of {name:?} in {there}: {refused}"));
            }
        }
        let target = Target {
            netns: self.netns,
            inside,
            name: self.link.name,
            index: self.info.index,
            kind: self.link.kind.as_str(),
        };
        let setting = |change: String| format!("a setting of {name:?} ({change})");
        let set = |change: &LinkChange<'_>| {
            (setting(change.to_string()), Ok(encode::set_link(self.info.index, change)))
        };
        // Not with ARP off, which the flags may say.
        let token = self.other_settings.token.map(|token| set(&LinkChange::Token(token)));
        let proto_down = self.other_settings.proto_down;
        let proto_down = proto_down.map(|reasons| set(&LinkChange::ProtoDown(reasons)));
        let offloads = Offloads { tso_max_size: None, tso_max_segs: None, ..self.info.offloads };
        let offloads =
            self.has_other_offloads(inside).then(|| set(&LinkChange::Offloads(offloads)));
        let flags = set(&LinkChange::OtherFlags(self.info.flags));
        let port = self.info.controller.map(|index| set(&LinkChange::Controller(index)));
        let settings = self.settings.iter();
        let settings =
            settings.map(|change| (setting(change.to_string()), change.request(&target)));
        let addresses = self.addresses.iter().map(|message| {
            let request = Request::create(Message::NewAddress(message.clone()));
            (format!("an address of {name:?}"), Ok(request))
        });
        let routes = self.routes.iter().map(|message| {
            (
                format!("a route through {name:?}"),
                Ok(Request::append(Message::NewRoute(message.clone()))),
            )
        });
        let neighbours = self.neighbours.iter().map(|message| {
            let request = Request::create(Message::NewNeighbour(message.clone()));
            (format!("a neighbour of {name:?}"), Ok(request))
        });
        let first = token.into_iter().chain(proto_down).chain(offloads);
        let all = first.chain([flags]).chain(port).chain(settings);
        for (what, request) in all.chain(addresses).chain(routes).chain(neighbours) {
            let done = request.map(|request| inside.retry(&request));
            match done {
                Ok(Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. })) => {}
                Ok(Err(_)) | Err(_) => {
                    error = error.leaves(format!("the loss of {what} in {there}"));
                }
            }
        }
        match self.others.put_back_routes(inside, self.info.index) {
            Ok(lost) => lost
                .into_iter()
                .fold(error, |error, lost| error.leaves(format!("{lost} in {there}"))),
            Err(_unknown) => error
                .leaves(format!("perhaps the loss of routes that depend on {name:?} in {there}")),
        }
    }

    /// Returns whether the new link has other limits for offloads, or may have.
    fn has_other_offloads(&self, inside: &Connection) -> bool {
        !matches!(
            inside.link(self.info.index),
            Ok(LinkInfo { offloads, .. }) if offloads == self.info.offloads
        )
    }

    fn make_link(&self) -> std::result::Result<(), Failure> {
        let maker = if self.on_host.is_some() { self.host } else { self.netns };
        let maker = maker.connection().map_err(|_| Failure::NotSent(Errno::ENOTCONN))?;
        let create = encode::create_link(&self.link, self.info.parent);
        match maker.retry(&create) {
            // The link was not deleted, or only the reply was lost.
            Err(Failure::Refused { errno: Errno::EEXIST, .. }) => Ok(()),
            other => other,
        }
    }
}

/// Returns the link's neighbour entries that were added by an administrator.
fn neighbours(
    inside: &Connection,
    link: u32,
) -> std::result::Result<Vec<NeighbourMessage>, Failure> {
    let made = |payload: &[u8]| decode::made_neighbour(payload, link);
    let mut found = inside.dump(&encode::get_neighbours(None, Some(link)), made)?;
    for request in encode::get_other_neighbours(link) {
        found.extend(inside.dump(&request, made)?);
    }
    Ok(found)
}

/// Returns settings that an administrator made on the link and that are not restored.
fn lost(
    inside: &Connection,
    info: &LinkInfo,
    multicast: Vec<String>,
) -> std::result::Result<Vec<String>, Failure> {
    let qdisc = |payload: &[u8]| decode::foreign_qdisc(payload, info.index);
    let qdiscs = inside.dump(&encode::get_qdiscs(), qdisc)?;
    let mut lost: Vec<String> =
        qdiscs.into_iter().map(|kind| format!("the queueing discipline {kind}")).collect();
    let own = |payload: &[u8]| decode::has_own_parameters(payload, info.index).then_some(());
    if !inside.dump(&encode::get_qdiscs(), own)?.is_empty() {
        lost.push("the burst and the limit of the rate limit".to_owned());
    }
    lost.extend(multicast.into_iter().map(|address| format!("the multicast address {address}")));
    if let Some(index) = info.controller {
        let controller = inside.find_link(index)?;
        let kind = controller.and_then(|controller| controller.kind);
        // A VRF has no settings for its ports.
        if kind.as_deref() != Some("vrf") {
            let kind = kind.as_deref().unwrap_or("link");
            lost.push(format!("the settings as a port of a {kind}"));
        }
    }
    Ok(lost)
}

pub(super) fn is_passthru(info: &LinkInfo) -> bool {
    info.macvlan.as_ref().is_some_and(|options| options.get_mode() == Mode::Passthru)
}
