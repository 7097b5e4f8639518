//! Replacing a link that cannot be changed into what it should be.
//!
//! It is a transaction: the old link is read whole before anything is changed, the new one is tried in a
//! namespace of its own, and if the kernel refuses the attachment, the old link is created again.

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::endpoint::attach::{Warm, attach, warm};
use crate::endpoint::attachment::{Attachment, marked_rules};
use crate::endpoint::change::{Change, Target};
use crate::endpoint::deletion::{Deletion, delete_all};
use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::{find_parent, on_demand};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::{Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode, sysctl};
use crate::value::filter::RouteFilter;
use crate::value::link::{Ipv6Sysctl, Link, LinkInfo, LinkKind, Mode};
use crate::value::name::{LinkId, LinkName};
use crate::value::rule::Rule;
use crate::wait::Cancel;

/// Replaces a link of the endpoint's name by the endpoint.
pub(super) fn replace_link(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    link: &LinkInfo,
    cancels: &[Cancel],
) -> Result<Attachment> {
    let old = Old { cancels, ..Old::read(host, netns, link)? };
    let tried = old.try_out(endpoint)?;
    let attachment = old.give_way_to(endpoint);
    let on = tried.map(Warm::cool);
    let unused = match attachment {
        Ok(_) => old.on_host,
        Err(_) => on,
    };
    let released = unused.map_or(Ok(()), |index| on_demand::release_if_marked(host, index));
    match (attachment, released) {
        (Ok(attachment), Ok(())) => Ok(attachment),
        (Ok(_), Err(error)) => Err(error.leaves("the VLAN that the old link was on")),
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(_)) => Err(on_demand::may_leave(error, host, &endpoint.parent)),
    }
}

/// A link, with everything that is needed to create it again.
struct Old<'a> {
    host: &'a NetNs,
    netns: &'a NetNs,
    cancels: &'a [Cancel],
    info: &'a LinkInfo,
    link: Link,
    /// The parent's index, where it is on the host; otherwise it is in the container.
    on_host: Option<u32>,
    settings: Vec<Change>,
    sysctls: Vec<Ipv6Sysctl>,
    addresses: Vec<AddressMessage>,
    routes: Vec<RouteMessage>,
    /// These stay when the link goes.
    rules: Vec<Rule>,
}

