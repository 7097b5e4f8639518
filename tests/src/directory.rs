//! A directory for a test's files.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::harness::Outcome;

/// An empty directory, removed with its contents when dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// Creates a directory among the temporary files.
    pub fn new() -> Outcome<Self> {
        // Directories of killed tests remain, so any name may be in use.
        let path = nix::unistd::mkdtemp(&std::env::temp_dir().join("macvlan-tests-XXXXXX"))?;
        // Tests also use processes of other users.
        std::fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Remaining files do no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
