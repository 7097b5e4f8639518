//! The kernel's own IPv6 actions on a link: router advertisements, autoconfiguration, duplicate
//! detection, connected routes. Checked with `ip`.
#![deny(dead_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use macvlan_core::{AcceptRa, Difference, DifferenceKind, Endpoint, ErrorKind, Probe};
use macvlan_tests::{
    Lab, Need, Outcome, Snapshot, Stage, advertise, eventually, ip_addresses, ip_do, ip_lines,
    need, on_each_kernel, settle, sysctl, takes_long_in_the_guest,
};

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .mac("02:42:c0:a8:0f:0a".parse()?)
        .address("192.168.15.10/24".parse()?)
        .address("fd15::a/64 nodad".parse()?)
        .gateway("fd15::2".parse()?))
}

fn words(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

/// Returns the link-local address of a link, once it can be used.
fn link_local(lab: &Lab) -> Outcome<String> {
    settle(&lab.b.netns);
    let lines = ip_lines(&lab.b.netns, "-6 -o address show dev ens33 scope link");
    let words = lines.first().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let address = words.as_ref().and_then(|words| words.get(3)).ok_or("no link-local address")?;
    Ok(address.split('/').next().unwrap_or_default().to_owned())
}

/// A router advertises. A container that does not accept it has exactly the requested
/// configuration.
fn advertisements_add_nothing_where_they_are_off() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let endpoint = eth0()?.accept_ra(AcceptRa::Never).autoconf(false);
    stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    let other = macvlan_core::NetNs::anonymous()?;
    stage.lab.a.host.attach(&Endpoint::new("eth0", "ens33")?, &other)?;
    let before = Snapshot::settled(&stage.inside);
    eventually("nobody hears the router", || {
        advertise(&stage.lab.b.netns, "ens33", "fd42::")?;
        Ok(!ip_lines(&other, "-6 address show dev eth0 scope global dynamic").is_empty()
            && !ip_lines(&other, "-6 route show default proto ra").is_empty())
    })?;
    before.assert_same(&stage.inside);
    assert_eq!(stage.lab.a.host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// Accepted, but not for addresses.
fn advertisements_without_autoconf_add_no_address() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let endpoint = eth0()?.accept_ra(AcceptRa::Always).autoconf(false);
    stage.lab.a.host.attach(&endpoint, &stage.inside)?;
    sysctl(&stage.inside, "ipv6/conf/eth0/forwarding", "1");
    eventually("the router is not heard", || {
        advertise(&stage.lab.b.netns, "ens33", "fd42::")?;
        Ok(!ip_lines(&stage.inside, "-6 route show default proto ra").is_empty())
    })?;
    assert_eq!(ip_lines(&stage.inside, "-6 address show dev eth0 scope global dynamic"), [""; 0]);
    assert_eq!(stage.lab.a.host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// A router advertises without pause, and is or is not the requested gateway. No attach fails
/// because of it, with or without a probe, and each container has the requested configuration.
fn no_attach_fails_of_advertisements() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let (host, router) = (&stage.lab.a.host, link_local(&stage.lab)?);
    let own = "fe80::42:c0ff:fea8:f0a/64"; // as the kernel makes it from the MAC address
    let autoconf = "fd42::42:c0ff:fea8:f0a/64"; // and this from the advertisement
    let plain = eth0()?;
    let by_router = Endpoint::new("eth0", "ens33")?
        .mac("02:42:c0:a8:0f:0a".parse()?)
        .address(own.parse()?)
        .address(autoconf.parse()?)
        .gateway(router.parse()?);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let advertising = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if advertise(&stage.lab.b.netns, "ens33", "fd42::").is_err() {
                    return false;
                }
            }
            true
        });
        let attached = || -> Outcome {
            for endpoint in [&plain, &by_router] {
                for attempt in 0..20 {
                    let mut endpoint = endpoint.clone();
                    if attempt % 4 == 0 {
                        endpoint = endpoint.probe(Probe::quick().deadline(Duration::from_secs(20)));
                    }
                    let attachment = host.attach(&endpoint, &stage.inside)?;
                    assert_eq!(words(&host.check(&endpoint, &stage.inside)?), [""; 0]);
                    host.detach(&attachment)?;
                }
            }
            Ok(())
        };
        let outcome = attached();
        ended.store(true, Ordering::Relaxed);
        assert!(advertising.join().unwrap_or(false), "the router fell silent");
        outcome
    })
}

/// The sysctls are compared and set again.
fn sysctls_are_repaired() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.accept_ra(AcceptRa::Never).autoconf(false).disable_ipv6(false);
    host.attach(&endpoint, &stage.inside)?;
    let right = Snapshot::settled(&stage.inside);
    for (name, value) in [("accept_ra", "2"), ("autoconf", "1"), ("disable_ipv6", "1")] {
        sysctl(&stage.inside, &format!("ipv6/conf/eth0/{name}"), value);
    }
    let found = host.check(&endpoint, &stage.inside)?;
    let expected = [
        "accept_ra is 2 and should be 0",
        "autoconf is 1 and should be 0",
        "disable_ipv6 is 1 and should be 0",
    ];
    assert_eq!(words(&found)[..3], expected);
    assert!(found[..3].iter().all(|one| one.kind() == DifferenceKind::Sysctl));
    host.ensure(&endpoint, &stage.inside)?;
    assert_eq!(words(&host.check(&endpoint, &stage.inside)?), [""; 0]);
    right.assert_same(&{
        settle(&stage.inside);
        stage.inside.clone()
    });
    Ok(())
}

