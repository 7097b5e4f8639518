//! CHECK.

use macvlan_core::{DifferenceKind, Endpoint, Host, NetNs, Parent};

use crate::cni::config::{Config, Request, parse_mac};
use crate::cni::environment::Attachment;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::{delegate, leased, plain, sysctl};

/// Compares the interface with the configuration and with the result of ADD.
pub(super) fn check(request: &Request, of: &Attachment) -> Result {
    let config = &request.config;
    let (netns, expected) = (of.open()?, request.expected()?);
    let host = config.host(Some(&netns))?;
    let sandbox = of.sandbox().to_string_lossy();
    let refuse = |why: String| {
        Err(Error::new(Code::OTHER, format!("cannot confirm interface {}: {why}", of.interface)))
    };
    let Some((interface, ips)) = expected.of_interface(of.interface.as_str(), &sandbox) else {
        return refuse(format!("prevResult has no interface of this name in {sandbox}"));
    };
    let endpoint: Endpoint = match &config.ipam {
        Ipam::Leases(leases) => leased::expected(request, of, (&host, &netns), leases)?,
        Ipam::Absent | Ipam::Foreign(_) => {
            if let Ipam::Foreign(plugin) = &config.ipam {
                delegate::run(plugin, "CHECK", request)?;
            }
            let parent = parent(config, of, (&host, &netns))?;
            plain::expected(request, of, &parent, (&ips, &expected.routes))?
        }
    };
    let endpoint = match &interface.mac {
        Some(mac) if !mac.is_empty() => endpoint.mac(parse_mac(mac)?),
        _ => endpoint,
    };
    let mut differences = host.check(&endpoint, &netns)?;
    // No field of the configuration is about it, but another plugin of the chain may set it.
    differences.retain(|difference| difference.kind() != DifferenceKind::Promisc);
    let mut differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if matches!(config.ipam, Ipam::Leases(_)) {
        differences.extend(leased::missing_default_routes(expected, &ips, of, &netns)?);
    }
    differences.extend(sysctl::other(&sysctl::of_interface(&config.sysctls, of)?, &netns)?);
    if differences.is_empty() { Ok(()) } else { refuse(differences.join(", ")) }
}

/// Returns the parent of the configuration, or else that of the interface: the default route may lead
/// elsewhere than at the ADD.
fn parent(config: &Config, of: &Attachment, (host, netns): (&Host, &NetNs)) -> Result<Parent> {
    if !config.has_master() {
        let found = host.attachments(netns)?.into_iter().find(|one| one.name() == of.interface);
        if let Some(found) = found {
            return Ok(found.parent_index().into());
        }
    }
    config.parent(host)
}
