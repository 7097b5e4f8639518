//! Carrying out a plan: all of it, or nothing.

use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nix::errno::Errno;

use crate::endpoint::{Attachment, Endpoint, Step};
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::filter::RouteFilter;
use crate::handle::Handle;
use crate::link::{Link, Macvlan, Mode};
use crate::mac::MacAddr;
use crate::name::LinkId;
use crate::netlink::encode::{self, LinkChange};
use crate::netlink::{Batch, Connection, Failure, Request, decode};
use crate::netns::NetNs;
use crate::route::Route;

/// `lo` in every network namespace.
const LOOPBACK: u32 = 1;

/// How often another index is tried when the chosen one is taken.
const INDEX_ATTEMPTS: usize = 8;

/// Makes an endpoint exist inside a namespace, on a parent in the host's.
pub(crate) fn attach(host: &NetNs, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
    let plan = endpoint.plan()?;
    let mut work = Work::begin(host, endpoint, netns, plan.link)?;
    work.create()?;
    match work.furnish(&plan.inside).and_then(|()| work.finish(&plan.last)) {
        Ok(()) => Ok(work.into_attachment(endpoint, &plan.inside, &plan.last)),
        Err(error) => Err(work.undo(error)),
    }
}

/// An attachment in the making.
struct Work<'a> {
    host: &'a NetNs,
    outside: &'a Connection,
    netns: &'a NetNs,
    inside: &'a Connection,
    link: Link,
    parent: u32,
    index: u32,
    mac: MacAddr,
    /// Default routes that were deleted, to be put back if something fails.
    replaced: Vec<RouteMessage>,
    /// Routes that were added and do not go with the link.
    elsewhere: Vec<RouteMessage>,
}

impl<'a> Work<'a> {
    /// Gets everything ready that can be without changing anything.
    fn begin(
        host: &'a NetNs,
        endpoint: &Endpoint,
        netns: &'a NetNs,
        mut link: Link,
    ) -> Result<Self> {
        let outside = host.connection()?;
        let inside = netns.connection()?;
        let parent = match endpoint.parent() {
            LinkId::Index(index) => index,
            LinkId::Name(name) => outside.index_of(&name).map_err(|errno| {
                let failure = Failure::Refused { at: 0, errno, message: None };
                Attempt::CreateLink(&link)
                    .explain(failure, &Place { host, inside: Some(netns), parent: None })
            })?,
        };
        let mut random = [0; 9];
        getrandom::fill(&mut random)
            .map_err(|_| Error::system("choose a MAC address at random", Errno::EIO))?;
        let (for_mac, for_index) = random.split_at(6);
        let mac = link.mac.unwrap_or(MacAddr::from_random(for_mac.try_into().unwrap_or_default()));
        link.netns = Some(netns.clone());
        if mode_of(&link) != Some(Mode::Passthru) {
            link.mac = Some(mac);
        }
        let index = index_from(for_index.try_into().unwrap_or_default());
        let (replaced, elsewhere) = (Vec::new(), Vec::new());
        Ok(Self { host, outside, netns, inside, link, parent, index, mac, replaced, elsewhere })
    }

    /// Creates the link, directly in the container's namespace and up.
    ///
    /// Its index is chosen here, which saves asking for it. It also makes kernels before 6.2 leave
    /// the name alone, which they would look up in the host's namespace instead of the container's
    /// (`__rtnl_newlink` in their `net/core/rtnetlink.c`).
    fn create(&mut self) -> Result<()> {
        for attempt in 1.. {
            self.link.index = Some(self.index);
            let mut batch = Batch::new();
            batch.push(encode::create_link(&self.link, Some(self.parent)));
            match self.outside.submit(&mut batch) {
                Ok(()) => break,
                Err(Failure::Refused { errno: Errno::EEXIST | Errno::EBUSY, .. })
                    if attempt < INDEX_ATTEMPTS && self.index_is_taken() =>
                {
                    // Any other will do: go on from here by a stride that meets all.
                    let [_, a, b, c] = (self.index.wrapping_mul(5).wrapping_add(1)).to_be_bytes();
                    self.index = index_from([a, b, c]);
                }
                Err(failure) => {
                    let unclear = matches!(failure, Failure::NoAnswer(_));
                    let error = self.explain(&Attempt::CreateLink(&self.link), failure);
                    return Err(if unclear { self.undo(error) } else { error });
                }
            }
        }
        if mode_of(&self.link) == Some(Mode::Passthru) {
            self.mac = match self.read_mac() {
                Ok(mac) => mac,
                Err(error) => return Err(self.undo(error)),
            };
        }
        Ok(())
    }

