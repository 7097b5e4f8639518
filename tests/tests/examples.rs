//! The examples of the Rust crates do what they say, with `ip` as the witness.
//!
//! They are built with the test programs, or by `cargo build --workspace --all-features --examples`.
#![deny(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Directory, Etcd, Lab, Need, Outcome, eventually, ip, ip_addresses, ip_do, ip_lines,
    ip_link, need, ping, ping_from, silent,
};

/// An example that runs on a host; killed when dropped.
struct Example {
    process: Child,
    prints: BufReader<ChildStdout>,
}

impl Example {
    fn start(host: &NetNs, name: &str, arguments: &[&str]) -> Outcome<Self> {
        // The test program is in `deps`, beside `examples`.
        let this = std::env::current_exe()?;
        let built = this.ancestors().nth(2).ok_or("the test has no directory")?;
        let program = built.join("examples").join(name);
        if !program.exists() {
            let command = "cargo build --workspace --all-features --examples";
            return Err(format!("there is no example {name}; run {command}").into());
        }
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = host.run(|| command.spawn())??;
        let prints = BufReader::new(process.stdout.take().ok_or("it has no output")?);
        Ok(Self { process, prints })
    }

    /// Waits for the next line that it prints.
    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.prints.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn press_enter(&mut self) -> Outcome {
        Ok(self.process.stdin.as_mut().ok_or("it has no input")?.write_all(b"\n")?)
    }

    /// Waits until it has succeeded, and returns the other lines that it printed.
    fn end(mut self) -> Outcome<Vec<String>> {
        let lines = self.prints.by_ref().lines().collect::<Result<Vec<_>, _>>()?;
        let status = self.process.wait()?;
        assert!(status.success(), "{status}: {}", lines.join("\n"));
        Ok(lines)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a container and returns it with its pid as text and its namespace.
fn container() -> Outcome<(Container, String, NetNs)> {
    let container = Container::start()?;
    let (pid, netns) = (container.pid().to_string(), container.netns()?);
    Ok((container, pid, netns))
}

fn links(netns: &NetNs) -> Vec<String> {
    let links = ip(netns, "link show");
    let names = links.as_array().into_iter().flatten().filter_map(|link| link["ifname"].as_str());
    names.map(str::to_owned).collect()
}

fn attach() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    let mut example =
        Example::start(&lab.a.netns, "attach", &[&pid, "ens33", "192.168.15.10/24@192.168.15.2"])?;
    let line = example.line()?;
    let eth0 = ip_link(&inside, "eth0");
    assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
    let mac = eth0["address"].as_str().ok_or("no address")?;
    assert_eq!(line, format!("eth0 has {mac}; press Enter to detach it"));
    assert_eq!(ip(&inside, "route show default")[0]["gateway"], "192.168.15.2");
    assert!(ping(&inside, "192.168.15.2").is_some());
    example.press_enter()?;
    example.end()?;
    assert_eq!(links(&inside), ["lo"]);
    Ok(())
}

fn dual_homed() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    lab.cable("ens34")?;
    let first = ["ens33", "192.168.15.10/24@192.168.15.2"];
    let second = ["ens34", "10.34.0.10/24@10.34.0.2"];
    let arguments = [[pid.as_str()].as_slice(), &first, &second].concat();
    // A distant host: an address of the router that is in neither network.
    lab.b.handle.add_address("ens34", &"10.34.0.2/24".parse()?)?;
    lab.b.handle.add_address("lo", &"10.99.0.5/32".parse()?)?;
    let mut example = Example::start(&lab.a.netns, "dual_homed", &arguments)?;
    for expected in
        ["eth0 has 192.168.15.10/24", "eth1 has 10.34.0.10/24", "press Enter to detach both"]
    {
        assert_eq!(example.line()?, expected);
    }
    let rules = ip_lines(&inside, "rule show from 10.34.0.10");
    assert!(rules.iter().any(|rule| rule.contains("lookup 100")), "{rules:?}");
    let routes = ip(&inside, "route show table 100 default");
    assert_eq!((&routes[0]["gateway"], &routes[0]["dev"]), (&"10.34.0.2".into(), &"eth1".into()));
    let by =
        |address| ip(&inside, &format!("route get 10.99.0.5 from {address}"))[0]["dev"].clone();
    assert_eq!((by("192.168.15.10"), by("10.34.0.10")), ("eth0".into(), "eth1".into()));
    assert!(ping_from(&inside, "10.34.0.10", "10.99.0.5").is_some());
    example.press_enter()?;
    example.end()?;
    assert_eq!(links(&inside), ["lo"]);
    assert_eq!(ip_lines(&inside, "rule show from 10.34.0.10"), [""; 0]);
    Ok(())
}

