//! Invalid input is reported clearly, and before any system call if the value alone is invalid.
#![deny(dead_code)]

use macvlan_core::{
    AddrGenMode, Endpoint, Error, ErrorKind, Handle, Host, Link, MacAddr, MacvlanChange,
    MacvlanOptions, Mode, NetNs, Parent, Result, SourceMacs, VlanOptions, VlanProtocol,
};
use macvlan_tests::{Actor, Container, Lab, Need, Outcome, Snapshot, Stop, need};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// The namespaces for invalid values.
struct Place {
    host: Host,
    handle: Handle,
    netns: NetNs,
}

impl Place {
    fn new(netns: &NetNs) -> Result<Self> {
        let (host, handle) = (Host::in_netns(netns)?, Handle::in_netns(netns)?);
        Ok(Self { host, handle, netns: netns.clone() })
    }

    fn attach(&self, endpoint: &Endpoint) -> Result<()> {
        self.host.attach(endpoint, &self.netns).map(drop)
    }

    fn add(&self, link: Result<Link>) -> Result<()> {
        self.handle.add_link(&link?)
    }
}

/// A case, and its error.
type Case = (fn(&Place) -> Result<()>, &'static str);

fn mac() -> MacAddr {
    MacAddr::from_ipv4([10, 0, 0, 1].into())
}

fn eth0() -> Result<Endpoint> {
    Endpoint::new("eth0", "ens33")
}

/// Values that are always invalid.
const CASES: [Case; 38] = [
    (
        |_| VlanOptions::new(4095).map(drop),
        "cannot use 4095 as a VLAN id: the id must be from 1 to 4094",
    ),
    (|_| VlanOptions::new(0).map(drop), "the id 0 has the name priority-tags"),
    (|_| Parent::vlan("ens33", 4095).map(drop), "cannot use 4095 as a VLAN id"),
    (|_| VlanOptions::new(1)?.ingress_qos(8, 0).map(drop), "cannot use 8 as the priority of a tag"),
    (|_| VlanOptions::new(1)?.egress_qos(0, 8).map(drop), "cannot use 8 as the priority of a tag"),
    (|_| Endpoint::new("eth0", "verylongname0.4094").map(drop), "the name has 18 bytes"),
    (
        |_| Endpoint::new("eth0", "verylongname0.4094").map(drop),
        "set a shorter name for VLAN 4094 of verylongname0",
    ),
    (
        |at| at.attach(&Endpoint::new("eth0", Parent::vlan("verylongname0", 4094)?)?),
        "set a shorter name for VLAN 4094 of verylongname0",
    ),
    (
        |at| at.attach(&Endpoint::new("eth0", Parent::vlan(7, 100)?)?),
        "the base is given without a name; set a name for the VLAN",
    ),
    (|_| Parent::vlan("ens33", 100)?.name("a/b").map(drop), "the kernel does not allow \"/\""),
    (
        |at| at.attach(&eth0()?.options(MacvlanOptions::new(Mode::Bridge).source_mac(mac()))?),
        "source MAC addresses are for mode source only",
    ),
    (
        |at| {
            at.add(Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Vepa).source_mac(mac())))
        },
        "source MAC addresses are for mode source only",
    ),
    (
        |at| {
            at.add(Link::macvtap(
                "mt0",
                "ens33",
                MacvlanOptions::new(Mode::Passthru).source_mac(mac()),
            ))
        },
        "source MAC addresses are for mode source only",
    ),
    (
        |at| {
            let change = MacvlanChange::new().mode(Mode::Bridge);
            at.handle.set_macvlan("mv0", &change.source_macs(SourceMacs::Add(mac())))
        },
        "source MAC addresses are for mode source only",
    ),
    (
        |at| at.attach(&eth0()?.options(MacvlanOptions::new(Mode::Bridge).nodst(true))?),
        "nodst is for mode source only",
    ),
    (
        |at| at.attach(&eth0()?.options(MacvlanOptions::new(Mode::Source).nopromisc(true))?),
        "nopromisc is for mode passthru only",
    ),
    (
        |at| {
            let change = MacvlanChange::new().mode(Mode::Private).flags(true, false);
            at.handle.set_macvlan("mv0", &change)
        },
        "nopromisc is for mode passthru only",
    ),
    (|at| at.attach(&eth0()?.mtu(67)), "MTU 67 is below the minimum, 68"),
    (|at| at.attach(&eth0()?.queues(0, 1)), "the minimum is one"),
    (|at| at.attach(&eth0()?.alias("x".repeat(256))), "256 bytes and the kernel's limit is 255"),
    (|at| at.handle.set_alias("ens33", "a\0b"), "the alias contains a zero byte"),
    (
        |at| at.attach(&eth0()?.alternative_name("x".repeat(128))),
        "128 bytes and the kernel's limit is 127",
    ),
    (|at| at.handle.add_alternative_name("ens33", "a b"), "white space"),
    (
        |at| at.attach(&eth0()?.address("10.0.0.2/24".parse()?).source_routing(0)),
        "table 0 is reserved",
    ),
    (
        |at| at.attach(&eth0()?.address("10.0.0.2/24".parse()?).source_routing(254)),
        "use a table from 1 to 252 except 109, or above 255",
    ),
    (
        |at| at.attach(&eth0()?.gateway([10, 0, 0, 1].into()).gateway([10, 0, 0, 2].into())),
        "cannot both be the gateway",
    ),
    (
        |at| at.handle.add_route(&"10.1.0.0/16 via fd00::1 src fd00::2".parse()?),
        "the source fd00::2 is of another address family",
    ),
    (
        |at| at.handle.add_rule(&"from 10.0.0.1/32 to fd00::/64 table 7".parse()?),
        "of different families",
    ),
    (
        |_| "bridged".parse::<Mode>().map(drop),
        "expected one of private, vepa, bridge, passthru, source",
    ),
    (|at| at.attach(&Endpoint::new("all", "ens33")?), "the name is reserved in net/ipv4/conf"),
    (|at| at.add(Link::dummy("default")), "the name is reserved in net/ipv4/conf"),
    (|at| at.attach(&eth0()?.address("::1/128".parse()?)), "::1 is for lo only"),
    (
        |at| at.attach(&eth0()?.mtu(1279).address("fd00::2/64".parse()?)),
        "MTU 1279 is below 1280, the minimum for IPv6 addresses",
    ),
    (
        |at| at.attach(&eth0()?.assignment("10.0.0.2/24@10.0.0.2".parse()?)),
        "it is the endpoint's own address",
    ),
    (
        |at| at.attach(&eth0()?.assignment("10.0.0.2/24@10.0.0.255".parse()?)),
        "it is the broadcast address of 10.0.0.0/24",
    ),
    (|at| at.attach(&eth0()?.queues(4097, 1)), "the kernel's limit is 4096"),
    (|at| at.attach(&eth0()?.alternative_name("eth0")), "the name \"eth0\" is given twice"),
    (|_| "none0".parse::<AddrGenMode>().map(drop), "expected one of eui64, none"),
];

