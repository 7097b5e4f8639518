//! Addresses that are leased before the container exists, with both kinds of store.
#![deny(dead_code)]

use std::cell::Cell;
use std::time::Duration;

use crate::common::{Scene, behind, in_etcd, ip, on_ens33, session, started, subnet, with_stores};
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    Allocation, ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Lease, Network, Networks,
    SqliteStore,
};
use macvlan_tests::{
    Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, ip_addresses, ip_do, path_of,
};

fn addresses(lease: &Lease) -> Vec<String> {
    lease.addresses.iter().map(ToString::to_string).collect()
}

/// Collects all pending leases, whatever their age.
fn collect_all(networks: &Networks) -> Outcome<Vec<Lease>> {
    Ok(networks.clone().with_pending_age(Duration::ZERO).collect()?.leases)
}

fn a_container_takes_what_was_allocated() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let lan = networks.create(&config)?;
        let pending = lan.allocate(&Allocation::new())?;
        assert_eq!(addresses(&pending), ["10.1.0.2/24", "fd00:1::2/64"]);
        assert_eq!(pending.mac.map(|mac| mac.to_string()), Some("02:42:0a:01:00:02".to_owned()));
        let since = pending.pending().ok_or("it is pending")?;
        assert!(since.age()? < PATIENCE && since.since > 1_700_000_000, "{since:?}");
        assert!(pending.netns().is_none());
        assert_eq!(lan.leases()?, std::slice::from_ref(&pending));
        let told = lan.inspect()?["Containers"][&pending.endpoint].clone();
        assert_eq!((&told["Namespace"], told["Pending"].is_u64()), (&"pending".into(), true));

        // It belongs to no other container, and is too young to be collected.
        let (_other, other) = started()?;
        lan.connect(&ConnectOptions::new("c2"), &other)?;
        assert_eq!(ip_addresses(&other, "eth0"), ["10.1.0.3/24", "fd00:1::3/64"]);
        let wished = ConnectOptions::new("c3").address(ip("10.1.0.2"));
        let (_container, inside) = started()?;
        let error = lan.connect(&wished, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        assert!(networks.reconcile()?.is_empty());
        assert_eq!(lan.clone().remove().unwrap_err().kind(), ErrorKind::NetworkInUse);

        let taking =
            ConnectOptions::new("c1").name("web").interface("net0").take(&pending.endpoint);
        let twice = taking.clone().address(ip("10.1.0.2"));
        let error = lan.connect(&twice, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        let connection = lan.connect(&taking, &inside)?;
        assert_eq!(connection.lease().addresses, pending.addresses);
        assert_eq!(Some(connection.mac()), pending.mac);
        assert_eq!(ip_addresses(&inside, "net0"), ["10.1.0.2/24", "fd00:1::2/64"]);
        assert_eq!(lan.resolve("web")?, [ip("10.1.0.2"), ip("fd00:1::2")]);
        assert_eq!(lan.leases()?.len(), 2);
        assert!(networks.reconcile()?.is_empty());

        // It can be taken once.
        for (id, options) in [("c1", taking.clone().interface("net1")), ("c4", taking)] {
            let again =
                if id == "c1" { options } else { ConnectOptions::new(id).take(&pending.endpoint) };
            let netns = if id == "c1" { &inside } else { &NetNs::anonymous()? };
            let error = lan.connect(&again, netns).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
            assert!(error.to_string().contains(&pending.endpoint), "{error}");
        }
        let error = lan.connect(&ConnectOptions::new("c2").take("0123"), &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
        lan.disconnect("c1")?;
        lan.disconnect("c2")?;
        lan.remove()?;
        Ok(())
    })
}

