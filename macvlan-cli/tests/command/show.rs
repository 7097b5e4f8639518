//! show and netns.

use macvlan_core::NetNs;
use macvlan_tests::{Container, Lab, Need, Outcome, eventually, ip_do, ip_lines, ip_link, need};
use serde_json::{Value, json};

use crate::common::{command, fails, ok, output, texts};

/// Runs show, whose only messages may be about processes that even root may not inspect.
fn show(host: &NetNs, arguments: &str) -> Outcome<String> {
    let output = output(host, command(&format!("show {arguments}")))?;
    let (out, err) = texts(&output);
    let is_of_others = err.is_empty() || err.contains("may lead to are not shown");
    assert!(output.status.success() && is_of_others, "{output:?}");
    Ok(out)
}

fn shown(host: &NetNs, arguments: &str) -> Outcome<Value> {
    Ok(serde_json::from_str(&show(host, &format!("{arguments} --json"))?)?)
}

/// A parent, a macvlan of the host and one in a container, all with known addresses.
fn scene() -> Outcome<(Lab, Container)> {
    let (lab, container) = (Lab::new()?, Container::start()?);
    let host = &lab.a.netns;
    ip_do(host, "link set ens33 address 02:00:00:00:00:01");
    ip_do(
        host,
        "link add link ens33 name shim address 02:00:00:00:00:02 up type macvlan mode bridge",
    );
    let pid = container.pid();
    ok(host, &format!("attach ens33 {pid} 10.0.0.2/24 --mac 02:00:00:00:00:03 --mode private"))?;
    // The kernel updates the states later.
    let states =
        [(host, "shim"), (&container.netns()?, "eth0")].map(|(netns, name)| (netns.clone(), name));
    for (netns, name) in states {
        eventually(
            &format!("{name} is not up"),
            || Ok(ip_link(&netns, name)["operstate"] == "UP"),
        )?;
    }
    Ok((lab, container))
}

fn a_tree_of_links_and_containers() -> Outcome {
    let (lab, container) = scene()?;
    let place = format!("pid {} (cat)", container.pid());
    let gap = " ".repeat(place.len());
    let heading = format!("{:1$}", "CONTAINER", place.len());
    let addresses = ip_lines(&lab.a.netns, "-br address show dev ens33").join(" ");
    let v6 = if addresses.contains("fd15::1/64") { " fd15::1/64" } else { "" };
    let tree = format!(
        "\
NAME    KIND             MAC                MTU   STATE  {heading}  ADDRESSES
ens33   veth             02:00:00:00:00:01  1500  UP     {gap}  192.168.15.1/24{v6}
├─shim  macvlan bridge   02:00:00:00:00:02  1500  UP
└─eth0  macvlan private  02:00:00:00:00:03  1500  UP     {place}  10.0.0.2/24
"
    );
    assert_eq!(show(&lab.a.netns, "")?, tree);
    // In a locale without UTF-8.
    let mut plain = command("show");
    plain.env("LC_ALL", "C");
    let (out, _) = texts(&output(&lab.a.netns, plain)?);
    assert_eq!(out, tree.replace("├─", "|-").replace("└─", "`-"));
    drop(container);
    drop(lab);
    assert_eq!(show(&Lab::new()?.a.netns, "")?, "");
    Ok(())
}

fn as_json() -> Outcome {
    let (lab, container) = scene()?;
    let host = &lab.a.netns;
    let found = shown(host, "")?;
    let (parent, below) = (&found[0], &found[0]["children"]);
    assert_eq!(
        (&parent["name"], &parent["kind"], &parent["netns"]),
        (&json!("ens33"), &json!("veth"), &Value::Null)
    );
    assert_eq!((&below[0]["name"], &below[0]["mode"]), (&json!("shim"), &json!("bridge")));
    let eth0 = &below[1];
    assert_eq!((&eth0["mode"], &eth0["mac"]), (&json!("private"), &json!("02:00:00:00:00:03")));
    assert_eq!((&eth0["addresses"][0], &eth0["children"]), (&json!("10.0.0.2/24"), &json!([])));
    let netns = &eth0["netns"];
    assert_eq!((&netns["pids"], &netns["names"]), (&json!([container.pid()]), &json!([])));
    assert_eq!(netns["inode"], container.netns()?.id().inode);
    // A process that another test starts has a descriptor of the namespace for a moment.
    eventually("ens33 alone is shown otherwise", || Ok(shown(host, "ens33")? == shown(host, "")?))?;
    assert!(fails(host, 3, "show nope")?.contains("the link does not exist"));
    // A link that was asked for is shown also with nothing on it.
    let lo = shown(host, "lo")?;
    assert_eq!((&lo[0]["name"], &lo[0]["children"]), (&json!("lo"), &json!([])));
    // From another namespace, with the host given.
    assert_eq!(shown(&lab.b.netns, "")?, json!([]));
    let here = Container::start_in(host)?;
    let elsewhere = shown(&lab.b.netns, &format!("--host {}", here.pid()))?;
    assert_eq!(elsewhere[0]["children"][1]["mac"], "02:00:00:00:00:03");
    Ok(())
}

