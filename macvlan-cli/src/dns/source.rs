//! Reads the names from the store, in a thread of its own: a store may take seconds to answer.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use macvlan_network::{Networks, Result};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use crate::dns::names::Names;
use crate::failure::{Done, Failure};

/// The age up to which names are answered without a look into the store.
const FRESH: Duration = Duration::from_secs(1);
/// The age as a multiple of the time that it takes to read them: a large store is read less often.
const SHARE: u32 = 10;
/// The age up to which names of a store of any size are answered.
const OLDEST: Duration = Duration::from_secs(5);

/// The names of a store.
pub(super) struct Source {
    asks: SyncSender<()>,
    state: watch::Receiver<State>,
}

/// The names, as they were read the last time.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) names: Arc<Names>,
    /// True if the last attempt to read the names succeeded.
    pub(super) is_known: bool,
    /// The time when they are to be read again.
    until: Option<Instant>,
}

impl State {
    pub(super) fn is_fresh(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

impl Source {
    /// Starts the thread, which ends with this; the networks are set when the store is open, and
    /// `chosen` are some of them, or empty for all.
    pub(super) fn start(networks: Arc<OnceLock<Networks>>, chosen: Vec<String>) -> Done<Self> {
        let (asks, asked) = sync_channel(1);
        let (writes, state) = watch::channel(State::default());
        let read = move || read_when_asked(&networks, &chosen, &asked, &writes);
        let thread = thread::Builder::new().name("macvlan-names".to_owned()).spawn(read);
        thread.map_err(|error| Failure::file("start a thread", &error))?;
        Ok(Self { asks, state })
    }

    /// Returns the names as they were read the last time.
    pub(super) fn last(&self) -> State {
        self.state.borrow().clone()
    }

    /// Returns fresh names, or those of the last time if the store does not answer in this time.
    pub(super) async fn fresh(&self, patience: Duration) -> State {
        let mut state = self.state.clone();
        if !state.borrow().is_fresh() {
            // If there is no room, the thread has been asked by another query.
            let _ = self.asks.try_send(());
            // Both errors mean that there are no newer ones.
            let _ = timeout(patience, state.wait_for(State::is_fresh)).await;
        }
        state.borrow().clone()
    }
}

fn read_when_asked(
    networks: &OnceLock<Networks>,
    chosen: &[String],
    asked: &Receiver<()>,
    writes: &watch::Sender<State>,
) {
    let mut missing = Vec::new();
    while asked.recv().is_ok() {
        let began = Instant::now();
        let read = networks.get().map(|networks| read(networks, chosen, &mut missing));
        let age = (began.elapsed() * SHARE).clamp(FRESH, OLDEST);
        let until = Some(Instant::now() + age);
        writes.send_modify(|state| {
            // The agent reports why it could not be read.
            let is_known = matches!(read, Some(Ok(_)));
            let names =
                read.and_then(Result::ok).map_or_else(|| Arc::clone(&state.names), Arc::new);
            *state = State { names, is_known, until };
        });
    }
}

/// Reads the names; `missing` are the networks that were missing the last time.
fn read(networks: &Networks, chosen: &[String], missing: &mut Vec<String>) -> Result<Names> {
    let mut all = networks.list()?;
    if !chosen.is_empty() {
        all.retain(|network| chosen.iter().any(|name| name == network.name()));
        let is_missing = |name: &&String| !all.iter().any(|network| network.name() == *name);
        let now: Vec<String> = chosen.iter().filter(is_missing).cloned().collect();
        for name in now.iter().filter(|name| !missing.contains(name)) {
            warn!("cannot serve the names of network {name:?}: it does not exist yet");
        }
        *missing = now;
    }
    let leases = networks.store().leases(None)?;
    Ok(Names::new(all.iter().map(|network| (network.id(), network.name())), &leases))
}
