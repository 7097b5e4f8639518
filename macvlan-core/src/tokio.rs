//! Support for tokio: a [`Host`] with async methods, and a stream of events.

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

/// A [`Host`] with asynchronous methods.
///
/// Each call runs on one of tokio's blocking threads, which costs some tens of microseconds more
/// than calling [`Host`] directly; the kernel executes requests synchronously, so no time is
/// gained. Requires a tokio runtime, like [`spawn_blocking`].
///
/// ```no_run
/// use macvlan_core::{AsyncHost, Endpoint, NetNs};
/// # async fn example() -> macvlan_core::Result<()> {
/// let host = AsyncHost::open()?;
/// let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.5/24".parse()?);
/// let attachment = host.attach(&endpoint, &NetNs::from_pid(2084)?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AsyncHost {
    host: Host,
}

impl AsyncHost {
    /// Opens a host like [`Host::open`], in the namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// As for [`Host::open`].
    pub fn open() -> Result<Self> {
        Host::open().map(Self::from)
    }

    /// Returns the synchronous host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Attaches an endpoint, like [`Host::attach`].
    ///
    /// Dropping the future does not stop an attach that has begun.
    ///
    /// # Errors
    ///
    /// As for [`Host::attach`].
    pub async fn attach(&self, endpoint: &Endpoint, netns: &NetNs) -> Result<Attachment> {
        let (host, endpoint, netns) = (self.host.clone(), endpoint.clone(), netns.clone());
        blocking(move || host.attach(&endpoint, &netns)).await
    }

    /// Detaches an attachment, like [`Host::detach`].
    ///
    /// # Errors
    ///
    /// As for [`Host::detach`].
    pub async fn detach(&self, attachment: &Attachment) -> Result<Detached> {
        let (host, attachment) = (self.host.clone(), attachment.clone());
        blocking(move || host.detach(&attachment)).await
    }

    /// Finds the attachments of a namespace, like [`Host::attachments`].
    ///
    /// # Errors
    ///
    /// As for [`Host::attachments`].
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

/// An endless stream of the events of a namespace, as from [`Watch`].
///
/// ```no_run
/// use futures_core::Stream;
/// use macvlan_core::Handle;
/// # async fn example() -> macvlan_core::Result<()> {
/// let mut events = std::pin::pin!(Handle::open()?.event_stream()?);
/// while let Some(event) = std::future::poll_fn(|context| events.as_mut().poll_next(context)).await {
///     println!("{:?}", event?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventStream {
    watch: AsyncFd<Readable>,
}

impl EventStream {
    /// Subscribes to the events of a namespace.
    ///
    /// Must be called in a tokio runtime with its I/O driver enabled.
    ///
    /// # Errors
    ///
    /// As for [`Handle::watch`]; [`ErrorKind::System`] if the descriptor cannot be registered.
    pub fn open(netns: &NetNs) -> Result<Self> {
        // The replacement in newer versions is unsafe for descriptors that may change or be closed.
        // A Watch keeps its descriptor.
        #[allow(deprecated)]
        let watch = AsyncFd::with_interest(Readable(Watch::open(netns)?), Interest::READABLE)
            .map_err(|error| fails(&error).in_netns(netns.describe()))?;
        Ok(Self { watch })
    }
}

impl Handle {
    /// Subscribes to the events of the namespace, like [`Handle::watch`].
    ///
    /// # Errors
    ///
    /// As for [`EventStream::open`].
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
                // Events that arrived together are returned one by one, so readiness is only
                // cleared now.
                None => ready.clear_ready(),
                event => return Poll::Ready(event),
            }
        }
    }
}

/// Gives [`AsyncFd`] the raw descriptor of a watch.
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