fn vlan_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let (lab, one, two) = (Lab::new()?, container()?, container()?);
    let arguments = ["ens33", "100", &one.1, "10.0.100.7/24", &two.1, "10.0.100.8/24"];
    let lines = Example::start(&lab.a.netns, "vlan_on_demand", &arguments)?.end()?;
    let vlan = "lo ens33 ens33.100";
    let [before, both, single, none] = &lines[..] else { return Err(lines.join("\n").into()) };
    assert_eq!((before.as_str(), none.as_str()), ("before: lo ens33", "with none: lo ens33"));
    assert_eq!(*both, format!("with both: {vlan}"));
    assert_eq!(*single, format!("with one: {vlan}"));
    assert_eq!(links(&lab.a.netns), ["lo", "ens33"]);
    Ok(())
}

fn many() -> Outcome {
    let (lab, one, two, three) = (Lab::new()?, container()?, container()?, container()?);
    ip_do(&three.2, "link add eth0 type veth peer name other");
    let mut arguments = vec!["ens33"];
    for (address, container) in
        [("192.168.15.11/24", &one), ("192.168.15.12/24", &two), ("192.168.15.13/24", &three)]
    {
        arguments.extend([address, &container.1]);
    }
    let mut example = Example::start(&lab.a.netns, "many", &arguments)?;
    let error = example.line()?;
    assert!(error.contains(&three.1) && error.contains("eth0"), "{error}");
    assert_eq!(example.line()?, "2 of 3 are attached; press Enter to detach them");
    for (netns, address) in [(&one.2, "192.168.15.11/24"), (&two.2, "192.168.15.12/24")] {
        assert_eq!(ip_addresses(netns, "eth0"), [address]);
        assert!(ping(netns, "192.168.15.2").is_some());
    }
    example.press_enter()?;
    assert_eq!(example.end()?, ["2 are detached"]);
    assert_eq!((links(&one.2), links(&two.2)), (vec!["lo".to_owned()], vec!["lo".to_owned()]));
    Ok(())
}

fn pool() -> Outcome {
    let lab = Lab::new()?;
    let lines = Example::start(&lab.a.netns, "pool", &["ens33", "3"])?.end()?;
    for address in ["10.0.1.1/16", "10.0.1.2/16", "10.0.1.3/16"] {
        // As the example prints it, and then `ip` in the namespace.
        for told in [format!(" has {address} after "), format!("eth0    inet {address}")] {
            assert!(lines.iter().any(|line| line.contains(&told)), "{told}: {lines:#?}");
        }
    }
    assert_eq!(lines.last().map(String::as_str), Some("0 are left; 3 are made"));
    eventually("a link of the pool remains", || Ok(links(&lab.a.netns) == ["lo", "ens33"]))
}

fn keep() -> Outcome {
    let (lab, (container, pid, inside)) = (Lab::new()?, container()?);
    let mut example = Example::start(&lab.a.netns, "keep", &[&pid, "ens33", "192.168.15.10/24"])?;
    let mac = ip_mac(&mut example, &inside)?;
    ip_do(&lab.a.netns, "link delete ens33");
    let gone = example.line()?;
    assert!(gone.ends_with("the parent ens33 is gone"), "{gone}");
    assert_eq!(links(&inside), ["lo"]);
    lab.cable("ens33")?;
    let back = example.line()?;
    assert!(back.ends_with("attached again to ens33"), "{back}");
    assert_eq!(ip_link(&inside, "eth0")["address"], mac.as_str());
    assert_eq!(ip_addresses(&inside, "eth0"), ["192.168.15.10/24"]);
    drop((inside, container));
    let lines = example.end()?;
    assert!(lines.len() == 1 && lines[0].contains("no longer kept"), "{lines:?}");
    Ok(())
}

/// Reads the line `eth0 has MAC`, and compares it with the link's.
fn ip_mac(example: &mut Example, inside: &NetNs) -> Outcome<String> {
    let line = example.line()?;
    let mac = line.strip_prefix("eth0 has ").ok_or(line.clone())?;
    assert_eq!(ip_link(inside, "eth0")["address"], mac);
    Ok(mac.to_owned())
}

fn probe() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    let taken =
        Example::start(&lab.a.netns, "probe", &[&pid, "ens33", "192.168.15.2/24"])?.end()?;
    let holder = ip_link(&lab.b.netns, "ens33")["address"].clone();
    let holder = holder.as_str().ok_or("no address")?;
    assert!(taken[0].starts_with("taken: ") && taken[0].contains(holder), "{taken:?}");
    assert_eq!(links(&inside), ["lo"]);

    // The neighbour remembers another MAC address, which the announcement corrects.
    ip_do(&lab.b.netns, "neigh add 192.168.15.10 lladdr 02:00:00:00:00:99 nud stale dev ens33");
    let lines =
        Example::start(&lab.a.netns, "probe", &[&pid, "ens33", "192.168.15.10/24"])?.end()?;
    let mac = ip_link(&inside, "eth0")["address"].clone();
    let mac = mac.as_str().ok_or("no address")?;
    assert_eq!(lines, [format!("192.168.15.10/24 was free; {mac} has it now")]);
    eventually("the neighbour does not learn of it", || {
        Ok(ip(&lab.b.netns, "neigh show 192.168.15.10")[0]["lladdr"] == mac)
    })
}

