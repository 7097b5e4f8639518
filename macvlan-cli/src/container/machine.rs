//! systemd-nspawn, by the state files of systemd-machined.

use std::fs;
use std::io;
use std::path::Path;

use crate::container::candidate::{Candidate, is_plain};
use crate::failure::{Done, Failure};

const MACHINES: &str = "/run/systemd/machines";

/// Finds a machine by its name.
pub(super) fn find(text: &str) -> Done<Vec<Candidate>> {
    if !is_plain(text) {
        return Ok(Vec::new());
    }
    let path = Path::new(MACHINES).join(text);
    match fs::read_to_string(&path) {
        Ok(state) => Ok(leader(&state)
            .map(|pid| Candidate { id: text.to_owned(), name: None, pid, namespace: None })
            .into_iter()
            .collect()),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(Failure::file(&format!("read {}", path.display()), &error)),
    }
}

/// Returns the pid of a machine's first process.
fn leader(state: &str) -> Option<u32> {
    state.lines().find_map(|line| line.strip_prefix("LEADER=")?.trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leader_is_in_the_state() {
        let state =
            "# This is private data. Do not parse.\nNAME=deb\nLEADER=2084\nCLASS=container\n";
        assert_eq!(leader(state), Some(2084));
        assert_eq!(leader("NAME=deb\n"), None);
    }
}
