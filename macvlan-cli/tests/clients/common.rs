//! Machines with the command.

use macvlan_tests::{Machine, Outcome};

/// Starts a machine on which the command is installed. `tests/run` says where the static one is, which
/// runs with another C library too.
pub(crate) fn machine() -> Outcome<Machine> {
    let command = std::env::var("MACVLAN_COMMAND");
    Machine::start(command.as_deref().unwrap_or(env!("CARGO_BIN_EXE_macvlan")))
}
