//! ADD.

use macvlan_core::NetNs;
use serde_json::Value;

use crate::cni::config::Request;
use crate::cni::environment;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::log::Log;
use crate::cni::result::Answer;
use crate::cni::{del, leased, plain, sysctl};
use crate::host_access;

/// Makes the interface, or changes nothing, and returns the result.
pub(super) fn add(request: &Request, of: &environment::Attachment, log: &Log) -> Result<Value> {
    let config = &request.config;
    config.check()?;
    let sysctls = sysctl::of_interface(&config.sysctls, of)?;
    let netns = of.open()?;
    if netns.same_as(&NetNs::current()?) {
        let why = "the host's own network namespace";
        return Err(Error::new(Code::ENVIRONMENT, format!("cannot use CNI_NETNS: {why}")));
    }
    let host = config.host(Some(&netns))?;
    let at = (&host, &netns);
    let (attached, answer) = match &config.ipam {
        Ipam::Absent => plain::add(request, of, at, None, log)?,
        Ipam::Foreign(plugin) => plain::add(request, of, at, Some(plugin), log)?,
        Ipam::Leases(leases) => leased::add(request, of, at, leases, log)?,
    };
    let finish = || -> Result {
        sysctl::set(&sysctls, &netns)?;
        if config.access {
            // The default route may lead elsewhere than at the first ADD.
            let own = || Ok(attached.parent_index().into());
            let parent = if config.has_master() { config.parent(&host) } else { own() };
            host_access::give(&host, &parent?, &attached, None)?;
        }
        Ok(())
    };
    finish().map_err(|error| match del::del(request, of, log) {
        Ok(()) => error,
        Err(other) => error.and(&other),
    })?;
    let answer = Answer { dns: config.dns.clone().or(answer.dns), ..answer };
    let answer = match &request.previous {
        Some(previous) => answer.after(previous.clone()),
        None => answer,
    };
    Ok(answer.json(request.version))
}
