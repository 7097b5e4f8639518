//! The number of requests to etcd, as etcd counts them.
#![deny(dead_code)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::common::{in_etcd, on_ens33, subnet};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, Networks, Order};
use macvlan_tests::{Etcd, Lab, Outcome};

/// Returns the number of requests that etcd has answered that read or change keys.
fn answered(etcd: &Etcd) -> Outcome<u64> {
    let address = Etcd::ENDPOINT.trim_start_matches("http://");
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address)?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut told = String::new();
        connection.read_to_string(&mut told)?;
        Ok(told)
    };
    let told = etcd.netns().run(ask)??;
    let of_keys = |line: &&str| {
        line.starts_with("grpc_server_handled_total{") && line.contains("\"etcdserverpb.KV\"")
    };
    let counts = told.lines().filter(of_keys).filter_map(|line| line.rsplit(' ').next());
    counts.map(|count| Ok(count.parse::<u64>()?)).sum()
}

/// Returns the number of requests during `work`.
fn asked<T>(etcd: &Etcd, work: impl FnOnce() -> Outcome<T>) -> Outcome<u64> {
    let before = answered(etcd)?;
    work()?;
    Ok(answered(etcd)? - before)
}

/// Writes leases of other containers directly, as many in one transaction as etcd accepts.
fn fill(etcd: &Etcd, network: &str, leases: u32) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let write = async {
        let mut client = etcd_client::Client::connect([Etcd::ENDPOINT], None).await?;
        for some in (0..leases).collect::<Vec<_>>().chunks(50) {
            let puts = some.iter().flat_map(|at| {
                let lease = serde_json::json!({
                    "network": network, "container": format!("o{at}"), "name": format!("n{at}"),
                    "host": "a", "endpoint": format!("{at:064x}"), "interface": "eth0",
                    "addresses": [], "netns": { "boot": "b", "inode": 1 },
                });
                let put = |kind: &str, key: String, value: String| {
                    etcd_client::TxnOp::put(format!("/macvlan/{kind}/{network}/{key}"), value, None)
                };
                [
                    put("lease", format!("o{at}"), lease.to_string()),
                    put("name", format!("n{at}"), format!("o{at}")),
                ]
            });
            client.txn(etcd_client::Txn::new().and_then(puts.collect::<Vec<_>>())).await?;
        }
        Ok::<_, etcd_client::Error>(())
    };
    etcd.netns().run(|| runtime.block_on(write).map_err(Box::new))??;
    Ok(())
}

fn they_are_few_and_do_not_grow() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks: Networks = in_etcd(&lab.a, &etcd, "a")?;
    let dual = on_ens33("lan", "10.1.0.0/16")?.subnet(subnet("fd00:1::/64")?);
    networks.create(&dual)?;
    let next = networks.create(&on_ens33("next", "10.2.0.0/16")?.order(Order::Next))?;
    for number in 0..20 {
        networks
            .create(&on_ens33(&format!("more{number}"), &format!("10.{}.0.0/24", 10 + number))?)?;
    }
    let lan = networks.network("lan")?;
    for leases in [0, 10_000] {
        fill(&etcd, lan.id(), leases)?;
        let inside = [NetNs::anonymous()?, NetNs::anonymous()?];
        let connect = |options: &ConnectOptions, netns: &NetNs| {
            asked(&etcd, || Ok(lan.connect(options, netns)?))
        };
        let said = ConnectOptions::new("c2").name("web").alias("w").address("10.1.7.7".parse()?);
        let third = NetNs::anonymous()?;
        let counts = [
            (
                "connect with the next address",
                asked(&etcd, || Ok(next.connect(&ConnectOptions::new("c3"), &third)?))?,
                3,
            ),
            ("connect", connect(&ConnectOptions::new("c1"), &inside[0])?, 3),
            ("connect with a request", connect(&said, &inside[1])?, 3),
            ("resolve", asked(&etcd, || Ok(lan.resolve("web")?))?, 2),
            ("find the network", asked(&etcd, || Ok(networks.network("lan")?))?, 2),
            ("disconnect", asked(&etcd, || Ok(lan.disconnect_from("c1", &inside[0])?))?, 4),
            ("connect one that returns", connect(&ConnectOptions::new("c1"), &inside[0])?, 3),
            ("connect again", connect(&ConnectOptions::new("c1"), &inside[0])?, 2),
            (
                "connect with it to a further network",
                asked(&etcd, || Ok(next.connect(&ConnectOptions::new("c2"), &inside[1])?))?,
                5,
            ),
        ];
        for (what, count, most) in counts {
            println!("{what} among {leases} leases: {count}");
            assert!(count <= most, "{what} among {leases} leases asks etcd {count} times");
        }
        for (network, container) in [(&lan, "c1"), (&lan, "c2"), (&next, "c2"), (&next, "c3")] {
            network.disconnect(container)?;
        }
    }
    Ok(())
}

/// In a pool without addresses that were never given.
fn one_that_rests_is_found_at_once() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks: Networks = in_etcd(&lab.a, &etcd, "a")?;
    // .2 to .6
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/29")?)?;
    let inside = NetNs::anonymous()?;
    for number in 2..7 {
        let connection = lan.connect(&ConnectOptions::new(format!("c{number}")), &inside)?;
        assert_eq!(connection.addresses()[0].to_string(), format!("10.1.0.{number}"));
        lan.disconnect_from(&format!("c{number}"), &inside)?;
    }
    let mut first = None;
    let count = asked(&etcd, || {
        first = Some(lan.connect(&ConnectOptions::new("new"), &inside)?.addresses());
        Ok(())
    })?;
    assert_eq!(first, Some(vec!["10.1.0.2".parse()?]));
    assert!(count <= 3, "{count}");
    Ok(())
}

/// Their leases are released in as few transactions as their size permits.
fn many_that_are_gone_are_collected_together() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks: Networks = in_etcd(&lab.a, &etcd, "a")?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let mut counts = Vec::new();
    for many in [1, 40] {
        let inside = (0..many).map(|_| NetNs::anonymous()).collect::<Result<Vec<_>, _>>()?;
        for (number, netns) in inside.iter().enumerate() {
            lan.connect(&ConnectOptions::new(format!("c{number}")), netns)?;
        }
        drop(inside);
        counts.push(asked(&etcd, || {
            assert_eq!(networks.collect()?.leases.len(), many);
            Ok(())
        })?);
    }
    println!("collecting one asks etcd {} times, collecting 40 {} times", counts[0], counts[1]);
    // Twelve fit into a transaction. One more if the kernel is still deleting some interfaces.
    assert!(counts[1] <= counts[0] + 2 * 3 + 1, "{counts:?}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    many_that_are_gone_are_collected_together,
    they_are_few_and_do_not_grow,
    one_that_rests_is_found_at_once,
}
