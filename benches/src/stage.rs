//! The benchmarks' environment: a host with a parent link, siblings on it, and prepared containers.

use std::time::Duration;

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Container, Lab, ip, ip_addresses, ip_lines, ip_link};

use crate::Outcome;
use crate::work;

/// The parent link on the host.
pub const PARENT: &str = "ens33";

/// The time for the kernel to delete namespaces, which it does asynchronously; and the additional
/// time for each.
const BURIAL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(1));

/// A temporary host whose parent link may have siblings.
#[derive(Debug)]
pub struct Stage {
    lab: Lab,
    siblings: Option<NetNs>,
}

impl Stage {
    /// Creates a host with this many macvlans on its parent, up, in a separate namespace.
    pub fn with_siblings(count: usize) -> Outcome<Self> {
        let lab = Lab::new().map_err(|stop| format!("{stop:?}"))?;
        let mut siblings = None;
        if count > 0 {
            let netns = NetNs::anonymous()?;
            for number in 0..count {
                let sibling = Endpoint::new(format!("mv{number}"), PARENT)?.lo_up(false);
                lab.a.host.attach(&sibling, &netns)?;
            }
            siblings = Some(netns);
        }
        Ok(Self { lab, siblings })
    }

    /// Returns the host's namespace.
    pub fn netns(&self) -> &NetNs {
        &self.lab.a.netns
    }

    /// Returns the siblings' namespace, if any.
    pub fn siblings(&self) -> Option<&NetNs> {
        self.siblings.as_ref()
    }

    /// Returns the parent's index.
    pub fn parent(&self) -> Outcome<u32> {
        Ok(self.lab.a.handle.link(PARENT)?.index)
    }

    /// Creates empty containers.
    pub fn containers(count: usize) -> Outcome<Vec<Container>> {
        (0..count).map(|_| Container::start().map_err(|stop| format!("{stop:?}").into())).collect()
    }

    /// Ends containers, and waits until the kernel has deleted them.
    pub fn end(containers: Vec<Container>) {
        let count = containers.len();
        drop(containers);
        Self::bury(count);
    }

    /// Waits until the kernel has deleted this many unused namespaces.
    pub fn bury(count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        std::thread::sleep(BURIAL.0 + BURIAL.1 * count);
    }
}

/// Checks with `ip` that the work was done; otherwise returns the fault.
pub fn witness(netns: &NetNs, only_v4: bool) -> Outcome {
    let link = ip_link(netns, work::NAME);
    let info = &link["linkinfo"];
    let expect = |what: &str, right: bool| {
        if right { Ok(()) } else { Err(format!("{what} in {netns}: {link}")) }
    };
    expect("no macvlan", info["info_kind"] == "macvlan")?;
    expect("mode", info["info_data"]["mode"] == "bridge")?;
    let flags = link["flags"].as_array().cloned().unwrap_or_default();
    expect("not up", flags.iter().any(|flag| flag == "UP"))?;
    let mut wanted =
        vec![("-4", format!("{}/{}", work::V4.0, work::V4.1), work::GATEWAYS.0.to_string())];
    if !only_v4 {
        let address = format!("{}/{}", work::V6.0, work::V6.1);
        wanted.push(("-6", address, work::GATEWAYS.1.to_string()));
    }
    let addresses: Vec<&String> = wanted.iter().map(|(_, address, _)| address).collect();
    expect("addresses", ip_addresses(netns, work::NAME).iter().collect::<Vec<_>>() == addresses)?;
    let failed = ip_lines(netns, &format!("-6 address show dev {} dadfailed", work::NAME));
    expect("somebody else has its address", failed.is_empty())?;
    for (family, _, gateway) in &wanted {
        let routes = ip_lines(netns, &format!("{family} route show default"));
        let wanted = format!("default via {gateway} dev {}", work::NAME);
        expect("default route", routes.len() == 1 && routes[0].starts_with(&wanted))?;
    }
    let lo = ip(netns, "link show dev lo");
    let flags = lo[0]["flags"].as_array().cloned().unwrap_or_default();
    expect("lo is down", flags.iter().any(|flag| flag == "UP"))?;
    Ok(())
}