    /// Kernels before 6.2 compare the index with the host's links, all with the container's; a name
    /// that is taken is another matter, and not to be tried again.
    fn index_is_taken(&self) -> bool {
        self.inside.index_of(&self.link.name).is_err()
            && [self.inside, self.outside].iter().any(|connection| {
                connection.get(encode::get_link(self.index), decode::link).is_ok()
            })
    }

    /// The parent's MAC address is what a passthru link has.
    fn read_mac(&self) -> Result<MacAddr> {
        let attempt = Attempt::Other(self.link.name.into(), "read its MAC address".into());
        let info = self
            .inside
            .get(encode::get_link(self.index), decode::link)
            .map_err(|failure| self.explain(&attempt, failure))?;
        info.mac.ok_or_else(|| self.explain(&attempt, Failure::NoAnswer(Errno::ENODATA)))
    }

    /// Gives the link its addresses and routes, in one send.
    fn furnish(&mut self, steps: &[Step]) -> Result<()> {
        let mut batch = Batch::new();
        for step in steps {
            batch.push(self.request(step)?);
            if let Step::SetMac(mac) = step {
                self.mac = *mac;
            }
        }
        self.inside.submit(&mut batch).map_err(|failure| {
            let at = match failure {
                Failure::Refused { at, .. } => at,
                Failure::NotSent(_) | Failure::NoAnswer(_) => 0,
            };
            self.explain_step(&steps[at], failure)
        })
    }

    fn request(&self, step: &Step) -> Result<Request> {
        Ok(match step {
            Step::AddAddress(address) => {
                Request::create(Message::NewAddress(encode::address(self.index, address)))
            }
            Step::AddRoute(route) => Request::create(Message::NewRoute(self.route_message(route)?)),
            Step::SetMac(mac) => encode::set_link(self.index, &LinkChange::Mac(*mac)),
            Step::LoopbackUp => encode::set_link(LOOPBACK, &LinkChange::Up(true)),
            Step::CreateLink(_) | Step::ReplaceDefaultRoutes(_) => {
                return Err(Error::new(
                    crate::ErrorKind::Bug,
                    "carry out a plan",
                    "a step stands where it cannot",
                ));
            }
        })
    }

    fn route_message(&self, route: &Route) -> Result<RouteMessage> {
        let device = match route.get_device() {
            Some(LinkId::Index(index)) => Some(index),
            Some(LinkId::Name(name)) if name == self.link.name => Some(self.index),
            Some(LinkId::Name(name)) => Some(self.inside.index_of(&name).map_err(|errno| {
                let failure = Failure::Refused { at: 0, errno, message: None };
                self.explain(&Attempt::Route("add", route, Some(name.into())), failure)
            })?),
            None => route.needs_device().then_some(self.index),
        };
        encode::route(route, device)
    }

