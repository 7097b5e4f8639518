//! What could not be looked at, and whether a namespace may be behind it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::netns::NetNsId;
use crate::netns::visible::{VisibleNamespaces, is_gone, mounted};

impl VisibleNamespaces {
    /// Returns why it is not known that a namespace has ended which is not among these; none if that is
    /// known.
    pub(super) fn may_hide(&self, id: NetNsId, operation: String) -> Option<Error> {
        let hiding = self.hiding(|inode| inode != id.inode);
        let others = match hiding.get(1..)?.len() {
            0 => String::new(),
            others => format!(" and {others} others"),
        };
        let first = hiding.first()?.display();
        let cause = format!(
            "nothing that can be seen leads there, and {first}{others} could not be looked at"
        );
        Some(
            Error::new(ErrorKind::PermissionDenied, operation, cause)
                .with_hint("give it CAP_SYS_PTRACE, or an open handle on the namespace"),
        )
    }

    /// Returns whether there may be namespaces that are not among these.
    pub(crate) fn may_lack_some(&self) -> bool {
        let is_known = |inode| self.namespaces.iter().any(|found| found.id.inode == inode);
        !self.hiding(is_known).is_empty()
    }

    /// Returns what could not be looked at and may lead to a namespace that is not among these, and whose
    /// inode number is not one that is known to be another's.
    ///
    /// Of a process that may not be looked at, `/proc` shows everybody which namespaces its threads are in
    /// and what is mounted for it. What it has open stays hidden, and is taken to be one of these.
    fn hiding(&self, is_known: impl Fn(u64) -> bool) -> Vec<&PathBuf> {
        if self.unseen.is_empty() {
            return Vec::new();
        }
        let pids = self.namespaces.iter().flat_map(|found| &found.pids);
        let tables: HashSet<u64> =
            pids.filter_map(|pid| table(Path::new(&format!("/proc/{pid}"))).ok()).collect();
        // What cannot be read is no sign that it is elsewhere.
        let may_hide = |path: &&PathBuf| {
            !is_elsewhere(path, &tables, &is_known).is_ok_and(|elsewhere| elsewhere)
        };
        self.unseen.iter().filter(may_hide).collect()
    }
}

/// Whether this is a process with all its threads in namespaces whose tables are known, and with no mount
/// of another.
fn is_elsewhere(
    process: &Path,
    tables: &HashSet<u64>,
    is_known: impl Fn(u64) -> bool,
) -> io::Result<bool> {
    let looked = || {
        if process.parent() != Some(Path::new("/proc")) {
            return Ok(false);
        }
        for task in fs::read_dir(process.join("task"))? {
            match table(&task?.path()) {
                Ok(table) if tables.contains(&table) => {}
                Ok(_) => return Ok(false),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mountinfo = fs::read(process.join("mountinfo"))?;
        Ok(mounted(&mountinfo).all(|(inode, _)| is_known(inode)))
    };
    match looked() {
        Err(error) if is_gone(&error) => Ok(true),
        looked => looked,
    }
}

/// The inode number of a table that each network namespace has one of.
fn table(thread: &Path) -> io::Result<u64> {
    fs::metadata(thread.join("net/dev")).map(|table| table.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netns::NetNs;

    fn with_unseen(path: &str) -> VisibleNamespaces {
        VisibleNamespaces { unseen: vec![path.into()], ..NetNs::visible() }
    }

    #[test]
    fn a_process_in_a_known_namespace_hides_none() {
        let id = NetNsId { device: 0, inode: 1 };
        let why = |visible: &VisibleNamespaces| visible.may_hide(id, "find it".to_owned());
        let own = format!("/proc/{}", std::process::id());
        assert!(why(&with_unseen(&own)).is_none());
        assert!(why(&with_unseen("/proc/0")).is_none(), "it has ended");
        let error = why(&with_unseen("/run/netns")).unwrap();
        assert!(error.to_string().contains("/run/netns could not be looked at"), "{error}");
        let empty = VisibleNamespaces { unseen: vec![own.into()], ..VisibleNamespaces::default() };
        assert!(why(&empty).is_some() && empty.may_lack_some());
        assert!(!VisibleNamespaces::default().may_lack_some());
    }
}