fn every_value_is_refused_in_clear_words() -> Outcome {
    need(Need::Root)?;
    // The parent and the link do not exist, but the error is about the value.
    let place = Place::new(&NetNs::anonymous()?)?;
    for (number, (case, words)) in CASES.iter().enumerate() {
        let error = case(&place).expect_err("it was not refused");
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{number}: {error}");
        assert!(error.to_string().contains(words), "{number}: no {words:?} in: {error}");
        assert_eq!(error.errno(), None, "{error}");
    }
    Ok(())
}

/// Runs every case under the test's tracing. Stops before the first and after each; before the
/// first, it does one empty run.
fn refused(_: &[String]) -> Outcome {
    let place = Place::new(&NetNs::anonymous()?)?;
    // The first run allocates memory.
    let mut errors: Vec<Option<Error>> = Vec::with_capacity(3 * CASES.len());
    errors.extend(CASES.iter().map(|(case, _)| case(&place).err()));
    ptrace::traceme()?;
    raise(Signal::SIGSTOP)?;
    raise(Signal::SIGSTOP)?;
    for (case, _) in CASES {
        let error = case(&place).err();
        errors.push(error);
        raise(Signal::SIGSTOP)?;
    }
    Ok(())
}

/// Counts the starts and ends of system calls until a process stops itself.
fn calls(process: Pid) -> Outcome<usize> {
    for calls in 0.. {
        ptrace::syscall(process, None)?;
        match waitpid(process, None)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, Signal::SIGSTOP) => return Ok(calls),
            status => return Err(format!("it does not stop: {status:?}").into()),
        }
    }
    Err("it does not stop".into())
}

