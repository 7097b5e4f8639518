//! Watching what happens to the links, addresses and routes of a namespace.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::netlink::Listener;
use crate::netns::NetNs;
use crate::rtnl::decode;
use crate::value::address::AddressInfo;
use crate::value::link::LinkInfo;
use crate::value::route::RouteInfo;
use crate::value::text::kinds;

/// Something that happened in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Event {
    /// A link was made, or has changed.
    #[doc(alias = "RTM_NEWLINK")]
    NewLink(Box<LinkInfo>),
    /// A link was deleted, or has left for another namespace.
    #[doc(alias = "RTM_DELLINK")]
    DelLink(Box<LinkInfo>),
    /// An address was added, or has changed: it is not tentative any more, for example.
    #[doc(alias = "RTM_NEWADDR")]
    NewAddress(AddressInfo),
    /// An address was deleted.
    #[doc(alias = "RTM_DELADDR")]
    DelAddress(AddressInfo),
    /// A route was added or replaced. That a link took its routes along when it went, the kernel
    /// does not tell for IPv4.
    #[doc(alias = "RTM_NEWROUTE")]
    NewRoute(RouteInfo),
    /// A route was deleted.
    #[doc(alias = "RTM_DELROUTE")]
    DelRoute(RouteInfo),
    /// Events were lost, because they were not read as fast as they came: whoever keeps a picture of
    /// the namespace has to list everything anew.
    #[doc(alias = "ENOBUFS")]
    Lost,
}

/// The kind of an [`Event`]. The numbers are stable, and the C ABI shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum EventKind {
    /// A link was made, or has changed.
    NewLink = 1,
    /// A link was deleted, or has left for another namespace.
    DelLink = 2,
    /// An address was added, or has changed.
    NewAddress = 3,
    /// An address was deleted.
    DelAddress = 4,
    /// A route was added or replaced.
    NewRoute = 5,
    /// A route was deleted.
    DelRoute = 6,
    /// Events were lost.
    Lost = 7,
}

kinds!(
    EventKind,
    [
        NewLink = "new-link",
        DelLink = "del-link",
        NewAddress = "new-address",
        DelAddress = "del-address",
        NewRoute = "new-route",
        DelRoute = "del-route",
        Lost = "lost",
    ]
);

impl Event {
    /// Returns what has happened, without what it is about.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::NewLink(_) => EventKind::NewLink,
            Self::DelLink(_) => EventKind::DelLink,
            Self::NewAddress(_) => EventKind::NewAddress,
            Self::DelAddress(_) => EventKind::DelAddress,
            Self::NewRoute(_) => EventKind::NewRoute,
            Self::DelRoute(_) => EventKind::DelRoute,
            Self::Lost => EventKind::Lost,
        }
    }
}

/// The events of one namespace, from when it was opened.
///
/// As an iterator it waits for each event; [`Watch::next_within`] waits a given time, and for a loop
/// over other descriptors too, [`AsFd`] gives one that becomes readable.
///
/// ```no_run
/// use macvlan_core::{Event, Handle};
/// for event in Handle::open()?.watch()? {
///     if let Event::NewLink(link) = event? {
///         println!("{} is {}", link.name, link.state);
///     }
/// }
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "ip monitor")]
pub struct Watch {
    listener: Listener,
    netns: NetNs,
    waiting: VecDeque<Event>,
}

impl Watch {
    pub(crate) fn open(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open)
    }

    /// Of links alone.
    pub(crate) fn links(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open_for_links)
    }

    fn to(netns: &NetNs, open: fn() -> nix::Result<Listener>) -> Result<Self> {
        let listener = netns.visit(open)?.map_err(|errno| {
            Error::system("watch a network namespace", errno).in_netns(netns.in_words())
        })?;
        Ok(Self { listener, netns: netns.clone(), waiting: VecDeque::new() })
    }

    /// The next event; none if none comes within this time.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Event>> {
        self.wait(Some(timeout))
    }

    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let waiting = &mut self.waiting;
            let received = self.listener.receive(timeout, |kind, payload| {
                waiting.extend(event(kind, payload));
            });
            match received {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(Errno::ENOBUFS) => return Ok(Some(Event::Lost)),
                Err(errno) => {
                    return Err(
                        Error::system("wait for events", errno).in_netns(self.netns.in_words())
                    );
                }
            }
        }
    }
}

/// An event of a message; none for messages about something else.
pub(crate) fn event(kind: u16, payload: &[u8]) -> Option<Event> {
    use nix::libc;
    Some(match kind {
        libc::RTM_NEWLINK => Event::NewLink(Box::new(decode::link_event(payload)?)),
        libc::RTM_DELLINK => Event::DelLink(Box::new(decode::link_event(payload)?)),
        libc::RTM_NEWADDR => Event::NewAddress(decode::address(payload)?),
        libc::RTM_DELADDR => Event::DelAddress(decode::address(payload)?),
        libc::RTM_NEWROUTE => Event::NewRoute(decode::route(payload)?),
        libc::RTM_DELROUTE => Event::DelRoute(decode::route(payload)?),
        _ => return None,
    })
}

impl Iterator for Watch {
    type Item = Result<Event>;

    /// Waits for the next event; never ends.
    fn next(&mut self) -> Option<Result<Event>> {
        self.wait(None).transpose()
    }
}

impl AsFd for Watch {
    /// Readable when there is an event, or may be. Events that came together are handed out one by
    /// one: call [`Watch::next_within`] with a time of zero until it gives none.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({:?})", self.netns)
    }
}