fn what_is_asked_for_is_allocated() -> Outcome {
    with_stores(|networks| {
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let lan = networks.create(&config)?;
        let mac = "02:00:00:00:00:07".parse()?;
        let v4 = lan.allocate(&Allocation::new().ipv6(false).mac(mac))?;
        assert_eq!((addresses(&v4), v4.mac), (vec!["10.1.0.2/24".to_owned()], Some(mac)));
        let v6 = lan.allocate(&Allocation::new().ipv4(false).address(ip("fd00:1::77")))?;
        assert_eq!(addresses(&v6), ["fd00:1::77/64"]);
        let error = lan.allocate(&Allocation::new().address(ip("fd00:1::77"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        let error = lan.allocate(&Allocation::new().ipv4(false).ipv6(false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        // One container takes both, and a requested address of its own.
        let (_container, inside) = started()?;
        let options = ConnectOptions::new("c1").take(&v4.endpoint).take(&v6.endpoint);
        let connection = lan.connect(&options.address(ip("10.1.0.9")), &inside)?;
        assert_eq!(connection.mac(), mac);
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24", "10.1.0.9/24", "fd00:1::77/64"]);
        // Released by its id.
        let other = lan.allocate(&Allocation::new())?;
        lan.disconnect(&other.endpoint)?;
        let error = lan.disconnect(&other.endpoint).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}");
        assert_eq!(lan.leases()?.len(), 1);
        Ok(())
    })
}

/// A connect that fails leaves it pending, with its addresses.
fn what_fails_leaves_it_pending() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let pending = lan.allocate(&Allocation::new())?;
        let (_container, inside) = started()?;
        ip_do(&inside, "link add eth7 type bridge");
        let options = ConnectOptions::new("c1").interface("eth7").take(&pending.endpoint);
        let error = lan.connect(&options, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
        assert_eq!(lan.leases()?, std::slice::from_ref(&pending));
        lan.connect(&ConnectOptions::new("c1").take(&pending.endpoint), &inside)?;
        assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"]);
        Ok(())
    })
}

fn what_nobody_takes_is_collected() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/30")?)?;
        let pending = lan.allocate(&Allocation::new())?;
        assert!(networks.collect()?.leases.is_empty());
        let error = lan.allocate(&Allocation::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        assert_eq!(collect_all(networks)?, std::slice::from_ref(&pending));
        assert_eq!(addresses(&lan.allocate(&Allocation::new())?), addresses(&pending));
        // A container that requests the address of an expired lease gets it at once.
        let (_container, inside) = started()?;
        let networks = networks.clone().with_pending_age(Duration::ZERO);
        let options = ConnectOptions::new("c1").address(ip("10.1.0.2"));
        networks.network("lan")?.connect(&options, &inside)?;
        assert_eq!(networks.collect()?.leases, []);
        Ok(())
    })
}

/// It ends with the boot in which it was made, whatever its age.
fn a_reboot_ends_it() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let pending = lan.allocate(&Allocation::new())?;
    behind(&scene.directory)?.execute("UPDATE lease SET boot = 'another'", [])?;
    assert_eq!(scene.networks.collect()?.leases.len(), 1);
    let options = ConnectOptions::new("c1").take(&pending.endpoint);
    let error = lan.connect(&options, &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
    Ok(())
}

/// Opens a session like another process, on host a: a file, or etcd in this namespace.
pub(crate) fn open(kind: &str, place: &str, host: &str) -> Outcome<Network> {
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let networks = if kind == "sqlite" {
        Networks::new(host, SqliteStore::open(place)?)?.with_host_name("a")?
    } else {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
        let store = NetNs::from_path(place)?.run(|| EtcdStore::open(&options))??;
        Networks::new(host, store)?
    };
    Ok(networks.network("lan")?)
}

fn allocates(arguments: &[String]) -> Outcome {
    let [kind, place, host] = arguments else { return Err("KIND PLACE HOST".into()) };
    println!("{}", open(kind, place, host)?.allocate(&Allocation::new())?.endpoint);
    std::thread::sleep(PATIENCE);
    Ok(())
}

/// Waits for the others, then takes the lease.
fn takes(arguments: &[String]) -> Outcome {
    let [kind, place, host, id, container] = arguments else {
        return Err("KIND PLACE HOST ID CONTAINER".into());
    };
    let lan = open(kind, place, host)?;
    let inside = NetNs::anonymous()?;
    match lan.connect(&ConnectOptions::new(container).take(id), &inside) {
        Ok(connection) => println!("taken {}", connection.addresses()[0]),
        Err(error) => println!("{error}"),
    }
    Ok(())
}

/// Runs a test with each kind of store, as other processes open it.
pub(crate) fn with_places(test: impl Fn(&Networks, [&str; 3]) -> Outcome) -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let host = path_of(&lab.a.netns);
    let file = directory.path().join("networks.db").to_string_lossy().into_owned();
    test(&session(&lab.a, &directory, "a")?, ["sqlite", &file, &host])?;
    let etcd = Etcd::start()?;
    test(&in_etcd(&lab.a, &etcd, "a")?, ["etcd", &path_of(etcd.netns()), &host])
}

