//! Who gets which address, with both kinds of store; without a container anywhere.
#![deny(dead_code)]

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::common::{ip, on_ens33, started, subnet, with_stores};
use macvlan_core::NetNs;
use macvlan_network::{ErrorKind, Member, Network, NetworkConfig, Order};
use macvlan_tests::{Outcome, eventually};

/// Containers that last as long as this.
#[derive(Default)]
pub(crate) struct People(Vec<NetNs>);

impl People {
    pub(crate) fn join(&mut self, network: &Network, member: &Member) -> Outcome<Vec<IpAddr>> {
        let netns = NetNs::anonymous()?;
        let connection = network.connect(member, &netns)?;
        self.0.push(netns);
        Ok(connection.addresses())
    }

    pub(crate) fn one(&mut self, network: &Network, container: &str) -> Outcome<String> {
        let addresses = self.join(network, &Member::new(container))?;
        Ok(addresses[0].to_string())
    }
}

fn the_lowest_free_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        for (container, address) in [("c1", "10.1.0.2"), ("c2", "10.1.0.3"), ("c3", "10.1.0.4")] {
            assert_eq!(people.one(&lan, container)?, address);
        }
        lan.disconnect("c2")?;
        assert_eq!(people.one(&lan, "c4")?, "10.1.0.3");
        Ok(())
    })
}

fn the_next_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/29")?.order(Order::Next))?;
        let mut people = People::default();
        // .2 to .6, around and around; a container that returns gets its own.
        for (container, address) in
            [("c1", "10.1.0.2"), ("c2", "10.1.0.3"), ("c3", "10.1.0.4"), ("c4", "10.1.0.5")]
        {
            assert_eq!(people.one(&lan, container)?, address);
            lan.disconnect(container)?;
        }
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        assert_eq!(people.one(&lan, "c5")?, "10.1.0.6");
        assert_eq!(people.one(&lan, "c6")?, "10.1.0.2");
        assert_eq!(people.one(&lan, "c7")?, "10.1.0.4", ".3 is c2's");
        Ok(())
    })
}

fn any_address() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(
            &on_ens33("lan", "10.1.0.0/27")?.subnet(subnet("fd00:1::/64")?).order(Order::Random),
        )?;
        let mut people = People::default();
        let (mut v4, mut v6) = (HashSet::new(), HashSet::new());
        for number in 0..29 {
            let got = people.join(&lan, &Member::new(format!("c{number}")))?;
            assert!(v4.insert(got[0]) && v6.insert(got[1]));
        }
        let high = v6.iter().filter(|address| **address > ip("fd00:1::1:0:0:0")).count();
        assert!(high > 25, "{v6:?}");
        let error = people.one(&lan, "late").unwrap_err();
        assert!(format!("{error:?}").contains("no address is left in 10.1.0.0/27"), "{error:?}");
        lan.disconnect("c7")?;
        people.one(&lan, "late")?;
        Ok(())
    })
}

