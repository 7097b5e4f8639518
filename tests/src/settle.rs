//! Waiting for changes that the kernel makes asynchronously.

use macvlan_core::{Handle, LinkInfo, LinkState, NetNs};

use crate::harness::Outcome;
use crate::need::{Need, need};
use crate::patience::eventually;

/// The kernel reports the state of these links only after it has examined them, some moments after
/// they were created or changed (`net/core/link_watch.c`). Links of other kinds may stay unknown.
const WATCHED: [&str; 4] = ["veth", "macvlan", "macvtap", "vlan"];
/// `IFA_F_DADFAILED`: another host has the address, so it will never work.
const DUPLICATE: u8 = 8;

/// Waits until the kernel has finished its asynchronous work in a namespace: it has reported the
/// state of each link, and the IPv6 addresses of working links are ready, with their routes. From
/// then on it reports no events about them.
///
/// # Panics
/// If this state is not reached, or cannot be read.
#[track_caller]
pub fn settle(netns: &NetNs) {
    let mut moves = None;
    let at_rest = eventually("it does not come to rest", || {
        moves = what_moves(netns)?;
        Ok(moves.is_none())
    });
    if let Err(stop) = at_rest {
        panic!("{netns}: {stop:?}: {}", moves.unwrap_or_default());
    }
}

/// Returns a description of unfinished work.
fn what_moves(netns: &NetNs) -> Outcome<Option<String>> {
    // Uses a new socket, because the test may have damaged others.
    let handle = Handle::in_netns(&NetNs::from_fd(netns)?)?;
    let unready = unready_address(netns, &handle)?;
    // Last, because the kernel reports a link under the lock that reading takes: a state seen here
    // has been reported.
    let links = handle.links()?;
    let moving = links.iter().find(|link| !is_told(link));
    Ok(moving.map(|link| format!("whether {} works is not told", link.name)).or(unready))
}

/// Returns true if a link's state matches its carrier.
fn is_told(link: &LinkInfo) -> bool {
    let carrier = link.carrier.unwrap_or(true);
    match link.state {
        _ if !link.is_up() || link.is_loopback() => true,
        LinkState::Unknown => !link.kind.as_deref().is_some_and(|kind| WATCHED.contains(&kind)),
        LinkState::Up => carrier,
        _ => !carrier,
    }
}

/// Finds an IPv6 address of a working link without its local route. The kernel creates the route
/// some moments after the address, and only then is the address no longer tentative, even without
/// duplicate detection.
fn unready_address(netns: &NetNs, handle: &Handle) -> Outcome<Option<String>> {
    if need(Need::Ipv6).is_err() {
        return Ok(None);
    }
    let carries = |link: &LinkInfo| link.is_up() && link.carrier != Some(false);
    let at_work: Vec<String> =
        handle.links()?.into_iter().filter(carries).map(|link| link.name).collect();
    let read = |file| std::fs::read_to_string(format!("/proc/thread-self/net/{file}"));
    // The addresses first, because their routes may be added between the two reads.
    let (addresses, routes) = netns.run(|| (read("if_inet6"), read("ipv6_route")))?;
    let routes = routes?;
    let local: Vec<(&str, &str)> = routes.lines().filter_map(local_route).collect();
    let is_unready = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, _, _, _, flags, link] = words[..] else { return false };
        u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & DUPLICATE == 0)
            && at_work.iter().any(|name| name == link)
            // Of this link, because another may have the same address.
            && !local.contains(&(address, link))
    };
    let unready = addresses?.lines().find(|line| is_unready(line)).map(str::to_owned);
    Ok(unready.map(|line| format!("an address is not ready: {line}")))
}

/// Returns the address and the link of a local route, from its line.
fn local_route(line: &str) -> Option<(&str, &str)> {
    const RTF_LOCAL: u32 = 0x8000_0000;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [address, .., flags, device] = words[..] else { return None };
    let flags = u32::from_str_radix(flags, 16).ok()?;
    (flags & RTF_LOCAL != 0).then_some((address, device))
}
