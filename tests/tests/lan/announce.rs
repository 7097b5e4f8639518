//! A neighbour with the wrong MAC address learns the right one at once, without a request.
#![deny(dead_code)]

use std::time::{Duration, Instant};

use macvlan_core::{Announce, Endpoint, NetNs, Probe, Result};
use macvlan_tests::{
    Lab, Need, Outcome, Wire, eventually, ip, ip_do, need, on_each_kernel, ping, quick, sysctl,
};

const OLD: &str = "02:42:00:00:00:99";
/// `fd15::5`
const FD15_5: [u8; 16] = [0xfd, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
const NEW: &str = "02:42:00:00:00:05";

fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .mac(NEW.parse()?)
        .address("192.168.15.5/24".parse()?)
        .address("fd15::5/64 nodad".parse()?))
}

/// Makes the other host learn who had these addresses before.
fn stale(lab: &Lab) {
    for ip in ["192.168.15.5", "fd15::5"] {
        ip_do(&lab.b.netns, &format!("neigh replace {ip} lladdr {OLD} dev ens33 nud stale"));
    }
}

fn remembered(netns: &NetNs, address: &str) -> String {
    let entry = ip(netns, &format!("neigh show {address} dev ens33"))[0]["lladdr"].take();
    entry.as_str().unwrap_or("nobody").to_owned()
}

/// Waits until the other host has this entry for both families.
fn learns(lab: &Lab, mac: &str) -> Outcome {
    eventually("another MAC address is remembered", || {
        Ok(["192.168.15.5", "fd15::5"].iter().all(|ip| remembered(&lab.b.netns, ip) == mac))
    })
}

fn is_arp_of_5(frame: &[u8]) -> bool {
    frame[12..14] == [8, 6]
        && frame[28..32] == [192, 168, 15, 5]
        && frame[38..42] == [192, 168, 15, 5]
}

fn is_advertisement_of_5(frame: &[u8]) -> bool {
    frame[12..14] == [0x86, 0xdd]
        && frame.get(54) == Some(&136)
        && frame.get(62..78) == Some(&FD15_5)
}

/// Without an announcement, the other host continues to send to the old MAC address.
fn without_it_the_old_entry_stays() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    stale(&lab);
    let inside = NetNs::anonymous()?;
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    lab.a.host.attach(&eth0()?, &inside)?;
    assert_eq!(wire.find_now(|frame| is_arp_of_5(frame) || is_advertisement_of_5(frame))?, None);
    assert_eq!(remembered(&lab.b.netns, "192.168.15.5"), OLD);
    assert_eq!(remembered(&lab.b.netns, "fd15::5"), OLD);
    Ok(())
}

fn a_stale_entry_is_put_right_at_once() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let endpoint = eth0()?.announce(Announce::once());
    quick(Duration::from_secs(1), || {
        stale(&lab);
        let started = Instant::now();
        let attachment = lab.a.host.attach(&endpoint, &inside)?;
        learns(&lab, NEW)?;
        let took = started.elapsed();
        for address in ["192.168.15.5", "fd15::5"] {
            // By its current entry: the first request has to be answered.
            quick(Duration::from_millis(200), || {
                Ok(ping(&lab.b.netns, address).ok_or("no answer")?.time)
            })?;
        }
        lab.a.host.detach(&attachment)?;
        Ok(took)
    })
}

/// With a probe, the link is up before it has its addresses. The announcement is sent nevertheless,
/// and not before the probe has ended.
fn after_a_probe_too() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    stale(&lab);
    let inside = NetNs::anonymous()?;
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    let endpoint = eth0()?.probe(Probe::quick()).announce(Announce::once());
    lab.a.host.attach(&endpoint, &inside)?;
    learns(&lab, NEW)?;
    let arp = |frame: &[u8]| frame[12..14] == [8, 6];
    let first = wire.find(arp)?.ok_or("nobody asked")?;
    assert_eq!(first[28..32], [0; 4], "the first is a probe");
    assert!(wire.find(is_arp_of_5)?.is_some());
    Ok(())
}

