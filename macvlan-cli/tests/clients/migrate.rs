//! `macvlan docker migrate`, with networks of a real daemon.

use macvlan_tests::{Debian, Machine, Outcome, ip_addresses, ip_do, ip_link};
use serde_json::{Value, json};

use crate::common::{machine, scenes, start_plugin};

/// A machine with Docker, a network of two families with four containers, and an internal one.
fn machine_with_networks(debian: Debian) -> Outcome<Machine> {
    let machine = machine(debian)?;
    // Docker's driver has one network for each parent.
    machine.lab.cable("ens34")?;
    machine.start_docker()?;
    machine.ok(
        "docker network create -d macvlan -o parent=ens33 -o macvlan_mode=bridge -o colour=red \
         --subnet 172.16.104.0/24 --gateway 172.16.104.1 --ip-range 172.16.104.128/25 \
         --aux-address router=172.16.104.129 --subnet fd15::/64 --gateway fd15::1 --ip-range fd15::100/120 --ipv6 \
         --label 'tier=web server' --attachable dual",
    )?;
    machine.ok(
        "docker network create -d macvlan --internal -o parent=ens34 --subnet 10.9.0.0/24 inside",
    )?;
    let dual = "--network dual --cap-add NET_RAW";
    machine.ok(&format!(
        "docker run -d {dual} --ip 172.16.104.140 --network-alias www --name web busybox sleep 1000"
    ))?;
    machine.ok(&format!(
        "docker run -d {dual} --mac-address 02:42:ac:10:68:55 --name db busybox sleep 1000"
    ))?;
    machine.ok(&format!(
        "docker create {dual} --ip 172.16.104.150 --name created busybox sleep 1000"
    ))?;
    machine.ok(&format!("docker run -d {dual} --name stopped busybox sleep 1000"))?;
    machine.ok("docker stop -t 0 stopped")?;
    machine.ok("docker network connect --ip 10.9.0.7 --driver-opt a=b inside web")?;
    Ok(machine)
}

/// Returns the state of Docker's networks and containers that does not change with the time.
fn state(machine: &Machine) -> Outcome<Value> {
    let mut networks: Value =
        serde_json::from_str(&machine.ok("docker network inspect $(docker network ls -q)")?)?;
    for network in networks.as_array_mut().into_iter().flatten() {
        for container in
            network["Containers"].as_object_mut().into_iter().flat_map(|all| all.values_mut())
        {
            container["EndpointID"].take();
        }
    }
    let list = networks.as_array_mut().ok_or("a list")?;
    list.sort_by_key(|network| network["Name"].to_string());
    Ok(networks)
}

/// Removes a container's MAC address from such a state.
fn clear_mac(state: &mut Value, container: &str) {
    let networks = state.as_array_mut().into_iter().flatten();
    let all = networks.filter_map(|network| network["Containers"].as_object_mut());
    for one in all.flat_map(|all| all.values_mut()).filter(|one| one["Name"] == container) {
        one["MacAddress"].take();
    }
}

const CREATE: &str = "docker network create -d lan --ipam-driver lan --subnet 172.16.104.0/24 --gateway 172.16.104.1 \
     --ip-range 172.16.104.128/25 --aux-address router=172.16.104.129 --subnet fd15::/64 \
     --gateway fd15::1 --ip-range fd15::100/120 --ipv6 --attachable -o macvlan_mode=bridge -o parent=ens33 --label \
     'tier=web server' dual-lan";

