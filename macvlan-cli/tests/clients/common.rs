//! Machines with the command.

use macvlan_tests::{Machine, Outcome};

/// Starts a machine on which the command is installed.
pub(crate) fn machine() -> Outcome<Machine> {
    Machine::start(env!("CARGO_BIN_EXE_macvlan"))
}
