//! Data of earlier versions can be read: a sample of each version, which is never changed.
#![deny(dead_code)]

use std::time::Duration;

use crate::common::{behind, ip, on_ens33, session, sound, subnet};
use macvlan_core::{AcceptRa, Mode, NetNs, Parent, VlanProtocol};
use macvlan_network::{
    ConnectOptions, ErrorKind, MacFrom, Network, NetworkConfig, Networks, Order, Reconciled,
};
use macvlan_tests::{Directory, Lab, Outcome, ip_addresses};

/// Checks the contents that all samples have.
fn assert_read(networks: &Networks) -> Outcome {
    let full = networks.network("full")?;
    let wanted = NetworkConfig::new("full")
        .parent("ens33")
        .mode(Mode::Private)
        .subnet(
            subnet("10.1.0.0/16")?
                .gateway(ip("10.1.0.254"))
                .range("10.1.4.0/24".parse()?)
                .reserve("printer", ip("10.1.4.9")),
        )
        .subnet(subnet("fd00:1::/64")?.without_gateway())
        .internal(true)
        .mtu(1400)
        .order(Order::Next)
        .mac_from(MacFrom::Container)
        .duplicate_detection(true)
        .block_size(64)
        .reservation_ttl(Duration::from_millis(3_600_500))
        .option("o", "1")
        .label("l", "2");
    assert_eq!(*full.config(), wanted);
    assert!(full.created().starts_with("2026-11-29T13:42:5"), "{}", full.created());
    let plain = networks.network("plain")?;
    let wanted = NetworkConfig::new("plain").parent("ens33").subnet(subnet("10.2.0.0/24")?);
    assert_eq!(*plain.config(), wanted);
    let foreign: Vec<_> = plain.conflicting_addresses()?.iter().map(|one| one.address).collect();
    assert_eq!(foreign, [ip("10.2.0.77")]);
    let lease = full.lease("c1")?.ok_or("c1 has a lease")?;
    let words: Vec<String> = lease.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["10.1.4.0/16", "fd00:1::1/64"]);
    assert_eq!((lease.name.as_deref(), lease.host.as_str()), (Some("web"), "a"));
    assert_eq!((lease.network.as_str(), lease.endpoint.len()), (full.id(), 64));
    assert!(lease.mac.is_some() && !lease.default_route);
    let netns = lease.netns().ok_or("already connected")?;
    assert_eq!(netns.boot, "5a1e2b8c-0000-0000-0000-000000000000");
    assert!(netns.cookie.is_some());
    let lease = plain.lease("c2")?.ok_or("c2 has a lease")?;
    assert!(lease.name.is_none() && lease.default_route);
    Ok(())
}

/// Checks that it can be written like data of this version.
fn assert_written(networks: &Networks) -> Outcome {
    let inside = NetNs::anonymous()?;
    let full = networks.network("full")?;
    let kept = full.connect(&ConnectOptions::new("c3"), &inside)?;
    assert_eq!(kept.addresses(), [ip("10.1.4.1"), ip("fd00:1::2")], "they were kept for it");
    full.disconnect("c3")?;
    networks.create(&NetworkConfig::new("new").parent("ens33").subnet(subnet("10.3.0.0/24")?))?;
    assert_eq!(networks.list()?.len(), 3);
    assert_read(networks)
}

fn a_file_of_version_1_is_read() -> Outcome {
    assert_file_is_read(1, include_str!("../samples/sqlite-1.sql"))
}

fn a_file_of_version_2_is_read() -> Outcome {
    assert_file_is_read(2, include_str!("../samples/sqlite-2.sql"))
}

fn assert_file_is_read(of: i32, sample: &str) -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(sample)?;
    let networks = session(&lab.a, &directory, "a")?;
    assert_read(&networks)?;
    let version = || -> Outcome<i32> {
        Ok(behind(&directory)?.pragma_query_value(None, "user_version", |row| row.get(0))?)
    };
    assert_eq!(version()?, of, "what only reads changes nothing");
    let before = networks.store().id().to_owned();
    assert_written(&networks)?;
    assert_eq!(version()?, 6);
    // The store's id, by which the interfaces of its containers are recognized.
    assert_eq!((before.as_str(), networks.store().id()), ("70563c2c", "70563c2c"));
    let again = session(&lab.a, &directory, "a")?;
    assert_eq!(again.store().id(), "70563c2c");
    assert_read(&again)?;
    assert_eq!(sound(&directory)?, 3);
    Ok(())
}

