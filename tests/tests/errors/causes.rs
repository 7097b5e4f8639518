//! Error messages as users read them, word for word, each provoked on the kernel.
//!
//! `CONTAINER` stands for the description of the container's namespace, `HOST` for the host's,
//! `PID` for a process's number. Messages about privileges are in `rootless.rs`.
#![deny(dead_code)]

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use macvlan_core::{
    AcceptRa, AddrGenMode, Endpoint, Error, ErrorKind, Handle, Link, MacAddr, MacvlanOptions, Mode,
    NetNs, Probe, VlanOptions,
};
use macvlan_tests::{
    Container, Need, Outcome, PATIENCE, Stage, eventually, ip_do, need, path_of, sysctl,
};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg, socketpair,
};

/// Returns the message, with varying parts replaced, and without the kernel's own text, which
/// differs between kernels.
fn said(stage: &Stage, error: &Error) -> String {
    let kernel = error.kernel_message().map(|words| format!(" (the kernel says: {words})"));
    error
        .to_string()
        .replace(&kernel.unwrap_or_default(), "")
        .replace(&stage.inside.to_string(), "CONTAINER")
        .replace(&stage.lab.a.netns.to_string(), "HOST")
}

#[track_caller]
fn assert_says(stage: &Stage, error: &Error, kind: ErrorKind, expected: &str) {
    assert_eq!(said(stage, error), expected);
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.leftovers().is_empty(), "{error}");
}

/// Checks that attaching is refused with this message.
#[track_caller]
fn refused(stage: &Stage, endpoint: &Endpoint, kind: ErrorKind, expected: &str) {
    let error = stage.lab.a.host.attach(endpoint, &stage.inside).expect_err("it was not refused");
    assert_says(stage, &error, kind, expected);
}

/// Keeps a namespace where it cannot be seen: in an unread message on a socket.
fn send_away(netns: NetNs) -> Outcome<[OwnedFd; 2]> {
    let (from, to) =
        socketpair(AddressFamily::Unix, SockType::Datagram, None, SockFlag::SOCK_CLOEXEC)?;
    let descriptor = [netns.as_fd().as_raw_fd()];
    let message = [ControlMessage::ScmRights(&descriptor)];
    let words = [IoSlice::new(b"a namespace")];
    sendmsg::<()>(from.as_raw_fd(), &words, &message, MsgFlags::empty(), None)?;
    drop(netns);
    Ok([from, to])
}

fn eth0() -> Outcome<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?))
}

fn no_such_parent() -> Outcome {
    let stage = Stage::set()?;
    refused(
        &stage,
        &Endpoint::new("eth0", "ens99")?,
        ErrorKind::ParentNotFound,
        "\"eth0\" on parent \"ens99\" in CONTAINER: cannot use the parent: the parent does \
         not exist; `ip link show` on the host lists the existing links",
    );
    refused(
        &stage,
        &Endpoint::new("eth0", "#4711")?,
        ErrorKind::ParentNotFound,
        "\"eth0\" on parent \"#4711\" in CONTAINER: cannot create macvlan: the parent does \
         not exist; `ip link show` on the host lists the existing links",
    );
    Ok(())
}

fn a_parent_that_cannot_carry_it() -> Outcome {
    let stage = Stage::set()?;
    refused(
        &stage,
        &Endpoint::new("eth0", "lo")?,
        ErrorKind::Unsupported,
        "\"eth0\" on parent \"lo\" in CONTAINER: cannot create macvlan: the parent is not an \
         Ethernet link, which macvlan requires; choose a parent with a MAC address",
    );
    Ok(())
}

fn a_parent_that_is_a_port() -> Outcome {
    need(Need::Bridge)?;
    let stage = Stage::set()?;
    ip_do(&stage.lab.a.netns, "link add br0 type bridge");
    ip_do(&stage.lab.a.netns, "link set dev ens33 master br0");
    refused(
        &stage,
        &eth0()?,
        ErrorKind::ParentBusy,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: the parent is a port of \
         the bridge \"br0\"; use \"br0\" as the parent, or remove the parent from it",
    );
    Ok(())
}

