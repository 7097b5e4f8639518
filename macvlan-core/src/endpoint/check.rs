//! Compares an endpoint with the actual state.

use nix::libc::{IFF_NOARP, RTPROT_BOOT};

use crate::endpoint::change::{Change, Target};
use crate::endpoint::difference::Difference;
use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::find_parent::{self, Found, is_macvlan};
use crate::endpoint::plan::Plan;
use crate::endpoint::shared;
use crate::endpoint::usable::{unusable, with_ages};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_RA, decode, encode};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::link::{
    Ipv6Sysctl, LOOPBACK, LinkInfo, MacvlanChange, MacvlanOptions, Mode, SourceMacs, VlanOptions,
};
use crate::value::name::LinkId;
use crate::value::rate::Rate;
use crate::value::route::{Route, RouteInfo};
use crate::value::rule::Rule;

/// The result of a comparison.
pub(crate) struct Findings {
    pub(super) plan: Plan,
    /// The link, if one with this name exists.
    pub(super) link: Option<LinkInfo>,
    /// The parent, if it exists.
    pub(super) parent: Option<Found>,
    pub(crate) differences: Vec<Difference>,
}

/// Compares the endpoint with the actual state, without any change.
pub(crate) fn check(host: &NetNs, endpoint: &Endpoint, netns: &NetNs) -> Result<Findings> {
    let plan = endpoint.plan()?;
    let attempt = Attempt::Other(LinkId::Name(endpoint.name), "check the link".into());
    let explain = |failure| attempt.explain(failure, &Place::host(netns));
    let inside = netns.connection()?;
    let parent = find_parent::find(host, &endpoint.parent)?;
    let Some(link) = inside.find_link(endpoint.name).map_err(explain)? else {
        let differences = vec![Difference::LinkMissing];
        return Ok(Findings { plan, link: None, parent, differences });
    };
    let mut differences = Vec::new();
    let on_parent = match parent {
        Some(parent) => find_parent::is_on(host, netns, &link, (parent.index, &endpoint.kind))?,
        None => false,
    };
    if !on_parent {
        differences.push(Difference::Parent);
    }
    kind(endpoint, &link, &mut differences);
    settings(endpoint, &plan, &link, &mut differences);
    rate(endpoint, inside, &link, &mut differences).map_err(explain)?;
    let changes: Vec<Change> = plan.changes().collect();
    let target = endpoint.target(netns, inside, link.index);
    contents((&plan, &changes), &target, &link, &mut differences, &explain)?;
    if !endpoint.leaves_rules {
        // Last, so that each address has a rule at all times.
        let outdated = outdated(inside, link.index, &changes).map_err(explain)?;
        differences.extend(outdated);
    }
    Ok(Findings { plan, link: Some(link), parent, differences })
}

fn kind(endpoint: &Endpoint, link: &LinkInfo, differences: &mut Vec<Difference>) {
    let found = link.kind.as_deref();
    match (&endpoint.kind, found, &link.macvlan, &link.vlan) {
        (EndpointKind::Macvlan(wanted), Some("macvlan"), Some(found), _)
        | (EndpointKind::Macvtap(wanted), Some("macvtap"), Some(found), _) => {
            macvlan(wanted, found, differences);
        }
        (EndpointKind::Vlan(wanted), Some("vlan"), _, Some(found)) => {
            vlan(wanted, found, differences);
        }
        _ => differences.push(Difference::Immutable(format!(
            "the link is {} and should be a {}",
            found.map_or_else(|| "not a virtual link".to_owned(), |kind| format!("a {kind}")),
            endpoint.kind.as_str()
        ))),
    }
    if let Some((transmit, receive)) = endpoint.queues {
        // A kernel without receive packet steering reports no number of receive queues.
        let receive_differs = link.rx_queues != 0 && link.rx_queues != receive;
        if transmit != link.tx_queues || receive_differs {
            differences.push(Difference::Immutable(format!(
                "the link has {} transmit and {} receive queues and should have {transmit} and \
                 {receive}",
                link.tx_queues, link.rx_queues
            )));
        }
    }
}

