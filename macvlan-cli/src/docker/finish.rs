//! The work that follows after Docker has been answered.
//!
//! Docker moves a link after the request that names it, and a container's name can only be asked for
//! then. None of it is needed for the addresses to be right: the agent's next pass does all of it that
//! is not done here, as when this process is killed. Each endpoint has a thread of its own, since a
//! container can hold the lock of its namespace for as long as it likes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use macvlan_core::{Attachment, Handle, NetNs};
use macvlan_network::{ErrorKind, Lease, Network};
use tracing::{debug, warn};

use crate::container::endpoints_in;
use crate::docker::PREFIX;
use crate::docker::leased::{disconnect, is_allocated, name, sandbox, short};
use crate::docker::options::DockerOptions;
use crate::docker::stored::Stored;
use crate::failure::Done;
use crate::host_access;

/// The number of endpoints that are finished at the same time; the agent's passes finish others.
const MOST: usize = 64;
/// The time in which Docker moves a link, and then tells a container's name.
const AGE: Duration = Duration::from_secs(60);
/// The time after which Docker is asked for a container's name. Until then it is busy with the start,
/// and a container that has ended again needs none.
const NAMED: Duration = Duration::from_millis(250);
/// The time in which an endpoint takes an address that was leased for it.
const TAKEN: Duration = Duration::from_secs(20);
/// The first and the longest time between two tries.
const SOON: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_secs(5);

/// The endpoints that are being finished, with the work.
type Running = Arc<Mutex<HashSet<(&'static str, String)>>>;

/// Finishes endpoints, each in a thread of its own.
#[derive(Debug)]
pub(super) struct Finisher {
    stored: Stored,
    announced: Announced,
    running: Running,
}

/// The endpoints whose addresses this process has announced, or is about to.
#[derive(Debug, Clone, Default)]
pub(super) struct Announced(Arc<Mutex<HashSet<String>>>);

impl Announced {
    /// Adds an endpoint; false if it is there already.
    fn add(&self, endpoint: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint.to_owned())
    }

    pub(super) fn has(&self, endpoint: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(endpoint)
    }

    /// Forgets the endpoints that have no lease any more.
    pub(super) fn retain(&self, has_lease: impl Fn(&str) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|endpoint| has_lease(endpoint));
    }

    fn remove(&self, endpoint: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(endpoint);
    }
}

impl Finisher {
    pub(super) fn new(stored: Stored, announced: Announced) -> Self {
        Self { stored, announced, running: Running::default() }
    }

    /// Finishes an endpoint that has joined a container.
    pub(super) fn joined(&self, network: &str, endpoint: &str, sandbox: &str) {
        let (stored, announced) = (self.stored.clone(), self.announced.clone());
        let (network, path) = (network.to_owned(), PathBuf::from(sandbox));
        self.start("join", endpoint, move |endpoint| {
            let bind = || bind(&stored, &network, endpoint, &path, &announced);
            if repeat(endpoint, Some(AGE), bind) {
                thread::sleep(NAMED);
                repeat(endpoint, Some(AGE), || find_name(&stored, &network, endpoint));
            }
        });
    }

    /// Disconnects an endpoint, as soon as that is possible.
    pub(super) fn disconnect(&self, network: &str, endpoint: &str) {
        self.announced.remove(endpoint);
        let (stored, network) = (self.stored.clone(), network.to_owned());
        self.start("disconnect", endpoint, move |endpoint| {
            repeat(endpoint, None, || {
                disconnect(&stored, &network, endpoint, |_, _| {}).map(|()| true)
            });
        });
    }

    /// Releases an address that no endpoint takes.
    pub(super) fn release(&self, network: Network, lease: &Lease) {
        self.start("release", &lease.endpoint, move |lease| {
            thread::sleep(TAKEN);
            repeat(lease, None, || {
                if !network.leases()?.iter().any(|one| one.endpoint == lease && is_allocated(one)) {
                    return Ok(true);
                }
                match network.disconnect(lease) {
                    Err(error) if error.kind() == ErrorKind::NotConnected => {}
                    done => drop(done?),
                }
                Ok(true)
            });
        });
    }

