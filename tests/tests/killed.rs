//! `kill -9` at random moments: after each, the next process restores the wanted state, and no
//! objects remain.
#![deny(dead_code)]

mod fault_injection;

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use macvlan_core::{Detached, Endpoint, Host, NetNs};
use macvlan_tests::{
    Actor, Lab, Need, Outcome, Snapshot, Stage, eventually, ip_addresses, ip_lines, is_guest,
    is_long, need, path_of, takes_long_in_the_guest,
};

use crate::fault_injection::{Fault, with_faults};

/// The endpoint that is attached and detached until the process is killed.
fn endpoint(parent: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", parent)?
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.2".parse()?)
        .source_routing(77)
        .route("blackhole 10.8.0.0/16".parse()?)
        .alias("killed"))
}

/// Attaches and detaches in a loop: a host, a container, and a parent.
fn attaching_for_ever(words: &[String]) -> Outcome {
    let (host, container, parent) = place(words)?;
    let endpoint = endpoint(parent)?;
    host.detach(&host.attach(&endpoint, &container)?)?;
    begin();
    loop {
        let ensured = host.ensure(&endpoint, &container)?;
        host.detach(&ensured.attachment)?;
    }
}

/// Attaches and detaches once, and is killed before its system call of this number.
fn attaching_once(words: &[String]) -> Outcome {
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0)?;
    let (call, words) = words.split_last().ok_or("no call was named")?;
    let call: usize = call.parse()?;
    let (result, _) = with_faults(call..=call, Fault::Abort, || -> Outcome {
        let (host, container, parent) = place(words)?;
        host.detach(&host.attach(&endpoint(parent)?, &container)?)?;
        Ok(())
    });
    result
}

/// Creates a named namespace and deletes it, in a loop.
fn naming_for_ever(words: &[String]) -> Outcome {
    let name = &words[0];
    begin();
    loop {
        drop(NetNs::create(name)?);
        NetNs::delete(name)?;
    }
}

fn place(words: &[String]) -> Outcome<(Host, NetNs, &str)> {
    let [host, container, parent] = words else { return Err("where is it to attach?".into()) };
    Ok((Host::in_netns(&NetNs::from_path(host)?)?, NetNs::from_path(container)?, parent))
}

/// Reports that it is about to begin, so that the test can pick a moment for the kill.
fn begin() {
    println!("begin");
}

/// Starts a process, and kills it this many microseconds after it has begun.
fn kill_after(part: &str, words: &[&str], microseconds: u64) -> Outcome {
    let mut victim = Actor::start(part, words)?;
    victim.line()?;
    std::thread::sleep(Duration::from_micros(microseconds));
    let ended = victim.kill()?;
    assert!(ended.signal().is_some(), "{part} ended by itself: {ended}");
    Ok(())
}

/// Runs a process that attaches and detaches once, and is killed before its system call of this
/// number. Returns true if it was killed, false if it finished.
fn dies_at(words: &[&str], call: usize) -> Outcome<bool> {
    let call = call.to_string();
    let (ended, lines) = Actor::start("attaching_once", &[words, &[&call]].concat())?.end()?;
    match (ended.signal(), ended.success()) {
        (Some(_), _) => Ok(true),
        (None, true) => Ok(false),
        (None, false) => Err(format!("it failed by itself at {call}: {lines:?}").into()),
    }
}

/// Returns the times of the kills: half of them within the first two milliseconds, in which an
/// attachment is created, and half at any moment of the first rounds, which take this many
/// microseconds.
fn moments(count: u64, span: u64) -> impl Iterator<Item = u64> {
    // A prime step covers all moments evenly and out of order.
    (0..count).map(move |number| number * 7919 % if number % 4 < 2 { 2_000 } else { span })
}

fn kills() -> Outcome<u64> {
    Ok(match (is_long(), is_guest()?) {
        (true, _) => 1000,
        (_, true) => 4,
        (_, false) => 20,
    })
}

fn vlans(netns: &NetNs) -> Vec<String> {
    ip_lines(netns, "-o link show type vlan")
}

/// Killed between the steps of an attach or detach: `ensure` restores the wanted state, and
/// detaching by name deletes everything.
struct Scene {
    stage: Stage,
    parent: &'static str,
    outside: Snapshot,
    empty: Snapshot,
    halfway: usize,
}

impl Scene {
    fn set(parent: &'static str) -> Outcome<Self> {
        let stage = Stage::set()?;
        // Each run begins after one complete attach and detach, which leaves `lo` up.
        let host = &stage.lab.a.host;
        host.detach(&host.attach(&endpoint(parent)?, &stage.inside)?)?;
        let outside = Snapshot::settled(&stage.lab.a.netns);
        let empty = Snapshot::settled(&stage.inside);
        Ok(Self { stage, parent, outside, empty, halfway: 0 })
    }