fn a_parent_that_carries_ipvlan() -> Outcome {
    need(Need::Ipvlan)?;
    let stage = Stage::set()?;
    ip_do(&stage.lab.a.netns, "link add link ens33 name ipv0 type ipvlan mode l2");
    refused(
        &stage,
        &eth0()?,
        ErrorKind::ParentBusy,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: the parent has ipvlan \
         links such as \"ipv0\"; a parent can have either macvlan or ipvlan links, not both",
    );
    let elsewhere = NetNs::anonymous()?;
    stage.lab.a.handle.move_link("ipv0", &elsewhere, None)?;
    refused(
        &stage,
        &eth0()?,
        ErrorKind::ParentBusy,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: the parent already has \
         an rx handler (bridge, bond, team, ipvlan or Open vSwitch); use another parent, or remove \
         the parent from it; ipvlan links may be in another namespace",
    );
    Ok(())
}

fn an_mtu_above_the_parents() -> Outcome {
    let stage = Stage::set()?;
    refused(
        &stage,
        &eth0()?.mtu(9000),
        ErrorKind::MtuTooLarge,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: MTU 9000 is above \
         the parent's 1500; lower it or raise the parent's",
    );
    stage.lab.a.host.attach(&eth0()?, &stage.inside)?;
    let error = Handle::in_netns(&stage.inside)?.set_mtu("eth0", 9000).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::MtuTooLarge,
        "\"eth0\" in CONTAINER: cannot set the MTU to 9000: MTU 9000 is above the parent's; lower it or \
         raise the parent's",
    );
    Ok(())
}

fn passthru_against_the_others() -> Outcome {
    let stage = Stage::set()?;
    let passthru = eth0()?.mode(Mode::Passthru)?;
    let handle = &stage.lab.a.handle;
    handle.add_link(&Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Bridge))?)?;
    refused(
        &stage,
        &passthru,
        ErrorKind::PassthruConflict,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: passthru needs the \
         parent for itself, and \"mv0\" is on it; use another mode, or remove the other \
         macvlans first",
    );
    handle.delete_link("mv0")?;
    handle.add_link(&Link::macvlan("mv7", "ens33", MacvlanOptions::new(Mode::Passthru))?)?;
    refused(
        &stage,
        &eth0()?,
        ErrorKind::PassthruConflict,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: \"mv7\" has the parent \
         in mode passthru; remove the link first, or use another parent",
    );
    handle.delete_link("mv7")?;
    let other = Container::start()?;
    let attachment = stage.lab.a.host.attach(&eth0()?, &other.netns()?)?;
    let pid = other.pid();
    refused(
        &stage,
        &passthru,
        ErrorKind::PassthruConflict,
        &"\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: passthru needs the \
         parent for itself, and \"eth0\" in the network namespace of pid PID is on it; use \
         another mode, or remove the other macvlans first"
            .replace("PID", &pid.to_string()),
    );
    stage.lab.a.host.detach(&attachment)?;
    stage.lab.a.host.attach(&passthru, &other.netns()?)?;
    refused(
        &stage,
        &eth0()?,
        ErrorKind::PassthruConflict,
        &"\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: \"eth0\" in the \
         network namespace of pid PID has the parent in mode passthru; remove the link first, or \
         use another parent"
            .replace("PID", &pid.to_string()),
    );
    Ok(())
}