    /// Starts the work on an endpoint, unless it is being done.
    fn start(&self, work: &'static str, endpoint: &str, run: impl FnOnce(&str) + Send + 'static) {
        let one = (work, endpoint.to_owned());
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.len() >= MOST {
                return warn!("cannot finish an endpoint yet: {MOST} others are being finished");
            }
            if !running.insert(one.clone()) {
                return;
            }
        }
        let (done, running) = (one.clone(), Arc::clone(&self.running));
        let forget = move |running: &Running| {
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&done);
        };
        let forget_here = forget.clone();
        let run = move || {
            run(&one.1);
            forget(&running);
        };
        if let Err(error) = thread::Builder::new().name("macvlan-finish".to_owned()).spawn(run) {
            warn!("cannot finish an endpoint yet: {error}");
            forget_here(&self.running);
        }
    }
}

/// Tries a step until it is done, for some time; false if it was not.
fn repeat(endpoint: &str, age: Option<Duration>, mut step: impl FnMut() -> Done<bool>) -> bool {
    let (started, mut pause) = (Instant::now(), SOON);
    loop {
        thread::sleep(pause);
        let done = step();
        let is_over = age.is_some_and(|age| started.elapsed() > age);
        match &done {
            Ok(true) => return true,
            Ok(false) => {}
            Err(failure) => {
                let (endpoint, why) = (short(endpoint), failure.in_one_line());
                if is_over {
                    warn!(endpoint, "cannot finish an endpoint: {why}");
                } else {
                    debug!(endpoint, "cannot finish an endpoint yet: {why}");
                }
            }
        }
        if is_over {
            return false;
        }
        pause = (pause * 2).min(LATE);
    }
}

/// Binds a lease to its container, and settles it; false if the link is not there yet.
fn bind(
    stored: &Stored,
    network: &str,
    endpoint: &str,
    path: &Path,
    announced: &Announced,
) -> Done<bool> {
    let Some(network) = stored.network(network)? else { return Ok(true) };
    let Some(lease) = network.lease(endpoint)? else { return Ok(true) };
    let Some(netns) = sandbox(path)? else { return Ok(false) };
    let Some(attachment) = ready(stored, &lease, &netns)? else { return Ok(false) };
    if lease.netns().is_none() {
        let bound = match network.bind(endpoint, &netns) {
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
            bound => bound?,
        };
        let (wanted, named) = (lease.interface.as_str(), bound.interface.as_str());
        if wanted != PREFIX && wanted != named {
            let endpoint = short(endpoint);
            warn!(
                endpoint,
                "Docker has named the interface {named}, not {wanted}: it is before 28"
            );
        }
    }
    settle(stored, &network, &lease, &attachment, announced).map(|()| true)
}

/// Does what is not part of a connection: announces the addresses once, and gives the host access.
pub(super) fn settle(
    stored: &Stored,
    network: &Network,
    lease: &Lease,
    attachment: &Attachment,
    announced: &Announced,
) -> Done {
    let options = DockerOptions::of(network.config())?.shared;
    if let Some(announce) = options.announce.filter(|_| announced.add(&lease.container)) {
        let announcement = attachment.announce(announce).inspect_err(|_| {
            announced.remove(&lease.container);
        })?;
        // It may take seconds, and ends with the namespace.
        thread::spawn(move || announcement.run());
    }
    if let Some(parent) = network.config().get_parent().filter(|_| options.access) {
        host_access::give(&stored.host, parent, attachment, Some(lease))?;
    }
    Ok(())
}

/// Gives a lease the name of its container; false if Docker does not tell it yet.
fn find_name(stored: &Stored, docker: &str, endpoint: &str) -> Done<bool> {
    let Some(network) = stored.network(docker)? else { return Ok(true) };
    let Some(mut lease) = network.lease(endpoint)? else { return Ok(true) };
    let all = endpoints_in(docker)?.unwrap_or_default();
    let Some(found) = all.iter().find(|one| one.id == endpoint) else { return Ok(false) };
    name(stored, &network, &mut lease, found).map(|_| true)
}

/// Returns a lease's interface in a container; `None` until Docker has set it up.
pub(super) fn ready(stored: &Stored, lease: &Lease, netns: &NetNs) -> Done<Option<Attachment>> {
    let is_its = |one: &Attachment| {
        let has = |net| one.addresses().iter().any(|address| address.net() == net);
        lease.mac.is_none_or(|mac| mac == one.mac()) && lease.addresses.iter().all(|net| has(*net))
    };
    let mut all = stored.host.attachments(netns)?.into_iter();
    let Some(found) = all.find(is_its) else { return Ok(None) };
    let link = Handle::in_netns(netns)?.link(found.index())?;
    Ok(Some(found).filter(|_| link.is_up()))
}
