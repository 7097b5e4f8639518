//! Undoes an attach that failed.

use netlink_packet_route::RouteNetlinkMessage as Message;
use nix::errno::Errno;

use crate::endpoint::attach::work::Work;
use crate::endpoint::deletion::delete_all;
use crate::endpoint::on_demand;
use crate::error::{Error, Result};
use crate::netlink::{Failure, Request};
use crate::rtnl::encode::{self, LinkChange};
use crate::value::link::LOOPBACK;

impl Work<'_> {
    pub(super) fn delete_link(&self) -> std::result::Result<(), Failure> {
        match self.inside.retry(&encode::delete_link(self.index)) {
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(()),
            other => other,
        }
    }

    /// Deletes the link, and with it its addresses and routes; restores replaced routes; removes
    /// the parent if it was created for this link.
    pub(super) fn undo(&self, mut error: Error) -> Error {
        let inside = self.netns;
        for left in delete_all(self.inside, self.added.iter()).1 {
            error = error.leaves(format!("{left} in {inside}"));
        }
        if self.lo_set_up {
            let down = encode::set_link(LOOPBACK, &LinkChange::Up(false));
            if let Err(failure) = self.inside.retry(&down) {
                error = error.leaves(format!("{}lo set up in {inside}", failure.maybe()));
            }
        }
        if self.created {
            if let Err(failure) = self.delete_link() {
                let (maybe, name) = (failure.maybe(), self.endpoint.name);
                error = error.leaves(format!("{maybe}link {:?} in {inside}", name.as_str()));
            }
        }
        for route in &self.replaced {
            // Appended in their order, because several may have the same metric.
            match self.inside.retry(&Request::append(Message::NewRoute(route.clone()))) {
                // EEXIST: it was not deleted.
                Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => {}
                Err(failure) => {
                    let maybe = failure.maybe();
                    error = error.leaves(format!("{maybe}the loss of a default route in {inside}"));
                }
            }
        }
        if self.endpoint.parent.on_demand().is_none() {
            return error;
        }
        match self.release_parent() {
            Ok(()) => error,
            Err(_) => on_demand::may_leave(error, self.host, &self.endpoint.parent),
        }
    }

    fn release_parent(&self) -> Result<()> {
        if self.kept {
            on_demand::take_back(self.outside, self.parent.index)?;
        }
        on_demand::release_if_marked(self.host, self.parent.index)
    }
}
