//! A container without a network, as a container runtime creates it.

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
    /// Starts a container. Its namespace has only `lo`, which is down.
    pub fn start() -> Outcome<Self> {
        need(Need::Root)?;
        Ok(Self::start_in(&NetNs::anonymous()?)?)
    }

    /// Starts a container in an existing namespace, like the second container of a pod.
    pub fn start_in(netns: &NetNs) -> io::Result<Self> {
        // It reads from a pipe without input, so it waits, and ends with this process.
        let spawn = || {
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).current_dir("/").spawn()
        };
        let process = netns.run(spawn).map_err(io::Error::other)??;
        Ok(Self { process })
    }

    /// Returns the process's id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Returns its network namespace, found by its pid.
    pub fn netns(&self) -> macvlan_core::Result<NetNs> {
        NetNs::from_pid(self.pid())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Both fail only if the process has ended and was waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
