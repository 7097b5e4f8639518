//! Failures of the command: the exit status, and one line for each.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};

use macvlan_core::{Error, ErrorKind, plain};
use macvlan_network::{Error as NetworkError, ErrorKind as NetworkKind};

use crate::escape::escaped;

/// The name at the beginning of every message.
pub(crate) const NAME: &str = "macvlan";

/// The exit statuses, which are documented in the help and in `docs/command.md`.
pub(crate) mod status {
    pub(crate) const OTHER: u8 = 1;
    pub(crate) const INVALID: u8 = 2;
    pub(crate) const NOT_FOUND: u8 = 3;
    pub(crate) const EXISTS: u8 = 4;
    pub(crate) const PERMISSION: u8 = 5;
    pub(crate) const NOT_AS_WANTED: u8 = 6;
}

/// The signal that has ended the command; 0 for none.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// Records the signal that ends the command, which is the first one.
pub(crate) fn interrupted_by(signal: u32) {
    let signal = u8::try_from(signal).unwrap_or(0);
    // Fails at a further signal.
    let _ = SIGNAL.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
}

/// Returns the exit status of a command that a signal has ended, as shells report it.
pub(crate) fn interrupted() -> u8 {
    128 + SIGNAL.load(Ordering::Relaxed)
}

/// The reason why the command ends with another status than 0.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    status: u8,
    /// The number of the kind of the library's error.
    kind: Option<u32>,
    /// One line each; none if the output has said all.
    messages: Vec<String>,
    /// The help, which is shown as it is.
    help: Option<String>,
}

/// The result of a verb.
pub(crate) type Done<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: u8, message: impl Into<String>) -> Self {
        Self { status, kind: None, messages: vec![message.into()], help: None }
    }

    /// Makes a failure for arguments that cannot be used.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(status::INVALID, message)
    }

    /// Makes a failure for an object that does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(status::NOT_FOUND, message)
    }

    /// Makes a status without a message, because the output contains the reason.
    pub(crate) fn status(status: u8) -> Self {
        Self { status, kind: None, messages: Vec::new(), help: None }
    }

    /// Makes the help for a command without a verb.
    pub(crate) fn help(text: String) -> Self {
        Self { help: Some(text), ..Self::status(status::INVALID) }
    }

    /// Makes a failure of the standard output. If its reader has gone, there is no message.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::status(status::OTHER);
        }
        Self::new(status::OTHER, format!("cannot write the output: {}", plain(error)))
    }

    /// Makes a failure of a file operation: `cannot read /etc/macvlan.toml: …`.
    pub(crate) fn file(operation: &str, error: &io::Error) -> Self {
        let status = match error.kind() {
            io::ErrorKind::NotFound => status::NOT_FOUND,
            io::ErrorKind::PermissionDenied => status::PERMISSION,
            _ => status::OTHER,
        };
        Self::new(status, format!("cannot {operation}: {}", plain(error)))
    }

    /// Joins the failures of several operations; the status is the first one's.
    pub(crate) fn all(failures: Vec<Self>) -> Done {
        failures.into_iter().reduce(Self::and).map_or(Ok(()), Err)
    }

    /// Says by which command or option the library's hint is followed. Leftovers come after it.
    pub(crate) fn by(mut self, hint: Option<&str>, command: &str) -> Self {
        if let Some(message) = self.messages.first_mut() {
            let found = hint.and_then(|hint| Some(message.rfind(hint)? + hint.len()));
            message.insert_str(found.unwrap_or(message.len()), &format!(": {command}"));
        }
        self
    }

    /// Adds the messages of another failure.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.messages.extend(other.messages);
        self
    }

    /// Returns whether an object does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == status::NOT_FOUND
    }

    /// Returns whether a permission is missing.
    pub(crate) fn is_permission(&self) -> bool {
        self.status == status::PERMISSION
    }

    /// Returns the number of the kind of the library's error, if it was one.
    pub(crate) fn kind(&self) -> Option<u32> {
        self.kind
    }

    pub(crate) fn is_usage(&self) -> bool {
        self.status == status::INVALID
    }

    pub(crate) fn first_message(&self) -> &str {
        self.messages.first().map_or("", String::as_str)
    }

    /// Returns all messages as one line, for a runtime. Only a signal has none.
    pub(crate) fn in_one_line(&self) -> String {
        let all: Vec<String> = self.messages.iter().map(|message| one_line(message)).collect();
        if all.is_empty() { "interrupted by a signal".to_owned() } else { all.join("; ") }
    }

    /// Prints the messages and returns the exit status.
    pub(crate) fn report(&self) -> u8 {
        let mut all = self.help.clone().unwrap_or_default();
        for message in &self.messages {
            all.push_str(&line(message));
        }
        // There is no other place to report that standard error cannot be written.
        let _ = io::stderr().write_all(all.as_bytes());
        self.status
    }
}

