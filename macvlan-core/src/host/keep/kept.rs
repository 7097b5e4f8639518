//! One endpoint of a keeper: its parent, and the time of the next attempt.

use std::time::{Duration, Instant};

use crate::endpoint::{
    Attachment, Difference, Endpoint, EndpointKind, ensure as ensure_endpoint, is_on, lowest,
};
use crate::error::{Error, ErrorKind, Result};
use crate::host::keep::event::KeepEvent;
use crate::host::keep::follow::{Followed, Links};
use crate::netlink::Failure;
use crate::netns::{NetNs, WeakNetNs};
use crate::value::link::{LinkInfo, Mode};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};
use crate::wait::Cancel;

/// The pauses between attempts, from the first to the longest, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// `IFF_UP`, `IFF_RUNNING`, `IFF_LOWER_UP`.
const UP_AND_RUNNING: u32 = 0x1 | 0x40 | 0x1_0000;

pub(super) struct Kept {
    endpoint: Endpoint,
    netns: WeakNetNs,
    /// The id of the container's namespace in the host's.
    number: Option<i32>,
    attachment: Option<Attachment>,
    parent: Followed,
    /// The last name of the parent.
    called: Option<String>,
    /// The index of the lowest link, if the parent is a macvlan.
    lowest: u32,
    /// True if the parent has changed since the link inside was last seen, which may have been
    /// deleted with it.
    may_be_gone: bool,
    /// True if the parent has left the host's namespace, so that its index may be another link's.
    is_away: bool,
    /// The time of the next step; `None` if there is nothing to do or to check.
    due: Option<Instant>,
    /// The earliest time of the next attempt, and the pause after another failure.
    not_before: Option<Instant>,
    pause: Duration,
    /// The last error.
    reported: Option<String>,
    /// The last known state of the link on which the endpoint depends.
    seen: Option<Seen>,
}

/// The index, flags, MTU, MAC address and carrier of a link.
type Seen = (u32, u32, u32, Option<MacAddr>, Option<bool>);

impl Kept {
    pub(super) fn new(endpoint: Endpoint, netns: &NetNs) -> Self {
        Self {
            endpoint,
            netns: netns.downgrade(),
            number: None,
            attachment: None,
            parent: Followed::new(),
            called: None,
            lowest: 0,
            may_be_gone: false,
            is_away: false,
            due: None,
            not_before: None,
            pause: FIRST_PAUSE,
            reported: None,
            seen: None,
        }
    }

    pub(super) fn is(&self, name: LinkName, netns: &NetNs) -> bool {
        self.endpoint.get_name() == name && self.netns.id() == netns.id()
    }

