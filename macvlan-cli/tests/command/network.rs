//! Networks and their containers.

use std::fmt::Display;

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Directory, Lab, Need, Outcome, Stage, ip, ip_addresses, ip_do, ip_lines, ip_link,
    need, ping,
};
use serde_json::{Value, json};

use crate::common::{command, fails, json as run_json, ok, output};

/// A host with a database that does not exist yet.
struct Scene {
    stage: Stage,
    directory: Directory,
}

impl Scene {
    fn set() -> Outcome<Self> {
        Ok(Self { stage: Stage::set()?, directory: Directory::new()? })
    }

    fn host(&self) -> &NetNs {
        &self.stage.lab.a.netns
    }

    fn arguments(&self, arguments: impl Display) -> String {
        format!("network --db {}/store/networks.db {arguments}", self.directory.path().display())
    }

    #[track_caller]
    fn ok(&self, arguments: impl Display) -> Outcome<String> {
        ok(self.host(), &self.arguments(arguments))
    }

    #[track_caller]
    fn fails(&self, status: i32, arguments: impl Display) -> Outcome<String> {
        fails(self.host(), status, &self.arguments(arguments))
    }

    fn json(&self, arguments: impl Display) -> Outcome<Value> {
        run_json(self.host(), &self.arguments(arguments))
    }
}

fn from_creation_to_removal() -> Outcome {
    let scene = Scene::set()?;
    let (inside, pid) = (&scene.stage.inside, scene.stage.container.pid());
    let id = scene.ok(
        "create lan --parent ens33 --subnet 10.1.0.0/24@10.1.0.254 --subnet fd10::/64 --mtu 1400",
    )?;
    let short = &id[..12];
    assert_eq!(
        scene.ok("ls")?,
        format!(
            "\
ID            NAME  PARENT  SUBNETS                CONTAINERS
{short}  lan   ens33   10.1.0.0/24 fd10::/64  0
"
        )
    );
    let options = "--name x --alias y --ip 10.1.0.9 --gw-priority 3";
    let said = scene.ok(format!("connect lan c1 {pid} {options}"))?;
    let eth0 = ip_link(inside, "eth0");
    assert!(
        said.starts_with(&format!(
            "eth0 {} 10.1.0.9/24 fd10::2/64",
            eth0["address"].as_str().unwrap_or_default()
        )),
        "{said}"
    );
    assert_eq!(eth0["mtu"], 1400);
    assert_eq!(
        ip_lines(inside, "-4 route show default"),
        ["default via 10.1.0.254 dev eth0 proto 109"]
    );
    assert_eq!(scene.json("list")?[0]["Containers"], 1);
    scene.ok(format!("connect lan c1 {pid} --no-default-route"))?;
    assert_eq!(ip_lines(inside, "-4 route show default"), [""; 0]);
    assert_eq!(scene.ok("prune")?, "");
    let inspected: Value = serde_json::from_str(&scene.ok("inspect lan")?)?;
    assert_eq!(
        (&inspected[0]["Id"], &inspected[0]["Containers"]["c1"]["Name"]),
        (&json!(id.trim()), &json!("x"))
    );
    let partly = output(scene.host(), command(&scene.arguments("inspect nope lan")))?;
    assert_eq!(partly.status.code(), Some(3));
    assert_eq!(serde_json::from_slice::<Value>(&partly.stdout)?, inspected);
    scene.fails(1, "rm lan")?;
    assert_eq!(scene.ok("resolve lan x")?, "10.1.0.9\nfd10::2\n");
    assert_eq!(scene.json("resolve lan y")?, json!(["10.1.0.9", "fd10::2"]));
    assert!(scene.fails(3, "resolve lan z")?.contains("no container has that name"));
    assert_eq!(scene.ok("hosts lan")?.lines().next(), Some("10.1.0.9\tx x.lan y y.lan"));
    let hosts = scene.directory.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost\n")?;
    let written = scene.json(format!("hosts lan --write {}", hosts.display()))?;
    assert_eq!(written, json!({ "path": hosts }));
    assert!(std::fs::read_to_string(&hosts)?.contains("10.1.0.9\tx x.lan"));
    ip_do(inside, "link delete eth0");
    assert!(scene.ok("reconcile")?.contains("repaired \"eth0\" of container \"c1\""));
    // The interface may have another name inside.
    for line in ["link set eth0 down", "link set eth0 name lan0"] {
        ip_do(inside, line);
    }
    scene.ok(format!("connect lan c1 {pid}"))?;
    assert!(
        ip_link(inside, "lan0")["flags"].as_array().is_some_and(|all| all.contains(&json!("UP")))
    );
    let told = scene.json("disconnect lan x")?; // by its name
    assert_eq!(told, json!([{ "container": "c1", "outcome": "removed" }]));
    assert_eq!(ip(inside, "link show").as_array().map(Vec::len), Some(1));
    scene.ok("remove lan")?;
    assert_eq!(scene.ok("ls")?, "");
    Ok(())
}

