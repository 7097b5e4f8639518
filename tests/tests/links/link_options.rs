//! Options of links of every kind, at creation, on an existing link, and in an endpoint: `ip` sees
//! the same as if it had set them.
#![deny(dead_code)]

use std::time::Duration;

use macvlan_core::{AddrGenMode, Endpoint, Handle, Link, LinkName, MacvlanOptions, Mode};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Twins, eventually, ip, ip_do, ip_lines, ip_link, need,
    on_each_kernel, sysctl,
};
use serde_json::Value;

/// Options of every kind of link, at creation.
fn common_options_at_creation() -> Outcome {
    let twins = Twins::new()?;
    let link = || Link::macvlan("new0", "ens33", MacvlanOptions::new(Mode::Bridge));
    let rows = [
        ("index 70000", link()?.index(70_000)),
        ("mtu 1400", link()?.mtu(1400)),
        ("group 7", link()?.group(7)),
        ("txqueuelen 33", link()?.tx_queue_len(33)),
        ("numtxqueues 3 numrxqueues 2", link()?.queues(3, 2)),
        ("up", link()?.up(true)),
    ];
    for (words, link) in rows {
        twins.make(link, words, "macvlan mode bridge")?;
        twins.assert_same("new0", words)?;
        twins.unmake()?;
    }
    let promisc = link()?.promisc(true).up(true);
    twins.make(promisc, "", "macvlan mode bridge")?;
    // `ip link add … promisc on` does not work.
    twins.change(|_| Ok(()), "link set new0 up promisc on")?;
    assert!(twins.assert_same("new0", "promisc")?.is_promisc());
    Ok(())
}

type Change = fn(&Handle) -> macvlan_core::Result<()>;

/// And on an existing link, through a handle.
fn common_options_changed_on_a_living_link() -> Outcome {
    let twins = Twins::new()?;
    twins.make(
        Link::macvlan("new0", "ens33", MacvlanOptions::new(Mode::Bridge))?,
        "",
        "macvlan mode bridge",
    )?;
    let long = "a name that says more than fifteen bytes can".replace(' ', "-");
    let rows: [(&str, Change); 16] = [
        ("link set new0 address 02:00:00:00:00:11", |a| {
            a.set_mac("new0", "02:00:00:00:00:11".parse()?)
        }),
        ("link set new0 mtu 1300", |a| a.set_mtu("new0", 1300)),
        ("link set new0 alias spare", |a| a.set_alias("new0", "spare")),
        ("link set new0 group 9", |a| a.set_group("new0", 9)),
        ("link set new0 txqueuelen 44", |a| a.set_tx_queue_len("new0", 44)),
        ("link set new0 addrgenmode none", |a| a.set_addr_gen_mode("new0", AddrGenMode::None)),
        ("link set new0 addrgenmode random", |a| a.set_addr_gen_mode("new0", AddrGenMode::Random)),
        ("link set new0 addrgenmode eui64", |a| a.set_addr_gen_mode("new0", AddrGenMode::Eui64)),
        ("link property add dev new0 altname wan", |a| a.add_alternative_name("new0", "wan")),
        ("link property add dev new0 altname a-name-that-says-more-than-fifteen-bytes-can", |a| {
            a.add_alternative_name("new0", "a-name-that-says-more-than-fifteen-bytes-can")
        }),
        ("link property del dev new0 altname wan", |a| a.delete_alternative_name("new0", "wan")),
        ("link set new0 promisc on", |a| a.set_promisc("new0", true)),
        ("link set new0 promisc off", |a| a.set_promisc("new0", false)),
        ("link set new0 allmulticast on", |a| a.set_allmulticast("new0", true)),
        ("link set new0 up", |a| a.set_up("new0")),
        ("link set new0 down", |a| a.set_down("new0")),
    ];
    for (words, change) in rows {
        twins.change(change, words)?;
        twins.assert_same("new0", words)?;
    }
    let info = twins.lab.a.handle.link("new0")?;
    assert_eq!(info.alternative_names, [long]);
    assert_eq!(info.alias.as_deref(), Some("spare"));
    twins.lab.a.handle.rename("new0", LinkName::new("new1")?)?;
    assert_eq!(ip_link(&twins.lab.a.netns, "new1")["ifindex"], info.index);
    Ok(())
}

