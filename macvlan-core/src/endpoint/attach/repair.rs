//! Makes one change on an existing link, replacing conflicting objects.

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;

use crate::endpoint::attach::others::Others;
use crate::endpoint::attach::work::Work;
use crate::endpoint::change::Change;
use crate::endpoint::check::is_in_the_way;
use crate::endpoint::deletion::Deletion;
use crate::endpoint::plan::Plan;
use crate::error::{Error, ErrorKind, Result};
use crate::netlink::{Failure, Request};
use crate::rtnl::{decode, encode};
use crate::value::address::Address;
use crate::value::filter::RouteFilter;
use crate::value::name::LinkId;
use crate::value::route::Route;

impl Work<'_> {
    /// Makes a change that is part of the plan, or fails without an effect; `found` is the actual
    /// value.
    pub(in crate::endpoint) fn repair(
        mut self,
        plan: &Plan,
        change: &Change,
        found: Option<&Change>,
    ) -> Result<()> {
        self.put(plan, change, found).map_err(|error| self.undo(error))
    }

    fn put(&mut self, plan: &Plan, change: &Change, found: Option<&Change>) -> Result<()> {
        let only = std::slice::from_ref(change);
        match (change, found) {
            (Change::AddRoute(route), _) if plan.replaces_by(route) => {
                self.replace_default_routes(&[*route])
            }
            (Change::AddAddress(wanted), Some(Change::AddAddress(old))) => {
                self.put_instead_of_address(change, wanted, old.net())
            }
            (Change::AddRoute(wanted), Some(Change::AddRoute(old))) => {
                self.put_instead_of_route(change, wanted, old)
            }
            (Change::AddRoute(route), None) if route.goes_with(self.endpoint.name) => {
                self.batch(only)
            }
            (Change::AddRoute(_) | Change::AddRule(_) | Change::SetLoopbackUp, _) => {
                self.one_by_one(only)
            }
            _ => self.batch(only),
        }
    }

    /// Makes the lifetime of an existing address unlimited.
    pub(in crate::endpoint) fn keep_for_ever(self, address: &Address) -> Result<()> {
        let refused = |failure| self.explain_change(&Change::AddAddress(*address), failure);
        self.inside.retry(&encode::replace_address(self.index, address)).map_err(refused)
    }

    /// Replaces an address by one with another prefix length. Restores other objects that are
    /// deleted with the old address, and the old address if the kernel refuses the new one.
    fn put_instead_of_address(
        &mut self,
        change: &Change,
        wanted: &Address,
        old: IpNet,
    ) -> Result<()> {
        let refused = |failure| self.explain_change(change, failure);
        let others = Others::read(self.inside, self.index).map_err(refused)?;
        // Deleted just now.
        let Some(again) = others.request(old) else {
            return self.batch(std::slice::from_ref(change));
        };
        let add = self.request(change)?;
        // IPv4 can have both, so dependent objects are kept; IPv6 cannot.
        let done = if old.addr().is_ipv4() {
            match self.inside.submit_one(add) {
                Err(failure @ Failure::Refused { .. }) => return Err(refused(failure)),
                added => added.and_then(|()| self.delete_address(old)),
            }
        } else {
            self.delete_address(old).and_then(|()| self.inside.submit_one(add))
        };
        let undone = done.map_err(|failure| {
            let error = refused(failure);
            let back = match self.inside.retry(&again) {
                Err(Failure::Refused { errno: Errno::EEXIST, .. }) => Ok(()),
                back => back,
            };
            let back = back.and_then(|()| match old {
                IpNet::V4(_) => self.delete_address(wanted.net()),
                IpNet::V6(_) => Ok(()),
            });
            match back {
                Ok(()) => error,
                Err(failure) => {
                    let maybe = failure.maybe();
                    error.leaves(format!("{maybe}the loss of the address {old} in {}", self.netns))
                }
            }
        });
        let left = others.put_back(self.inside, self.index, old);
        if left.is_empty() {
            return undone;
        }
        let error = undone.err().unwrap_or_else(|| {
            let why =
                "the kernel refused to restore an object that was deleted with the old address";
            Error::new(ErrorKind::System, change.to_string(), why)
                .on_link(self.endpoint.name.as_str())
        });
        Err(left
            .into_iter()
            .fold(error, |error, left| error.leaves(format!("{left} in {}", self.netns))))
    }

    fn delete_address(&self, address: IpNet) -> std::result::Result<(), Failure> {
        let deletion = encode::delete_address(self.index, &Address::from_kernel(address));
        match self.inside.retry(&deletion) {
            Err(Failure::Refused { errno: Errno::EADDRNOTAVAIL, .. }) => Ok(()),
            other => other,
        }
    }

    /// Replaces a route of the link by another one, so that one of them exists at all times.
    fn put_instead_of_route(&mut self, change: &Change, wanted: &Route, old: &Route) -> Result<()> {
        let refused = |failure| self.explain_change(change, failure);
        let routes = encode::get_routes(&RouteFilter::new(), None);
        let in_the_way = |payload: &[u8]| {
            let (told, message) = decode::raw_route(payload)?;
            let is = message.header.tos == 0 && is_in_the_way(wanted, &told.route);
            is.then_some((told.route, message))
        };
        let found = self.inside.dump(&routes, in_the_way).map_err(refused)?;
        let through = Some(LinkId::Index(self.index));
        let is_old = |route: &Route| {
            route.get_device() == through && route.device(self.endpoint.name) == *old
        };
        let Some((_, message)) = found.iter().find(|(route, _)| is_old(route)) else {
            // Deleted just now.
            return self.batch(std::slice::from_ref(change));
        };
        let add = self.request(change)?;
        if found.len() == 1 {
            return self.inside.submit_one(add.replacing()).map_err(refused);
        }
        // Another route with the same destination and metric, which the kernel could replace
        // instead.
        let ours = Deletion::of(change, &self.target())?;
        let deletion = Request::new(Message::DelRoute(message.clone()));
        let failure = match self.inside.submit_one(add.appending()) {
            Err(failure @ Failure::Refused { .. }) => return Err(refused(failure)),
            Err(lost) => lost,
            Ok(()) => match self.inside.retry(&deletion) {
                Ok(()) | Err(Failure::Refused { errno: Errno::ESRCH, .. }) => return Ok(()),
                // It may have been deleted, so the new one is kept.
                Err(lost @ Failure::NoAnswer(_)) => {
                    let left = format!("perhaps the route {old} in {}", self.netns);
                    return Err(refused(lost).leaves(left));
                }
                Err(failure) => failure,
            },
        };
        let error = refused(failure);
        self.added.extend(ours);
        Err(error)
    }
}