    fn words(&self) -> [String; 3] {
        let (host, inside) = (path_of(&self.stage.lab.a.netns), path_of(&self.stage.inside));
        [host, inside, self.parent.to_owned()]
    }

    /// Recovers after a kill.
    fn tidy_up(&mut self, when: &str, by_name: bool) -> Outcome {
        let (host, inside) = (&self.stage.lab.a.host, &self.stage.inside);
        let wanted = endpoint(self.parent)?;
        let differences = host.check(&wanted, inside)?;
        let vlan = !vlans(&self.stage.lab.a.netns).is_empty();
        let rules = ip_lines(inside, "rule show").len() > 3;
        let links = ip_lines(inside, "-o link show").len() > 1;
        self.halfway += usize::from(!differences.is_empty() && (vlan || rules || links));
        if by_name {
            for attachment in host.attachments(inside)? {
                host.detach(&attachment)?;
            }
        }
        let ensured = host.ensure(&wanted, inside)?;
        assert_eq!(host.check(&wanted, inside)?, [], "killed {when}");
        assert_eq!(ip_addresses(inside, "eth0"), ["192.168.15.10/24"]);
        assert_eq!(host.detach(&ensured.attachment)?, Detached::Removed);
        host.remove_unused_parents()?;
        // Remaining objects show at once, but IPv6 adds objects to a link some time later.
        let now = Snapshot::of(inside);
        if self.empty.difference(&now).is_some() {
            if let Some(difference) = self.empty.difference(&Snapshot::settled(inside)) {
                return Err(format!("killed {when}: {difference}").into());
            }
        }
        assert_eq!(vlans(&self.stage.lab.a.netns), [""; 0], "killed {when}");
        Ok(())
    }
}

fn attaching(parent: &'static str) -> Outcome {
    let mut scene = Scene::set(parent)?;
    let words = scene.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // On-demand VLANs take very many calls, and a kill at each takes long.
    let step = match (is_long() || parent == "ens33", is_guest()?) {
        (true, _) => 1,
        (_, false) => 17,
        (_, true) => 31,
    };
    let mut calls = 0;
    while dies_at(&words, calls)? {
        scene.tidy_up(&format!("before call {calls}"), calls % 3 == 0)?;
        calls += step;
    }
    let least = if step > 17 { 2 } else { 5 };
    assert!(calls > 15 && scene.halfway > least, "{calls} calls, {} halfway", scene.halfway);
    for (number, moment) in moments(kills()?, 45_000).enumerate() {
        kill_after("attaching_for_ever", &words, moment)?;
        scene.tidy_up(&format!("after {moment} µs"), number % 2 == 0)?;
    }
    scene.outside.assert_same(&scene.stage.lab.a.netns);
    println!("{calls} killed at a call, {} at random, {} of all halfway", kills()?, scene.halfway);
    Ok(())
}

fn an_attachment_is_killed() -> Outcome {
    takes_long_in_the_guest()?;
    attaching("ens33")
}

/// A VLAN created on demand does not remain.
fn a_vlan_on_demand_is_killed() -> Outcome {
    need(Need::Vlan)?;
    attaching("ens33.100.200")
}

/// Even without another attach: `remove_unused_parents` removes a leftover VLAN.
fn remove_unused_parents_removes_leftover_vlans() -> Outcome {
    need(Need::Vlan)?;
    let lab = Lab::new()?;
    for moment in moments(kills()?, 60_000) {
        let inside = NetNs::anonymous()?;
        let words = [&path_of(&lab.a.netns), &path_of(&inside), "ens33.100"];
        kill_after("attaching_for_ever", &words, moment)?;
        drop(inside);
        // Its namespace takes some time to end, and the VLAN is in use until then.
        eventually(&format!("a VLAN is left, killed after {moment} µs"), || {
            lab.a.host.remove_unused_parents()?;
            Ok(vlans(&lab.a.netns).is_empty())
        })?;
        assert_eq!(ip_lines(&lab.a.netns, "-o link show type macvlan"), [""; 0], "a probe");
    }
    Ok(())
}

/// A name is a file and a mount: if either exists, the name can be deleted and created again.
fn a_named_namespace_is_killed() -> Outcome {
    takes_long_in_the_guest()?;
    need(Need::Root)?;
    let name = format!("macvlan-killed-{}", std::process::id());
    let mut left = 0;
    for moment in moments(kills()?, 3_000) {
        kill_after("naming_for_ever", &[&name], moment)?;
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
    println!("{} killed, {left} of them left something", kills()?);
    Ok(())
}

macvlan_tests::tests! {
    an_attachment_is_killed,
    a_vlan_on_demand_is_killed,
    remove_unused_parents_removes_leftover_vlans,
    a_named_namespace_is_killed;
    parts: attaching_for_ever, attaching_once, naming_for_ever,
}
macvlan_tests::main! {}
