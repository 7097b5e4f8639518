//! Every system call of a netlink socket fails, once in every way and then permanently. In every
//! operation, the namespaces are as before, or the error lists exactly what remains.
//!
//! The faults are injected in place of functions of the C library; `tests/support/strace-faults`
//! makes the kernel fail instead.
#![deny(dead_code)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd as _;

use macvlan_core::{
    AddressInfo, Attachment, Endpoint, Error, ErrorKind, Handle, Host, Link, LinkInfo, LinkState,
    LinkStatistics, MacvlanOptions, Mode, NetNs, Result, RouteInfo, Rule,
};
use macvlan_tests::{
    Lab, Need, Outcome, Snapshot, ip_do, ip_lines, ip_try, ip_try_all, is_guest, is_long, need,
    sysctl, takes_long_in_the_guest,
};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket,
};

use crate::fault_injection::{Call, Fault, with_faults};

const NEVER: RangeInclusive<usize> = usize::MAX..=usize::MAX;

/// A host, and a container with its own routes through its own interface.
struct Stage {
    lab: Lab,
    inside: NetNs,
}

/// The container's routes, which are restored by hand if an error says that they are gone.
const DEFAULT_ROUTES: [&str; 3] = [
    "route add default via 192.168.15.2 dev net0 metric 5",
    "route add default via 192.168.15.1 dev net0 metric 7",
    "route add default via fd15::2 dev net0 metric 5",
];

/// A route of the container that conflicts with a route of the endpoint.
const IN_THE_WAY: &str = "blackhole 10.9.0.0/16";

impl Stage {
    fn set() -> Outcome<Self> {
        let stage = Self { lab: Lab::new()?, inside: NetNs::anonymous()? };
        if need(Need::Ipv6).is_ok() {
            // Snapshots must not change by themselves.
            sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "0");
        }
        // `lo` differs after its first time up, and trials will set it up.
        ip_do(&stage.inside, "link set lo up");
        ip_do(&stage.inside, "link set lo down");
        let first = Endpoint::new("net0", "ens33")?
            .address("192.168.15.20/24".parse()?)
            .address("fd15::20/64 nodad".parse()?)
            .lo_up(false);
        stage.lab.b.host.attach(&first, &stage.inside)?;
        for route in DEFAULT_ROUTES {
            ip_do(&stage.inside, route);
        }
        Ok(stage)
    }

    fn outside(&self) -> &NetNs {
        &self.lab.a.netns
    }

    /// Returns the state when it no longer changes by itself: the kernel makes some changes later.
    fn settled(&self) -> Outcome<Before> {
        let of = |netns: &NetNs| -> Outcome<(Seen, Snapshot)> {
            let snapshot = Snapshot::settled(netns);
            Ok((Seen::of(netns)?, snapshot))
        };
        Ok(Before { outside: of(self.outside())?, inside: of(&self.inside)? })
    }

    /// A session and a handle without open sockets, so that opening can fail too.
    fn fresh(&self) -> Result<(NetNs, NetNs)> {
        Ok((NetNs::from_fd(self.outside())?, NetNs::from_fd(&self.inside)?))
    }

    fn attach(&self, endpoint: &Endpoint) -> Result<Attachment> {
        let (outside, inside) = self.fresh()?;
        Host::in_netns(&outside)?.attach(endpoint, &inside)
    }

    /// Does by hand what an error lists as remaining. Certain leftovers must exist.
    fn tidy_up(&self, error: &Error) {
        // Links first, because other objects are deleted with them.
        let mut left: Vec<&String> = error.leftovers().iter().collect();
        left.sort_by_key(|left| !left.contains("link "));
        for left in left {
            let (sure, what) = match left.strip_prefix("perhaps ") {
                Some(what) => (false, what),
                None => (true, left.as_str()),
            };
            let outside = what.contains(&self.outside().id().to_string());
            let netns = if outside { self.outside() } else { &self.inside };
            assert!(what.contains(&netns.id().to_string()), "where? {error}");
            let words = what.split(" in the network").next().unwrap_or_default();
            let command = if let Some(name) = words.strip_prefix("link ") {
                format!("link delete {}", name.trim_matches('"'))
            } else if let Some(name) = words.strip_prefix("VLAN ") {
                format!("link delete {}", name.trim_matches('"'))
            } else if let Some(route) = words.strip_prefix("route ") {
                let family = if route.contains("fd") { "-6" } else { "-4" };
                format!("{family} route delete {route}")
            } else if let Some(rule) = words.strip_prefix("rule ") {
                let family = if rule.contains("fd") { "-6" } else { "-4" };
                format!("{family} rule delete {rule}")
            } else if words == "rules and routes of protocol 109" {
                // Of other endpoints, which were not searched.
                assert!(!sure, "{error}");
                continue;
            } else if words == "lo set up" {
                "link set lo down".to_owned()
            } else if words == "the loss of a default route" {
                ip_try_all(netns, &DEFAULT_ROUTES);
                continue;
            } else {
                panic!("{left:?} does not say what remains: {error}");
            };
            let of_parent = outside && words.strip_prefix("VLAN ") == Some("ens33");
            if of_parent {
                assert!(!sure && what.ends_with("if it was made on demand"), "{error}");
                continue;
            }
            let done = ip_try(netns, &command);
            assert!(!sure || done.is_ok(), "{done:?}, after: {error}");
            // In this case it is unknown whether that route was added or conflicted.
            if words == format!("route {IN_THE_WAY}") {
                assert!(!sure, "{error}");
                ip_do(netns, &format!("route add {IN_THE_WAY}"));
            }
        }
    }

    /// Checks an operation that had to change nothing, or to report what it could not undo.
    fn judge(&self, before: &Before, failed: Option<&Error>, trial: &str) -> Outcome {
        if let Some(error) = failed {
            assert_ne!(error.kind(), ErrorKind::Bug, "{trial}: {error}");
            self.tidy_up(error);
        }
        let said = failed.map(ToString::to_string).unwrap_or_default();
        for (netns, (seen, _)) in
            [(self.outside(), &before.outside), (&self.inside, &before.inside)]
        {
            assert_eq!(Seen::of(netns)?, *seen, "{netns}, after {trial}: {said}");
        }
        Ok(())
    }

    /// When all trials are over, `ip` checks the state.
    fn judge_all(&self, before: &Before) {
        before.outside.1.assert_same(self.outside());
        before.inside.1.assert_same(&self.inside);
    }
}