fn statuses() -> Outcome {
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24")?;
    for (arguments, status, words) in [
        ("create lan --parent ens33".to_owned(), 4, "a network with this name exists"),
        ("create b --subnet 10.1.0.1/24".to_owned(), 2, "the subnet is 10.1.0.0/24"),
        ("create b --parent ens33 --subnet 10.1.0.0/25".to_owned(), 1, "overlap"),
        ("disconnect lan c1".to_owned(), 3, "not connected"),
        ("inspect wan".to_owned(), 3, "no network has this name"),
        (format!("connect lan {pid}"), 2, "is not a permanent id"),
        (format!("connect lan c1 {pid} --ip 10.9.0.1"), 1, "10.9.0.1"),
        (String::new(), 2, "requires a subcommand"),
        ("leases wan".to_owned(), 3, "no network has this name"),
    ] {
        let said = scene.fails(status, &arguments)?;
        assert!(said.contains(words), "{arguments}: {said}");
    }
    // An address that another host on the LAN has.
    scene.ok("create wan --parent ens33 --subnet 192.168.15.0/24 --probe")?;
    assert!(
        scene.fails(6, format!("connect wan c1 {pid} --ip 192.168.15.2"))?.contains("192.168.15.2")
    );
    assert_eq!(ip(&scene.stage.inside, "link show").as_array().map(Vec::len), Some(1));
    Ok(())
}

/// An address that was found on the LAN is listed, and given again when its record is deleted.
fn conflicts_are_listed_and_deleted() -> Outcome {
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    scene
        .ok("create lan --parent ens33 --subnet 192.168.15.0/30 --gateway 192.168.15.1 --probe")?;
    assert_eq!(scene.ok("conflicts lan")?, "");
    assert_eq!(scene.json("conflicts lan")?, json!([]));
    // The only one, which host b has.
    let said = scene.fails(1, format!("connect lan c1 {pid}"))?;
    assert!(
        said.contains(
            "no address is left in 192.168.15.0/30, and 1 is recorded as conflicting; delete"
        ),
        "{said}"
    );
    let table = scene.ok("conflicts lan")?;
    assert!(table.starts_with("ADDRESS       FOUND\n192.168.15.2  "), "{table}");
    assert!(table.ends_with(" s ago\n"), "{table}");
    assert_eq!(scene.json("conflicts lan")?[0]["address"], "192.168.15.2");
    scene.ok("update lan --probe=off")?;
    scene.fails(1, format!("connect lan c1 {pid}"))?;
    let said = scene.fails(3, "conflicts lan --delete 192.168.15.9")?;
    assert!(said.contains("network \"lan\" has none"), "{said}");
    assert_eq!(scene.json("conflicts lan --delete 192.168.15.2")?, json!(["192.168.15.2"]));
    assert_eq!(scene.ok("conflicts lan")?, "");
    scene.ok(format!("connect lan c1 {pid}"))?;
    Ok(())
}

fn all_are_removed_that_can_be() -> Outcome {
    let scene = Scene::set()?;
    for (name, subnet) in [("a", 1), ("b", 2), ("c", 3)] {
        scene.ok(format!("create {name} --parent ens33 --subnet 10.{subnet}.0.0/24"))?;
    }
    let ended = output(scene.host(), command(&scene.arguments("rm a b nope c")))?;
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&ended.stderr).matches("nope").count(), 1);
    assert_eq!(scene.ok("ls")?, "");
    scene.ok("create a --parent ens33 --subnet 10.1.0.0/24")?;
    let ended = output(scene.host(), command(&scene.arguments("rm nope a --json")))?;
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(serde_json::from_slice::<Value>(&ended.stdout)?, json!(["a"]));
    scene.ok("create a --parent ens33 --subnet 10.1.0.0/24")?;
    assert_eq!(scene.json("prune")?, json!(["a"]));
    Ok(())
}

/// Verbs that read create no database, and the first one that writes creates its directory.
fn reading_creates_nothing() -> Outcome {
    let scene = Scene::set()?;
    let store = scene.directory.path().join("store");
    for verb in ["ls", "prune", "collect", "reconcile", "leases"] {
        assert_eq!(scene.ok(verb)?, "", "{verb}");
        assert!(!store.exists(), "{verb}");
    }
    scene.fails(3, "inspect lan")?;
    scene.fails(3, "resolve lan x")?;
    assert!(!store.exists());
    // One directory is created, not the ones above it.
    let (above, path) = (store.join("a"), store.join("a/b/n.db"));
    let said = fails(scene.host(), 3, &format!("network ls --db {}", path.display()))?;
    let expected = format!(
        "macvlan: cannot open the store {}: No such file or directory; create {}, or choose \
         another path\n",
        path.display(),
        above.display()
    );
    assert_eq!(said, expected);
    scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24")?;
    assert!(store.join("networks.db").exists());
    Ok(())
}