fn a_mac_address_in_use() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:0a";
    let endpoint = eth0()?.mac(mac.parse()?);
    ip_do(&stage.lab.a.netns, &format!("link set ens33 address {mac}"));
    refused(
        &stage,
        &endpoint,
        ErrorKind::MacInUse,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: the parent itself \
         has the MAC address 02:42:c0:a8:0f:0a; choose another one, or leave it out for a random one",
    );
    ip_do(&stage.lab.a.netns, "link set ens33 address 02:42:c0:a8:0f:01");
    let sibling = Endpoint::new("net0", "ens33")?.mac(mac.parse()?);
    let attachment = stage.lab.a.host.attach(&sibling, &stage.inside)?;
    refused(
        &stage,
        &endpoint,
        ErrorKind::MacInUse,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: \"net0\" on the same \
         parent has the MAC address 02:42:c0:a8:0f:0a; choose another one, or remove the link \
         first",
    );
    stage.lab.a.host.detach(&attachment)?;
    let other = Container::start()?;
    let attachment = stage.lab.a.host.attach(&sibling, &other.netns()?)?;
    let pid = other.pid().to_string();
    refused(
        &stage,
        &endpoint,
        ErrorKind::MacInUse,
        &"\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: \"net0\" in the \
         network namespace of pid PID on the same parent has the MAC address \
         02:42:c0:a8:0f:0a; choose another one, or remove the link first"
            .replace("PID", &pid),
    );
    stage.lab.a.host.detach(&attachment)?;
    // A namespace without processes is found by the process that has it open.
    let hidden = NetNs::anonymous()?;
    let attachment = stage.lab.a.host.attach(&sibling, &hidden)?;
    refused(
        &stage,
        &endpoint,
        ErrorKind::MacInUse,
        &"\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: \"net0\" in the \
         network namespace PATH on the same parent has the MAC address 02:42:c0:a8:0f:0a; \
         choose another one, or remove the link first"
            .replace("PATH", &path_of(&hidden)),
    );
    drop(attachment);
    let on_its_way = send_away(hidden)?;
    refused(
        &stage,
        &endpoint,
        ErrorKind::MacInUse,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: a link that is not \
         visible from here on the same parent has the MAC address 02:42:c0:a8:0f:0a; if a \
         container with this address is being removed, retry after some milliseconds",
    );
    // Changing into it is also impossible.
    let attachment = stage.lab.a.host.attach(&eth0()?, &stage.inside)?;
    let handle = Handle::in_netns(&stage.inside)?;
    let error = handle.set_mac("eth0", mac.parse()?).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::MacInUse,
        "\"eth0\" in CONTAINER: cannot set the MAC address 02:42:c0:a8:0f:0a: the parent or \
         another link on it has this MAC address; choose another one, or remove the link first",
    );
    stage.lab.a.host.detach(&attachment)?;
    drop(on_its_way);
    Ok(())
}

/// The last owner's namespace is ending. An attach that may wait gets the MAC address as soon as it
/// is free; one that may not is refused; one that waits too long ends at its timeout.
fn a_mac_address_of_a_dying_namespace() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:0a".parse()?;
    let endpoint = eth0()?.mac(mac);
    // The second one is created down, and requests its MAC address when it is set up.
    let down = endpoint.clone().accept_ra(AcceptRa::Never).route("10.9.0.0/16".parse()?);
    for endpoint in [&endpoint, &down] {
        gets_it_from_the_dying(&stage, endpoint)?;
    }
    let hidden = NetNs::anonymous()?;
    drop(stage.lab.a.host.attach(&endpoint, &hidden)?);
    let _holder = send_away(hidden)?;
    let started = Instant::now();
    let patient = endpoint.mac_conflict_timeout(Duration::from_millis(60));
    refused(
        &stage,
        &patient,
        ErrorKind::MacInUse,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: a link that is not \
         visible from here on the same parent has the MAC address 02:42:c0:a8:0f:0a; if a \
         container with this address is being removed, retry after some milliseconds",
    );
    assert!(started.elapsed() >= Duration::from_millis(60), "{:?}", started.elapsed());
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    Ok(())
}

fn gets_it_from_the_dying(stage: &Stage, endpoint: &Endpoint) -> Outcome {
    eventually("no namespace takes its time to die", || {
        let dying = NetNs::anonymous()?;
        drop(stage.lab.a.host.attach(endpoint, &dying)?);
        drop(dying);
        match stage.lab.a.host.attach(endpoint, &stage.inside) {
            Ok(attachment) => {
                stage.lab.a.host.detach(&attachment)?;
                return Ok(false);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::MacInUse, "{error}"),
        }
        let patient = endpoint.clone().mac_conflict_timeout(PATIENCE);
        let attachment = stage.lab.a.host.attach(&patient, &stage.inside)?;
        assert_eq!(stage.lab.a.host.check(&patient, &stage.inside)?, []);
        stage.lab.a.host.detach(&attachment)?;
        Ok(true)
    })
}