fn no_system_call_is_made_for_it() -> Outcome {
    need(Need::Root)?;
    let actor = Actor::start("refused", &[])?;
    let process = Pid::from_raw(i32::try_from(actor.pid())?);
    let begins = waitpid(process, None)?;
    assert_eq!(begins, WaitStatus::Stopped(process, Signal::SIGSTOP));
    let of_nothing = calls(process)?;
    for (_, words) in CASES {
        assert_eq!(calls(process)?, of_nothing, "{words}");
    }
    ptrace::cont(process, None)?;
    actor.finish()?;
    Ok(())
}

/// Cases that only the kernel can decide, because they depend on existing links.
fn changes_that_do_not_fit_the_link() -> Outcome {
    let lab = Lab::new()?;
    let place = Place::new(&lab.a.netns)?;
    for (name, mode) in [("mv0", Mode::Bridge), ("mv1", Mode::Source)] {
        place.add(Link::macvlan(name, "ens33", MacvlanOptions::new(mode)))?;
    }
    let before = Snapshot::of(&lab.a.netns);
    let list = "source MAC addresses are for mode source only";
    let macs = |change| MacvlanChange::new().source_macs(change);
    let passthru = MacvlanChange::new().mode(Mode::Passthru);
    let handle = &place.handle;
    let neither = "the link is neither a macvlan nor a macvtap";
    for (result, words) in [
        (handle.set_macvlan("mv0", &macs(SourceMacs::Add(mac()))), list),
        (handle.set_macvlan("mv0", &macs(SourceMacs::Set(vec![mac()]))), list),
        (handle.set_macvlan("mv0", &macs(SourceMacs::Flush)), list),
        (handle.set_macvlan("mv0", &passthru), "cannot change to or from mode passthru"),
        (handle.set_macvlan("mv1", &passthru), "cannot change to or from mode passthru"),
        (handle.set_macvlan("ens33", &macs(SourceMacs::Flush)), neither),
        (handle.set_vlan("mv0", &VlanOptions::new(1)?.gvrp(true)), "the link is not a VLAN"),
        (handle.set_vlan("ens33", &VlanOptions::new(1)?.gvrp(true)), "the link is not a VLAN"),
    ] {
        let error = result.expect_err("it was not refused");
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    before.assert_same(&lab.a.netns);
    Ok(())
}

/// VLANs, of either protocol, on a kernel without them.
fn a_kernel_without_vlans() -> Outcome {
    let lab = Lab::new()?;
    if need(Need::Vlan).is_ok() {
        return Err(Stop::Ignored("the kernel has 802.1Q".into()));
    }
    let container = Container::start()?;
    let before = (Snapshot::of(&lab.a.netns), Snapshot::of(&container.netns()?));
    for protocol in [VlanProtocol::Dot1q, VlanProtocol::Dot1ad] {
        let parent = Parent::vlan("ens33", 20)?.protocol(protocol)?;
        let vlan = VlanOptions::new(20)?.protocol(protocol);
        for endpoint in [Endpoint::new("eth0", parent)?, Endpoint::vlan("eth0", "ens33", vlan)?] {
            let error = lab.a.host.attach(&endpoint, &container.netns()?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("modprobe 8021q"), "{error}");
        }
    }
    before.0.assert_same(&lab.a.netns);
    before.1.assert_same(&container.netns()?);
    Ok(())
}

macvlan_tests::tests! {
    every_value_is_refused_in_clear_words,
    no_system_call_is_made_for_it,
    changes_that_do_not_fit_the_link,
    a_kernel_without_vlans;
    parts: refused,
}
