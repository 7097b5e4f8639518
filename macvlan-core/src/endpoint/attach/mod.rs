//! Carrying out a plan: all of it, or nothing.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nix::errno::Errno;

use crate::endpoint::attachment::Attachment;
use crate::endpoint::detach::{Deletion, delete_all, insist, perhaps, release_parent};
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::on_demand::{self, Found};
use crate::endpoint::parent::Parent;
use crate::endpoint::plan::is_passthru;
use crate::endpoint::plan::{Plan, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::explain::{Attempt, Place};
use crate::lan::announce::{Announce, Announcement, notify_ipv6};
use crate::lan::ask::{Asked, ask, held_by_parent};
use crate::lan::dad::Detection;
use crate::lan::probe::{self, Probe};
use crate::netlink::{Batch, Connection, Failure, Request};
use crate::netns::NetNs;
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::LOOPBACK;
use crate::value::link::{Link, LinkKind};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::value::rate;
use crate::value::route::Route;
use crate::value::rule::Rule;

/// How often another index is tried when the chosen one is taken.
const INDEX_ATTEMPTS: usize = 8;

/// As many refusals as the socket's buffer surely holds, and requests as it surely sends.
const IN_ONE_SEND: usize = 200;

/// How often a parent that is being removed is looked for anew.
const PARENT_ATTEMPTS: usize = 1000;

/// Makes an endpoint exist inside a namespace, on a parent in the host's.
///
/// If told to be tolerant, rules and routes that stand there already, from an attachment that ended
/// halfway, are no failure.
pub(crate) fn attach(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    tolerant: bool,
) -> Result<Attachment> {
    let plan = endpoint.plan()?;
    let work = Work { tolerant, ..Work::begin(host, endpoint, netns, plan.link)? };
    work.carry_out(endpoint, |work| {
        work.create()?;
        if plan.notify_ipv6 {
            notify_ipv6(work.netns, work.link.name)?;
        }
        work.probe(&plan.before, plan.probe.as_ref())?;
        work.furnish(&plan.inside)?;
        work.announce(plan.announce.as_ref(), endpoint)?;
        work.finish(&plan.last)
    })
}

/// A link that was made beforehand, down, in a namespace of its own whose `lo` is up.
pub(crate) struct Warm {
    pub(crate) netns: NetNs,
    name: LinkName,
    parent: Found,
    index: u32,
    mac: MacAddr,
}

/// Makes the link of an endpoint, and nothing that can be said later.
pub(crate) fn warm(host: &NetNs, template: &Endpoint) -> Result<Warm> {
    let netns = NetNs::anonymous()?;
    let mut link = template.plan()?.link;
    link.up = false;
    let mut work = Work::begin(host, template, &netns, link)?;
    let lo = [Step::LoopbackUp];
    let lo = if template.lo_up { &lo[..] } else { &[] };
    match work.create().and_then(|()| work.finish(lo)) {
        Ok(()) => {
            let Work { link, parent, index, mac, .. } = work;
            Ok(Warm { netns, name: link.name, parent, index, mac })
        }
        Err(error) => Err(work.undo(error)),
    }
}

/// Makes a warm link an endpoint.
pub(crate) fn attach_warm(
    host: &NetNs,
    endpoint: &Endpoint,
    mut plan: Plan,
    warm: &Warm,
) -> Result<Attachment> {
    let mut first = Vec::with_capacity(plan.inside.len() + 3);
    if endpoint.name != warm.name {
        first.push(Step::SetName(endpoint.name));
    }
    first.extend(plan.link.mac.map(Step::SetMac));
    if plan.link.up {
        first.push(Step::SetUp);
    }
    if plan.probe.is_some() {
        first.append(&mut plan.before);
        plan.before = std::mem::take(&mut first);
    }
    first.append(&mut plan.inside);
    plan.last.retain(|step| !matches!(step, Step::LoopbackUp));
    let work = Work {
        created: true,
        ..Work::with(host, endpoint, &warm.netns, plan.link, warm.parent, warm.index, warm.mac)?
    };
    work.carry_out(endpoint, |work| {
        if plan.notify_ipv6 {
            notify_ipv6(work.netns, warm.name)?;
        }
        work.probe(&plan.before, plan.probe.as_ref())?;
        work.furnish(&first)?;
        work.announce(plan.announce.as_ref(), endpoint)?;
        work.finish(&plan.last)
    })
}

/// An attachment in the making.
struct Work<'a> {
    host: &'a NetNs,
    outside: &'a Connection,
    netns: &'a NetNs,
    inside: &'a Connection,
    wanted: &'a Parent,
    link: Link,
    parent: Found,
    index: u32,
    mac: MacAddr,
    /// How long a MAC address may be somebody else's.
    patience: Duration,
    /// Whether the link exists, or may.
    created: bool,
    /// Default routes that were deleted, to be put back if something fails.
    replaced: Vec<RouteMessage>,
    /// Whether what does not go with a link may stand there already.
    tolerant: bool,
    /// What was done, for the attachment.
    routes: Vec<Route>,
    rules: Vec<Rule>,
    /// What deletes that which was added and does not go with the link.
    deletions: Vec<Deletion>,
}

