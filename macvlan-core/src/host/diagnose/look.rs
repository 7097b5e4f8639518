//! The part of a diagnosis that needs no frames.

use std::net::IpAddr;

use nix::errno::Errno;
use nix::libc::IFF_NOARP;

use crate::endpoint::{self, Attachment, Difference, is_macvlan, on_host};
use crate::error::{Error, Result, errno_of};
use crate::host::diagnose::finding::{Diagnosis, FindingKind};
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::address::is_link_local;
use crate::value::filter::RouteFilter;
use crate::value::link::{LinkInfo, VlanOptions};
use crate::value::mac::MacAddr;
use crate::value::neighbour::{NeighbourInfo, NeighbourState};

/// The maximum depth of links below links, as a guard against cycles.
const DEEPEST: usize = 8;

/// The surroundings of an attachment.
pub(super) struct Surroundings {
    /// The container's namespace.
    pub(super) netns: NetNs,
    pub(super) link: LinkInfo,
    pub(super) parent: LinkInfo,
    /// The link to the network: the parent, or the link below its VLANs.
    pub(super) wire: LinkInfo,
    /// The outermost VLAN of the parent on that link.
    pub(super) vlan: Option<u16>,
    pub(super) peer_is_host: bool,
    /// The container's source address, and the address that it resolves: the peer or the gateway to
    /// it.
    question: Option<(IpAddr, IpAddr)>,
    /// The container's neighbour entries before the request.
    remembered: Vec<NeighbourInfo>,
}

impl Surroundings {
    /// Inspects the surroundings; returns `None` if there is no link to listen on.
    pub(super) fn look(
        host: &NetNs,
        attachment: &Attachment,
        peer: IpAddr,
        diagnosis: &mut Diagnosis,
    ) -> Result<Option<Self>> {
        let netns = attachment.netns()?;
        let (inside, outside) = (netns.connection()?, host.connection()?);
        let Some(link) = read(inside, attachment.index())? else {
            diagnosis.find(
                FindingKind::LinkGone,
                format!("{} no longer exists", attachment.name()),
                "attach the endpoint again; a keeper does this when the parent returns",
            );
            return Ok(None);
        };
        look_at_link(attachment, &link, diagnosis);
        look_at_addresses(attachment, inside, &link, diagnosis)?;
        let fails = |failure: Failure| failure.into_error("diagnose");
        // The link that carries the frames, if the parent is a macvlan or no longer exists.
        let is_there = on_host(host, &netns, inside).map_err(fails)?;
        let below = link.parent.filter(|_| is_there(&link));
        let Some(parent) = read(outside, below.unwrap_or(attachment.parent_index()))? else {
            diagnosis.find(
                FindingKind::ParentGone,
                format!("the parent {} does not exist in {host}", attachment.parent()),
                "find it with `ip link` on the host",
            );
            return Ok(None);
        };
        let (mut wire, mut vlan) = (parent.clone(), None);
        look_at_parent(host, outside, &wire, diagnosis)?;
        for _ in 0..DEEPEST {
            let (Some(below), None) = (wire.parent, wire.parent_netns) else { break };
            if wire.vlan.is_none() && !is_macvlan(&wire) {
                break;
            }
            let Some(below) = read(outside, below)? else { break };
            vlan = wire.vlan.as_ref().map(VlanOptions::get_id).or(vlan);
            look_at_parent(host, outside, &below, diagnosis)?;
            wire = below;
        }
        let of_host =
            outside.dump(&encode::get_addresses(None, None), decode::address).map_err(fails)?;
        let peer_is_host = of_host.iter().any(|info| info.address.ip() == peer);
        let question = question(inside, &link, peer, diagnosis)?;
        let remembered = neighbours(inside, link.index, question)?;
        let netns = netns.clone();
        let around = Self { netns, link, parent, wire, vlan, peer_is_host, question, remembered };
        // Without a way out, there are no frames to receive.
        Ok(Some(around).filter(|around| around.link.is_up() && around.wire.is_up()))
    }

    pub(super) fn question(&self) -> Option<(IpAddr, IpAddr)> {
        self.question
    }

    pub(super) fn remembered(&self) -> Option<MacAddr> {
        self.remembered.iter().find_map(|neighbour| neighbour.mac)
    }

    /// Records the container's neighbour entries for the target.
    pub(super) fn tell_neighbours(&self, diagnosis: &mut Diagnosis) -> Result<()> {
        let inside = self.netns.connection()?;
        for NeighbourInfo { ip, mac, state, .. } in
            neighbours(inside, self.link.index, self.question)?
        {
            let mac = mac.map_or_else(|| "no MAC address".to_owned(), |mac| mac.to_string());
            diagnosis
                .note(format!("{} has the neighbour entry {ip}: {mac}, {state}", self.link.name));
        }
        Ok(())
    }

