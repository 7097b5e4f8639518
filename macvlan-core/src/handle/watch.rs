//! Watching what happens to the links, addresses and routes of a namespace.

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
    waiting: VecDeque<Heard>,
    cancels: Vec<Cancel>,
    /// The process that opened it: a forked child would take its events.
    owner: Owner,
}

/// What a watch has heard.
pub(crate) enum Heard {
    Event(Event),
    /// The namespace with this number has ended.
    Ended(i32),
}

impl Watch {
    pub(crate) fn open(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open)
    }

    /// Of links, and of namespaces that have a number there.
    pub(crate) fn links(netns: &NetNs) -> Result<Self> {
        Self::to(netns, Listener::open_for_links)
    }

    fn to(netns: &NetNs, open: fn() -> nix::Result<Listener>) -> Result<Self> {
        let listener = netns.visit(open)?.map_err(|errno| {
            Error::system("watch a network namespace", errno).in_netns(netns.in_words())
        })?;
        let (netns, waiting) = (netns.clone(), VecDeque::new());
        Ok(Self { listener, netns, waiting, cancels: Vec::new(), owner: Owner::here() })
    }

    /// Has its waits end when they are cancelled by this, and by no other that was set before.
    pub fn set_cancel(&mut self, cancel: &Cancel) {
        self.cancels = vec![cancel.clone()];
    }

    /// Returns the next event, or none if none comes within this time. A signal does not end the wait.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) if it was cancelled.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Event>> {
        self.wait(Some(timeout))
    }

    fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        loop {
            match self.hear(timeout)? {
                Some(Heard::Event(event)) => return Ok(Some(event)),
                // Which it does not listen to.
                Some(Heard::Ended(_)) => {}
                None => return Ok(None),
            }
        }
    }

    pub(crate) fn hear(&mut self, timeout: Option<Duration>) -> Result<Option<Heard>> {
        let checked = self.owner.check("wait for events");
        checked.map_err(|error| error.in_netns(self.netns.in_words()))?;
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
        Error::system("wait for events", errno).in_netns(self.netns.in_words())
    }
}

impl Iterator for Watch {
    type Item = Result<Event>;

    /// Waits for the next event; ends when it is cancelled.
    fn next(&mut self) -> Option<Result<Event>> {
        until_cancelled(self.wait(None))
    }
}

/// The next item of an iterator that ends when it is cancelled.
pub(crate) fn until_cancelled<T>(waited: Result<Option<T>>) -> Option<Result<T>> {
    match waited {
        Err(error) if error.kind() == ErrorKind::Cancelled => None,
        waited => waited.transpose(),
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
