//! The marks of interfaces, by which GC and DEL find those that they may delete.
//!
//! An alias names the network, the container and the interface, and is compared as a whole. Aliases
//! of interfaces with leases are the store's.

use macvlan_core::{Attachment, Host, LinkInfo, NetNs};
use macvlan_network::{Network, Networks};

use crate::cni::config::parse_mac;
use crate::cni::environment;
use crate::cni::error::{Error, Result};
use crate::cni::result::Answer;

const PREFIX: &str = "macvlan-cni/";
/// The group of a link that has no alias yet.
pub(super) const GROUP: u32 = u32::from_be_bytes(*b"\0cni");
/// The beginning of the aliases of interfaces with leases.
const LEASED: &str = "macvlan-network/";
/// The most that the kernel stores.
const LONGEST: usize = 255;

/// The attachment that an interface without a lease was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark<'a> {
    pub(super) network: &'a str,
    pub(super) container: &'a str,
    /// The name that the interface was made with; it may have another one by now.
    pub(super) interface: &'a str,
}

impl<'a> Mark<'a> {
    pub(super) fn new(network: &'a str, of: &'a environment::Attachment) -> Self {
        Self { network, container: &of.container, interface: of.interface.as_str() }
    }

    /// Reads the alias of a link; `None` if it is not a mark. Those of earlier versions have no
    /// interface.
    pub(super) fn read(link: &'a LinkInfo) -> Option<Self> {
        let (network, rest) = link.alias.as_deref()?.strip_prefix(PREFIX)?.split_once('/')?;
        let (container, interface) = rest.split_once('/').unwrap_or((rest, &link.name));
        Some(Self { network, container, interface })
    }

    /// Returns the alias.
    pub(super) fn alias(&self) -> Result<String> {
        let Self { network, container, interface } = self;
        let alias = format!("{PREFIX}{network}/{container}/{interface}");
        if alias.len() > LONGEST {
            let why = format!(
                "the names of network {network:?} and container {container:?} together have more than {LONGEST} bytes"
            );
            return Err(Error::config(format!("cannot mark the interface: {why}")));
        }
        Ok(alias)
    }
}

/// Returns whether a link was left by an ADD that was killed before it set the alias.
pub(super) fn is_half_made(link: &LinkInfo) -> bool {
    !has_alias(link) && link.group == GROUP
}

/// Finds the interface of an attachment, in the container's namespace, by its mark.
///
/// One without an alias is it only if ADD has given back its MAC address: the reference plugins
/// leave no alias.
pub(super) fn find(
    host: &Host,
    netns: &NetNs,
    mark: Mark<'_>,
    previous: Option<&Answer>,
) -> Result<Option<Attachment>> {
    let links = host.interfaces(netns)?;
    let marked = links.iter().find(|(_, link)| Mark::read(link) == Some(mark));
    let is_it = |link: &LinkInfo| {
        link.name == mark.interface
            && !has_alias(link)
            && (is_half_made(link) || was_given(link, previous))
    };
    let found = marked.or_else(|| links.iter().find(|(_, link)| is_it(link)));
    found.map_or(Ok(None), |(_, link)| attachment(host, netns, link.index))
}

/// Returns whether an interface with the name of an attachment has a lease, of any network.
pub(super) fn is_leased(host: &Host, netns: &NetNs, of: &environment::Attachment) -> Result<bool> {
    Ok(named(host, netns, of)?.is_some_and(|link| Leased::read(&link).is_some()))
}

/// Finds the interface of an attachment whose lease was lost.
///
/// If the store does not know the network of the mark, because the store is new or another one,
/// ADD must have given back the interface's MAC address for this network.
pub(super) fn find_lost(
    host: &Host,
    netns: &NetNs,
    of: &environment::Attachment,
    (networks, network): (&Networks, Option<&Network>),
    previous: Option<&Answer>,
) -> Result<Option<Attachment>> {
    let Some(link) = named(host, netns, of)? else { return Ok(None) };
    let Some(mark) = Leased::read(&link).filter(|mark| mark.container == of.container) else {
        return Ok(None);
    };
    let is_of_store = mark.store == networks.store().id();
    let is_of = |network: &Network| is_of_store && network.id().starts_with(mark.network);
    let is_its = network.is_some_and(is_of)
        || was_given(&link, previous) && !(is_of_store && networks.list()?.iter().any(is_of));
    if is_its { attachment(host, netns, link.index) } else { Ok(None) }
}

/// The alias of an interface with a lease, as far as it says whose it is.
struct Leased<'a> {
    store: &'a str,
    /// The beginning of the network's id.
    network: &'a str,
    container: &'a str,
}

impl<'a> Leased<'a> {
    fn read(link: &'a LinkInfo) -> Option<Self> {
        let mut parts = link.alias.as_deref()?.strip_prefix(LEASED)?.split('/');
        let (store, network, container) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { store, network, container }).filter(|mark| !mark.network.is_empty())
    }
}

fn has_alias(link: &LinkInfo) -> bool {
    link.alias.as_deref().is_some_and(|alias| !alias.is_empty())
}

/// Returns whether a result names a link in a container with its MAC address.
fn was_given(link: &LinkInfo, previous: Option<&Answer>) -> bool {
    let interfaces = previous.map(|previous| previous.interfaces.iter()).into_iter().flatten();
    let mut same = interfaces.filter(|one| one.name == link.name && one.sandbox.is_some());
    same.any(|one| {
        let mac = one.mac.as_deref().and_then(|mac| parse_mac(mac).ok());
        mac.is_some() && mac == link.mac
    })
}

fn named(host: &Host, netns: &NetNs, of: &environment::Attachment) -> Result<Option<LinkInfo>> {
    let mut all = host.interfaces(netns)?.into_iter().map(|(_, link)| link);
    Ok(all.find(|link| link.name == of.interface.as_str()))
}

/// Returns the attachment with this index.
pub(super) fn attachment(host: &Host, netns: &NetNs, index: u32) -> Result<Option<Attachment>> {
    Ok(host.attachments(netns)?.into_iter().find(|one| one.index() == index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(alias: &str) -> LinkInfo {
        let mut link = LinkInfo::default();
        (link.name, link.alias) = ("eth0".to_owned(), Some(alias.to_owned()));
        link
    }

    #[test]
    fn a_mark_names_the_network_the_container_and_the_interface() {
        let mark = Mark { network: "blue.1", container: "4f1c", interface: "eth1" };
        let marked = link(&mark.alias().unwrap());
        assert_eq!(Mark::read(&marked), Some(mark));
        let former = link("macvlan-cni/blue.1/4f1c");
        assert_eq!(Mark::read(&former), Some(Mark { interface: "eth0", ..mark }));
        for other in ["", "my-other-tool", "macvlan-cni/blue.1", "macvlan-network/1/2/3//"] {
            assert_eq!(Mark::read(&link(other)), None, "{other}");
        }
        let (network, container) = ("x".repeat(200), "y".repeat(64));
        let long = Mark { network: &network, container: &container, interface: "eth0" };
        assert!(long.alias().is_err());
    }
}
