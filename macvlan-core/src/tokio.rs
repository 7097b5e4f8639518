//! For programs that live in tokio: [`Host`] with async methods, and events as a stream.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::spawn_blocking;

use crate::endpoint::{Attachment, Detached, Endpoint};
use crate::error::errno_of;
use crate::error::{Error, ErrorKind, Result};
use crate::handle::Handle;
use crate::handle::watch::Watch;
use crate::host::Host;
use crate::netns::NetNs;
use crate::value::event::Event;

/// A [`Host`] whose methods do not block the runtime.
///
/// The kernel executes a request inside the system call that sends it, so nothing is gained in time:
/// each call runs on one of tokio's blocking threads, which costs some tens of microseconds more than
/// calling [`Host`] directly. Needs a tokio runtime, as [`spawn_blocking`] does.
#[derive(Debug, Clone)]
pub struct AsyncHost {
    host: Host,
}

impl AsyncHost {
    /// As [`Host::open`], on the namespace of the thread that calls it.
    pub fn open() -> Result<Self> {
        Host::open().map(Self::from)
    }

    /// The host itself.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// As [`Host::attach`]. If the future is dropped, what has begun is still carried out.
    pub async fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        let (host, endpoint, netns) = (self.host.clone(), endpoint.clone(), netns.clone());
        blocking(move || host.attach(&endpoint, &netns)).await
    }

    /// As [`Host::detach`].
    pub async fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        let (host, attachment) = (self.host.clone(), attachment.clone());
        blocking(move || host.detach(&attachment)).await
    }

    /// As [`Host::attachments`].
    pub async fn attachments(&self, netns: &NetNs) -> Result<Vec<Attachment>> {
        let (host, netns) = (self.host.clone(), netns.clone());
        blocking(move || host.attachments(&netns)).await
    }
}

impl From<Host> for AsyncHost {
    fn from(host: Host) -> Self {
        Self { host }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::new(
                ErrorKind::System,
                "run on a blocking thread",
                "the runtime is shutting down",
            )),
        },
    }
}

/// The events of one namespace, as a stream that never ends: those that [`Watch`] yields, with as much
/// room for what has not been read yet.
#[derive(Debug)]
pub struct EventStream {
    watch: AsyncFd<Readable>,
}

impl EventStream {
    /// Listens in a namespace. Must be called within a tokio runtime that has its I/O driver enabled.
    pub fn open(netns: &NetNs) -> Result<Self> {
        // What newer versions have in its place is unsafe, for descriptors that may change or be closed.
        // A Watch keeps its own for as long as it lives.
        #[allow(deprecated)]
        let watch = AsyncFd::with_interest(Readable(Watch::open(netns)?), Interest::READABLE)
            .map_err(|error| fails(&error).in_netns(netns.in_words()))?;
        Ok(Self { watch })
    }
}

impl Handle {
    /// As [`Handle::watch`], for tokio.
    pub fn event_stream(&self) -> Result<EventStream> {
        EventStream::open(self.netns())
    }
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Event>>> {
        loop {
            let mut ready = match self.watch.poll_read_ready_mut(context) {
                Poll::Ready(Ok(ready)) => ready,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(fails(&error)))),
                Poll::Pending => return Poll::Pending,
            };
            match ready.get_inner_mut().0.next_within(Duration::ZERO).transpose() {
                // Only now: events that came together are handed out one by one.
                None => ready.clear_ready(),
                event => return Poll::Ready(event),
            }
        }
    }
}

/// What [`AsyncFd`] asks for.
#[derive(Debug)]
struct Readable(Watch);

impl AsRawFd for Readable {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

fn fails(error: &std::io::Error) -> Error {
    Error::system("wait for events", errno_of(error))
}