fn macvlan(wanted: &MacvlanOptions, found: &MacvlanOptions, differences: &mut Vec<Difference>) {
    let passthru = |options: &MacvlanOptions| options.get_mode() == Mode::Passthru;
    if passthru(wanted) != passthru(found) {
        let (found, wanted) = (found.get_mode(), wanted.get_mode());
        let what = format!("the mode is {found} and should be {wanted}");
        differences.push(Difference::Immutable(what));
        return;
    }
    let mut change = MacvlanChange::new();
    if wanted.get_mode() != found.get_mode() {
        change = change.mode(wanted.get_mode());
    }
    if wanted.flags() != found.flags() {
        change = change.flags(wanted.get_nopromisc(), wanted.get_nodst());
    }
    let sorted = |options: &MacvlanOptions| {
        let mut macs = options.get_source_macs().to_vec();
        macs.sort_unstable();
        macs.dedup();
        macs
    };
    if wanted.get_mode() == Mode::Source && sorted(wanted) != sorted(found) {
        change = change.source_macs(match wanted.get_source_macs() {
            [] => SourceMacs::Flush,
            macs => SourceMacs::Set(macs.to_vec()),
        });
    }
    if let Some(frames) =
        wanted.get_bc_queue_len().filter(|_| wanted.get_bc_queue_len() != found.get_bc_queue_len())
    {
        change = change.bc_queue_len(frames);
    }
    // Kernels before 6.4 have no cutoff.
    if let (Some(siblings), Some(other)) = (wanted.get_bc_cutoff(), found.get_bc_cutoff()) {
        if siblings != other {
            change = change.bc_cutoff(siblings);
        }
    }
    if change != MacvlanChange::new() {
        differences.push(Difference::missing(Change::SetMacvlan(change)));
    }
}

fn vlan(wanted: &VlanOptions, found: &VlanOptions, differences: &mut Vec<Difference>) {
    if (wanted.get_id(), wanted.get_protocol()) != (found.get_id(), found.get_protocol()) {
        let words = |vlan: &VlanOptions| format!("{} {}", vlan.get_protocol(), vlan.get_id());
        let what = format!("the VLAN is {} and should be {}", words(found), words(wanted));
        differences.push(Difference::Immutable(what));
        return;
    }
    let (flags, mask) = wanted.flags();
    let (now, _) = found.flags();
    let qos = maps(wanted.get_ingress_qos(), found.get_ingress_qos())
        && maps(wanted.get_egress_qos(), found.get_egress_qos());
    if now & mask != flags || !qos {
        differences.push(Difference::missing(Change::SetVlan(wanted.clone())));
    }
}

/// Returns whether each priority is mapped as requested. The kernel does not list mappings to 0,
/// the default.
fn maps<A: PartialEq, B: PartialEq + Copy + Default>(wanted: &[(A, B)], found: &[(A, B)]) -> bool {
    wanted.iter().all(|(from, to)| {
        let now = found.iter().find(|(other, _)| other == from);
        now.map_or(B::default(), |(_, to)| *to) == *to
    })
}

fn settings(endpoint: &Endpoint, plan: &Plan, link: &LinkInfo, differences: &mut Vec<Difference>) {
    if let Some(wanted) = endpoint.mac.filter(|mac| Some(*mac) != link.mac) {
        let found = link.mac.map(Change::SetMac);
        differences.push(Difference::Change { change: Change::SetMac(wanted), found });
    }
    if let Some(wanted) = endpoint.mtu.filter(|mtu| *mtu != link.mtu) {
        let found = Some(Change::SetMtu(link.mtu));
        differences.push(Difference::Change { change: Change::SetMtu(wanted), found });
    }
    let up = (!link.is_up()).then_some(Change::SetUp);
    // A VLAN has the flag of its parent.
    let arp = (is_macvlan(link) && link.has(IFF_NOARP)).then_some(Change::SetArpOn);
    let promisc =
        (link.is_promisc() != endpoint.promisc).then_some(Change::SetPromisc(endpoint.promisc));
    let allmulticast = endpoint.allmulticast.filter(|on| *on != link.is_allmulticast());
    differences.extend(plan.sysctls().filter_map(|sysctl| {
        let found = match sysctl {
            Ipv6Sysctl::AcceptRa(_) => link.accept_ra.map(Ipv6Sysctl::AcceptRa),
            Ipv6Sysctl::Autoconf(_) => link.autoconf.map(Ipv6Sysctl::Autoconf),
            Ipv6Sysctl::DisableIpv6(_) => link.disable_ipv6.map(Ipv6Sysctl::DisableIpv6),
            Ipv6Sysctl::NdiscNotify(_) => link.ndisc_notify.map(Ipv6Sysctl::NdiscNotify),
        };
        let found = found.filter(|found| *found != sysctl)?;
        Some(Difference::Sysctl { sysctl, found })
    }));
    let mode = endpoint.addr_gen_mode.filter(|mode| Some(*mode) != link.addr_gen_mode);
    let now = link.alias.as_deref().unwrap_or_default();
    let alias = endpoint.alias.as_ref().filter(|alias| *alias != now);
    let missing = |name: &&String| !link.alternative_names.contains(name);
    let names = endpoint.alternative_names.iter().filter(missing).cloned();
    let group = endpoint.group.filter(|group| *group != link.group);
    let packets = endpoint.tx_queue_len.filter(|packets| *packets != link.tx_queue_len);
    let changes = (mode.map(Change::SetAddrGenMode).into_iter())
        .chain(up)
        .chain(arp)
        .chain(promisc)
        .chain(allmulticast.map(Change::SetAllmulticast))
        .chain(alias.cloned().map(Change::SetAlias))
        .chain(names.map(Change::AddAlternativeName))
        .chain(group.map(Change::SetGroup))
        .chain(packets.map(Change::SetTxQueueLen));
    differences.extend(changes.map(Difference::missing));
}

