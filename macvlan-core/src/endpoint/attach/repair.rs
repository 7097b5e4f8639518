//! Making one change on a link that exists, whatever is in its way there.

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;

use crate::endpoint::attach::work::Work;
use crate::endpoint::change::Change;
use crate::endpoint::plan::Plan;
use crate::error::Result;
use crate::netlink::{Failure, Request};
use crate::rtnl::{decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::name::LinkId;
use crate::value::route::Route;

impl Work<'_> {
    /// Makes a change that the endpoint's plan has and its link has not, or nothing; `found` is what
    /// the link has instead.
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
            (_, Some(old @ Change::AddAddress(address))) => {
                let deletion = encode::delete_address(self.index, address);
                self.put_instead(change, old, &deletion, &self.request(old)?)
            }
            (_, Some(Change::AddRoute(route))) => self.put_instead_of_route(change, route),
            (Change::AddRoute(route), None) if route.goes_with(self.endpoint.name) => {
                self.batch(only)
            }
            (Change::AddRoute(_) | Change::AddRule(_) | Change::SetLoopbackUp, _) => {
                self.one_by_one(only)
            }
            _ => self.batch(only),
        }
    }

    /// As [`Work::put_instead`], with all that the old route says.
    fn put_instead_of_route(&mut self, change: &Change, old: &Route) -> Result<()> {
        let refused = |failure| self.explain_change(change, failure);
        let through = Some(LinkId::Index(self.index));
        let routes = encode::get_routes(&RouteFilter::new(), None);
        let found = self.inside.dump(&routes, |payload| {
            let (told, message) = decode::raw_route(payload)?;
            (told.route == *old && told.route.get_device() == through).then_some(message)
        });
        // It has gone by itself.
        let Some(message) = found.map_err(refused)?.into_iter().next() else {
            return self.batch(std::slice::from_ref(change));
        };
        let deletion = Request::new(Message::DelRoute(message.clone()));
        let again = Request::append(Message::NewRoute(message));
        self.put_instead(change, &Change::AddRoute(*old), &deletion, &again)
    }

    /// Deletes an address or a route of the link and adds another, which the kernel would not have
    /// beside it; if the kernel refuses the other, the first is put back.
    fn put_instead(
        &mut self,
        change: &Change,
        old: &Change,
        deletion: &Request,
        again: &Request,
    ) -> Result<()> {
        let refused = |failure| self.explain_change(change, failure);
        self.inside.retry(deletion).map_err(refused)?;
        let Err(failure) = self.inside.submit_one(self.request(change)?) else { return Ok(()) };
        let error = refused(failure);
        Err(match self.inside.retry(again) {
            Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => error,
            Err(failure) => {
                error.leaves(format!("{}not to {old} in {}", failure.maybe(), self.netns))
            }
        })
    }
}
