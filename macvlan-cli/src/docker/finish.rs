//! The work that follows after Docker has been answered.
//!
//! Docker moves a link after the request that names it, and a container's name can only be asked for
//! then. None of it is needed for the addresses to be right: what is not done here, as when this
//! process is killed, is done by the agent's next pass, or left out.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use macvlan_core::{Attachment, Handle, NetNs};
use macvlan_network::{ErrorKind, Lease, Network};
use tracing::{debug, warn};

use crate::container;
use crate::docker::leased::{disconnect, log, sandbox, short};
use crate::docker::options::DockerOptions;
use crate::docker::stored::Stored;
use crate::failure::{Done, Failure};
use crate::host_access;

/// The number of tasks that wait; the agent's passes do what others there are.
const MOST: usize = 1024;
/// The time in which Docker moves a link and tells a container's name.
const AGE: Duration = Duration::from_secs(60);
/// The time after which Docker is asked for a container's name. Until then it is busy with the start,
/// and a container that has ended again needs none.
const NAMED: Duration = Duration::from_millis(250);
/// The first and the longest time between two tries.
const SOON: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_secs(5);

/// Work that is left to be done for an endpoint.
#[derive(Debug)]
struct Task {
    /// Docker's network.
    network: String,
    endpoint: String,
    work: Work,
    /// When the task is given up; a lease without a container has to be released in any case.
    until: Option<Instant>,
    next: Instant,
    pause: Duration,
}

#[derive(Debug)]
enum Work {
    /// To bind its lease to the container when Docker has moved the link.
    Bind(PathBuf),
    /// To learn the container's name.
    Name(Instant),
    /// To disconnect it.
    Disconnect,
}

/// The thread that does the tasks, which ends with this.
#[derive(Debug)]
pub(super) struct Finisher(SyncSender<Task>);

impl Finisher {
    pub(super) fn start(stored: Stored) -> Done<Self> {
        let (sender, tasks) = mpsc::sync_channel(MOST);
        let run = move || run(&stored, &tasks);
        let thread = thread::Builder::new().name("macvlan-finish".to_owned()).spawn(run);
        thread.map_err(|error| Failure::file("start a thread", &error))?;
        Ok(Self(sender))
    }

    /// Finishes an endpoint that has joined a container.
    pub(super) fn joined(&self, network: &str, endpoint: &str, sandbox: &str) {
        self.add(network, endpoint, Work::Bind(PathBuf::from(sandbox)), Some(AGE));
    }

    /// Disconnects an endpoint, as soon as that is possible.
    pub(super) fn disconnect(&self, network: &str, endpoint: &str) {
        self.add(network, endpoint, Work::Disconnect, None);
    }

    fn add(&self, network: &str, endpoint: &str, work: Work, age: Option<Duration>) {
        let now = Instant::now();
        let (network, endpoint) = (network.to_owned(), endpoint.to_owned());
        let (until, next, pause) = (age.map(|age| now + age), now + SOON, SOON);
        if self.0.try_send(Task { network, endpoint, work, until, next, pause }).is_err() {
            warn!("cannot finish an endpoint yet: more than {MOST} wait for it");
        }
    }
}