struct Before {
    outside: (Seen, Snapshot),
    inside: (Seen, Snapshot),
}

/// Returns the library's own view, which starts no program and so can be used after every trial.
#[derive(Debug, PartialEq, Eq)]
struct Seen(Vec<LinkInfo>, Vec<AddressInfo>, Vec<RouteInfo>, Vec<Rule>);

impl Seen {
    fn of(netns: &NetNs) -> Outcome<Self> {
        let handle = Handle::in_netns(&NetNs::from_fd(netns)?)?;
        let mut links = handle.links()?;
        links.sort_by_key(|link| link.index);
        let mut addresses = handle.addresses()?;
        addresses.sort_by_key(|address| address.link);
        for link in &mut links {
            link.statistics = LinkStatistics::default();
            link.state = LinkState::Unknown;
        }
        Ok(Self(links, addresses, handle.routes()?, handle.rules()?))
    }
}

/// The ways in which a call can fail, and whether permanently.
fn faults(call: Call) -> Vec<(Fault, bool)> {
    let once = [Errno::EPERM, Errno::ENOBUFS, Errno::EINTR, Errno::ENOMEM];
    let mut faults: Vec<(Fault, bool)> =
        once.iter().map(|errno| (Fault::Errno(*errno as i32), false)).collect();
    faults.extend([Errno::EPERM, Errno::ENOBUFS].map(|errno| (Fault::Errno(errno as i32), true)));
    if call == Call::Receive {
        for fault in [Fault::Truncated, Fault::NoReply, Fault::OtherSequence] {
            faults.extend([(fault, false), (fault, true)]);
        }
    }
    faults
}

/// Of each call's faults, one of this many is tried, another at the next call. For operations with
/// few and quick calls, or with `--long`, all are tried.
fn step(calls: usize) -> Outcome<usize> {
    Ok(match (is_long(), is_guest()?) {
        (true, _) => 1,
        (_, true) if calls < 60 => 18,
        (_, true) => 54,
        (_, false) if calls < 40 => 1,
        (_, false) => 9,
    })
}

