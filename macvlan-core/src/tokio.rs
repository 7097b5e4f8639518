//! Support for tokio: a stream of events.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::errno_of;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::handle::watch::Watch;
use crate::netns::NetNs;
use crate::value::event::Event;

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
    /// As for [`Handle::watch`]; [`ErrorKind::System`](crate::ErrorKind::System) if the descriptor cannot be registered.
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
