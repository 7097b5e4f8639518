//! Machines with the command, and the blocks of shell that stand on pages.

use macvlan_tests::{Machine, Outcome, eventually};

/// Returns the command. `tests/run` says where the static one is, which runs with another C library
/// too.
pub(crate) fn command() -> String {
    std::env::var("MACVLAN_COMMAND").unwrap_or_else(|_| env!("CARGO_BIN_EXE_macvlan").to_owned())
}

/// Starts a machine on which the command is installed.
pub(crate) fn machine() -> Outcome<Machine> {
    Machine::start(&command())
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
