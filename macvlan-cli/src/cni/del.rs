//! DEL.

use crate::cni::config::Request;
use crate::cni::environment::Attachment;
use crate::cni::error::Result;
use crate::cni::ipam::Ipam;
use crate::cni::log::Log;
use crate::cni::{leased, plain};

/// Removes the interface and releases its addresses, as far as there is anything left of them.
pub(super) fn del(request: &Request, of: &Attachment, log: &Log) -> Result {
    let config = &request.config;
    let netns = of.open_if_there()?;
    if config.is_in_container() && netns.is_none() {
        // The parent has gone with the namespace, and so has everything on it.
        return match &config.ipam {
            Ipam::Foreign(plugin) => plain::release(plugin, request),
            Ipam::Absent | Ipam::Leases(_) => Ok(()),
        };
    }
    let host = config.host(netns.as_ref())?;
    let at = (&host, netns.as_ref());
    match &config.ipam {
        Ipam::Absent => plain::del(request, of, at, None, log),
        Ipam::Foreign(plugin) => plain::del(request, of, at, Some(plugin), log),
        Ipam::Leases(leases) => leased::del(request, of, at, leases, log),
    }
}