impl<'a> Work<'a> {
    /// Gets everything ready. Nothing is changed, unless the parent has to be made.
    fn begin(
        host: &'a NetNs,
        endpoint: &'a Endpoint,
        netns: &'a NetNs,
        mut link: Link,
    ) -> Result<Self> {
        // Whatever can fail, before a parent is made.
        host.connection()?;
        netns.connection_from(Some(host))?;
        let mut random = [0; 9];
        getrandom::fill(&mut random)
            .map_err(|_| Error::system("choose a MAC address at random", Errno::EIO))?;
        let (for_mac, for_index) = random.split_at(6);
        let mac = link.mac.unwrap_or(MacAddr::from_random(for_mac.try_into().unwrap_or_default()));
        link.netns = Some(netns.clone());
        if !inherits_mac(&link) {
            link.mac = Some(mac);
        }
        let index = index_from(for_index.try_into().unwrap_or_default());
        let parent = on_demand::find_or_make(host, &endpoint.parent).map_err(|error| {
            error
                .on_link(link.name.as_str())
                .on_parent(endpoint.parent.to_string())
                .in_netns(netns.in_words())
        })?;
        Self::with(host, endpoint, netns, link, parent, index, mac)
    }

    fn with(
        host: &'a NetNs,
        endpoint: &'a Endpoint,
        netns: &'a NetNs,
        link: Link,
        parent: Found,
        index: u32,
        mac: MacAddr,
    ) -> Result<Self> {
        Ok(Self {
            host,
            outside: host.connection()?,
            netns,
            inside: netns.connection()?,
            wanted: &endpoint.parent,
            link,
            parent,
            index,
            mac,
            patience: endpoint.mac_patience,
            created: false,
            replaced: Vec::new(),
            tolerant: false,
            routes: Vec::new(),
            rules: Vec::new(),
            deletions: Vec::new(),
        })
    }

