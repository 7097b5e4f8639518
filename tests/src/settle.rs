//! Waiting for what the kernel does some moments after it was asked.

use std::time::{Duration, Instant};

use macvlan_core::NetNs;

use crate::harness::Outcome;
use crate::need::{Need, need};

/// Whether every IPv6 address of a link, or of all links, has its local route, which the kernel makes
/// some moments after the address; only then is the address not tentative any more, without duplicate
/// detection too. Without IPv6 nothing is amiss.
pub(crate) fn has_local_routes(netns: &NetNs, link: Option<&str>) -> Outcome<bool> {
    if need(Need::Ipv6).is_err() {
        return Ok(true);
    }
    let read = |file| std::fs::read_to_string(format!("/proc/thread-self/net/{file}"));
    let (addresses, routes) = netns.run(|| (read("if_inet6"), read("ipv6_route")))?;
    // A line of each begins with an address in 32 digits, of a route with the prefix's length then.
    let routes = routes?;
    Ok(addresses?
        .lines()
        .filter(|line| link.is_none() || line.split_whitespace().last() == link)
        .filter_map(|line| line.get(..32))
        .all(|address| routes.contains(&format!("{address} 80 "))))
}

/// Waits until a namespace's IPv6 addresses have what belongs to them; not for ever, since on a link
/// that is down they never get it, nor where duplicate detection found a duplicate.
pub fn settle(netns: &NetNs) {
    let patience = Instant::now() + Duration::from_secs(2);
    while matches!(has_local_routes(netns, None), Ok(false)) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}
