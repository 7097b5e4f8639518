//! Rewrites a network's part of a hosts file in place, since the file may be mounted into
//! containers.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, Flock, fallocate};

use crate::error::{Error, Result};
use crate::file_lock;

/// Changes a file's text, one process at a time.
///
/// The file keeps its inode, owner and mode, and if it cannot be written, its text.
pub(crate) fn change(path: &Path, edit: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let fails = |error| Error::file(format!("write {}", path.display()), error);
    let file = locked(path)?;
    let mut old = Vec::new();
    (&*file).read_to_end(&mut old).map_err(fails)?;
    let new = edit(&old)?;
    if new == old { Ok(()) } else { overwrite(&file, &old, &new).map_err(fails) }
}

/// Opens or creates a file, and locks it.
fn locked(path: &Path) -> Result<Flock<File>> {
    let operation = || format!("write {}", path.display());
    let fails = |error| Error::file(operation(), error);
    loop {
        let mut options = fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(fails)?;
        // Reading a pipe waits for a writer, and a device may have no end.
        if !file.metadata().map_err(fails)?.is_file() {
            return Err(Error::invalid(operation(), "it is not a regular file"));
        }
        let file = file_lock::lock(file, operation)?;
        // Another program may have replaced the file in the meantime.
        let (ours, there) = (file.metadata().map_err(fails)?, fs::metadata(path));
        if there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

/// Overwrites a file so that a concurrent reader sees the new text, followed by empty lines at
/// most.
fn overwrite(file: &File, old: &[u8], new: &[u8]) -> io::Result<()> {
    let length = |text: &[u8]| u64::try_from(text.len()).unwrap_or(u64::MAX);
    let write = || -> io::Result<()> {
        reserve(file, old, new)?;
        let mut padded = new.to_vec();
        padded.resize(new.len().max(old.len()), b'\n');
        file.write_all_at(&padded, 0)?;
        file.set_len(length(new))?;
        file.sync_all()
    };
    write().inspect_err(|_| {
        // The old text needs no more space than is allocated.
        let _ = file.write_all_at(old, 0).and_then(|()| file.set_len(length(old)));
    })
}

/// Allocates the space for a longer text before any of the old text is overwritten.
fn reserve(file: &File, old: &[u8], new: &[u8]) -> io::Result<()> {
    let Some(more) = new.get(old.len()..).filter(|more| !more.is_empty()) else { return Ok(()) };
    let length = |text: &[u8]| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let flags = FallocateFlags::FALLOC_FL_KEEP_SIZE;
    match fallocate(file, flags, length(old), length(more)) {
        // Not all file systems support this; then the end of the new text is written first.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => {
            file.write_all_at(more, old.len() as u64)?;
            file.sync_all()
        }
        done => Ok(done?),
    }
}

/// Returns a text with a network's part replaced, or added at the end.
pub(crate) fn replace_part(old: &[u8], network: &str, lines: &str) -> Vec<u8> {
    let (begin, end) = (mark(network, "begin"), mark(network, "end"));
    let newline = if old.windows(2).any(|two| two == b"\r\n") { "\r\n" } else { "\n" };
    let part = match lines {
        "" => String::new(),
        lines => format!("{begin}\n{lines}{end}\n").replace('\n', newline),
    };
    let mut part = Some(part.as_bytes());
    let all: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let (mut made, mut rest) = (Vec::new(), all.as_slice());
    while let [line, behind @ ..] = rest {
        rest = behind;
        if line.trim_ascii_end() == begin.as_bytes() {
            rest = &behind[length_of_part(behind, network, &end)..];
            made.extend_from_slice(part.take().unwrap_or_default());
        } else if line.trim_ascii_end() != end.as_bytes() {
            made.extend_from_slice(line);
        }
    }
    if let Some(part) = part.filter(|part| !part.is_empty()) {
        if made.last().is_some_and(|last| *last != b'\n') {
            made.extend_from_slice(newline.as_bytes());
        }
        made.extend_from_slice(part);
    }
    made
}

fn mark(network: &str, which: &str) -> String {
    format!("# macvlan-network {network}: {which}")
}

/// Returns how many of the lines after a begin mark are the network's: those up to its end mark.
///
/// If the end mark is lost, only lines in the exact form of [`line`] are counted.
fn length_of_part(lines: &[&[u8]], network: &str, end: &str) -> usize {
    let is_mark = |line: &&[u8]| line.starts_with(b"# macvlan-network ");
    let next = lines.iter().position(is_mark);
    match next.filter(|next| lines[*next].trim_ascii_end() == end.as_bytes()) {
        Some(next) => next + 1,
        None => lines.iter().take_while(|line| is_written(line, network)).count(),
    }
}

/// Returns whether a line has the form of [`line`].
fn is_written(text: &[u8], network: &str) -> bool {
    let parts = std::str::from_utf8(text.trim_ascii_end()).ok().and_then(|text| {
        let (address, names) = text.split_once('\t')?;
        Some((address.parse().ok()?, names.split(' ').step_by(2).collect::<Vec<_>>()))
    });
    parts.is_some_and(|(address, names)| {
        line(address, &names, network).as_bytes().trim_ascii_end() == text.trim_ascii_end()
    })
}

/// Formats the line for one address of a container with these names.
pub(crate) fn line(address: IpAddr, names: &[&str], network: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name} {name}.{network}")).collect();
    format!("{address}\t{}\n", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str, network: &str, lines: &str) -> String {
        String::from_utf8(replace_part(text.as_bytes(), network, lines)).unwrap()
    }

    const HOSTS: &str = "127.0.0.1\tlocalhost\n";
    const PART: &str =
        "# macvlan-network lan: begin\n10.0.0.2\ta a.lan\n# macvlan-network lan: end\n";

    #[test]
    fn only_the_networks_own_part_changes() {
        let once = replaced(HOSTS, "lan", "10.0.0.2\ta a.lan\n");
        assert_eq!(once, format!("{HOSTS}{PART}"));
        let both = replaced(&once, "lan2", "10.1.0.2\tb b.lan2\n");
        assert_eq!(replaced(&both, "lan2", ""), once);
        assert_eq!(replaced(&once, "lan", ""), HOSTS);
        // The part stays at its place.
        let between = format!("{HOSTS}{PART}::1\tlocalhost");
        assert_eq!(replaced(&between, "lan", "10.0.0.2\ta a.lan\n"), between);
        let twice = format!("{PART}{HOSTS}{PART}");
        assert_eq!(replaced(&twice, "lan", "10.0.0.2\ta a.lan\n"), format!("{PART}{HOSTS}"));
    }

    #[test]
    fn a_lost_mark_takes_nothing_else_with_it() {
        let (begin, end) = ("# macvlan-network lan: begin\n", "# macvlan-network lan: end\n");
        let others = "10.1.2.3\timportant\n10.0.0.9\tb b.lan and more\n";
        let ours = "10.0.0.3\tb b.lan\nfd00::3\tb b.lan\n";
        let lines = "10.0.0.2\ta a.lan\n";
        for (text, wanted) in [
            (format!("{begin}{ours}{others}"), format!("{PART}{others}")),
            (format!("{begin}{others}{ours}"), format!("{PART}{others}{ours}")),
            (format!("{others}{ours}{end}"), format!("{others}{ours}{PART}")),
            (format!("{begin}{ours}{others}{PART}"), format!("{PART}{others}")),
            (format!("{begin}{others}{}", PART.replace("lan", "x")), {
                format!("{PART}{others}{}", PART.replace("lan", "x"))
            }),
            (format!("{HOSTS}{}", begin.trim_end()), format!("{HOSTS}{PART}")),
        ] {
            assert_eq!(replaced(&text, "lan", lines), wanted, "{text}");
        }
    }

    #[test]
    fn line_ends_are_the_files() {
        let windows = HOSTS.replace('\n', "\r\n");
        let once = replaced(&windows, "lan", "10.0.0.2\ta a.lan\n");
        assert_eq!(once, format!("{HOSTS}{PART}").replace('\n', "\r\n"));
        assert_eq!(replaced(&once, "lan", ""), windows);
        assert_eq!(
            replaced(HOSTS.trim_end(), "lan", "10.0.0.2\ta a.lan\n"),
            format!("{HOSTS}{PART}")
        );
        let latin = [b"10.0.0.1 caf\xe9\n".as_slice(), PART.as_bytes()].concat();
        assert_eq!(replace_part(&latin, "lan", ""), b"10.0.0.1 caf\xe9\n");
    }
}
