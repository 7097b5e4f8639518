//! For programs that live in tokio: [`Host`] with async methods, and events as a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use netlink_packet_core::{Emitable, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage as Message;
use rtnetlink::MulticastGroup;
use tokio::task::{AbortHandle, spawn_blocking};

use crate::endpoint::{Attachment, Detached, Endpoint};
use crate::error::errno_of;
use crate::error::{Error, ErrorKind, Result};
use crate::handle::Handle;
use crate::handle::watch::{Event, event};
use crate::host::Host;
use crate::netns::NetNs;

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
    pub async fn detach(&self, attachment: Attachment) -> Result<Detached> {
        let host = self.host.clone();
        blocking(move || host.detach(attachment)).await
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

/// The events of one namespace, as a stream over rtnetlink's own connection.
///
/// An event that the netlink crates cannot parse is left out by them without a word;
/// [`Watch`](crate::Watch) decodes attribute by attribute and does not lose any.
#[derive(Debug)]
pub struct EventStream {
    messages: Messages,
    connection: AbortHandle,
}

type Messages =
    futures_channel::mpsc::UnboundedReceiver<(NetlinkMessage<Message>, rtnetlink::sys::SocketAddr)>;

impl EventStream {
    /// Listens in a namespace. Must be called within a tokio runtime.
    pub fn open(netns: &NetNs) -> Result<Self> {
        let groups = [
            MulticastGroup::Link,
            MulticastGroup::Ipv4Ifaddr,
            MulticastGroup::Ipv4Route,
            MulticastGroup::Ipv6Ifaddr,
            MulticastGroup::Ipv6Route,
        ];
        let runtime = tokio::runtime::Handle::current();
        let (connection, _, messages) = netns
            .visit(|| {
                let _entered = runtime.enter();
                rtnetlink::new_multicast_connection(&groups)
            })?
            .map_err(|error| {
                Error::system("watch a network namespace", errno_of(&error))
                    .in_netns(netns.in_words())
            })?;
        let connection = runtime.spawn(connection).abort_handle();
        Ok(Self { messages, connection })
    }
}

impl Handle {
    /// As [`Handle::watch`], for tokio.
    pub fn event_stream(&self) -> Result<EventStream> {
        EventStream::open(self.netns())
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match Pin::new(&mut self.messages).poll_next(context) {
                Poll::Ready(Some((message, _))) => {
                    if let Some(event) = typed(&message) {
                        return Poll::Ready(Some(event));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Back to bytes, so that there is one decoder.
fn typed(message: &NetlinkMessage<Message>) -> Option<Event> {
    match &message.payload {
        NetlinkPayload::Overrun(_) => Some(Event::Lost),
        NetlinkPayload::InnerMessage(inner) => {
            let mut bytes = vec![0; inner.buffer_len()];
            inner.emit(&mut bytes);
            event(message.header.message_type, &bytes)
        }
        _ => None,
    }
}
