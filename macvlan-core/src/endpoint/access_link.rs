//! The host's link of a host access, which is not an endpoint's.

use crate::value::link::LinkInfo;

/// The beginning of the link's alias.
pub(crate) const ALIAS: &str = "the host's way to its containers";

/// The group in which the link is created.
pub(crate) const GROUP: u32 = 0x6d61_6368;

/// Returns whether a link was made for host access. A link in a container may have any alias.
pub(crate) fn is_access_link(link: &LinkInfo) -> bool {
    let alias = link.alias.as_deref();
    // An alias cannot be set at creation, so the creator may have been interrupted.
    link.kind.as_deref() == Some("macvlan")
        && alias.map_or(link.group == GROUP, |alias| alias.starts_with(ALIAS))
}
