//! STATUS.

use crate::cni::config::Request;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::{delegate, leased, parent, sysctl};

/// Fails if ADD would fail for any container, and says so.
pub(super) fn status(request: &Request) -> Result {
    let config = &request.config;
    config.check()?;
    sysctl::check(&config.sysctls)?;
    let host = config.host(None)?;
    if let Ipam::Leases(leases) = &config.ipam {
        return leased::status(config, &host, leases).map_err(unavailable);
    }
    if !config.is_in_container() {
        let found = config.parent(&host).map_err(unavailable)?;
        parent::check(&host, &found, config.mtu)?;
    }
    match &config.ipam {
        Ipam::Foreign(plugin) => delegate::run(plugin, "STATUS", request).map(drop),
        _ => Ok(()),
    }
}

/// A configuration that is wrong stays so; everything else may pass.
fn unavailable(error: Error) -> Error {
    let says_more = matches!(error.code(), Code::CONFIG | Code::LIMITED);
    if says_more { error } else { error.with_code(Code::UNAVAILABLE) }
}