fn a_container_by_its_own_name() -> Outcome {
    let scene = Scene::set()?;
    let name = format!("macvlan-web-{}", std::process::id());
    let netns = NetNs::create(&name)?;
    let connect = || -> Outcome {
        scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24")?;
        scene.ok(format!("connect lan {name}"))?;
        assert_eq!(ip_addresses(&netns, "eth0"), ["10.1.0.2/24"]);
        assert_eq!(scene.json("leases")?[0]["container"], json!(name));
        scene.ok(format!("disconnect lan {name}")).map(drop)
    };
    let done = connect();
    NetNs::delete(&name)?;
    done
}

/// The id of one container is the name of another.
fn an_id_is_not_taken_for_a_name() -> Outcome {
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    let other = Container::start()?;
    scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24")?;
    scene.ok(format!("connect lan c1 {pid} --name c2"))?;
    scene.ok(format!("connect lan id:c2 {}", other.pid()))?;
    let connected = || -> Outcome<Vec<Value>> {
        let leases = scene.json("leases")?;
        Ok(leases.as_array().into_iter().flatten().map(|one| one["container"].clone()).collect())
    };
    assert_eq!(connected()?, [json!("c1"), json!("c2")]);
    let told = scene.json("disconnect lan c2")?;
    assert_eq!(told, json!([{ "container": "c2", "outcome": "removed" }]));
    for _ in 0..2 {
        let said = scene.fails(3, "disconnect lan c2")?;
        assert!(said.contains("the container with this id is already disconnected"), "{said}");
        assert!(said.contains("\"c1\" is called \"c2\"") && said.contains("use id:c1"), "{said}");
        scene.fails(3, "disconnect lan id:c2")?;
    }
    assert_eq!(connected()?, [json!("c1")]);
    assert_eq!(scene.json("disconnect lan id:c1")?[0]["container"], "c1");
    assert!(scene.fails(3, "disconnect lan c1")?.contains("not connected"));
    Ok(())
}

/// With or without its source, while it exists and after it has ended.
fn a_container_is_named_alike_by_all_verbs() -> Outcome {
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    let name = format!("macvlan-alike-{}", std::process::id());
    let run = || -> Outcome {
        scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24")?;
        for (how, ends) in [("", false), ("netns:", false), ("", true), ("netns:", true)] {
            let netns = NetNs::create(&name)?;
            scene.ok(format!("connect lan netns:{name}"))?;
            assert_eq!(ip_addresses(&netns, "eth0"), ["10.1.0.2/24"]);
            drop(netns);
            if ends {
                NetNs::delete(&name)?;
            }
            let told = scene.json(format!("disconnect lan {how}{name}"))?;
            assert_eq!(told[0]["container"], json!(name));
            scene.fails(3, format!("disconnect lan {how}{name}"))?;
            if !ends {
                NetNs::delete(&name)?;
            }
        }
        // The namespace of that name is not connected; a container is called so.
        scene.ok(format!("connect lan c1 {pid} --name {name}"))?;
        let _netns = NetNs::create(&name)?;
        let fresh = scene.ok("create new --parent ens33 --subnet 10.2.0.0/24")?;
        assert!(!fresh.is_empty());
        scene.ok(format!("connect new c1 {pid} --name {name}"))?;
        for text in [name.clone(), format!("netns:{name}")] {
            scene.fails(3, format!("disconnect new {text}"))?;
        }
        let said = scene.fails(3, format!("disconnect new {name}"))?;
        assert!(said.contains("which is not connected, has the id"), "{said}");
        scene.ok("disconnect new id:c1").map(drop)
    };
    let done = run();
    // It may have been deleted.
    let _ = NetNs::delete(&name);
    done
}

