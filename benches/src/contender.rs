//! Those who do the work: the floor, the library, and programs that use it from other languages.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_core::{Endpoint, Host, NetNs};

use crate::Outcome;
use crate::stage::PARENT;
use crate::work;

/// Somebody who gives a container its interface, and is timed.
pub trait Contender {
    /// What it is called in the table.
    fn name(&self) -> &str;

    /// Does the [`work`] for the container of this process, all of it, from the pid to
    /// the last descriptor closed; how long that took.
    fn attach(&mut self, pid: u32) -> Outcome<Duration>;

    /// Takes the interface away again; how long that took.
    fn detach(&mut self, pid: u32) -> Outcome<Duration>;

    /// In how many rounds it takes part once: the slow do not hold up the others all the time.
    fn every(&self) -> usize {
        1
    }

    /// Whether it does IPv4 alone.
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
    /// On the namespace that the calling thread is in.
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

/// A program that is given a pid a line and answers with the nanoseconds that it took.
///
/// It is started in the host's namespace with the parent's name as its last argument, reads pids from
/// its standard input until that ends, does the [`work`] for each, and prints one number a line. For a
/// pid with a minus sign before it, it takes the interface away.
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
    /// Starts it, in the namespace that the calling thread is in. The command is split at spaces.
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

    /// Has it take part once in so many rounds.
    #[must_use]
    pub fn once_in(mut self, every: usize) -> Self {
        self.every = every;
        self
    }

    /// Takes it to do IPv4 alone.
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
        // The end of its input is the program's end.
        self.to = None;
        let _ = self.process.wait();
    }
}
