//! Interfaces without leases: layer 2 only, or with addresses from another plugin.

use std::net::IpAddr;

use macvlan_core::{
    Attachment, Detached, Endpoint, ErrorKind, Handle, Host, MacAddr, NetNs, Parent,
};

use crate::cni::attachment;
use crate::cni::config::Request;
use crate::cni::delegate;
use crate::cni::environment;
use crate::cni::error::{Error, Result};
use crate::cni::log::Log;
use crate::cni::mark::{self, Mark};
use crate::cni::result::{Answer, Interface, Ip, RouteTo};
use crate::host_access;

/// Attaches the interface, and the addresses that another plugin gives; all of it or nothing.
///
/// The link comes first: the plugin dhcp asks through it.
pub(super) fn add(
    request: &Request,
    of: &environment::Attachment,
    (host, netns): (&Host, &NetNs),
    plugin: Option<&str>,
    log: &Log,
) -> Result<(Attachment, Answer)> {
    let config = &request.config;
    let parent = config.parent(host)?;
    let mac = config.mac(&of.arguments)?;
    if plugin.is_none() && !config.ips(&of.arguments)?.is_empty() {
        let why = "the configuration has no ipam, which would give them";
        return Err(Error::config(format!("cannot use the requested addresses: {why}")));
    }
    let bare = bare(request, of, &parent, mac)?;
    let alias = Mark::new(&config.name, of).alias()?;
    let attached = host.attach(&bare.clone().group(mark::GROUP).alias(alias), netns)?;
    let undo = |error: Error| match host.detach(&attached) {
        Ok(_) => error,
        Err(other) => error.and(&other.into()),
    };
    // The group stands for an alias that is not set yet, and not for one that the container deletes.
    let handle = Handle::in_netns(netns).and_then(|handle| handle.set_group(attached.index(), 0));
    handle.map_err(|error| undo(error.into()))?;
    let interface = Interface::new(
        of.interface.as_str(),
        attached.mac().to_string(),
        attached.mtu(),
        &of.sandbox().to_string_lossy(),
    );
    let mut answer = Answer { interfaces: vec![interface], ..Answer::default() };
    let Some(plugin) = plugin else { return Ok((attached, answer)) };
    let given = delegate::add(plugin, request).map_err(undo)?;
    let ips: Vec<&Ip> = given.ips.iter().collect();
    let address = |routes: &[RouteTo]| -> Result {
        let endpoint = attachment::with(bare.clone(), config, &ips, routes)?;
        host.ensure(&endpoint, netns)?;
        Ok(())
    };
    let mut routes = given.routes.clone();
    // Beside the kernel's route to the subnet, one through the gateway has no use.
    routes.retain(|route| !route.is_connected(ips.iter().map(|ip| ip.address)));
    let addressed = address(&routes).or_else(|error| {
        if !error.is_core(ErrorKind::RouteExists) {
            return Err(error);
        }
        // The first one stays, as with the reference plugins.
        let skipped = remove_existing(&mut routes, &attached, netns)?;
        if skipped.is_empty() {
            return Err(error);
        }
        log.line(&format!("the container already has routes to {}", skipped.join(", ")));
        address(&routes)
    });
    if let Err(error) = addressed {
        let detach = || Ok(host.detach(&attached).map(drop)?);
        let given_up = give_up(Some(plugin), detach, |plugin| release(plugin, request));
        return Err(given_up.err().map_or(error.clone(), |other| error.and(&other)));
    }
    answer.ips = given.ips.into_iter().map(|ip| Ip { interface: Some(0), ..ip }).collect();
    answer.routes = routes;
    answer.dns = given.dns;
    Ok((attached, answer))
}

/// Returns the interface without addresses. Setting up `lo` is the runtime's part.
fn bare(
    request: &Request,
    of: &environment::Attachment,
    parent: &Parent,
    mac: Option<MacAddr>,
) -> Result<Endpoint> {
    Ok(attachment::bare(&request.config, of, parent, mac)?.lo_up(false))
}

