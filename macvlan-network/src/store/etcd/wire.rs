//! Requests to etcd, made by a thread of their own, and its answers waited for.

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

/// How many keys are read at a time: their values have to fit into an answer of 4 MiB.
const PAGE: i64 = 1000;
/// How many keys of a kind are read or written in one transaction: etcd takes 128 operations, if it was not
/// told otherwise (`--max-txn-ops`), and a few more go along.
pub(super) const OPERATIONS: usize = 120;

/// How long is waited for what is only tidied up.
const MOMENT: Duration = Duration::from_millis(500);

/// What comes of asking.
type Answer<T> = std::result::Result<T, Trouble>;

/// A key, its value, and when it was made and last changed.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) made: i64,
    pub(super) changed: i64,
}

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Get {
    Key(String),
    /// From the first key on, up to but without the second.
    First(String, String),
    /// The last one in between.
    Last(String, String),
    /// All in between; only where they are few.
    All(String, String),
}

/// A connection, and the thread that keeps it going.
pub(super) struct Wire {
    /// In a forked child there is no such thread.
    work: Owned<Work>,
    timeout: Duration,
}

struct Work {
    client: LoggedIn,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("timeout", &self.timeout).finish_non_exhaustive()
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
            // Ends when told, or when whoever could tell is gone.
            .spawn(move || {
                // That etcd has closed a connection is told by EPIPE. The signal would end a program
                // that does not ignore it, as those do that are not Rust's.
                let _ = SigSet::from(Signal::SIGPIPE).thread_block();
                drop(runtime.block_on(stopped));
            })
            .map_err(|error| Error::file(operation, error))?;
        let client = run(&handle, timeout, connecting)
            .map_err(|trouble| Error::from(trouble).during(operation))?;
        let (stop, thread) = (Some(stop), Some(thread));
        let work = Owned::new(Work { client, runtime: handle, stop, thread });
        Ok(Self { work, timeout })
    }

    /// Refused in a forked child.
    fn work(&self) -> Result<&Work> {
        self.work.get("use etcd")
    }

    /// Refuses to go on in a forked child, where another thread's locks stay locked.
    pub(super) fn check(&self) -> Result<()> {
        self.work().map(drop)
    }

    pub(super) fn client(&self) -> Result<LoggedIn> {
        Ok(self.work()?.client.clone())
    }

    /// Starts something that goes on by itself as long as this exists.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.work()?.runtime.spawn(future);
        Ok(())
    }

    /// Asks for something, and waits for an answer, but not for ever.
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

    /// Asks for something, and waits so long for an answer.
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
        run(&work.runtime, timeout, async move { client.ask(request).await })
    }

    fn transact(&self, txn: Txn) -> Answer<TxnResponse> {
        self.ask(move |mut client| {
            let txn = txn.clone();
            async move { client.txn(txn).await }
        })
    }

    /// Reads several things as they were at one moment.
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

    /// Reads some things as they were at one moment.
    pub(super) fn read_all<const N: usize>(&self, gets: [Get; N]) -> Result<[Vec<Item>; N]> {
        self.read(gets.into())?
            .try_into()
            .map_err(|_| Error::new(ErrorKind::StoreUnusable, "read from etcd", "half an answer"))
    }

    /// Reads one thing.
    pub(super) fn get(&self, get: Get) -> Result<Vec<Item>> {
        Ok(self.read(vec![get])?.pop().unwrap_or_default())
    }

    /// Reads all keys that begin so, however many.
    pub(super) fn all(&self, prefix: &str) -> Result<Vec<Item>> {
        self.all_at(prefix).map(|(found, _)| found)
    }

    /// Reads all keys that begin so, with the revision that they were read at.
    pub(super) fn all_at(&self, prefix: &str) -> Result<(Vec<Item>, i64)> {
        self.pages(prefix, &GetOptions::new().with_limit(PAGE))
    }

    /// Reads the keys alone.
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
                // The first key behind it.
                (true, Some(last)) => from = format!("{}\0", last.key),
                _ if revision == 0 => return Ok((found, now)),
                _ => return Ok((found, revision)),
            }
            // The header tells of the newest, whichever is read.
            if revision == 0 {
                revision = now;
            }
        }
    }

    /// Deletes a key if another exists, unless that takes more than a moment.
    pub(super) fn delete_soon(&self, key: String, if_exists: String) -> Answer<()> {
        let txn = Txn::new().when([exists(if_exists)]).and_then([TxnOp::delete(key, None)]);
        self.ask_for(MOMENT.min(self.timeout), move |mut client| {
            let txn = txn.clone();
            async move { client.txn(txn).await.map(drop) }
        })
    }

    /// Does all of it if all of that is so; whether it was.
    pub(super) fn commit(&self, when: Vec<Compare>, then: Vec<TxnOp>) -> Answer<bool> {
        Ok(self.transact(Txn::new().when(when).and_then(then))?.succeeded())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, there is nobody to be told.
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

    /// All keys that begin so; only where they are few.
    pub(super) fn prefix(prefix: &str) -> Self {
        let (from, end) = within(prefix);
        Self::All(from, end)
    }
}

/// The first key that begins with a prefix that ends in `/`, and the first behind all of them.
pub(super) fn within(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{}0", prefix.trim_end_matches('/')))
}

/// A text that is not UTF-8 is not ours, and is refused where it is read as what it should be.
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
        // Whoever asked is still waiting.
        let _ = answer.send(tokio::time::timeout(timeout, future).await);
    });
    match answered.recv() {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(error.into()),
        Ok(Err(_)) => Err(Trouble::silence(timeout)),
        Err(_) => Err(Trouble::no_thread()),
    }
}

/// That a key exists.
pub(super) fn exists(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Greater, 0)
}

/// That a key does not exist.
pub(super) fn absent(key: impl Into<Vec<u8>>) -> Compare {
    Compare::create_revision(key, CompareOp::Equal, 0)
}

/// That there is none of the keys from one on, up to but without another.
pub(super) fn none_within(from: String, end: String) -> Compare {
    absent(from).with_range(end)
}

/// That a key is as it was read; revision 0: that it does not exist.
pub(super) fn unchanged(key: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(key, CompareOp::Equal, revision)
}

/// That no key which begins so has come or changed since a revision; one may have gone.
pub(super) fn none_since(prefix: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(prefix, CompareOp::Less, revision + 1).with_prefix()
}
