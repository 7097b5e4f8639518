//! Reads the filter list of a parent, which has the MAC address of each macvlan that is up.

use nix::errno::Errno;

use crate::endpoint::{Parent, find_parent, lowest_seen};
use crate::error::Result;
use crate::host::Host;
use crate::netlink::Failure;
use crate::rtnl::{decode, encode};
use crate::value::mac::MacAddr;

impl Host {
    /// Returns whether a macvlan with this MAC address is up on a parent, in whatever namespace
    /// (`bridge fdb show dev PARENT`).
    ///
    /// Also finds links of a namespace that has ended, which the kernel deletes slightly later.
    /// False if the parent does not exist.
    ///
    /// # Errors
    ///
    /// As for [`Handle::neighbours`](crate::Handle::neighbours).
    #[doc(hidden)] // for macvlan-network
    pub fn has_in_filter(&self, parent: &Parent, mac: MacAddr) -> Result<bool> {
        let Some(found) = find_parent(self.netns(), parent)? else { return Ok(false) };
        let index = lowest_seen(self.netns(), found.index)?;
        let is_its = |payload: &[u8]| decode::filtered_mac(payload, index).filter(|it| *it == mac);
        match self.netns().connection()?.dump(&encode::get_forwarding(index), is_its) {
            // It was deleted just now.
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(false),
            Ok(found) => Ok(!found.is_empty()),
            Err(failure) => {
                let error = failure.into_error("read the parent's filter list");
                Err(error.in_netns(self.netns().describe()))
            }
        }
    }
}