fn an_impossible_mac_address() -> Outcome {
    let stage = Stage::set()?;
    for (mac, expected) in [
        ("00:00:00:00:00:00", "cannot use 00:00:00:00:00:00 as a MAC address: the address is zero"),
        (
            "01:00:5e:00:00:01",
            "cannot use 01:00:5e:00:00:01 as a MAC address: the address is multicast (lowest bit \
         of the first byte)",
        ),
    ] {
        let error = mac.parse::<MacAddr>().unwrap_err();
        assert_says(&stage, &error, ErrorKind::InvalidValue, expected);
    }
    Ok(())
}

fn a_name_that_is_taken() -> Outcome {
    let stage = Stage::set()?;
    stage.lab.a.host.attach(&eth0()?.lo_up(false), &stage.inside)?;
    refused(
        &stage,
        &eth0()?,
        ErrorKind::NameTaken,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create macvlan: a link with this name \
         exists there; choose another name, or delete the link first",
    );
    ip_do(&stage.inside, "link property add dev eth0 altname wan");
    refused(
        &stage,
        &Endpoint::new("wan", "ens33")?,
        ErrorKind::NameTaken,
        "\"wan\" on parent \"ens33\" in CONTAINER: cannot create macvlan: a link with this name \
         exists there; choose another name, or delete the link first",
    );
    let endpoint = Endpoint::new("eth1", "ens33")?.alternative_name("wan");
    refused(
        &stage,
        &endpoint,
        ErrorKind::NameTaken,
        "\"eth1\" on parent \"ens33\" in CONTAINER: cannot add the alternative name \"wan\": a \
         link with this name exists there; choose another name, or rename the link first",
    );
    let handle = Handle::in_netns(&stage.inside)?;
    let error = handle.rename("lo", "eth0".parse()?).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NameTaken,
        "\"lo\" in CONTAINER: cannot rename the link to \"eth0\": a link with this name exists \
         there; choose another name, or rename the link first",
    );
    Ok(())
}

fn a_vlan_that_is_taken() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    let handle = &stage.lab.a.handle;
    handle.add_link(&Link::vlan("v100", "ens33", VlanOptions::new(100)?)?)?;
    let error = handle.add_link(&Link::vlan("w100", "ens33", VlanOptions::new(100)?)?).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NameTaken,
        "\"w100\" on parent \"ens33\" in HOST: cannot create vlan: VLAN 100 of \"ens33\" already \
         exists, as \"v100\"; a parent has each VLAN once; delete the existing link, or attach a \
         macvlan to it",
    );
    let vlan = Endpoint::vlan("eth0", "ens33", VlanOptions::new(100)?)?;
    refused(
        &stage,
        &vlan,
        ErrorKind::NameTaken,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create vlan: VLAN 100 of \"ens33\" \
         already exists, as \"v100\"; a parent has each VLAN once; delete the existing link, or \
         attach a macvlan to it",
    );
    // A macvlan on it is allowed, whatever its name.
    let attachment =
        stage.lab.a.host.attach(&Endpoint::new("eth0", "ens33.100")?, &stage.inside)?;
    assert_eq!(attachment.parent_index(), handle.link("v100")?.index);
    stage.lab.a.host.detach(&attachment)?;
    let elsewhere = NetNs::anonymous()?;
    handle.move_link("v100", &elsewhere, None)?;
    let _held = send_away(elsewhere)?;
    refused(
        &stage,
        &vlan,
        ErrorKind::NameTaken,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create vlan: VLAN 100 of \"ens33\" \
         already exists, as a link that is not visible from here; a parent has each VLAN once; \
         delete the existing link, or attach a macvlan to it",
    );
    let on_demand = Endpoint::new("eth0", "ens33.100")?;
    refused(
        &stage,
        &on_demand,
        ErrorKind::NameTaken,
        "\"eth0\" on parent \"ens33.100\" in CONTAINER: cannot create vlan: VLAN 100 of \"ens33\" \
         already exists, as a link that is not visible from here; a parent has each VLAN once; \
         delete the existing link, or attach a macvlan to it",
    );
    Ok(())
}

