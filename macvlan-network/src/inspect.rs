//! Networks in the form of `docker network inspect`, for tools that read it.

use macvlan_core::{LinkName, Presence};
use serde_json::{Map, Value, json};

use crate::alive;
use crate::error::Result;
use crate::lease::Lease;
use crate::network::Network;
use crate::range::AddressRange;
use crate::session::Session;
use crate::subnet::Subnet;

/// Docker's name of the driver.
const DRIVER: &str = "macvlan";

impl Network {
    /// Returns the network in the form of `docker network inspect`.
    ///
    /// It includes the containers on all hosts.
    ///
    /// Each container additionally has its `Host`, its `Interface` and, as `Namespace`, the state
    /// of its namespace: `there`, `gone`, `unknown` (as on another host that is alive), or
    /// `pending` for a pending lease, whose age in seconds is `Pending`. `Link` is the name that the
    /// interface has inside now, if it was renamed, or `null`, if it is not there. Further interfaces of a
    /// container have the key `CONTAINER/INTERFACE`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](crate::ErrorKind::File) if the boot id cannot be read; otherwise as for
    /// every [`Store`](crate::Store#errors).
    pub fn inspect(&self) -> Result<Value> {
        let config = self.config();
        let mut leases = self.leases()?;
        leases.sort_by_key(|lease| lease.sequence);
        let states = self.states(&leases)?;
        let mut containers = Map::new();
        for (lease, (state, link)) in leases.iter().zip(states) {
            let mut key = lease.container.clone();
            if containers.contains_key(&key) {
                key = format!("{key}/{}", lease.interface);
            }
            containers.insert(key, container(lease, state, link)?);
        }
        let mut options = Map::new();
        options.insert("macvlan_mode".to_owned(), config.get_mode().to_string().into());
        options.insert("parent".to_owned(), self.parent().into());
        if let Some(mtu) = config.get_mtu() {
            options.insert("com.docker.network.driver.mtu".to_owned(), mtu.to_string().into());
        }
        for (key, value) in config.get_options() {
            options.insert(key.clone(), value.clone().into());
        }
        Ok(json!({
            "Name": self.name(),
            "Id": self.id(),
            "Created": self.created(),
            "Scope": self.session.scope(),
            "Driver": DRIVER,
            "EnableIPv4": config.has_family(false),
            "EnableIPv6": config.has_family(true),
            "IPAM": {
                "Driver": "default",
                "Options": {},
                "Config": config.get_subnets().iter().map(subnet).collect::<Vec<_>>(),
            },
            "Internal": config.get_internal(),
            "Attachable": false,
            "Ingress": false,
            "ConfigFrom": { "Network": "" },
            "ConfigOnly": false,
            "Containers": containers,
            "Options": options,
            "Labels": config.get_labels(),
        }))
    }
}

/// Formats a subnet; like Docker, omits values that were not given.
fn subnet(subnet: &Subnet) -> Value {
    let mut made = Map::new();
    made.insert("Subnet".to_owned(), subnet.get_net().to_string().into());
    if !subnet.get_ranges().is_empty() {
        let ranges: Vec<String> = subnet.get_ranges().iter().map(text_of_range).collect();
        made.insert("IPRange".to_owned(), ranges.join(",").into());
    }
    if let Some(gateway) = subnet.get_gateway() {
        made.insert("Gateway".to_owned(), gateway.to_string().into());
    }
    if !subnet.get_reserved().is_empty() {
        made.insert("AuxiliaryAddresses".to_owned(), json!(subnet.get_reserved()));
    }
    made.into()
}

/// Formats a range; a single address like Docker does, as `10.0.0.7/32`.
fn text_of_range(range: &AddressRange) -> String {
    range.net().map_or_else(|| range.to_string(), |net| net.to_string())
}

fn container(lease: &Lease, state: &str, link: Option<Link>) -> Result<Value> {
    let of_family = |v6: bool| lease.addresses.iter().filter(move |one| one.addr().is_ipv6() == v6);
    let first = |v6| of_family(v6).next().map(ToString::to_string).unwrap_or_default();
    let mut told = json!({
        "Name": lease.name.as_deref().unwrap_or(&lease.container),
        "EndpointID": lease.endpoint,
        "MacAddress": lease.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        "IPv4Address": first(false),
        "IPv6Address": first(true),
        "Host": lease.host,
        "Interface": lease.interface,
        "Namespace": state,
        "GwPriority": lease.gw_priority,
    });
    if let Some(pending) = lease.pending() {
        told["Pending"] = pending.age()?.as_secs().into();
    }
    if let Some(link) = link.filter(|link| *link != Some(lease.interface)) {
        told["Link"] = json!(link);
    }
    let others: Vec<String> = [false, true]
        .into_iter()
        .flat_map(|v6| of_family(v6).skip(1))
        .map(ToString::to_string)
        .collect();
    // Docker omits empty lists.
    for (key, values) in [
        ("Aliases", json!(lease.aliases)),
        ("SecondaryAddresses", json!(others)),
        ("LinkLocalIPs", json!(lease.link_local)),
    ] {
        if values != json!([]) {
            told[key] = values;
        }
    }
    Ok(told)
}

/// The name that an interface has inside now, if it is there.
type Link = Option<LinkName>;

impl Network {
    /// Returns the states of the containers' namespaces, after one search of the machine, and their
    /// links, as far as they can be examined.
    fn states(&self, leases: &[Lease]) -> Result<Vec<(&'static str, Option<Link>)>> {
        let hosts = self.session.store.living_hosts()?;
        let mut states = vec![("unknown", None); leases.len()];
        let (mut places, mut marks) = (Vec::new(), Vec::new());
        for (at, lease) in leases.iter().enumerate() {
            if lease.pending().is_some() {
                states[at].0 = "pending";
            } else if let Some(netns) = lease.netns().filter(|_| self.session.is_here(lease)) {
                places.push(at);
                marks.push(netns);
            } else if lease.is_of_the_dead(hosts.as_deref()) {
                states[at].0 = "gone";
            }
        }
        alive::find_all(&marks, |at, presence| {
            let at = places[at];
            states[at] = match presence {
                Presence::There(netns) => {
                    ("there", self.link_inside(&leases[at], leases, &netns).ok())
                }
                Presence::Gone => ("gone", None),
                Presence::Unknown(_) => ("unknown", None),
            };
        })?;
        Ok(states)
    }

    /// Returns the network's entry in [`Networks::summary`](crate::Networks::summary).
    pub(crate) fn summary(&self, containers: usize) -> Value {
        let subnets: Vec<String> =
            self.config().get_subnets().iter().map(ToString::to_string).collect();
        json!({
            "Id": self.id(),
            "Name": self.name(),
            "Driver": DRIVER,
            "Scope": self.session.scope(),
            "Parent": self.parent(),
            "Internal": self.config().get_internal(),
            "Subnets": subnets,
            "Containers": containers,
        })
    }
}

impl Session {
    /// Returns Docker's word for the networks' scope.
    fn scope(&self) -> &'static str {
        if self.store.host_name().is_some() { "global" } else { "local" }
    }
}