impl<'a> Old<'a> {
    /// Reads all of it, or fails before anything is changed.
    fn read(host: &'a NetNs, netns: &'a NetNs, info: &'a LinkInfo) -> Result<Self> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::NeedsReplacement, "replace the link", why)
                .on_link(info.name.clone())
                .in_netns(netns.in_words())
                .with_hint("delete the link yourself"))
        };
        let kind = match (info.kind.as_deref(), &info.macvlan, &info.vlan) {
            (Some("macvlan"), Some(options), _) => LinkKind::Macvlan(options.clone()),
            (Some("macvtap"), Some(options), _) => LinkKind::Macvtap(options.clone()),
            (Some("vlan"), _, Some(options)) => LinkKind::Vlan(options.clone()),
            (kind, ..) => {
                let kind = kind.unwrap_or("hardware");
                return refuse(format!("it is not one that an endpoint could be, but {kind}"));
            }
        };
        let Some(parent) = info.parent else {
            return refuse("it could not be put back: it has no parent".to_owned());
        };
        let inside = netns.connection()?;
        let fails = |failure: Failure| {
            failure
                .into_error("read the link that is to be replaced")
                .on_link(info.name.clone())
                .in_netns(netns.in_words())
        };
        let on_host = find_parent::on_host(host, netns, inside).map_err(fails)?(info);
        if !on_host && info.parent_netns.is_some() {
            return refuse("it could not be put back: its parent is elsewhere".to_owned());
        }
        let mut link = Link::bare(LinkName::new(&info.name)?, Some(LinkId::Index(parent)), kind);
        link.index = Some(info.index);
        link.mac = info.mac.filter(|_| !is_passthru(info));
        link.mtu = Some(info.mtu);
        link.group = Some(info.group);
        link.promisc = info.is_promisc();
        link.tx_queue_len = Some(info.tx_queue_len);
        link.tx_queues = Some(info.tx_queues).filter(|queues| *queues != 0);
        link.rx_queues = Some(info.rx_queues).filter(|queues| *queues != 0);
        link.netns = Some(netns.clone());
        let mut settings = Vec::new();
        settings.extend(info.addr_gen_mode.map(Change::SetAddrGenMode));
        settings.extend(info.alias.clone().map(Change::SetAlias));
        settings.extend(info.alternative_names.iter().cloned().map(Change::AddAlternativeName));
        settings.extend(inside.rate_of(info).map_err(fails)?.map(Change::SetRate));
        settings.extend(info.is_up().then_some(Change::SetUp));
        let by_hand = |payload: &[u8]| {
            let told = decode::address(payload).filter(|told| !told.came_by_itself())?;
            Some((told.address, decode::raw_address(payload)?))
        };
        let addresses = encode::get_addresses(None, Some(info.index));
        let addresses = inside.dump(&addresses, by_hand).map_err(fails)?;
        let (ips, addresses): (Vec<_>, Vec<_>) = addresses.into_iter().unzip();
        let routes = encode::get_routes(&RouteFilter::new(), None);
        let routes = inside
            .dump(&routes, |payload| decode::route_through(payload, info.index))
            .map_err(fails)?;
        let rules = marked_rules(inside, &ips).map_err(fails)?;
        Ok(Self {
            host,
            netns,
            cancels: &[],
            info,
            link,
            on_host: on_host.then_some(parent),
            settings,
            sysctls: (info.accept_ra.map(Ipv6Sysctl::AcceptRa).into_iter())
                .chain(info.autoconf.map(Ipv6Sysctl::Autoconf))
                .chain(info.disable_ipv6.map(Ipv6Sysctl::DisableIpv6))
                .collect(),
            addresses,
            routes,
            rules,
        })
    }

    /// Creates the new link in a namespace of its own, if it can exist beside the old one. A refusal then
    /// has changed nothing.
    fn try_out(&self, endpoint: &Endpoint) -> Result<Option<Warm>> {
        // A passthru link is the only one on its parent, and a VLAN the only one with its id.
        let alone = is_passthru(self.info)
            || endpoint.kind.is_passthru()
            || matches!(endpoint.kind, EndpointKind::Vlan(_));
        if alone {
            return Ok(None);
        }
        // The MAC address may be the old one's.
        warm(self.host, &Endpoint { mac: None, ..endpoint.clone() }, self.cancels).map(Some)
    }

    /// Deletes the old link and attaches the endpoint, or creates the old link again. Rules and routes
    /// that the kernel does not delete with the link stay until the endpoint is attached.
    fn give_way_to(&self, endpoint: &Endpoint) -> Result<Attachment> {
        let inside = self.netns.connection()?;
        match inside.retry(&encode::delete_link(self.info.index)) {
            Ok(()) | Err(Failure::Refused { errno: Errno::ENODEV, .. }) => {}
            Err(failure) => {
                let attempt =
                    Attempt::Other(LinkId::Index(self.info.index), "delete the link".into());
                let lost = matches!(failure, Failure::NoAnswer(_));
                let error = attempt.explain(failure, &Place::host(self.netns));
                return Err(if lost { self.put_back(error) } else { error });
            }
        }
        let attachment = attach(self.host, endpoint, self.netns, self.cancels)
            .map_err(|error| self.put_back(error))?;
        let stale = self.rules.iter().filter(|rule| !attachment.rules.contains(rule));
        let stale: Vec<Deletion> = stale.copied().map(Deletion::Rule).collect();
        match delete_all(inside, &stale) {
            (Ok(()), _) => Ok(attachment),
            (Err(failure), left) => {
                let error = failure.into_error("delete the old link's rules");
                let error = error.in_netns(self.netns.in_words());
                Err(left.into_iter().fold(error, Error::leaves))
            }
        }
    }

    /// Creates the link again, with what was on it. The error names what the kernel refused.
    fn put_back(&self, mut error: Error) -> Error {
        let (name, there) = (&self.info.name, self.netns);
        if let Err(failure) = self.make_link() {
            let maybe = failure.maybe();
            return error.leaves(format!("{maybe}the link {name:?} of {there} gone"));
        }
        let Ok(inside) = self.netns.connection() else { return error };
        let target = Target {
            netns: self.netns,
            inside,
            name: self.link.name,
            index: self.info.index,
            kind: self.link.kind.as_str(),
        };
        if let Err(refused) = sysctl::set_ipv6(self.netns, self.link.name, &self.sysctls) {
            error = error.leaves(format!("the sysctls of {name:?} in {there}: {refused}"));
        }
        let settings =
            self.settings.iter().map(|change| (change.to_string(), change.request(&target)));
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
        for (what, request) in settings.chain(addresses).chain(routes) {
            let done = request.map(|request| inside.retry(&request));
            match done {
                Ok(Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. })) => {}
                Ok(Err(_)) | Err(_) => error = error.leaves(format!("{what} in {there} gone")),
            }
        }
        error
    }

    fn make_link(&self) -> std::result::Result<(), Failure> {
        let maker = if self.on_host.is_some() { self.host } else { self.netns };
        let maker = maker.connection().map_err(|_| Failure::NotSent(Errno::ENOTCONN))?;
        let create = encode::create_link(&self.link, self.info.parent);
        match maker.retry(&create) {
            // It had not gone, or the first answer got lost.
            Err(Failure::Refused { errno: Errno::EEXIST, .. }) => Ok(()),
            other => other,
        }
    }
}

fn is_passthru(info: &LinkInfo) -> bool {
    info.macvlan.as_ref().is_some_and(|options| options.mode() == Mode::Passthru)
}
