//! Records which hosts etcd considers dead, since only their addresses may be in use twice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{Client, EventType, GetOptions, WatchOptions};
use macvlan_tests::{Etcd, Outcome, eventually};

use crate::common::put;

/// The prefix of the keys of the hosts' processes.
const HOSTS: &str = "/macvlan/host/";
/// The key of a nonexistent host, which shows how far the watch has come.
const MARK: &str = "/macvlan/host/mark/";

/// A watch on the keys of the processes.
#[derive(Debug)]
pub(crate) struct Deaths {
    seen: Arc<Mutex<Seen>>,
    marks: u32,
    over: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Seen {
    keys: BTreeSet<String>,
    /// The hosts that had no process for a time.
    dead: BTreeSet<String>,
    /// The last revision that was seen.
    revision: i64,
}

impl Deaths {
    pub(crate) fn watch(etcd: &Etcd) -> Outcome<Self> {
        let deaths = Self { seen: Arc::default(), marks: 0, over: Arc::default() };
        let (seen, netns) = (Arc::clone(&deaths.seen), etcd.netns().clone());
        let over = Arc::clone(&deaths.over);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            netns.run(|| {
                runtime.block_on(async {
                    while !over.load(Ordering::Acquire) {
                        // etcd is stopped at times, and continues from where it was.
                        let _ = look_on(&seen).await;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                });
            })
        });
        Ok(deaths)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// Starts a new count.
    pub(crate) fn forget(&mut self, etcd: &Etcd) -> Outcome {
        self.catch_up(etcd)?;
        self.seen().dead.clear();
        Ok(())
    }

    /// Returns the hosts that were dead for a time since the count started.
    pub(crate) fn all(&mut self, etcd: &Etcd) -> Outcome<BTreeSet<String>> {
        self.catch_up(etcd)?;
        Ok(self.seen().dead.clone())
    }

    /// Waits until all events so far have been seen.
    fn catch_up(&mut self, etcd: &Etcd) -> Outcome {
        self.marks += 1;
        let mark = format!("{MARK}{}", self.marks);
        eventually("etcd cannot be written", || Ok(put(etcd, &mark, "").is_ok()))?;
        eventually("the watch does not come along", || Ok(self.seen().keys.contains(&mark)))
    }
}

impl Drop for Deaths {
    /// The thread ends with etcd.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches until etcd ends.
async fn look_on(seen: &Mutex<Seen>) -> Result<(), etcd_client::Error> {
    let mut client = Client::connect([Etcd::ENDPOINT], None).await?;
    let mut revision = lock(seen).revision;
    if revision == 0 {
        let all = client.get(HOSTS, Some(GetOptions::new().with_prefix().with_keys_only())).await?;
        revision = all.header().map_or(0, etcd_client::ResponseHeader::revision);
        let mut seen = lock(seen);
        seen.keys.extend(all.kvs().iter().filter_map(|kv| kv.key_str().ok().map(str::to_owned)));
        seen.revision = revision;
    }
    let options = WatchOptions::new().with_prefix().with_start_revision(revision + 1);
    let (_watcher, mut stream) = client.watch(HOSTS, Some(options)).await?;
    while let Some(response) = stream.message().await? {
        let mut seen = lock(seen);
        for event in response.events() {
            let Some(kv) = event.kv() else { continue };
            let Ok(key) = kv.key_str() else { continue };
            seen.revision = seen.revision.max(kv.mod_revision());
            if event.event_type() == EventType::Put {
                seen.keys.insert(key.to_owned());
                continue;
            }
            seen.keys.remove(key);
            let host = key.strip_prefix(HOSTS).and_then(|rest| rest.split('/').next());
            let Some(host) = host.map(str::to_owned) else { continue };
            let all = format!("{HOSTS}{host}/");
            if !seen.keys.iter().any(|one| one.starts_with(&all)) {
                seen.dead.insert(host);
            }
        }
    }
    Ok(())
}