/// The name of the first trial.
const UNDISTURBED: &str = "without a fault";

/// Runs an operation with faults at every call that it makes. Returns the number of trials.
fn at_every_call<T>(
    work: impl Fn() -> Outcome<T>,
    clean: impl Fn(T, &str) -> Outcome,
    prepare: impl Fn() -> Outcome,
) -> Outcome<usize> {
    prepare()?;
    let (result, calls) = with_faults(NEVER, Fault::NoReply, &work);
    clean(result?, UNDISTURBED)?;
    let mut trials = 0;
    let mut kinds = BTreeSet::new();
    let step = step(calls.len())?;
    for (number, call) in calls.iter().enumerate() {
        kinds.insert(format!("{call:?}"));
        for (fault, for_good) in faults(*call).into_iter().skip(number % step).step_by(step) {
            let last = if for_good { usize::MAX } else { number };
            prepare()?;
            let (result, made) = with_faults(number..=last, fault, &work);
            let trial = format!("{fault:?} at {call:?} {number}, for good: {for_good}");
            clean(result?, &trial)?;
            // If other namespaces are searched, their number may have decreased.
            trials += usize::from(made.len() > number);
        }
    }
    assert!(kinds.contains("Send") && kinds.contains("Receive"), "{kinds:?}");
    println!("{trials} faults in {} calls", calls.len());
    Ok(trials)
}

/// Attaches with every fault. A successful attach is complete, and is detached.
fn attach_with_faults(endpoint: &Endpoint, refused: Option<ErrorKind>) -> Outcome {
    let stage = Stage::set()?;
    if refused.is_some() {
        ip_do(&stage.inside, &format!("route add {IN_THE_WAY}"));
    }
    let before = stage.settled()?;
    let host = &stage.lab.a.host;
    let trials = at_every_call(
        || Ok(stage.attach(endpoint)),
        |result, trial| {
            let failed = match result {
                Ok(attachment) => {
                    assert!(refused.is_none(), "{trial}: it was not refused");
                    assert_eq!(host.check(endpoint, &stage.inside)?, [], "{trial}");
                    host.detach(&attachment)?;
                    let [a, b, c] = DEFAULT_ROUTES;
                    ip_try_all(&stage.inside, &["link set lo down", a, b, c]);
                    None
                }
                Err(error) => Some(error),
            };
            stage.judge(&before, failed.as_ref(), trial)
        },
        || Ok(()),
    )?;
    assert!(trials > if is_guest()? && !is_long() { 5 } else { 15 }, "{trials}");
    stage.judge_all(&before);
    Ok(())
}

fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("10.0.0.10/24".parse()?)
        .address("fd10::10/64 nodad".parse()?))
}

fn an_attach_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let endpoint = eth0()?
        .gateway("10.0.0.1".parse()?)
        .route("blackhole 10.8.0.0/16".parse()?)
        .route("10.3.0.0/16 via 192.168.15.2 dev net0".parse()?);
    attach_with_faults(&endpoint, None)
}

fn a_replacement_of_default_routes_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let endpoint = eth0()?
        .gateway("10.0.0.1".parse()?)
        .gateway("fd10::1".parse()?)
        .replace_default_route(true);
    attach_with_faults(&endpoint, None)
}

fn source_routing_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let endpoint =
        eth0()?.gateway("10.0.0.1".parse()?).source_routing(77).mode(Mode::Passthru)?.promisc(true);
    attach_with_faults(&endpoint, None)
}

/// The search for the cause, and the undo, have faults too when the kernel has refused.
fn an_undoing_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let endpoint = eth0()?
        .gateway("10.0.0.1".parse()?)
        .route("blackhole 10.8.0.0/16".parse()?)
        .route("blackhole fd08::/16".parse()?)
        .route(IN_THE_WAY.parse()?);
    attach_with_faults(&endpoint, Some(ErrorKind::RouteExists))
}