/// In a container whose default is off, and the reverse.
fn ipv6_is_enabled_and_disabled_for_one_link() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    sysctl(&stage.inside, "ipv6/conf/default/disable_ipv6", "1");
    let endpoint = eth0()?.disable_ipv6(false);
    let attachment = host.attach(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    assert_eq!(ip_addresses(&stage.inside, "eth0"), ["192.168.15.10/24", "fd15::a/64"]);
    host.detach(&attachment)?;

    sysctl(&stage.inside, "ipv6/conf/default/disable_ipv6", "0");
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    let endpoint = endpoint.disable_ipv6(true);
    host.attach(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    assert_eq!(ip_lines(&stage.inside, "-6 address show dev eth0"), [""; 0]);

    let error = eth0()?.disable_ipv6(true).plan().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    assert!(
        error.to_string().contains("IPv6 is to be disabled, and fd15::a is an IPv6 address"),
        "{error}"
    );
    Ok(())
}

/// Two containers have one address. The kernel does not use the second one's, which is a difference
/// that is repaired when the first is gone.
fn a_duplicate_is_found_and_repaired() -> Outcome {
    on_each_kernel();
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
    let first = macvlan_core::NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("fd15::a/64".parse()?);
    let attachment = host.attach(&endpoint, &first)?;
    settle(&first);
    host.attach(&endpoint, &stage.inside)?;
    let duplicate = [Difference::Duplicate("fd15::a/64".parse()?)];
    eventually("the kernel finds no duplicate", || {
        Ok(host.check(&endpoint, &stage.inside)? == duplicate)
    })?;
    assert_eq!(words(&duplicate), ["another host has the address fd15::a"]);

    let error = host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse, "{error}");
    assert!(error.to_string().contains("fd15::a"), "{error}");
    assert_eq!(host.check(&endpoint, &stage.inside)?, duplicate);

    host.detach(&attachment)?;
    assert_eq!(host.ensure(&endpoint, &stage.inside)?.repaired, duplicate);
    assert_eq!(host.check(&endpoint, &stage.inside)?, []);
    Ok(())
}

/// Without a carrier the kernel does not look for duplicates, and the address waits.
fn an_address_that_stays_tentative_is_found() -> Outcome {
    need(Need::Ipv6)?;
    takes_long_in_the_guest()?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
    ip_do(&stage.lab.b.netns, "link set ens33 down");
    let endpoint = Endpoint::new("eth0", "ens33")?.address("fd15::a/64".parse()?);
    host.attach(&endpoint, &stage.inside)?;
    assert_eq!(host.check(&endpoint, &stage.inside)?, [], "it may take a moment");
    let tentative = [Difference::Tentative("fd15::a/64".parse()?)];
    eventually("it is tentative for ever", || {
        Ok(host.check(&endpoint, &stage.inside)? == tentative)
    })?;
    assert_eq!(words(&tentative), ["the address fd15::a has been tentative for too long"]);
    let error = host.ensure(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParentDown, "{error}");

    // With the carrier the kernel continues by itself.
    ip_do(&stage.lab.b.netns, "link set ens33 up");
    eventually("it is ready", || Ok(host.check(&endpoint, &stage.inside)?.is_empty()))
}

/// The route that the kernel adds with an address was deleted.
fn a_missing_connected_route_is_repaired() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let endpoint = eth0()?.gateway("192.168.15.2".parse()?).address("192.168.15.11/32".parse()?);
    host.attach(&endpoint, &stage.inside)?;
    let right = Snapshot::settled(&stage.inside);
    for command in
        ["route flush dev eth0", "-6 route flush dev eth0 proto kernel", "-6 route flush dev eth0"]
    {
        ip_do(&stage.inside, command);
    }
    let found = host.check(&endpoint, &stage.inside)?;
    assert_eq!(
        words(&found)[..2],
        [
            "the connected route 192.168.15.0/24 is missing",
            "the connected route fd15::/64 is missing",
        ]
    );
    host.ensure(&endpoint, &stage.inside)?;
    assert_eq!(words(&host.check(&endpoint, &stage.inside)?), [""; 0]);
    // The kernel's own routes for multicast and link-local addresses are not the endpoint's.
    let routes = |words: &str| ip_lines(&stage.inside, words);
    assert_eq!(
        routes("route show"),
        [
            "default via 192.168.15.2 dev eth0",
            "192.168.15.0/24 dev eth0 proto kernel scope link src 192.168.15.10",
        ]
    );
    assert_eq!(
        routes("-6 route show fd15::/64"),
        ["fd15::/64 dev eth0 proto kernel metric 256 pref medium"]
    );
    drop(right);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    advertisements_add_nothing_where_they_are_off,
    advertisements_without_autoconf_add_no_address,
    no_attach_fails_of_advertisements,
    sysctls_are_repaired,
    ipv6_is_enabled_and_disabled_for_one_link,
    a_duplicate_is_found_and_repaired,
    an_address_that_stays_tentative_is_found,
    a_missing_connected_route_is_repaired,
}
