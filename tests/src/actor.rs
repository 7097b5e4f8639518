//! Further processes of a test program: it starts itself again, to play a part.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};

use macvlan_core::NetNs;

use crate::harness::Outcome;

/// A part and its name.
pub type Part = (&'static str, fn(&[String]) -> Outcome);

/// The environment variable that names the part.
const PART: &str = "MACVLAN_TESTS_PART";

/// A process that plays a part; killed when dropped.
#[derive(Debug)]
pub struct Actor {
    process: Child,
    says: BufReader<ChildStdout>,
}

impl Actor {
    /// Starts a process in the part of the function that [`tests!`](crate::tests) lists under this
    /// name.
    pub fn start(part: &str, arguments: &[&str]) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .env(PART, part)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let says = process.stdout.take().ok_or("the actor has no voice")?;
        Ok(Self { process, says: BufReader::new(says) })
    }

    /// Returns the process's id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the next line that it prints.
    pub fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        if self.says.read_line(&mut line)? == 0 {
            return Err(format!("an actor ended too early: {}", self.process.wait()?).into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Returns true if it has ended.
    pub fn has_ended(&mut self) -> Outcome<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Kills it as `kill -9` does, waits until it is dead, and returns its exit status.
    pub fn kill(mut self) -> Outcome<ExitStatus> {
        self.process.kill()?;
        Ok(self.process.wait()?)
    }

    /// Waits until it has ended, and returns its exit status and the lines that it printed.
    pub fn end(mut self) -> Outcome<(ExitStatus, Vec<String>)> {
        let lines: Vec<String> = self.says.by_ref().lines().collect::<Result<_, _>>()?;
        Ok((self.process.wait()?, lines))
    }

    /// Waits until it has played its part, and returns the lines that it printed. Fails if the part
    /// failed.
    pub fn finish(self) -> Outcome<Vec<String>> {
        let (status, lines) = self.end()?;
        if !status.success() {
            return Err(format!("an actor failed ({status}): {}", lines.join("\n")).into());
        }
        Ok(lines)
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // Both fail only if the process has ended and was waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a path by which another process finds a namespace, as long as this one holds it.
pub fn path_of(netns: &NetNs) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd())
}

/// Plays the part that this process was started for, if any.
pub(crate) fn play(parts: &[Part]) -> Option<ExitCode> {
    let wanted = std::env::var(PART).ok()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((_, part)) = parts.iter().find(|(name, _)| *name == wanted) else {
        println!("there is no part {wanted:?}");
        return Some(ExitCode::FAILURE);
    };
    Some(match part(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            println!("{stop:?}");
            ExitCode::FAILURE
        }
    })
}
