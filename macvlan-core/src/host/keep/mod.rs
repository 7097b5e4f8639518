//! Seeing to it that endpoints are attached again when their parent has gone and come back.

mod event;
pub(in crate::host) mod follow;
mod kept;

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::endpoint::{Attachment, Endpoint};
use crate::error::{Error, Result};
use crate::handle::watch::{Heard, Watch, until_cancelled};
use crate::host::Host;
use crate::host::keep::follow::{Links, list};
use crate::host::keep::kept::Kept;
use crate::netns::NetNs;
use crate::value::event::Event;
use crate::value::name::LinkName;
use crate::wait::Cancel;

pub use event::{KeepEvent, KeepEventKind};

/// Keeps endpoints attached: when their parent disappears (a network card that is pulled out, a driver
/// that is loaded again, a VLAN that somebody deletes) and comes back, they are attached again, with the
/// same name, MAC address, addresses and routes. VLANs that are made on demand are made again, at once if
/// what they are on is there.
///
/// A parent is followed by what it is. While it is in the host's namespace it is its index, whatever it is
/// called; the base of a VLAN that is made on demand likewise. When it has gone, it is back when a link
/// comes that
///
/// 1. has its index, kind and MAC address: it was in another namespace. Nothing has to be done then, as
///    the kernel keeps what is on it; or
/// 2. has its kind and MAC address, under any name: a card that was plugged in again. Macvlans, VLANs and
///    bridges have no MAC address of their own to be known by; or
/// 3. has the name that it had last or was asked for by, and is no other card: not a link that was there
///    beside it when it went, nor one with such a link's MAC address. So a card that was replaced and a
///    link that was made again are found, and a card that was given the name is not.
///
/// That a link goes down is no reason to do anything: the kernel keeps what is on it. Nor is it that
/// somebody takes the container's link away while its parent stands.
///
/// It works when it is asked for the next event, as an iterator on a thread of its own, or in a loop
/// over other descriptors too:
///
/// ```no_run
/// use macvlan_core::{Endpoint, Host, NetNs};
/// let host = Host::open()?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.address("10.0.0.2/24".parse()?);
/// let keeper = host.keep([(endpoint, NetNs::from_pid(2084)?)])?;
/// std::thread::spawn(move || {
///     for event in keeper {
///         println!("{event:?}");
///     }
/// });
/// # Ok::<(), macvlan_core::Error>(())
/// ```
///
/// When it is dropped, the endpoints stay as they are.
pub struct Keeper {
    host: Host,
    watch: Watch,
    cancels: Vec<Cancel>,
    /// The host's links, as the events told so far have it.
    links: Links,
    kept: Vec<Kept>,
    waiting: VecDeque<KeepEvent>,
    /// When the links are listed, because events were lost; none while the events tell.
    relist: Option<Instant>,
}

/// How long after a listing that failed the links are listed again.
const PAUSE: Duration = Duration::from_millis(100);

impl Host {
    /// Attaches endpoints, or finds them attached ([`Host::ensure`]), and keeps them so; those whose
    /// parent does not exist yet are waited for. If one fails otherwise, those that were attached by
    /// this call are detached again.
    ///
    /// The keeper does not hold the namespaces open, and finds them as an [`Attachment`] does: by the
    /// handles that are given, as long as somebody has a clone of them, and then by the way they were
    /// opened. It lets go of a container that has ended, and says so ([`KeepEvent::Ended`]).
    pub fn keep(&self, endpoints: impl IntoIterator<Item = (Endpoint, NetNs)>) -> Result<Keeper> {
        // Before anything is attached, or what happens in between would be missed.
        let mut watch = Watch::links(self.netns())?;
        watch.set_cancels(self.cancels());
        let links = Links::of(&list(self.netns())?);
        let (kept, waiting) = (Vec::new(), VecDeque::new());
        let (host, cancels) = (self.clone(), self.cancels().to_vec());
        let mut keeper = Keeper { host, watch, cancels, links, kept, waiting, relist: None };
        let mut made = Vec::new();
        let all: Vec<(Endpoint, NetNs)> = endpoints.into_iter().collect();
        for (endpoint, netns) in &all {
            if let Err(error) = keeper.add_noting(endpoint.clone(), netns, &mut made) {
                return Err(undo(self, &made, error));
            }
        }
        Ok(keeper)
    }
}

/// Detaches what was attached, because something failed.
fn undo(host: &Host, made: &[Attachment], error: Error) -> Error {
    made.iter().fold(error, |error, attachment| match host.detach(attachment) {
        Ok(_) => error,
        Err(other) => error.leaves_too(other),
    })
}

impl Keeper {
    /// Keeps one more.
    pub fn add(&mut self, endpoint: Endpoint, netns: &NetNs) -> Result<()> {
        let mut made = Vec::new();
        let added = self.add_noting(endpoint, netns, &mut made);
        added.map_err(|error| undo(&self.host, &made, error))
    }

    fn add_noting(
        &mut self,
        endpoint: Endpoint,
        netns: &NetNs,
        made: &mut Vec<Attachment>,
    ) -> Result<()> {
        let mut kept = Kept::new(endpoint, netns);
        kept.attach_first(self.host.netns(), netns, &self.cancels, made)?;
        self.kept.push(kept);
        Ok(())
    }

