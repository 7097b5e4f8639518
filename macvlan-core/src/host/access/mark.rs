//! The mark of a host's link, its alias: that it is one, and what was moved to it.

use crate::error::{Error, ErrorKind, Result};
use crate::value::link::LinkInfo;

/// What the alias begins with.
const ALIAS: &str = "the host's way to its containers";
const MOVED: &str = "; addresses moved";
const BY_PREFIX: &str = "; no marks on addresses";
const ARP_FILTER_WAS_OFF: &str = "; the parent's arp_filter was 0";

/// What a host's link says about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Whether the parent's addresses are, or may be, on it.
    pub(super) moved: bool,
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
            moved: said.contains(MOVED),
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
        let (moved, by_prefix) = (say(self.moved, MOVED), say(self.by_prefix, BY_PREFIX));
        format!("{ALIAS}{moved}{by_prefix}{}", say(self.arp_filter_was_off, ARP_FILTER_WAS_OFF))
    }
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
        for (moved, arp_filter_was_off) in [(false, false), (true, false), (true, true)] {
            let mark = Mark { moved, by_prefix: moved, arp_filter_was_off };
            let alias = mark.alias();
            assert!(alias.len() < 256);
            let said = alias.strip_prefix(ALIAS).unwrap();
            assert_eq!(said.contains(MOVED), moved);
            assert_eq!(said.contains(BY_PREFIX), moved);
            assert_eq!(said.contains(ARP_FILTER_WAS_OFF), arp_filter_was_off);
        }
    }
}
