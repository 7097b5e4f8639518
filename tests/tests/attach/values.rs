//! Extreme values: accepted values are set exactly, so `check` finds no differences.
#![deny(dead_code)]

use macvlan_core::{AddrGenMode, Endpoint, MacAddr, MacvlanOptions, Mode, Result};
use macvlan_tests::{Container, Lab, Outcome};

type Change = fn(Endpoint) -> Result<Endpoint>;

/// With `10.0.0.2/16` and `fd00::2/64` on the link.
const VALUES: &[(&str, Change)] = &[
    ("empty alias", |e| Ok(e.alias(""))),
    ("longest alias", |e| Ok(e.alias("x".repeat(255)))),
    ("alternative name", |e| Ok(e.alternative_name("x".repeat(127)))),
    ("group 0", |e| Ok(e.group(0))),
    ("largest group", |e| Ok(e.group(u32::MAX))),
    ("no queue length", |e| Ok(e.tx_queue_len(0))),
    ("largest queue length", |e| Ok(e.tx_queue_len(u32::MAX))),
    ("many queues", |e| Ok(e.queues(64, 64))),
    ("smallest MTU", |e| Ok(e.mtu(1280))),
    ("no address generated", |e| Ok(e.addr_gen_mode(AddrGenMode::None))),
    ("no broadcast queue", |e| e.options(MacvlanOptions::default().bc_queue_len(0))),
    ("long broadcast queue", |e| e.options(MacvlanOptions::default().bc_queue_len(u32::MAX))),
    ("no cutoff", |e| e.options(MacvlanOptions::default().bc_cutoff(-1))),
    ("smallest cutoff", |e| e.options(MacvlanOptions::default().bc_cutoff(i32::MIN))),
    ("a source twice", |e| {
        let mac = MacAddr::from_ipv4([10, 0, 0, 9].into());
        e.options(MacvlanOptions::new(Mode::Source).source_mac(mac).source_mac(mac))
    }),
    ("MAC", |e| Ok(e.mac("00:00:00:00:00:01".parse()?))),
    ("IPv4-mapped", |e| Ok(e.address("::ffff:10.0.0.1/128".parse()?))),
    ("prefix length 0", |e| Ok(e.address("2001:db8::1/0".parse()?))),
    ("network's address", |e| Ok(e.address("10.77.0.0/24".parse()?))),
    ("link-local", |e| Ok(e.address("fe80::77/64 nodad".parse()?))),
    ("loopback", |e| Ok(e.address("127.0.0.5/8".parse()?))),
    ("IPv6 metric 0", |e| Ok(e.route("fd50::/32 via fd00::1 metric 0".parse()?))),
    ("largest metric", |e| Ok(e.route("fd50::/32 via fd00::1 metric 4294967295".parse()?))),
    ("IPv4 metric 0", |e| Ok(e.route("10.50.0.0/24 via 10.0.0.1 metric 0".parse()?))),
    ("path MTU", |e| Ok(e.route("10.50.0.0/24 via 10.0.0.1 mtu 65520 advmss 65495".parse()?))),
    ("IPv6 path MTU", |e| Ok(e.route("fd50::/32 via fd00::1 mtu 65520 advmss 65495".parse()?))),
    ("smallest path MTU", |e| Ok(e.route("10.50.0.0/24 via 10.0.0.1 mtu 1 advmss 1".parse()?))),
    ("largest table", |e| Ok(e.route("10.50.0.0/24 via 10.0.0.1 table 4294967295".parse()?))),
    ("scope", |e| Ok(e.route("10.50.0.0/24 scope host".parse()?))),
    ("IPv6 scope", |e| Ok(e.route("fd50::/32 scope site".parse()?))),
    ("blackholes", |e| {
        Ok(e.route("blackhole fd51::/32".parse()?).route("prohibit 10.51.0.0/16".parse()?))
    }),
    ("on-link", |e| Ok(e.on_link_gateways(true).gateway([192, 0, 2, 1].into()))),
    ("source", |e| Ok(e.route("fd50::/32 via fd00::1 src fd00::2".parse()?))),
];

fn check_finds_nothing_after_attach() -> Outcome {
    let lab = Lab::new()?;
    for (what, change) in VALUES {
        let container = Container::start()?;
        let netns = container.netns()?;
        let endpoint = Endpoint::new("eth0", "ens33")?
            .address("10.0.0.2/16".parse()?)
            .address("fd00::2/64 nodad".parse()?);
        let endpoint = change(endpoint)?;
        let attached = lab.a.host.attach(&endpoint, &netns);
        let attached = attached.map_err(|error| format!("{what}: {error}"))?;
        let differences = lab.a.host.check(&endpoint, &netns)?;
        assert!(differences.is_empty(), "{what}: {differences:?}");
        lab.a.host.detach(&attached)?;
    }
    Ok(())
}

macvlan_tests::tests! {
    check_finds_nothing_after_attach,
}
