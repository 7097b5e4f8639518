//! CHECK.

use macvlan_core::{DifferenceKind, Endpoint, Handle, Host, NetNs, Parent, RouteFilter, RouteInfo};

use crate::cni::config::{Config, Request, parse_mac};
use crate::cni::environment::Attachment;
use crate::cni::error::{Code, Error, Result};
use crate::cni::ipam::Ipam;
use crate::cni::result::RouteTo;
use crate::cni::version::Version;
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
            let mut routes = expected.routes.clone();
            if request.version < Version::V1_1_0 {
                complete(&mut routes, of, &netns)?;
            }
            plain::expected(request, of, &parent, (&ips, &routes))?
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

/// Completes routes that have only a destination and a gateway, as in results of earlier versions, by
/// the interface's routes.
fn complete(routes: &mut [RouteTo], of: &Attachment, netns: &NetNs) -> Result {
    let all = Handle::in_netns(netns)?.find_routes(&RouteFilter::new().link(of.interface));
    let mut all = match all {
        Err(error) if error.is_not_found() => return Ok(()),
        found => found?,
    };
    for route in routes {
        let is_it = |one: &RouteInfo| {
            one.route.get_destination() == route.dst.trunc()
                && route.gw.is_none_or(|gateway| one.route.get_gateway() == Some(gateway))
        };
        let Some(at) = all.iter().position(is_it) else { continue };
        let found = all.remove(at).route;
        route.table = Some(found.get_table());
        route.priority = found.get_metric();
        route.scope = found.get_scope().map(Into::into);
        (route.mtu, route.advmss) = (found.get_mtu(), found.get_advmss());
    }
    Ok(())
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
