//! Probes for addresses that are in use on the LAN.

use std::fmt;
use std::net::IpAddr;

use macvlan_core::{Host, Parent};

/// A way to find out which addresses hosts on a parent's network use.
///
/// It is implemented for [`macvlan_core::Probe`] and for closures. It is called before an address
/// is given, in networks that were created with
/// [`NetworkConfig::probe`](crate::NetworkConfig::probe).
pub trait AddressProbe: Send + Sync {
    /// Returns those of the addresses that are in use.
    ///
    /// # Errors
    ///
    /// Any error of the core, which becomes the cause of an error of kind
    /// [`ErrorKind::Kernel`](crate::ErrorKind::Kernel).
    fn taken(
        &self,
        host: &Host,
        parent: &Parent,
        addresses: &[IpAddr],
    ) -> macvlan_core::Result<Vec<IpAddr>>;
}

impl<F> AddressProbe for F
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

/// Probes with ARP and IPv6 duplicate address detection ([`Host::probe_addresses`]).
impl AddressProbe for macvlan_core::Probe {
    fn taken(
        &self,
        host: &Host,
        parent: &Parent,
        addresses: &[IpAddr],
    ) -> macvlan_core::Result<Vec<IpAddr>> {
        let holders = host.probe_addresses(parent.clone(), addresses, self)?;
        Ok(holders.into_iter().map(|holder| holder.address).collect())
    }
}

impl fmt::Debug for dyn AddressProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressProbe")
    }
}