fn run(stored: &Stored, tasks: &Receiver<Task>) {
    let mut waiting: Vec<Task> = Vec::new();
    loop {
        let next = waiting.iter().map(|task| task.next).min();
        let pause = next.map(|next| next.saturating_duration_since(Instant::now()));
        let received = match pause {
            Some(pause) => tasks.recv_timeout(pause),
            None => tasks.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(task) => waiting.push(task),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        waiting.retain_mut(|task| task.next > Instant::now() || task.goes_on(stored));
        // They are only remembered here, and the oldest ones have been tried most often.
        waiting.drain(..waiting.len().saturating_sub(MOST));
    }
}

impl Task {
    /// Does the task as far as it can be done now; false if nothing is left to be done.
    fn goes_on(&mut self, stored: &Stored) -> bool {
        let is_done = match &self.work {
            Work::Bind(sandbox) => match self.bind(stored, sandbox) {
                Ok(Some(joined)) => {
                    self.work = Work::Name(joined);
                    self.pause = NAMED;
                    Ok(false)
                }
                Ok(None) => Ok(false),
                Err(failure) => Err(failure),
            },
            Work::Name(joined) => self.name(stored, *joined),
            Work::Disconnect => {
                disconnect(stored, &self.network, &self.endpoint, |_, _| {}).map(|()| true)
            }
        };
        let (is_over, now) =
            (self.until.is_some_and(|until| until < Instant::now()), Instant::now());
        if let Err(failure) = &is_done {
            let why = failure.in_one_line();
            let endpoint = short(&self.endpoint);
            if is_over {
                warn!(endpoint, "cannot finish an endpoint: {why}");
            } else {
                debug!(endpoint, "cannot finish an endpoint yet: {why}");
            }
        }
        self.next = now + self.pause;
        self.pause = (self.pause * 2).min(LATE);
        !is_done.unwrap_or(false) && !is_over
    }

    /// Binds the lease to the container, and gives the host access to it; `None` if the link is not
    /// there yet.
    fn bind(&self, stored: &Stored, path: &Path) -> Done<Option<Instant>> {
        let started = Instant::now();
        let Some(network) = stored.network(&self.network)? else { return Ok(Some(started)) };
        let Some(lease) = network.lease(&self.endpoint)? else { return Ok(Some(started)) };
        let Some(netns) = sandbox(path)? else { return Ok(None) };
        let Some(attachment) = ready(stored, &lease, &netns)? else { return Ok(None) };
        if lease.netns().is_none() {
            match network.bind(&self.endpoint, &netns) {
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(None),
                bound => drop(bound?),
            }
        }
        let options = DockerOptions::of(network.config())?.shared;
        if let Some(announce) = options.announce {
            let announcement = attachment.announce(announce)?;
            // It may take seconds, and ends with the namespace.
            thread::spawn(move || announcement.run());
        }
        if let Some(parent) = network.config().get_parent().filter(|_| options.access) {
            host_access::give(&stored.host, parent, &attachment)?;
        }
        Ok(Some(started))
    }

    /// Gives the lease the container's name; false if Docker does not tell it yet.
    fn name(&self, stored: &Stored, joined: Instant) -> Done<bool> {
        let Some(network) = stored.network(&self.network)? else { return Ok(true) };
        let Some(mut lease) = network.lease(&self.endpoint)? else { return Ok(true) };
        let found = container::of_endpoint(&self.network, &self.endpoint)?;
        let Some((id, name)) = found else { return Ok(false) };
        // As in Docker's own DNS.
        lease.aliases = vec![short(&id).to_owned()];
        lease.name = Some(name.to_lowercase());
        self.rename(stored, &network, &mut lease)?;
        log(&network, &lease, joined, "found the container of an endpoint");
        Ok(true)
    }

    fn rename(&self, stored: &Stored, network: &Network, lease: &mut Lease) -> Done {
        let store = stored.networks()?.store();
        let updated = match store.update(network.record(), lease) {
            // Another host's container has the name, or one that has not been collected yet.
            Err(error) if error.kind() == ErrorKind::NameTaken => {
                warn!(endpoint = short(&self.endpoint), "{error}; it is found by its id");
                lease.name = None;
                store.update(network.record(), lease)
            }
            updated => updated,
        };
        Ok(updated.map(drop)?)
    }
}

/// Returns a lease's interface in a container; `None` until Docker has set it up.
fn ready(stored: &Stored, lease: &Lease, netns: &NetNs) -> Done<Option<Attachment>> {
    let is_its = |one: &Attachment| {
        let has = |net| one.addresses().iter().any(|address| address.net() == net);
        lease.mac.is_none_or(|mac| mac == one.mac()) && lease.addresses.iter().all(|net| has(*net))
    };
    let mut all = stored.host.attachments(netns)?.into_iter();
    let Some(found) = all.find(is_its) else { return Ok(None) };
    let link = Handle::in_netns(netns)?.link(found.index())?;
    Ok(Some(found).filter(|_| link.is_up()))
}
