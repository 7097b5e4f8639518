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
    /// Whether the parent has gone or come since the link inside was seen: it may have gone with it.
    may_be_gone: bool,
    /// Whether the parent has left the host's namespace: its index may be another link's.
    is_away: bool,
    /// When it is to be gone on with; none while nothing remains to be done or found out.
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
            may_be_gone: false,
            is_away: false,
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
        self.due
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
                self.is_attached(attachment);
                self.know(host)
            }
            Err(error) if error.kind() == ErrorKind::ParentNotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes note of it, and gives the endpoint the MAC address that it got, for the next time.
    fn is_attached(&mut self, attachment: Attachment) {
        let of_its_own = match self.endpoint.kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => {
                options.mode() != Mode::Passthru
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

    /// Takes note of what the parent is that it is attached to.
    fn know(&mut self, host: &NetNs) -> Result<()> {
        let Some(attachment) = &self.attachment else { return Ok(()) };
        let parent = attachment.parent_index();
        // One that is gone again is told by an event that is still to come.
        if let Some(link) = find_parent(host, parent)? {
            self.lowest = lowest(host, parent)?.index;
            self.parent.know(host, self.endpoint.parent(), &link)?;
            self.called.get_or_insert(link.name);
        }
        Ok(())
    }

    /// A link of the host is gone, beside which there were these. With a parent goes what is on it, unless
    /// it has only left for another namespace.
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

    /// A link of the host has come or has changed.
    pub(super) fn link_is_there(&mut self, host: &NetNs, link: &LinkInfo) -> Option<KeepEvent> {
        let was_there = self.parent.is_there();
        let concerns = self.parent.is_card(self.endpoint.parent(), link);
        self.parent.has_changed(link);
        let Some(attachment) = &self.attachment else {
            if concerns {
                self.hope(link);
                // Not earlier than it may: what we do in vain makes links come and go, too.
                let now = Instant::now();
                let earliest = self.not_before.map_or(now, |not_before| not_before.max(now));
                self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
            }
            return None;
        };
        let may_be_back = self.is_away && link.index == attachment.parent_index();
        if concerns && !was_there || may_be_back {
            // What was on it may have gone elsewhere, with the parent or before it came back.
            self.may_be_gone = true;
            return self.look(host);
        }
        self.is_called(link)
    }

    /// Takes note of what the parent is called, if this link is it, and tells when that is another name.
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

    /// When what all depends on has changed, there is reason to hope anew.
    fn hope(&mut self, card: &LinkInfo) {
        let now = (card.index, card.flags & UP_AND_RUNNING, card.mtu, card.mac, card.carrier);
        if self.seen.replace(now) != Some(now) {
            (self.not_before, self.pause) = (None, FIRST_PAUSE);
        }
    }

    /// Has it gone on with at once: events were lost, its namespace's end perhaps among them.
    pub(super) fn is_uncertain(&mut self) {
        self.due = Some(Instant::now());
    }

    /// Does what remains to be done or found out.
    pub(super) fn go_on(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
        if self.attachment.is_some() { self.look(host) } else { self.attach_again(host, cancels) }
    }

    /// Looks whether what is attached is still there, and where its parent is.
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
                    // The parent may be back by now.
                    self.due = Some(Instant::now());
                }
                found
            }
            Err(error) => self.has_failed(error),
        }
    }

    fn find(&mut self, host: &NetNs, netns: &NetNs) -> Result<Option<KeepEvent>> {
        let Some(attachment) = &mut self.attachment else { return Ok(None) };
        let fails = |failure: Failure| failure.into_error("see whether the link is gone");
        let Some(link) = netns.connection()?.find_link(attachment.index()).map_err(fails)? else {
            // Otherwise somebody has taken it away, which is no reason to do anything.
            let gone = if self.may_be_gone { self.attachment.take() } else { None };
            return Ok(gone.map(|attachment| KeepEvent::Gone(Box::new(attachment))));
        };
        // It may be back from another namespace, with what is on it, under another index.
        let back = self.parent.itself(host)?;
        let parent = back.unwrap_or(attachment.parent_index());
        let Some(parent) = find_parent(host, parent)? else {
            self.may_be_gone = false;
            return Ok(None);
        };
        if is_on(host, netns, &link, (parent.index, self.endpoint.kind()))? {
            if attachment.parent_index() != parent.index {
                attachment.is_on_parent(parent.index, &parent.name);
            }
            self.is_away = false;
            self.know(host)?;
        }
        self.may_be_gone = false;
        Ok(self.is_called(&parent))
    }

    /// Attaches it to its parent, if that is there.
    fn attach_again(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
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
                // Which is no failure: whoever waited is told.
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

    /// Nothing remains to be done.
    fn has_succeeded(&mut self) {
        (self.due, self.not_before, self.told, self.seen) = (None, None, None, None);
        self.pause = FIRST_PAUSE;
    }

    /// A namespace that had this number has ended, which was the container's if that is not there.
    pub(super) fn namespace_has_ended(&mut self, number: i32) -> Option<KeepEvent> {
        if self.number != Some(number) {
            return None;
        }
        match self.netns.open() {
            // One that had the number before.
            Ok(_) => None,
            Err(error) if leads_nowhere(&error) => {
                let why = "it has ended, as nobody was in it any more";
                let operation = format!("keep {} in {}", self.endpoint.name(), self.netns);
                Some(self.has_ended(Error::new(ErrorKind::NamespaceGone, operation, why)))
            }
            Err(error) => self.has_failed(error),
        }
    }
}

/// Whether this error of opening a namespace says that nothing leads there any more.
fn leads_nowhere(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NamespaceGone | ErrorKind::InvalidValue)
}

fn find_parent(host: &NetNs, index: u32) -> Result<Option<LinkInfo>> {
    let link = host.connection()?.find_link(index);
    link.map_err(|failure| failure.into_error("read the parent"))
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