fn a_vlan_on_a_parent_that_is_down() -> Outcome {
    need(Need::Vlan)?;
    let stage = Stage::set()?;
    stage.lab.a.handle.set_down("ens33")?;
    let vlan = Endpoint::vlan("eth0", "ens33", VlanOptions::new(100)?)?;
    refused(
        &stage,
        &vlan,
        ErrorKind::ParentDown,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create vlan: the parent is down; \
         set the parent up first",
    );
    refused(
        &stage,
        &Endpoint::new("eth0", "ens33.100")?,
        ErrorKind::ParentDown,
        "\"eth0\" on parent \"ens33.100\" in CONTAINER: cannot create vlan: the parent is \
         down; set the parent up first",
    );
    Ok(())
}

fn a_kernel_without_vlans() -> Outcome {
    let stage = Stage::set()?;
    if need(Need::Vlan).is_ok() {
        return Err(macvlan_tests::Stop::Ignored("the kernel has 8021q".to_owned()));
    }
    refused(
        &stage,
        &Endpoint::new("eth0", "ens33.100")?,
        ErrorKind::Unsupported,
        "\"eth0\" on parent \"ens33.100\" in CONTAINER: cannot create vlan: the kernel has no \
         support for 8021q; load the module (modprobe 8021q) or build it in",
    );
    let vlan = Endpoint::vlan("eth0", "ens33", VlanOptions::new(100)?)?;
    refused(
        &stage,
        &vlan,
        ErrorKind::Unsupported,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot create vlan: the kernel has no support \
         for 8021q; load the module (modprobe 8021q) or build it in",
    );
    Ok(())
}

fn addresses() -> Outcome {
    let stage = Stage::set()?;
    let twice = eth0()?.address("192.168.15.10/16".parse()?);
    refused(
        &stage,
        &twice.address("192.168.15.10/24".parse()?),
        ErrorKind::InvalidValue,
        "\"eth0\" on parent \"ens33\": cannot plan the endpoint: address 192.168.15.10/24 is \
         given twice",
    );
    let handle = Handle::in_netns(&stage.inside)?;
    let address = "192.168.15.10/24".parse()?;
    stage.lab.a.host.attach(&eth0()?, &stage.inside)?;
    let error = handle.add_address("eth0", &address).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::AddressTaken,
        "\"eth0\" in CONTAINER: cannot add address 192.168.15.10/24: the link already has \
         this address",
    );
    handle.delete_address("eth0", &address)?;
    let error = handle.delete_address("eth0", &address).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotFound,
        "\"eth0\" in CONTAINER: cannot delete address 192.168.15.10/24: the link does not \
         have this address",
    );
    let error = handle.add_address("eth7", &address).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotFound,
        "\"eth7\" in CONTAINER: cannot add address 192.168.15.10/24: the link does not exist",
    );
    Ok(())
}

fn ipv6_switched_off() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    sysctl(&stage.inside, "ipv6/conf/default/disable_ipv6", "1");
    let endpoint = eth0()?.address("fd15::10/64 nodad".parse()?);
    refused(
        &stage,
        &endpoint,
        ErrorKind::Ipv6Disabled,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add address fd15::10/64 nodad: IPv6 is \
         disabled on the link; set the sysctl net.ipv6.conf.default.disable_ipv6 to 0 in the \
         namespace, or leave out the IPv6 addresses",
    );
    Ok(())
}

