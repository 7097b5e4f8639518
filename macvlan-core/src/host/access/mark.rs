//! The mark of a host's link, its alias: that it is one, and what was moved to it.

use crate::error::{Error, ErrorKind, Result};
use crate::value::link::LinkInfo;
use crate::value::net::parse_number;

/// What the alias begins with.
const ALIAS: &str = "the host's way to its containers";
const MOVED: &str = "; addresses moved from link #";
const BY_PREFIX: &str = "; no marks on addresses";
const ARP_FILTER_WAS_OFF: &str = "; the parent's arp_filter was 0";

/// What a host's link says about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The index of the link whose addresses are, or may be, on it: parents that are macvlans on one link
    /// have one host's link.
    pub(super) moved: Option<u32>,
    /// Whether the kernel keeps no marks on addresses (before Linux 5.18): those for one host alone were
    /// not moved.
    pub(super) by_prefix: bool,
    /// Whether the parent's `arp_filter` was switched on for that.
    pub(super) arp_filter_was_off: bool,
}

/// The group that the link is created in.
pub(super) const GROUP: u32 = 0x6d61_6368;

impl Mark {
    /// Returns what a link says; a link that is not ours is refused.
    pub(super) fn of(link: &LinkInfo) -> Result<Self> {
        let refuse = || name_taken(&link.name, "was not made for this");
        let is_macvlan = link.kind.as_deref() == Some("macvlan");
        // The kernel takes no alias at creation: somebody may have been cut off in between.
        if is_macvlan && link.group == GROUP && link.alias.is_none() {
            return Ok(Self::default());
        }
        let alias = link.alias.as_deref().filter(|_| is_macvlan);
        let said = alias.and_then(|alias| alias.strip_prefix(ALIAS)).ok_or_else(refuse)?;
        Ok(Self {
            moved: said.split_once(MOVED).and_then(|(_, from)| index_at_start(from)),
            by_prefix: said.contains(BY_PREFIX),
            arp_filter_was_off: said.contains(ARP_FILTER_WAS_OFF),
        })
    }

    /// Returns whether a link is ours.
    pub(super) fn is_on(link: &LinkInfo) -> bool {
        matches!(Self::of(link), Ok(_ours))
    }

    pub(super) fn alias(self) -> String {
        let say = |is, what| if is { what } else { "" };
        let moved = self.moved.map(|from| format!("{MOVED}{from}")).unwrap_or_default();
        let by_prefix = say(self.by_prefix, BY_PREFIX);
        format!("{ALIAS}{moved}{by_prefix}{}", say(self.arp_filter_was_off, ARP_FILTER_WAS_OFF))
    }
}

fn index_at_start(text: &str) -> Option<u32> {
    let end = text.find(|at: char| !at.is_ascii_digit()).unwrap_or(text.len());
    parse_number(&text[..end])
}

/// The error for a name that another link has.
pub(super) fn name_taken(link: &str, which: &str) -> Error {
    let why = format!("a link of that name exists, and {which}");
    Error::new(ErrorKind::NameTaken, "let the host reach its containers", why)
        .on_link(link)
        .with_hint("give the host's link another name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_says_what_it_was_made_of() {
        for (moved, by_prefix, arp_filter_was_off) in
            [(None, false, false), (Some(7), true, false), (Some(u32::MAX), true, true)]
        {
            let mark = Mark { moved, by_prefix, arp_filter_was_off };
            let (kind, alias) = (Some("macvlan".to_owned()), Some(mark.alias()));
            let link = LinkInfo { kind, alias, ..LinkInfo::default() };
            assert!(mark.alias().len() < 256);
            assert_eq!(Mark::of(&link).unwrap(), mark);
        }
    }
}
