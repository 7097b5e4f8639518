//! Many at once: attaching and detaching by the hundred, and detaching without waiting.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::endpoint::{self, Attachment, Detached, Endpoint, Visible};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::netns::{NetNs, NetNsId};

/// A deletion needs little.
const STACK: usize = 256 * 1024;

/// How many deletions wait at once. Each waits for the kernel's RCU barrier, which serves all who
/// wait for it together.
const THREADS: usize = 64;

impl Host {
    /// Attaches many, one after the other: a result for each, in their order, and a failure does not
    /// stop the others.
    ///
    /// The kernel makes one link at a time (its RTNL lock), so there is nothing to be gained from
    /// threads; [`Host`] can be shared by threads that have other things to do in between.
    pub fn attach_all<'a>(
        &self,
        items: impl IntoIterator<Item = (&'a Endpoint, &'a NetNs)>,
    ) -> Vec<Result<Attachment>> {
        items.into_iter().map(|(endpoint, netns)| self.attach(endpoint, netns)).collect()
    }

    /// Detaches many: a result for each, in their order, and a failure does not stop the others.
    ///
    /// Deleting a link waits about 16 ms for the kernel without keeping others from it, so here the
    /// waits overlap: those in one namespace are deleted by one request, and namespaces are dealt
    /// with by up to 64 threads.
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
                for (at, result) in
                    group.iter().zip(endpoint::detach_together(self.netns(), &members, &visible))
                {
                    *results[*at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            // This thread works too, so all is done even where no thread can be made.
            for _ in 1..groups.len().min(THREADS) {
                let builder = std::thread::Builder::new().name("macvlan-detach".to_owned());
                match builder.stack_size(STACK).spawn_scoped(scope, work) {
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            work();
        });
        // A parent made on demand goes with its last user, so its turn comes at the end.
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

    /// Detaches without waiting: a thread does it, and tells the result to whoever asks for it.
    ///
    /// Returns in some ten microseconds. Where no thread can be made, it is done here and now. If the
    /// process ends before the thread does, the link may remain.
    pub fn detach_later(&self, attachment: &Attachment) -> Detaching {
        let (host, its) = (self.clone(), attachment.clone());
        let builder = std::thread::Builder::new().name("macvlan-detach".to_owned());
        let spawned = builder.stack_size(STACK).spawn(move || host.detach(&its));
        let here = |_| Progress::Done(self.detach(attachment));
        Detaching(spawned.map_or_else(here, Progress::Elsewhere))
    }
}

/// A detachment under way, of [`Host::detach_later`]. Dropping it does not stop it.
#[derive(Debug)]
pub struct Detaching(Progress);

#[derive(Debug)]
enum Progress {
    Elsewhere(JoinHandle<Result<Detached>>),
    Done(Result<Detached>),
}

impl Detaching {
    /// Whether it has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Progress::Elsewhere(thread) => thread.is_finished(),
            Progress::Done(_) => true,
        }
    }

    /// Waits for its end.
    pub fn wait(self) -> Result<Detached> {
        match self.0 {
            Progress::Elsewhere(thread) => {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            Progress::Done(result) => result,
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Bug, "detach", "its turn never came")
}