/// Removes the routes whose destinations others lead to, and returns these.
fn remove_existing(
    routes: &mut Vec<RouteTo>,
    attached: &Attachment,
    netns: &NetNs,
) -> Result<Vec<String>> {
    let own = Some(attached.index().into());
    let existing = Handle::in_netns(netns)?.routes()?;
    let is_there = |route: &RouteTo| {
        existing.iter().any(|info| {
            info.route.get_destination() == route.dst.trunc()
                && route.table.is_none_or(|table| table == info.route.get_table())
                && info.route.get_device() != own
        })
    };
    let (skipped, rest) = std::mem::take(routes).into_iter().partition(is_there);
    *routes = rest;
    Ok(skipped.into_iter().map(|route: RouteTo| route.dst.to_string()).collect())
}

/// Detaches the interface, and has the other plugin release the addresses.
pub(super) fn del(
    request: &Request,
    of: &environment::Attachment,
    (host, netns): (&Host, Option<&NetNs>),
    plugin: Option<&str>,
    log: &Log,
) -> Result {
    let mark = Mark::new(&request.config.name, of);
    let previous = request.previous.as_ref();
    let find = |netns| mark::find(host, netns, mark, previous);
    let found = netns.map_or(Ok(None), find);
    let taken = take_access(request, host, found.as_ref().ok().and_then(Option::as_ref), log);
    // The kernel has deleted the interface with its namespace, and not its parent.
    let parents = if netns.is_none() { host.remove_unused_parents() } else { Ok(()) };
    let detach = || -> Result {
        if let Some(found) = found.clone()? {
            host.detach(&found)?;
        }
        Ok(())
    };
    let given_up = give_up(plugin, detach, |plugin| release(plugin, request));
    let results = [taken, parents.map_err(Error::from), given_up];
    Error::all(results.into_iter().filter_map(Result::err).collect())
}

/// Detaches an interface, and then has the other plugin release its addresses, which are not free
/// before no link has them. Only dhcp releases them through the link.
fn give_up(
    plugin: Option<&str>,
    detach: impl FnOnce() -> Result,
    release: impl FnOnce(&str) -> Result,
) -> Result {
    match plugin {
        Some(plugin @ "dhcp") => {
            let results = [release(plugin), detach()];
            Error::all(results.into_iter().filter_map(Result::err).collect())
        }
        Some(plugin) => detach().and_then(|()| release(plugin)),
        None => detach(),
    }
}

/// Removes the host's access to the addresses of `prevResult`, or else to those of the interface,
/// before others can get them.
fn take_access(request: &Request, host: &Host, found: Option<&Attachment>, log: &Log) -> Result {
    let config = &request.config;
    if !config.access {
        return Ok(());
    }
    let ips = request.previous.iter().flat_map(|previous| &previous.ips);
    let given: Vec<IpAddr> = ips.map(|ip| ip.address.addr()).collect();
    let parent = match (found, config.parent(host)) {
        (Some(found), _) => found.parent_index().into(),
        // There is no default route any more.
        (None, Err(error)) if !config.has_master() => {
            log.line(&format!("the host's routes remain: {}", error.message()));
            return Ok(());
        }
        (None, parent) => parent?,
    };
    match found {
        // Until it is deleted, it has what it was given.
        Some(_) if !given.is_empty() => Ok(host_access::take(host, &parent, &given)?),
        Some(found) => take_unless_used(host, &parent, Some(found), &host_access::ips_of(found)),
        // Without a result, it is one of those that lead to no container.
        None if given.is_empty() => {
            take_unless_used(host, &parent, None, &host.transient_access(&parent)?)
        }
        None => take_unless_used(host, &parent, None, &given),
    }
}