fn what_version_1_has_in_etcd_is_read() -> Outcome {
    let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
    for line in include_str!("../samples/etcd-1.txt").lines() {
        let (key, value) = line.split_once(' ').ok_or("KEY VALUE")?;
        crate::common::put(&etcd, key, value)?;
    }
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    assert_eq!(networks.store().id(), "477488ff");
    assert_read(&networks)?;
    assert_written(&networks)
}

/// Checks the contents of the samples that have all current fields of a lease.
fn assert_all_of_a_lease(networks: &Networks) -> Outcome {
    assert_eq!(networks.store().id(), "5c2d9e10");
    let lan = networks.network("lan")?;
    assert_eq!(networks.network(&lan.id()[..8])?.id(), lan.id());
    let lease = lan.lease("c1")?.ok_or("c1 has a lease")?;
    assert_eq!(lease.aliases, ["www", "api"]);
    assert_eq!(lease.link_local, [ip("169.254.1.1")]);
    assert_eq!((lease.default_route, lease.gw_priority, lease.sequence), (true, 5, 2));
    assert_eq!(lease.netns_path(), Some("/run/netns/c1"));
    for name in ["web", "www", "api.lan", "c1"] {
        assert_eq!(lan.resolve(name)?, [ip("10.1.0.2"), ip("10.1.0.9")], "{name}");
    }
    // .3 is kept for c2 as long as there is another address.
    let inside = NetNs::anonymous()?;
    assert_eq!(lan.connect(&ConnectOptions::new("c3"), &inside)?.addresses(), [ip("10.1.0.4")]);
    assert_eq!(lan.connect(&ConnectOptions::new("c2"), &inside)?.addresses(), [ip("10.1.0.3")]);
    // The namespace is of another boot.
    lan.disconnect("c1")?;
    assert!(lan.resolve("www")?.is_empty());
    Ok(())
}

fn a_file_of_version_3_is_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(include_str!("../samples/sqlite-3.sql"))?;
    assert_all_of_a_lease(&session(&lab.a, &directory, "a")?)?;
    assert_eq!(sound(&directory)?, 2);
    Ok(())
}

fn all_of_a_lease_in_etcd_is_read() -> Outcome {
    // The second one has a network that was changed in many places, whose gaps are under another
    // id.
    for sample in
        [include_str!("../samples/etcd-2.txt"), include_str!("../samples/etcd-3-gaps.txt")]
    {
        let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
        for line in sample.lines() {
            let (key, value) = line.split_once(' ').ok_or("KEY VALUE")?;
            crate::common::put(&etcd, key, value)?;
        }
        let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
        assert_all_of_a_lease(&networks)?;
        let lan = networks.network("lan")?;
        for lease in lan.leases()? {
            lan.disconnect(&lease.container)?;
        }
        lan.remove()?;
        assert_eq!(crate::common::keys(&etcd, "/macvlan/gap/")?, [""; 0]);
    }
    Ok(())
}

/// Checks the contents of the samples with several interfaces and pending leases.
fn assert_pending_is_read(networks: &Networks) -> Outcome {
    let lan = networks.network("lan")?;
    let both = lan.leases_of("c1")?;
    let interfaces: Vec<&str> = both.iter().map(|lease| lease.interface.as_str()).collect();
    assert_eq!(interfaces, ["eth0", "net1"]);
    assert_eq!(lan.resolve("web")?, [ip("10.1.0.2"), ip("10.1.0.9"), ip("10.1.0.5")]);
    let (allocated, link) = ("c3".repeat(32), lan.lease("c4")?.ok_or("c4 has a lease")?);
    let pending = lan.lease(&allocated)?.ok_or("it is allocated")?;
    assert_eq!((&pending.endpoint, pending.link), (&allocated, None));
    assert_eq!(link.link.map(|name| name.to_string()), Some("mv-d4d4d4d4d4d4".to_owned()));
    for lease in [&pending, &link] {
        let since = lease.pending().ok_or("it is pending")?;
        assert_eq!((since.since, lease.netns()), (1_795_969_774, None));
        assert_eq!(since.boot, "5a1e2b8c-0000-0000-0000-000000000000");
    }
    // All of them are of another boot.
    assert_eq!(networks.collect()?.leases.len(), 4);
    let inside = NetNs::anonymous()?;
    assert_eq!(lan.connect(&ConnectOptions::new("new"), &inside)?.addresses(), [ip("10.1.0.4")]);
    Ok(())
}

fn a_file_of_version_4_is_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(include_str!("../samples/sqlite-4.sql"))?;
    assert_pending_is_read(&session(&lab.a, &directory, "a")?)?;
    assert_eq!(sound(&directory)?, 1);
    Ok(())
}

