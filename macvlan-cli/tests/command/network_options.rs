//! Every option of a network and of a connect, with the store and `ip` as witnesses.

use macvlan_core::{Parent, VlanProtocol};
use macvlan_network::{NetworkConfig, SqliteStore, Store as _, Subnet};
use macvlan_tests::{Directory, Lab, Outcome, Stage, ip_addresses, ip_lines, ip_link};
use serde_json::{Value, json};

use crate::common::{fails, json as run_json, ok};

/// Creates or changes a network, and returns its configuration as the store has it.
fn stored(lab: &Lab, directory: &Directory, arguments: &str) -> Outcome<NetworkConfig> {
    let db = directory.path().join("n.db");
    ok(&lab.a.netns, &format!("network --db {} {arguments}", db.display()))?;
    let mut records = SqliteStore::open(&db)?.networks()?;
    Ok(records.pop().ok_or("no network")?.config)
}

fn options_of_a_network() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let config = stored(
        &lab,
        &directory,
        "create lan --driver macvlan --parent ens33 --mode vepa --ipv6 --internal=off --mtu 1400 \
         --route '10.9.0.0/16 via 10.1.0.254' --metric 50 --disable-ipv6=off --accept-ra never \
         --leave-ipv6 --allmulticast --order random --mac-from container --probe \
         --duplicate-detection --block-size 16 --reservation-ttl 10m --label a=b \
         -o com.docker.network.driver.mtu=1400 -o note=x \
         --subnet 10.1.0.0/24 --gateway 10.1.0.254 --ip-range 10.1.0.64/26 \
         --ip-range 10.1.0.200-10.1.0.210 --exclude 10.1.0.100 --aux-address printer=10.1.0.70",
    )?;
    let subnet = &config.get_subnets()[0];
    let ranges: Vec<String> = subnet.get_ranges().iter().map(ToString::to_string).collect();
    let text = format!("{config:?}");
    assert_eq!((config.get_mtu(), config.get_metric()), (Some(1400), Some(50)), "{text}");
    assert_eq!(config.get_mode().to_string(), "vepa");
    assert_eq!(config.get_parent().map(ToString::to_string).as_deref(), Some("ens33"));
    assert!(config.get_ipv6() && !config.get_internal() && config.get_leave_ipv6());
    assert!(config.get_probe() && config.get_duplicate_detection());
    assert_eq!((config.get_allmulticast(), config.get_disable_ipv6()), (Some(true), Some(false)));
    assert_eq!(config.get_accept_ra().map(|one| one.to_string()).as_deref(), Some("never"));
    assert_eq!(
        (config.get_order().to_string(), config.get_mac_from().to_string()),
        ("random".to_owned(), "container".to_owned())
    );
    assert_eq!((config.get_block_size(), config.get_reservation_ttl().as_secs()), (Some(16), 600));
    assert_eq!(config.get_routes()[0].to_string(), "10.9.0.0/16 via 10.1.0.254");
    assert_eq!(
        (config.get_labels()["a"].as_str(), config.get_options()["note"].as_str()),
        ("b", "x")
    );
    assert_eq!(subnet.get_gateway().map(|ip| ip.to_string()).as_deref(), Some("10.1.0.254"));
    assert_eq!(ranges, ["10.1.0.64/26", "10.1.0.200-10.1.0.210"]);
    assert_eq!(subnet.get_excluded()[0].to_string(), "10.1.0.100");
    assert_eq!(subnet.get_reserved()["printer"].to_string(), "10.1.0.70");
    assert_eq!(config.get_subnets().len(), 2, "an IPv6 subnet was chosen");
    Ok(())
}

fn a_parent_on_demand() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let config = stored(
        &lab,
        &directory,
        "create lan -o parent=ens33.30 --parent-protocol 802.1ad --parent-name customer \
         --subnet 10.1.0.0/24",
    )?;
    let wanted = Parent::vlan("ens33", 30)?.protocol(VlanProtocol::Dot1ad)?.name("customer")?;
    assert_eq!(config.get_parent(), Some(&wanted));
    let create = format!("network --db {} create", directory.path().join("n.db").display());
    for (arguments, words) in [
        (
            "other --parent-protocol 802.1ad",
            "cannot use --parent-protocol and --parent-name: the parent is missing",
        ),
        ("other --parent ens33 --parent-name x", "the parent is not a VLAN such as ens33.100"),
    ] {
        let said = fails(&lab.a.netns, 2, &format!("{create} {arguments}"))?;
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}

