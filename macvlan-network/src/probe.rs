//! Asking the wire whether somebody has an address already.

use std::fmt;
use std::net::IpAddr;

use macvlan_core::{Host, Parent};

/// Something that asks on a parent's wire who has addresses, and tells which of them are taken.
///
/// A closure can be one. It is asked before an address is given, for networks that were created with
/// [`NetworkConfig::probe`](crate::NetworkConfig::probe).
pub trait Probe: Send + Sync {
    /// Those of the addresses that somebody has.
    fn taken(
        &self,
        host: &Host,
        parent: &Parent,
        addresses: &[IpAddr],
    ) -> macvlan_core::Result<Vec<IpAddr>>;
}

impl<F> Probe for F
where
    F: Fn(&Host, &Parent, &[IpAddr]) -> macvlan_core::Result<Vec<IpAddr>> + Send + Sync,
{
    fn taken(
        &self,
        host: &Host,
        parent: &Parent,
        addresses: &[IpAddr],
    ) -> macvlan_core::Result<Vec<IpAddr>> {
        self(host, parent, addresses)
    }
}

/// How addresses are asked for, by ARP and by the kernel's duplicate detection
/// ([`Host::probe_free`]).
impl Probe for macvlan_core::Probe {
    fn taken(
        &self,
        host: &Host,
        parent: &Parent,
        addresses: &[IpAddr],
    ) -> macvlan_core::Result<Vec<IpAddr>> {
        let holders = host.probe_free(parent.clone(), addresses, self)?;
        Ok(holders.into_iter().map(|holder| holder.address).collect())
    }
}

impl fmt::Debug for dyn Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}
