//! One endpoint that is kept attached: what is known of its parent, and when it is tried again.

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

/// How long it is until what failed is tried again: twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// `IFF_UP`, `IFF_RUNNING`, `IFF_LOWER_UP`.
const UP_AND_RUNNING: u32 = 0x1 | 0x40 | 0x1_0000;

pub(super) struct Kept {
    endpoint: Endpoint,
    netns: WeakNetNs,
    /// The host's number for that namespace.
    number: Option<i32>,
    attachment: Option<Attachment>,
    parent: Followed,
    /// What the parent was called last.
    called: Option<String>,
    /// The index of the lowest link, where the parent is itself a macvlan.
    lowest: u32,
    /// When it is to be tried, if it is not attached and there is reason to hope.
    due: Option<Instant>,
    /// No earlier than then, and how long after the next failure.
    not_before: Option<Instant>,
    pause: Duration,
    /// Why it failed last.
    told: Option<String>,
    /// What was seen last of the link that all depends on.
    seen: Option<Seen>,
}

/// A link's index, flags, MTU, MAC address and carrier.
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
            due: None,
            not_before: None,
            pause: FIRST_PAUSE,
            told: None,
            seen: None,
        }
    }

    pub(super) fn is(&self, name: LinkName, netns: &NetNs) -> bool {
        self.endpoint.name() == name && self.netns.id() == netns.id()
    }

    pub(super) fn attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref()
    }

    pub(super) fn into_attachment(self) -> Option<Attachment> {
        self.attachment
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.attachment.is_none())
    }

    /// The first time: a parent that does not exist is waited for. What was attached is added to `made`,
    /// also if what follows fails.
    pub(super) fn attach_first(
        &mut self,
        host: &NetNs,
        netns: &NetNs,
        cancels: &[Cancel],
        made: &mut Vec<Attachment>,
    ) -> Result<()> {
        // The kernel tells of the end of those that have a number.
        if !netns.same_as(host) {
            let number = host.connection()?.number_of(netns);
            let number = number.map_err(|failure| failure.into_error("number the namespace"))?;
            self.number = Some(number);
        }
        match ensure(host, &self.endpoint, netns, cancels) {
            Ok((attachment, is_new)) => {
                made.extend(is_new.then(|| attachment.clone()));
                self.is_attached(host, attachment)
            }
            Err(error) if error.kind() == ErrorKind::ParentNotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes note of it, and gives the endpoint the MAC address that it got, for the next time.
    fn is_attached(&mut self, host: &NetNs, attachment: Attachment) -> Result<()> {
        let of_its_own = match self.endpoint.kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => {
                options.mode() != Mode::Passthru
            }
            EndpointKind::Vlan(_) => false,
        };
        if of_its_own {
            self.endpoint = self.endpoint.clone().mac(attachment.mac());
        }
        let parent = attachment.parent_index();
        self.attachment = Some(attachment);
        (self.due, self.not_before, self.told, self.seen) = (None, None, None, None);
        self.pause = FIRST_PAUSE;
        self.know(host, parent)
    }

    /// Takes note of what the parent is.
    fn know(&mut self, host: &NetNs, parent: u32) -> Result<()> {
        let link = host.connection()?.find_link(parent);
        let link = link.map_err(|failure| failure.into_error("read the parent"))?;
        // One that is gone again is told by an event that is still to come.
        if let Some(link) = link {
            self.lowest = lowest(host, parent)?.index;
            self.called = Some(link.name.clone());
            self.parent.know(host, self.endpoint.parent(), &link)?;
        }
        Ok(())
    }

    /// A link of the host is gone, beside which there were these. With a parent goes what is on it, unless
    /// it has only left for another namespace.
    pub(super) fn link_is_gone(&mut self, index: u32, links: &Links) -> Option<KeepEvent> {
        self.parent.is_gone(index, links);
        let attachment = self.attachment.as_ref()?;
        let may_be_gone = [attachment.parent_index(), self.lowest].contains(&index);
        if may_be_gone { self.see_whether_gone() } else { None }
    }

    /// Whether the link inside is gone; where that cannot be told, it is taken to be there.
    fn see_whether_gone(&mut self) -> Option<KeepEvent> {
        let index = self.attachment.as_ref()?.index();
        let fails = |failure: Failure| failure.into_error("see whether the link is gone");
        let found =
            self.netns.open().and_then(|netns| netns.connection()?.find_link(index).map_err(fails));
        match found {
            Ok(None) => {}
            Ok(Some(_)) => return None,
            Err(error) if error.kind() == ErrorKind::NamespaceGone => return None,
            Err(error) => return self.has_failed(error),
        }
        if self.parent.is_there() {
            // What its VLANs are on.
            self.due = Some(Instant::now());
        }
        self.attachment.take().map(|attachment| KeepEvent::Gone(Box::new(attachment)))
    }

    /// A link of the host has come or has changed.
    pub(super) fn link_is_there(&mut self, host: &NetNs, link: &LinkInfo) -> Option<KeepEvent> {
        let was_there = self.parent.is_there();
        let concerns = self.parent.is_card(self.endpoint.parent(), link);
        let is_parent = self.parent.is_parent(link);
        self.parent.has_changed(link);
        if self.attachment.is_none() {
            if concerns {
                self.hope(link);
                // Not earlier than it may: what we do in vain makes links come and go, too.
                let now = Instant::now();
                let earliest = self.not_before.map_or(now, |not_before| not_before.max(now));
                self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
            }
            return None;
        }
        let before = self.called.clone();
        if concerns && !was_there {
            // What was on it may have gone elsewhere, with the parent or before it came back.
            if let Some(gone) = self.see_whether_gone() {
                self.due = Some(Instant::now());
                return Some(gone);
            }
            if is_parent {
                // Where it cannot be read, it is as it was.
                let _back = self.is_back(host, link);
            }
        }
        let attachment = self.attachment.as_mut()?;
        if attachment.parent_index() != link.index {
            return None;
        }
        self.called = Some(link.name.clone());
        let LinkId::Name(name) = LinkId::named(&link.name, link.index) else { return None };
        if before.is_none_or(|before| before == link.name) {
            return None;
        }
        attachment.is_on_parent(link.index, &link.name);
        Some(KeepEvent::Renamed(Box::new(attachment.clone()), name))
    }

    /// The parent is back from another namespace, with what is on it, maybe under another index.
    fn is_back(&mut self, host: &NetNs, parent: &LinkInfo) -> Result<()> {
        let Some(attachment) = &mut self.attachment else { return Ok(()) };
        let fails = |failure: Failure| failure.into_error("find the parent");
        let netns = self.netns.open()?;
        let inside = netns.connection()?;
        let Some(link) = inside.find_link(attachment.index()).map_err(fails)? else {
            return Ok(());
        };
        if is_on(host, &netns, &link, (parent.index, self.endpoint.kind()))? {
            attachment.is_on_parent(parent.index, &parent.name);
            self.know(host, parent.index)?;
        }
        Ok(())
    }

    /// When what all depends on has changed, there is reason to hope anew.
    fn hope(&mut self, card: &LinkInfo) {
        let now = (card.index, card.flags & UP_AND_RUNNING, card.mtu, card.mac, card.carrier);
        if self.seen.replace(now) != Some(now) {
            (self.not_before, self.pause) = (None, FIRST_PAUSE);
        }
    }

    /// Events were lost: what there is now, and what there was before.
    pub(super) fn look(&mut self, host: &NetNs, links: &Links) -> Option<KeepEvent> {
        self.due = Some(Instant::now());
        let attachment = self.attachment.as_ref()?;
        let parent = attachment.parent_index();
        let fails = |failure: Failure| failure.into_error("read the parent");
        match host.connection().and_then(|host| host.find_link(parent).map_err(fails)) {
            Ok(Some(link)) => self.link_is_there(host, &link),
            Ok(None) => self.link_is_gone(parent, links),
            Err(error) => self.has_failed(error),
        }
    }

    /// Attaches it to its parent, if that is there.
    pub(super) fn attach_again(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
        self.due = None;
        let netns = match self.netns.open() {
            Ok(netns) => netns,
            Err(error) => return self.cannot_enter(error),
        };
        let attached = self.parent.find(host, self.endpoint.parent()).and_then(|found| {
            let Some((parent, name)) = found else { return Ok(None) };
            let endpoint = self.endpoint.clone().with_parent(parent);
            let (mut attachment, _) = ensure(host, &endpoint, &netns, cancels)?;
            attachment.is_on_parent(attachment.parent_index(), &name);
            self.is_attached(host, attachment).map(Some)
        });
        match attached {
            Ok(None) => None,
            Ok(Some(())) => {
                self.attachment.clone().map(|attachment| KeepEvent::Attached(Box::new(attachment)))
            }
            Err(error) if error.kind() == ErrorKind::NamespaceGone => Some(self.has_ended(error)),
            Err(error) => self.has_failed(error),
        }
    }

    fn cannot_enter(&mut self, error: Error) -> Option<KeepEvent> {
        match error.kind() {
            // Nothing leads there any more.
            ErrorKind::NamespaceGone | ErrorKind::InvalidValue => Some(self.has_ended(error)),
            _ => self.has_failed(error),
        }
    }

    fn has_ended(&self, error: Error) -> KeepEvent {
        KeepEvent::Ended(self.endpoint.name(), self.netns.clone(), error)
    }

    fn has_failed(&mut self, error: Error) -> Option<KeepEvent> {
        let next = Instant::now().checked_add(self.pause);
        (self.due, self.not_before) = (next, next);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        let message = error.to_string();
        let again = self.told.as_ref() == Some(&message);
        self.told = Some(message);
        let (name, netns) = (self.endpoint.name(), self.netns.clone());
        (!again).then_some(KeepEvent::Failed(name, netns, error))
    }

    /// The namespace that had this number has ended: what is told if it was the container's. The number may
    /// have been given again by now.
    pub(super) fn if_ended(&self, number: i32) -> Option<KeepEvent> {
        // The kernel said so, and whatever keeps it from being opened is no sign of the contrary.
        if self.number != Some(number) {
            return None;
        }
        if let Ok(_still_there) = self.netns.open() {
            return None;
        }
        let why = "it has ended, as nobody was in it any more";
        let operation = format!("keep {} in {}", self.endpoint.name(), self.netns);
        Some(self.has_ended(Error::new(ErrorKind::NamespaceGone, operation, why)))
    }
}

/// Makes an endpoint what it should be, and tells whether its link was made just now.
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
