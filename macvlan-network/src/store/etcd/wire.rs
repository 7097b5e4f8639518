//! Sends requests to etcd from a thread of its own, and waits for the answers.

use std::future::Future;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use etcd_client::{
    Client, Compare, CompareOp, GetOptions, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse,
    TxnResponse,
};
use nix::sys::signal::{SigSet, Signal};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::owned::Owned;

use super::client::LoggedIn;
use super::options::EtcdOptions;
use super::trouble::Trouble;

/// The number of keys to read at a time, since their values must fit into an answer of 4 MiB.
const PAGE: i64 = 1000;
/// The number of keys of a kind to read or write in one transaction.
///
/// By default etcd allows 128 operations (`--max-txn-ops`), and a few more are needed.
pub(super) const OPERATIONS: usize = 120;

/// The time limit for mere cleanup.
const MOMENT: Duration = Duration::from_millis(500);

/// The result of a request.
type Answer<T> = std::result::Result<T, Trouble>;

/// A key, its value, and the revisions of its creation and last change.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) made: i64,
    pub(super) changed: i64,
}

/// A read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Get {
    Key(String),
    /// The first key in a range, which includes its start and excludes its end.
    First(String, String),
    /// The last key in a range.
    Last(String, String),
    /// All keys in a range, of which there must be few.
    All(String, String),
}

/// A connection, and the thread that drives it.
pub(super) struct Wire {
    /// A forked child does not have the thread.
    work: Owned<Work>,
    timeout: Duration,
    /// The endpoints, for errors.
    endpoints: String,
}

struct Work {
    client: LoggedIn,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn connect(options: &EtcdOptions) -> Result<Self> {
        let (operation, timeout) = ("connect to etcd", options.timeout);
        let connecting = LoggedIn::connect(options)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::file(operation, error))?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("macvlan-etcd".to_owned())
            // The thread ends when it is asked to, or when the sender is dropped.
            .spawn(move || {
                // A closed connection is reported by EPIPE. The signal would end a program that
                // does not ignore it, as programs not written in Rust may not.
                let _ = SigSet::from(Signal::SIGPIPE).thread_block();
                drop(runtime.block_on(stopped));
            })
            .map_err(|error| Error::file(operation, error))?;
        let endpoints = options.urls().join(", ");
        let client = run(&handle, timeout, connecting)
            .map_err(|trouble| Error::from(trouble.at(&endpoints)).during(operation))?;
        let (stop, thread) = (Some(stop), Some(thread));
        let work = Owned::new(Work { client, runtime: handle, stop, thread });
        Ok(Self { work, timeout, endpoints })
    }

    /// Returns the thread's state, except in a forked child.
    fn work(&self) -> Result<&Work> {
        self.work.get("use etcd")
    }

    /// Refuses to continue in a forked child, where locks of other threads remain locked.
    pub(super) fn check(&self) -> Result<()> {
        self.work().map(drop)
    }

    pub(super) fn client(&self) -> Result<LoggedIn> {
        Ok(self.work()?.client.clone())
    }

    /// Starts a task that runs until this is dropped.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.work()?.runtime.spawn(future);
        Ok(())
    }

    /// Sends a request, and waits for the answer up to the time limit.
    pub(super) fn ask<T, F>(
        &self,
        request: impl Fn(Client) -> F + Send + Sync + 'static,
    ) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, etcd_client::Error>> + Send,
    {
        self.ask_for(self.timeout, request)
    }

    /// Sends a request, and waits for the answer up to the given time.
    fn ask_for<T, F>(
        &self,
        timeout: Duration,
        request: impl Fn(Client) -> F + Send + Sync + 'static,
    ) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, etcd_client::Error>> + Send,
    {
        let (work, client) = (self.work()?, self.client()?);
        let answer = run(&work.runtime, timeout, async move { client.ask(request).await });
        answer.map_err(|trouble| trouble.at(&self.endpoints))
    }

    fn transact(&self, txn: Txn) -> Answer<TxnResponse> {
        self.ask(move |mut client| {
            let txn = txn.clone();
            async move { client.txn(txn).await }
        })
    }

    /// Reads several items at one revision.
    pub(super) fn read(&self, gets: Vec<Get>) -> Result<Vec<Vec<Item>>> {
        let ops: Vec<TxnOp> = gets.into_iter().map(Get::into_op).collect();
        let answer = self.transact(Txn::new().and_then(ops))?;
        let mut found = Vec::new();
        for response in answer.op_responses() {
            let TxnOpResponse::Get(response) = response else { continue };
            found.push(response.kvs().iter().map(item).collect());
        }
        Ok(found)
    }

    /// Reads a fixed number of items at one revision.
    pub(super) fn read_all<const N: usize>(&self, gets: [Get; N]) -> Result<[Vec<Item>; N]> {
        self.read(gets.into())?.try_into().map_err(|_| {
            Error::new(ErrorKind::StoreUnusable, "read from etcd", "the answer is incomplete")
        })
    }

    /// Reads one item.
    pub(super) fn get(&self, get: Get) -> Result<Vec<Item>> {
        Ok(self.read(vec![get])?.pop().unwrap_or_default())
    }

    /// Reads all keys with a prefix, in any number.
    pub(super) fn all(&self, prefix: &str) -> Result<Vec<Item>> {
        self.all_at(prefix).map(|(found, _)| found)
    }

    /// Reads all keys with a prefix, and returns the revision at which they were read.
    pub(super) fn all_at(&self, prefix: &str) -> Result<(Vec<Item>, i64)> {
        self.pages(prefix, &GetOptions::new().with_limit(PAGE))
    }

    /// Reads keys without values.
    pub(super) fn all_keys(&self, prefix: &str) -> Result<Vec<String>> {
        let options = GetOptions::new().with_keys_only().with_limit(20 * PAGE);
        let (found, _) = self.pages(prefix, &options)?;
        Ok(found.into_iter().map(|item| item.key).collect())
    }

    fn pages(&self, prefix: &str, options: &GetOptions) -> Result<(Vec<Item>, i64)> {
        let (mut from, end) = within(prefix);
        let (mut found, mut revision) = (Vec::new(), 0);
        loop {
            let options = options.clone().with_range(end.clone()).with_revision(revision);
            let first = from.clone();
            let answer = self.ask(move |mut client| {
                let (first, options) = (first.clone(), options.clone());
                async move { client.get(first, Some(options)).await }
            })?;
            found.extend(answer.kvs().iter().map(item));
            let now = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
            match (answer.more(), found.last()) {
                // The next possible key.
                (true, Some(last)) => from = format!("{}\0", last.key),
                _ if revision == 0 => return Ok((found, now)),
                _ => return Ok((found, revision)),
            }
            // The header has the newest revision, whichever is read.
            if revision == 0 {
                revision = now;
            }
        }
    }

    /// Deletes a key if one of the conditions holds, within the time limit for cleanup.
    pub(super) fn delete_soon(&self, key: &str, either: Vec<Compare>) -> Answer<()> {
        let otherwise = |rest: Option<Txn>, condition| {
            let txn = Txn::new().when([condition]).and_then([TxnOp::delete(key, None)]);
            Some(match rest {
                Some(rest) => txn.or_else([TxnOp::txn(rest)]),
                None => txn,
            })
        };
        let Some(txn) = either.into_iter().fold(None, otherwise) else { return Ok(()) };
        self.ask_for(MOMENT.min(self.timeout), move |mut client| {
            let txn = txn.clone();
            async move { client.txn(txn).await.map(drop) }
        })
    }

    /// Executes operations if all conditions hold; false if they do not.
    pub(super) fn commit(&self, when: Vec<Compare>, then: Vec<TxnOp>) -> Answer<bool> {
        Ok(self.transact(Txn::new().when(when).and_then(then))?.succeeded())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread does not panic, and there would be no caller to report it to.
            let _ = thread.join();
        }
    }
}

