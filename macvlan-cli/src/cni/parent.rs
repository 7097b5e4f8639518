//! The link of the parent, as far as interfaces can be made on it.

use macvlan_core::{Host, LinkInfo, LinkState, Parent};

use crate::cni::error::{Code, Error, Result};

/// Finds the parent's link, or the one that a VLAN on demand is made on.
pub(super) fn find(host: &Host, parent: &Parent) -> Result<Option<LinkInfo>> {
    match host.handle()?.link(parent.id()?) {
        Err(error) if error.is_not_found() => {
            parent.get_base().map_or(Ok(None), |base| find(host, base))
        }
        found => Ok(Some(found?)),
    }
}

/// Fails if no interface can be made on the parent, or none with this MTU.
pub(super) fn check(host: &Host, parent: &Parent, mtu: Option<u32>) -> Result {
    let Some(found) = find(host, parent)? else {
        let why = format!("cannot use the network: link {:?} does not exist", parent.to_string());
        return Err(Error::new(Code::UNAVAILABLE, why));
    };
    if let Some(mtu) = mtu.filter(|mtu| *mtu > found.mtu) {
        let why = format!("MTU {mtu} is above the parent's {}", found.mtu);
        return Err(Error::config(format!("cannot use the network: {why}")));
    }
    if found.state == LinkState::Down {
        let why = format!("cannot use the network: link {:?} is down", found.name);
        return Err(Error::new(Code::LIMITED, why));
    }
    Ok(())
}
