//! Names of containers by DNS, as real resolvers see them.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_core::NetNs;
use macvlan_tests::{
    Container, Directory, Etcd, Lab, Outcome, eventually, ip_addresses, path_of, ping,
};
use nix::sys::signal::Signal;

use crate::agent::{Configured, in_etcd};
use crate::common::{output, texts};

/// Asks a server by `dig`, and returns the status, the flags and the answers' data.
#[track_caller]
fn dig(netns: &NetNs, arguments: &str) -> Outcome<(String, String, Vec<String>)> {
    let mut command = Command::new("dig");
    command.args("+tries=4 +time=5 +noall +comments +answer".split(' '));
    let output = output(netns, {
        command.args(arguments.split(' '));
        command
    })?;
    let (out, err) = texts(&output);
    assert!(output.status.success(), "dig {arguments}: {out}{err}");
    let between = |begin: &str, end: char| {
        let found = out.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
        found.map(|(found, _)| found.to_owned()).ok_or_else(|| format!("dig {arguments}: {out}"))
    };
    let answers = out.lines().filter(|line| !line.starts_with(';') && !line.is_empty());
    let data = answers.filter_map(|line| line.split_whitespace().last());
    let mut data: Vec<String> = data.map(str::to_owned).collect();
    data.sort_unstable();
    Ok((between("status: ", ',')?, between("flags: ", ';')?, data))
}

#[track_caller]
fn finds(netns: &NetNs, arguments: &str, status: &str, data: &[&str]) -> Outcome {
    let (found, _, answers) = dig(netns, arguments)?;
    assert_eq!((found.as_str(), answers), (status, data.iter().map(ToString::to_string).collect()));
    Ok(())
}

/// Runs the C library's resolver in a container, whose server is given; returns what it finds.
fn getent(netns: &NetNs, server: &str, arguments: &str) -> Outcome<String> {
    let directory = Directory::new()?;
    let path = directory.path().join("resolv.conf");
    fs::write(&path, format!("nameserver {server}\noptions timeout:2\n"))?;
    let output = output(netns, with_resolv_conf(&path, &format!("getent {arguments}")))?;
    Ok(texts(&output).0)
}

/// Returns a command that has a `/etc/resolv.conf` of its own.
fn with_resolv_conf(path: &Path, line: &str) -> Command {
    let mut command = Command::new("unshare");
    let bind = format!("mount --bind {} /etc/resolv.conf && exec {line}", path.display());
    command.args(["--mount", "sh", "-c", &bind]).stdin(Stdio::null());
    command
}

fn address(netns: &NetNs, interface: &str) -> String {
    ip_addresses(netns, interface)[0].split('/').next().unwrap_or_default().to_owned()
}