fn gateways_and_routes() -> Outcome {
    let stage = Stage::set()?;
    let gateway = eth0()?.gateway("10.1.2.3".parse()?);
    refused(
        &stage,
        &gateway,
        ErrorKind::GatewayUnreachable,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route default via 10.1.2.3: the \
         gateway is not on a subnet of this namespace's links; add an address in the gateway's \
         subnet, or set onlink",
    );
    let route = eth0()?.route("10.1.0.0/16 via 10.2.0.1".parse()?);
    refused(
        &stage,
        &route,
        ErrorKind::GatewayUnreachable,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route 10.1.0.0/16 via 10.2.0.1: the \
         gateway is not on a subnet of this namespace's links; add an address in the gateway's \
         subnet, or set onlink",
    );
    if need(Need::Ipv6).is_ok() {
        let gateway = eth0()?.address("fd15::10/64 nodad".parse()?).gateway("fd99::1".parse()?);
        refused(
            &stage,
            &gateway,
            ErrorKind::GatewayUnreachable,
            "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route default via fd99::1: the \
         gateway is not on a subnet of this namespace's links; add an address in the gateway's \
         subnet, or set onlink",
        );
    }
    let device = eth0()?.route("10.1.0.0/16 dev eth7".parse()?);
    refused(
        &stage,
        &device,
        ErrorKind::NotFound,
        "\"eth7\" on parent \"ens33\" in CONTAINER: cannot add route 10.1.0.0/16 dev eth7: \
         the link does not exist",
    );
    let source = eth0()?.route("10.1.0.0/16 via 192.168.15.2 src 192.168.15.99".parse()?);
    refused(
        &stage,
        &source,
        ErrorKind::System,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route 10.1.0.0/16 via 192.168.15.2 \
         src 192.168.15.99: the route's source address is not an address of this namespace; add \
         the address to one of its links first",
    );
    if need(Need::Ipv6).is_ok() {
        sysctl(&stage.inside, "ipv6/conf/default/accept_dad", "1");
        let tentative = eth0()?.address("fd15::a/64".parse()?);
        let tentative = tentative.route("fd60::/32 via fd15::2 src fd15::a".parse()?);
        refused(
            &stage,
            &tentative,
            ErrorKind::System,
            "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route fd60::/32 via fd15::2 src \
             fd15::a: duplicate address detection of the route's source address is in progress; \
             probe the address, which waits for the detection, or make it optimistic or nodad",
        );
        // As the error suggests.
        let probed = tentative.probe(Probe::quick().deadline(PATIENCE));
        stage.lab.a.host.detach(&stage.lab.a.host.attach(&probed, &stage.inside)?)?;
    }
    ip_do(&stage.inside, "link set lo up");
    ip_do(&stage.inside, "route add default dev lo");
    let default = eth0()?.gateway("192.168.15.2".parse()?);
    refused(
        &stage,
        &default,
        ErrorKind::RouteExists,
        "\"eth0\" on parent \"ens33\" in CONTAINER: cannot add route default via 192.168.15.2: a \
         route with this destination and metric exists; replace it, or use another metric",
    );
    let handle = Handle::in_netns(&stage.inside)?;
    let rule = "from 192.168.15.10/32 table 77 priority 7".parse()?;
    handle.add_rule(&rule)?;
    let error = handle.add_rule(&rule).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::RouteExists,
        "CONTAINER: cannot add rule from 192.168.15.10/32 table 77 priority 7: the \
         namespace already has this rule",
    );
    let error = handle.delete_route(&"10.99.0.0/16 via 192.168.15.2".parse()?).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotFound,
        "CONTAINER: cannot delete route 10.99.0.0/16 via 192.168.15.2: the route does not exist",
    );
    let error = handle.delete_rule(&"from 10.9.9.9/32 table 99".parse()?).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotFound,
        "CONTAINER: cannot delete rule from 10.9.9.9/32 table 99: the rule does not exist",
    );
    Ok(())
}

/// Invalid gateways: by their values, and where the kernel is asked.
fn gateways_that_are_none() -> Outcome {
    let stage = Stage::set()?;
    for (gateway, family) in [("127.0.0.1", "10.1.0.0/16"), ("::1", "fd60::/32")] {
        let expected = format!(
            "\"eth0\" on parent \"ens33\": cannot plan the endpoint: {gateway} cannot be a gateway: it \
             is a loopback address"
        );
        let kind = ErrorKind::InvalidValue;
        let endpoint = eth0()?.address("fd15::10/64 nodad".parse()?);
        refused(&stage, &endpoint.clone().gateway(gateway.parse()?), kind, &expected);
        let route = format!("{family} via {gateway}").parse()?;
        refused(&stage, &endpoint.route(route), kind, &expected);
    }
    refused(
        &stage,
        &eth0()?.route("10.1.0.0/16 via 192.168.15.2 scope link".parse()?),
        ErrorKind::InvalidValue,
        "\"eth0\" on parent \"ens33\": cannot plan the endpoint: the scope of the route \
         10.1.0.0/16 via 192.168.15.2 scope link is for routes without a gateway; leave out the \
         scope",
    );
    stage.lab.a.host.attach(&eth0()?, &stage.inside)?;
    let handle = Handle::in_netns(&stage.inside)?;
    let add = |route: &str| -> Outcome<Error> {
        Ok(handle.add_route(&route.parse()?).expect_err("it was not refused"))
    };
    assert_says(
        &stage,
        &add("10.1.0.0/16 via 192.168.15.2 scope link dev eth0")?,
        ErrorKind::GatewayUnreachable,
        "\"eth0\" in CONTAINER: cannot add route 10.1.0.0/16 via 192.168.15.2 dev eth0 scope link: \
         the scope is for routes without a gateway; leave out the scope",
    );
    assert_says(
        &stage,
        &add("10.1.0.0/16 via 127.0.0.1 dev eth0")?,
        ErrorKind::GatewayUnreachable,
        "\"eth0\" in CONTAINER: cannot add route 10.1.0.0/16 via 127.0.0.1 dev eth0: the gateway is a \
         loopback address",
    );
    // It is in a subnet, but not through that link; the kernel's message is shown alone.
    let error = add("10.1.0.0/16 via 192.168.15.2 dev lo")?;
    assert_eq!(error.kind(), ErrorKind::GatewayUnreachable, "{error}");
    assert!(!error.to_string().contains("not on a subnet"), "{error}");
    Ok(())
}