/// Compares the rate limit, if it was set. Burst and queue length follow from the rate.
fn rate(
    endpoint: &Endpoint,
    inside: &Connection,
    link: &LinkInfo,
    differences: &mut Vec<Difference>,
) -> std::result::Result<(), Failure> {
    let Some(wanted) = endpoint.rate else { return Ok(()) };
    let found = inside.rate_of(link)?;
    if found.map(Rate::bytes_per_second) != Some(wanted.bytes_per_second()) {
        let found = found.map(Change::SetRate);
        differences.push(Difference::Change { change: Change::SetRate(wanted), found });
    }
    Ok(())
}

/// Compares the plan's addresses, routes and rules, and `lo`; lists each kind at most once.
fn contents(
    (plan, changes): (&Plan, &[Change]),
    link: &Target<'_>,
    info: &LinkInfo,
    differences: &mut Vec<Difference>,
    explain: &dyn Fn(Failure) -> Error,
) -> Result<()> {
    let inside = link.inside;
    let (mut addresses, mut routes, mut rules) = (None, None, None);
    let list_routes = || inside.dump(&encode::get_routes(&RouteFilter::new(), None), decode::route);
    for change in changes {
        let mut instead = None;
        let is_there = match change {
            Change::AddAddress(wanted) => {
                let list = || with_ages(inside, link.index);
                let found = listed(&mut addresses, list).map_err(explain)?;
                // The endpoint may have an address with two prefix lengths.
                let is_wanted = |found: &Address| {
                    let same = |address: &Address| address.net() == found.net();
                    changes.iter().any(|one| matches!(one, Change::AddAddress(one) if same(one)))
                };
                let is_instead = |found: &Address| found.ip() == wanted.ip() && !is_wanted(found);
                let mut all = found.iter().map(|(info, _)| info.address);
                instead = all.find(is_instead).map(Change::AddAddress);
                let there = found.iter().find(|(found, _)| found.address.net() == wanted.net());
                if let Some((found, age)) = there {
                    let routes = listed(&mut routes, list_routes).map_err(explain)?;
                    differences.extend(unusable(wanted, found, *age, info, routes));
                }
                there.is_some()
            }
            Change::AddRoute(wanted) => {
                let device = link.device(wanted)?;
                let found = listed(&mut routes, list_routes).map_err(explain)?;
                let through = Some(LinkId::Index(link.index));
                let in_the_way = |found: &&RouteInfo| {
                    found.route.get_device() == through
                        && is_in_the_way(wanted, &found.route)
                        // Other routes have a protocol number that names their origin.
                        && ([RTPROT_BOOT, RTPROT_RA].contains(&found.protocol)
                            || wanted.get_protocol() == Some(found.protocol))
                };
                let found_instead = found.iter().find(in_the_way);
                instead = found_instead.map(|found| Change::AddRoute(found.route.device(link.name)));
                let is_there = found.iter().any(|found| is_same_route(wanted, device, found));
                if is_there && plan.replaces_by(wanted) {
                    let other = found.iter().find(|found| is_other_default(wanted, link, found));
                    differences.extend(other.map(|other| Difference::Change {
                        change: change.clone(),
                        found: Some(Change::AddRoute(other.route)),
                    }));
                }
                is_there
            }
            Change::AddRule(wanted) => {
                listed(&mut rules, || marked_rules(inside)).map_err(explain)?.contains(wanted)
            }
            Change::SetLoopbackUp => inside.link(LOOPBACK).map_err(explain)?.is_up(),
            Change::FilterArp => info.arp_filter == Some(true),
            Change::NotifyIpv4 => info.arp_notify == Some(true),
            // Compared by `kind`, `settings` and `rate`, or fixed at creation.
            Change::SetName(_)
            | Change::SetMac(_)
            | Change::SetMtu(_)
            | Change::SetUp
            | Change::SetArpOn
            | Change::SetPromisc(_)
            | Change::SetAllmulticast(_)
            | Change::SetAlias(_)
            | Change::AddAlternativeName(_)
            | Change::SetGroup(_)
            | Change::SetTxQueueLen(_)
            | Change::SetAddrGenMode(_)
            | Change::SetMacvlan(_)
            | Change::SetVlan(_)
            | Change::SetRate(_)
            // Not part of any plan.
            | Change::AddConnectedRoute(_)
            | Change::DeleteRule(_) => true,
        };
        if !is_there {
            differences.push(Difference::Change { change: change.clone(), found: instead });
        }
    }
    Ok(())
}

