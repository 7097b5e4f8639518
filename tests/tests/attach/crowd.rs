//! Many interfaces: in one container, in many at once, from many threads.
#![deny(dead_code)]

use std::collections::HashSet;

use macvlan_core::{Attachment, Endpoint, Host, NetNs, Result};
use macvlan_tests::{Container, Lab, Outcome, ip, ip_addresses, ip_link, ping, ping_from, silent};

/// Two endpoints in one container, on two parents in different networks.
fn two_interfaces_on_two_parents() -> Outcome {
    let lab = Lab::new()?;
    lab.cable("ens34")?;
    lab.b.handle.add_address("ens34", &"10.34.0.2/24".parse()?)?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let front =
        Endpoint::new("eth0", "ens33")?.assignment("192.168.15.10/24@192.168.15.2".parse()?);
    let back = Endpoint::new("eth1", "ens34")?.address("10.34.0.10/24".parse()?);
    let front = lab.a.host.attach(&front, &inside)?;
    let back = lab.a.host.attach(&back, &inside)?;
    let parent = |name| ip_link(&lab.a.netns, name)["ifindex"].clone();
    assert_eq!(ip_link(&inside, "eth0")["link_index"], parent("ens33"));
    assert_eq!(ip_link(&inside, "eth1")["link_index"], parent("ens34"));
    assert!(ping_from(&inside, "192.168.15.10", "192.168.15.2").is_some());
    assert!(ping_from(&inside, "10.34.0.10", "10.34.0.2").is_some());

    lab.a.host.detach(&front)?;
    assert!(silent(&inside, "192.168.15.2"));
    assert!(ping(&inside, "10.34.0.2").is_some(), "the other one is as it was");
    lab.a.host.detach(&back)?;
    assert_eq!(ip(&inside, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

/// Every container calls its interface `eth0`, although the host has an `eth0` itself.
fn fifty_containers_with_an_eth0_each() -> Outcome {
    let lab = Lab::new()?;
    lab.cable("eth0")?;
    let on_the_host = ip_link(&lab.a.netns, "eth0");
    let mut containers = Vec::new();
    for number in 0..50 {
        let container = Container::start()?;
        let address = format!("192.168.15.{}/24", 100 + number);
        let endpoint = Endpoint::new("eth0", "ens33")?.address(address.parse()?);
        let attachment = lab.a.host.attach(&endpoint, &container.netns()?)?;
        containers.push((container, attachment, address));
    }
    let macs: HashSet<_> = containers.iter().map(|(_, attachment, _)| attachment.mac()).collect();
    assert_eq!(macs.len(), 50);
    for (container, attachment, address) in &containers {
        let inside = container.netns()?;
        assert_eq!(ip_link(&inside, "eth0")["address"], attachment.mac().to_string());
        assert_eq!(ip_addresses(&inside, "eth0"), [address.as_str()]);
        let (ip, _) = address.split_once('/').ok_or("no prefix length")?;
        assert!(ping(&lab.b.netns, ip).is_some(), "{ip}");
    }
    assert!(ping(&containers[0].1.netns()?, "192.168.15.149").is_some());
    assert_eq!(ip_link(&lab.a.netns, "eth0"), on_the_host);
    let links = ip(&lab.a.netns, "link show");
    assert_eq!(links.as_array().map(Vec::len), Some(3), "lo, ens33 and eth0 on the host: {links}");
    Ok(())
}

/// Eight threads share one `Host`; four of them also share one container.
fn eight_threads_share_one_host() -> Outcome {
    const ROUNDS: u8 = 10;
    let lab = Lab::new()?;
    let pod = Container::start()?;
    let own: Vec<Container> = (0..4).map(|_| Container::start()).collect::<Outcome<_>>()?;
    let containers = std::iter::repeat_n(&pod, 4).chain(&own);
    let work = |host: &Host, thread: u8, inside: &NetNs| -> Result<Attachment> {
        for round in 0..=ROUNDS {
            let endpoint = Endpoint::new(format!("eth{thread}").as_str(), "ens33")?
                .address(format!("192.168.15.{}/24", 10 + thread).parse()?);
            let attachment = host.attach(&endpoint, inside)?;
            if round == ROUNDS {
                return Ok(attachment);
            }
            host.detach(&attachment)?;
        }
        unreachable!("the last round returns")
    };
    let attachments: Vec<Attachment> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .zip(containers)
            .map(|(thread, container)| {
                let host = &lab.a.host;
                scope.spawn(move || work(host, thread, &container.netns()?))
            })
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<_>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Result<_>>()
    })?;
    for (thread, attachment) in attachments.iter().enumerate() {
        let told = ip_link(&attachment.netns()?, &format!("eth{thread}"));
        assert_eq!(told["address"], attachment.mac().to_string());
        assert_eq!(told["ifindex"], attachment.index());
        let address = attachment.addresses()[0];
        assert_eq!(
            ip_addresses(&attachment.netns()?, attachment.name().as_str()),
            [address.net().to_string()]
        );
        assert!(ping(&lab.b.netns, address.ip()).is_some(), "{address}");
    }
    let in_pod = ip(&pod.netns()?, "link show");
    assert_eq!(in_pod.as_array().map(Vec::len), Some(5), "lo and four more: {in_pod}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    two_interfaces_on_two_parents,
    fifty_containers_with_an_eth0_each,
    eight_threads_share_one_host,
}