/// A link with such an MTU cannot have IPv6.
fn an_mtu_without_ipv6() -> Outcome {
    let stage = Stage::set()?;
    let small = Endpoint::new("eth0", "ens33")?.mtu(68);
    refused(
        &stage,
        &small.clone().addr_gen_mode(AddrGenMode::None),
        ErrorKind::InvalidValue,
        "\"eth0\" on parent \"ens33\": cannot plan the endpoint: MTU 68 is below 1280, the minimum for \
         IPv6, which the address generation mode requires",
    );
    need(Need::Ipv6)?;
    stage.lab.a.host.attach(&small, &stage.inside)?;
    let handle = Handle::in_netns(&stage.inside)?;
    let error = handle.set_addr_gen_mode("eth0", AddrGenMode::None).unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::Ipv6Disabled,
        "\"eth0\" in CONTAINER: cannot set the address generation mode none: the link's MTU is 68, \
         and IPv6 requires at least 1280; raise the MTU",
    );
    Ok(())
}

/// A process that has ended. Its pid may be reused, which does not affect a pidfd.
fn containers_that_are_gone() -> Outcome {
    let stage = Stage::set()?;
    let container = Container::start()?;
    let pid = container.pid();
    drop(container);
    let error = NetNs::from_pid(pid).unwrap_err();
    let expected = "cannot open the network namespace of pid PID: the process does not exist"
        .replace("PID", &pid.to_string());
    assert_says(&stage, &error, ErrorKind::NamespaceGone, &expected);
    let error = NetNs::from_name("no-such-name").unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NamespaceGone,
        "cannot open the network namespace named \"no-such-name\": /run/netns/no-such-name does \
         not exist; `ip netns list` shows the existing names",
    );
    let error = NetNs::from_path("/no/such/path").unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NamespaceGone,
        "cannot open the network namespace at /no/such/path: the file does not exist",
    );
    let error = NetNs::from_path("/proc/self/ns/mnt").unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotANamespace,
        "cannot open the network namespace at /proc/self/ns/mnt: a namespace of another type, not \
         a network namespace",
    );
    let error = NetNs::from_path("/proc/self/status").unwrap_err();
    assert_says(
        &stage,
        &error,
        ErrorKind::NotANamespace,
        "cannot open the network namespace at /proc/self/status: not a network namespace",
    );
    Ok(())
}

macvlan_tests::tests! {
    no_such_parent,
    a_parent_that_cannot_carry_it,
    a_parent_that_is_a_port,
    a_parent_that_carries_ipvlan,
    an_mtu_above_the_parents,
    passthru_against_the_others,
    a_mac_address_in_use,
    a_mac_address_of_a_dying_namespace,
    an_impossible_mac_address,
    a_name_that_is_taken,
    a_vlan_that_is_taken,
    a_vlan_on_a_parent_that_is_down,
    a_kernel_without_vlans,
    addresses,
    ipv6_switched_off,
    gateways_and_routes,
    gateways_that_are_none,
    an_mtu_without_ipv6,
    containers_that_are_gone,
}
