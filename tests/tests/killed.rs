//! `kill -9` at random moments: whatever was going on, the next who comes by brings the wanted state,
//! and nothing stays for ever.
#![deny(dead_code)]

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use macvlan_core::{Detached, Endpoint, Host, NetNs};
use macvlan_tests::{
    Lab, Need, Outcome, Snapshot, Stage, ip, ip_addresses, ip_lines, is_long, need, run_tests,
};

/// Set for a process that is to be killed: what it does, and where.
const VICTIM: &str = "MACVLAN_TESTS_VICTIM";

/// What is attached and detached without end until the process is killed.
fn endpoint(parent: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", parent)?
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?)
        .replace_default_route(true)
        .source_routing(77)
        .route("blackhole 10.8.0.0/16".parse()?)
        .alias("killed"))
}

/// The process that is to be killed: it never ends by itself.
fn be_victim(what: &str) -> Outcome {
    // Told that it is about to begin, its murderer picks a moment.
    let begin = || println!("begin");
    let words: Vec<&str> = what.split(' ').collect();
    match words[..] {
        ["attach", host, container, parent] => {
            let host = Host::in_netns(&NetNs::from_path(host)?)?;
            let container = NetNs::from_path(container)?;
            let endpoint = endpoint(parent)?;
            host.detach(host.attach(&endpoint, &container)?)?;
            begin();
            loop {
                let ensured = host.ensure(&endpoint, &container)?;
                host.detach(ensured.attachment)?;
            }
        }
        ["name", name] => {
            begin();
            loop {
                drop(NetNs::create(name)?);
                NetNs::delete(name)?;
            }
        }
        _ => Err(format!("{what:?} is nothing that a victim does").into()),
    }
}

/// Starts a victim, and kills it so many microseconds after it has begun.
fn kill_after(what: &str, microseconds: u64) -> Outcome {
    let mut victim: Child = Command::new(std::env::current_exe()?)
        .env(VICTIM, what)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut told = [0; 6];
    let begun = victim.stdout.take().ok_or("it has no output")?.read_exact(&mut told);
    std::thread::sleep(Duration::from_micros(microseconds));
    let ended = victim.try_wait()?;
    victim.kill()?;
    victim.wait()?;
    begun?;
    assert!(ended.is_none(), "{what:?} ended by itself: {ended:?}");
    Ok(())
}

/// A path that leads other processes to a namespace of ours.
fn path_of(netns: &NetNs) -> String {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd())
}

/// When to kill: half of them within the first two milliseconds, in which an attachment is made, and
/// half at any moment of the first rounds, which take this many microseconds.
fn moments(count: u64, span: u64) -> impl Iterator<Item = u64> {
    // A prime step visits all moments evenly and out of order.
    (0..count).map(move |number| number * 7919 % if number % 4 < 2 { 2_000 } else { span })
}

fn kills() -> u64 {
    if is_long() { 1000 } else { 40 }
}