fn containers_of_all_hosts_have_names() -> Outcome {
    let (lab, mut etcd) = (Lab::new()?, Etcd::start()?);
    let netns = etcd.netns().clone();
    let further = "access = [\"ens33\"]\n[agent.dns]\nlisten = [\"access\"]\n";
    let config = |name: &str| format!("{}{further}", in_etcd(name, ""));
    let a = Configured::set(&netns, &lab.a, &config("a"))?;
    let b = Configured::set(&netns, &lab.b, &config("b"))?;
    a.ok(
        "network create vlan10 --parent ens33 --subnet 192.168.15.0/24 --ip-range 192.168.15.64/26 \
          --subnet fd15::/64",
    )?;
    let (mut of_a, mut of_b) = (a.agent()?, b.agent()?);
    of_a.logs("runs")?;
    of_b.logs("runs")?;
    let (first, second) = (Container::start()?, Container::start()?);
    let (test101, test201) = (first.netns()?, second.netns()?);
    a.ok(&format!("network connect vlan10 c1 {} --name test101", first.pid()))?;
    b.ok(&format!("network connect vlan10 c2 {} --name test201 --alias db", second.pid()))?;
    of_a.logs("names are served at 192.168.15.1:53")?;
    let addresses = ip_addresses(&test201, "eth0");
    let of = |v6: bool| -> Vec<&str> {
        let plain = addresses.iter().filter_map(|one| one.split('/').next());
        plain.filter(|one| one.contains(':') == v6 && !one.starts_with("fe80")).collect()
    };
    let (v4, v6) = (of(false), of(true));
    assert_eq!((v4.len(), v6.len()), (1, 1), "{addresses:?}");

    // From a container on the other host, by the C library.
    let found = || getent(&test101, "192.168.15.1", "ahostsv4 test201");
    eventually("test201 is not found", || Ok(found()?.starts_with(v4[0])))?;
    let found = getent(&test101, "192.168.15.1", "ahostsv6 DB.vlan10")?;
    assert!(found.starts_with(v6[0]), "{found}");
    let found = getent(&test101, "192.168.15.1", &format!("hosts {}", v4[0]))?;
    assert!(found.ends_with("test201.vlan10\n"), "{found}");
    assert!(ping(&test101, v4[0]).is_some());
    // And by this host's IPv6 address.
    let found = getent(&test101, "fd15::1", "ahostsv4 test201.vlan10")?;
    assert!(found.starts_with(v4[0]), "{found}");

    // With all flags, from the other one.
    let (status, flags, data) = dig(&test201, "@192.168.15.2 test201 A")?;
    assert_eq!(
        (status.as_str(), flags.as_str(), data),
        ("NOERROR", "qr aa rd ra", vec![v4[0].to_owned()])
    );
    finds(&test201, "@192.168.15.2 +tcp test201.vlan10 AAAA", "NOERROR", &v6)?;
    finds(&test201, "@192.168.15.2 test101.vlan10 MX", "NOERROR", &[])?;
    finds(&test201, "@192.168.15.2 test301.vlan10 A", "NXDOMAIN", &[])?;
    finds(&test201, &format!("@fd15::2 -x {}", v6[0]), "NOERROR", &["test201.vlan10."])?;
    // An address that has no name of IPv6.
    let third = Container::start()?;
    a.ok("network create lan4 --parent ens33 --subnet 10.4.0.0/24")?;
    a.ok(&format!("network connect lan4 c3 {} --name four", third.pid()))?;
    eventually("it has no name", || Ok(dig(&test201, "@192.168.15.2 four A")?.0 == "NOERROR"))?;
    finds(&test201, "@192.168.15.2 four AAAA", "NOERROR", &[])?;

    // A container that has gone.
    a.ok("network disconnect vlan10 c1")?;
    eventually("it is still found", || {
        Ok(dig(&test201, "@192.168.15.2 test101.vlan10 A")?.0 == "NXDOMAIN")
    })?;

    // While the store is away, that is not known.
    etcd.stop()?;
    eventually("it is still known", || {
        Ok(dig(&test201, "@192.168.15.2 test201 A")?.0 == "SERVFAIL")
    })?;
    finds(&test201, "@192.168.15.2 test301.vlan10 A", "SERVFAIL", &[])?;
    finds(&test201, "@192.168.15.2 nas A", "SERVFAIL", &[])?;
    etcd.start_again()?;
    eventually("it is not known again", || {
        Ok(dig(&test201, "@192.168.15.2 test201 A")?.2 == [v4[0].to_owned()])
    })?;
    assert_eq!(of_b.ends(Signal::SIGTERM)?, Some(0));
    Ok(())
}