/// An IPv6 address that the kernel checks first is announced when it can be used.
fn an_address_that_is_checked_is_announced_later() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    stale(&lab);
    let inside = NetNs::anonymous()?;
    sysctl(&inside, "ipv6/conf/default/accept_dad", "1");
    // For some seconds.
    sysctl(&inside, "ipv6/conf/default/dad_transmits", "3");
    let endpoint = Endpoint::new("eth0", "ens33")?
        .mac(NEW.parse()?)
        .address("fd15::5/64".parse()?)
        .announce(Announce::once());
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(attachment.announce(Announce::once())?.send()?, 0, "it cannot be used yet");
    assert_eq!(wire.find_now(is_advertisement_of_5)?, None);
    assert!(wire.find(is_advertisement_of_5)?.is_some());
    eventually("the other host does not learn", || Ok(remembered(&lab.b.netns, "fd15::5") == NEW))?;
    assert_eq!(attachment.announce(Announce::once())?.send()?, 1);
    Ok(())
}

/// Attaching does not wait for further announcements, unless requested.
fn attaching_waits_only_if_told_to() -> Outcome {
    let lab = Lab::new()?;
    let thrice = Announce::once().count(3)?.interval(Duration::from_secs(1));
    for blocking in [false, true] {
        let wire = Wire::listen(&lab.b.netns, "ens33")?;
        let inside = NetNs::anonymous()?;
        let started = Instant::now();
        let endpoint = eth0()?.announce(thrice.blocking(blocking));
        let attachment = lab.a.host.attach(&endpoint, &inside)?;
        let took = started.elapsed();
        assert_eq!(took >= Duration::from_secs(2), blocking, "{took:?}");
        if !blocking {
            let announcement = attachment.announce(thrice)?;
            // On a thread of the caller's choice.
            let sent = std::thread::spawn(move || announcement.run()).join();
            let expected = 3 * if need(Need::Ipv6).is_ok() { 2 } else { 1 };
            assert_eq!(sent.map_err(|_| "it panicked")??, expected);
        }
        for _ in 0..if blocking { 3 } else { 4 } {
            assert!(wire.find(is_arp_of_5)?.is_some());
        }
        assert_eq!(wire.find_now(is_arp_of_5)?, None);
        lab.a.host.detach(&attachment)?;
    }
    Ok(())
}

/// An address that is no longer on the link is not announced, because another host may have it by
/// now.
fn deleted_addresses_are_not_announced() -> Outcome {
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?
        .address("192.168.15.5/24".parse()?)
        .address("192.168.15.6/24".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    let announcement = attachment.announce(Announce::once())?;
    assert_eq!(announcement.send()?, 2);
    ip_do(&inside, "address del 192.168.15.6/24 dev eth0");
    assert_eq!(announcement.send()?, 1);
    lab.a.host.detach(&attachment)?;
    assert!(announcement.send().unwrap_err().is_not_found());
    Ok(())
}

/// The kernel announces again when the link comes up again.
fn the_kernel_goes_on_announcing() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    lab.a.host.attach(&eth0()?.announce(Announce::once()), &inside)?;
    stale(&lab);
    ip_do(&inside, "link set dev eth0 down");
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    ip_do(&inside, "link set dev eth0 up");
    assert!(wire.find(is_arp_of_5)?.is_some());
    eventually("the other host does not learn", || {
        Ok(remembered(&lab.b.netns, "192.168.15.5") == NEW)
    })
}

/// A pool's link is renamed, and announced under its new name.
fn a_link_of_a_pool_is_announced_too() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let pool = lab.a.host.pool("ens33", 1)?;
    stale(&lab);
    let endpoint = Endpoint::new("wan0", "ens33")?
        .mac(NEW.parse()?)
        .address("192.168.15.5/24".parse()?)
        .address("fd15::5/64 nodad".parse()?)
        .announce(Announce::once());
    let _made = pool.attach(&endpoint)?;
    learns(&lab, NEW)?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    without_it_the_old_entry_stays,
    a_stale_entry_is_put_right_at_once,
    after_a_probe_too,
    an_address_that_is_checked_is_announced_later,
    attaching_waits_only_if_told_to,
    deleted_addresses_are_not_announced,
    the_kernel_goes_on_announcing,
    a_link_of_a_pool_is_announced_too,
}
