//! Making one change on a link that exists, whatever is in its way there.

use nix::errno::Errno;

use crate::endpoint::attach::work::Work;
use crate::endpoint::change::Change;
use crate::endpoint::plan::Plan;
use crate::error::Result;
use crate::netlink::{Failure, Request};
use crate::rtnl::encode;

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
                self.put_instead(change, old, &encode::delete_address(self.index, address))
            }
            (_, Some(old @ Change::AddRoute(route))) => {
                self.put_instead(change, old, &encode::delete_route(route, Some(self.index))?)
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

    /// Deletes an address or a route of the link and adds another, which the kernel would not have
    /// beside it; if the kernel refuses the other, the first is put back.
    fn put_instead(&mut self, change: &Change, old: &Change, deletion: &Request) -> Result<()> {
        let refused = |failure| self.explain_change(change, failure);
        self.inside.retry(deletion).map_err(refused)?;
        let Err(failure) = self.inside.submit_one(self.request(change)?) else { return Ok(()) };
        let error = refused(failure);
        Err(match self.inside.retry(&self.request(old)?) {
            Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => error,
            Err(failure) => {
                error.leaves(format!("{}not to {old} in {}", failure.maybe(), self.netns))
            }
        })
    }
}
