//! Attaches and detaches many endpoints at once, and detaches in the background.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::endpoint::{self, Attachment, Detached, Endpoint, Visible};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::netns::{NetNs, NetNsId};
use crate::owner::Owner;

/// A deletion needs little stack.
const STACK: usize = 256 * 1024;

/// The number of concurrent deletions. Each waits for the kernel's RCU barrier, which serves all
/// waiters together.
const THREADS: usize = 64;

impl Host {
    /// Attaches many endpoints one by one and returns the results in order.
    ///
    /// A failure does not stop the others.
    ///
    /// Threads would not be faster, because the kernel creates one link at a time (its RTNL lock).
    pub fn attach_all<'a>(
        &self,
        items: impl IntoIterator<Item = (&'a Endpoint, &'a NetNs)>,
    ) -> Vec<Result<Attachment>> {
        items.into_iter().map(|(endpoint, netns)| self.attach(endpoint, netns)).collect()
    }

    /// Detaches many attachments and returns the results in order.
    ///
    /// A failure does not stop the others.
    ///
    /// Deleting a link waits about 16 ms in the kernel without blocking others, so these waits
    /// overlap: the links of one namespace are deleted by one request, and up to 64 threads handle
    /// different namespaces.
    pub fn detach_all<'a>(
        &self,
        attachments: impl IntoIterator<Item = &'a Attachment>,
    ) -> Vec<Result<Detached>> {
        let attachments: Vec<&Attachment> = attachments.into_iter().collect();
        let mut by_netns: HashMap<NetNsId, Vec<usize>> = HashMap::new();
        for (at, attachment) in attachments.iter().enumerate() {
            by_netns.entry(attachment.netns_id()).or_default().push(at);
        }
        let groups: Vec<Vec<usize>> = by_netns.into_values().collect();
        let results: Vec<Mutex<Option<Result<Detached>>>> =
            attachments.iter().map(|_| Mutex::new(None)).collect();
        let (next, visible) = (AtomicUsize::new(0), Visible::new());
        let work = || {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                let members: Vec<&Attachment> = group.iter().map(|at| attachments[*at]).collect();
                for (at, result) in group.iter().zip(endpoint::detach_together(&members, &visible))
                {
                    *results[*at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            // This thread works as well, so the work is done even if no thread can be started.
            for _ in 1..groups.len().min(THREADS) {
                let builder = std::thread::Builder::new().name("macvlan-detach".to_owned());
                match builder.stack_size(STACK).spawn_scoped(scope, work) {
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            work();
        });
        // A parent made on demand is removed with its last user, so parents come last.
        let parents = attachments.iter().map(|attachment| attachment.parent_index());
        let mut parents: Vec<u32> = parents.collect();
        parents.sort_unstable();
        parents.dedup();
        let released: HashMap<u32, Error> = parents
            .into_iter()
            .filter_map(|parent| {
                Some((parent, endpoint::release_if_marked(self.netns(), parent).err()?))
            })
            .collect();
        let mut told = released;
        results
            .into_iter()
            .zip(&attachments)
            .map(|(result, attachment)| {
                let result = result.into_inner().unwrap_or_else(PoisonError::into_inner);
                let done = result.unwrap_or_else(|| Err(lost()))?;
                told.remove(&attachment.parent_index()).map_or(Ok(done), Err)
            })
            .collect()
    }

    /// Detaches in the background, on a new thread, and returns after some ten microseconds.
    ///
    /// Without a new thread, it detaches before it returns. If the process ends first, the link may
    /// remain.
    pub fn detach_later(&self, attachment: &Attachment) -> DetachHandle {
        let (host, its) = (self.clone(), attachment.clone());
        let builder = std::thread::Builder::new().name("macvlan-detach".to_owned());
        let spawned = builder.stack_size(STACK).spawn(move || host.detach(&its));
        let here = |_| Progress::Done(self.detach(attachment));
        let elsewhere = |thread| Progress::Elsewhere(thread, Owner::here());
        DetachHandle(spawned.map_or_else(here, elsewhere))
    }
}

/// A detach in progress, from [`Host::detach_later`]. Dropping it does not stop the detach.
///
/// ```no_run
/// # use macvlan_core::{Attachment, Host};
/// # fn example(host: &Host, attachment: &Attachment) -> macvlan_core::Result<()> {
/// let detaching = host.detach_later(attachment);
/// // The container's other resources are released here.
/// detaching.wait()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DetachHandle(Progress);

#[derive(Debug)]
enum Progress {
    Elsewhere(JoinHandle<Result<Detached>>, Owner),
    Done(Result<Detached>),
}

impl DetachHandle {
    /// Returns whether the detach has ended.
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Progress::Elsewhere(thread, _) => thread.is_finished(),
            Progress::Done(_) => true,
        }
    }

    /// Waits for the result.
    ///
    /// # Errors
    ///
    /// As for [`Host::detach`], and [`ErrorKind::InvalidValue`] in a forked child, which does not
    /// have the thread.
    pub fn wait(self) -> Result<Detached> {
        match self.0 {
            Progress::Elsewhere(thread, owner) => {
                owner.check("wait for the detach")?;
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            Progress::Done(result) => result,
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Bug, "detach", "the deletion was not run")
}