fn pending_leases_in_etcd_are_read() -> Outcome {
    let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
    for line in include_str!("../samples/etcd-3.txt").lines() {
        let (key, value) = line.split_once(' ').ok_or("KEY VALUE")?;
        crate::common::put(&etcd, key, value)?;
    }
    assert_pending_is_read(&crate::common::in_etcd(&lab.a, &etcd, "a")?)
}

/// Checks the contents of the samples with a container that is gone, by connecting it again.
fn assert_former_is_read(networks: &Networks) -> Outcome {
    let lan = networks.network("lan")?;
    let inside = NetNs::anonymous()?;
    let lease = lan.connect(&ConnectOptions::new("c2"), &inside)?.lease().clone();
    assert_eq!(lease.addresses, ["10.1.0.3/24".parse()?]);
    assert_eq!((lease.name.as_deref(), lease.link_local), (Some("db"), vec![ip("169.254.2.2")]));
    assert_eq!(lease.aliases, ["sql", "postgres"]);
    assert_eq!((lease.default_route, lease.gw_priority), (true, 3));
    lan.disconnect("c2")?;
    Ok(())
}

fn a_file_of_version_5_is_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(include_str!("../samples/sqlite-5.sql"))?;
    let networks = session(&lab.a, &directory, "a")?;
    assert_former_is_read(&networks)?;
    assert_pending_is_read(&networks)?;
    assert_eq!(sound(&directory)?, 1);
    Ok(())
}

/// Its leases are of containers on the parent that the network had before.
fn a_file_of_version_6_is_read() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    behind(&directory)?.execute_batch(include_str!("../samples/sqlite-6.sql"))?;
    let networks = session(&lab.a, &directory, "a")?;
    let lan = networks.network("lan")?.set_parent("ens34")?.network;
    let error = networks.create(&on_ens33("new", "10.1.0.0/24")?).unwrap_err();
    assert!(error.to_string().contains("is already leased in network \"lan\""), "{error}");
    lan.set_parent("ens33")?;
    assert_former_is_read(&networks)?;
    assert_pending_is_read(&networks)?;
    assert_eq!(sound(&directory)?, 1);
    Ok(())
}

/// An earlier version reads what is remembered of a container as one without addresses, so its
/// fields are those of such a record and further ones.
fn former_settings_in_etcd_are_read() -> Outcome {
    let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
    for line in include_str!("../samples/etcd-3-former.txt").lines() {
        let (key, value) = line.split_once(' ').ok_or("KEY VALUE")?;
        crate::common::put(&etcd, key, value)?;
        if let (true, Some(value)) = (key.contains("/was/"), value.strip_prefix('{')) {
            assert!(value.starts_with("\"addresses\":["), "{key}: {value}");
            assert!(value.contains("\"released\":4102444800"), "{key}: {value}");
        }
    }
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    assert_former_is_read(&networks)?;
    assert_pending_is_read(&networks)
}

