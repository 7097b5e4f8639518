//! Which of many addresses are in use on a parent's network.

use std::net::IpAddr;

use crate::endpoint::{Endpoint, IntoParent, lowest_seen};
use crate::error::Result;
use crate::host::Host;
use crate::lan::ask::ask;
use crate::lan::asked::Asked;
use crate::lan::carrier::Carrier;
use crate::lan::probe::Probe;
use crate::netns::NetNs;
use crate::value::holder::Holder;
use crate::value::link::AddrGenMode;

impl Host {
    /// Asks on a parent's network for many addresses of both families at once, and tells who has
    /// which; those that are not among the answers are free. For pools of addresses.
    ///
    /// It is asked through a macvlan in a namespace of its own, both gone when this returns, because
    /// a question from the parent itself would not reach the containers on it. Those in modes private
    /// and vepa do not hear it either; the parent's own addresses are looked up. A parent that has a
    /// container in mode passthru is refused. Nobody's neighbour table changes.
    pub fn probe_free(
        &self,
        parent: impl IntoParent,
        addresses: &[IpAddr],
        probe: &Probe,
    ) -> Result<Vec<Holder>> {
        let mut ips = addresses.to_vec();
        ips.sort_unstable();
        ips.dedup();
        if ips.is_empty() {
            return Ok(Vec::new());
        }
        let netns = NetNs::anonymous()?;
        // Without a link-local address the kernel has nothing to say there.
        let ears = Endpoint::new("probe", parent)?.addr_gen_mode(AddrGenMode::None).lo_up(false);
        let attachment = self.attach(&ears, &netns).or_else(|error| {
            // Where there is no IPv6, there is nothing to be kept silent.
            let quiet = ears.clone().without_addr_gen_mode();
            self.attach(&quiet, &netns).map_err(|_| error)
        })?;
        let mut held = || -> Result<Vec<Holder>> {
            let asked = Asked {
                host: self.netns(),
                parent: lowest_seen(self.netns(), attachment.parent_index())?,
                netns: &netns,
                link: "probe",
                index: attachment.index(),
                mac: attachment.mac(),
                cancels: self.cancels(),
            };
            let mut held = asked.held_by_parent(&ips)?;
            ips.retain(|ip| held.iter().all(|holder| holder.address != *ip));
            if !ips.is_empty() {
                held.extend(ask(&mut Carrier::watch(&asked)?, &ips, probe, false)?);
            }
            held.sort_unstable();
            Ok(held)
        };
        let held = held();
        // Removes a VLAN that was made for it, too.
        let detached = self.detach(&attachment);
        let held = held?;
        detached?;
        Ok(held)
    }
}
