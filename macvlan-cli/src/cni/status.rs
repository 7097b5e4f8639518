//! STATUS.

use macvlan_core::{Host, LinkState, Parent};

use crate::cni::config::Request;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::{delegate, leased};

/// Fails if ADD would fail for any container, and says so.
pub(super) fn status(request: &Request) -> Result {
    let config = &request.config;
    if config.is_in_container() {
        return addresses(request, None);
    }
    let host = config.host(None)?;
    let parent = config.parent(&host).map_err(unavailable)?;
    link(&host, &parent)?;
    addresses(request, Some(&host))
}

/// Fails if the parent, or the link that a VLAN on demand is made on, cannot be used.
fn link(host: &Host, parent: &Parent) -> Result {
    let handle = host.handle()?;
    let found = match handle.link(parent.id()?) {
        Err(error) if error.is_not_found() => match parent.get_base() {
            Some(base) => return link(host, base),
            None => return Err(unavailable(error.into())),
        },
        found => found?,
    };
    if found.state == LinkState::Down {
        let why = format!("cannot use the network: link {:?} is down", found.name);
        return Err(Error::new(Code::LIMITED, why));
    }
    Ok(())
}

fn addresses(request: &Request, host: Option<&Host>) -> Result {
    match (&request.config.ipam, host) {
        (Ipam::Foreign(plugin), _) => delegate::run(plugin, "STATUS", request).map(drop),
        (Ipam::Leases(leases), Some(host)) => {
            leased::status(&request.config, host, leases).map_err(unavailable)
        }
        _ => Ok(()),
    }
}

/// A configuration that is wrong stays so; everything else may pass.
fn unavailable(error: Error) -> Error {
    if error.code() == Code::CONFIG { error } else { error.with_code(Code::UNAVAILABLE) }
}
