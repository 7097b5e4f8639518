//! Events: changes in a namespace are reported in order and typed, and so is the loss of events.
#![deny(dead_code)]

use std::os::fd::AsFd;
use std::time::Duration;

use macvlan_core::{Endpoint, Event, Handle, Link, NetNs, Watch};
use macvlan_tests::{Lab, Need, Outcome, PATIENCE, need, on_each_kernel};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Returns the events up to this one, as short texts; fails if it does not come.
fn until(watch: &mut Watch, last: &str) -> Outcome<Vec<String>> {
    let mut told = Vec::new();
    while told.last().is_none_or(|told| told != last) {
        let event = watch.next_within(PATIENCE)?;
        let event = event.ok_or_else(|| format!("{last:?} does not come after {told:?}"))?;
        told.push(describe(&event));
    }
    Ok(told)
}

fn describe(event: &Event) -> String {
    match event {
        Event::NewLink(link) => format!("link {} {}", link.name, up(link.is_up())),
        Event::DelLink(link) => format!("no link {}", link.name),
        Event::NewAddress(info) => format!("address {}", info.address.net()),
        Event::DelAddress(info) => format!("no address {}", info.address.net()),
        Event::NewRoute(info) => format!("route {}", info.route.get_destination()),
        Event::DelRoute(info) => format!("no route {}", info.route.get_destination()),
        Event::Lost => "lost".to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn up(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// An attachment is reported inside as its link, address and route, in the order of their creation.
fn an_attachment_is_told() -> Outcome {
    on_each_kernel();
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let mut watch = Handle::in_netns(&inside)?.watch()?;
    let endpoint =
        Endpoint::new("eth0", "ens33")?.assignment("192.168.15.3/24@192.168.15.2".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    let told = until(&mut watch, "link lo up")?;
    let at = |what: &str| told.iter().position(|told| told == what);
    assert!(at("link eth0 up").is_some(), "{told:?}");
    assert!(at("link eth0 up") < at("address 192.168.15.3/24"), "{told:?}");
    assert!(at("address 192.168.15.3/24") < at("route 0.0.0.0/0"), "{told:?}");
    lab.a.host.detach(&attachment)?;
    assert!(until(&mut watch, "no link eth0")?.contains(&"no address 192.168.15.3/24".to_owned()));
    Ok(())
}

/// Without events, the wait ends at its timeout. With an event, the descriptor becomes readable.
fn waiting_has_an_end_and_a_descriptor() -> Outcome {
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let handle = Handle::in_netns(&netns)?;
    let mut watch = handle.watch()?;
    assert_eq!(watch.next_within(Duration::from_millis(20))?, None);
    assert_eq!(watch.next_within(Duration::ZERO)?, None);
    let ready = |watch: &Watch| -> Outcome<bool> {
        let mut fds = [PollFd::new(watch.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut fds, PollTimeout::ZERO)? == 1)
    };
    assert!(!ready(&watch)?);
    handle.set_up("lo")?;
    assert!(ready(&watch)?);
    until(&mut watch, "link lo up")?;
    // As an iterator it waits forever, so an event has to come.
    handle.set_mtu("lo", 1500)?;
    assert!(watch.next().is_some_and(|event| event.is_ok()));
    Ok(())
}

/// More events than are read: the loss is reported once, and the watch continues.
fn a_loss_is_told() -> Outcome {
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let handle = Handle::in_netns(&netns)?;
    let mut watch = handle.watch()?;
    // Each change is a message of more than a kilobyte. The buffer holds some hundreds of
    // kilobytes, or as many megabytes as the machine allows a program.
    let most = std::fs::read_to_string("/proc/sys/net/core/rmem_max")?.trim().parse::<usize>()?;
    for round in 0..most.min(8 << 20) / 256 {
        handle.set_mtu("lo", if round % 2 == 0 { 1500 } else { 1600 })?;
    }
    let mut lost = 0;
    while let Some(event) = watch.next_within(Duration::ZERO)? {
        lost += usize::from(event == Event::Lost);
    }
    assert_eq!(lost, 1);
    handle.set_up("lo")?;
    until(&mut watch, "link lo up")?;
    Ok(())
}

/// A link moved from or to another namespace is reported as new or deleted.
fn moves_are_told() -> Outcome {
    on_each_kernel();
    need(Need::Root)?;
    let (here, there) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let handle = Handle::in_netns(&here)?;
    let mut watch = handle.watch()?;
    handle.add_link(&Link::veth("cable", "other", None)?)?;
    until(&mut watch, "link cable down")?;
    handle.move_link("cable", &there, None)?;
    until(&mut watch, "no link cable")?;
    Handle::in_netns(&there)?.move_link("cable", &here, Some("back".parse()?))?;
    until(&mut watch, "link back down")?;
    Ok(())
}

/// The same events as a stream, while another thread attaches and detaches.
fn tokio_programs_are_told_too() -> Outcome {
    use futures_util::StreamExt as _;
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.3/24".parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut events = Handle::in_netns(&inside)?.event_stream()?;
        let (host, container) = (lab.a.host.clone(), inside.clone());
        let attach_and_detach = move || host.detach(&host.attach(&endpoint, &container)?);
        tokio::task::spawn_blocking(attach_and_detach).await??;
        let mut told = Vec::new();
        while told.last().is_none_or(|told| told != "no link eth0") {
            let event = tokio::time::timeout(PATIENCE, events.next()).await?;
            told.push(describe(&event.ok_or("the stream has ended")??));
        }
        assert!(told.contains(&"address 192.168.15.3/24".to_owned()), "{told:?}");
        Ok(())
    })
}

/// Thousands of events before any is read are all returned, or their loss is reported where a
/// program may not have such a large buffer.
fn a_burst_reaches_tokio_programs() -> Outcome {
    use futures_util::StreamExt as _;
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let handle = Handle::in_netns(&netns)?;
    let burst: Vec<String> =
        (0..3000).map(|n| format!("10.0.{}.{}/32", n / 256, n % 256)).collect();
    let expected: Vec<String> = burst.iter().map(|net| format!("address {net}")).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = runtime.block_on(async {
        let mut events = handle.event_stream()?;
        for address in &burst {
            handle.add_address("lo", &address.parse()?)?;
        }
        let mut told = Vec::new();
        while told.last().is_none_or(|told| told != "lost" && Some(told) != expected.last()) {
            let event = tokio::time::timeout(PATIENCE, events.next()).await?;
            told.push(describe(&event.ok_or("the stream has ended")??));
        }
        Outcome::Ok(told)
    })?;
    let most = std::fs::read_to_string("/proc/sys/net/core/rmem_max")?.trim().parse::<usize>()?;
    if most < 4 << 20 && told == ["lost"] {
        return Ok(());
    }
    assert_eq!(told, expected);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    an_attachment_is_told,
    waiting_has_an_end_and_a_descriptor,
    a_loss_is_told,
    moves_are_told,
    tokio_programs_are_told_too,
    a_burst_reaches_tokio_programs,
}
