//! The three jobs that this library grew from.
#![deny(dead_code)]

use macvlan_core::Endpoint;
use macvlan_tests::{Container, Lab, Outcome, ping, silent};

/// Two hosts, two containers on each, in one subnet: everybody reaches everybody, but no host its
/// own containers, nor they their host.
fn four_containers_on_two_hosts() -> Outcome {
    let lab = Lab::new()?;
    let mut places = vec![
        ("a", "192.168.15.1".to_owned(), lab.a.netns.clone(), true),
        ("b", "192.168.15.2".to_owned(), lab.b.netns.clone(), true),
    ];
    let mut containers = Vec::new();
    for (number, (name, host)) in
        [("a", &lab.a), ("a", &lab.a), ("b", &lab.b), ("b", &lab.b)].into_iter().enumerate()
    {
        let container = Container::start()?;
        let ip = format!("192.168.15.{}", 10 + number);
        let endpoint = Endpoint::new("eth0", "ens33")?.address(format!("{ip}/24").parse()?);
        host.host.attach(&endpoint, &container.netns()?)?;
        places.push((name, ip, container.netns()?, false));
        containers.push(container);
    }
    for (from_host, from, netns, from_is_host) in &places {
        for (to_host, to, _, to_is_host) in &places {
            let kept_apart = from_host == to_host && from_is_host != to_is_host;
            if kept_apart {
                assert!(silent(netns, to.as_str()), "{from} reaches {to}");
            } else {
                assert!(ping(netns, to.as_str()).is_some(), "{from} does not reach {to}");
            }
        }
    }
    Ok(())
}

macvlan_tests::tests! { four_containers_on_two_hosts }