    pub(super) fn attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref()
    }

    pub(super) fn into_attachment(self) -> Option<Attachment> {
        self.attachment
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Attaches the endpoint for the first time; waits for a parent that does not exist. Adds the
    /// attachment to `made`, even if a later step fails.
    pub(super) fn attach_first(
        &mut self,
        host: &NetNs,
        netns: &NetNs,
        cancels: &[Cancel],
        made: &mut Vec<Attachment>,
    ) -> Result<()> {
        // The kernel reports the end of namespaces that have an id.
        if !netns.same_as(host) {
            let number = host.connection()?.number_of(netns);
            let number = number.map_err(|failure| failure.into_error("number the namespace"))?;
            self.number = Some(number);
        }
        match ensure(host, &self.endpoint, netns, cancels) {
            Ok((attachment, is_new)) => {
                made.extend(is_new.then(|| attachment.clone()));
                self.is_attached(attachment);
                self.know(host)
            }
            Err(error) if error.kind() == ErrorKind::ParentNotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Records an attachment, and keeps its MAC address for later ones.
    fn is_attached(&mut self, attachment: Attachment) {
        let of_its_own = match self.endpoint.get_kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => {
                options.get_mode() != Mode::Passthru
            }
            EndpointKind::Vlan(_) => false,
        };
        if of_its_own {
            self.endpoint = self.endpoint.clone().mac(attachment.mac());
        }
        self.attachment = Some(attachment);
        self.called = None;
        (self.may_be_gone, self.is_away) = (false, false);
        self.has_succeeded();
    }

    /// Records the parent of the attachment.
    fn know(&mut self, host: &NetNs) -> Result<()> {
        let Some(attachment) = &self.attachment else { return Ok(()) };
        let parent = attachment.parent_index();
        // A parent that is gone again will be reported by an event.
        if let Some(link) = find_parent(host, parent)? {
            self.lowest = lowest(host, parent)?.index;
            self.parent.know(host, self.endpoint.get_parent(), &link)?;
            self.called.get_or_insert(link.name);
        }
        Ok(())
    }

    /// Handles the removal of a link of the host, with the remaining links. The links on a parent
    /// are deleted with it, unless it has moved to another namespace.
    pub(super) fn link_is_gone(
        &mut self,
        host: &NetNs,
        index: u32,
        links: &Links,
    ) -> Option<KeepEvent> {
        self.parent.is_gone(index, links);
        let attachment = self.attachment.as_ref()?;
        let is_parent = index == attachment.parent_index();
        if !is_parent && index != self.lowest {
            return None;
        }
        self.may_be_gone = true;
        self.is_away |= is_parent;
        self.look(host)
    }

    /// Handles a new or changed link of the host.
    pub(super) fn link_is_there(&mut self, host: &NetNs, link: &LinkInfo) -> Option<KeepEvent> {
        let was_there = self.parent.is_there();
        let concerns = self.parent.is_card(self.endpoint.get_parent(), link);
        self.parent.has_changed(link);
        let Some(attachment) = &self.attachment else {
            if concerns {
                self.hope(link);
                // Not before the pause has passed, since failed attempts cause events as well.
                let now = Instant::now();
                let earliest = self.not_before.map_or(now, |not_before| not_before.max(now));
                self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
            }
            return None;
        };
        let may_be_back = self.is_away && link.index == attachment.parent_index();
        if concerns && !was_there || may_be_back {
            // The link inside may have been deleted with the parent, or moved before the parent
            // returned.
            self.may_be_gone = true;
            return self.look(host);
        }
        self.is_called(link)
    }

    /// Records the name of the parent, if this link is the parent; returns an event if it was
    /// renamed.
    fn is_called(&mut self, link: &LinkInfo) -> Option<KeepEvent> {
        let attachment = self.attachment.as_mut()?;
        if self.is_away || attachment.parent_index() != link.index {
            return None;
        }
        let LinkId::Name(name) = LinkId::named(&link.name, link.index) else { return None };
        let before = self.called.replace(link.name.clone());
        if before.is_none_or(|before| before == link.name) {
            return None;
        }
        attachment.is_on_parent(link.index, &link.name);
        Some(KeepEvent::Renamed(Box::new(attachment.clone()), name))
    }

    /// Retries immediately, if the link on which the endpoint depends has changed.
    fn hope(&mut self, card: &LinkInfo) {
        let now = (card.index, card.flags & UP_AND_RUNNING, card.mtu, card.mac, card.carrier);
        if self.seen.replace(now) != Some(now) {
            (self.not_before, self.pause) = (None, FIRST_PAUSE);
        }
    }

    /// Schedules a check: events were lost, perhaps that of the end of the container's namespace.
    pub(super) fn is_uncertain(&mut self) {
        self.due = Some(Instant::now());
    }

    /// Performs the pending step.
    pub(super) fn go_on(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
        if self.attachment.is_some() { self.look(host) } else { self.attach_again(host, cancels) }
    }

    /// Checks whether the link still exists, and where its parent is.
    fn look(&mut self, host: &NetNs) -> Option<KeepEvent> {
        self.due = None;
        let netns = match self.netns.open() {
            Ok(netns) => netns,
            Err(error) => return self.cannot_enter(error),
        };
        match self.find(host, &netns) {
            Ok(found) => {
                self.has_succeeded();
                if self.attachment.is_none() {
                    // The parent may have returned already.
                    self.due = Some(Instant::now());
                }
                found
            }
            Err(error) => self.has_failed(error),
        }
    }

    fn find(&mut self, host: &NetNs, netns: &NetNs) -> Result<Option<KeepEvent>> {
        let Some(attachment) = &mut self.attachment else { return Ok(None) };
        let fails = |failure: Failure| failure.into_error("check the link");
        let Some(link) = netns.connection()?.find_link(attachment.index()).map_err(fails)? else {
            // Otherwise an administrator deleted the link, which is not restored.
            let gone = if self.may_be_gone { self.attachment.take() } else { None };
            return Ok(gone.map(|attachment| KeepEvent::Gone(Box::new(attachment))));
        };
        // The parent may have returned from another namespace with the link, under another index.
        let back = self.parent.itself(host)?;
        let parent = back.unwrap_or(attachment.parent_index());
        let Some(parent) = find_parent(host, parent)? else {
            self.may_be_gone = false;
            return Ok(None);
        };
        if is_on(host, netns, &link, (parent.index, self.endpoint.get_kind()))? {
            if attachment.parent_index() != parent.index {
                attachment.is_on_parent(parent.index, &parent.name);
            }
            self.is_away = false;
            self.know(host)?;
        }
        self.may_be_gone = false;
        Ok(self.is_called(&parent))
    }

    /// Attaches the endpoint, if its parent exists.
    fn attach_again(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
        self.due = None;
        let netns = match self.netns.open() {
            Ok(netns) => netns,
            Err(error) => return self.cannot_enter(error),
        };
        let attached = self.parent.find(host, self.endpoint.get_parent()).and_then(|found| {
            let Some((parent, name)) = found else { return Ok(None) };
            let endpoint = self.endpoint.clone().with_parent(parent);
            let (mut attachment, _) = ensure(host, &endpoint, &netns, cancels)?;
            attachment.is_on_parent(attachment.parent_index(), &name);
            Ok(Some(attachment))
        });
        match attached {
            Ok(None) => None,
            Ok(Some(attachment)) => {
                self.is_attached(attachment.clone());
                if let Err(_looked_for_again) = self.know(host) {
                    self.due = Some(Instant::now());
                }
                Some(KeepEvent::Attached(Box::new(attachment)))
            }
            Err(error) => match error.kind() {
                ErrorKind::NamespaceGone => Some(self.has_ended(error)),
                // Not a failure of the endpoint: the waiting caller gets the error.
                ErrorKind::Cancelled => {
                    self.due = Some(Instant::now());
                    None
                }
                _ => self.has_failed(error),
            },
        }
    }

    fn cannot_enter(&mut self, error: Error) -> Option<KeepEvent> {
        if leads_nowhere(&error) { Some(self.has_ended(error)) } else { self.has_failed(error) }
    }

    fn has_ended(&self, error: Error) -> KeepEvent {
        KeepEvent::Ended(self.endpoint.get_name(), self.netns.clone(), error)
    }

    fn has_failed(&mut self, error: Error) -> Option<KeepEvent> {
        let next = Instant::now().checked_add(self.pause);
        (self.due, self.not_before) = (next, next);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        let message = error.to_string();
        let again = self.reported.as_ref() == Some(&message);
        self.reported = Some(message);
        let (name, netns) = (self.endpoint.get_name(), self.netns.clone());
        (!again).then_some(KeepEvent::Failed(name, netns, error))
    }

    /// Records that nothing is pending.
    fn has_succeeded(&mut self) {
        (self.due, self.not_before, self.reported, self.seen) = (None, None, None, None);
        self.pause = FIRST_PAUSE;
    }

    /// Handles the end of a namespace with this id, which was the container's if that no longer
    /// exists.
    pub(super) fn namespace_has_ended(&mut self, number: i32) -> Option<KeepEvent> {
        if self.number != Some(number) {
            return None;
        }
        match self.netns.open() {
            // An earlier namespace with the same id.
            Ok(_) => None,
            Err(error) if leads_nowhere(&error) => {
                let why = "the namespace has ended";
                let operation = format!("keep {} in {}", self.endpoint.get_name(), self.netns);
                Some(self.has_ended(Error::new(ErrorKind::NamespaceGone, operation, why)))
            }
            Err(error) => self.has_failed(error),
        }
    }
}

/// Returns whether an error of opening a namespace means that it cannot be found any more.
fn leads_nowhere(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NamespaceGone | ErrorKind::InvalidValue)
}

fn find_parent(host: &NetNs, index: u32) -> Result<Option<LinkInfo>> {
    let link = host.connection()?.find_link(index);
    link.map_err(|failure| failure.into_error("read the parent"))
}

/// Ensures that an endpoint is attached; also returns whether its link is new.
fn ensure(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    cancels: &[Cancel],
) -> Result<(Attachment, bool)> {
    let ensured = ensure_endpoint(host, endpoint, netns, false, cancels)?;
    let made = ensured.repaired.contains(&Difference::LinkMissing);
    Ok((ensured.attachment, made))
}
