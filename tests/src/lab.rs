//! Two hosts with a cable between them.

use macvlan_core::{Address, AddressFilter, Handle, Host, Link, LinkName, LinkState, NetNs};

use crate::harness::Outcome;
use crate::ip::sysctl;
use crate::need::{Need, need};
use crate::patience::eventually;
use crate::settle::settle;

/// The name of the parent link on both hosts.
const PARENT: &str = "ens33";

/// Two hosts, connected by a cable whose ends are the parent links, both called `ens33`.
#[derive(Debug)]
pub struct Lab {
    /// 192.168.15.1 and `fd15::1`.
    pub a: LabHost,
    /// 192.168.15.2 and `fd15::2`.
    pub b: LabHost,
}

/// A host: a network namespace with a parent link that is up and has addresses.
#[derive(Debug)]
pub struct LabHost {
    /// The host's namespace.
    pub netns: NetNs,
    /// A session on it.
    pub host: Host,
    /// A handle on its namespace.
    pub handle: Handle,
    /// Its parent link.
    pub parent: LinkName,
}

impl Lab {
    /// Creates hosts with the addresses 192.168.15.1/24 and `fd15::1/64`, and .2 and `::2`.
    pub fn new() -> Outcome<Self> {
        Self::with_addresses(
            &["192.168.15.1/24", "fd15::1/64 nodad"],
            &["192.168.15.2/24", "fd15::2/64 nodad"],
        )
    }

    /// Creates hosts with other addresses, or none.
    pub fn with_addresses(on_a: &[&str], on_b: &[&str]) -> Outcome<Self> {
        for what in [Need::Root, Need::Macvlan] {
            need(what)?;
        }
        let lab = Self { a: LabHost::new()?, b: LabHost::new()? };
        lab.cable(PARENT)?;
        for (host, addresses) in [(&lab.a, on_a), (&lab.b, on_b)] {
            for address in addresses {
                let address: Address = address.parse()?;
                if address.ip().is_ipv4() || need(Need::Ipv6).is_ok() {
                    host.handle.add_address(PARENT, &address)?;
                }
            }
            settle(&host.netns);
        }
        Ok(lab)
    }

    /// Adds another cable between the two, with the same name at both ends. Returns when both ends
    /// work and the kernel has finished its setup.
    pub fn cable(&self, name: &str) -> Outcome {
        self.a.handle.add_link(&Link::veth(name, name, Some(&self.b.netns))?.up(true))?;
        self.b.handle.set_up(name)?;
        let ipv6 = need(Need::Ipv6).is_ok();
        for host in [&self.a, &self.b] {
            let of_link = AddressFilter::new().link(name.parse::<LinkName>()?);
            eventually(&format!("the cable {name} does not come up"), || {
                Ok(host.handle.link(name)?.state == LinkState::Up
                    && (!ipv6 || !host.handle.find_addresses(&of_link)?.is_empty()))
            })?;
            settle(&host.netns);
        }
        Ok(())
    }
}

impl LabHost {
    fn new() -> Outcome<Self> {
        let netns = NetNs::anonymous()?;
        if need(Need::Ipv6).is_ok() {
            // Link-local addresses can be used at once and do not change, so that snapshots are
            // stable.
            sysctl(&netns, "ipv6/conf/default/accept_dad", "0");
        }
        let handle = Handle::in_netns(&netns)?;
        handle.set_up("lo")?;
        Ok(Self { host: Host::in_netns(&netns)?, handle, parent: PARENT.parse()?, netns })
    }
}