/// Options that contradict each other are refused by name.
fn contradicting_options() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let db = directory.path().join("n.db");
    for (arguments, words) in [
        ("create lan --without-addresses --subnet 10.1.0.0/24", "'--subnet <SUBNET"),
        ("update lan --without-addresses --ip-range 10.1.0.0/26", "'--ip-range <RANGE>'"),
        ("create lan --mtu 1400 -o mtu=1300", "option mtu=1300: another option says otherwise"),
        ("create lan -o mode=vepa -o macvlan_mode=private", "option mode=vepa: another option"),
        ("create lan -o parent=ens33 --parent ens34", "option parent=ens33: another option"),
        ("connect lan c1 1 --default-route --no-default-route", "'--no-default-route'"),
        ("connect lan c1 1 --no-default-route --gw-priority 3", "'--gw-priority <NUMBER>'"),
        ("connect lan c1 1 --default-route --gw-priority 3", "'--gw-priority <NUMBER>'"),
        ("connect lan c1 1 --no-default-route --replace-default-route", "'--replace-default"),
    ] {
        let said = fails(&lab.a.netns, 2, &format!("network --db {} {arguments}", db.display()))?;
        assert!(said.contains(words), "{said}");
    }
    // The same may be said twice.
    let config = stored(&lab, &directory, "create lan --mtu 1400 -o mtu=1400 -o parent=ens33")?;
    assert_eq!(config.get_mtu(), Some(1400));
    Ok(())
}

/// A name or alias that no resolver can ask for is refused, and nothing is leased.
fn names_are_those_of_dns() -> Outcome {
    let stage = Stage::set()?;
    let directory = Directory::new()?;
    let (host, db) = (&stage.lab.a.netns, directory.path().join("n.db").display().to_string());
    let create = format!("network --db {db} create lan --parent ens33 --subnet 10.1.0.0/24");
    ok(host, &create)?;
    let connect = format!("network --db {db} connect lan c1 {}", stage.container.pid());
    let long = "a".repeat(64);
    for (name, words) in [
        ("a..b", "\"a..b\" has an empty part between two dots"),
        ("a...", "\"a..\" ends with a dot"),
        (&long, "has a part of more than 63 characters, the most that DNS allows"),
        (&format!("{long}.lan"), "has a part of more than 63 characters"),
    ] {
        for option in ["name", "alias"] {
            let said = fails(host, 2, &format!("{connect} --{option} {name}"))?;
            assert!(said.contains(words), "{said}");
        }
    }
    assert_eq!(run_json(host, &format!("network --db {db} leases"))?, json!([]));
    ok(host, &format!("{connect} --name {}", &long[1..]))?;
    let resolved = ok(host, &format!("network --db {db} resolve lan {}", &long[1..]))?;
    assert_eq!(resolved, "10.1.0.2\n");
    Ok(())
}

/// Options that are not given keep their values, and lists that are given replace the old ones.
fn a_network_is_changed() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let create = "create lan --parent ens33 --subnet 10.1.0.0/24 --ip-range 10.1.0.64/26 --mtu 1400 \
                  --route '10.9.0.0/16 via 10.1.0.254' --label a=b --probe --order next";
    let before = stored(&lab, &directory, create)?;
    assert_eq!(stored(&lab, &directory, "update lan")?, before);
    let after = stored(
        &lab,
        &directory,
        "update lan --mtu 1300 --probe=off --ip-range 10.1.0.128/25 --label c=d",
    )?;
    assert_eq!((after.get_mtu(), after.get_probe()), (Some(1300), false));
    assert_eq!(after.get_subnets()[0].get_ranges().len(), 1);
    assert_eq!(after.get_subnets()[0].get_ranges()[0].to_string(), "10.1.0.128/25");
    assert_eq!((after.get_routes(), after.get_order()), (before.get_routes(), before.get_order()));
    assert_eq!(after.get_labels().len(), 2);
    let other = stored(
        &lab,
        &directory,
        "update lan --route '10.8.0.0/16 via 10.2.0.254' --subnet 10.2.0.0/24@none",
    )?;
    assert_eq!(other.get_routes()[0].to_string(), "10.8.0.0/16 via 10.2.0.254");
    assert_eq!(
        (other.get_subnets()[0].to_string(), other.get_subnets()[0].get_gateway()),
        ("10.2.0.0/24".to_owned(), None)
    );
    let bare = stored(&lab, &directory, "update lan --without-addresses --route '10.8.0.0/16'")?;
    assert!(bare.get_without_addresses() && bare.get_subnets().is_empty());
    // `ensure` describes the network as a whole.
    let ensured = stored(&lab, &directory, "ensure lan --parent ens33 --subnet 10.3.0.0/24")?;
    assert_eq!((ensured.get_mtu(), ensured.get_labels().len()), (None, 0));
    let again = run_json(
        &lab.a.netns,
        &format!(
            "network --db {} ensure lan --parent ens33 --subnet 10.3.0.0/24",
            directory.path().join("n.db").display()
        ),
    )?;
    assert_eq!((&again["created"], &again["outdated"]), (&json!(false), &json!([])));
    Ok(())
}

