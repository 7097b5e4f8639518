//! Chooses between the command and the plugins, by how the program is called.

use std::ffi::OsString;

use crate::cni;

/// Runs the plugin that the program is called as and returns its exit status; `None` for the
/// command.
///
/// Runtimes call CNI plugins with `CNI_COMMAND` and without arguments. With arguments it is the
/// command, which another plugin may call.
pub(crate) fn as_plugin(arguments: &[OsString]) -> Option<u8> {
    if arguments.len() <= 1 && cni::is_called() {
        return Some(cni::run());
    }
    None
}