/// The fields that version 2 has added to a network's record, in either store.
fn a_network_of_version_2_is_read() -> Outcome {
    let sample = include_str!("../samples/network-2.json").trim();
    let service = Parent::vlan("ens33", 20)?.protocol(VlanProtocol::Dot1ad)?;
    let wanted = NetworkConfig::new("later")
        .parent(Parent::vlan(service, 200)?.name("customer")?)
        .subnet(
            subnet("10.1.0.0/16")?
                .gateway(ip("10.2.0.1"))
                .on_link_gateway(true)
                .range("10.1.0.10-10.1.0.99".parse()?)
                .range("10.1.1.0/24".parse()?)
                .exclude("10.1.0.64/29".parse()?)
                .exclude("10.1.1.7".parse()?)
                .reserve("printer", ip("10.1.0.9")),
        )
        .subnet(subnet("fd00:1::/64")?.gateway(ip("fe80::1")))
        .ipv6(true)
        .mtu(1400)
        .route("10.9.0.0/16 via 10.1.0.9 metric 7".parse()?)
        .metric(50)
        .disable_ipv6(false)
        .accept_ra(AcceptRa::UnlessForwarding)
        .leave_ipv6(true)
        .allmulticast(true);
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    let made = networks.create(&on_ens33("later", "10.7.0.0/24")?)?;
    let stored = behind(&directory)?;
    stored.execute("UPDATE network SET config = ? WHERE id = ?", [sample, made.id()])?;
    assert_eq!(*networks.network("later")?.config(), wanted);

    let etcd = macvlan_tests::Etcd::start()?;
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    let record = format!(r#"{{"id":"{}","created":"","config":{sample}}}"#, made.id());
    crate::common::put(&etcd, &format!("/macvlan/net/{}", made.id()), &record)?;
    assert_eq!(*networks.network("later")?.config(), wanted);
    Ok(())
}

/// Checks with a network of a later version and a damaged lease, which `spoil` makes of the records
/// of a network and a container.
fn assert_hides_no_other(
    networks: &Networks,
    spoil: impl Fn(&Network, &Network, &str) -> Outcome,
) -> Outcome {
    let good = networks.create(&on_ens33("good", "10.1.0.0/24")?)?;
    let later = networks.create(&on_ens33("later", "10.2.0.0/24")?)?;
    let inside: Vec<NetNs> = (0..4).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    good.connect(&ConnectOptions::new("c1"), &inside[0])?;
    good.connect(&ConnectOptions::new("c2"), &inside[1])?;
    later.connect(&ConnectOptions::new("c3"), &inside[2])?;
    assert!(networks.unreadable()?.is_empty());
    spoil(&later, &good, "c2")?;

    let names = |list: Vec<Network>| -> Vec<String> {
        list.iter().map(|network| network.name().to_owned()).collect()
    };
    assert_eq!(names(networks.list()?), ["good"]);
    let who: Vec<String> = good.leases()?.into_iter().map(|lease| lease.container).collect();
    assert_eq!(who, ["c1"]);
    let hidden = networks.unreadable()?;
    let places: Vec<_> =
        hidden.iter().map(|one| (one.network.as_str(), one.container.as_deref())).collect();
    assert_eq!(places, [(later.id(), None), (good.id(), Some("c2"))]);
    for one in &hidden {
        assert_eq!(one.error.kind(), ErrorKind::StoreUnusable, "{}", one.error);
        assert!(one.error.to_string().contains(&one.network), "{}", one.error);
    }
    assert!(hidden[0].error.cause().contains("its version is 9"), "{}", hidden[0].error);
    let error = networks.network(later.id()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnusable, "{error}");

    // An unreadable record may contain anything, so no address that it may hold is given or
    // removed.
    let error = networks.create(&on_ens33("new", "10.3.0.0/24")?).unwrap_err();
    assert!(error.to_string().contains(later.id()), "{error}");
    assert_eq!(good.connect(&ConnectOptions::new("c4"), &inside[3])?.addresses(), [ip("10.1.0.4")]);
    good.connect(&ConnectOptions::new("c2"), &inside[1]).unwrap_err();
    assert!(networks.collect()?.leases.is_empty());
    let done = networks.reconcile()?;
    assert!(done.iter().all(|one| matches!(one, Reconciled::Failed(_))), "{done:?}");
    assert_eq!(ip_addresses(&inside[1], "eth0"), ["10.1.0.3/24"]);
    assert_eq!(ip_addresses(&inside[2], "eth0"), ["10.2.0.2/24"]);
    good.disconnect("c1")?;
    good.disconnect("c4")?;
    let error = good.remove().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NetworkInUse, "{error}");
    Ok(())
}

fn one_record_hides_no_other_in_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = session(&lab.a, &directory, "a")?;
    assert_hides_no_other(&networks, |later, _, container| {
        let file = behind(&directory)?;
        let later_version = "UPDATE network SET config = json_set(config, '$.version', 9)";
        file.execute(&format!("{later_version} WHERE id = ?"), [later.id()])?;
        file.execute("UPDATE lease SET interface = 'a/b' WHERE container = ?", [container])?;
        Ok(())
    })
}

fn one_record_hides_no_other_in_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, macvlan_tests::Etcd::start()?);
    let networks = crate::common::in_etcd(&lab.a, &etcd, "a")?;
    assert_hides_no_other(&networks, |later, good, container| {
        let config = r#"{"version":9,"name":"later","subnets":[]}"#;
        let record = format!(r#"{{"id":"{}","config":{config}}}"#, later.id());
        crate::common::put(&etcd, &format!("/macvlan/net/{}", later.id()), &record)?;
        crate::common::put(&etcd, &format!("/macvlan/lease/{}/{container}", good.id()), "{")
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_of_version_1_is_read,
    a_file_of_version_2_is_read,
    a_file_of_version_3_is_read,
    what_version_1_has_in_etcd_is_read,
    a_file_of_version_4_is_read,
    a_file_of_version_5_is_read,
    a_file_of_version_6_is_read,
    former_settings_in_etcd_are_read,
    all_of_a_lease_in_etcd_is_read,
    pending_leases_in_etcd_are_read,
    a_network_of_version_2_is_read,
    one_record_hides_no_other_in_a_file,
    one_record_hides_no_other_in_etcd,
}
