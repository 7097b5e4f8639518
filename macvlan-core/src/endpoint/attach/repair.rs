//! Making one change on a link that exists, whatever is in its way there.

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
        let done = match (change, found) {
            (Change::AddRoute(route), _) if plan.replaces_by(route) => {
                self.replace_default_routes(&[*route])
            }
            (Change::AddAddress(_) | Change::AddRoute(_), Some(found)) => {
                self.put_instead(change, found)
            }
            (Change::AddRoute(route), None) if !route.goes_with(self.endpoint.name) => {
                self.one_by_one(std::slice::from_ref(change))
            }
            (Change::AddRule(_) | Change::SetLoopbackUp, _) => {
                self.one_by_one(std::slice::from_ref(change))
            }
            _ => self.batch(std::slice::from_ref(change)),
        };
        done.map_err(|error| self.undo(error))
    }

    /// Takes an address or a route of the link away and adds another, which the kernel would not have
    /// beside it; if it does not take the other, the first is put back.
    fn put_instead(&mut self, change: &Change, found: &Change) -> Result<()> {
        let put = |failure| self.explain_change(change, failure);
        self.inside.retry(&self.deletion(found)?).map_err(put)?;
        let Err(failure) = self.inside.submit_one(self.request(change)?) else { return Ok(()) };
        let error = put(failure);
        Err(match self.inside.retry(&self.request(found)?) {
            Ok(()) | Err(Failure::Refused { errno: nix::errno::Errno::EEXIST, .. }) => error,
            Err(failure) => {
                error.leaves(format!("{}not to {found} in {}", failure.maybe(), self.netns))
            }
        })
    }

    fn deletion(&self, found: &Change) -> Result<Request> {
        Ok(match found {
            Change::AddAddress(address) => encode::delete_address(self.index, address),
            Change::AddRoute(route) => encode::delete_route(route, Some(self.index))?,
            _ => self.request(found)?,
        })
    }
}