fn watch() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    let mut example = Example::start(&lab.a.netns, "watch", &[&pid])?;
    assert_eq!(example.line()?, "watching");
    for command in [
        "link add eth9 type veth peer name other",
        "link set eth9 up",
        "address add 10.9.0.1/24 dev eth9",
        "address delete 10.9.0.1/24 dev eth9",
        "link delete eth9",
    ] {
        ip_do(&inside, command);
    }
    let lines = example.end()?;
    let mut rest = lines.iter();
    for expected in ["eth9 is ", "+ address 10.9.0.1/24", "- address 10.9.0.1/24", " is gone"] {
        assert!(rest.any(|line| line.contains(expected)), "no {expected:?} in {lines:#?}");
    }
    Ok(())
}

fn host_access() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    let before = (links(&lab.a.netns), ip(&lab.a.netns, "route show"));
    let mut example =
        Example::start(&lab.a.netns, "host_access", &[&pid, "ens33", "192.168.15.10/24"])?;
    assert_eq!(example.line()?, "the host reaches 192.168.15.10/32");
    assert_eq!(example.line()?, "press Enter to detach");
    assert!(ping(&lab.a.netns, "192.168.15.10").is_some());
    assert!(ping(&inside, "192.168.15.1").is_some());
    example.press_enter()?;
    example.end()?;
    assert_eq!((links(&lab.a.netns), ip(&lab.a.netns, "route show")), before);
    assert!(silent(&lab.a.netns, "192.168.15.10"));
    Ok(())
}

fn tokio() -> Outcome {
    let (lab, (_container, pid, inside)) = (Lab::new()?, container()?);
    let lines =
        Example::start(&lab.a.netns, "tokio", &[&pid, "ens33", "192.168.15.10/24"])?.end()?;
    assert_eq!(lines, ["eth0 has 192.168.15.10/24", "detached"]);
    assert_eq!(links(&inside), ["lo"]);
    Ok(())
}

fn one_host() -> Outcome {
    let (lab, directory, one, two) = (Lab::new()?, Directory::new()?, container()?, container()?);
    let database = directory.path().join("networks.db").display().to_string();
    for (container, name, address) in [(&one, "one", "10.1.0.2"), (&two, "two", "10.1.0.3")] {
        let arguments = [&database, "ens33", "10.1.0.0/24", &container.1, name];
        let lines = Example::start(&lab.a.netns, "one_host", &arguments)?.end()?;
        let found = ip_addresses(&container.2, "eth0");
        assert_eq!(found, [format!("{address}/24")]);
        assert_eq!(lines, [format!("eth0 has [{address}]"), format!("{name} is at [{address}]")]);
    }
    assert!(ping(&one.2, "10.1.0.3").is_some());
    Ok(())
}

fn many_hosts() -> Outcome {
    let (etcd, one, two) = (Etcd::start()?, container()?, container()?);
    // Both hosts are in etcd's namespace, and have different names.
    let host = etcd.netns();
    ip_do(host, "link add ens33 type veth peer name cable");
    ip_do(host, "link set ens33 up");
    ip_do(host, "link set cable up");
    let mut examples = Vec::new();
    for (name, container, address) in [("a", &one, "10.1.0.2"), ("b", &two, "10.1.0.3")] {
        let arguments =
            [&format!("host-{name}"), Etcd::ENDPOINT, "ens33", "10.1.0.0/24", &container.1, name];
        let mut example = Example::start(host, "many_hosts", &arguments)?;
        assert_eq!(example.line()?, format!("eth0 has [{address}]"));
        assert_eq!(ip_addresses(&container.2, "eth0"), [format!("{address}/24")]);
        assert_eq!(example.line()?, "a is on host-a");
        examples.push(example);
    }
    assert_eq!(examples[1].line()?, "b is on host-b");
    assert!(ping(&one.2, "10.1.0.3").is_some());
    for mut example in examples {
        example.press_enter()?;
        assert_eq!(example.end()?, ["press Enter to disconnect"]);
    }
    assert_eq!((links(&one.2), links(&two.2)), (vec!["lo".to_owned()], vec!["lo".to_owned()]));
    Ok(())
}

/// Each example has a test here, except for the quickstart, which `tests/run` starts.
fn each_is_tested() -> Outcome {
    let tests: Vec<&str> = TESTS.tests.iter().map(|(name, _)| *name).collect();
    for package in ["macvlan-core", "macvlan-network"] {
        let directory = format!("{}/../{package}/examples", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(directory)? {
            let path = file?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(name == "quickstart" || tests.contains(&name), "no test of {name}");
            let lines = std::fs::read_to_string(&path)?.lines().count();
            assert!(name == "quickstart" || lines <= 45, "{name} has {lines} lines");
        }
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    attach,
    dual_homed,
    vlan_on_demand,
    many,
    pool,
    keep,
    probe,
    watch,
    host_access,
    tokio,
    one_host,
    many_hosts,
    each_is_tested,
}
macvlan_tests::main! {}