fn marked_rules(inside: &Connection) -> std::result::Result<Vec<Rule>, Failure> {
    inside.dump(&encode::get_rules(None), decode::marked_rule)
}

/// Finds rules that an earlier state has left for the endpoint's addresses.
fn outdated(
    inside: &Connection,
    link: u32,
    changes: &[Change],
) -> std::result::Result<impl Iterator<Item = Difference>, Failure> {
    let outdated = shared::outdated(inside, link, changes, &marked_rules(inside)?)?;
    Ok(outdated.into_iter().map(Change::DeleteRule).map(Difference::missing))
}

/// Finds rules that a link which is gone has left for the endpoint's addresses.
pub(super) fn left_rules(endpoint: &Endpoint, netns: &NetNs) -> Result<Vec<Difference>> {
    const NO_LINK: u32 = 0;
    if endpoint.leaves_rules {
        return Ok(Vec::new());
    }
    let changes: Vec<Change> = endpoint.plan()?.changes().collect();
    let left = outdated(netns.connection()?, NO_LINK, &changes);
    let left =
        left.map_err(|failure| failure.into_error("list the rules").in_netns(netns.describe()))?;
    Ok(left.collect())
}

/// Returns whether a route is a default route of others that a replacing one should have replaced.
fn is_other_default(wanted: &Route, link: &Target<'_>, found: &RouteInfo) -> bool {
    let is_v4 = |route: &Route| route.get_destination().addr().is_ipv4();
    let found = &found.route;
    found.is_default()
        && found.get_table() == encode::MAIN_TABLE
        && is_v4(found) == is_v4(wanted)
        && found.get_device() != Some(LinkId::Index(link.index))
}

/// Returns whether an existing route prevents another one from being added.
pub(super) fn is_in_the_way(wanted: &Route, found: &Route) -> bool {
    wanted.get_destination() == found.get_destination()
        && wanted.get_table() == found.get_table()
        && wanted.get_actual_metric() == found.get_actual_metric()
}

/// Returns a listing, made on first use.
fn listed<T>(
    found: &mut Option<Vec<T>>,
    list: impl FnOnce() -> std::result::Result<Vec<T>, Failure>,
) -> std::result::Result<&[T], Failure> {
    match found {
        Some(found) => Ok(found),
        None => Ok(found.insert(list()?)),
    }
}

/// Returns whether an existing route equals a requested one, with the kernel's defaults for fields
/// that are not set.
pub(super) fn is_same_route(wanted: &Route, device: Option<u32>, found: &RouteInfo) -> bool {
    let route = &found.route;
    let v4 = wanted.get_destination().addr().is_ipv4();
    let said = |wanted: Option<u32>, found: Option<u32>| wanted.is_none() || wanted == found;
    wanted.get_kind() == route.get_kind()
        && wanted.get_destination() == route.get_destination()
        && wanted.get_gateway() == route.get_gateway()
        && wanted.get_table() == route.get_table()
        && device.map(LinkId::Index) == route.get_device()
        && wanted.get_actual_metric() == route.get_actual_metric()
        && (wanted.get_source().is_none() || wanted.get_source() == route.get_source())
        && (!v4 || wanted.get_scope().is_none() || wanted.get_scope() == route.get_scope())
        && said(wanted.get_mtu(), route.get_mtu())
        && said(wanted.get_advmss(), route.get_advmss())
        && wanted.get_protocol().is_none_or(|protocol| protocol == found.protocol)
}
