//! The mark of a host's link, stored in its alias.

use crate::endpoint::{ACCESS_ALIAS, is_access_link};
use crate::error::{Error, ErrorKind, Result};
use crate::value::link::LinkInfo;
use crate::value::net::parse_number;

const MOVED: &str = "; addresses moved from link #";
const BY_PREFIX: &str = "; no marks on addresses";
const OWN: &str = "; own addresses";
const TRANSIENT: &str = "; deleted with its last route";
const ARP_FILTER_WAS_OFF: &str = "; the parent's arp_filter was 0";

/// The information in the alias of a host's link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // independent notes, not a state machine
pub(super) struct Mark {
    /// The index of the link whose addresses were moved here, or may have been: parents that are
    /// macvlans on one link share the host's link.
    pub(super) moved: Option<u32>,
    /// True if the kernel has no marks on addresses (before Linux 5.18): those with the full prefix
    /// length were not moved.
    pub(super) by_prefix: bool,
    /// True if the parent's `arp_filter` was enabled for this.
    pub(super) arp_filter_was_off: bool,
    /// True if the link was given its own addresses and borrows none.
    pub(super) own: bool,
    /// True if nobody counts on the link when no route leads through it ([`Access::transient`]).
    ///
    /// [`Access::transient`]: crate::Access::transient
    pub(super) transient: bool,
}

impl Mark {
    /// Returns the mark of a link, or an error if it is not ours.
    pub(super) fn of(link: &LinkInfo) -> Result<Self> {
        if !is_access_link(link) {
            return Err(name_taken(&link.name, "was not made for host access"));
        }
        let said = link.alias.as_deref().unwrap_or_default();
        Ok(Self {
            moved: said.split_once(MOVED).and_then(|(_, from)| index_at_start(from)),
            by_prefix: said.contains(BY_PREFIX),
            arp_filter_was_off: said.contains(ARP_FILTER_WAS_OFF),
            own: said.contains(OWN),
            transient: said.contains(TRANSIENT),
        })
    }

    pub(super) fn alias(self) -> String {
        let say = |is, what| if is { what } else { "" };
        let moved = self.moved.map(|from| format!("{MOVED}{from}")).unwrap_or_default();
        let by_prefix = say(self.by_prefix, BY_PREFIX);
        let arp_filter = say(self.arp_filter_was_off, ARP_FILTER_WAS_OFF);
        let (own, transient) = (say(self.own, OWN), say(self.transient, TRANSIENT));
        format!("{ACCESS_ALIAS}{moved}{by_prefix}{arp_filter}{own}{transient}")
    }
}

fn index_at_start(text: &str) -> Option<u32> {
    let end = text.find(|at: char| !at.is_ascii_digit()).unwrap_or(text.len());
    parse_number(&text[..end])
}

/// Makes the error for a name that another link has.
pub(super) fn name_taken(link: &str, which: &str) -> Error {
    let why = format!("a link with this name exists, which {which}");
    Error::new(ErrorKind::NameTaken, "give the host access to its containers", why)
        .on_link(link)
        .with_hint("choose another name for the host's link")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_round_trips() {
        for (moved, by_prefix, arp_filter_was_off, own, transient) in [
            (None, false, false, false, false),
            (None, false, false, true, false),
            (None, false, false, false, true),
            (Some(7), true, false, false, false),
            (Some(u32::MAX), true, true, true, true),
        ] {
            let mark = Mark { moved, by_prefix, arp_filter_was_off, own, transient };
            let (kind, alias) = (Some("macvlan".to_owned()), Some(mark.alias()));
            let link = LinkInfo { kind, alias, ..LinkInfo::default() };
            assert!(mark.alias().len() < 256);
            assert_eq!(Mark::of(&link).unwrap(), mark);
        }
    }
}
