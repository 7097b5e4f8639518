//! Batches: `attach_all`, `detach_all`, `detach_later`.
#![deny(dead_code)]

use std::collections::BTreeMap;

use macvlan_core::{Attachment, Detached, Endpoint, ErrorKind, Host, NetNs};
use macvlan_tests::{Lab, Outcome, Stop, eventually, ip, ip_addresses, ip_do, ip_link};
use nix::libc;
use seccompiler::{SeccompAction, SeccompFilter};

fn endpoint(name: &str, number: usize) -> Outcome<Endpoint> {
    Ok(Endpoint::new(name, "ens33")?.address(format!("192.168.15.{}/24", number + 10).parse()?))
}

fn attach_each(host: &Host, places: &[(&str, &NetNs)]) -> Outcome<Vec<Attachment>> {
    let mut attachments = Vec::new();
    for (number, (name, netns)) in places.iter().enumerate() {
        attachments.push(host.attach(&endpoint(name, number)?, netns)?);
    }
    Ok(attachments)
}

/// Returns the links of a namespace except `lo`, sorted by name.
fn names(netns: &NetNs) -> Vec<String> {
    let links = ip(netns, "link show").as_array().cloned().unwrap_or_default();
    let names = links.iter().filter_map(|link| Some(link["ifname"].as_str()?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name != "lo").collect();
    names.sort_unstable();
    names
}

fn a_result_for_each_in_their_order() -> Outcome {
    let lab = Lab::new()?;
    let (first, second) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let endpoints = [
        endpoint("eth0", 0)?,
        Endpoint::new("eth0", "ens99")?,
        endpoint("eth0", 2)?,
        // Its name is taken by the first.
        endpoint("eth0", 3)?,
        endpoint("eth1", 4)?.gateway("10.1.2.3".parse()?),
        endpoint("eth2", 5)?,
    ];
    let places = [&first, &first, &second, &first, &second, &second];
    let results = lab.a.host.attach_all(endpoints.iter().zip(places));
    let kinds: Vec<Option<ErrorKind>> =
        results.iter().map(|result| result.as_ref().err().map(macvlan_core::Error::kind)).collect();
    assert_eq!(
        kinds,
        [
            None,
            Some(ErrorKind::ParentNotFound),
            None,
            Some(ErrorKind::NameTaken),
            Some(ErrorKind::GatewayUnreachable),
            None
        ]
    );
    assert_eq!(names(&first), ["eth0"]);
    assert_eq!(names(&second), ["eth0", "eth2"]);
    assert_eq!(ip_addresses(&first, "eth0"), ["192.168.15.10/24"]);
    assert_eq!(ip_addresses(&second, "eth0"), ["192.168.15.12/24"]);
    assert_eq!(ip_addresses(&second, "eth2"), ["192.168.15.15/24"]);
    for (result, number) in results.iter().flatten().zip([0, 2, 5]) {
        assert_eq!(result.name(), endpoints[number].get_name());
        let link = ip_link(places[number], result.name().as_str());
        assert_eq!(link["ifindex"], result.index());
    }
    assert!(lab.a.host.attach_all([]).is_empty());
    assert!(lab.a.host.detach_all([]).is_empty());
    Ok(())
}

/// Several in one namespace, and one each in others; in both cases, one was already deleted by
/// others. Other attachments stay.
fn all_are_detached_and_no_other() -> Outcome {
    let lab = Lab::new()?;
    let shared = NetNs::anonymous()?;
    let own: Vec<NetNs> = (0..4).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    let mut places: Vec<(&str, &NetNs)> = vec![
        ("eth0", &shared),
        ("eth0", &own[0]),
        ("eth1", &shared),
        ("eth0", &own[1]),
        ("eth2", &shared),
        ("eth0", &own[2]),
    ];
    places.extend([("kept", &shared), ("kept", &own[3])]);
    let mut attachments = attach_each(&lab.a.host, &places)?;
    let kept = attachments.split_off(6);
    ip_do(&shared, "link set dev kept group 7");
    ip_do(&shared, "link delete dev eth1");
    ip_do(&own[1], "link delete dev eth0");

    let results = lab.a.host.detach_all(&attachments);
    let results: Vec<Detached> = results.into_iter().collect::<Result<_, _>>()?;
    let gone = Detached::AlreadyGone;
    let removed = Detached::Removed;
    assert_eq!(results, [removed, removed, gone, gone, removed, removed]);
    assert_eq!(names(&shared), ["kept"]);
    assert_eq!(ip_link(&shared, "kept")["group"], "7");
    for netns in &own[..3] {
        assert!(names(netns).is_empty());
    }
    assert_eq!(names(&own[3]), ["kept"]);
    for attachment in kept {
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    }
    Ok(())
}

/// Objects that are not deleted with a link are deleted too: rules, and blackhole routes.
fn detach_all_deletes_rules_and_blackhole_routes() -> Outcome {
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let tables = |netns: &NetNs| {
        let routes = ip(netns, "route show table all type blackhole");
        let rules = ip(netns, "rule show");
        [routes, rules].map(|list| list.as_array().map_or(0, Vec::len))
    };
    ip_do(&netns, "link set dev lo up");
    let before = tables(&netns);
    let endpoints = [
        endpoint("eth0", 0)?.source_routing(77).route("blackhole 10.1.0.0/16".parse()?),
        endpoint("eth1", 1)?.source_routing(78).route("blackhole 10.2.0.0/16".parse()?),
    ];
    let attachments = lab.a.host.attach_all(endpoints.iter().map(|endpoint| (endpoint, &netns)));
    let attachments = attachments.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(tables(&netns), [before[0] + 2, before[1] + 2]);
    for result in lab.a.host.detach_all(&attachments) {
        assert_eq!(result?, Detached::Removed);
    }
    assert_eq!(tables(&netns), before);
    Ok(())
}

/// More than fits into one send, in one namespace.
fn two_hundred_and_fifty_in_one_namespace() -> Outcome {
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let mut endpoints = Vec::new();
    for number in 0..250 {
        endpoints.push(Endpoint::new(format!("eth{number}"), "ens33")?.lo_up(false));
    }
    let results = lab.a.host.attach_all(endpoints.iter().map(|endpoint| (endpoint, &netns)));
    let attachments = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(names(&netns).len(), 250);
    let results = lab.a.host.detach_all(&attachments);
    assert_eq!(results.len(), 250);
    for result in results {
        assert_eq!(result?, Detached::Removed);
    }
    assert!(names(&netns).is_empty());
    Ok(())
}

/// The link is deleted without a wait, and a later wait returns the result.
fn detaching_later() -> Outcome {
    let lab = Lab::new()?;
    let netns = NetNs::anonymous()?;
    let [first, second, third] = ["eth0", "eth1", "eth2"].map(|name| (name, &netns));
    let attachments = attach_each(&lab.a.host, &[first, second, third])?;
    let [first, second, third] = <[Attachment; 3]>::try_from(attachments).map_err(|_| "three")?;
    ip_do(&netns, "link delete dev eth1");
    let (first, second) = (lab.a.host.detach_later(&first), lab.a.host.detach_later(&second));
    drop(lab.a.host.detach_later(&third));
    assert_eq!(first.wait()?, Detached::Removed);
    assert_eq!(second.wait()?, Detached::AlreadyGone);
    eventually("a link is still there", || Ok(names(&netns).is_empty()))
}

/// Makes the kernel refuse system calls to the calling thread, while it exists.
fn refuse(calls: &[libc::c_long], errno: libc::c_int) -> Outcome {
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> =
        calls.iter().map(|call| (*call, Vec::new())).collect();
    let action = SeccompAction::Errno(errno.unsigned_abs());
    let here = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, here)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
        .map_err(|error| Stop::Ignored(format!("the kernel has no seccomp filters: {error}")))
}

