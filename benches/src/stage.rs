//! Where contenders meet: a host with a parent link, siblings on it, and containers made beforehand.

use std::time::Duration;

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Container, Lab, ip, ip_addresses, ip_lines, ip_link};

use crate::Outcome;
use crate::work;

/// The parent link on the host.
pub const PARENT: &str = "ens33";

/// How long the kernel is given to bury namespaces, which it does when it likes.
const BURIAL: Duration = Duration::from_millis(300);

/// A throwaway host whose parent link may carry siblings already.
#[derive(Debug)]
pub struct Stage {
    lab: Lab,
    _siblings: Option<NetNs>,
}

impl Stage {
    /// A host with this many macvlans on its parent, up, in a namespace of their own.
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
        Ok(Self { lab, _siblings: siblings })
    }

    /// The host's namespace.
    pub fn netns(&self) -> &NetNs {
        &self.lab.a.netns
    }

    /// The parent's index.
    pub fn parent(&self) -> Outcome<u32> {
        Ok(self.lab.a.handle.link(PARENT)?.index)
    }

    /// New containers, with nothing in them.
    pub fn containers(count: usize) -> Outcome<Vec<Container>> {
        (0..count).map(|_| Container::start().map_err(|stop| format!("{stop:?}").into())).collect()
    }

    /// Ends containers, and waits until the kernel is done with them.
    pub fn end(containers: Vec<Container>) {
        drop(containers);
        std::thread::sleep(BURIAL);
    }
}

/// Whether the work was really done, by `ip`'s word; what is wrong, otherwise.
pub fn witness(netns: &NetNs) -> Outcome {
    let link = ip_link(netns, work::NAME);
    let info = &link["linkinfo"];
    let expect = |what: &str, right: bool| {
        if right { Ok(()) } else { Err(format!("{what} in {netns}: {link}")) }
    };
    expect("no macvlan", info["info_kind"] == "macvlan")?;
    expect("mode", info["info_data"]["mode"] == "bridge")?;
    let flags = link["flags"].as_array().cloned().unwrap_or_default();
    expect("not up", flags.iter().any(|flag| flag == "UP"))?;
    let addresses =
        [format!("{}/{}", work::V4.0, work::V4.1), format!("{}/{}", work::V6.0, work::V6.1)];
    expect("addresses", ip_addresses(netns, work::NAME) == addresses)?;
    for (family, gateway) in
        [("-4", work::GATEWAYS.0.to_string()), ("-6", work::GATEWAYS.1.to_string())]
    {
        let routes = ip_lines(netns, &format!("{family} route show default"));
        let wanted = format!("default via {gateway} dev {}", work::NAME);
        expect("default route", routes.len() == 1 && routes[0].starts_with(&wanted))?;
    }
    let lo = ip(netns, "link show dev lo");
    let flags = lo[0]["flags"].as_array().cloned().unwrap_or_default();
    expect("lo is down", flags.iter().any(|flag| flag == "UP"))?;
    Ok(())
}