/// Host b forwards to host a, which has names of its own.
fn other_names_are_forwarded() -> Outcome {
    let lab = Lab::new()?;
    let (a, b) = (&lab.a.netns, &lab.b.netns);
    let in_database = |listen: &str, further: &str| -> Outcome<(Directory, String)> {
        let directory = Directory::new()?;
        let db = directory.path().join("networks.db").display().to_string();
        let config = format!("db = {db:?}\n[agent.dns]\nlisten = [{listen:?}]\n{further}");
        Ok((directory, config))
    };
    let (_first, config) = in_database("192.168.15.1:5353", "networks = [\"far\"]\n")?;
    let of_a = Configured::set(a, &lab.a, &config)?;
    let (_second, config) =
        in_database("192.168.15.2", "forward = [\"192.168.15.9\", \"192.168.15.1:5353\"]\n")?;
    let of_b = Configured::set(b, &lab.b, &config)?;
    let mut agent = of_a.agent()?;
    agent.logs("names are served at 192.168.15.1:5353")?;
    let container = Container::start()?;
    of_a.ok("network create far --parent ens33 --subnet 10.5.0.0/16")?;
    of_a.ok("network create hidden --parent ens33 --subnet 10.6.0.0/16")?;
    let mut connect = format!("network connect far c1 {} --name crowd", container.pid());
    for one in 10..110 {
        write!(connect, " --ip 10.5.0.{one}")?;
    }
    of_a.ok(&connect)?;
    let other = Container::start()?;
    of_a.ok(&format!("network connect hidden c2 {} --name web --ip 10.6.0.2", other.pid()))?;
    of_a.ok(&format!("network connect far c2 {} --name web --ip 10.5.0.2", other.pid()))?;
    eventually("the network is not known", || {
        Ok(dig(b, "@192.168.15.1 -p 5353 web.far A")?.2 == ["10.5.0.2"])
    })?;
    // Only the chosen network's names.
    finds(b, "@192.168.15.1 -p 5353 web A", "NOERROR", &["10.5.0.2"])?;

    let mut agent = of_b.agent()?;
    agent.logs("names are served at 192.168.15.2:53")?;
    of_b.ok("network create near --parent ens33 --subnet 10.7.0.0/16")?;
    // The first server does not exist.
    let (status, flags, data) = dig(a, "@192.168.15.2 web.far A")?;
    assert_eq!(
        (status.as_str(), flags.as_str(), data),
        ("NOERROR", "qr aa rd ra", vec!["10.5.0.2".to_owned()])
    );
    finds(a, "@192.168.15.2 +tcp -x 10.5.0.2", "NOERROR", &["web.far."])?;
    // A long answer is cut off, and comes by TCP.
    let (status, flags, data) = dig(a, "@192.168.15.2 +ignore crowd.far A")?;
    assert_eq!((status.as_str(), flags.as_str(), data.len()), ("NOERROR", "qr aa tc rd ra", 0));
    let (_, flags, data) = dig(a, "@192.168.15.2 crowd.far A")?;
    assert_eq!((flags.as_str(), data.len()), ("qr aa rd ra", 100));
    // A network's names are its own.
    finds(a, "@192.168.15.2 web.near A", "NXDOMAIN", &[])?;
    // No server answers.
    drop(agent);
    let (_third, config) = in_database("192.168.15.2", "forward = [\"192.168.15.9\"]\n")?;
    let of_b = Configured::set(b, &lab.b, &config)?;
    let mut agent = of_b.agent()?;
    agent.logs("names are served")?;
    let begun = Instant::now();
    finds(a, "@192.168.15.2 web.far A", "SERVFAIL", &[])?;
    finds(a, "@192.168.15.2 +tcp web.far A", "SERVFAIL", &[])?;
    assert!(begun.elapsed() > Duration::from_secs(2));
    drop(agent);

    // The servers of the host; without its own address, which would lead in a circle.
    let (directory, config) = in_database("192.168.15.1", "")?;
    let mut far = of_a.command("agent --dns fd15::1");
    far.env("MACVLAN_CONFIG", of_a.directory.path().join("macvlan.toml"));
    let mut far = of_a.started(far)?;
    far.logs("names are served at [fd15::1]:53")?;
    let of_b = Configured::set(b, &lab.b, &config.replace("192.168.15.1\"", "192.168.15.2\""))?;
    let path = directory.path().join("resolv.conf");
    fs::write(&path, "search example.com\nnameserver 192.168.15.2\nnameserver fd15::1\n")?;
    let line = format!("{} agent --host {}", env!("CARGO_BIN_EXE_macvlan"), path_of(b));
    let mut command = with_resolv_conf(&path, &line);
    command.env("MACVLAN_CONFIG", of_b.directory.path().join("macvlan.toml"));
    let mut agent = of_b.started(command)?;
    agent.logs("names are served")?;
    // At its start, before the store is open, it knows no names.
    eventually("it has no names", || Ok(dig(b, "@fd15::1 web.far A")?.2 == ["10.5.0.2"]))?;
    finds(a, "@192.168.15.2 web.far A", "NOERROR", &["10.5.0.2"])?;
    Ok(())
}