/// Removes the host's access to the addresses that no visible container has, apart from one.
///
/// Others may have got them after an earlier DEL, and a container can add any address to its own
/// interface.
fn take_unless_used(
    host: &Host,
    parent: &Parent,
    of: Option<&Attachment>,
    addresses: &[IpAddr],
) -> Result {
    // A plugin adds an address first, and waits for this lock to give access to it.
    let _alone = host.netns().lock()?;
    let mut addresses = addresses.to_vec();
    host_access::retain_unused(host, of, &mut addresses);
    Ok(host_access::take(host, parent, &addresses)?)
}

/// Detaches the interfaces of a network that the runtime does not know, in all namespaces, and
/// releases their addresses.
pub(super) fn gc(request: &Request, host: &Host, plugin: Option<&str>, log: &Log) -> Result {
    let config = &request.config;
    let (network, valid, mut errors) = (&config.name, request.valid()?, Vec::new());
    for found in NetNs::visible().namespaces {
        // It has ended in the meantime, or may not be entered.
        let Ok(netns) = found.open() else { continue };
        if netns.same_as(host.netns()) {
            continue;
        }
        let links = match host.interfaces(&netns) {
            Ok(links) => links,
            Err(error) => {
                if error.kind() != ErrorKind::NamespaceGone {
                    errors.push(error.into());
                }
                continue;
            }
        };
        for (_, link) in links {
            let mark = Mark::read(&link).filter(|mark| mark.network == network);
            let is_valid = |mark: Mark<'_>| {
                let mut same = valid.iter().filter(|one| one.container == mark.container);
                same.any(|one| one.interface == mark.interface)
            };
            if !mark::is_half_made(&link) && mark.is_none_or(is_valid) {
                continue;
            }
            let detach = || -> Result {
                // An ADD that has not set the alias yet holds the namespace.
                let _alone = netns.lock()?;
                let Some(found) = mark::attachment(host, &netns, link.index)? else {
                    return Ok(());
                };
                if Handle::in_netns(&netns)?.link(link.index)?.alias != link.alias {
                    return Ok(());
                }
                if config.access {
                    let parent = found.parent_index().into();
                    let ips = host_access::ips_of(&found);
                    take_unless_used(host, &parent, Some(&found), &ips)?;
                }
                if host.detach(&found)? == Detached::Removed {
                    log.line(&format!("deleted {} in {netns}, which is not valid", link.name));
                }
                Ok(())
            };
            // Containers can write marks. So a valid one keeps its addresses, whatever a mark says.
            let of_none = |mark: &Mark<'_>| valid.iter().all(|one| one.container != mark.container);
            let gone = mark.filter(of_none);
            let release = |plugin: &str| match gone {
                Some(gone) => delegate::del_for(plugin, request, (gone.container, gone.interface)),
                None => Ok(()),
            };
            errors.extend(give_up(plugin, detach, release).err());
        }
    }
    // It releases the addresses of all that are not valid, so none may be left.
    if let (Some(plugin), true) = (plugin, errors.is_empty()) {
        errors.extend(collect(plugin, request).err());
    }
    errors.extend(host.remove_unused_parents().err().map(Error::from));
    Error::all(errors)
}

/// Has the other plugin release the addresses of the attachment.
pub(super) fn release(plugin: &str, request: &Request) -> Result {
    delegate::run(plugin, "DEL", request).map(drop)
}

/// Has the other plugin release all addresses that do not belong to valid attachments.
pub(super) fn collect(plugin: &str, request: &Request) -> Result {
    delegate::run(plugin, "GC", request).map(drop)
}

/// Returns the endpoint that an interface without leases should be.
pub(super) fn expected(
    request: &Request,
    of: &environment::Attachment,
    parent: &Parent,
    (ips, routes): (&[&Ip], &[RouteTo]),
) -> Result<Endpoint> {
    let endpoint = bare(request, of, parent, None)?;
    attachment::with(endpoint, &request.config, ips, routes)
}
