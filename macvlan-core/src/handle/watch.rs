//! Watches the links, addresses and routes of a namespace.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Listener;
use crate::netns::NetNs;
use crate::owner::Owner;
use crate::rtnl::decode;
use crate::value::event::Event;
use crate::wait::{self, Cancel};

/// A subscription to the events of one namespace.
///
/// As an iterator it waits for each event; [`Watch::next_within`] waits for a limited time. For an
/// event loop, [`AsFd`] gives a descriptor that becomes readable.
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
    waiting: VecDeque<Heard>,
    cancels: Vec<Cancel>,
    /// The process that opened the socket: a forked child would take its events.
    owner: Owner,
}

/// An item that a watch has received.
pub(crate) enum Heard {
    Event(Event),
    /// The namespace with this id has ended.
    Ended(i32),
}

impl Watch {
    pub(crate) fn open(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open)
    }

    /// Subscribes to events of links, and of namespaces that have an id there.
    pub(crate) fn links(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open_for_links)
    }

    fn to(netns: &NetNs, open: fn() -> nix::Result<Listener>) -> Result<Self> {
        let listener = netns.visit(open)?.map_err(|errno| {
            Error::system("watch a network namespace", errno).in_netns(netns.describe())
        })?;
        let (netns, waiting) = (netns.clone(), VecDeque::new());
        Ok(Self { listener, netns, waiting, cancels: Vec::new(), owner: Owner::here() })
    }

    /// Sets a token that cancels waits, in place of an earlier one.
    pub fn set_cancel(&mut self, cancel: &Cancel) {
        self.cancels = vec![cancel.clone()];
    }

    /// Returns the next event, or `None` if none arrives in time. A signal does not end the wait.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`] if the watch was cancelled; [`ErrorKind::System`] if the socket
    /// fails; [`ErrorKind::InvalidValue`] in a forked child.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Event>> {
        self.wait(Some(timeout))
    }

    fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        loop {
            match self.hear(timeout)? {
                Some(Heard::Event(event)) => return Ok(Some(event)),
                // Not subscribed to.
                Some(Heard::Ended(_)) => {}
                None => return Ok(None),
            }
        }
    }

    pub(crate) fn hear(&mut self, timeout: Option<Duration>) -> Result<Option<Heard>> {
        let checked = self.owner.check("wait for events");
        checked.map_err(|error| error.in_netns(self.netns.describe()))?;
        self.check_cancelled()?;
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let waiting = &mut self.waiting;
            let received = self.listener.receive(timeout, &self.cancels, |kind, payload| {
                waiting.extend(decode::event(kind, payload).map(Heard::Event));
                waiting.extend(decode::ended(kind, payload).map(Heard::Ended));
            });
            match received {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(Errno::ENOBUFS) => return Ok(Some(Heard::Event(Event::Lost))),
                Err(errno) => return Err(self.fails(errno)),
            }
        }
    }

    pub(crate) fn set_cancels(&mut self, cancels: &[Cancel]) {
        self.cancels = cancels.to_vec();
    }

    pub(crate) fn check_cancelled(&self) -> Result<()> {
        wait::check(&self.cancels).map_err(|errno| self.fails(errno))
    }

    fn fails(&self, errno: Errno) -> Error {
        Error::system("wait for events", errno).in_netns(self.netns.describe())
    }
}

impl Iterator for Watch {
    type Item = Result<Event>;

    /// Waits for the next event; returns `None` when cancelled.
    fn next(&mut self) -> Option<Result<Event>> {
        until_cancelled(self.wait(None))
    }
}

/// Returns the next item of an iterator that ends when cancelled.
pub(crate) fn until_cancelled<T>(waited: Result<Option<T>>) -> Option<Result<T>> {
    match waited {
        Err(error) if error.kind() == ErrorKind::Cancelled => None,
        waited => waited.transpose(),
    }
}

impl AsFd for Watch {
    /// Returns a descriptor that is readable when there may be an event.
    ///
    /// Events that arrived together are returned one by one: call [`Watch::next_within`] with a
    /// timeout of zero until it returns `None`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({:?})", self.netns)
    }
}
