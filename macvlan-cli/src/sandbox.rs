//! The namespace of a container, by the path that a runtime gives.

use std::path::Path;

use macvlan_core::{ErrorKind, NetNs, Result};

/// Opens a namespace, if it still exists.
///
/// A name of `ip netns` whose namespace was unmounted leaves an ordinary file.
pub(crate) fn open_if_there(path: &Path) -> Result<Option<NetNs>> {
    match NetNs::from_path(path) {
        Err(error) if error.is_not_found() || error.kind() == ErrorKind::NotANamespace => Ok(None),
        opened => opened.map(Some),
    }
}