/// Bytes of all kinds, and connections that say nothing.
fn nothing_that_is_sent_ends_it() -> Outcome {
    let lab = Lab::new()?;
    let directory = Directory::new()?;
    let db = directory.path().join("networks.db").display().to_string();
    let config = format!(
        "db = {db:?}\n[agent]\ninterval = \"1s\"\n[agent.dns]\nlisten = [\"192.168.15.1\"]\nforward = [\"192.168.15.9\"]\n"
    );
    let (host, b) = (&lab.a.netns, &lab.b.netns);
    let a = Configured::set(host, &lab.a, &config)?;
    let mut agent = a.agent()?;
    agent.logs("names are served")?;
    let container = Container::start()?;
    a.ok("network create lan --parent ens33 --subnet 10.5.0.0/16")?;
    a.ok(&format!("network connect lan c1 {} --name web", container.pid()))?;
    let address = address(&container.netns()?, "eth0");
    eventually("it is not found", || Ok(dig(b, "@192.168.15.1 web A")?.2 == [address.clone()]))?;
    let memory = |agent: &crate::agent::Agent| -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", agent.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    };
    let before = memory(&agent)?;
    let connections = b.run(|| -> Outcome<Vec<TcpStream>> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        // An ordinary generator of numbers, always with the same ones.
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        for _ in 0..20_000 {
            let length = usize::try_from(next() % 600)?;
            let mut bytes: Vec<u8> = (0..length).map(|_| (next() & 0xff) as u8).collect();
            if length > 16 && next() % 2 == 0 {
                // A query that is to be forwarded.
                bytes[2..12].copy_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
                bytes[12..17].copy_from_slice(&[3, b'c', b'o', b'm', 0]);
            }
            socket.send_to(&bytes, "192.168.15.1:53")?;
        }
        let open = || TcpStream::connect("192.168.15.1:53");
        let mut connections = (0..80).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
        for one in &mut connections {
            one.write_all(&[0xff, 0xff, 1])?;
        }
        Ok(connections)
    })??;
    // Connections that say nothing are closed, and make room.
    finds(b, "@192.168.15.1 web A", "NOERROR", &[&address])?;
    finds(b, "@192.168.15.1 +tcp web A", "NOERROR", &[&address])?;
    for mut one in connections {
        one.set_read_timeout(Some(Duration::from_secs(20)))?;
        // Unlike `read`, this goes on after a signal.
        assert_eq!(one.read_to_end(&mut Vec::new())?, 0);
    }
    let after = memory(&agent)?;
    assert!(after < before + 64 * 1024, "{before} kB, then {after} kB");
    assert_eq!(agent.ends(Signal::SIGTERM)?, Some(0));
    a.fails(2, "the address of one host", "agent --dns 0.0.0.0")?;
    a.fails(2, "expected ADDRESS", "agent --dns access --forward dns")?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
        containers_of_all_hosts_have_names,
        other_names_are_forwarded,
        nothing_that_is_sent_ends_it,
}