/// With every fault, the container has the new link, or the old one with everything on it. Only if
/// the kernel can no longer be reached may it have neither, and the error says so.
fn a_replacement_of_a_link_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let stage = Stage::set()?;
    let host = &stage.lab.a.host;
    let old = eth0()?.gateway("10.0.0.1".parse()?).alias("old").source_routing(77);
    let new = eth0()?.gateway("10.0.0.1".parse()?).queues(2, 2);
    let refused = new.clone().route("10.9.0.0/16 via 192.168.99.1".parse()?);
    let clear = || -> Outcome {
        for found in host.attachments(&stage.inside)? {
            host.detach(&found)?;
        }
        Ok(())
    };
    let mut all = vec![(&refused, false)];
    if is_long() {
        all.push((&new, true));
    }
    for (endpoint, may_succeed) in all {
        let prepare = || -> Outcome {
            clear()?;
            host.attach(&old, &stage.inside)?;
            Ok(())
        };
        let trials = at_every_call(
            || Ok(host.ensure_or_replace(endpoint, &stage.inside)),
            |result, trial| match result {
                Ok(_) => {
                    assert!(may_succeed, "{trial}: it was not refused");
                    assert_eq!(host.check(endpoint, &stage.inside)?, [], "{trial}");
                    Ok(())
                }
                Err(error) if error.leftovers().is_empty() => {
                    assert_eq!(host.check(&old, &stage.inside)?, [], "{trial}: {error}");
                    Ok(())
                }
                Err(_) if trial.ends_with("for good: true") => Ok(()),
                Err(error) => {
                    // Uncertain objects are named; the container is never without a link.
                    let links = ip_lines(&stage.inside, "-br link show dev eth0");
                    assert_eq!(links.len(), 1, "{trial}: {error}");
                    Ok(())
                }
            },
            prepare,
        )?;
        assert!(trials > 100, "{trials}");
    }
    clear()
}

/// A detach continues as far as it can, and lists what remains.
fn a_detach_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let stage = Stage::set()?;
    let before = stage.settled()?;
    let endpoint = eth0()?
        .route("blackhole 10.8.0.0/16".parse()?)
        .source_routing(77)
        .gateway("10.0.0.1".parse()?)
        .lo_up(false);
    let attachment = RefCell::new(None);
    let trials = at_every_call(
        || {
            let attachment = attachment.borrow_mut().take().ok_or("nothing is attached")?;
            Ok(stage.lab.a.host.detach(&attachment))
        },
        |result, trial| stage.judge(&before, result.err().as_ref(), trial),
        || {
            *attachment.borrow_mut() = Some(stage.attach(&endpoint)?);
            Ok(())
        },
    )?;
    stage.judge_all(&before);
    assert!(trials > 20, "{trials}");
    Ok(())
}

/// A link is moved to, or created in, another namespace: it is here or there, and complete.
fn a_handoff_fails_at_every_call() -> Outcome {
    takes_long_in_the_guest()?;
    let stage = Stage::set()?;
    let before = stage.settled()?;
    let moved = || -> Outcome<Result<()>> {
        let (outside, inside) = stage.fresh()?;
        Ok(Handle::in_netns(&outside)
            .and_then(|handle| handle.move_link("gift", &inside, Some("eth7".parse()?))))
    };
    let made = || -> Outcome<Result<()>> {
        let (outside, inside) = stage.fresh()?;
        let link =
            Link::macvlan("eth7", "ens33", MacvlanOptions::new(Mode::Bridge))?.netns(&inside);
        Ok(Handle::in_netns(&outside).and_then(|handle| handle.add_link(&link)))
    };
    let prepare = || -> Outcome {
        let gift = Link::macvlan("gift", "ens33", MacvlanOptions::new(Mode::Bridge))?;
        Ok(stage.lab.a.handle.add_link(&gift)?)
    };
    let end = |name_here: &str, result: Result<()>, trial: &str| -> Outcome {
        let here = ip_try(stage.outside(), &format!("link delete {name_here}"));
        let there = ip_try(&stage.inside, "link delete eth7");
        match result {
            Ok(()) => assert!(there.is_ok() && here.is_err(), "{trial}: {here:?} {there:?}"),
            Err(error) => {
                let sure = error.kind() != ErrorKind::Protocol;
                assert!(!sure || there.is_err(), "{trial}: it was done all the same: {error}");
            }
        }
        stage.judge(&before, None, trial)
    };
    at_every_call(moved, |result, trial| end("gift", result, trial), prepare)?;
    at_every_call(made, |result, trial| end("gift", result, trial), || Ok(()))?;
    stage.judge_all(&before);
    Ok(())
}