    /// Does not keep an endpoint any more, and gives its attachment, as it is; none if there is none
    /// with this name in this namespace, or its parent is gone at this moment.
    pub fn release(&mut self, name: LinkName, netns: &NetNs) -> Option<Attachment> {
        let at = self.kept.iter().position(|kept| kept.is(name, netns))?;
        self.kept.remove(at).into_attachment()
    }

    /// Has its waits and its endpoints' probes end when they are cancelled by this, or by what cancels
    /// the host that it was made of, and by no other that was set before. What was broken off is begun
    /// again with the next call that is not cancelled.
    pub fn set_cancel(&mut self, cancel: &Cancel) {
        self.cancels = self.host.cancels().to_vec();
        self.cancels.push(cancel.clone());
        self.watch.set_cancels(&self.cancels);
    }

    /// What is attached at this moment.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.kept.iter().filter_map(Kept::attachment)
    }

    /// Sees to what has happened, and waits for the next event, up to this long.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<KeepEvent>> {
        self.wait(Instant::now().checked_add(timeout))
    }

    /// How long a loop over descriptors may wait at most until it calls [`Keeper::next_within`], though
    /// this one has not become readable: something that failed is to be tried again then. None is
    /// for ever.
    pub fn patience(&self) -> Option<Duration> {
        if !self.waiting.is_empty() {
            return Some(Duration::ZERO);
        }
        self.due().map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// When something is to be done, though no event comes.
    fn due(&self) -> Option<Instant> {
        self.kept.iter().filter_map(Kept::due).chain(self.relist).min()
    }

    fn wait(&mut self, deadline: Option<Instant>) -> Result<Option<KeepEvent>> {
        loop {
            self.watch.check_cancelled()?;
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let now = Instant::now();
            self.do_what_is_due(now);
            if !self.waiting.is_empty() {
                continue;
            }
            let until = self.due().into_iter().chain(deadline).min();
            let left = until.map(|until| until.saturating_duration_since(now));
            match self.watch.hear(left)? {
                Some(Heard::Event(event)) => self.see(&event),
                Some(Heard::Ended(number)) => {
                    self.each(|kept, _, _| kept.namespace_has_ended(number));
                }
                // What came before the loss has been heard.
                None if self.relist.is_some_and(|relist| Instant::now() >= relist) => {
                    self.compare();
                }
                None if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                    return Ok(None);
                }
                None => {}
            }
        }
    }

    fn see(&mut self, event: &Event) {
        match event {
            Event::DelLink(link) => {
                self.each(|kept, host, links| kept.link_is_gone(host.netns(), link.index, links));
                self.links.is_gone(link.index);
            }
            Event::NewLink(link) => {
                self.each(|kept, host, _| kept.link_is_there(host.netns(), link));
                self.links.has_come(link);
            }
            Event::Lost => self.relist = Some(Instant::now()),
            _ => {}
        }
        self.do_what_is_due(Instant::now());
    }

    /// Sees to what the events would have told that were lost.
    fn compare(&mut self) {
        let Ok(found) = list(self.host.netns()) else {
            self.relist = Instant::now().checked_add(PAUSE);
            return;
        };
        self.relist = None;
        let now = Links::of(&found);
        for index in self.links.without(&now).collect::<Vec<_>>() {
            self.each(|kept, host, links| kept.link_is_gone(host.netns(), index, links));
        }
        for link in &found {
            self.each(|kept, host, _| kept.link_is_there(host.netns(), link));
        }
        self.links = now;
        // Of the ends of namespaces there is no list.
        self.kept.iter_mut().for_each(Kept::is_uncertain);
    }

    fn do_what_is_due(&mut self, now: Instant) {
        let cancels = std::mem::take(&mut self.cancels);
        self.each(|kept, host, _| {
            let is_due = kept.due().is_some_and(|due| due <= now);
            if is_due { kept.go_on(host.netns(), &cancels) } else { None }
        });
        self.cancels = cancels;
    }

    /// Has each that is kept see to something, and lets go of those whose container has ended.
    fn each(&mut self, mut see: impl FnMut(&mut Kept, &Host, &Links) -> Option<KeepEvent>) {
        let Self { host, links, kept, waiting, .. } = self;
        kept.retain_mut(|kept| {
            let event = see(kept, host, links);
            let ended = matches!(event, Some(KeepEvent::Ended(..)));
            waiting.extend(event);
            !ended
        });
    }
}

impl Iterator for Keeper {
    type Item = Result<KeepEvent>;

    /// Waits for the next event; ends when the host is cancelled that it was made of.
    fn next(&mut self) -> Option<Result<KeepEvent>> {
        until_cancelled(self.wait(None))
    }
}

impl AsFd for Keeper {
    /// Readable when something has happened. Call [`Keeper::next_within`] with a time of zero until it
    /// gives none, and again after [`Keeper::patience`].
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keeper({} of {} attached)", self.attachments().count(), self.kept.len())
    }
}
