//! Namespaces with their link already inside, made before they are needed.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::endpoint::{self, Attachment, Endpoint, IntoParent, Warm};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::netns::NetNs;
use crate::owner::Owner;

/// Namespaces with a link already inside, for containers that cannot wait.
///
/// Making the link is most of what attaching costs; here it is done beforehand. A container that
/// starts is given a namespace out of the pool, and its link then gets its name, addresses and
/// routes, in a fraction of the time. The container's process has to join that namespace, as
/// `setns(2)` and every runtime's "network namespace by path" does.
///
/// The pool does not fill itself: call [`Pool::fill`] when there is time, from whatever thread.
/// Namespaces that nobody has taken go with the pool.
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
    /// A pool of `size` namespaces, each with a macvlan in mode bridge on this parent; filled when
    /// this returns.
    pub fn pool(&self, parent: impl IntoParent, size: usize) -> Result<Pool> {
        self.pool_of(Endpoint::new("eth0", parent)?, size)
    }

    /// A pool of links of any kind, with any options that are said when a link is made: the
    /// template's kind, parent, MTU, queues, group, transmit queue length, promisc and `lo`.
    pub fn pool_of(&self, template: Endpoint, size: usize) -> Result<Pool> {
        let warm = Mutex::new(VecDeque::with_capacity(size));
        let (host, owner) = (self.clone(), Owner::here());
        let pool = Pool { host, template, size, warm, owner };
        pool.fill()?;
        Ok(pool)
    }
}

impl Pool {
    /// Makes namespaces until the pool is full again; how many were made.
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

    /// Takes a namespace out of the pool and makes its link this endpoint; from an empty pool, with
    /// one made now. The namespace ends with its handle, unless somebody has joined it by then.
    ///
    /// The endpoint may differ from the template in name, MAC address, addresses, gateways, routes,
    /// rules, alias, alternative names and address generation. If any of it is refused, the
    /// namespace is given up.
    pub fn attach(&self, endpoint: &Endpoint) -> Result<(NetNs, Attachment)> {
        self.owner.check("attach from the pool")?;
        if !endpoint.is_made_like(&self.template) {
            return Err(Error::invalid(
                "attach from the pool",
                "the endpoint differs from the pool's links in what is said when a link is made",
            )
            .on_link(endpoint.name().as_str())
            .on_parent(endpoint.parent().to_string())
            .with_hint("give it the pool's parent, kind, options, MTU, queues and so on, or attach it without the pool"));
        }
        // What is wrong with the values costs no namespace.
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

    /// How many namespaces are ready; none for a forked child.
    pub fn len(&self) -> usize {
        if self.owner.is_here() { self.lock().len() } else { 0 }
    }

    /// Whether none is ready.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The namespaces that are ready, the one to be taken next first.
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
    /// Deletes the links that nobody took, where a VLAN that was made on demand waits for that; elsewhere
    /// they go with their namespaces.
    fn drop(&mut self) {
        if self.template.parent().on_demand().is_none() || !self.owner.is_here() {
            return;
        }
        let unused = std::mem::take(&mut *self.lock());
        let parents: BTreeSet<u32> = unused.into_iter().map(Warm::cool).collect();
        for parent in parents {
            // What remains is removed by `remove_unused_parents`.
            let _released = endpoint::release_if_marked(self.host.netns(), parent);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} of {} on {})", self.len(), self.size, self.template.parent())
    }
}
