//! Machines with the command.

use macvlan_tests::{Machine, Outcome, Stop, eventually};

/// Starts a machine on which the command is installed. `tests/run` says where the static one is, which
/// runs with another C library too.
pub(crate) fn machine() -> Outcome<Machine> {
    let command = std::env::var("MACVLAN_COMMAND");
    Machine::start(command.as_deref().unwrap_or(env!("CARGO_BIN_EXE_macvlan")))
}

/// Starts the agent with the plugin of Docker, if the command has it.
pub(crate) fn start_plugin(machine: &Machine) -> Outcome {
    if !machine.run("macvlan agent --help | grep -q -e --docker")?.status.success() {
        return Err(Stop::Ignored(
            "the command has no plugin of Docker (macvlan agent --docker)".to_owned(),
        ));
    }
    machine.ok("macvlan agent --docker >/var/log/agent.log 2>&1 </dev/null &")?;
    eventually("the plugin does not listen", || {
        Ok(machine.run("test -S /run/docker/plugins/lan.sock")?.status.success())
    })
}
