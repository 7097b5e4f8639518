//! Recognizes the interface of a lease by its alias, which has a seal that only the store can make.
//!
//! A container can set any alias on its interfaces. The seal covers everything that the store
//! relies on: the store's id, the network, the container and its name, the interface's MAC address,
//! and the addresses of the lease.

use std::net::IpAddr;

use macvlan_core::{Address, Attachment, MacAddr};

use crate::connect_options::is_link_local;
use crate::lease::Lease;
use crate::record::NetworkRecord;
use crate::store::Store;

/// The prefix of the aliases of our links.
const ALIAS: &str = "macvlan-network/";
/// The maximum length of an alias in bytes (`IFALIASZ`, without the terminating zero).
const LONGEST: usize = 255;
/// The maximum number of seals to compute when searching for the lease's addresses among those of
/// the interface.
///
/// A container can add any number of addresses. This is enough for two added ones among forty, or
/// any number among ten.
const SEALS: usize = 1024;

/// Returns the alias for the interface of a lease, without the container's name if it is too long.
pub(crate) fn alias(store: &dyn Store, network: &NetworkRecord, lease: &Lease) -> String {
    let of = |name: &str| {
        let (store, network) = (store.id(), network.short_id());
        format!("{ALIAS}{store}/{network}/{}/{name}/", lease.container)
    };
    let sealed = |text: String| {
        let seal = seal(store, lease, &text);
        text + &seal
    };
    let whole = sealed(of(lease.name.as_deref().unwrap_or_default()));
    if whole.len() <= LONGEST { whole } else { sealed(of("")) }
}

/// Returns whether an alias was made for the interface of a lease, whatever name the container had.
///
/// The seal has the MAC address and the addresses of the lease, and a mark the network and the
/// container. None of them changes while the lease exists; the name does, as with `docker rename`.
pub(crate) fn is_of_lease(
    store: &dyn Store,
    network: &NetworkRecord,
    lease: &Lease,
    alias: &str,
) -> bool {
    let Some(mark) = Mark::read(alias, store) else { return false };
    mark.is_of(network, &lease.container) && seal(store, lease, mark.text) == mark.seal
}

/// Returns the seal for a text in the alias of a lease's interface; empty if the store makes none.
fn seal(store: &dyn Store, lease: &Lease, text: &str) -> String {
    let addresses: Vec<IpAddr> = lease.addresses.iter().map(ipnet::IpNet::addr).collect();
    store.seal(&sealed_text(text, lease.mac, &addresses)).unwrap_or_default()
}

fn sealed_text(text: &str, mac: Option<MacAddr>, addresses: &[IpAddr]) -> String {
    let mut addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    addresses.sort_unstable();
    let mac = mac.map(|mac| mac.to_string()).unwrap_or_default();
    format!("{text} {mac} {}", addresses.join(" "))
}

/// The contents of an alias, which may be forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark<'a> {
    /// The text that the seal covers.
    text: &'a str,
    /// The prefix of the network's id.
    pub(crate) network: &'a str,
    pub(crate) container: &'a str,
    /// The container's name, if it has one that fits into the alias.
    pub(crate) name: Option<&'a str>,
    seal: &'a str,
}

impl<'a> Mark<'a> {
    /// Parses an alias; `None` if it is not one of this store. Aliases of earlier versions have no
    /// name and no seal.
    pub(crate) fn read(alias: &'a str, store: &dyn Store) -> Option<Self> {
        let of_store = alias.strip_prefix(ALIAS)?.strip_prefix(store.id())?.strip_prefix('/')?;
        let (network, rest) = of_store
            .split_once('/')
            .filter(|(network, _)| network.len() == NetworkRecord::SHORT_ID)?;
        let (container, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, seal) = rest.split_once('/').unwrap_or((rest, ""));
        let text = &alias[..alias.len() - seal.len()];
        let name = Some(name).filter(|name| !name.is_empty());
        Some(Self { text, network, container, name, seal })
    }

    /// Returns whether this names a container and a network.
    pub(crate) fn is_of(&self, network: &NetworkRecord, container: &str) -> bool {
        self.network == network.short_id() && self.container == container
    }

    /// Returns the addresses of the lease that the store sealed, out of the interface's addresses.
    ///
    /// `None` if the seal fits none of them.
    pub(crate) fn addresses(
        &self,
        store: &dyn Store,
        mac: Option<MacAddr>,
        all: &[IpAddr],
    ) -> Option<Vec<IpAddr>> {
        if self.seal.is_empty() {
            return None;
        }
        // The seal does not cover addresses that were added to the interface; usually there are
        // none.
        let further = (0..=all.len()).flat_map(|count| choices(all.len(), count));
        further.take(SEALS).find_map(|further| {
            let some = all.iter().enumerate().filter(|(at, _)| !further.contains(at));
            let some: Vec<IpAddr> = some.map(|(_, address)| *address).collect();
            let seal = store.seal(&sealed_text(self.text, mac, &some))?;
            (seal == self.seal).then_some(some)
        })
    }
}

/// Returns the addresses of the lease that an interface was made for; `None` if the store did not
/// make its mark.
pub(crate) fn sealed(
    store: &dyn Store,
    mark: &Mark<'_>,
    attachment: &Attachment,
) -> Option<Vec<IpAddr>> {
    // Link-local addresses are not leased.
    let all = attachment.addresses().iter().map(Address::ip).filter(|one| !is_link_local(*one));
    let all: Vec<IpAddr> = all.collect();
    // In mode passthru the MAC address is the parent's.
    let macs = [Some(attachment.mac()), None];
    macs.into_iter().find_map(|mac| mark.addresses(store, mac, &all))
}

/// Returns all ways to choose `count` out of `of` numbers, each in ascending order.
fn choices(of: usize, count: usize) -> impl Iterator<Item = Vec<usize>> {
    std::iter::successors(Some((0..count).collect()), move |last: &Vec<usize>| {
        let at = (0..count).rev().find(|at| last[*at] + count - at < of)?;
        let rest = last[at] + 1..last[at] + 1 + count - at;
        Some(last[..at].iter().copied().chain(rest).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_choices_are_made_once() {
        let all = |of, count| choices(of, count).collect::<Vec<_>>();
        assert_eq!(all(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(all(4, 1), [[0], [1], [2], [3]]);
        for (of, count) in [(0, 0), (5, 0), (5, 5)] {
            assert_eq!(all(of, count), [(0..count).collect::<Vec<_>>()]);
        }
        let ten: std::collections::HashSet<Vec<usize>> =
            (0..=10).flat_map(|count| choices(10, count)).collect();
        assert_eq!(ten.len(), SEALS);
        let two_of_forty = (0..=2).map(|count| choices(42, count).count()).sum::<usize>();
        assert!(two_of_forty <= SEALS, "{two_of_forty}");
    }
}
