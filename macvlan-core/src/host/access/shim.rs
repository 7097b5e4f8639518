//! The host's own macvlan on a parent.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::endpoint::{self, Attachment, Endpoint};
use crate::error::{Error, ErrorKind, Result};
use crate::handle::Handle;
use crate::host::Host;
use crate::host::access::options::Access;
use crate::lan::announce::{Announce, Announcement};
use crate::value::address::is_link_local;
use crate::value::address::{Address, DuplicateDetection};
use crate::value::filter::{AddressFilter, RouteFilter};
use crate::value::link::Mode;
use crate::value::name::LinkName;
use crate::value::route::Route;

/// What `ip link` shows as the link's alias.
const ALIAS: &str = "the host's way to its containers";

pub(super) struct Shim {
    handle: Handle,
    attachment: Attachment,
    parent_name: LinkName,
    /// The parent's addresses that it has too.
    borrowed: Vec<IpAddr>,
    /// Whether it has addresses with a subnet: the parent's, moved.
    has_subnets: bool,
}

impl Shim {
    /// Makes the link, or finds the one that was kept and puts it right.
    pub(super) fn make(host: &Host, access: &Access) -> Result<Self> {
        let handle = host.handle()?;
        let netns = host.netns();
        // A VLAN that is made on demand may not be there yet, and has nothing to lend then.
        let parent = match endpoint::find_parent(netns, &access.parent)? {
            Some(found) => Some(handle.link(found.index)?),
            None if access.parent.on_demand().is_some() => None,
            None => return Err(endpoint::missing_parent(netns, &access.parent)),
        };
        let lent = match &parent {
            Some(parent) => lendable(&handle, parent.index)?,
            None => Vec::new(),
        };
        let name = match (access.name, &parent) {
            (Some(name), _) => name,
            (None, Some(parent)) => name_for(&parent.name, parent.index)?,
            (None, None) => name_for(&access.parent.to_string(), 0)?,
        };
        let kept = handle.link(name).ok();
        let has_subnets = match &kept {
            Some(kept) => {
                let of_link = handle.find_addresses(&AddressFilter::new().link(kept.index))?;
                of_link.iter().any(|info| {
                    !is_link_local(info.address.ip())
                        && info.address.net() != info.address.ip().into()
                })
            }
            None => false,
        };
        let borrowed: Vec<IpAddr> = if access.addresses.is_empty() { lent } else { Vec::new() };
        if access.addresses.is_empty() && borrowed.is_empty() && !has_subnets {
            return Err(Error::invalid(
                "let the host reach its containers",
                "the parent has no address to borrow",
            )
            .on_parent(access.parent.to_string())
            .with_hint("give the host's link an address of its own"));
        }
        let mut endpoint = Endpoint::new(name, access.parent.clone())?
            .mode(Mode::Bridge)?
            .alias(ALIAS)
            .lo_up(false)
            .arp_filter();
        for ip in access.addresses.iter().chain(&borrowed) {
            let mut address = Address::new(IpNet::from(*ip))?;
            // Its addresses are the parent's, or have been asked for by whoever chose them.
            if ip.is_ipv6() {
                address = address.with_duplicate_detection(DuplicateDetection::Skip)?;
            }
            endpoint = endpoint.address(address);
        }
        for prefix in &access.prefixes {
            endpoint = endpoint.route(Route::new(*prefix)?);
        }
        let attachment = endpoint::ensure(netns, &endpoint, netns, false)?.attachment;
        let parent_name = handle.link(attachment.parent_index())?.name.parse()?;
        Ok(Self { handle, attachment, parent_name, borrowed, has_subnets })
    }

    pub(super) fn name(&self) -> LinkName {
        self.attachment.name()
    }

    pub(super) fn index(&self) -> u32 {
        self.attachment.index()
    }

    pub(super) fn parent_name(&self) -> LinkName {
        self.parent_name
    }

    pub(super) fn parent_index(&self) -> u32 {
        self.attachment.parent_index()
    }

    pub(super) fn has_subnets(&self) -> bool {
        self.has_subnets
    }

    /// Adds them all, or none.
    pub(super) fn add_routes(&self, routes: &[IpNet]) -> Result<()> {
        for (at, destination) in routes.iter().enumerate() {
            let route = Route::new(*destination)?.device(self.index());
            let added = match self.handle.add_route(&route) {
                // One that was kept.
                Err(error) if error.kind() == ErrorKind::RouteExists && self.has(*destination) => {
                    Ok(())
                }
                other => other,
            };
            if let Err(error) = added {
                return Err(match self.delete_routes(&routes[..at]) {
                    Ok(()) => error,
                    Err(other) => error.leaves_too(other),
                });
            }
        }
        Ok(())
    }

    fn has(&self, destination: IpNet) -> bool {
        let ours = self.handle.find_routes(&RouteFilter::new().link(self.index()));
        ours.is_ok_and(|ours| ours.iter().any(|info| info.route.destination() == destination))
    }

    /// Deletes as many as can be deleted; what is gone already is no failure.
    pub(super) fn delete_routes(&self, routes: &[IpNet]) -> Result<()> {
        let mut outcome = Ok(());
        for destination in routes {
            let route = Route::new(*destination)?.device(self.index());
            match self.handle.delete_route(&route) {
                Err(error) if !error.is_not_found() => {
                    outcome =
                        Err(error.leaves(format!("route {route} in {}", self.handle.netns())));
                }
                _ => {}
            }
        }
        outcome
    }

    /// Deletes the link, with which its routes go. Who has learned its MAC address for the parent's
    /// IPv6 addresses learns the parent's again.
    pub(super) fn delete(self, host: &Host) -> Result<()> {
        let (netns, parent) = (host.netns(), self.attachment.parent_index());
        endpoint::detach(netns, &self.attachment)?;
        if !self.borrowed.is_empty() {
            // They would find it out by themselves within some seconds.
            let told =
                Announcement::of(Announce::once(), netns, self.parent_name, parent, self.borrowed);
            let _ = told.and_then(|told| told.send());
        }
        Ok(())
    }
}

/// The addresses of the parent that the link can have too.
fn lendable(handle: &Handle, parent: u32) -> Result<Vec<IpAddr>> {
    let listed = handle.find_addresses(&AddressFilter::new().link(parent))?;
    let mut ips: Vec<IpAddr> = Vec::new();
    for info in listed.iter().filter(|info| !info.is_duplicate()) {
        let ip = info.address.ip();
        if !is_link_local(ip) && !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    Ok(ips)
}

fn name_for(parent: &str, index: u32) -> Result<LinkName> {
    let long = format!("{parent}-host");
    LinkName::new(&long).or_else(|_| LinkName::new(&format!("mvh{index}")))
}