fn as_a_graph() -> Outcome {
    let (lab, container) = scene()?;
    let graph = show(&lab.a.netns, "--format dot")?;
    let (inode, pid) = (container.netns()?.id().inode, container.pid());
    let index = |netns: &NetNs, name| ip_link(netns, name)["ifindex"].to_string();
    let (ens33, shim) = (index(&lab.a.netns, "ens33"), index(&lab.a.netns, "shim"));
    let eth0 = index(&container.netns()?, "eth0");
    let label = graph.lines().find(|line| line.contains("ens33")).unwrap_or_default();
    assert!(label.contains("192.168.15.1/24"), "{graph}");
    let expected = format!(
        "\
graph macvlan {{
  rankdir=LR;
  node [shape=box];
{label}
  n0_{shim} [label=\"shim\\nmacvlan bridge\"];
  subgraph cluster_0 {{
    label=\"pid {pid} (cat)\";
    n{inode}_{eth0} [label=\"eth0\\nmacvlan private\\n10.0.0.2/24\"];
  }}
  n0_{ens33} -- n0_{shim};
  n0_{ens33} -- n{inode}_{eth0};
}}
"
    );
    assert_eq!(graph, expected);
    assert!(fails(&lab.a.netns, 2, "netns list --format dot")?.contains("is for show"));
    Ok(())
}

fn vlans_in_the_tree() -> Outcome {
    need(Need::Vlan)?;
    let (lab, container) = (Lab::new()?, Container::start()?);
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33.100 {pid} 10.0.0.2/24"))?;
    ok(host, &format!("attach ens33 {pid} --kind vlan --vlan-id 7 --name eth1"))?;
    let tree = show(host, "")?;
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["NAME", "ens33", "├─ens33.100", "│", "└─eth1"]);
    let found = shown(host, "")?;
    let (vlan, eth1) = (&found[0]["children"][0], &found[0]["children"][1]);
    assert_eq!((&vlan["vlan_id"], &vlan["vlan_protocol"]), (&json!(100), &json!("802.1Q")));
    assert_eq!(vlan["children"][0]["name"], "eth0");
    assert_eq!((&eth1["kind"], &eth1["vlan_id"]), (&json!("vlan"), &json!(7)));
    // The kernel says a moment later that the links are up.
    eventually("the VLAN alone is shown otherwise", || {
        Ok(shown(host, "ens33.100")?[0] == shown(host, "")?[0]["children"][0])
    })?;
    Ok(())
}

/// A name in `/run/netns` whose namespace is gone is an ordinary file.
fn a_stale_name_does_no_harm() -> Outcome {
    let (lab, _container) = scene()?;
    let name = format!("macvlan-stale-{}", std::process::id());
    let path = std::path::Path::new("/run/netns").join(&name);
    std::fs::create_dir_all("/run/netns")?;
    std::fs::write(&path, "")?;
    let shown = shown(&lab.a.netns, "");
    std::fs::remove_file(&path)?;
    assert_eq!(shown?[0]["children"].as_array().map(Vec::len), Some(2));
    Ok(())
}

fn namespaces_by_name() -> Outcome {
    let (lab, container) = (Lab::new()?, Container::start()?);
    let (host, pid) = (&lab.a.netns, container.pid());
    let name = format!("macvlan-{}", std::process::id());
    ok(host, &format!("netns create {name}"))?;
    let said = fails(host, 4, &format!("netns create {name}"));
    let listed = ok(host, "netns list");
    let all = crate::common::json(host, "netns list");
    ok(host, &format!("attach ens33 {name} 10.0.0.2/24"))?;
    let links = ok(host, &format!("netns exec {name} ip -br link show eth0"));
    let status = output(host, command(&format!("netns exec {pid} sh -c 'exit 7'")))?.status.code();
    let missing = fails(host, 127, &format!("netns exec {pid} /no/such/program"));
    let deleted = output(host, command(&format!("netns delete --json no-such-name {name}")))?;
    assert_eq!(deleted.status.code(), Some(3));
    assert_eq!(serde_json::from_slice::<Value>(&deleted.stdout)?, json!([name]));
    assert!(said?.contains(&name));
    assert!(listed?.contains(&format!(" {name}\n")) || ok(host, "netns list")?.contains("INODE"));
    let named = |one: &Value| one["names"] == json!([name]);
    assert!(all?.as_array().is_some_and(|all| all.iter().any(named)));
    assert!(links?.starts_with("eth0@"));
    assert_eq!(status, Some(7));
    assert!(missing?.contains("cannot run /no/such/program"));
    assert!(fails(host, 3, &format!("netns delete {name}"))?.contains(&name));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_tree_of_links_and_containers,
    as_json,
    as_a_graph,
    vlans_in_the_tree,
    a_stale_name_does_no_harm,
    namespaces_by_name,
}