    /// All of it, or nothing.
    fn carry_out(
        mut self,
        endpoint: &Endpoint,
        work: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<Attachment> {
        match work(&mut self) {
            Ok(()) => Ok(self.into_attachment(endpoint)),
            Err(error) => Err(self.undo(error)),
        }
    }

    /// Creates the link, directly in the container's namespace and up.
    ///
    /// Its index is chosen here, which saves asking for it. It also makes kernels before 6.2 leave
    /// the name alone, which they would look up in the host's namespace instead of the container's
    /// (`__rtnl_newlink` in their `net/core/rtnetlink.c`).
    fn create(&mut self) -> Result<()> {
        let unseen =
            matches!(self.link.kind, LinkKind::Vlan(_)) && self.wanted.on_demand().is_some();
        let started = Instant::now();
        for attempt in 1.. {
            if unseen {
                on_demand::keep(self.outside, self.parent.index)?;
            }
            self.link.index = Some(self.index);
            let request = encode::create_link(&self.link, Some(self.parent.index));
            let Err(failure) = self.outside.submit_one(request) else {
                self.created = true;
                // Nor does a removal that began before see this link: see that it does not end.
                if !unseen || !on_demand::settle(self.host, self.parent.index)? {
                    break;
                }
                self.delete_link().map_err(|failure| {
                    self.explain(
                        &Attempt::Other(self.link.name.into(), "delete the link".into()),
                        failure,
                    )
                })?;
                self.created = false;
                self.find_parent_again()?;
                continue;
            };
            self.created = matches!(failure, Failure::NoAnswer(_)) && self.may_exist();
            let (Failure::Refused { errno, .. }, true) = (&failure, attempt < PARENT_ATTEMPTS)
            else {
                return Err(self.explain(&Attempt::CreateLink(&self.link), failure));
            };
            match errno {
                Errno::EEXIST | Errno::EBUSY
                    if attempt < INDEX_ATTEMPTS && self.index_is_taken() =>
                {
                    // Any other will do: go on from here by a stride that meets all.
                    let [_, a, b, c] = self.index.wrapping_mul(5).wrapping_add(1).to_be_bytes();
                    self.index = index_from([a, b, c]);
                }
                // The last owner may be a namespace that is just dying.
                Errno::EADDRINUSE if started.elapsed() < self.patience => {
                    std::thread::sleep(self.pause(started.elapsed()));
                }
                // A parent made on demand may be about to be removed by somebody else.
                Errno::ENODEV | Errno::EINVAL | Errno::EBUSY
                    if on_demand::settle(self.host, self.parent.index)?
                        && self.wanted.on_demand().is_some() =>
                {
                    self.find_parent_again()?;
                }
                _ => return Err(self.explain(&Attempt::CreateLink(&self.link), failure)),
            }
        }
        if inherits_mac(&self.link) {
            self.mac = self.read_mac()?;
        }
        Ok(())
    }

    /// Whether the link may be there though the kernel's answer got lost.
    fn may_exist(&self) -> bool {
        match self.inside.index_of(&self.link.name) {
            Ok(index) => index == self.index,
            Err(errno) => errno != Errno::ENODEV,
        }
    }

    /// A namespace takes some tens of milliseconds to die. The index, which is random, spreads those
    /// who wait for the same.
    fn pause(&self, waited: Duration) -> Duration {
        let jitter = Duration::from_micros(u64::from(self.index % 4096));
        (Duration::from_millis(4) + jitter).min(self.patience.saturating_sub(waited))
    }

    fn find_parent_again(&mut self) -> Result<()> {
        let found = on_demand::find_or_make(self.host, self.wanted)?;
        self.parent = Found { made: self.parent.made || found.made, ..found };
        Ok(())
    }

    /// Kernels before 6.2 compare the index with the host's links, all with the container's; a name
    /// that is taken is another matter, and not to be tried again.
    fn index_is_taken(&self) -> bool {
        self.inside.index_of(&self.link.name).is_err()
            && [self.inside, self.outside].iter().any(|there| there.link(self.index).is_ok())
    }

    /// The parent's MAC address is what a passthru link has, and a VLAN that was given none.
    fn read_mac(&self) -> Result<MacAddr> {
        let attempt = Attempt::Other(self.link.name.into(), "read its MAC address".into());
        let info =
            self.inside.link(self.index).map_err(|failure| self.explain(&attempt, failure))?;
        info.mac.ok_or_else(|| self.explain(&attempt, Failure::NoAnswer(Errno::ENODATA)))
    }

    /// Gives the link its addresses and routes, in one send if there are not very many.
    fn furnish(&mut self, steps: &[Step]) -> Result<()> {
        for steps in steps.chunks(IN_ONE_SEND) {
            let mut batch = Batch::new();
            for step in steps {
                batch.push(self.request(step)?);
                match step {
                    Step::AddRoute(route) => self.routes.push(*route),
                    Step::SetMac(mac) => self.mac = *mac,
                    _ => {}
                }
            }
            self.inside.submit(&mut batch).map_err(|failure| {
                let at = match failure {
                    Failure::Refused { at, .. } => at,
                    Failure::NotSent(_) | Failure::NoAnswer(_) => 0,
                };
                self.explain_step(&steps[at], failure)
            })?;
        }
        Ok(())
    }

    /// Asks for the addresses, if that is wanted, when the link is up and has none of those yet that
    /// nobody else checks.
    fn probe(&mut self, before: &[Step], wanted: Option<&(Probe, Vec<IpAddr>)>) -> Result<()> {
        let Some((probe, ips)) = wanted else { return Ok(()) };
        let (name, wanted, netns) = (self.link.name, self.wanted, self.netns);
        let here = |error: Error| {
            error.on_link(name.as_str()).on_parent(wanted.to_string()).in_netns(netns.in_words())
        };
        if let Some(holder) =
            held_by_parent(self.host, self.parent.index, ips).map_err(here)?.first()
        {
            return Err(here(probe::in_use(*holder)));
        }
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for ip in ips {
            match ip {
                IpAddr::V4(_) => v4.push(*ip),
                IpAddr::V6(ip) => v6.push(*ip),
            }
        }
        let mac = before.iter().find_map(|step| match step {
            Step::SetMac(mac) => Some(*mac),
            _ => None,
        });
        let asked =
            Asked { netns, link: name.as_str(), index: self.index, mac: mac.unwrap_or(self.mac) };
        let detection =
            (!v6.is_empty()).then(|| Detection::listen(&asked, &v6)).transpose().map_err(here)?;
        self.furnish(before)?;
        // Only now is a link up that was not made so.
        asked.check_carrier().map_err(here)?;
        let mut held = None;
        if !v4.is_empty() {
            held = ask(&asked, &v4, probe, true).map_err(here)?.first().copied();
        }
        if let (None, Some(detection)) = (held, detection) {
            held = detection.wait(probe.get_deadline()).map_err(here)?;
        }
        held.map_or(Ok(()), |holder| Err(here(probe::in_use(holder))))
    }

    /// Announces what the kernel does not, and the rest where that is to be waited for.
    fn announce(
        &self,
        announced: Option<&(Announce, Vec<IpAddr>)>,
        endpoint: &Endpoint,
    ) -> Result<()> {
        let Some((announce, first)) = announced else { return Ok(()) };
        let rest = announce.rest();
        let all = endpoint.addresses.iter().map(Address::ip).collect();
        let announcement = Announcement::of(
            rest.unwrap_or(*announce),
            self.netns,
            self.link.name,
            self.index,
            all,
        )?;
        announcement.send_these(first.iter().copied(), self.mac)?;
        if rest.is_some() {
            std::thread::sleep(announce.get_interval());
            announcement.run()?;
        }
        Ok(())
    }

    fn request(&self, step: &Step) -> Result<Request> {
        Ok(match step {
            Step::AddAddress(address) => encode::add_address(self.index, address),
            Step::AddRoute(route) => encode::add_route(route, self.device(route)?)?,
            Step::SetName(name) => self.change(&LinkChange::Name(*name)),
            Step::SetMac(mac) => self.change(&LinkChange::Mac(*mac)),
            Step::SetAddrGenMode(mode) => self.change(&LinkChange::AddrGenMode(*mode)),
            Step::SetUp => self.change(&LinkChange::Up(true)),
            Step::SetAlias(alias) => self.change(&LinkChange::Alias(alias)),
            Step::AddAlternativeName(name) => encode::add_altname(self.index, name),
            Step::AddRule(rule) => Request::create(Message::NewRule(encode::rule(rule)?)),
            Step::SetRate(rate) => encode::set_rate(self.index, *rate),
            Step::FilterArp => encode::arp_filter(self.index, true),
            Step::NotifyIpv4 => encode::arp_notify(self.index, true),
            Step::LoopbackUp => encode::set_link(LOOPBACK, &LinkChange::Up(true)),
            Step::CreateLink(_)
            | Step::ReplaceDefaultRoutes(_)
            | Step::Probe(..)
            | Step::NotifyIpv6
            | Step::Announce(..) => {
                return Err(Error::new(
                    ErrorKind::Bug,
                    "carry out a plan",
                    "a step stands where it cannot",
                ));
            }
        })
    }

    /// What takes a step back that does not go with the link.
    fn deletion(&self, step: &Step) -> Result<Option<Deletion>> {
        Ok(match step {
            Step::AddRoute(route) => {
                let request = encode::delete_route_exactly(route, self.device(route)?)?;
                Some(Deletion::Route(*route, request))
            }
            Step::AddRule(rule) => Some(Deletion::Rule(*rule)),
            _ => None,
        })
    }

    fn change(&self, change: &LinkChange<'_>) -> Request {
        encode::set_link(self.index, change)
    }

    /// The index of the link that a route goes through.
    fn device(&self, route: &Route) -> Result<Option<u32>> {
        Ok(match route.get_device() {
            Some(LinkId::Index(index)) => Some(index),
            Some(LinkId::Name(name)) if name == self.link.name => Some(self.index),
            Some(LinkId::Name(name)) => {
                Some(self.inside.index_of_existing(name.as_str()).map_err(|errno| {
                    let failure = Failure::Refused { at: 0, errno, message: None };
                    self.explain(&Attempt::Route("add", route, Some(name.into())), failure)
                })?)
            }
            None => route.needs_device().then_some(self.index),
        })
    }

    /// What changes more than the new link comes at the very end, one after the other, so that
    /// nothing but the link has to be undone when something before it was refused.
    fn finish(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            if let Step::ReplaceDefaultRoutes(routes) = step {
                self.replace_default_routes(routes)?;
                continue;
            }
            // Whatever can fail, before it is done.
            let deletion = self.deletion(step)?;
            match self.inside.submit_one(self.request(step)?) {
                Ok(()) => {}
                Err(Failure::Refused { errno: Errno::EEXIST, .. }) if self.tolerant => {}
                Err(Failure::NoAnswer(_)) if self.is_done(step) => {}
                Err(failure) => return Err(self.not_finished(step, failure)),
            }
            self.deletions.extend(deletion);
            match step {
                Step::AddRoute(route) => self.routes.push(*route),
                Step::AddRule(rule) => self.rules.push(*rule),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a step whose answer got lost has led where it was to lead.
    fn is_done(&self, step: &Step) -> bool {
        matches!(step, Step::LoopbackUp)
            && self.inside.link(LOOPBACK).is_ok_and(|loopback| loopback.is_up())
    }

    /// What got lost on its way may stand there now, or somebody else's stood there before: it is
    /// left, and told.
    fn not_finished(&self, step: &Step, failure: Failure) -> Error {
        let lost = matches!(failure, Failure::NoAnswer(_));
        let error = self.explain_step(step, failure);
        let inside = self.netns;
        match step {
            _ if !lost => error,
            Step::AddRoute(route) => error.leaves(format!("perhaps route {route} in {inside}")),
            Step::AddRule(rule) => error.leaves(format!("perhaps rule {rule} in {inside}")),
            Step::LoopbackUp => error.leaves(format!("perhaps lo set up in {inside}")),
            _ => error,
        }
    }

    fn replace_default_routes(&mut self, routes: &[Route]) -> Result<()> {
        let listing = Attempt::Other(self.link.name.into(), "list the default routes".into());
        let families: Vec<bool> =
            routes.iter().map(|route| route.destination().addr().is_ipv4()).collect();
        let mut existing = self
            .inside
            .dump(
                &encode::get_routes(&RouteFilter::new().table(encode::MAIN_TABLE), None),
                |payload| decode::default_route(payload, &families),
            )
            .map_err(|failure| self.explain(&listing, failure))?;
        // The endpoint's own further default routes, with other metrics, stay.
        existing.retain(|route| !route.attributes.contains(&RouteAttribute::Oif(self.index)));
        let mut batch = Batch::new();
        for route in &existing {
            batch.push(Request::new(Message::DelRoute(route.clone())));
        }
        for route in routes {
            batch.push(encode::add_route(route, self.device(route)?)?);
        }
        let deleted = existing.len();
        self.replaced = existing;
        self.routes.extend(routes);
        self.inside.submit(&mut batch).map_err(|failure| match &failure {
            Failure::Refused { at, .. } if *at >= deleted => {
                let route = &routes[at - deleted];
                self.explain(&Attempt::Route("add", route, Some(self.link.name.into())), failure)
            }
            _ => {
                let attempt =
                    Attempt::Other(self.link.name.into(), "delete the old default route".into());
                self.explain(&attempt, failure)
            }
        })
    }

    fn delete_link(&self) -> std::result::Result<(), Failure> {
        match insist(self.inside, &encode::delete_link(self.index)) {
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(()),
            other => other,
        }
    }

    /// Deletes the link, with which its addresses and routes go, puts back what was replaced, and
    /// removes the parent if it was made for this link.
    fn undo(&self, mut error: Error) -> Error {
        let inside = self.netns;
        for left in delete_all(self.inside, &self.deletions).1 {
            error = error.leaves(format!("{left} in {inside}"));
        }
        if self.created {
            if let Err(failure) = self.delete_link() {
                let perhaps = perhaps(&failure);
                error = error
                    .leaves(format!("{perhaps}link {:?} in {inside}", self.link.name.as_str()));
            }
        }
        for route in &self.replaced {
            match insist(self.inside, &Request::create(Message::NewRoute(route.clone()))) {
                // EEXIST: it had not been deleted.
                Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => {}
                Err(failure) => {
                    let perhaps = perhaps(&failure);
                    error = error.leaves(format!("{perhaps}a default route of {inside} gone"));
                }
            }
        }
        if self.wanted.on_demand().is_some() && self.release_parent().is_err() {
            error = on_demand::may_leave(error, self.host, self.wanted);
        }
        error
    }

    fn release_parent(&self) -> Result<()> {
        if self.parent.made {
            on_demand::take_back(self.outside, self.parent.index)?;
        }
        release_parent(self.host, self.parent.index)
    }

    fn explain_step(&self, step: &Step, failure: Failure) -> Error {
        let name = LinkId::from(self.link.name);
        let other = |operation: String| Attempt::Other(name, operation.into());
        match step {
            Step::AddAddress(address) => {
                self.explain(&Attempt::Address("add", address, name), failure)
            }
            Step::AddRoute(route) => {
                self.explain(&Attempt::Route("add", route, Some(name)), failure)
            }
            Step::AddRule(rule) => self.explain(&Attempt::Rule("add", rule), failure),
            Step::LoopbackUp => {
                self.explain(&Attempt::Other(LinkId::Index(LOOPBACK), "set lo up".into()), failure)
            }
            Step::SetName(name) => self.explain(&other(format!("rename it to {name}")), failure),
            Step::SetMac(mac) => {
                self.explain(&other(format!("set the MAC address {mac}")), failure)
            }
            Step::SetAddrGenMode(mode) => {
                self.explain(&other(format!("set the address generation mode {mode}")), failure)
            }
            Step::SetUp => self.explain(&other("set the link up".to_owned()), failure),
            Step::SetAlias(alias) => {
                self.explain(&other(format!("set the alias {alias:?}")), failure)
            }
            Step::AddAlternativeName(other_name) => {
                self.explain(&other(format!("add the alternative name {other_name:?}")), failure)
            }
            Step::SetRate(rate) => {
                let attempt = other(format!("limit what it sends to {rate}"));
                rate::explain(self.explain(&attempt, failure))
            }
            Step::FilterArp => {
                self.explain(&other("have it answer ARP for its own only".to_owned()), failure)
            }
            Step::NotifyIpv4 => {
                self.explain(&other("have the kernel announce its addresses".to_owned()), failure)
            }
            Step::CreateLink(_)
            | Step::ReplaceDefaultRoutes(_)
            | Step::Probe(..)
            | Step::NotifyIpv6
            | Step::Announce(..) => failure.into_error("carry out a plan"),
        }
    }

    fn explain(&self, attempt: &Attempt<'_>, failure: Failure) -> Error {
        let place =
            Place { host: self.host, inside: Some(self.netns), parent: Some(self.parent.index) };
        attempt.explain(failure, &place).on_parent(self.wanted.to_string())
    }

    fn into_attachment(self, endpoint: &Endpoint) -> Attachment {
        Attachment {
            name: self.link.name,
            kind: self.link.kind.as_str(),
            index: self.index,
            mac: self.mac,
            mtu: self.link.mtu,
            parent: (self.parent.other_name.map(LinkId::Name))
                .or(self.link.parent)
                .unwrap_or(LinkId::Index(self.parent.index)),
            parent_index: self.parent.index,
            addresses: endpoint.addresses.clone(),
            routes: self.routes,
            rules: self.rules,
            deletions: self.deletions,
            netns: self.netns.clone(),
        }
    }
}

/// Whether the kernel takes the parent's MAC address: for passthru whatever was asked for, for a
/// VLAN if nothing was.
fn inherits_mac(link: &Link) -> bool {
    is_passthru(link) || matches!(link.kind, LinkKind::Vlan(_)) && link.mac.is_none()
}

/// An index that hardly anybody has: the kernel gives its own from 1 upwards.
fn index_from(random: [u8; 3]) -> u32 {
    let [a, b, c] = random;
    0x1_0000 + (u32::from_be_bytes([0, a, b, c]) % 0xff_0000)
}