/// Between the parts of an attachment or detachment: `ensure` brings the wanted state, and detaching
/// by name takes all of it away.
fn attaching(parent: &str) -> Outcome {
    let stage = Stage::set()?;
    let (host, inside) = (&stage.lab.a.host, &stage.inside);
    let what = format!("attach {} {} {parent}", path_of(&stage.lab.a.netns), path_of(inside));
    // It begins with all of it there and gone once, which leaves `lo` up.
    host.detach(host.attach(&endpoint(parent)?, inside)?)?;
    let outside = Snapshot::settled(&stage.lab.a.netns);
    let empty = Snapshot::settled(inside);
    let (mut there, mut halfway) = (0, 0);
    for (number, moment) in moments(kills(), 45_000).enumerate() {
        kill_after(&what, moment)?;
        let differences = host.check(&endpoint(parent)?, inside)?;
        there += usize::from(differences.is_empty());
        let links = ip_lines(inside, "-o link show").len();
        halfway += usize::from(!differences.is_empty() && links > 1);
        if number % 2 == 0 {
            let ensured = host.ensure(&endpoint(parent)?, inside)?;
            assert_eq!(host.check(&endpoint(parent)?, inside)?, [], "killed at {moment}");
            assert_eq!(ip_addresses(inside, "eth0"), ["192.168.15.10/24"]);
            assert_eq!(host.detach(ensured.attachment)?, Detached::Removed);
        } else {
            // By name: what hangs there is found, and what it brought along with it; the rest is
            // what `ensure` would say.
            for attachment in host.attachments(inside)? {
                host.detach(attachment)?;
            }
            let ensured = host.ensure(&endpoint(parent)?, inside)?;
            host.detach(ensured.attachment)?;
        }
        host.remove_unused_parents()?;
        let now = Snapshot::settled(inside);
        if let Some(difference) = empty.difference(&now) {
            return Err(format!("killed at {moment}: {difference}").into());
        }
    }
    outside.assert_same(&stage.lab.a.netns);
    println!("{} killed: {there} when all was there, {halfway} halfway", kills());
    Ok(())
}

fn an_attachment_is_killed() -> Outcome {
    attaching("ens33")
}

/// A VLAN that was made on demand does not stay for ever.
fn a_vlan_on_demand_is_killed() -> Outcome {
    need(Need::Vlan)?;
    attaching("ens33.100.200")
}

/// Also where nobody attaches again: what is left of a VLAN goes when somebody tidies up.
fn unused_vlans_go_when_somebody_tidies_up() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    for moment in moments(kills(), 60_000) {
        let inside = NetNs::anonymous()?;
        let what = format!("attach {} {} ens33.100", path_of(&lab.a.netns), path_of(&inside));
        kill_after(&what, moment)?;
        drop(inside);
        // Its namespace takes its time to die, and the VLAN is in use until then.
        let mut left = serde_json::Value::Null;
        for _ in 0..200 {
            lab.a.host.remove_unused_parents()?;
            left = ip(&lab.a.netns, "link show type vlan");
            if left == serde_json::json!([]) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(left, serde_json::json!([]), "killed at {moment}");
        assert_eq!(ip(&lab.a.netns, "link show type macvlan"), serde_json::json!([]), "a probe");
    }
    Ok(())
}

/// A name is a file and a mount: whichever of them is there, it can be deleted and made again.
fn a_named_namespace_is_killed() -> Outcome {
    need(Need::Root)?;
    let name = format!("macvlan-killed-{}", std::process::id());
    let mut left = 0;
    for moment in moments(kills(), 3_000) {
        kill_after(&format!("name {name}"), moment)?;
        match NetNs::delete(&name) {
            Ok(()) => left += 1,
            Err(error) => assert!(error.is_not_found(), "{error}"),
        }
        let made = NetNs::create(&name)?;
        assert!(made.same_as(&NetNs::from_name(&name)?));
        NetNs::delete(&name)?;
        assert!(!std::path::Path::new("/run/netns").join(&name).exists());
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    assert!(!mounts.contains(&name), "{mounts}");
    println!("{} killed, {left} of them left something", kills());
    Ok(())
}

fn main() -> std::process::ExitCode {
    if let Ok(what) = std::env::var(VICTIM) {
        if let Err(macvlan_tests::Stop::Failed(why)) = be_victim(&what) {
            eprintln!("{what}: {why}");
        }
        return std::process::ExitCode::FAILURE;
    }
    run_tests(&[
        ("an_attachment_is_killed", an_attachment_is_killed),
        ("a_vlan_on_demand_is_killed", a_vlan_on_demand_is_killed),
        ("unused_vlans_go_when_somebody_tidies_up", unused_vlans_go_when_somebody_tidies_up),
        ("a_named_namespace_is_killed", a_named_namespace_is_killed),
    ])
}