fn one_of_several_processes_takes_it() -> Outcome {
    with_places(|networks, place| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        for round in 0..3 {
            let pending = lan.allocate(&Allocation::new().address(ip("10.1.0.77")))?;
            let ids: Vec<String> = (0..4).map(|number| format!("c{round}-{number}")).collect();
            let start = |id: &String| {
                let arguments = [&place[..], &[pending.endpoint.as_str(), id.as_str()]].concat();
                Actor::start("takes", &arguments)
            };
            let actors: Vec<Actor> = ids.iter().map(start).collect::<Result<_, _>>()?;
            let mut said = Vec::new();
            for actor in actors {
                said.push(actor.finish()?[0].clone());
            }
            let late = format!("lease {} is not pending: it was taken", pending.endpoint);
            let (took, others): (Vec<&String>, Vec<&String>) =
                said.iter().partition(|said| said.starts_with("taken"));
            let leases = lan.leases()?;
            let is_late = |said: &&String| said.contains(&late);
            assert!(
                took == ["taken 10.1.0.77"] && others.iter().all(is_late),
                "round {round}, {place:?}, {pending:?}: {said:#?}, {leases:#?}"
            );
            assert!(leases.len() == 1 && ids.contains(&leases[0].container), "{leases:?}");
            lan.disconnect(&leases[0].container)?;
        }
        Ok(())
    })
}

fn who_is_killed_leaves_one_that_is_collected() -> Outcome {
    with_places(|networks, place| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut actor = Actor::start("allocates", &place)?;
        let id = actor.line()?;
        actor.kill()?;
        let leases = lan.leases()?;
        assert_eq!((leases.len(), &leases[0].endpoint), (1, &id));
        assert_eq!(collect_all(networks)?, leases);
        assert!(lan.leases()?.is_empty());
        Ok(())
    })
}

/// Takes the lease again and again, and fails each time.
fn fails_to_take(arguments: &[String]) -> Outcome {
    let [kind, place, host, id] = arguments else { return Err("KIND PLACE HOST ID".into()) };
    let lan = open(kind, place, host)?;
    let inside = NetNs::anonymous()?;
    ip_do(&inside, "link add eth7 type bridge");
    let options = ConnectOptions::new("c1").interface("eth7").take(id);
    loop {
        let error = lan.connect(&options, &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
        println!("failed");
    }
}

/// Whenever others look, and wherever the process is killed, its addresses are those of one lease,
/// which is pending or the container's.
fn a_failed_connect_is_undone_in_one_change() -> Outcome {
    with_places(|networks, place| {
        let config = on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?);
        let lan = networks.create(&config)?;
        let wanted = Allocation::new().address(ip("10.1.0.7")).address(ip("fd00:1::7"));
        let (mut pending, seen) = (lan.allocate(&wanted)?, [false; 2].map(Cell::new));
        for round in 0..4 {
            let arguments = [&place[..], &[pending.endpoint.as_str()]].concat();
            let mut actor = Actor::start("fails_to_take", &arguments)?;
            assert_eq!(actor.line()?, "failed");
            let look = || -> Outcome<Lease> {
                let mut leases = lan.leases()?;
                assert_eq!(leases.len(), 1, "{leases:?}");
                let lease = leases.remove(0);
                assert_eq!(lease.addresses, pending.addresses);
                let is_pending = lease == pending;
                assert!(is_pending || lease.container == "c1", "{lease:?}");
                seen[usize::from(is_pending)].set(true);
                Ok(lease)
            };
            for _ in 0..50 + round {
                look()?;
            }
            eventually("only one of them is seen", || {
                look()?;
                Ok(seen.iter().all(Cell::get))
            })?;
            actor.kill()?;
            if look()? != pending {
                lan.disconnect("c1")?;
                pending = lan.allocate(&wanted)?;
            }
        }
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_container_takes_what_was_allocated,
    what_is_asked_for_is_allocated,
    what_fails_leaves_it_pending,
    what_nobody_takes_is_collected,
    a_reboot_ends_it,
    one_of_several_processes_takes_it,
    who_is_killed_leaves_one_that_is_collected,
    a_failed_connect_is_undone_in_one_change;
    parts: allocates, takes, fails_to_take,
}
