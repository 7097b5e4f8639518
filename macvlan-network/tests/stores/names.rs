//! The names by which containers are found, with both kinds of store.
#![deny(dead_code)]

use std::net::IpAddr;

use crate::common::{ip, on_ens33, subnet, with_stores};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, ErrorKind, NetworkConfig};
use macvlan_tests::Outcome;

/// A name belongs to one container, an alias to many, and a second connect can change both.
fn names_and_aliases() -> Outcome {
    with_stores(|networks| {
        let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let inside = [NetNs::anonymous()?, NetNs::anonymous()?];
        let web = ConnectOptions::new("c1").name("web1").alias("web").alias("www");
        lan.connect(&web, &inside[0])?;
        lan.connect(&ConnectOptions::new("c2").name("web2").alias("web"), &inside[1])?;
        for none in ["", "."] {
            assert_eq!(lan.resolve(none)?, [] as [IpAddr; 0], "{none:?}");
        }
        assert_eq!(networks.store().leases_of("")?, []);
        let both = [ip("10.1.0.2"), ip("10.1.0.3")];
        let resolved = || -> Outcome<Vec<Vec<IpAddr>>> {
            ["web", "www", "web.lan", "web1", "c2", "nobody"]
                .iter()
                .map(|name| Ok(lan.resolve(name)?))
                .collect()
        };
        let one = |at: usize| vec![both[at]];
        assert_eq!(resolved()?, [both.to_vec(), one(0), both.to_vec(), one(0), one(1), vec![]]);
        let hosts = lan.hosts()?;
        assert!(hosts.contains("10.1.0.2\tweb1 web1.lan web web.lan www www.lan\n"), "{hosts}");

        // New values replace the old ones; values that are not given stay.
        lan.connect(&ConnectOptions::new("c1").alias("api"), &inside[0])?;
        assert_eq!(resolved()?, [one(1), vec![], one(1), one(0), one(1), vec![]]);
        assert_eq!(lan.resolve("api")?, one(0));
        lan.connect(&ConnectOptions::new("c1").name("nobody"), &inside[0])?;
        assert_eq!(lan.resolve("nobody")?, one(0));
        assert!(lan.resolve("web1")?.is_empty());
        let error = lan.connect(&ConnectOptions::new("c1").name("web2"), &inside[0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        let lease = lan.lease("c1")?.ok_or("it has gone")?;
        assert_eq!(
            (lease.name.as_deref(), &lease.aliases[..]),
            (Some("nobody"), &["api".to_owned()][..])
        );
        lan.disconnect("c1")?;
        assert!(lan.resolve("api")?.is_empty());
        lan.connect(&ConnectOptions::new("c3").name("nobody"), &inside[0])?;
        Ok(())
    })
}

/// Names are compared as in DNS, wherever they are given.
fn names_are_those_of_dns() -> Outcome {
    with_stores(|networks| {
        let reserved = subnet("10.1.0.0/24")?.reserve("Printer", ip("10.1.0.77"));
        let lan = networks.create(&NetworkConfig::new("Lan").parent("ens33").subnet(reserved))?;
        let inside = [NetNs::anonymous()?, NetNs::anonymous()?, NetNs::anonymous()?];
        let lease =
            lan.connect(&ConnectOptions::new("C1").name("Web.").alias("WWW"), &inside[0])?;
        let lease = lease.lease().clone();
        assert_eq!(
            (lease.name.as_deref(), &lease.aliases[..]),
            (Some("web"), &["www".to_owned()][..])
        );
        for name in ["web", "WEB", "web.", "wEb.lan", "web.Lan.", "www", "Www.LAN", "C1", "C1.Lan"]
        {
            assert_eq!(lan.resolve(name)?, [ip("10.1.0.2")], "{name}");
        }
        assert!(lan.resolve("c1")?.is_empty(), "an id is not a name");
        let error = lan.connect(&ConnectOptions::new("c2").name("WEB"), &inside[1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameTaken, "{error}");
        let printer = lan.connect(&ConnectOptions::new("c2").name("PRINTER"), &inside[1])?;
        assert_eq!(printer.addresses(), [ip("10.1.0.77")]);
        assert_eq!(
            lan.hosts()?,
            "10.1.0.2\tweb web.Lan www www.Lan\n10.1.0.77\tprinter printer.Lan\n"
        );
        for name in ["localhost", "a.localhost", "a..b", "10.1.0.9"] {
            for options in
                [ConnectOptions::new("c3").name(name), ConnectOptions::new("c3").alias(name)]
            {
                let error = lan.connect(&options, &inside[2]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
            }
        }
        let twice = ConnectOptions::new("c3").alias("db").alias("DB");
        assert!(lan.connect(&twice, &inside[2]).unwrap_err().is_invalid_value());
        Ok(())
    })
}

macvlan_tests::tests! {
    same_on_every_kernel:
    names_and_aliases,
    names_are_those_of_dns,
}
