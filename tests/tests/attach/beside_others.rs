//! Three threads and a process ensure, replace, check, keep and detach endpoints and give the host
//! access, with failing system calls, while `ip` works in the same namespaces, on its own objects
//! and on the library's. An hour with `--long`. The objects of `ip` must be unchanged at all times,
//! in every attribute, and at the end the endpoints are as requested.
#![deny(dead_code)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use macvlan_core::{AcceptRa, Endpoint, ErrorKind, Host, Mode, NetNs, Result};
use macvlan_tests::{
    Actor, Container, Lab, Outcome, Snapshot, ip_do, ip_lines, ip_try, is_guest, is_long, path_of,
    settle,
};
use nix::errno::Errno;

use crate::fault_injection::{Fault, with_faults};

/// The number of containers.
const CONTAINERS: usize = 3;
/// The protocol number that marks objects of others.
const THEIRS: &str = "200";

fn lasts() -> Outcome<Duration> {
    Ok(Duration::from_secs(match (is_long(), is_guest()?) {
        (true, false) => 3600,
        (true, true) => 600,
        (false, _) => 5,
    }))
}

/// Returns one of the endpoints for a container. They differ in repairable properties, and the last
/// in one that needs a replacement.
fn endpoint(rng: &mut Rng, container: usize) -> Outcome<Endpoint> {
    let last = 10 + container;
    let plain = Endpoint::new("eth0", "ens33")?
        .address(format!("192.168.15.{last}/24").parse()?)
        .gateway("192.168.15.2".parse()?);
    Ok(match rng.u8(..5) {
        0 => plain,
        1 => plain.source_routing(7),
        2 => plain.mode(Mode::Private)?.mtu(1400).route("blackhole 10.8.0.0/16".parse()?),
        3 => plain
            .address(format!("fd15::{last}/64 nodad").parse()?)
            .accept_ra(AcceptRa::Never)
            .rate("10mbit".parse()?)
            .alias("ours"),
        _ => plain.queues(2, 2),
    })
}

/// Runs random operations until the time is over. Only a bug in the library is a failure.
fn work(host: &Host, containers: &[NetNs], rng: &mut Rng, until: Instant) -> Outcome<usize> {
    let mut done = 0;
    while Instant::now() < until {
        let at = rng.usize(..containers.len());
        let (netns, endpoint) = (&containers[at], endpoint(rng, at)?);
        let verb = rng.u8(..9);
        let once = || -> Result<()> {
            match verb {
                0..=2 => host.ensure(&endpoint, netns).map(drop),
                3 => host.ensure_or_replace(&endpoint, netns).map(drop),
                4 => host.check(&endpoint, netns).map(drop),
                5 => {
                    let found = host.attachments(netns)?;
                    found.iter().try_for_each(|one| host.detach(one).map(drop))
                }
                6 => host.access("ens33")?.attach(&endpoint, netns).map(drop),
                7 => {
                    let mut keeper = host.keep([(endpoint.clone(), netns.clone())])?;
                    keeper.next_within(Duration::from_millis(5)).map(drop)
                }
                _ => host.access("ens33").map(drop),
            }
        };
        let fault = match rng.u8(..8) {
            0 => Some(Fault::Errno(Errno::ENOBUFS as i32)),
            1 => Some(Fault::Errno(Errno::ENOMEM as i32)),
            2 => Some(Fault::Errno(Errno::EPERM as i32)),
            3 => Some(Fault::NoReply),
            _ => None,
        };
        let call = rng.usize(..30);
        let outcome = match fault {
            Some(fault) => with_faults(call..=call, fault, once).0,
            None => once(),
        };
        if let Err(error) = outcome {
            assert!(error.kind() != ErrorKind::Bug, "{verb} {fault:?} {call}: {error}");
        }
        done += 1;
    }
    Ok(done)
}

/// The process's arguments: the host's namespace, the containers', a seed and the duration in
/// milliseconds.
fn another_process(words: &[String]) -> Outcome {
    let [host, containers @ .., seed, milliseconds] = words else {
        return Err("the process needs more words".into());
    };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let containers: Vec<_> = containers.iter().map(NetNs::from_path).collect::<Result<_>>()?;
    let until = Instant::now() + Duration::from_millis(milliseconds.parse()?);
    let done = work(&host, &containers, &mut Rng::with_seed(seed.parse()?), until)?;
    println!("{done}");
    Ok(())
}

/// Returns the objects of others in a namespace, as `ip` shows them.
fn theirs(netns: &NetNs, link: &str) -> Vec<String> {
    let mut all = ip_lines(netns, &format!("-4 route show table all proto {THEIRS}"));
    all.extend(ip_lines(netns, &format!("-6 route show table all proto {THEIRS}")));
    for rules in ["-4 rule show", "-6 rule show"] {
        let marked = |rule: &String| rule.contains(&format!("proto {THEIRS}"));
        all.extend(ip_lines(netns, rules).into_iter().filter(marked));
    }
    all.extend(ip_lines(netns, &format!("-d -o address show dev {link}")));
    all.sort();
    all
}

/// Adds and deletes its own objects, and damages the library's.
struct Somebody<'a> {
    netns: &'a NetNs,
    /// Its own link.
    link: &'a str,
    /// For each added object, the command that deletes it.
    have: BTreeMap<String, String>,
    seen: Vec<String>,
}

impl<'a> Somebody<'a> {
    fn new(netns: &'a NetNs, link: &'a str) -> Self {
        Self { netns, link, have: BTreeMap::new(), seen: theirs(netns, link) }
    }