/// Separates the results of several operations from their failures.
pub(crate) fn parted<T>(results: impl Iterator<Item = Done<T>>) -> (Vec<T>, Vec<Failure>) {
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => done.push(one),
            Err(failure) => failures.push(failure),
        }
    }
    (done, failures)
}

/// Prints a warning, which does not change the exit status.
pub(crate) fn warn(message: &str) {
    let _ = io::stderr().write_all(line(message).as_bytes());
}

fn line(message: &str) -> String {
    format!("{NAME}: {}\n", one_line(message))
}

fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split(['\n', '\r']).map(str::trim).collect();
    escaped(words.join(" ").trim_end(), &[])
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = of_core(&error);
        // An interrupted command says nothing, unless something is left.
        if error.kind() == ErrorKind::Cancelled && error.leftovers().is_empty() {
            return Self::status(status);
        }
        Self { kind: Some(error.kind() as u32), ..Self::new(status, error.to_string()) }
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        let core = error.core().filter(|core| core.kind() == ErrorKind::Cancelled);
        if core.is_some() && error.leftovers().next().is_none() {
            return Self::status(interrupted());
        }
        let kind = error.core().map_or(error.kind() as u32, |core| core.kind() as u32);
        let failure = Self { kind: Some(kind), ..Self::new(of_network(&error), error.to_string()) };
        match error.kind() {
            // The library's hint is to declare the host.
            NetworkKind::HostNotAlive => failure.by(error.hint(), "`macvlan network host add`"),
            _ => failure,
        }
    }
}

fn of_core(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Cancelled => interrupted(),
        ErrorKind::AddressInUse => status::NOT_AS_WANTED,
        _ if error.is_invalid_value() => status::INVALID,
        _ if error.is_not_found() => status::NOT_FOUND,
        _ if error.is_exists() => status::EXISTS,
        _ if error.is_permission_denied() => status::PERMISSION,
        _ => status::OTHER,
    }
}

fn of_network(error: &NetworkError) -> u8 {
    if let Some(core) = error.core() {
        return of_core(core);
    }
    match error.kind() {
        NetworkKind::AddressConflict => status::NOT_AS_WANTED,
        _ if error.is_invalid_value() => status::INVALID,
        _ if error.is_not_found() => status::NOT_FOUND,
        _ if error.is_exists() => status::EXISTS,
        _ if error.is_permission_denied() => status::PERMISSION,
        _ => status::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(line("cannot x: a\n  b\n"), "macvlan: cannot x: a b\n");
    }

    #[test]
    fn the_command_comes_after_the_hint() {
        let failure = Failure::usage("cannot x: a; do b; could not be undone: c");
        let failure = failure.by(Some("do b"), "`--b`");
        assert_eq!(failure.messages, ["cannot x: a; do b: `--b`; could not be undone: c"]);
    }

    #[test]
    fn several_failures_are_all_reported_with_the_first_status() {
        let all = vec![Failure::not_found("one"), Failure::usage("two")];
        let failure = Failure::all(all).unwrap_err();
        assert_eq!(failure.status, status::NOT_FOUND);
        assert_eq!(failure.messages, ["one", "two"]);
        assert!(Failure::all(Vec::new()).is_ok());
    }
}
