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
use crate::value::event::Event;

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
    /// The process that opened it: a forked child would take its events.
    process: u32,
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
        Ok(Self { listener, netns, waiting, process: std::process::id() })
    }

    /// The next event; none if none comes within this time.
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
        if self.process != std::process::id() {
            let why = "it belongs to the process that this one was forked from";
            return Err(Error::invalid("wait for events", why)
                .with_hint("open another")
                .in_netns(self.netns.in_words()));
        }
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let waiting = &mut self.waiting;
            let received = self.listener.receive(timeout, |kind, payload| {
                waiting.extend(decode::event(kind, payload).map(Heard::Event));
                waiting.extend(decode::ended(kind, payload).map(Heard::Ended));
            });
            match received {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(Errno::ENOBUFS) => return Ok(Some(Heard::Event(Event::Lost))),
                Err(errno) => {
                    return Err(
                        Error::system("wait for events", errno).in_netns(self.netns.in_words())
                    );
                }
            }
        }
    }
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