    /// Returns whether the entry is permanent, so that it does not change by itself.
    pub(super) fn is_remembered_for_ever(&self) -> bool {
        self.remembered.iter().any(|one| one.state == NeighbourState::Permanent)
    }
}

fn read(connection: &Connection, index: u32) -> Result<Option<LinkInfo>> {
    connection.find_link(index).map_err(|failure| failure.into_error("diagnose"))
}

fn neighbours(
    inside: &Connection,
    link: u32,
    question: Option<(IpAddr, IpAddr)>,
) -> Result<Vec<NeighbourInfo>> {
    let mut known = inside
        .dump(&encode::get_neighbours(None, Some(link)), decode::neighbour)
        .map_err(|failure: Failure| -> Error { failure.into_error("list the neighbours") })?;
    known.retain(|one| one.link == link && question.is_some_and(|(_, target)| one.ip == target));
    Ok(known)
}

fn state(link: &LinkInfo) -> String {
    let carrier = if link.carrier == Some(false) { "no carrier" } else { "carrier" };
    let mac = link.mac.map_or_else(|| "no MAC address".to_owned(), |mac| mac.to_string());
    let up = if link.is_up() { "up" } else { "down" };
    format!("{}: {up}, {carrier}, {mac}, promiscuity {}", link.name, link.promiscuity)
}

fn look_at_link(attachment: &Attachment, link: &LinkInfo, diagnosis: &mut Diagnosis) {
    diagnosis.note(state(link));
    if !link.is_up() {
        diagnosis.find(
            FindingKind::LinkDown,
            format!("{} is down in the container", link.name),
            format!("`ip link set {} up` inside", link.name),
        );
    }
    // A VLAN has the flag of its parent.
    if is_macvlan(link) && link.has(IFF_NOARP) {
        diagnosis.find(
            FindingKind::ArpOff,
            format!("ARP is off on {} in the container", link.name),
            format!("`ip link set {} arp on` inside", link.name),
        );
    }
    if let Some(mac) = link.mac.filter(|mac| *mac != attachment.mac()) {
        diagnosis.find(
            FindingKind::MacChanged,
            format!("{} has the MAC address {mac} and was given {}", link.name, attachment.mac()),
            "restore it, or announce the addresses to neighbours that have the old one",
        );
    }
}

/// Finds addresses of the link that are not usable.
fn look_at_addresses(
    attachment: &Attachment,
    inside: &Connection,
    link: &LinkInfo,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let unusable = endpoint::unusable_addresses(inside, link, attachment.addresses());
    for difference in unusable.map_err(|failure| failure.into_error("diagnose"))? {
        let (kind, remedy) = match &difference {
            Difference::Duplicate(_) => {
                (FindingKind::AddressDuplicate, "choose another address, or find that host")
            }
            Difference::Tentative(_) => (
                FindingKind::AddressTentative,
                "check the carrier, without which the detection does not end",
            ),
            // It can be used until then.
            Difference::Expiring(_) => {
                diagnosis.note(difference.to_string());
                continue;
            }
            _ => (
                FindingKind::ConnectedRouteMissing,
                "ensure the endpoint, which adds the route again",
            ),
        };
        diagnosis.find(kind, difference.to_string(), remedy);
    }
    Ok(())
}

fn look_at_parent(
    host: &NetNs,
    outside: &Connection,
    parent: &LinkInfo,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let name = &parent.name;
    diagnosis.note(state(parent));
    if !parent.is_up() {
        diagnosis.find(
            FindingKind::ParentDown,
            format!("{name} is down"),
            format!("`ip link set {name} up` on the host"),
        );
    } else if parent.carrier == Some(false) {
        diagnosis.find(
            FindingKind::NoCarrier,
            format!("{name} has no carrier"),
            "check the cable, the switch port, or the virtual machine's \"cable connected\"",
        );
    }
    if let Some(controller) = parent.controller {
        let of = read(outside, controller)?;
        let of = of.map_or_else(|| format!("if{controller}"), |link| link.name);
        diagnosis.find(
            FindingKind::ParentIsPort,
            format!("{name} is a port of {of}, which receives its frames"),
            format!("use {of} as the parent, or remove {name} from it"),
        );
    }
    // One line for each wireless link, beginning with its name.
    let wireless = host.visit(|| std::fs::read_to_string("/proc/thread-self/net/wireless"))?;
    let table = match wireless {
        Ok(table) => table,
        // The kernel has no wireless support.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(Error::system("list the wireless links", errno_of(&error)));
        }
    };
    if table.lines().any(|line| line.trim_start().starts_with(&format!("{name}:"))) {
        diagnosis.find(
            FindingKind::Wireless,
            format!(
                "{name} is wireless: the access point only accepts frames with its own MAC address"
            ),
            "use a wired parent, ipvlan, or routing",
        );
    }
    Ok(())
}

