//! The alias of interfaces whose addresses are not in the lease store, by which GC and DEL find
//! them.

use macvlan_core::{Attachment, Host, LinkInfo, NetNs};

use crate::cni::environment;
use crate::cni::error::{Error, Result};

const PREFIX: &str = "macvlan-cni/";
/// The link group, which the link has before its alias.
pub(super) const GROUP: u32 = u32::from_be_bytes(*b"\0cni");
/// The beginning of the aliases of interfaces with leases.
const LEASED: &str = "macvlan-network/";
/// The most that the kernel stores.
const LONGEST: usize = 255;

/// Returns the alias of a container's interface in a network.
pub(super) fn alias(network: &str, container: &str) -> Result<String> {
    let alias = format!("{PREFIX}{network}/{container}");
    if alias.len() > LONGEST {
        let why = format!(
            "the names of network {network:?} and container {container:?} together have more than {LONGEST} bytes"
        );
        return Err(Error::config(format!("cannot mark the interface: {why}")));
    }
    Ok(alias)
}

/// Returns the container whose interface in a network has this alias.
pub(super) fn container<'a>(alias: &'a str, network: &str) -> Option<&'a str> {
    alias.strip_prefix(PREFIX)?.strip_prefix(network)?.strip_prefix('/')
}

/// Finds the interface of an attachment by its name, in the container's namespace.
///
/// An interface of another network or container, or with a lease, which another plugin of the same
/// container may have under this name, is not it. One without an alias may be: the reference
/// plugins leave none.
pub(super) fn find(
    host: &Host,
    netns: &NetNs,
    of: &environment::Attachment,
    network: &str,
) -> Result<Option<Attachment>> {
    let Some((_, link)) = named(host, netns, of)? else { return Ok(None) };
    let alias = link.alias.unwrap_or_default();
    let is_other = alias.starts_with(LEASED)
        || alias.starts_with(PREFIX) && container(&alias, network) != Some(&of.container);
    if is_other {
        return Ok(None);
    }
    attachment(host, netns, link.index)
}

/// Finds the interface of an attachment whose lease is unknown.
pub(super) fn find_leased(
    host: &Host,
    netns: &NetNs,
    of: &environment::Attachment,
) -> Result<Option<Attachment>> {
    let Some((_, link)) = named(host, netns, of)? else { return Ok(None) };
    if !link.alias.is_some_and(|alias| alias.starts_with(LEASED)) {
        return Ok(None);
    }
    attachment(host, netns, link.index)
}

fn named(
    host: &Host,
    netns: &NetNs,
    of: &environment::Attachment,
) -> Result<Option<(u32, LinkInfo)>> {
    let all = host.interfaces(netns)?.into_iter();
    Ok(all.into_iter().find(|(_, link)| link.name == of.interface.as_str()))
}

/// Returns the attachment with this index.
pub(super) fn attachment(host: &Host, netns: &NetNs, index: u32) -> Result<Option<Attachment>> {
    Ok(host.attachments(netns)?.into_iter().find(|one| one.index() == index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_names_the_network_and_the_container() {
        let alias = alias("blue.1", "4f1c").unwrap();
        assert_eq!(container(&alias, "blue.1"), Some("4f1c"));
        for other in ["blue", "blue.1/4", "red"] {
            assert_eq!(container(&alias, other), None, "{other}");
        }
        assert!(super::alias(&"x".repeat(200), &"y".repeat(64)).is_err());
    }
}