    /// Adds or deletes one object, and checks that its other objects are unchanged.
    fn act(&mut self, rng: &mut Rng) {
        self.look();
        let (number, link) = (rng.u8(1..20), self.link);
        let (verb, what) = match rng.u8(..6) {
            0 => (
                "rule",
                format!(
                    "from 10.200.{number}.0/24 lookup 100 priority {} protocol {THEIRS}",
                    29_990 + u32::from(number)
                ),
            ),
            1 => (
                "route",
                format!("10.20{}.0.0/16 dev {link} metric {number} proto {THEIRS}", number % 3),
            ),
            2 => (
                "route",
                format!(
                    "default dev {link} metric {} table {} proto {THEIRS}",
                    100 + u32::from(number),
                    [254, 7][usize::from(number % 2)]
                ),
            ),
            3 => ("route", format!("blackhole 10.8.0.0/16 metric {number} proto {THEIRS}")),
            4 => (
                "rule",
                format!(
                    "from 192.168.15.10 lookup 7 priority {} protocol {THEIRS}",
                    30_000 + u32::from(number % 2)
                ),
            ),
            _ => ("address", format!("172.30.{}.1/24 dev {link}", number + 1)),
        };
        let (add, delete) = (format!("{verb} add {what}"), format!("{verb} delete {what}"));
        if self.have.remove(&add).is_some() {
            ip_do(self.netns, &delete);
        } else {
            ip_do(self.netns, &add);
            self.have.insert(add, delete);
        }
        self.seen = theirs(self.netns, self.link);
    }

    fn look(&self) {
        assert_eq!(theirs(self.netns, self.link), self.seen, "{}", self.netns);
    }

    /// Damages an object of the library, if it exists.
    fn spoil(&self, rng: &mut Rng) {
        let spoil = [
            "link set eth0 down",
            "link set eth0 mtu 1300",
            "link set eth0 promisc on",
            "address flush dev eth0",
            "route flush dev eth0",
            "link set eth0 name eth9",
            "link delete eth0",
            "rule delete priority 30000 protocol 109",
            "route flush proto 109",
        ];
        let _or_is_not_there = ip_try(self.netns, spoil[rng.usize(..spoil.len())]);
    }

    fn leave(self) {
        for delete in self.have.values() {
            ip_do(self.netns, delete);
        }
    }
}

fn objects_of_ip_stay_unchanged() -> Outcome {
    let seed = std::env::var("MACVLAN_TESTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    let lab = Lab::with_addresses(&["192.168.15.1/24"], &["192.168.15.2/24"])?;
    let running: Vec<Container> =
        (0..CONTAINERS).map(|_| Container::start()).collect::<Outcome<_>>()?;
    let containers: Vec<NetNs> = running.iter().map(Container::netns).collect::<Result<_>>()?;
    for netns in containers.iter().chain([&lab.a.netns]) {
        ip_do(netns, "link add other0 type veth peer name other1");
        ip_do(netns, "link set other1 up");
        ip_do(netns, "link set other0 up");
        ip_do(netns, "link set lo up");
        ip_do(netns, "address add 172.30.1.1/24 dev other0");
        settle(netns);
    }
    let before: Vec<Snapshot> = containers.iter().map(Snapshot::settled).collect();
    let before_on_host = Snapshot::settled(&lab.a.netns);

    let until = Instant::now() + lasts()?;
    let mut words = vec![path_of(&lab.a.netns)];
    words.extend(containers.iter().map(path_of));
    words.extend([(seed ^ 7).to_string(), lasts()?.as_millis().to_string()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let process = Actor::start("another_process", &words)?;
    let done = std::thread::scope(|scope| -> Outcome<usize> {
        let threads: Vec<_> = (0..3)
            .map(|thread| {
                let (host, containers) = (lab.a.host.clone(), &containers);
                let mut rng = Rng::with_seed(seed ^ thread);
                scope.spawn(move || work(&host, containers, &mut rng, until))
            })
            .collect();
        let mut rng = Rng::with_seed(seed ^ 5);
        let mut others: Vec<Somebody<'_>> = (containers.iter().chain([&lab.a.netns]))
            .map(|netns| Somebody::new(netns, "other0"))
            .collect();
        while Instant::now() < until {
            let at = rng.usize(..others.len());
            others[at].act(&mut rng);
            if rng.u8(..3) == 0 && at < CONTAINERS {
                others[at].spoil(&mut rng);
            }
        }
        let mut done = 0;
        for thread in threads {
            done += thread.join().map_err(|_| format!("a thread failed, seed {seed}"))??;
        }
        others.iter().for_each(Somebody::look);
        others.into_iter().for_each(Somebody::leave);
        Ok(done)
    })?;
    let by_process: usize = process.finish()?.concat().parse()?;
    assert!(done > 0 && by_process > 0);
    println!("{done} calls by threads and {by_process} by a process, seed {seed}");

    // After all others have stopped, the endpoints are as requested, and then all is as before.
    let mut rng = Rng::with_seed(seed);
    for (at, netns) in containers.iter().enumerate() {
        for found in lab.a.host.attachments(netns)? {
            lab.a.host.detach(&found)?;
        }
        let endpoint = endpoint(&mut rng, at)?;
        let ensured = lab.a.host.ensure_or_replace(&endpoint, netns)?;
        assert_eq!(lab.a.host.check(&endpoint, netns)?, [], "seed {seed}");
        assert_eq!(ensured.attachment.name().as_str(), "eth0");
        // Including the remains of a deleted link.
        for found in lab.a.host.attachments(netns)? {
            lab.a.host.detach(&found)?;
        }
        settle(netns);
        before[at].assert_same(netns);
    }
    before_on_host.assert_same(&lab.a.netns);
    drop(running);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    objects_of_ip_stay_unchanged;
    parts: another_process,
}