    /// What changes more than the new link comes at the very end, one after the other, so that
    /// nothing but the link has to be undone when something before it was refused.
    fn finish(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            if let Step::ReplaceDefaultRoutes(routes) = step {
                self.replace_default_routes(routes)?;
                continue;
            }
            let mut batch = Batch::new();
            batch.push(self.request(step)?);
            self.inside.submit(&mut batch).map_err(|failure| self.explain_step(step, failure))?;
            if let Step::AddRoute(route) = step {
                self.elsewhere.push(self.route_message(route)?);
            }
        }
        Ok(())
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
            batch.push(Request::create(Message::NewRoute(self.route_message(route)?)));
        }
        let deleted = existing.len();
        self.replaced = existing;
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

    /// Deletes the link, with which its addresses and routes go, and what did not go with it, and
    /// puts back what was replaced.
    fn undo(&self, mut error: Error) -> Error {
        if delete_routes(self.inside, &self.elsewhere).is_err() {
            error = error.leaves(format!("routes in {}", self.netns));
        }
        let mut batch = Batch::new();
        batch.push(encode::delete_link(self.index));
        match self.inside.submit(&mut batch) {
            Ok(()) | Err(Failure::Refused { errno: Errno::ENODEV, .. }) => {}
            Err(_) => {
                error =
                    error.leaves(format!("link {:?} in {}", self.link.name.as_str(), self.netns));
            }
        }
        for route in &self.replaced {
            let mut batch = Batch::new();
            batch.push(Request::create(Message::NewRoute(route.clone())));
            match self.inside.submit(&mut batch) {
                // EEXIST: it had not been deleted.
                Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => {}
                Err(_) => {
                    error = error.leaves(format!("a default route of {} is gone", self.netns));
                }
            }
        }
        error
    }

    fn explain_step(&self, step: &Step, failure: Failure) -> Error {
        let name = LinkId::from(self.link.name);
        match step {
            Step::AddAddress(address) => {
                self.explain(&Attempt::Address("add", address, name), failure)
            }
            Step::AddRoute(route) => {
                self.explain(&Attempt::Route("add", route, Some(name)), failure)
            }
            Step::SetMac(mac) => self.explain(
                &Attempt::Other(name, format!("set the MAC address {mac}").into()),
                failure,
            ),
            Step::LoopbackUp => {
                self.explain(&Attempt::Other(LinkId::Index(LOOPBACK), "set lo up".into()), failure)
            }
            Step::CreateLink(_) | Step::ReplaceDefaultRoutes(_) => {
                failure.into_error("carry out a plan")
            }
        }
    }

    fn explain(&self, attempt: &Attempt<'_>, failure: Failure) -> Error {
        let place = Place { host: self.host, inside: Some(self.netns), parent: Some(self.parent) };
        let error = attempt.explain(failure, &place);
        match self.link.parent {
            Some(parent) => error.on_parent(parent.to_string()),
            None => error,
        }
    }

    fn into_attachment(self, endpoint: &Endpoint, inside: &[Step], last: &[Step]) -> Attachment {
        let mut routes = Vec::new();
        for step in inside.iter().chain(last) {
            match step {
                Step::AddRoute(route) => routes.push(*route),
                Step::ReplaceDefaultRoutes(defaults) => routes.extend(defaults),
                _ => {}
            }
        }
        Attachment {
            name: self.link.name,
            index: self.index,
            mac: self.mac,
            mtu: self.link.mtu,
            parent: endpoint.parent(),
            parent_index: self.parent,
            addresses: endpoint.addresses.clone(),
            routes,
            elsewhere: self.elsewhere,
            netns: self.netns.clone(),
        }
    }
}

/// Takes away what [`attach`] made.
pub(crate) fn detach(attachment: &Attachment) -> Result<()> {
    let netns = &attachment.netns;
    delete_routes(netns.connection()?, &attachment.elsewhere).map_err(|failure| {
        let attempt = Attempt::Other(attachment.name.into(), "delete the routes".into());
        attempt.explain(failure, &Place { host: netns, inside: None, parent: None })
    })?;
    Handle::in_netns(netns)?.delete_link(attachment)
}

/// Deletes routes as they were added, last first; what is gone already does not matter.
fn delete_routes(inside: &Connection, routes: &[RouteMessage]) -> std::result::Result<(), Failure> {
    let mut outcome = Ok(());
    for route in routes.iter().rev() {
        let mut batch = Batch::new();
        batch.push(Request::new(Message::DelRoute(encode::exactly(route.clone()))));
        match inside.submit(&mut batch) {
            Ok(()) | Err(Failure::Refused { errno: Errno::ESRCH | Errno::ENODEV, .. }) => {}
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome
}

fn mode_of(link: &Link) -> Option<Mode> {
    link.kind.macvlan().map(Macvlan::mode)
}

/// An index that hardly anybody has: the kernel gives its own from 1 upwards.
fn index_from(random: [u8; 3]) -> u32 {
    let [a, b, c] = random;
    0x1_0000 + (u32::from_be_bytes([0, a, b, c]) % 0xff_0000)
}