/// All at once, and complete.
fn all_options_of_an_endpoint() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let long = "the-interface-that-leads-to-the-outside-world";
    let endpoint = Endpoint::new("eth0", "ens33")?
        .options(
            MacvlanOptions::new(Mode::Source).nodst(true).source_mac("02:00:00:00:00:01".parse()?),
        )?
        .mac("02:42:ac:10:00:05".parse()?)
        .mtu(1400)
        .alias("outside, for web-1")
        .alternative_name("wan")
        .alternative_name(long)
        .group(42)
        .tx_queue_len(77)
        .queues(2, 3);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;

    let link = ip_link(&inside, "eth0");
    let expected = [
        ("/address", Value::from("02:42:ac:10:00:05")),
        ("/mtu", 1400.into()),
        ("/ifalias", "outside, for web-1".into()),
        ("/altnames", vec!["wan", long].into()),
        ("/group", "42".into()),
        ("/txqlen", 77.into()),
        ("/num_tx_queues", 2.into()),
        ("/linkinfo/info_data/mode", "source".into()),
        ("/linkinfo/info_data/nodst", true.into()),
        ("/linkinfo/info_data/macaddr_data", vec!["02:00:00:00:00:01"].into()),
    ];
    for (field, value) in expected {
        assert_eq!(link.pointer(field), Some(&value), "{field}");
    }
    // A kernel for a single processor does not report receive queues.
    assert!(link["num_rx_queues"].is_null() || link["num_rx_queues"] == 3);
    assert_eq!(ip_link(&inside, "wan")["ifindex"], attachment.index());
    Ok(())
}

/// Without address generation, the link gets no `fe80::` address, even if others do.
fn no_link_local_address_when_none_is_asked_for() -> Outcome {
    need(Need::Ipv6)?;
    let lab = Lab::new()?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let with = Endpoint::new("with", "ens33")?.address("fd15::10/64".parse()?);
    lab.a.host.attach(&with, &inside)?;
    for (name, host) in [("without", "fd15::11/64"), ("bare", "fd15::12/64")] {
        let mut endpoint = Endpoint::new(name, "ens33")?.addr_gen_mode(AddrGenMode::None).mtu(1500);
        if name == "without" {
            endpoint = endpoint.address(host.parse()?);
        }
        lab.a.host.attach(&endpoint, &inside)?;
        assert_eq!(ip_link(&inside, name)["inet6_addr_gen_mode"], "none");
    }
    let link_local = |name: &str| -> Vec<String> {
        let links = ip(&inside, &format!("-6 address show dev {name} scope link"));
        let found = links[0]["addr_info"].as_array().cloned().unwrap_or_default();
        // `ip` shows entries that its filter excludes as {}.
        found.iter().filter_map(|address| address["local"].as_str().map(str::to_owned)).collect()
    };
    // Until duplicate address detection of the existing one has ended, and a second more.
    eventually("it stays tentative", || {
        Ok(!ip_lines(&inside, "-6 address show dev with").join(" ").contains("tentative"))
    })?;
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(link_local("with").len(), 1);
    for name in ["without", "bare"] {
        assert!(link_local(name).is_empty(), "{:?}", link_local(name));
    }
    // Not after it has been down either.
    for verb in ["down", "up"] {
        ip_do(&inside, &format!("link set bare {verb}"));
    }
    sysctl(&inside, "ipv6/conf/bare/accept_dad", "0");
    std::thread::sleep(Duration::from_millis(500));
    assert!(link_local("bare").is_empty(), "{:?}", link_local("bare"));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    common_options_at_creation,
    common_options_changed_on_a_living_link,
    all_options_of_an_endpoint,
    no_link_local_address_when_none_is_asked_for,
}
