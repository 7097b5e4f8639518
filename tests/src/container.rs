//! A container, as a container runtime that gives it no network would leave it.

use std::io;
use std::process::{Child, Command, Stdio};

use macvlan_core::NetNs;

use crate::harness::Outcome;
use crate::need::{Need, need};

/// A process in a new network namespace; killed when dropped.
#[derive(Debug)]
pub struct Container {
    process: Child,
}

impl Container {
    /// Starts one: there is nothing in its namespace but `lo`, which is down.
    pub fn start() -> Outcome<Self> {
        need(Need::Root)?;
        Ok(Self::start_in(&NetNs::anonymous()?)?)
    }

    /// Starts one in a namespace that exists, as the second container of a pod is.
    pub fn start_in(netns: &NetNs) -> io::Result<Self> {
        // It reads from a pipe that nobody writes to, so it waits, and ends when this process does.
        let spawn = || {
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).current_dir("/").spawn()
        };
        let process = netns.run(spawn).map_err(io::Error::other)??;
        Ok(Self { process })
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its network namespace, found by its pid.
    pub fn netns(&self) -> macvlan_core::Result<NetNs> {
        NetNs::from_pid(self.pid())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Both fail only if the process has ended and been waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