/// A subnet that stays keeps the parts that are not given, and each subnet its own ranges.
fn subnets_keep_what_is_not_given() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let create = "create lan --parent ens33 --subnet 10.1.0.0/24 --gateway 10.1.0.254 \
                  --ip-range 10.1.0.64/26 --exclude 10.1.0.70 --aux-address printer=10.1.0.71 \
                  --subnet fd00:1::/64@fd00:1::fe --ip-range fd00:1::1:0/112 --exclude fd00:1::1:7";
    let before = stored(&lab, &directory, create)?;
    let [v4, v6] = before.get_subnets() else { return Err("not two subnets".into()) };
    let changed = |arguments: &str| -> Outcome<Vec<Subnet>> {
        let config = stored(&lab, &directory, &format!("update lan {arguments}"))?;
        Ok(config.get_subnets().to_vec())
    };
    let third = Subnet::new("10.2.0.0/24")?;
    let given = "--subnet 10.1.0.0/24 --subnet fd00:1::/64 --subnet 10.2.0.0/24";
    assert_eq!(changed(given)?, [v4.clone(), v6.clone(), third]);
    let v4 = v4.clone().clear_ranges().range("10.1.0.128/25".parse()?);
    let given = "--subnet fd00:1::/64 --subnet 10.1.0.0/24 --ip-range 10.1.0.128/25";
    assert_eq!(changed(given)?, [v6.clone(), v4.clone()]);
    let v6 = v6.clone().clear_ranges().range("fd00:1::2:0/112".parse()?).clear_excluded();
    let v6 = v6.exclude("fd00:1::2:1".parse()?).exclude("fd00:1::2:5".parse()?);
    let given = "--ip-range fd00:1::2:0/112 --exclude fd00:1::2:1 --exclude fd00:1::2:5";
    assert_eq!(changed(given)?, [v6.clone(), v4.clone()]);
    assert_eq!(changed("--subnet 10.1.0.0/24@none")?, [v4.clone().without_gateway()]);
    assert_eq!(changed("--subnet 10.1.0.0/24 --gateway 10.1.0.254")?, [v4]);
    // `ensure` keeps only the settings that it names.
    let ensured = stored(&lab, &directory, "ensure lan --parent ens33 --subnet 10.1.0.0/24")?;
    assert_eq!(ensured.get_subnets(), [Subnet::new("10.1.0.0/24")?]);
    Ok(())
}

/// A list can be emptied, and filled again at the same time.
fn lists_are_cleared() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let create = "create lan --parent ens33 --subnet 10.1.0.0/24 --ip-range 10.1.0.64/26 \
                  --exclude 10.1.0.70 --aux-address printer=10.1.0.71 --mtu 1400 --label a=b \
                  --opt note=x --route '10.9.0.0/16 via 10.1.0.254'";
    let before = stored(&lab, &directory, create)?;
    // Of those with names, others stay; an excluded range replaces the old ones.
    let added = stored(
        &lab,
        &directory,
        "update lan --label c=d --opt more=y --aux-address scanner=10.1.0.72 --exclude 10.1.0.73",
    )?;
    assert_eq!((added.get_labels().len(), added.get_options().len()), (2, 2));
    let subnet = &added.get_subnets()[0];
    assert_eq!((subnet.get_reserved().len(), subnet.get_excluded().len()), (2, 1));
    assert_eq!(subnet.get_excluded()[0].to_string(), "10.1.0.73");

    let replaced = stored(
        &lab,
        &directory,
        "update lan --clear label --label e=f --clear aux-address --aux-address disk=10.1.0.74",
    )?;
    assert_eq!(replaced.get_labels().keys().collect::<Vec<_>>(), ["e"]);
    let reserved = replaced.get_subnets()[0].get_reserved();
    assert_eq!(reserved.keys().collect::<Vec<_>>(), ["disk"]);
    assert_eq!(replaced.get_options(), added.get_options());

    let lists = ["route", "opt", "label", "ip-range", "exclude", "aux-address"];
    let all = lists.map(|list| format!("--clear {list}")).join(" ");
    let bare = stored(&lab, &directory, &format!("update lan {all}"))?;
    let wanted = NetworkConfig::new("lan").parent("ens33").mtu(1400);
    assert_eq!(bare, wanted.subnet(before.get_subnets()[0].get_net().into()));
    // Those without addresses keep to that.
    let without = stored(&lab, &directory, "update lan --without-addresses")?;
    assert!(without.get_without_addresses(), "{without:?}");
    let still = stored(&lab, &directory, "update lan --clear route --clear exclude")?;
    assert!(still.get_without_addresses(), "{still:?}");
    let again = stored(&lab, &directory, "update lan --subnet 10.2.0.0/24")?;
    assert!(!again.get_without_addresses() && again.get_subnets().len() == 1, "{again:?}");

    let db = directory.path().join("n.db");
    let said =
        fails(&lab.a.netns, 2, &format!("network --db {} update lan --clear mtu", db.display()))?;
    for list in lists {
        assert!(said.contains(list), "{said}");
    }
    Ok(())
}

