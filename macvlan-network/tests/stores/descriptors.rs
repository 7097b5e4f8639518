//! A process that cannot open further descriptors, at any moment: its operation is undone or has
//! its lease, and no existing container is considered gone.
#![deny(dead_code)]

use crate::common::{in_etcd, on_ens33, subnet, with_few_descriptors};
use macvlan_core::{Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, SqliteStore,
};
use macvlan_tests::{Actor, Directory, Etcd, Lab, Outcome, PATIENCE, ip_lines, path_of};

/// The maximum number of descriptors that an operation opens.
const MOST: u64 = 10;

fn links(inside: &NetNs) -> usize {
    ip_lines(inside, "-o link show").len() - 1
}

/// Connects and disconnects with few descriptors, and checks in between.
fn runs_short(arguments: &[String]) -> Outcome {
    let [kind, place, host] = arguments else { return Err("KIND PLACE HOST".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let networks = if kind == "file" {
        Networks::new(host, SqliteStore::open(place)?)?
    } else {
        let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE);
        let store = NetNs::from_path(place)?.run(|| EtcdStore::open(&options))??;
        Networks::new(host, store)?
    };
    let lan = networks.network("lan")?;
    let stays = NetNs::anonymous()?;
    let lease = lan.connect(&ConnectOptions::new("stays"), &stays)?.lease().clone();
    let mut failed = 0;
    for few in 0..MOST {
        let inside = NetNs::anonymous()?;
        let connected =
            with_few_descriptors(few, || lan.connect(&ConnectOptions::new("c1"), &inside))?;
        failed += u32::from(connected.is_err());
        assert_in_order(&lan, &inside, connected.map(drop), few)?;
        lan.connect(&ConnectOptions::new("c1"), &inside)?;
        let disconnected = with_few_descriptors(few, || lan.disconnect("c1"))?;
        assert!(
            links(&inside) <= usize::from(lan.lease("c1")?.is_some()),
            "{few}: {disconnected:?}"
        );
        match lan.disconnect_from("c1", &inside) {
            Err(error) if error.kind() == ErrorKind::NotConnected => {}
            done => drop(done?),
        }
        assert_eq!(links(&inside), 0);
        // Whatever the result, the container exists as long as it is held.
        let _ = with_few_descriptors(few, || networks.reconcile())?;
        assert_eq!(lan.lease("stays")?.as_ref(), Some(&lease), "{few}");
        assert_eq!(links(&stays), 1);
    }
    println!("{failed} of {MOST} failed");
    assert!(failed > 0);
    Ok(())
}

/// Checks that an interface has a lease, and that a lease without an interface was reported.
fn assert_in_order(
    lan: &Network,
    inside: &NetNs,
    connected: macvlan_network::Result<()>,
    few: u64,
) -> Outcome {
    let (links, leases) = (links(inside), usize::from(lan.lease("c1")?.is_some()));
    match connected {
        Ok(()) => assert_eq!((links, leases), (1, 1), "{few}"),
        Err(error) => {
            assert!(links <= leases, "{few}: an interface without a lease: {error}");
            let told = error.leftovers().count();
            assert!(leases == 0 || told > 0, "{few}: a lease that is not told of: {error}");
        }
    }
    Ok(())
}

fn with_a_file() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let networks = crate::common::session(&lab.a, &directory, "a")?;
    networks.create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
    let file = directory.path().join("networks.db").display().to_string();
    Actor::start("runs_short", &["file", &file, &path_of(&lab.a.netns)])?.finish()?;
    assert_eq!(crate::common::sound(&directory)?, 1, "the one that stayed");
    Ok(())
}

fn with_etcd() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let networks = in_etcd(&lab.a, &etcd, "a")?;
    networks.create(&on_ens33("lan", "10.1.0.0/24")?.subnet(subnet("fd00:1::/64")?))?;
    let (place, host) = (path_of(etcd.netns()), path_of(&lab.a.netns));
    Actor::start("runs_short", &["etcd", &place, &host])?.finish()?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    with_a_file,
    with_etcd;
    parts: runs_short,
}
