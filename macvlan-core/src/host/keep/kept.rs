//! One endpoint that is kept attached: what is known of its parent, and when it is tried again.

use std::time::{Duration, Instant};

use crate::endpoint::{
    Attachment, Difference, Endpoint, EndpointKind, Parent, ensure as ensure_endpoint, find_parent,
};
use crate::error::{ErrorKind, Result};
use crate::host::keep::event::KeepEvent;
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
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
    netns: NetNs,
    attachment: Option<Attachment>,
    /// What the parent was called last, and its MAC address.
    known: Option<(LinkName, Option<MacAddr>)>,
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
    pub(super) fn new(endpoint: Endpoint, netns: NetNs) -> Self {
        Self {
            endpoint,
            netns,
            attachment: None,
            known: None,
            due: None,
            not_before: None,
            pause: FIRST_PAUSE,
            told: None,
            seen: None,
        }
    }

    pub(super) fn is(&self, name: LinkName, netns: &NetNs) -> bool {
        self.endpoint.name() == name && self.netns.same_as(netns)
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

    /// The first time: a parent that does not exist is waited for. Whether the link was made.
    pub(super) fn attach_first(&mut self, host: &NetNs, cancels: &[Cancel]) -> Result<bool> {
        match ensure(host, &self.endpoint, &self.netns, cancels) {
            Ok((attachment, made)) => {
                self.is_attached(host, attachment);
                Ok(made)
            }
            Err(error) if error.kind() == ErrorKind::ParentNotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes note of it, and gives the endpoint the MAC address that it got, for the next time.
    fn is_attached(&mut self, host: &NetNs, attachment: Attachment) {
        let of_its_own = match self.endpoint.kind() {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => {
                options.mode() != Mode::Passthru
            }
            EndpointKind::Vlan(_) => false,
        };
        if of_its_own {
            self.endpoint = self.endpoint.clone().mac(attachment.mac());
        }
        let parent =
            host.connection().ok().and_then(|host| host.link(attachment.parent_index()).ok());
        if let Some(parent) = parent {
            self.know(&parent);
        }
        self.attachment = Some(attachment);
        (self.due, self.not_before, self.told, self.seen) = (None, None, None, None);
        self.pause = FIRST_PAUSE;
    }

    fn know(&mut self, parent: &LinkInfo) {
        if let Ok(name) = LinkName::new(&parent.name) {
            self.known = Some((name, parent.mac));
        }
    }

    /// A link of the host is gone. With a parent goes what is on it, unless it has only left for
    /// another namespace.
    pub(super) fn link_is_gone(&mut self, index: u32) -> Option<KeepEvent> {
        let attachment = self.attachment.as_ref()?;
        if attachment.parent_index() != index || self.is_there(attachment) {
            return None;
        }
        self.attachment.take().map(|attachment| KeepEvent::Gone(Box::new(attachment)))
    }

    /// Where it cannot be told, it is taken to be there.
    fn is_there(&self, attachment: &Attachment) -> bool {
        let Ok(inside) = self.netns.connection() else { return true };
        !matches!(inside.find_link(attachment.index()), Ok(None))
    }

    /// A link of the host has come or has changed.
    pub(super) fn link_is_there(&mut self, link: &LinkInfo) -> Option<KeepEvent> {
        if let Some(attachment) = &self.attachment {
            if attachment.parent_index() != link.index {
                return None;
            }
            let before = self.known.map(|(name, _)| name);
            let renamed = before.is_some_and(|before| before.as_str() != link.name);
            let attachment = renamed.then(|| Box::new(attachment.clone()));
            self.know(link);
            return Some(KeepEvent::Renamed(attachment?, self.known?.0));
        }
        if self.is_by_name(&link.name) || self.is_by_mac(link) {
            self.hope(link);
            // Not earlier than it may: what we do in vain makes links come and go, too.
            let now = Instant::now();
            let earliest = self.not_before.map_or(now, |not_before| not_before.max(now));
            self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
        }
        None
    }

    /// What we do in vain makes VLANs come and go, and never changes what they are on: when that has
    /// changed, there is reason to hope anew.
    fn hope(&mut self, link: &LinkInfo) {
        let mut bottom = self.endpoint.parent();
        while let Some(base) = bottom.get_base() {
            bottom = base;
        }
        let on_demand = self.endpoint.parent().on_demand().is_some();
        if on_demand && bottom.id().is_ok_and(|id| id.to_string() != link.name) {
            return;
        }
        let now = (link.index, link.flags & UP_AND_RUNNING, link.mtu, link.mac, link.carrier);
        if self.seen.replace(now) != Some(now) {
            (self.not_before, self.pause) = (None, FIRST_PAUSE);
        }
    }

    /// Whether it has the name of the parent, or of what the parent is made on.
    fn is_by_name(&self, name: &str) -> bool {
        let known = self.known.is_some_and(|(known, _)| known.as_str() == name);
        let mut wanted = Some(self.endpoint.parent());
        while let Some(parent) = wanted {
            if parent.id().is_ok_and(|id| id.to_string() == name) {
                return true;
            }
            wanted = parent.get_base();
        }
        known
    }

    /// Whether it is the parent that came back under another name: hardware has its MAC address to be
    /// known by, and a VLAN has only its base's.
    fn is_by_mac(&self, link: &LinkInfo) -> bool {
        let known = self.known.and_then(|(_, mac)| mac);
        let of_its_own =
            !matches!(link.kind.as_deref(), Some("macvlan" | "macvtap" | "vlan" | "bridge"));
        of_its_own
            && self.endpoint.parent().on_demand().is_none()
            && known.is_some()
            && link.mac == known
    }

    /// Events were lost: what there is now.
    pub(super) fn look(&mut self, host: &NetNs) -> Option<KeepEvent> {
        self.due = Some(Instant::now());
        let attachment = self.attachment.as_ref()?;
        let parent = attachment.parent_index();
        match host.connection().ok()?.find_link(parent).ok()? {
            Some(link) => self.link_is_there(&link),
            None => self.link_is_gone(parent),
        }
    }

    /// Attaches it to its parent, if that is there.
    pub(super) fn attach_again(&mut self, host: &NetNs, cancels: &[Cancel]) -> Option<KeepEvent> {
        self.due = None;
        let endpoint = self.endpoint.clone().with_parent(self.parent_now(host)?);
        match ensure(host, &endpoint, &self.netns, cancels) {
            Ok((attachment, _)) => {
                self.is_attached(host, attachment);
                self.attachment.clone().map(|attachment| KeepEvent::Attached(Box::new(attachment)))
            }
            Err(error) => {
                let (name, netns) = (self.endpoint.name(), self.netns.clone());
                if error.kind() == ErrorKind::NamespaceGone {
                    return Some(KeepEvent::Ended(name, netns, error));
                }
                let next = Instant::now().checked_add(self.pause);
                (self.due, self.not_before) = (next, next);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                let message = error.to_string();
                let again = self.told.as_ref() == Some(&message);
                self.told = Some(message);
                (!again).then_some(KeepEvent::Failed(name, netns, error))
            }
        }
    }

    /// What the parent is now: what it was asked for by, what it was called last, or what has its MAC
    /// address. None if it is not there.
    fn parent_now(&self, host: &NetNs) -> Option<Parent> {
        let connection = host.connection().ok()?;
        let wanted = self.endpoint.parent();
        let is_there = |parent: &Parent| match parent.id() {
            Ok(LinkId::Name(_)) => matches!(find_parent(host, parent), Ok(Some(_))),
            // Another link may have that index by now.
            Ok(LinkId::Index(_)) | Err(_) => false,
        };
        let mut base = Some(wanted);
        while let Some(parent) = base {
            if is_there(parent) {
                return Some(wanted.clone());
            }
            base = parent.get_base();
        }
        let known = self.known.map(|(name, _)| Parent::link(name));
        if let Some(known) = known.filter(is_there) {
            return Some(known);
        }
        let links = connection.dump(&encode::get_links(None, None), decode::link).ok()?;
        let found = links.iter().find(|link| self.is_by_mac(link))?;
        Some(Parent::link(LinkName::new(&found.name).ok()?))
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
