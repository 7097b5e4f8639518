//! Waiting for what the kernel does some moments after it was asked.

use macvlan_core::{Handle, LinkInfo, LinkState, NetNs};

use crate::harness::Outcome;
use crate::need::{Need, need};
use crate::patience::eventually;

/// The kernel tells the state of these links when it has looked at them, some moments after they
/// came or changed (`net/core/link_watch.c`); those of other kinds may stay unknown.
const WATCHED: [&str; 4] = ["veth", "macvlan", "macvtap", "vlan"];
/// `IFA_F_DADFAILED`: somebody else has the address, so it will never work.
const DUPLICATE: u8 = 8;

/// Waits until the kernel has done what it does by itself in a namespace: told whether each link
/// works, and made the IPv6 addresses of those that do ready, with their routes. From then on it
/// tells no event about them any more.
///
/// # Panics
/// If it does not come to that, or cannot be looked at.
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

/// What the kernel is not done with yet.
fn what_moves(netns: &NetNs) -> Outcome<Option<String>> {
    // By a socket of its own: what was done to others may be what the test is about.
    let handle = Handle::in_netns(&NetNs::from_fd(netns)?)?;
    let unready = unready_address(netns, &handle)?;
    // Last, since the kernel tells of a link under the lock that reading them takes: what is seen
    // here has been told.
    let links = handle.links()?;
    let moving = links.iter().find(|link| !is_told(link));
    Ok(moving.map(|link| format!("whether {} works is not told", link.name)).or(unready))
}

/// Whether a link's state is what follows from its carrier.
fn is_told(link: &LinkInfo) -> bool {
    let carrier = link.carrier.unwrap_or(true);
    match link.state {
        _ if !link.is_up() || link.is_loopback() => true,
        LinkState::Unknown => !link.kind.as_deref().is_some_and(|kind| WATCHED.contains(&kind)),
        LinkState::Up => carrier,
        _ => !carrier,
    }
}

/// An IPv6 address of a link that works, without its local route: the kernel makes it some moments
/// after the address, and only then is that not tentative any more, without duplicate detection too.
fn unready_address(netns: &NetNs, handle: &Handle) -> Outcome<Option<String>> {
    if need(Need::Ipv6).is_err() {
        return Ok(None);
    }
    let carries = |link: &LinkInfo| link.is_up() && link.carrier != Some(false);
    let at_work: Vec<String> =
        handle.links()?.into_iter().filter(carries).map(|link| link.name).collect();
    let read = |file| std::fs::read_to_string(format!("/proc/thread-self/net/{file}"));
    // The addresses first: their routes may come in between.
    let (addresses, routes) = netns.run(|| (read("if_inet6"), read("ipv6_route")))?;
    let routes = routes?;
    let local: Vec<(&str, &str)> = routes.lines().filter_map(local_route).collect();
    let is_unready = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, _, _, _, flags, link] = words[..] else { return false };
        u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & DUPLICATE == 0)
            && at_work.iter().any(|name| name == link)
            // That of this link: another may have the same address.
            && !local.contains(&(address, link))
    };
    let unready = addresses?.lines().find(|line| is_unready(line)).map(str::to_owned);
    Ok(unready.map(|line| format!("an address is not ready: {line}")))
}

/// The address and the link of a local route, from its line.
fn local_route(line: &str) -> Option<(&str, &str)> {
    const RTF_LOCAL: u32 = 0x8000_0000;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [address, .., flags, device] = words[..] else { return None };
    let flags = u32::from_str_radix(flags, 16).ok()?;
    (flags & RTF_LOCAL != 0).then_some((address, device))
}
