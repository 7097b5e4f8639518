//! The contenders: the floor, the library, and programs that use it from other languages.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_core::{Endpoint, Host, NetNs};

use crate::Outcome;
use crate::stage::PARENT;
use crate::work;

/// A contender that gives a container its interface, and is timed.
pub trait Contender {
    /// Returns its name in the table.
    fn name(&self) -> &str;

    /// Does the complete [`work`] for the container of this process, from the pid to closing the
    /// last descriptor. Returns the time.
    fn attach(&mut self, pid: u32) -> Outcome<Duration>;

    /// Deletes the interface. Returns the time.
    fn detach(&mut self, pid: u32) -> Outcome<Duration>;

    /// Takes part once in this many rounds, so that slow contenders do not delay the others.
    fn every(&self) -> usize {
        1
    }

    /// True if it sets up only IPv4.
    fn only_v4(&self) -> bool {
        false
    }
}

/// The library, as a Rust program uses it.
#[derive(Debug)]
pub struct Rust {
    host: Host,
    endpoint: Endpoint,
}

impl Rust {
    /// Creates it in the calling thread's namespace.
    pub fn new() -> Outcome<Self> {
        Ok(Self { host: Host::open()?, endpoint: work::endpoint(PARENT)? })
    }
}

impl Contender for Rust {
    fn name(&self) -> &'static str {
        "Rust"
    }

    fn attach(&mut self, pid: u32) -> Outcome<Duration> {
        let start = Instant::now();
        let netns = NetNs::from_pid(pid)?;
        let attachment = self.host.attach(&self.endpoint, &netns)?;
        drop((attachment, netns));
        Ok(start.elapsed())
    }

    fn detach(&mut self, pid: u32) -> Outcome<Duration> {
        let start = Instant::now();
        let netns = NetNs::from_pid(pid)?;
        for attachment in self.host.attachments(&netns)? {
            self.host.detach(&attachment)?;
        }
        Ok(start.elapsed())
    }
}

/// A program that reads a pid per line and answers with the time in nanoseconds.
///
/// It is started in the host's namespace with the parent's name as its last argument. It reads pids
/// from its standard input until that ends, does the [`work`] for each, and prints one number per
/// line. For a pid with a minus sign, it deletes the interface.
#[derive(Debug)]
pub struct Program {
    name: String,
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    every: usize,
    only_v4: bool,
}

impl Program {
    /// Starts it in the calling thread's namespace. The command is split at spaces.
    pub fn start(name: &str, command: &str) -> Outcome<Self> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or("an empty command")?;
        let mut process = Command::new(program)
            .args(words)
            .arg(PARENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().ok_or("no pipe to read from")?);
        Ok(Self { name: name.to_owned(), process, to, from, every: 1, only_v4: false })
    }

    /// Makes it take part once in this many rounds.
    #[must_use]
    pub fn once_in(mut self, every: usize) -> Self {
        self.every = every;
        self
    }

    /// Marks it as setting up only IPv4.
    #[must_use]
    pub fn without_v6(mut self) -> Self {
        self.only_v4 = true;
        self
    }

    fn ask(&mut self, what: &str) -> Outcome<Duration> {
        let to = self.to.as_mut().ok_or("no pipe to write to")?;
        writeln!(to, "{what}")?;
        to.flush()?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let nanoseconds =
            line.trim().parse().map_err(|_| format!("{} answers {line:?}", self.name))?;
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Contender for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn attach(&mut self, pid: u32) -> Outcome<Duration> {
        self.ask(&pid.to_string())
    }

    fn detach(&mut self, pid: u32) -> Outcome<Duration> {
        self.ask(&format!("-{pid}"))
    }

    fn every(&self) -> usize {
        self.every
    }

    fn only_v4(&self) -> bool {
        self.only_v4
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program ends with its input.
        self.to = None;
        let _ = self.process.wait();
    }
}
