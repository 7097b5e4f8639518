//! Namespaces with links that are created in advance.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::endpoint::{self, Attachment, Endpoint, IntoParent, Warm};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::netns::NetNs;
use crate::owner::Owner;

/// A pool of namespaces with a link inside, for containers that start quickly.
///
/// Creating the link is the largest part of an attach; the pool does this in advance.
/// [`Pool::attach`] takes a namespace and gives its link the name, addresses and routes, in a
/// fraction of the time. The container's process has to join this namespace, by `setns(2)` or a
/// runtime's "network namespace by path".
///
/// The pool does not refill itself: call [`Pool::fill`], from any thread. Namespaces that are not
/// taken end with the pool.
///
/// ```no_run
/// use macvlan_core::{Endpoint, Host};
/// let pool = Host::open()?.pool("ens33", 16)?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.address("10.0.0.2/24".parse()?);
/// let (netns, attachment) = pool.attach(&endpoint)?; // for the container's process to join
/// pool.fill()?;
/// # let _ = (netns, attachment);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
pub struct Pool {
    host: Host,
    template: Endpoint,
    size: usize,
    warm: Mutex<VecDeque<Warm>>,
    owner: Owner,
}

impl Host {
    /// Makes and fills a pool of `size` namespaces with a macvlan in mode bridge on a parent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the parent's name is invalid;
    /// otherwise as for [`Host::attach`].
    pub fn pool(&self, parent: impl IntoParent, size: usize) -> Result<Pool> {
        self.pool_of(Endpoint::new("eth0", parent)?, size)
    }

    /// Makes and fills a pool of `size` namespaces with a link like a template.
    ///
    /// The template sets everything that is fixed when a link is created: kind, parent, MTU,
    /// queues, group, transmit queue length, promisc and `lo`.
    ///
    /// # Errors
    ///
    /// As for [`Host::attach`].
    pub fn pool_of(&self, template: Endpoint, size: usize) -> Result<Pool> {
        let warm = Mutex::new(VecDeque::with_capacity(size));
        let (host, owner) = (self.clone(), Owner::here());
        let pool = Pool { host, template, size, warm, owner };
        pool.fill()?;
        Ok(pool)
    }
}

impl Pool {
    /// Fills the pool and returns the number of namespaces that were added.
    ///
    /// # Errors
    ///
    /// As for [`Host::attach`]; [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) in a
    /// forked child.
    pub fn fill(&self) -> Result<usize> {
        self.owner.check("fill the pool")?;
        let mut made = 0;
        while self.len() < self.size {
            let warm = endpoint::warm(self.host.netns(), &self.template, self.host.cancels())?;
            self.lock().push_back(warm);
            made += 1;
        }
        Ok(made)
    }

    /// Takes a namespace from the pool and attaches an endpoint with its link.
    ///
    /// If the pool is empty, creates one.
    ///
    /// The namespace exists until the handle is dropped and the last process in it ends. The
    /// endpoint may differ from the template in name, MAC address, addresses, gateways, routes,
    /// rules, alias, alternative names and address generation mode. On a failure, the namespace is
    /// discarded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the endpoint differs in other
    /// respects; otherwise as for [`Host::attach`].
    pub fn attach(&self, endpoint: &Endpoint) -> Result<(NetNs, Attachment)> {
        self.owner.check("attach from the pool")?;
        if !endpoint.is_made_like(&self.template) {
            return Err(Error::invalid(
                "attach from the pool",
                "the endpoint differs from the pool's links in an option that is fixed at creation",
            )
            .on_link(endpoint.get_name().as_str())
            .on_parent(endpoint.get_parent().to_string())
            .with_hint("use the pool's parent, kind, options, MTU, queues and so on, or attach it without the pool"));
        }
        // An invalid endpoint does not cost a namespace.
        let plan = endpoint.plan()?;
        let taken = self.lock().pop_front();
        let warm = match taken {
            Some(warm) => warm,
            None => endpoint::warm(self.host.netns(), &self.template, self.host.cancels())?,
        };
        let attachment =
            endpoint::attach_warm(self.host.netns(), endpoint, plan, &warm, self.host.cancels())?;
        Ok((warm.netns, attachment))
    }

    /// Returns the number of available namespaces; 0 in a forked child.
    pub fn len(&self) -> usize {
        if self.owner.is_here() { self.lock().len() } else { 0 }
    }

    /// Returns whether no namespace is available.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the available namespaces, the next one first.
    pub fn namespaces(&self) -> Vec<NetNs> {
        if !self.owner.is_here() {
            return Vec::new();
        }
        self.lock().iter().map(|warm| warm.netns.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Warm>> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    /// Deletes the remaining links if their parent is a VLAN made on demand, which is then removed;
    /// other links end with their namespaces.
    fn drop(&mut self) {
        if self.template.get_parent().on_demand().is_none() || !self.owner.is_here() {
            return;
        }
        let unused = std::mem::take(&mut *self.lock());
        let parents: BTreeSet<u32> = unused.into_iter().map(Warm::cool).collect();
        for parent in parents {
            // `remove_unused_parents` removes a VLAN that remains.
            let _released = endpoint::release_if_marked(self.host.netns(), parent);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} of {} on {})", self.len(), self.size, self.template.get_parent())
    }
}