/// If threads cannot be created, the calling one does all work.
fn without_threads() -> Outcome {
    let lab = Lab::new()?;
    let places: Vec<NetNs> = (0..5).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    let places: Vec<(&str, &NetNs)> = places.iter().map(|netns| ("eth0", netns)).collect();
    let mut attachments = attach_each(&lab.a.host, &places)?;
    let results = std::thread::scope(|scope| {
        let work = || -> Outcome<Vec<Detached>> {
            refuse(&[libc::SYS_clone, libc::SYS_clone3], libc::EAGAIN)?;
            assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "a thread could be made");
            let later = attachments.pop().ok_or("none")?;
            let later = lab.a.host.detach_later(&later);
            assert!(later.is_finished());
            let mut results = vec![later.wait()?];
            for result in lab.a.host.detach_all(&attachments) {
                results.push(result?);
            }
            Ok(results)
        };
        scope.spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    assert_eq!(results, [Detached::Removed; 5]);
    for (_, netns) in places {
        assert!(names(netns).is_empty());
    }
    Ok(())
}

/// If sockets cannot be created, items that need none are attached, and the others are unchanged.
fn without_file_descriptors() -> Outcome {
    let lab = Lab::new()?;
    let places: Vec<NetNs> = (0..4).map(|_| NetNs::anonymous()).collect::<Result<_, _>>()?;
    // Two were entered before.
    for netns in [&places[1], &places[3]] {
        macvlan_core::Handle::in_netns(netns)?;
    }
    let endpoints: Vec<Endpoint> =
        (0..4).map(|number| endpoint("eth0", number)).collect::<Outcome<_>>()?;
    let results = std::thread::scope(|scope| {
        let work = || -> Outcome<_> {
            refuse(&[libc::SYS_socket], libc::EMFILE)?;
            Ok(lab.a.host.attach_all(endpoints.iter().zip(&places)))
        };
        scope.spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    for (number, (result, netns)) in results.iter().zip(&places).enumerate() {
        if number % 2 == 0 {
            let error = result.as_ref().err().ok_or("it was attached")?;
            assert_eq!(error.errno(), Some(libc::EMFILE), "{error}");
            assert!(names(netns).is_empty());
        } else {
            result.as_ref().map_err(ToString::to_string)?;
            assert_eq!(names(netns), ["eth0"]);
        }
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_result_for_each_in_their_order,
    all_are_detached_and_no_other,
    detach_all_deletes_rules_and_blackhole_routes,
    two_hundred_and_fifty_in_one_namespace,
    detaching_later,
    without_threads,
    without_file_descriptors,
}