/// Returns the container's source address and the target, by its addresses and routes.
fn question(
    inside: &Connection,
    link: &LinkInfo,
    peer: IpAddr,
    diagnosis: &mut Diagnosis,
) -> Result<Option<(IpAddr, IpAddr)>> {
    let fails = |failure: Failure| failure.into_error("diagnose");
    let of_link = encode::get_addresses(None, Some(link.index));
    let mut addresses = inside.dump(&of_link, decode::address).map_err(fails)?;
    addresses.retain(|info| {
        info.address.ip().is_ipv4() == peer.is_ipv4()
            && !info.is_tentative()
            && !info.is_duplicate()
            && info.link == link.index
    });
    for info in &addresses {
        diagnosis.note(format!("{} has {}", link.name, info.address.net()));
    }
    let family = if peer.is_ipv4() { "IPv4" } else { "IPv6" };
    let Some(first) = addresses.first() else {
        diagnosis.find(
            FindingKind::NoAddress,
            format!("{} has no usable {family} address", link.name),
            format!(
                "add one in the subnet of {peer}, or wait for the kernel's duplicate detection"
            ),
        );
        return Ok(None);
    };
    let routes = inside
        .dump(&encode::get_routes(&RouteFilter::new(), Some(link.index)), decode::route)
        .map_err(fails)?;
    let best = routes
        .iter()
        .map(|info| &info.route)
        .filter(|route| route.get_destination().contains(&peer))
        .max_by_key(|route| route.get_destination().prefix_len());
    let Some(best) = best else {
        diagnosis.find(
            FindingKind::NoRoute,
            format!("no route through {} leads to {peer}", link.name),
            "add a gateway or a route to the endpoint, or an address in the peer's subnet",
        );
        return Ok(None);
    };
    let of_best = best.get_gateway();
    let in_subnet = |ip: IpAddr| addresses.iter().find(|info| info.address.net().contains(&ip));
    let source = in_subnet(of_best.unwrap_or(peer)).unwrap_or(first).address.ip();
    let way = way(inside, link, (source, peer), diagnosis)?;
    let gateway = way.map_or(of_best, |way| way.gateway);
    let target = gateway.filter(|via| via.is_ipv4() == peer.is_ipv4()).unwrap_or(peer);
    if target != peer {
        diagnosis.note(format!("{peer} is behind {target}, which is tested instead"));
    }
    Ok(Some((in_subnet(target).unwrap_or(first).address.ip(), target)))
}

/// Asks the kernel for the way to the peer, by all rules and tables; `None` if packets for the peer
/// do not leave through the link.
fn way(
    inside: &Connection,
    link: &LinkInfo,
    (source, peer): (IpAddr, IpAddr),
    diagnosis: &mut Diagnosis,
) -> Result<Option<decode::Way>> {
    // A link that is down has no routes.
    if !link.is_up() {
        return Ok(None);
    }
    let fails = |failure: Failure| failure.into_error("diagnose");
    let device = (peer.is_ipv6() && is_link_local(peer)).then_some(link.index);
    let from = Some(source).filter(|source| is_link_local(*source) == is_link_local(peer));
    let instead = match inside.get(encode::get_route_to(peer, from, device), decode::way) {
        Ok(way) if way.device == Some(link.index) => return Ok(Some(way)),
        Ok(way) => way.device,
        // Rules and routes that drop packets, each kind with a number of its own.
        Err(Failure::Refused {
            errno: Errno::EINVAL | Errno::EACCES | Errno::EHOSTUNREACH | Errno::ENETUNREACH,
            ..
        }) => None,
        Err(failure) => return Err(fails(failure)),
    };
    let how = match instead {
        Some(other) => {
            let other = inside.find_link(other).map_err(fails)?;
            let name = other.map_or_else(|| "another link".to_owned(), |other| other.name);
            format!("leave through {name}")
        }
        None => "are dropped".to_owned(),
    };
    diagnosis.find(
        FindingKind::RoutedElsewhere,
        format!("by the container's rules and routes, packets for {peer} {how}"),
        format!(
            "look at `ip rule` and `ip route get {peer} from {source}` inside, and change the rule \
             or route"
        ),
    );
    Ok(None)
}
