//! The names of containers and their addresses, as DNS has them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use domain::base::Name;
use ipnet::IpNet;
use macvlan_network::Lease;

/// A name of DNS, compared without regard to case.
pub(super) type DomainName = Name<Vec<u8>>;

/// The names of all containers in some networks.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The networks' names, below which nobody else has names.
    zones: HashSet<DomainName>,
    entries: HashMap<DomainName, Entry>,
}

/// The data of a name; none if only longer names below it have some.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) addresses: BTreeSet<IpAddr>,
    /// The names of an address, for a name below `in-addr.arpa` or `ip6.arpa`.
    pub(super) pointers: BTreeSet<DomainName>,
}

/// The names and addresses of one container in one network.
#[derive(Default)]
struct Container<'a> {
    names: Vec<&'a str>,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Collects the names in networks, of which the ids and names are given.
    ///
    /// A container has its name and its aliases, each also with the network's name. Its id is a name
    /// if no container has that as a name or alias.
    pub(super) fn new<'a>(
        networks: impl IntoIterator<Item = (&'a str, &'a str)>,
        leases: &[Lease],
    ) -> Self {
        let mut all = Self::default();
        let zone = |(id, name): (&'a str, &str)| Some((id, name.parse().ok()?));
        let zones: HashMap<&str, DomainName> = networks.into_iter().filter_map(zone).collect();
        for zone in zones.values() {
            all.zones.insert(zone.clone());
            all.entries.entry(zone.clone()).or_default();
        }
        let mut containers: BTreeMap<(&str, &str), Container<'_>> = BTreeMap::new();
        for lease in leases {
            let one = containers.entry((&lease.network, &lease.container)).or_default();
            one.names.extend(lease.name.iter().chain(&lease.aliases).map(String::as_str));
            one.addresses.extend(lease.addresses.iter().map(IpNet::addr));
        }
        for ((network, _), container) in &containers {
            let Some(zone) = zones.get(network) else { continue };
            for name in &container.names {
                all.add(name, zone, &container.addresses);
            }
        }
        for ((network, id), container) in &containers {
            let Some(zone) = zones.get(network) else { continue };
            if below(id, zone).is_some_and(|name| !all.entries.contains_key(&name)) {
                all.add(id, zone, &container.addresses);
            }
            // The first one is the container's name, if it has one.
            let name = container.names.first().and_then(|name| below(name, zone));
            let Some(name) = name.or_else(|| below(id, zone)) else { continue };
            for address in &container.addresses {
                if let Ok(reverse) = DomainName::reverse_from_addr(*address) {
                    all.entries.entry(reverse).or_default().pointers.insert(name.clone());
                }
            }
        }
        all
    }

    /// Adds addresses for a name, and for the name with the network's.
    ///
    /// Some ids are too long for names of DNS.
    fn add(&mut self, name: &str, zone: &DomainName, addresses: &[IpAddr]) {
        let (Ok(short), Some(long)) = (name.parse::<DomainName>(), below(name, zone)) else {
            return;
        };
        for between in long.iter_suffixes().skip(1).take_while(|suffix| suffix != zone) {
            if let Ok(between) = Name::from_octets(between.as_slice().to_vec()) {
                self.entries.entry(between).or_default();
            }
        }
        for name in [short, long] {
            self.entries.entry(name).or_default().addresses.extend(addresses);
        }
    }

    pub(super) fn get(&self, name: &DomainName) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Returns the network's name that a name ends with.
    pub(super) fn zone(&self, name: &DomainName) -> Option<&DomainName> {
        name.iter_suffixes().find_map(|suffix| self.zones.get(suffix.for_slice()))
    }
}

/// Returns a name below a network's.
fn below(name: &str, zone: &DomainName) -> Option<DomainName> {
    format!("{name}.{zone}").parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    fn name(text: &str) -> DomainName {
        text.parse().unwrap()
    }

    pub(in crate::dns) fn lease(
        network: &str,
        container: &str,
        names: &[&str],
        addresses: &[&str],
    ) -> Lease {
        serde_json::from_value(json!({
            "network": network, "container": container, "host": "a", "endpoint": container,
            "name": names.first(), "aliases": names.get(1..).unwrap_or_default(),
            "interface": "eth0", "mac": null, "addresses": addresses, "link_local": [],
            "default_route": true, "gw_priority": 0, "sequence": 0, "link": null,
            "state": {"pending": {"since": 0, "boot": "b", "uptime": 0}},
        }))
        .unwrap()
    }

    /// Two networks with four containers.
    pub(in crate::dns) fn sample() -> Names {
        let long = "4f1c9a".repeat(11);
        Names::new(
            [("1", "vlan10"), ("2", "Vlan20")],
            &[
                lease("1", "c1", &["test101", "web"], &["10.0.10.7/24", "fd10::7/64"]),
                lease("1", "c2", &["a.b", "web"], &["10.0.10.8/24"]),
                lease("2", "c1", &["test101"], &["10.0.20.7/24"]),
                lease("2", "c2", &[], &["fd20::8/64"]),
                lease("2", &long, &[], &["10.0.20.9/24"]),
                lease("3", "c4", &["elsewhere"], &["10.0.30.9/24"]),
            ],
        )
    }

    #[track_caller]
    fn has(names: &Names, asked: &str, addresses: &[&str]) {
        let found = names.get(&name(asked)).map(|entry| entry.addresses.clone());
        let expected = addresses.iter().map(|one| one.parse().unwrap()).collect();
        assert_eq!(found, Some(expected), "{asked}");
    }

    #[test]
    fn containers_have_names_aliases_and_ids() {
        let names = sample();
        has(&names, "test101", &["10.0.10.7", "fd10::7", "10.0.20.7"]);
        has(&names, "TEST101.vlan20.", &["10.0.20.7"]);
        has(&names, "web.vlan10", &["10.0.10.7", "fd10::7", "10.0.10.8"]);
        has(&names, "a.b", &["10.0.10.8"]);
        has(&names, "a.b.vlan10", &["10.0.10.8"]);
        has(&names, "c2.vlan20", &["fd20::8"]);
        // Names in between, of which nobody has one.
        has(&names, "b.vlan10", &[]);
        has(&names, "vlan10", &[]);
        for other in ["b", "elsewhere", "web.vlan20", "10.0.10.7"] {
            assert_eq!(names.get(&name(other)), None, "{other}");
        }
        assert_eq!(names.zone(&name("x.y.VLAN10")), Some(&name("vlan10")));
        assert_eq!(names.zone(&name("vlan10.example.com")), None);
    }

    #[test]
    fn addresses_have_the_name_in_their_network() {
        let names = sample();
        for (address, expected) in [
            ("10.0.10.7", "test101.vlan10"),
            ("fd10::7", "test101.vlan10"),
            ("10.0.20.7", "test101.vlan20"),
            ("fd20::8", "c2.vlan20"),
        ] {
            let reverse = DomainName::reverse_from_addr(address.parse().unwrap()).unwrap();
            let pointers = &names.get(&reverse).unwrap().pointers;
            assert_eq!(pointers.iter().collect::<Vec<_>>(), [&name(expected)], "{address}");
        }
        // An id that is too long for a name.
        let reverse = DomainName::reverse_from_addr("10.0.20.9".parse().unwrap()).unwrap();
        assert_eq!(names.get(&reverse), None);
    }
}
