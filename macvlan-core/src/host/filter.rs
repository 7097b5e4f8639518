//! Reads the filter list of a parent, which has the MAC address of each macvlan that is up.

use nix::errno::Errno;

use crate::endpoint::{Parent, find_parent, lowest_seen};
use crate::error::Result;
use crate::host::Host;
use crate::netlink::Failure;
use crate::rtnl::{decode, encode};
use crate::value::mac::MacAddr;

impl Host {
    /// Returns the MAC addresses of the macvlans that are up on a parent, in whatever namespaces
    /// (`bridge fdb show dev PARENT`).
    ///
    /// Includes links of namespaces that have ended, which the kernel deletes slightly later.
    /// Empty if the parent does not exist.
    ///
    /// # Errors
    ///
    /// As for [`Handle::neighbours`](crate::Handle::neighbours).
    #[doc(hidden)] // for macvlan-network
    pub fn filtered_macs(&self, parent: &Parent) -> Result<Vec<MacAddr>> {
        let Some(found) = find_parent(self.netns(), parent)? else { return Ok(Vec::new()) };
        let index = lowest_seen(self.netns(), found.index)?;
        let mac = |payload: &[u8]| decode::filtered_mac(payload, index);
        match self.netns().connection()?.dump(&encode::get_forwarding(index), mac) {
            // It was deleted just now.
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(Vec::new()),
            Ok(found) => Ok(found),
            Err(failure) => {
                let error = failure.into_error("read the parent's filter list");
                Err(error.in_netns(self.netns().describe()))
            }
        }
    }
}
