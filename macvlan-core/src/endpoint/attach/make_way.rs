//! Resolves conflicts between requested addresses and routes and those that the kernel has added to
//! the link because of a router advertisement.

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;
use nix::libc::IFA_F_PERMANENT;

use crate::endpoint::attach::work::Work;
use crate::endpoint::change::Change;
use crate::endpoint::check::is_in_the_way;
use crate::error::Result;
use crate::netlink::{Failure, Request};
use crate::rtnl::{RTPROT_RA, decode, encode};
use crate::value::address::AddressInfo;
use crate::value::filter::RouteFilter;
use crate::value::name::LinkId;

/// The maximum number of attempts, since another advertisement may arrive in between.
const ATTEMPTS: usize = 16;

/// The way to resolve a conflict with an existing object.
enum InTheWay {
    /// Replaces the object by the requested one.
    Changed(Request),
    /// Deletes the object.
    Deleted(Request),
}

impl Work<'_> {
    /// Repeats a change that was refused, if only addresses and routes of the link that the kernel
    /// has added are in the way.
    pub(super) fn make_way(
        &self,
        change: &Change,
        request: &Request,
        mut failure: Failure,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            if !matches!(failure, Failure::Refused { errno: Errno::EEXIST, .. }) {
                break;
            }
            let done = match self.in_the_way(change)? {
                None => break,
                Some(InTheWay::Changed(replacement)) => self.inside.retry(&replacement),
                Some(InTheWay::Deleted(deletion)) => match self.inside.retry(&deletion) {
                    Ok(())
                    | Err(Failure::Refused {
                        errno: Errno::ESRCH | Errno::EADDRNOTAVAIL, ..
                    }) => self.inside.submit_one(request.clone()),
                    refused => refused,
                },
            };
            match done {
                Ok(()) => return Ok(()),
                Err(again) => failure = again,
            }
        }
        Err(self.explain_change(change, failure))
    }

    /// Finds the kernel's object that conflicts with an address or a route to be added.
    fn in_the_way(&self, change: &Change) -> Result<Option<InTheWay>> {
        let fails = |failure| self.explain_change(change, failure);
        Ok(match change {
            Change::AddAddress(wanted) => {
                let request = encode::get_addresses(None, Some(self.index));
                let found = self.inside.dump(&request, decode::address).map_err(fails)?;
                let is_own = |found: &AddressInfo| {
                    found.came_by_itself() || found.flags & IFA_F_PERMANENT == 0
                };
                let mut own = found.into_iter().filter(is_own).map(|found| found.address);
                own.find(|found| found.ip() == wanted.ip()).map(|found| {
                    if found.net() == wanted.net() {
                        InTheWay::Changed(encode::replace_address(self.index, wanted))
                    } else {
                        InTheWay::Deleted(encode::delete_address(self.index, &found))
                    }
                })
            }
            Change::AddRoute(wanted) => {
                let request = encode::get_routes(&RouteFilter::new(), None);
                let found = self.inside.dump(&request, |payload| {
                    let found = decode::route(payload)?;
                    let in_the_way = found.protocol == RTPROT_RA
                        && found.route.get_device() == Some(LinkId::Index(self.index))
                        && is_in_the_way(wanted, &found.route);
                    in_the_way.then(|| decode::raw_route(payload))?.map(|(_, message)| message)
                });
                let first = found.map_err(fails)?.into_iter().next();
                first.map(|route| InTheWay::Deleted(Request::new(Message::DelRoute(route))))
            }
            _ => None,
        })
    }
}
