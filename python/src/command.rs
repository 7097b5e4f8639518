//! The command, which is a crate of its own.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command macvlan and returns its exit status.
///
/// The arguments begin with the program's name. The command writes to the descriptors 1 and 2, not
/// to sys.stdout and sys.stderr.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| macvlan_cli::run(arguments))
}
