//! The guaranteed limits: endpoints on one parent, threads at once, rounds in one process. Each has
//! a short form for every run.
#![deny(dead_code)]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use macvlan_core::{Detached, Endpoint, Link, MacvlanOptions, Mode, NetNs};
use macvlan_tests::{Lab, Outcome, Snapshot, eventually, ip_addresses, ip_lines, is_long};

/// Returns the long or the short form.
fn form<T>(long: T, short: T) -> T {
    if is_long() { long } else { short }
}

/// Returns macvlan number `at` on a shared parent: 10.H.H.H, and a separate MAC address.
fn numbered(at: usize) -> Outcome<Endpoint> {
    let [_, _, high, low] = u32::try_from(at)?.to_be_bytes();
    Ok(Endpoint::new("eth0", "ens33")?.address(format!("10.1.{high}.{low}/16").parse()?))
}

/// Attaches many endpoints to one parent, in namespaces for 50 each. All exist, and all can be
/// detached.
fn thousands_of_endpoints_on_one_parent() -> Outcome {
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    let count = form(4000, 400);
    let containers: Vec<NetNs> =
        (0..count / 50).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    let mut endpoints = Vec::with_capacity(count);
    for at in 0..count {
        let name = format!("eth{}", at % 50);
        let [_, _, high, low] = u32::try_from(at)?.to_be_bytes();
        let address = format!("10.{}.{high}.{low}/32", at % 50).parse()?;
        endpoints.push(Endpoint::new(name.as_str(), "ens33")?.address(address));
    }
    let started = Instant::now();
    let items = endpoints.iter().enumerate().map(|(at, one)| (one, &containers[at / 50]));
    let attachments = lab.a.host.attach_all(items).into_iter().collect::<Result<Vec<_>, _>>()?;
    let attached = started.elapsed();
    for container in &containers {
        assert_eq!(lab.a.host.attachments(container)?.len(), 50);
        assert_eq!(ip_lines(container, "-o link show type macvlan").len(), 50);
    }
    // One more works like the first.
    let one_more = NetNs::anonymous()?;
    let last = lab.a.host.attach(&numbered(count)?, &one_more)?;
    assert_eq!(ip_addresses(&one_more, "eth0").len(), 1);
    assert_eq!(lab.a.host.detach(&last)?, Detached::Removed);

    let started = Instant::now();
    for result in lab.a.host.detach_all(&attachments) {
        assert_eq!(result?, Detached::Removed);
    }
    println!("{count} attached in {attached:?}, detached in {:?}", started.elapsed());
    for container in &containers {
        assert_eq!(ip_lines(container, "-o link show type macvlan"), [""; 0]);
    }
    before.assert_same(&lab.a.netns);
    // No macvlan is left on the parent, so passthru gets it exclusively.
    let probe = Link::macvlan("probe", "ens33", MacvlanOptions::new(Mode::Passthru))?;
    lab.a.handle.add_link(&probe)?;
    Ok(())
}

/// Sixteen threads share one host, and attach and detach as fast as they can.
fn sixteen_threads_share_a_host() -> Outcome {
    let lab = Lab::new()?;
    let before = Snapshot::settled(&lab.a.netns);
    let end = Instant::now() + form(Duration::from_secs(120), Duration::from_secs(3));
    let rounds = AtomicUsize::new(0);
    let work = |thread: usize| -> Outcome {
        let container = NetNs::anonymous()?;
        let endpoint = numbered(thread)?.gateway("10.1.99.99".parse()?);
        let wrong = numbered(thread)?.gateway("10.9.9.9".parse()?);
        loop {
            let attachment = lab.a.host.attach(&endpoint, &container)?;
            assert_eq!(lab.a.host.check(&endpoint, &container)?, []);
            assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
            let error = lab.a.host.attach(&wrong, &container).unwrap_err();
            assert!(error.leftovers().is_empty(), "{error}");
            rounds.fetch_add(1, Ordering::Relaxed);
            if Instant::now() >= end {
                break;
            }
        }
        assert_eq!(ip_lines(&container, "-o link show type macvlan"), [""; 0]);
        Ok(())
    };
    std::thread::scope(|scope| -> Outcome {
        let threads: Vec<_> = (0..16).map(|thread| scope.spawn(move || work(thread))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })?;
    let rounds = rounds.into_inner();
    println!("{rounds} rounds");
    assert!(rounds >= 16, "{rounds}");
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// The resources of a process: descriptors, threads, and kilobytes of memory.
fn usage() -> Outcome<(usize, usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let number = |name: &str| -> Outcome<usize> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let word = line.and_then(|line| line.split_whitespace().next());
        Ok(word.ok_or_else(|| format!("no {name}"))?.parse()?)
    };
    let open = Path::new("/proc/self/fd").read_dir()?.count();
    Ok((open, number("Threads:")?, number("VmRSS:")?))
}

/// Set for the process that runs the rounds alone, so that other tests do not affect it.
const ALONE: &str = "MACVLAN_TESTS_ALONE";

/// Attach and detach, refuse, list, name: no resource grows.
fn thousands_of_rounds_in_one_process() -> Outcome {
    if std::env::var_os(ALONE).is_none() {
        let output = Command::new(std::env::current_exe()?)
            .args(["--exact", "limits::thousands_of_rounds_in_one_process"])
            .env(ALONE, "1")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        if text.contains("1 ignored") {
            macvlan_tests::need(macvlan_tests::Need::Macvlan)?;
        }
        assert!(text.contains("1 passed"), "{text}");
        return Ok(());
    }
    let lab = Lab::new()?;
    let container = NetNs::anonymous()?;
    let endpoint = numbered(1)?.gateway("10.1.99.99".parse()?).source_routing(77);
    let wrong = numbered(1)?.gateway("10.9.9.9".parse()?);
    let round = || -> Outcome {
        let inside = NetNs::from_fd(&container)?;
        let attachment = lab.a.host.attach(&endpoint, &inside)?;
        lab.a.host.attach(&wrong, &NetNs::from_fd(&container)?).unwrap_err();
        assert_eq!(lab.a.host.attachments(&inside)?.len(), 1);
        lab.a.host.ensure(&endpoint, &inside)?;
        lab.a.host.detach(&attachment)?;
        Ok(())
    };
    let count = form(10_000, 300);
    // Buffers reach their final size after some rounds.
    for _ in 0..count / 10 {
        round()?;
    }
    let before = usage()?;
    for _ in 0..count {
        round()?;
    }
    let mut after = usage()?;
    // The kernel lists a joined thread for a moment longer.
    eventually("descriptors or threads pile up", || {
        after = usage()?;
        Ok((before.0, before.1) == (after.0, after.1))
    })?;
    println!("{count} rounds: {before:?} before, {after:?} after (fds, threads, kB)");
    assert!(after.2 <= before.2 + 512, "memory has grown from {} to {} kB", before.2, after.2);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    thousands_of_endpoints_on_one_parent,
    sixteen_threads_share_a_host,
    thousands_of_rounds_in_one_process,
}
