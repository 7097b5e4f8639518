//! The hosts of a store for many hosts: which are alive, and which are declared.

use crate::error::Result;
use crate::life::HostStatus;
use crate::networks::Networks;

impl Networks {
    /// Returns the hosts that the store knows, also dead ones, ordered by name.
    ///
    /// There are none in a store for one machine.
    ///
    /// # Errors
    ///
    /// As for every [`Store`](crate::Store#errors).
    pub fn hosts(&self) -> Result<Vec<HostStatus>> {
        self.store().hosts()
    }

    /// Checks that leases outlive this process, if the store was opened for that
    /// (`EtcdOptions::life`).
    ///
    /// Connecting checks it as well.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostNotAlive`](crate::ErrorKind::HostNotAlive) if no agent runs on this host
    /// and it is not declared; otherwise as for every [`Store`](crate::Store#errors).
    pub fn check_life(&self) -> Result<()> {
        self.store().check_life()
    }

    /// Declares that a host is alive, whether or not one of its processes is, also across reboots.
    ///
    /// Only the host itself then releases the leases of its containers, until
    /// [`Networks::forget_host`] is called. Returns false if it is already declared.
    ///
    /// A host that is not alive yet can be declared ahead: the first machine that uses the name
    /// gets it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name is invalid, or if
    /// the store serves one machine, whose leases need no declaration; otherwise as for every
    /// [`Store`](crate::Store#errors).
    pub fn declare_host(&self, name: &str) -> Result<bool> {
        self.store().declare_host(name)
    }

    /// Ends the declaration of a host; false if there is none, as in a store for one machine.
    ///
    /// On another host this is for one that is gone for good: it then counts as dead, other hosts
    /// collect the leases of its containers, and another machine may use its name. The addresses of
    /// its containers are given to others, so these must no longer run. If the host returns, it is
    /// treated like one that was away: see [`Networks::reconcile`].
    ///
    /// On the host itself it is for one that gets an agent, or no more containers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HostAlive`](crate::ErrorKind::HostAlive) while a process of another host has
    /// the store open, and after one was killed, until the host no longer counts as alive; on the
    /// host itself, while it has leases and no agent; otherwise as for every
    /// [`Store`](crate::Store#errors).
    pub fn forget_host(&self, name: &str) -> Result<bool> {
        self.store().forget_host(name)
    }
}