fn parts_belong_to_a_subnet() -> Outcome {
    let (lab, directory) = (Lab::new()?, Directory::new()?);
    let db = directory.path().join("n.db");
    for (options, words) in [
        (
            "--gateway 10.9.0.1",
            "cannot use gateway 10.9.0.1: it is in none of the network's subnets",
        ),
        (
            "--ip-range 10.9.0.0/24",
            "cannot use range 10.9.0.0/24: it is in none of the network's subnets; give its subnet",
        ),
        ("--aux-address x=10.9.0.1", "cannot use address 10.9.0.1"),
        ("--aux-address 10.1.0.1", "expected KEY=VALUE"),
        ("-o parent=ens33/1", "ens33/1"),
        ("-o mtu=much", "not a number"),
        ("--driver bridge", "invalid value 'bridge'"),
    ] {
        let arguments = format!(
            "network --db {} create lan --parent ens33 --subnet 10.1.0.0/24 {options}",
            db.display()
        );
        let said = fails(&lab.a.netns, 2, &arguments)?;
        assert!(said.contains(words), "{said}");
    }
    let config = stored(
        &lab,
        &directory,
        "create lan --parent ens33 --subnet 203.0.113.20/32@203.0.113.1 --on-link-gateway",
    )?;
    assert!(config.get_subnets()[0].get_on_link_gateway());
    let isolated = stored(&lab, &directory, "create zz --without-addresses --parent ens33")?;
    assert!(isolated.get_without_addresses());
    Ok(())
}

fn options_of_a_connect() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let directory = Directory::new()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let db = directory.path().join("n.db");
    let run = |arguments: &str| ok(host, &format!("network --db {} {arguments}", db.display()));
    run("create lan --parent ens33 --subnet 10.1.0.0/24 --subnet fd10::/64")?;
    run("create wan --parent ens33 --subnet 10.2.0.0/24")?;
    run(&format!(
        "connect lan c1 {pid} --name web --alias www --network-alias w3 --ip 10.1.0.9 --ip fd10::9 \
         --link-local-ip 169.254.7.7 --interface lan0 --mac-address 02:00:00:00:00:09 --gw-priority -1"
    ))?;
    assert_eq!(ip_link(&inside, "lan0")["address"], "02:00:00:00:00:09");
    let mut addresses = ip_addresses(&inside, "lan0");
    addresses.sort_unstable();
    assert_eq!(addresses, ["10.1.0.9/24", "169.254.7.7/16", "fd10::9/64"]);
    let leases: Value = serde_json::from_str(&run("leases --json")?)?;
    assert_eq!((&leases[0]["name"], &leases[0]["aliases"]), (&json!("web"), &json!(["www", "w3"])));
    assert_eq!((&leases[0]["gw_priority"], &leases[0]["state"]), (&json!(-1), &json!("connected")));
    run(&format!("connect wan c1 {pid} -i wan0 --mac 02:00:00:00:00:0a"))?;
    let default = || ip_lines(&inside, "-4 route show default");
    assert_eq!(default(), ["default via 10.2.0.1 dev wan0 proto 109"]);
    run(&format!("connect lan c1 {pid} --default-route"))?;
    assert_eq!(default(), ["default via 10.1.0.1 dev lan0 proto 109"]);
    run("disconnect lan c1 --interface lan0")?;
    assert_eq!(default(), ["default via 10.2.0.1 dev wan0 proto 109"]);
    run("disconnect wan c1")?;
    // A default route of another program is replaced only if this is said.
    ok(host, &format!("attach ens33 {pid} 10.3.0.2/24@10.3.0.1 -i other"))?;
    run(&format!("connect wan c1 {pid} -i wan0"))?;
    assert_eq!(default(), ["default via 10.3.0.1 dev other"]);
    run(&format!("connect wan c1 {pid} -i wan0 --replace-default-route"))?;
    assert_eq!(default(), ["default via 10.2.0.1 dev wan0 proto 109"]);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    options_of_a_network,
    contradicting_options,
    names_are_those_of_dns,
    a_parent_on_demand,
    a_network_is_changed,
    subnets_keep_what_is_not_given,
    lists_are_cleared,
    parts_belong_to_a_subnet,
    options_of_a_connect,
}