impl Get {
    fn into_op(self) -> TxnOp {
        let within = |from: String, end: String| (from, GetOptions::new().with_range(end));
        let (key, options) = match self {
            Self::Key(key) => (key, GetOptions::new()),
            Self::All(from, end) => within(from, end),
            Self::First(from, end) => {
                let (from, options) = within(from, end);
                (from, options.with_limit(1).with_sort(SortTarget::Key, SortOrder::Ascend))
            }
            Self::Last(from, end) => {
                let (from, options) = within(from, end);
                (from, options.with_limit(1).with_sort(SortTarget::Key, SortOrder::Descend))
            }
        };
        TxnOp::get(key, Some(options))
    }

    /// Reads all keys with a prefix, of which there must be few.
    pub(super) fn prefix(prefix: &str) -> Self {
        let (from, end) = within(prefix);
        Self::All(from, end)
    }
}

/// Returns the range of the keys with a prefix that ends in `/`.
pub(super) fn within(prefix: &str) -> (String, String) {
    // A part of the key before it may be empty.
    (prefix.to_owned(), format!("{}0", prefix.strip_suffix('/').unwrap_or(prefix)))
}

/// Makes an item. Text that is not UTF-8 is not ours, and is refused when it is parsed.
fn item(kv: &etcd_client::KeyValue) -> Item {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Item {
        key: text(kv.key()),
        value: text(kv.value()),
        made: kv.create_revision(),
        changed: kv.mod_revision(),
    }
}

fn run<T, E>(
    runtime: &Handle,
    timeout: Duration,
    future: impl Future<Output = std::result::Result<T, E>> + Send + 'static,
) -> Answer<T>
where
    T: Send + 'static,
    E: Into<Trouble> + Send + 'static,
{
    let (answer, answered) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // The caller is still waiting.
        let _ = answer.send(tokio::time::timeout(timeout, future).await);
    });
    match answered.recv() {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(error.into()),
        Ok(Err(_)) => Err(Trouble::silence(timeout)),
        Err(_) => Err(Trouble::no_thread()),
    }
}

/// Returns the condition that a key exists.
pub(super) fn exists(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Greater, 0)
}

/// Returns the condition that a key does not exist.
pub(super) fn absent(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Equal, 0)
}

/// Returns the condition that no key exists from one on, before another.
pub(super) fn none_within(from: String, end: String) -> Compare {
    absent(from).with_range(end)
}

/// Returns the condition that a key is unchanged since a revision, where 0 means that it does not
/// exist.
pub(super) fn unchanged(key: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(key, CompareOp::Equal, revision)
}

/// Returns the condition that no key with a prefix was added or changed since a revision. One may
/// have been deleted.
pub(super) fn none_since(prefix: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(prefix, CompareOp::Less, revision + 1).with_prefix()
}
