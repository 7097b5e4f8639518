//! Requests to etcd, made by a thread of their own, and its answers waited for.

use std::future::Future;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use etcd_client::{
    Client, Compare, CompareOp, GetOptions, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse,
};
use nix::sys::signal::{SigSet, Signal};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::owned::Owned;

/// How many keys are read at a time: their values have to fit into an answer of 4 MiB.
const PAGE: i64 = 1000;
/// How many operations etcd takes in one transaction, if it was not told otherwise.
pub(super) const OPERATIONS: usize = 120;

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
    client: Client,
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
    pub(super) fn connect(endpoints: &[String], timeout: Duration) -> Result<Self> {
        let operation = "connect to etcd";
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
        let endpoints = endpoints.to_vec();
        let connecting = async move { Client::connect(endpoints, None).await };
        let client = run(&handle, timeout, connecting).map_err(|error| error.during(operation))?;
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

    pub(super) fn client(&self) -> Result<Client> {
        Ok(self.work()?.client.clone())
    }

    /// Starts something that goes on by itself as long as this exists.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.work()?.runtime.spawn(future);
        Ok(())
    }

    /// Waits for an answer, but not for ever.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = std::result::Result<T, etcd_client::Error>> + Send + 'static,
    ) -> Result<T> {
        run(&self.work()?.runtime, self.timeout, future)
    }

    /// Reads several things as they were at one moment.
    pub(super) fn read(&self, gets: Vec<Get>) -> Result<Vec<Vec<Item>>> {
        let ops: Vec<TxnOp> = gets.into_iter().map(Get::into_op).collect();
        let mut client = self.client()?;
        let answer = self.run(async move { client.txn(Txn::new().and_then(ops)).await })?;
        let mut found = Vec::new();
        for response in answer.op_responses() {
            let TxnOpResponse::Get(response) = response else { continue };
            found.push(response.kvs().iter().map(item).collect());
        }
        Ok(found)
    }

    /// Reads one thing.
    pub(super) fn get(&self, get: Get) -> Result<Vec<Item>> {
        Ok(self.read(vec![get])?.pop().unwrap_or_default())
    }

    /// Reads all keys that begin so, however many.
    pub(super) fn all(&self, prefix: &str) -> Result<Vec<Item>> {
        self.pages(prefix, &GetOptions::new().with_limit(PAGE))
    }

    /// Reads the keys alone.
    pub(super) fn all_keys(&self, prefix: &str) -> Result<Vec<String>> {
        let options = GetOptions::new().with_keys_only().with_limit(20 * PAGE);
        Ok(self.pages(prefix, &options)?.into_iter().map(|item| item.key).collect())
    }

    fn pages(&self, prefix: &str, options: &GetOptions) -> Result<Vec<Item>> {
        let (mut from, end) = within(prefix);
        let (mut found, mut revision) = (Vec::new(), 0);
        loop {
            let options = options.clone().with_range(end.clone()).with_revision(revision);
            let (mut client, first) = (self.client()?, from.clone());
            let answer = self.run(async move { client.get(first, Some(options)).await })?;
            found.extend(answer.kvs().iter().map(item));
            match (answer.more(), found.last()) {
                // The first key behind it.
                (true, Some(last)) => from = format!("{}\0", last.key),
                _ => return Ok(found),
            }
            revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        }
    }

    /// Does all of it if all of that is so; whether it was.
    pub(super) fn commit(&self, when: Vec<Compare>, then: Vec<TxnOp>) -> Result<bool> {
        let mut client = self.client()?;
        let txn = Txn::new().when(when).and_then(then);
        Ok(self.run(async move { client.txn(txn).await })?.succeeded())
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

fn run<T: Send + 'static>(
    runtime: &Handle,
    timeout: Duration,
    future: impl Future<Output = std::result::Result<T, etcd_client::Error>> + Send + 'static,
) -> Result<T> {
    let operation = "use etcd";
    let (answer, answered) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Whoever asked is still waiting.
        let _ = answer.send(tokio::time::timeout(timeout, future).await);
    });
    match answered.recv() {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => {
            Err(Error::new(ErrorKind::StoreUnavailable, operation, error.to_string())
                .with_hint("what is connected stays so; try again when etcd can be reached")
                .caused_by(error))
        }
        Ok(Err(_)) => Err(Error::new(
            ErrorKind::StoreUnavailable,
            operation,
            format!("it has not answered for {} s", timeout.as_secs_f32()),
        )
        .with_hint("what is connected stays so; try again when etcd can be reached")),
        Err(_) => Err(Error::new(ErrorKind::StoreUnavailable, operation, "its thread has ended")),
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

/// That a key is as it was read; revision 0: that it does not exist.
pub(super) fn unchanged(key: impl Into<Vec<u8>>, revision: i64) -> Compare {
    Compare::mod_revision(key, CompareOp::Equal, revision)
}