/// A forged acknowledgement, from a port that is not the kernel's, with the expected sequence
/// number, is ignored.
fn forged_acknowledgements_are_ignored() -> Outcome {
    let stage = Stage::set()?;
    let (outside, inside) = stage.fresh()?;
    let host = Host::in_netns(&outside)?;
    // Its socket is the newest in the namespace, so the port can be read from the kernel's list.
    let read = || std::fs::read_to_string("/proc/thread-self/net/netlink");
    let ports: Vec<u32> = outside
        .run(read)??
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (family, port) = (words.next()?, words.next()?.parse().ok()?);
            (family == "0" && port != 0).then_some(port)
        })
        .collect();
    assert!(!ports.is_empty());
    outside.run(|| -> Outcome {
        let stranger = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        for port in ports {
            for sequence in 1..40_u32 {
                // struct nlmsghdr, NLMSG_ERROR, and the error number 0.
                let mut message = Vec::new();
                message.extend(36_u32.to_ne_bytes());
                message.extend(2_u16.to_ne_bytes());
                message.extend(0_u16.to_ne_bytes());
                message.extend(sequence.to_ne_bytes());
                message.resize(36, 0);
                let to = NetlinkAddr::new(port, 0);
                let sent = sendto(stranger.as_raw_fd(), &message, &to, MsgFlags::MSG_DONTWAIT);
                // Sockets of children that have ended by now.
                assert!(matches!(sent, Ok(36) | Err(Errno::ECONNREFUSED)), "{sent:?}");
            }
        }
        Ok(())
    })??;
    let parents = host.handle()?.link("ens33")?.mac;
    let taken = eth0()?.mac(parents.ok_or("no MAC address")?);
    assert_eq!(host.attach(&taken, &inside).unwrap_err().kind(), ErrorKind::MacInUse);
    let attachment = host.attach(&eth0()?, &inside)?;
    assert_eq!(host.attachments(&inside)?.len(), 1);
    host.detach(&attachment)?;
    Ok(())
}

fn a_vlan_on_demand_fails_at_every_call() -> Outcome {
    need(Need::Vlan)?;
    let endpoint = Endpoint::new("eth0", "ens33.100")?.address("10.0.0.10/24".parse()?);
    attach_with_faults(&endpoint, None)?;
    let endpoint = Endpoint::new("eth0", "ens33.100.200")?;
    attach_with_faults(&endpoint, None)
}

fn the_last_one_leaves_a_vlan_with_faults() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let before = stage.settled()?;
    let endpoint = Endpoint::new("eth0", "ens33.100")?.lo_up(false);
    let attachment = RefCell::new(None);
    let host = &stage.lab.a.host;
    at_every_call(
        || {
            let attachment = attachment.borrow_mut().take().ok_or("nothing is attached")?;
            Ok(host.detach(&attachment))
        },
        |result, trial| {
            if result.is_ok() {
                // A namespace that could not be examined may have had a link on the VLAN.
                if trial != UNDISTURBED {
                    host.remove_unused_parents()?;
                }
                return stage.judge(&before, None, trial);
            }
            // The next process removes what is left.
            let error = result.err().ok_or("it failed")?;
            assert!(!error.leftovers().is_empty(), "{trial}: {error}");
            let _ = ip_try(&stage.inside, "link delete eth0");
            host.remove_unused_parents()?;
            stage.judge(&before, None, &format!("{trial}: {error}"))
        },
        || {
            *attachment.borrow_mut() = Some(stage.attach(&endpoint)?);
            Ok(())
        },
    )?;
    Ok(())
}

macvlan_tests::tests! {
    an_attach_fails_at_every_call,
    a_replacement_of_default_routes_fails_at_every_call,
    source_routing_fails_at_every_call,
    an_undoing_fails_at_every_call,
    a_replacement_of_a_link_fails_at_every_call,
    a_detach_fails_at_every_call,
    a_handoff_fails_at_every_call,
    forged_acknowledgements_are_ignored,
    a_vlan_on_demand_fails_at_every_call,
    the_last_one_leaves_a_vlan_with_faults,
}