fn the_commands_are_printed(debian: Debian) -> Outcome {
    let machine = machine_with_networks(debian)?;
    let output = machine.run("macvlan docker migrate dual")?;
    let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert_eq!(err, "macvlan: warning: left out: network option colour=red\n");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], CREATE);
    assert_eq!(lines[1], "docker network disconnect dual created");
    assert_eq!(lines[2], "docker network connect --ip 172.16.104.150 dual-lan created");
    assert_eq!(lines[3], "docker network disconnect dual db");
    let db: Value = serde_json::from_str(&machine.ok("docker inspect db")?)?;
    let had = &db[0]["NetworkSettings"]["Networks"]["dual"];
    let address = |key: &str| had[key].as_str().unwrap_or_default();
    let expected = format!(
        "docker network connect --ip {} --ip6 {} --driver-opt \
         com.docker.network.endpoint.macaddress=02:42:ac:10:68:55 dual-lan db",
        address("IPAddress"),
        address("GlobalIPv6Address")
    );
    assert_eq!(lines[4], expected);
    // It has no address while it does not run.
    assert_eq!(lines[6], "docker network connect dual-lan stopped");
    assert!(lines[8].contains(" --alias www "), "{out}");
    assert_eq!(lines.len(), 9);

    // Docker's client takes the commands; there is no plugin of this name.
    let (_, message) = machine.fails(&CREATE.replace("lan --ipam", "nosuch --ipam"))?;
    assert!(
        message.contains("plugin \"lan\" not found") || message.contains("nosuch"),
        "{message}"
    );

    // The same from a file, or from standard input; as Docker prints it.
    machine.ok("docker inspect dual inside web db created stopped >/tmp/all.json")?;
    assert_eq!(machine.ok("macvlan docker migrate dual --from /tmp/all.json")?, out.trim_end());
    let networks =
        machine.run("docker network inspect dual inside | macvlan docker migrate dual --from -")?;
    let (some, err) = (String::from_utf8(networks.stdout)?, String::from_utf8(networks.stderr)?);
    assert!(err.contains("aliases and other settings of containers are not known"), "{err}");
    // Only what runs is in it.
    assert_eq!((some.lines().count(), some.lines().next()), (5, Some(CREATE)));

    let output = machine.run("macvlan docker migrate inside --name within --driver lan --json")?;
    let err = String::from_utf8(output.stderr)?;
    assert_eq!(err, "macvlan: warning: left out: option a=b of container \"web\"\n");
    let described: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(described["done"], false);
    let create = &described["requests"][0];
    assert_eq!((&create["method"], &create["path"]), (&json!("POST"), &json!("/networks/create")));
    assert_eq!(create["body"]["Internal"], true);
    assert_eq!(
        create["body"]["IPAM"],
        json!({ "Driver": "lan", "Config": [{ "Subnet": "10.9.0.0/24" }] })
    );
    Ok(())
}

fn a_refusal_changes_nothing(debian: Debian) -> Outcome {
    let machine = machine_with_networks(debian)?;
    let before = state(&machine)?;
    // Without a plugin, the first step fails.
    let (status, message) = machine.fails("macvlan docker migrate dual --do --driver nosuch")?;
    assert_eq!(status, Some(3), "{message}");
    assert!(
        message.contains("cannot create network \"dual-lan\" at /run/docker.sock: "),
        "{message}"
    );
    assert!(message.contains("macvlan: all steps before it were undone"), "{message}");
    // As it does if the name is taken.
    let (status, message) =
        machine.fails("macvlan docker migrate dual --do --driver bridge --name inside")?;
    assert!(status == Some(4) || message.contains("already exists"), "{status:?} {message}");
    for (arguments, status, words) in [
        (
            "nosuch",
            3,
            "cannot inspect network \"nosuch\" at /run/docker.sock: network nosuch not found",
        ),
        ("none", 2, "its driver is \"null\", not \"macvlan\""),
        ("dual --driver macvlan", 2, "it is one of driver \"macvlan\" already"),
        ("../x", 2, "cannot use \"../x\" as a network"),
        ("dual --from /nosuch", 3, "cannot read /nosuch"),
        ("dual --from /etc/passwd", 2, "cannot read the output of `docker inspect`"),
        ("dual --from /srv/busybox.tar", 1, "cannot read /srv/busybox.tar"),
    ] {
        let (ended, message) = machine.fails(&format!("macvlan docker migrate {arguments}"))?;
        assert!(
            ended == Some(status) && message.contains(words),
            "{arguments}: {ended:?} {message}"
        );
    }
    assert_eq!(state(&machine)?, before);
    // Without a daemon.
    let (ended, message) =
        machine.fails("DOCKER_HOST=unix:///run/nosuch.sock macvlan docker migrate dual")?;
    assert!(ended == Some(3) && message.contains("at /run/nosuch.sock"), "{message}");
    Ok(())
}

