//! GC.

use crate::cni::config::Request;
use crate::cni::error::{Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::log::Log;
use crate::cni::{leased, plain};

/// Removes everything of the network that does not belong to a valid attachment.
pub(super) fn gc(request: &Request, log: &Log) -> Result {
    let config = &request.config;
    if config.is_in_container() {
        // What was on a container's own links has gone with it.
        return match &config.ipam {
            Ipam::Foreign(plugin) => plain::collect(plugin, request),
            Ipam::Absent | Ipam::Leases(_) => Ok(()),
        };
    }
    let host = config.host(None)?;
    match &config.ipam {
        Ipam::Absent => plain::gc(request, &host, None, log),
        Ipam::Foreign(plugin) => plain::gc(request, &host, Some(plugin), log),
        Ipam::Leases(leases) => {
            let mut errors = Vec::new();
            errors.extend(leased::gc(request, &host, leases, log).err());
            errors.extend(host.remove_unused_parents().err().map(Error::from));
            Error::all(errors)
        }
    }
}
