//! Executes the phases of a plan after the link is created.

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::route::RouteAttribute;
use nix::errno::Errno;

use crate::endpoint::attach::work::Work;
use crate::endpoint::change::Change;
use crate::endpoint::check::is_same_route;
use crate::endpoint::deletion::Deletion;
use crate::endpoint::shared;
use crate::error::{Error, Result};
use crate::lan::announce::{Announce, Announcement};
use crate::lan::ask::ask;
use crate::lan::carrier::Carrier;
use crate::lan::dad::Detection;
use crate::lan::probe::{Probe, in_use};
use crate::netlink::{Batch, Failure, Request};
use crate::rtnl::{decode, encode, sysctl};
use crate::value::address::{Address, DETECTION_ENDS};
use crate::value::filter::RouteFilter;
use crate::value::link::{Ipv6Sysctl, LOOPBACK};
use crate::value::route::Route;

/// The number of requests that the socket certainly sends, and whose refusals fit its buffer.
const IN_ONE_SEND: usize = 200;

impl Work<'_> {
    pub(in crate::endpoint) fn set_sysctls(&self, sysctls: &[Ipv6Sysctl]) -> Result<()> {
        sysctl::set_ipv6(self.netns, self.endpoint.name, sysctls)
    }

    /// Makes changes in one send, unless there are too many.
    pub(super) fn batch(&mut self, changes: &[Change]) -> Result<()> {
        for changes in changes.chunks(IN_ONE_SEND) {
            let mut batch = Batch::new();
            for change in changes {
                batch.push(self.request(change)?);
                match change {
                    Change::AddRoute(route) => self.routes.push(*route),
                    Change::SetMac(mac) => self.mac = *mac,
                    _ => {}
                }
            }
            let refused = self.inside.submit_all(&mut batch);
            let refused = refused.map_err(|failure| self.explain_change(&changes[0], failure))?;
            let mut was_down = false;
            for failure in refused {
                let change = &changes[failure.at()];
                let request = self.request(change)?;
                if matches!(change, Change::DeleteRule(_)) && failure.says_gone() {
                    continue;
                }
                if *change == Change::SetUp {
                    self.set_up_when_mac_is_free(failure)?;
                    was_down = true;
                } else if !was_down {
                    self.make_way(change, &request, failure)?;
                } else if let Err(failure) = self.inside.submit_one(request.clone()) {
                    // The refusal was not due to a link that is down.
                    self.make_way(change, &request, failure)?;
                }
            }
        }
        Ok(())
    }

    /// Probes the addresses on a link that is up, before those without the kernel's duplicate
    /// detection are added.
    pub(super) fn probe(&mut self, probe: Probe, changes: &[Change], ips: &[IpAddr]) -> Result<()> {
        let (endpoint, netns) = (self.endpoint, self.netns);
        let here = |error: Error| {
            error
                .on_link(endpoint.name.as_str())
                .on_parent(endpoint.parent.to_string())
                .in_netns(netns.describe())
        };
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for ip in ips {
            match ip {
                IpAddr::V4(_) => v4.push(*ip),
                IpAddr::V6(ip) => v6.push(*ip),
            }
        }
        let mac = changes.iter().find_map(|change| match change {
            Change::SetMac(mac) => Some(*mac),
            _ => None,
        });
        let asked = self.asked(mac.unwrap_or(self.mac))?;
        if let Some(holder) = asked.held_by_parent(ips).map_err(here)?.first() {
            return Err(here(in_use(*holder)));
        }
        let detection =
            (!v6.is_empty()).then(|| Detection::listen(&asked, &v6)).transpose().map_err(here)?;
        self.batch(changes)?;
        // A link that was not created up is up only now.
        let mut carrier = Carrier::watch(&asked).map_err(here)?;
        let mut held = None;
        if !v4.is_empty() {
            held = ask(&mut carrier, &v4, &probe, true).map_err(here)?.first().copied();
        }
        if let (None, Some(detection)) = (held, detection) {
            held = detection.wait(&mut carrier, probe.get_deadline()).map_err(here)?;
        }
        held.map_or(Ok(()), |holder| Err(here(in_use(holder))))
    }

    /// Adds an IPv6 address, or adds it again if it `is_there` and not usable, and waits for the
    /// kernel's duplicate detection. Deletes a duplicate, unless it was there before.
    pub(in crate::endpoint) fn add_if_free(&self, address: &Address, is_there: bool) -> Result<()> {
        let IpAddr::V6(ip) = address.ip() else { return Ok(()) };
        let change = Change::AddAddress(*address);
        let refused = |failure| self.explain_change(&change, failure);
        let asked = self.asked(self.mac)?;
        let here = |error: Error| asked.here(error);
        let deletion = encode::delete_address(self.index, address);
        let mut carrier = Carrier::watch(&asked).map_err(here)?;
        if is_there {
            match self.inside.retry(&deletion) {
                Err(failure) if !failure.says_gone() => return Err(refused(failure)),
                Ok(()) | Err(_) => {}
            }
        }
        let detection = match Detection::listen(&asked, &[ip]) {
            Err(error) if !is_there => return Err(here(error)),
            detection => detection,
        };
        let add = self.request(&change)?;
        let added = if is_there { self.inside.retry(&add) } else { self.inside.submit_one(add) };
        added.map_err(refused)?;
        let found = detection.and_then(|detection| detection.wait(&mut carrier, DETECTION_ENDS));
        let error = match found {
            Ok(None) => return Ok(()),
            Ok(Some(holder)) => here(in_use(holder)),
            Err(error) => here(error),
        };
        if is_there {
            return Err(error);
        }
        Err(match self.inside.retry(&deletion) {
            Ok(()) => error,
            Err(failure) if failure.says_gone() => error,
            Err(failure) => {
                error.leaves(format!("{}address {address} in {}", failure.maybe(), self.netns))
            }
        })
    }

    /// Sends the announcements that the kernel does not send, and repeated ones if attach waits for
    /// them.
    pub(super) fn announce(&self, announce: Announce, first: &[IpAddr]) -> Result<()> {
        let rest = announce.rest();
        let announcement = Announcement::of(
            rest.unwrap_or(announce),
            self.netns,
            self.endpoint.name,
            self.index,
            self.endpoint.addresses.iter().map(Address::ip).collect(),
        )?;
        announcement.send_these(first.iter().copied(), self.mac)?;
        if rest.is_some() {
            announcement.run_after(announce.get_interval(), self.cancels)?;
        }
        Ok(())
    }

    pub(super) fn replace_default_routes(&mut self, routes: &[Route]) -> Result<()> {
        let families: Vec<bool> =
            routes.iter().map(|route| route.get_destination().addr().is_ipv4()).collect();
        let mut existing = self
            .inside
            .dump(
                &encode::get_routes(&RouteFilter::new().table(encode::MAIN_TABLE), None),
                |payload| decode::default_route(payload, &families),
            )
            .map_err(|failure| self.explain_other("list the default routes", failure))?;
        // The endpoint's own default routes with other metrics are kept.
        existing.retain(|route| !route.attributes.contains(&RouteAttribute::Oif(self.index)));
        // The new routes are added first; the others are deleted once these exist.
        let mut added = Vec::new();
        for route in routes {
            // The kernel accepts no second one.
            if !self.created && self.is_there(route)? {
                continue;
            }
            added.push(*route);
            let request = encode::prepend_route(route, Some(self.index))?;
            if let Err(failure) = self.inside.submit_one(request.clone()) {
                self.make_way(&Change::AddRoute(*route), &request, failure)?;
            }
        }
        self.routes.extend(routes);
        self.replaced = existing;
        if !self.created {
            for route in &added {
                self.added.extend(Deletion::of(&Change::AddRoute(*route), &self.target())?);
            }
        }
        let mut batch = Batch::new();
        for route in &self.replaced {
            batch.push(Request::new(Message::DelRoute(route.clone())));
        }
        let explain = |failure| self.explain_other("delete the old default route", failure);
        for refused in self.inside.submit_all(&mut batch).map_err(explain)? {
            // Another process has deleted it by now.
            if !matches!(refused, Failure::Refused { errno: Errno::ESRCH, .. }) {
                return Err(explain(refused));
            }
        }
        Ok(())
    }

    /// Makes changes one by one: those that affect more than the new link come last, so that a
    /// refusal before only requires the link to be undone.
    pub(super) fn one_by_one(&mut self, changes: &[Change]) -> Result<()> {
        for change in changes {
            // Everything that can fail happens before the change.
            let deletion =
                Deletion::of(change, &self.target()).map_err(|error| self.on_parent(error))?;
            // Only the last change needs no undo.
            let was_down = *change == Change::SetLoopbackUp
                && changes.last() != Some(change)
                && !self.is_done(change);
            match self.inside.submit_one(self.request(change)?) {
                Ok(()) => {
                    self.lo_set_up |= was_down;
                    self.added.extend(deletion.clone());
                }
                // The object may be ours, from an interrupted attach or a deleted link.
                Err(failure @ Failure::Refused { errno: Errno::EEXIST, .. }) => {
                    if !self.stands_already(change)? {
                        return Err(self.not_done(change, deletion, failure));
                    }
                    if let Some(found) = &deletion {
                        let noted = shared::note(self.inside, self.index, found);
                        self.added
                            .extend(noted.map_err(|failure| self.explain_change(change, failure))?);
                    }
                }
                Err(Failure::NoAnswer(_)) if self.is_done(change) => {}
                Err(failure) => return Err(self.not_done(change, deletion, failure)),
            }
            self.deletions.extend(deletion);
            match change {
                Change::AddRoute(route) => self.routes.push(*route),
                Change::AddRule(rule) => self.rules.push(*rule),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns whether the existing rule or route is ours, with equal attributes.
    fn stands_already(&self, change: &Change) -> Result<bool> {
        let Change::AddRoute(route) = change else {
            // The kernel compares all attributes of a rule, including our protocol number.
            return Ok(matches!(change, Change::AddRule(_)));
        };
        let marked = self.inside.marked_routes();
        let marked = marked.map_err(|failure| self.explain_other("list the routes", failure))?;
        let device = self.target().device(route)?;
        Ok(marked.iter().any(|found| is_same_route(route, device, found)))
    }

    /// Returns whether the link has this route.
    fn is_there(&self, route: &Route) -> Result<bool> {
        let all = encode::get_routes(&RouteFilter::new(), Some(self.index));
        let found = self.inside.dump(&all, decode::route);
        let found = found.map_err(|failure| self.explain_other("list the routes", failure))?;
        Ok(found.iter().any(|found| is_same_route(route, Some(self.index), found)))
    }

    /// Returns whether a change took effect although the reply was lost.
    fn is_done(&self, change: &Change) -> bool {
        matches!(change, Change::SetLoopbackUp)
            && matches!(self.inside.link(LOOPBACK), Ok(loopback) if loopback.is_up())
    }

    /// Makes the error for a failed change. If the reply was lost, the object may exist, now or
    /// from before: it is left and listed.
    fn not_done(&self, change: &Change, deletion: Option<Deletion>, failure: Failure) -> Error {
        let lost = matches!(failure, Failure::NoAnswer(_));
        let maybe = failure.maybe();
        let error = self.explain_change(change, failure);
        let inside = self.netns;
        match (change, deletion) {
            _ if !lost => error,
            (_, Some(deletion)) => error.leaves(format!("{maybe}{deletion} in {inside}")),
            (Change::SetLoopbackUp, None) => error.leaves(format!("{maybe}lo set up in {inside}")),
            _ => error,
        }
    }

    pub(super) fn request(&self, change: &Change) -> Result<Request> {
        change.request(&self.target()).map_err(|error| self.on_parent(error))
    }

    fn on_parent(&self, error: Error) -> Error {
        error.on_parent(self.endpoint.parent.to_string())
    }

    pub(super) fn explain_change(&self, change: &Change, failure: Failure) -> Error {
        let target = self.target();
        self.explain(&change.attempt(target.name.into(), target.kind), failure)
    }
}
