//! Machines with the command, scenes on them, and the blocks of shell that stand on pages.

use macvlan_tests::{Debian, Machine, Outcome, Stop, eventually, ip_do, is_guest, settle};
use serde_json::Value;

/// Lists a file's tests, each called with the release whose engines it uses: those of
/// [`Debian::Trixie`], and with `--long` also the older ones.
macro_rules! scenes {
    ($($scene:ident),+ $(,)?) => {
        pub(crate) const TESTS: macvlan_tests::Tests = macvlan_tests::Tests {
            tests: &[$((stringify!($scene), || $scene(Debian::Trixie))),+],
            long: &[$((concat!("bookworm::", stringify!($scene)), || $scene(Debian::Bookworm))),+],
            ..macvlan_tests::Tests::NONE
        };
    };
}
pub(crate) use scenes;

/// Starts a machine on which the command is installed. On this kernel, because engines take several
/// times as long in the guest.
pub(crate) fn machine(debian: Debian) -> Outcome<Machine> {
    only_here()?;
    start(debian)
}

/// Starts a machine on any kernel. In the guest, which has only the older engines, its LAN is a VLAN.
pub(crate) fn machine_or_vlan(debian: Debian) -> Outcome<Machine> {
    if !is_guest()? || debian != Debian::Bookworm {
        return machine(debian);
    }
    let machine = start(debian)?;
    for (host, addresses) in [
        (&machine.lab.a.netns, ["172.16.104.2/24", "fd15::2/64"]),
        (&machine.lab.b.netns, ["172.16.104.1/24", "fd15::1/64"]),
    ] {
        ip_do(host, "link set ens33 down");
        ip_do(host, "address flush dev ens33");
        ip_do(host, "link set ens33 up name cable");
        ip_do(host, "link add link cable name ens33 up type vlan id 100");
        for address in addresses {
            ip_do(host, &format!("address add {address} dev ens33 nodad"));
        }
        settle(host);
    }
    // Docker's DNS takes NAT, which that kernel has for this form only.
    machine.ok("ln -sf /usr/sbin/iptables-legacy /etc/alternatives/iptables")?;
    Ok(machine)
}

/// Starts a machine on any kernel.
pub(crate) fn start(debian: Debian) -> Outcome<Machine> {
    Machine::start(debian, &command())
}

/// Starts both hosts of a LAN as machines, on this kernel.
pub(crate) fn two_machines() -> Outcome<[Machine; 2]> {
    only_here()?;
    Machine::start_two(Debian::Trixie, &command())
}

pub(crate) fn only_here() -> Outcome {
    if is_guest()? {
        return Err(Stop::Ignored("the container engines run on this kernel".to_owned()));
    }
    Ok(())
}

/// Returns the command. `tests/run` says where the static one is, which runs with another C library
/// too.
pub(crate) fn command() -> String {
    std::env::var("MACVLAN_COMMAND").unwrap_or_else(|_| env!("CARGO_BIN_EXE_macvlan").to_owned())
}

/// Returns the first characters of an id, at least as many, with a letter among them: digits alone are
/// a pid.
pub(crate) fn beginning(id: &str, least: usize) -> &str {
    let letter = id.find(|one: char| one.is_ascii_alphabetic()).unwrap_or(id.len());
    &id[..least.max(letter + 1)]
}

/// Returns the block of shell that begins with this text, as it stands on a page.
pub(crate) fn block<'a>(page: &'a str, beginning: &str) -> Outcome<&'a str> {
    // The language may be followed by the host.
    let mut blocks =
        page.split("```sh").skip(1).filter_map(|block| Some(block.split_once('\n')?.1));
    let block = blocks.find(|block| block.starts_with(beginning));
    let lines = block.and_then(|block| block.split("```").next());
    lines.ok_or_else(|| format!("no block begins with {beginning:?}").into())
}

/// Starts the agent with the plugin of Docker, whose pid is then in `/run/agent.pid`.
pub(crate) fn start_plugin(machine: &Machine) -> Outcome {
    machine.ok(
        "MACVLAN_LOG=debug macvlan docker --interval 2s >>/var/log/agent.log 2>&1 </dev/null & \
         echo $! >/run/agent.pid",
    )?;
    eventually("the plugin does not listen", || {
        Ok(machine.run("test -S /run/docker/plugins/lan.sock")?.status.success())
    })
}

/// Returns the leases of a machine's store.
pub(crate) fn leases(machine: &Machine) -> Outcome<Value> {
    Ok(serde_json::from_str(&machine.ok("macvlan network leases --json")?)?)
}
