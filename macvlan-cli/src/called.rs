//! Chooses between the command and the plugins, by how the program is called.

use std::ffi::OsString;
use std::path::Path;

use crate::{cni, netavark};

/// Runs the plugin that the program is called as and returns its exit status; `None` for the
/// command.
///
/// Runtimes call CNI plugins with `CNI_COMMAND` and without arguments. With arguments it is the
/// command, which another plugin may call. netavark calls a plugin by the name of its driver, which
/// is any but `macvlan`, its own, and with a verb.
pub(crate) fn as_plugin(arguments: &[OsString]) -> Option<u8> {
    if arguments.len() <= 1 && cni::is_called() {
        return Some(cni::run());
    }
    let name = arguments.first().and_then(|path| Path::new(path).file_name())?;
    if name != "macvlan" && netavark::is_verb(arguments.get(1)?) {
        return Some(netavark::run(&arguments[1..]));
    }
    None
}
