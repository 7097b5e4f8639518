//! Checks that kernel and store agree after a phase: with `ip` in the containers, and by leasing
//! all remaining addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, ErrorKind, Lease, Network, Networks};
use macvlan_tests::{Outcome, eventually, ip, ip_lines};

use crate::scene::{Scene, answers_for_itself};
use crate::{NETWORKS, POOL};

/// One interface: its host, container, name, MAC address and addresses.
type Place = (String, String, String, String, BTreeSet<String>);

/// Containers that have all remaining addresses of a network.
struct Filled {
    inside: NetNs,
    given: Vec<(Network, String)>,
    /// The addresses of these containers and of the others.
    addresses: BTreeSet<IpAddr>,
}

impl Filled {
    fn new(network: &Network) -> Outcome<Self> {
        let inside = NetNs::anonymous()?;
        answers_for_itself(&inside);
        let leases = network.leases()?;
        let addresses = leases.iter().flat_map(|lease| &lease.addresses).map(ipnet::IpNet::addr);
        Ok(Self { inside, given: Vec::new(), addresses: addresses.collect() })
    }

    /// Connects one more container; false if no address is left.
    fn connect(&mut self, on_host: &Network, wished: &[IpAddr]) -> Outcome<bool> {
        let number = self.given.len();
        let (id, name) = (format!("fill-{number}"), format!("f{number}"));
        let options = ConnectOptions::new(&id).interface(name);
        let options = wished.iter().fold(options, |options, one| options.address(*one));
        match on_host.connect(&options, &self.inside) {
            Ok(connection) => {
                for address in connection.addresses() {
                    assert!(self.addresses.insert(address), "{address} was given twice");
                }
                self.given.push((on_host.clone(), id));
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::PoolExhausted => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn disconnect(self) -> Outcome {
        for (on_host, id) in self.given {
            on_host.disconnect_from(&id, &self.inside)?;
        }
        Ok(())
    }
}

impl Scene {
    /// Reconciles all hosts, and checks that they agree.
    pub(crate) fn agree(&mut self) -> Outcome {
        let hosts = 0..self.hosts.len();
        let sessions = hosts.map(|host| self.session(host)).collect::<Outcome<Vec<_>>>()?;
        self.bring_in_order(&sessions)?;
        let mut leases = Vec::new();
        for network in sessions[0].list()? {
            let of_network = network.leases()?;
            assert_all_can_be_given(&sessions, &network, of_network.len())?;
            leases.extend(of_network);
            assert_eq!(network.conflicting_addresses()?, [], "nobody else is there");
        }
        self.assert_interfaces(&sessions[0], &leases)?;
        assert_eq!(sessions[0].unreadable()?.len(), 0);
        Ok(())
    }

    /// Reconciles until there is nothing left to do.
    fn bring_in_order(&self, sessions: &[Networks]) -> Outcome {
        let mut last = String::new();
        let mut round = 0;
        let ordered = eventually("kernel and store do not agree", || {
            let mut done = Vec::new();
            for session in sessions {
                let all = match session.reconcile() {
                    // etcd was just restarted.
                    Err(error) if error.kind() == ErrorKind::StoreUnavailable => {
                        vec![error.to_string()]
                    }
                    all => all?.iter().map(ToString::to_string).collect(),
                };
                done.extend(all.into_iter().map(|one| format!("{}: {one}", session.host_name())));
            }
            last = done.join("; ");
            self.diary.note(&format!("brought in order, round {round}: {last}"));
            round += 1;
            Ok(done.is_empty())
        });
        ordered.map_err(|stop| format!("{stop:?}: {last}").into())
    }

    /// Checks that containers and hosts have exactly the interfaces of the leases.
    fn assert_interfaces(&self, networks: &Networks, leases: &[Lease]) -> Outcome {
        let mut wanted = BTreeSet::new();
        for lease in leases {
            let addresses = lease.addresses.iter().map(ToString::to_string).collect();
            let mac = lease.mac.map(|mac| mac.to_string()).unwrap_or_default();
            let (host, interface) = (self.host_of(networks, lease), lease.interface.to_string());
            wanted.insert((host, lease.container.clone(), interface, mac, addresses));
        }
        let mut found = BTreeSet::new();
        for host in &self.hosts {
            for slot in &host.slots {
                let netns = slot.container.netns()?;
                found.extend(places(&host.name, &slot.id, &netns));
            }
            let inner = networks.network(NETWORKS[2])?;
            let is_isolated = inner.config().get_parent().is_none();
            let is_used = leases.iter().any(|lease| {
                lease.network == inner.id() && self.host_of(networks, lease) == host.name
            });
            let links = ip_lines(&host.netns, "-o link show");
            assert_eq!(
                links.len(),
                2 + usize::from(is_used && is_isolated),
                "on {}: {links:#?}",
                host.name
            );
        }
        let (lost, more) = (wanted.difference(&found), found.difference(&wanted));
        let (lost, more): (Vec<_>, Vec<_>) = (lost.collect(), more.collect());
        if lost.is_empty() && more.is_empty() {
            return Ok(());
        }
        Err(format!("leases without interface: {lost:?}; without a lease: {more:?}").into())
    }

    /// Returns the host that a lease is on.
    fn host_of(&self, networks: &Networks, lease: &Lease) -> String {
        match networks.store().host_name() {
            Some(_) => lease.host.clone(),
            // All leases are this machine's.
            None => self.hosts[0].name.clone(),
        }
    }
}

/// Checks that each address without a lease can be given exactly once.
fn assert_all_can_be_given(sessions: &[Networks], network: &Network, leased: usize) -> Outcome {
    let mut filled = Filled::new(network)?;
    for session in sessions {
        let on_host = session.network(network.name())?;
        while filled.connect(&on_host, &[])? {}
    }
    // One host's share may have only addresses of one family left, and another's those of the
    // other.
    let (v4, v6): (Vec<_>, Vec<_>) =
        pool(network).filter(|one| !filled.addresses.contains(one)).partition(IpAddr::is_ipv4);
    let families = network.config().get_subnets().len();
    let both = if families == 1 { v4.len() } else { v4.len().min(v6.len()) };
    let is_shared = network.config().get_block_size().is_some();
    assert!(is_shared || both == 0, "{v4:?} and {v6:?} are not given");
    for at in 0..both {
        let wished: Vec<IpAddr> = v4.get(at).into_iter().chain(v6.get(at)).copied().collect();
        assert!(filled.connect(network, &wished)?, "{wished:?} cannot be given");
    }
    // A lease that was entered again may lack one family, whose address another container has, so
    // that one of the other family is left over.
    for address in v4[both..].iter().chain(v6.get(both..).unwrap_or_default()) {
        network.add_conflicting_address(*address)?;
        assert!(network.remove_conflicting_address(*address)?);
        filled.addresses.insert(*address);
    }
    let size = usize::from(POOL.end - POOL.start) * families;
    let name = network.name();
    assert_eq!(filled.addresses.len(), size, "in {name:?}, with {leased} leases");
    filled.disconnect()
}

/// Returns the addresses that a network gives.
pub(crate) fn pool(network: &Network) -> impl Iterator<Item = IpAddr> {
    let nets = network.config().get_subnets().iter().map(|subnet| subnet.get_net().network());
    nets.flat_map(|net| {
        POOL.map(move |at| match net {
            IpAddr::V4(net) => Ipv4Addr::from_bits(net.to_bits() + u32::from(at)).into(),
            IpAddr::V6(net) => Ipv6Addr::from_bits(net.to_bits() + u128::from(at)).into(),
        })
    })
}

/// Returns a container's interfaces as `ip` shows them.
fn places(host: &str, container: &str, netns: &NetNs) -> Vec<Place> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let links = ip(netns, "address show");
    let links = links.as_array().cloned().unwrap_or_default();
    let ours = links.iter().filter(|link| link["ifname"] != "lo");
    let place = |link: &serde_json::Value| {
        let all = link["addr_info"].as_array().cloned().unwrap_or_default();
        let global = all.iter().filter(|one| one["scope"] == "global");
        let addresses =
            global.map(|one| format!("{}/{}", text(&one["local"]), one["prefixlen"])).collect();
        let (name, mac) = (text(&link["ifname"]), text(&link["address"]));
        (host.to_owned(), container.to_owned(), name, mac, addresses)
    };
    ours.map(place).collect()
}