fn reserved_addresses_are_taken() -> Outcome {
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    scene.ok("create lan --parent ens33 --subnet 10.1.0.0/24 --subnet fd10::/64")?;
    let reserved =
        scene.ok("reserve lan --ip 10.1.0.7 --ipv6 off --mac-address 02:00:00:00:00:07")?;
    let (lease, addresses) = reserved.trim_end().split_once(' ').ok_or("an id and addresses")?;
    assert_eq!(addresses, "10.1.0.7/24");
    assert_eq!(scene.json("leases lan")?[0]["state"], "pending");
    assert!(scene.ok("leases")?.starts_with("NETWORK  CONTAINER"));
    scene.fails(4, format!("connect lan c1 {pid} --ip 10.1.0.7"))?;
    scene.ok(format!("connect lan c1 {pid} --take {lease} -i lan0 --link-local-ip 169.254.7.7"))?;
    assert_eq!(ip_link(&scene.stage.inside, "lan0")["address"], "02:00:00:00:00:07");
    assert!(ip_addresses(&scene.stage.inside, "lan0").contains(&"10.1.0.7/24".to_owned()));
    let second = scene.json("reserve lan --ipv4 off")?;
    assert_eq!(second["addresses"], json!(["fd10::2/64"]));
    Ok(())
}

fn leases_of_ended_containers_are_collected() -> Outcome {
    let Scene { stage: Stage { lab, inside, container }, directory } = Scene::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let db = directory.path().join("n.db");
    let run = |arguments: String| ok(host, &format!("network {arguments} --db {}", db.display()));
    run("create lan --parent ens33 --subnet 10.1.0.0/24".to_owned())?;
    run(format!("connect lan c1 {pid}"))?;
    assert_eq!(run("collect".to_owned())?, "");
    drop((inside, container));
    macvlan_tests::eventually("the lease is not collected", || {
        Ok(run("collect".to_owned())? == "c1/eth0 10.1.0.2/24\n")
    })?;
    let told = run("collect --json".to_owned())?;
    assert_eq!(serde_json::from_str::<Value>(&told)?, json!({ "released": [], "expired": 0 }));
    Ok(())
}

/// Two networks on VLANs of one parent, one container in both.
fn networks_on_vlans() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    let pid = scene.stage.container.pid();
    for vlan in [10, 20] {
        scene.ok(format!(
            "create vlan{vlan} -d macvlan -o parent=ens33.{vlan} --subnet 10.0.{vlan}.0/24"
        ))?;
        scene.ok(format!("connect vlan{vlan} test101 {pid} --ip 10.0.{vlan}.101"))?;
        let other = Container::start()?;
        ok(
            &scene.stage.lab.b.netns,
            &format!("attach ens33.{vlan} {} 10.0.{vlan}.3/24", other.pid()),
        )?;
        assert!(ping(&scene.stage.inside, format!("10.0.{vlan}.3").as_str()).is_some());
    }
    for vlan in [10, 20] {
        scene.ok(format!("disconnect vlan{vlan} test101"))?;
    }
    assert_eq!(ip(scene.host(), "link show type vlan"), json!([]));
    Ok(())
}

fn the_database_by_variable_and_configuration() -> Outcome {
    let lab = Lab::new()?;
    let directory = Directory::new()?;
    let path = |name: &str| directory.path().join(name).display().to_string();
    let run = |variables: &[(&str, String)], arguments: &str| {
        let mut command = command(arguments);
        command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
        output(&lab.a.netns, command)
    };
    std::fs::write(path("macvlan.toml"), format!("db = {:?}\n", path("configured.db")))?;
    let config = ("MACVLAN_CONFIG", path("macvlan.toml"));
    let db = ("MACVLAN_DB", path("variable.db"));
    let create = "network create lan --parent ens33 --subnet 10.1.0.0/24";
    for (variables, option, made) in [
        (vec![config.clone()], String::new(), "configured.db"),
        (vec![config.clone(), db.clone()], String::new(), "variable.db"),
        (vec![config.clone(), db], format!("--db {}", path("option.db")), "option.db"),
    ] {
        assert!(run(&variables, &format!("{create} {option}"))?.status.success());
        assert!(directory.path().join(made).exists(), "{made}");
    }
    std::fs::write(path("macvlan.toml"), "db = \"/x\"\nnope = 1\n")?;
    let refused = run(std::slice::from_ref(&config), "network ls")?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(2) && said.contains("line 2: unknown field `nope`"),
        "{said}"
    );
    let missing = run(&[("MACVLAN_CONFIG", path("none.toml"))], "network ls")?;
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    let expected = format!("cannot read {}, which MACVLAN_CONFIG names: ", path("none.toml"));
    assert!(missing.status.code() == Some(3) && said.contains(&expected), "{said}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    from_creation_to_removal,
    statuses,
    conflicts_are_listed_and_deleted,
    all_are_removed_that_can_be,
    reading_creates_nothing,
    a_container_by_its_own_name,
    an_id_is_not_taken_for_a_name,
    a_container_is_named_alike_by_all_verbs,
    reserved_addresses_are_taken,
    leases_of_ended_containers_are_collected,
    networks_on_vlans,
    the_database_by_variable_and_configuration,
}
