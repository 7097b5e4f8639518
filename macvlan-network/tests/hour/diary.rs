//! A log of all processes' actions, in one file that they append to.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use macvlan_tests::Outcome;
use nix::time::{ClockId, clock_gettime};

#[derive(Debug)]
pub(crate) struct Diary {
    path: PathBuf,
    file: File,
    who: String,
}

impl Diary {
    pub(crate) fn open(path: &Path, who: &str) -> Outcome<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, who: who.to_owned() })
    }

    pub(crate) fn called(&self, who: &str) -> Outcome<Self> {
        Self::open(&self.path, who)
    }

    /// Appends a line with one write, which is atomic.
    pub(crate) fn note(&self, what: &str) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
        let line = format!("{:.4} {} {}\n", now.as_secs_f64(), self.who, what.replace('\n', " | "));
        // A failure to log must not fail the test.
        let _ = (&self.file).write_all(line.as_bytes());
    }

    /// Starts a new file, as earlier lines are no longer needed.
    pub(crate) fn turn_over(&self) -> Outcome {
        Ok(self.file.set_len(0)?)
    }

    pub(crate) fn last(&self, lines: usize) -> Outcome<String> {
        let text = String::from_utf8_lossy(&std::fs::read(&self.path)?).into_owned();
        let all: Vec<&str> = text.lines().collect();
        Ok(all[all.len().saturating_sub(lines)..].join("\n"))
    }
}