fn settings(machine: &Machine, container: &str) -> Outcome<Value> {
    let mut all: Value =
        serde_json::from_str(&machine.ok(&format!("docker inspect {container}"))?)?;
    Ok(all[0]["NetworkSettings"]["Networks"].take())
}

fn containers_keep_their_addresses(debian: Debian) -> Outcome {
    let machine = machine_with_networks(debian)?;
    start_plugin(&machine)?;
    let before = (settings(&machine, "web")?, settings(&machine, "db")?);
    machine.ok("macvlan docker migrate dual --do")?;
    let after = (settings(&machine, "web")?, settings(&machine, "db")?);
    for (before, after) in [(&before.0, &after.0), (&before.1, &after.1)] {
        assert!(after["dual"].is_null(), "{after}");
        for key in ["IPAddress", "GlobalIPv6Address", "MacAddress", "Aliases"] {
            assert_eq!(after["dual-lan"][key], before["dual"][key], "{key}: {after}");
        }
    }
    assert_eq!(after.0["inside"], before.0["inside"]);
    // As the kernel has them.
    let pid = machine.ok("docker inspect -f '{{.State.Pid}}' db")?;
    let db = machine.netns_of(&pid)?;
    // While the container runs, Docker gives the next number.
    assert_eq!(ip_link(&db, "eth1")["address"], "02:42:ac:10:68:55");
    let v4 = before.1["dual"]["IPAddress"].as_str().ok_or("an address")?;
    assert!(ip_addresses(&db, "eth1").contains(&format!("{v4}/24")));
    machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
    // Those that do not run start in the new network, also for ever after.
    machine.ok("docker start created stopped")?;
    assert_eq!(settings(&machine, "created")?["dual-lan"]["IPAddress"], "172.16.104.150");
    assert!(
        settings(&machine, "stopped")?["dual-lan"]["IPAddress"]
            .as_str()
            .is_some_and(|ip| !ip.is_empty())
    );
    machine.ok("docker restart -t 0 web db")?;
    assert_eq!(settings(&machine, "web")?["dual-lan"]["IPAddress"], "172.16.104.140");
    assert_eq!(settings(&machine, "db")?["dual-lan"]["MacAddress"], "02:42:ac:10:68:55");
    machine.ok("docker network rm dual")?;
    Ok(())
}

/// The last container cannot be connected, because another host has its address.
fn a_failure_is_undone(debian: Debian) -> Outcome {
    let machine = machine_with_networks(debian)?;
    start_plugin(&machine)?;
    let mut before = state(&machine)?;
    ip_do(&machine.lab.b.netns, "address add 172.16.104.140/24 dev ens33");
    let (_, message) = machine.fails("macvlan docker migrate dual --do -o probe=on")?;
    assert!(
        message.contains("cannot connect container \"web\" to network \"dual-lan\""),
        "{message}"
    );
    assert!(message.contains("172.16.104.140"), "{message}");
    assert!(message.contains("macvlan: all steps before it were undone"), "{message}");
    // Docker takes a MAC address only for a container that it creates.
    let lost =
        "container \"db\" had the MAC address 02:42:ac:10:68:55; Docker gives it another one";
    assert!(message.contains(lost), "{message}");
    let mut after = state(&machine)?;
    for state in [&mut before, &mut after] {
        clear_mac(state, "db");
    }
    assert_eq!(after, before);
    assert_eq!(
        settings(&machine, "created")?["dual"]["IPAMConfig"]["IPv4Address"],
        "172.16.104.150"
    );
    // Docker has nothing left of the refused connection, of which it would start the container.
    let of = |one: &Value| -> Vec<String> {
        one.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(of(&settings(&machine, "web")?), ["dual", "inside"]);
    machine.ok("docker restart -t 0 web")?;
    assert_eq!(settings(&machine, "web")?["dual"]["IPAddress"], "172.16.104.140");
    Ok(())
}

scenes! {
    the_commands_are_printed,
    a_refusal_changes_nothing,
    containers_keep_their_addresses,
    a_failure_is_undone,
}
