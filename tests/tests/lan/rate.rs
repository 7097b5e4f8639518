//! An endpoint's egress rate is limited, or the kernel's lack of support is reported.
#![deny(dead_code)]

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use macvlan_core::{Endpoint, ErrorKind, NetNs};
use macvlan_tests::{Lab, Outcome, PATIENCE, Stage, Stop, ip_link, ping, quick};

/// Runs `tc …` inside a namespace.
fn tc(netns: &NetNs, arguments: &str) -> Outcome<Result<String, String>> {
    let output = netns.run(|| Command::new("tc").args(arguments.split_whitespace()).output())?;
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Stop::Ignored("there is no tc".to_owned()));
        }
        other => other?,
    };
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) })
}

/// Returns true if `tc` works on this kernel.
fn has_tbf() -> Outcome<bool> {
    macvlan_tests::need(macvlan_tests::Need::Root)?;
    let netns = NetNs::anonymous()?;
    Ok(tc(&netns, "qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms")?.is_ok())
}

fn need_tbf() -> Outcome {
    if has_tbf()? { Ok(()) } else { Err(Stop::Ignored("the kernel has no sch_tbf".to_owned())) }
}

fn eth0(rate: &str) -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?).rate(rate.parse()?))
}

/// The same as set by `tc`.
fn rate_matches_tc() -> Outcome {
    need_tbf()?;
    let lab = Lab::new()?;
    for (rate, shown) in [
        ("10mbit", "rate 10Mbit burst 16Kb"),
        ("512kbit", "rate 512Kbit"),
        ("80gbit", "rate 80Gbit"),
    ] {
        let inside = NetNs::anonymous()?;
        let attachment = lab.a.host.attach(&eth0(rate)?, &inside)?;
        let told = tc(&inside, "qdisc show dev eth0")??;
        assert!(told.starts_with("qdisc tbf ") && told.contains(": root"), "{told}");
        assert!(told.contains(shown), "{told}");
        assert!(ping(&inside, "192.168.15.2").is_some());
        lab.a.host.detach(&attachment)?;
    }
    Ok(())
}

/// The container sends as fast as it can: at 4 Mbit/s, 250 kB take half a second, less the effect
/// of the burst and the last packets.
fn no_more_arrives_than_is_allowed() -> Outcome {
    need_tbf()?;
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    lab.a.host.attach(&eth0("4mbit")?, &inside)?;
    let here: SocketAddr = "192.168.15.2:5000".parse()?;
    let receiver = lab.b.netns.run(|| UdpSocket::bind(here))??;
    receiver.set_read_timeout(Some(PATIENCE))?;
    let sender = inside.run(|| UdpSocket::bind("192.168.15.10:0"))??;
    let over = AtomicBool::new(false);
    let mut buffer = [0; 2000];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = sender.send_to(&[0; 1200], here); // a full queue is expected
            }
        });
        let outcome = quick(Duration::from_millis(1250), || {
            let started = Instant::now();
            let mut arrived = 0;
            while arrived < 250_000 {
                arrived += receiver.recv(&mut buffer)?;
            }
            let took = started.elapsed();
            assert!(took > Duration::from_millis(312), "{arrived} bytes in {took:?}");
            Ok(took)
        });
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Set, or refused by a typed error, without traces: as for `tc` on this kernel.
fn it_is_set_or_refused_in_words() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0("10mbit")?;
    if has_tbf()? {
        let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
        assert_eq!(ip_link(&stage.inside, "eth0")["qdisc"], "tbf");
        stage.lab.a.host.detach(&attachment)?;
    } else {
        let words = "the kernel has no support for token bucket filters (tbf)";
        stage.refuse(&endpoint, ErrorKind::Unsupported, words);
    }
    Ok(())
}

/// After any change, `check` reports it, `ensure` repairs it, and then no differences are left.
fn it_is_looked_at_and_repaired() -> Outcome {
    need_tbf()?;
    let lab = Lab::new()?;
    // For 80 Gbit/s the kernel uses another attribute.
    for (rate, shown) in [("10mbit", "rate 10Mbit burst 16Kb"), ("80gbit", "rate 80Gbit")] {
        let inside = NetNs::anonymous()?;
        let (endpoint, host) = (eth0(rate)?, &lab.a.host);
        let attachment = host.attach(&endpoint, &inside)?;
        // Other endpoints have other rates.
        tc(&inside, "qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms")??;
        assert_eq!(host.check(&endpoint, &inside)?, [], "just attached");
        for (spoil, words) in [
            ("del dev eth0 root", format!("the rate is not limited to {rate}")),
            ("replace dev eth0 root pfifo limit 10", format!("the rate is not limited to {rate}")),
            (
                "replace dev eth0 root handle 1: tbf rate 3mbit burst 16kb latency 50ms",
                format!("the rate is 3mbit and should be {rate}"),
            ),
            (
                "replace dev eth0 root tbf rate 40gbit burst 100mb latency 50ms",
                format!("the rate is 40gbit and should be {rate}"),
            ),
        ] {
            tc(&inside, &format!("qdisc {spoil}"))??;
            let found = host.check(&endpoint, &inside)?;
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [words]);
            assert_eq!(host.ensure(&endpoint, &inside)?.repaired, found, "{spoil}");
            let told = tc(&inside, "qdisc show dev eth0")??;
            assert!(told.starts_with("qdisc tbf") && told.contains(shown), "{spoil}: {told}");
            assert_eq!(told.lines().count(), 1, "{told}");
            assert_eq!(host.ensure(&endpoint, &inside)?.repaired, [], "{spoil}");
        }
        // Without a requested rate, none is missing.
        let free = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
        assert_eq!(host.check(&free, &inside)?, []);
        host.detach(&attachment)?;
    }
    Ok(())
}

macvlan_tests::tests! {
    rate_matches_tc,
    no_more_arrives_than_is_allowed,
    it_is_set_or_refused_in_words,
    it_is_looked_at_and_repaired,
}