fn fixed_reserved_and_foreign_addresses() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&NetworkConfig::new("lan").parent("ens33").subnet(
            subnet("10.1.0.0/24")?.range("10.1.0.0/29".parse()?).reserve("printer", ip("10.1.0.3")),
        ))?;
        let mut people = People::default();
        let fixed = |address: &str| Member::new("fixed").address(ip(address));
        for (address, kind, words) in [
            ("10.1.0.1", ErrorKind::AddressUnusable, "10.1.0.1 is the gateway's"),
            ("10.1.0.3", ErrorKind::AddressUnusable, "reserved for \"printer\""),
            ("10.1.0.255", ErrorKind::AddressUnusable, "not a host's address"),
            ("10.2.0.1", ErrorKind::AddressUnusable, "in no subnet"),
        ] {
            let error = lan.connect(&fixed(address), &NetNs::anonymous()?).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        // In the range, and outside of it.
        people.join(&lan, &Member::new("in").address(ip("10.1.0.4")))?;
        people.join(&lan, &Member::new("out").address(ip("10.1.0.200")))?;
        let error = lan.connect(&fixed("10.1.0.200"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressTaken, "{error}");
        assert!(error.to_string().contains("container \"out\" has 10.1.0.200"), "{error}");
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.2");

        lan.add_foreign(ip("10.1.0.5"))?;
        assert_eq!(lan.add_foreign(ip("10.1.0.2")).unwrap_err().kind(), ErrorKind::AddressTaken);
        let error = lan.connect(&fixed("10.1.0.5"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressForeign, "{error}");
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.6", "past .3, .4 and .5");
        assert_eq!(people.one(&lan, "c3")?, "10.1.0.7");
        assert_eq!(
            lan.foreign()?.iter().map(|one| one.address).collect::<Vec<_>>(),
            [ip("10.1.0.5")]
        );
        lan.connect(&Member::new("late"), &NetNs::anonymous()?).unwrap_err();
        assert!(lan.forget_foreign(ip("10.1.0.5"))?);
        assert!(!lan.forget_foreign(ip("10.1.0.5"))?);
        assert_eq!(people.one(&lan, "late")?, "10.1.0.5");
        // What is outside the range goes to nobody by itself, also when it comes back.
        lan.disconnect("out")?;
        let error = lan.connect(&Member::new("later"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        Ok(())
    })
}

/// A container that returns gets its address, if nobody else has it; for as long as it is kept for
/// it, in any case.
fn addresses_stay_with_containers() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let mut people = People::default();
        people.one(&lan, "c1")?;
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        lan.disconnect("c1")?;
        lan.disconnect("c2")?;
        assert_eq!(people.one(&lan, "c2")?, "10.1.0.3");
        assert_eq!(people.one(&lan, "c3")?, "10.1.0.2");
        assert_eq!(people.one(&lan, "c1")?, "10.1.0.4", "c3 has it now");

        // .2 to .6
        let kept =
            networks.create(&on_ens33("kept", "10.2.0.0/29")?.keep(Duration::from_secs(3600)))?;
        assert_eq!(people.one(&kept, "c1")?, "10.2.0.2");
        kept.disconnect("c1")?;
        for (container, address) in [("c2", "10.2.0.3"), ("c3", "10.2.0.4"), ("c1", "10.2.0.2")] {
            assert_eq!(people.one(&kept, container)?, address);
        }
        kept.disconnect("c2")?;
        for (container, address) in [("c4", "10.2.0.5"), ("c5", "10.2.0.6")] {
            assert_eq!(people.one(&kept, container)?, address);
        }
        assert_eq!(people.one(&kept, "c6")?, "10.2.0.3", "nothing else is left");
        let error = kept.connect(&Member::new("c7"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");

        let brief =
            networks.create(&on_ens33("brief", "10.3.0.0/29")?.keep(Duration::from_secs(4)))?;
        people.one(&brief, "c1")?;
        brief.disconnect("c1")?;
        assert_eq!(people.one(&brief, "c2")?, "10.3.0.3");
        let mut expired = 0;
        eventually("it is kept for ever", || {
            expired = networks.collect()?.expired;
            Ok(expired > 0)
        })?;
        assert_eq!(expired, 1);
        assert_eq!(people.one(&brief, "c3")?, "10.3.0.2");
        Ok(())
    })
}

/// Several subnets of one family: the next when one is full.
fn several_subnets() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(
            &on_ens33("lan", "10.1.0.0/30")?
                .subnet(subnet("10.2.0.0/30")?)
                .subnet(subnet("fd00::/126")?),
        )?;
        let mut people = People::default();
        assert_eq!(people.join(&lan, &Member::new("c1"))?, [ip("10.1.0.2"), ip("fd00::2")]);
        assert_eq!(people.join(&lan, &Member::new("c2"))?, [ip("10.2.0.2"), ip("fd00::3")]);
        let member = Member::new("c3");
        let error = lan.connect(&member, &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolExhausted, "{error}");
        assert!(error.to_string().contains("10.1.0.0/30, 10.2.0.0/30"), "{error}");
        // The IPv4 address does not get lost when there is no IPv6 address left.
        lan.disconnect("c1")?;
        lan.add_foreign(ip("fd00::2"))?;
        let error = lan.connect(&member, &NetNs::anonymous()?).unwrap_err();
        assert!(error.to_string().contains("no address is left in fd00::/126"), "{error}");
        lan.forget_foreign(ip("fd00::2"))?;
        assert_eq!(people.join(&lan, &member)?, [ip("10.1.0.2"), ip("fd00::2")]);
        Ok(())
    })
}

/// The same with both: refusals, and removal.
fn networks_come_and_go() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        for (config, kind) in [
            (on_ens33("lan", "10.2.0.0/24")?, ErrorKind::NetworkExists),
            (on_ens33("lan2", "10.1.0.0/25")?, ErrorKind::SubnetOverlaps),
        ] {
            assert_eq!(networks.create(&config).unwrap_err().kind(), kind);
        }
        let (_container, inside) = started()?;
        lan.connect(&Member::new("c1").name("x"), &inside)?;
        let error = lan.connect(&Member::new("c2").name("x"), &NetNs::anonymous()?).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        assert_eq!(lan.clone().remove().unwrap_err().kind(), ErrorKind::NetworkInUse);
        lan.disconnect("c1")?;
        let gone = lan.clone();
        lan.remove()?;
        let error = gone.connect(&Member::new("c1"), &inside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkNotFound, "{error}");
        // The name and the subnet are free again, and nothing of the old one is remembered.
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        assert_ne!(lan.id(), gone.id());
        assert_eq!(lan.connect(&Member::new("c9"), &inside)?.addresses(), [ip("10.1.0.2")]);
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    the_lowest_free_address,
    the_next_address,
    any_address,
    fixed_reserved_and_foreign_addresses,
    addresses_stay_with_containers,
    several_subnets,
    networks_come_and_go,
}
