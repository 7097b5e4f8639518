//! Files that could not be inspected, and whether a namespace may be behind them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netns::presence::{hidden_processes, shows_all_processes};
use crate::netns::visible::{Cause, VisibleNamespaces, is_gone, mounted};
use crate::netns::{NetNs, Presence};

impl VisibleNamespaces {
    /// Returns the state of a namespace, given by its inode number and a check that distinguishes
    /// it from others with a reused number.
    pub(super) fn presence(
        &self,
        inode: u64,
        is_it: impl Fn(&NetNs) -> Result<bool>,
        operation: String,
    ) -> Presence {
        let found = self.namespaces.iter().find(|one| one.id.inode == inode);
        let opened = found.map(|found| -> Result<_> {
            let netns = found.open()?;
            Ok(is_it(&netns)?.then_some(netns))
        });
        match opened {
            Some(Ok(Some(netns))) => Presence::There(netns),
            // Another namespace has the number, and only one can have it at a time.
            Some(Ok(None)) => Presence::Gone,
            Some(Err(error)) if error.kind() != ErrorKind::NamespaceGone => {
                Presence::Unknown(error)
            }
            Some(Err(_)) | None => match self.may_hide(inode, operation) {
                Some(error) => Presence::Unknown(error),
                None => Presence::Gone,
            },
        }
    }

    /// Returns the reason why a namespace that was not found may still exist, or `None` if it
    /// cannot.
    fn may_hide(&self, inode: u64, operation: String) -> Option<Error> {
        self.hidden_by(&self.hiding(|other| other != inode), operation)
    }

    /// Returns the error for what may be behind files that could not be inspected, if there are any.
    fn hidden_by(&self, hiding: &[&PathBuf], operation: String) -> Option<Error> {
        let others = match hiding.get(1..)?.len() {
            0 => String::new(),
            1 => " and 1 other".to_owned(),
            others => format!(" and {others} others"),
        };
        let first = hiding.first()?.display();
        let cause = format!("not found, and {first}{others} could not be inspected");
        let causes = || hiding.iter().filter_map(|path| self.causes.get(*path));
        let few = causes().find_map(|cause| match cause {
            Cause::Refused(errno @ (Errno::EMFILE | Errno::ENFILE)) => Some(*errno),
            _ => None,
        });
        if let Some(errno) = few {
            let cause = format!("{cause}: {}", errno.desc());
            return Some(
                Error::new(ErrorKind::System, operation, cause)
                    .errno_is(errno)
                    .with_hint("raise the limit of open files (RLIMIT_NOFILE)"),
            );
        }
        let covered = causes().any(|cause| matches!(cause, Cause::Covered(_)));
        Some(Error::new(ErrorKind::PermissionDenied, operation, cause).with_hint(if covered {
            "unmount the covering mount, or run with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
        } else {
            "run with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or pass an open handle on the namespace"
        }))
    }

    /// Returns whether there may be namespaces that were not found.
    pub(crate) fn may_lack_some(&self) -> bool {
        !self.hiding_others().is_empty()
    }

    /// Returns the reason why there may be namespaces that were not found, or `None` if these are
    /// all namespaces of the machine, as far as `/proc` can show.
    #[doc(hidden)] // for the crate of networks
    pub fn why_incomplete(&self, operation: String) -> Option<Error> {
        if shows_all_processes() {
            self.hidden_by(&self.hiding_others(), operation)
        } else {
            Some(hidden_processes(operation))
        }
    }

    fn hiding_others(&self) -> Vec<&PathBuf> {
        self.hiding(|inode| self.namespaces.iter().any(|found| found.id.inode == inode))
    }

    /// Returns the files that could not be inspected and may lead to a namespace that was not
    /// found, without those that are known to lead elsewhere.
    ///
    /// For a process that may not be inspected, `/proc` still shows to everybody the namespaces of
    /// its threads and its mounts. Its descriptors stay hidden and may lead anywhere.
    fn hiding(&self, is_known: impl Fn(u64) -> bool) -> Vec<&PathBuf> {
        if self.unseen.is_empty() {
            return Vec::new();
        }
        let pids = self.namespaces.iter().flat_map(|found| &found.pids);
        let tables: HashSet<u64> =
            pids.filter_map(|pid| table(Path::new(&format!("/proc/{pid}"))).ok()).collect();
        // An unreadable entry is not evidence that it leads elsewhere.
        let may_hide = |path: &&PathBuf| match self.causes.get(*path) {
            Some(Cause::Covered(inode)) => !is_known(*inode),
            _ => !is_elsewhere(path, &tables, &is_known).is_ok_and(|elsewhere| elsewhere),
        };
        self.unseen.iter().filter(may_hide).collect()
    }
}

/// Returns whether all threads of a process are in known namespaces, and no other namespace is
/// mounted for it.
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

/// Returns the inode number of a file that exists once per network namespace.
fn table(thread: &Path) -> io::Result<u64> {
    fs::metadata(thread.join("net/dev")).map(|table| table.ino())
}

#[cfg(test)]
mod tests {
    use nix::libc;

    use super::*;

    fn with_unseen(path: &str) -> VisibleNamespaces {
        VisibleNamespaces { unseen: vec![path.into()], ..NetNs::visible() }
    }

    #[test]
    fn a_process_in_a_known_namespace_hides_none() {
        let why = |visible: &VisibleNamespaces| visible.may_hide(1, "find it".to_owned());
        let own = format!("/proc/{}", std::process::id());
        assert!(why(&with_unseen(&own)).is_none());
        assert!(why(&with_unseen("/proc/0")).is_none(), "it has ended");
        let error = why(&with_unseen("/run/netns")).unwrap();
        assert!(error.to_string().contains("/run/netns could not be inspected"), "{error}");
        let mut few = with_unseen("/run/netns");
        few.causes.insert("/run/netns".into(), Cause::Refused(Errno::EMFILE));
        let error = why(&few).unwrap();
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::System, Some(libc::EMFILE)),
            "{error}"
        );
        // The covered namespace is known, and may be another one.
        for (inode, hides) in [(1, true), (2, false)] {
            let mut covered = with_unseen("/mnt/ns");
            covered.causes.insert("/mnt/ns".into(), Cause::Covered(inode));
            assert_eq!(why(&covered).is_some(), hides);
        }
        let empty = VisibleNamespaces { unseen: vec![own.into()], ..VisibleNamespaces::default() };
        assert!(why(&empty).is_some() && empty.may_lack_some());
        assert!(!VisibleNamespaces::default().may_lack_some());
    }
}
