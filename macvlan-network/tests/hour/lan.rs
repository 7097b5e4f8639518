//! Hosts on a switch, and an observer.

use macvlan_core::{Handle, Link, LinkState, NetNs};
use macvlan_tests::{Need, Outcome, eventually, need};

use crate::common::plug;

#[derive(Debug)]
pub(crate) struct Lan {
    pub(crate) switch: NetNs,
    pub(crate) hosts: Vec<NetNs>,
    /// The switch's ports of the hosts.
    pub(crate) ports: Vec<String>,
    pub(crate) witness: NetNs,
}

impl Lan {
    pub(crate) fn new(hosts: usize) -> Outcome<Self> {
        for what in [Need::Root, Need::Macvlan, Need::Bridge, Need::Ipv6] {
            need(what)?;
        }
        let switch = NetNs::anonymous()?;
        Handle::in_netns(&switch)?.add_link(&Link::bridge("br0")?.up(true))?;
        let ports: Vec<String> = (0..hosts).map(|number| format!("p{number}")).collect();
        let plugged = ports.iter().map(|port| plug(&switch, port)).collect::<Outcome<Vec<_>>>()?;
        let witness = plug(&switch, "witness")?;
        for end in plugged.iter().chain([&witness]) {
            let handle = Handle::in_netns(end)?;
            eventually("a cable does not come up", || {
                Ok(handle.link("ens33")?.state == LinkState::Up)
            })?;
        }
        Ok(Self { switch, hosts: plugged, ports, witness })
    }
}
