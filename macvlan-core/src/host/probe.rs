//! Probes many addresses on a parent's network.

use std::net::IpAddr;

use crate::endpoint::{Endpoint, IntoParent, lowest_seen};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::lan::ask::ask;
use crate::lan::asked::Asked;
use crate::lan::carrier::Carrier;
use crate::lan::probe::Probe;
use crate::netns::NetNs;
use crate::value::address::check_anothers;
use crate::value::holder::Holder;
use crate::value::link::AddrGenMode;

impl Host {
    /// Probes many addresses on a parent's network and returns the hosts that have them.
    ///
    /// The addresses may be of both families.
    ///
    /// The other addresses are free.
    ///
    /// The probes are sent through a macvlan in a temporary namespace, because probes from the
    /// parent itself do not reach its macvlans. Macvlans in modes private and vepa do not receive
    /// them either; the parent's own addresses are looked up. No neighbour table is changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for an address that no host can
    /// have on a network;
    /// [`ErrorKind::PassthruConflict`](crate::ErrorKind::PassthruConflict) if the parent has a
    /// macvlan in mode passthru; [`ErrorKind::ParentDown`](crate::ErrorKind::ParentDown) without a
    /// carrier; [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) if cancelled; otherwise as
    /// for [`Host::attach`].
    pub fn probe_addresses(
        &self,
        parent: impl IntoParent,
        addresses: &[IpAddr],
        probe: &Probe,
    ) -> Result<Vec<Holder>> {
        for ip in addresses {
            check_anothers("probe", *ip)?;
        }
        let mut ips = addresses.to_vec();
        ips.sort_unstable();
        ips.dedup();
        if ips.is_empty() {
            return Ok(Vec::new());
        }
        let netns = NetNs::anonymous()?;
        // Without a link-local address, the kernel sends nothing.
        let ears = Endpoint::new("probe", parent)?.addr_gen_mode(AddrGenMode::None).lo_up(false);
        let attachment = self.attach(&ears, &netns).or_else(|error| {
            // Without IPv6, there is no link-local address.
            let quiet = ears.clone().without_addr_gen_mode();
            self.attach(&quiet, &netns).map_err(|_| error)
        });
        let attachment = attachment.map_err(Error::without_link)?;
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
        let held = held().map_err(Error::without_link);
        // Also removes a VLAN that was made for it.
        let detached = self.detach(&attachment);
        let held = held?;
        detached?;
        Ok(held)
    }
}
