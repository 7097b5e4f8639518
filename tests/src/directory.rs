//! A directory for a test's files.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::harness::Outcome;

/// An empty directory; removed with all that is in it when dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// A new one, where temporary files are.
    pub fn new() -> Outcome<Self> {
        // Those of tests that were killed stay, and so may have any other name.
        let path = nix::unistd::mkdtemp(&std::env::temp_dir().join("macvlan-tests-XXXXXX"))?;
        // Other users' processes are among those that are tested.
        std::fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // It is only litter.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
