//! Keeps endpoints attached when their parent disappears and returns.

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

/// A keeper, which attaches endpoints again when their parent disappears and returns.
///
/// A parent disappears when a network card is unplugged, a driver reloaded or a VLAN deleted. The
/// endpoints get the same name, MAC address, addresses and routes.
///
/// VLANs that are made on demand are created again as soon as the link below exists. While a parent
/// is in the host's namespace, it is identified by its index, also if it is renamed; the same holds
/// for the base of a VLAN that is made on demand. After it is gone, a new link is the parent if
///
/// 1. it has the same index, kind and MAC address: it was in another namespace. The kernel then has
///    kept the links on it; or
/// 2. it has the same kind and MAC address, under any name: a card that was plugged in again.
///    Macvlans, VLANs and bridges have no MAC address that identifies them; or
/// 3. it has the last or the requested name of the parent and is not another card: not a link that
///    existed when the parent was removed, nor one with the MAC address of such a link. Thus a card
///    that was exchanged and a link that was created again are found, and another card that was
///    only renamed is not.
///
/// The keeper does not react when a link goes down, since the kernel keeps the links on it, nor
/// when a container's link is deleted while its parent exists.
///
/// It works while it waits for the next event: as an iterator on a thread of its own, or in an
/// event loop with its descriptor:
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
/// The endpoints remain attached when the keeper is dropped.
pub struct Keeper {
    host: Host,
    watch: Watch,
    cancels: Vec<Cancel>,
    /// The host's links according to the events so far.
    links: Links,
    kept: Vec<Kept>,
    waiting: VecDeque<KeepEvent>,
    /// The time at which the links are listed because events were lost; `None` if none were.
    relist: Option<Instant>,
}

/// The pause before another listing after a failed one.
const PAUSE: Duration = Duration::from_millis(100);

impl Host {
    /// Attaches endpoints, or finds them attached ([`Host::ensure`]), and keeps them attached.
    ///
    /// Endpoints whose parent does not exist are attached when it appears. If another error occurs,
    /// those that this call has attached are detached again.
    ///
    /// The keeper does not keep the namespaces in existence, and finds them like an [`Attachment`]:
    /// by the given handles as long as a clone of them exists, then by opening them again. A
    /// container that has ended is reported ([`KeepEvent::Ended`]) and no longer kept.
    ///
    /// # Errors
    ///
    /// As for [`Host::ensure`], except
    /// [`ErrorKind::ParentNotFound`](crate::ErrorKind::ParentNotFound).
    pub fn keep(&self, endpoints: impl IntoIterator<Item = (Endpoint, NetNs)>) -> Result<Keeper> {
        // Subscribed before the first attach, so that no event is missed.
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

/// Detaches the endpoints that were attached before a failure.
fn undo(host: &Host, made: &[Attachment], error: Error) -> Error {
    made.iter().fold(error, |error, attachment| match host.detach(attachment) {
        Ok(_) => error,
        Err(other) => error.leaves_too(other),
    })
}

impl Keeper {
    /// Adds an endpoint, like [`Host::keep`].
    ///
    /// # Errors
    ///
    /// As for [`Host::keep`].
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

    /// Stops keeping an endpoint and returns its attachment, which remains.
    ///
    /// `None` if the keeper has no endpoint with this name in this namespace, or if its parent is
    /// gone.
    pub fn release(&mut self, name: LinkName, netns: &NetNs) -> Option<Attachment> {
        let at = self.kept.iter().position(|kept| kept.is(name, netns))?;
        self.kept.remove(at).into_attachment()
    }

    /// Sets a token that cancels waits and probes, in place of an earlier one.
    ///
    /// The tokens of the keeper's host remain.
    ///
    /// The next call that is not cancelled continues the work.
    pub fn set_cancel(&mut self, cancel: &Cancel) {
        self.cancels = self.host.cancels().to_vec();
        self.cancels.push(cancel.clone());
        self.watch.set_cancels(&self.cancels);
    }

    /// Iterates over the current attachments.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.kept.iter().filter_map(Kept::attachment)
    }

    /// Handles pending changes and returns the next event, or `None` if there is none in time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) if cancelled;
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) in a forked child;
    /// [`ErrorKind::System`](crate::ErrorKind::System) if the socket fails.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<KeepEvent>> {
        self.wait(Instant::now().checked_add(timeout))
    }

    /// Returns how long an event loop may wait without a readable descriptor.
    ///
    /// It then calls [`Keeper::next_within`], because of a pending retry.
    ///
    /// `None` means forever.
    pub fn patience(&self) -> Option<Duration> {
        if !self.waiting.is_empty() {
            return Some(Duration::ZERO);
        }
        self.due().map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Returns the time of the next step that does not depend on an event.
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
            self.run_due(now);
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
                // All events before the loss have been handled.
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
        self.run_due(Instant::now());
    }

    /// Compares the links with the last known ones, after lost events.
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
        // The kernel has no list of ended namespaces.
        self.kept.iter_mut().for_each(Kept::is_uncertain);
    }

    fn run_due(&mut self, now: Instant) {
        let cancels = std::mem::take(&mut self.cancels);
        self.each(|kept, host, _| {
            let is_due = kept.due().is_some_and(|due| due <= now);
            if is_due { kept.go_on(host.netns(), &cancels) } else { None }
        });
        self.cancels = cancels;
    }

    /// Runs a step for each endpoint, and removes those whose container has ended.
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

    /// Waits for the next event; returns `None` when the keeper's host is cancelled.
    fn next(&mut self) -> Option<Result<KeepEvent>> {
        until_cancelled(self.wait(None))
    }
}

impl AsFd for Keeper {
    /// Returns a descriptor that is readable when there may be an event. Call
    /// [`Keeper::next_within`] with a timeout of zero until it returns `None`, and again after
    /// [`Keeper::patience`].
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keeper({} of {} attached)", self.attachments().count(), self.kept.len())
    }
}
