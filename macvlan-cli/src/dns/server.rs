//! The sockets: queries come, and answers go.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::dns::forward::{Forward, read_message, write_message};
use crate::dns::query::{Answer, Query, Transport};
use crate::dns::source::Source;

/// The number of queries over UDP that are answered at once; further ones are dropped, and asked
/// again.
const QUERIES: usize = 256;
/// The number of queries that wait for other servers at once: containers' names have room beside
/// them.
const FORWARDED: usize = 192;
/// The number of TCP connections that are open at once; further ones wait.
const CONNECTIONS: usize = 64;
/// Queries are shorter; of a longer one, the rest is cut off, and it is refused.
const LONGEST_QUERY: usize = 4096;
/// The time for which a connection may be silent.
const IDLE: Duration = Duration::from_secs(10);
/// The time that a query for a container waits for the store: less than its client waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// The time that another query waits, which may be for a new name.
const SHORT_PATIENCE: Duration = Duration::from_millis(300);
/// The time before an address is tried again, which may not exist yet.
const SOON: Duration = Duration::from_secs(2);

/// The responder.
pub(super) struct Server {
    source: Source,
    forward: Forward,
    /// The addresses to listen at.
    addresses: watch::Receiver<Vec<SocketAddr>>,
    queries: Arc<Semaphore>,
    forwarded: Semaphore,
    connections: Arc<Semaphore>,
}

impl Server {
    pub(super) fn new(
        source: Source,
        forward: Forward,
        addresses: watch::Receiver<Vec<SocketAddr>>,
    ) -> Self {
        let forwarded = Semaphore::new(FORWARDED);
        let queries = Arc::new(Semaphore::new(QUERIES));
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        Self { source, forward, addresses, queries, forwarded, connections }
    }

    /// Serves at the addresses, as they change.
    pub(super) async fn run(self: &Arc<Self>) {
        let mut addresses = self.addresses.clone();
        let mut served: HashMap<SocketAddr, AbortHandle> = HashMap::new();
        loop {
            let wanted = addresses.borrow_and_update().clone();
            served.retain(|at, task| {
                let stays = wanted.contains(at);
                if !stays {
                    task.abort();
                }
                stays
            });
            for at in wanted {
                served
                    .entry(at)
                    .or_insert_with(|| tokio::spawn(Arc::clone(self).serve_at(at)).abort_handle());
            }
            if addresses.changed().await.is_err() {
                return;
            }
        }
    }

    /// Serves at an address, however long it takes until it can be used.
    async fn serve_at(self: Arc<Self>, at: SocketAddr) {
        let mut last = String::new();
        let (udp, tcp) = loop {
            match bind(at).await {
                Ok(both) => break both,
                Err(error) => {
                    let why = format!("cannot serve names at {at}: {error}; tried again");
                    if why != last {
                        warn!("{why}");
                    }
                    last = why;
                    sleep(SOON).await;
                }
            }
        };
        info!("names are served at {at}");
        tokio::join!(self.by_udp(udp), self.by_tcp(tcp));
    }

    async fn by_udp(self: &Arc<Self>, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut buffer = vec![0; LONGEST_QUERY];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
                // Without memory, or a link that goes down.
                sleep(SHORT_PATIENCE).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&self.queries).try_acquire_owned() else { continue };
            let (server, socket) = (Arc::clone(self), Arc::clone(&socket));
            let query = buffer[..length].to_vec();
            tokio::spawn(async move {
                if let Some(answer) = server.answer(&query, Transport::Udp).await {
                    // The client asks again.
                    let _ = socket.send_to(&answer, from).await;
                }
                drop(permit);
            });
        }
    }

    async fn by_tcp(self: &Arc<Self>, listener: TcpListener) {
        loop {
            // It is never closed.
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                // Too many open files, for example.
                sleep(SHORT_PATIENCE).await;
                continue;
            };
            let server = Arc::clone(self);
            tokio::spawn(async move {
                // Clients close connections at any time.
                let _ = server.answer_all(stream).await;
                drop(permit);
            });
        }
    }

    /// Answers the queries of a connection, one after the other.
    async fn answer_all(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let query = timeout(IDLE, read_message(&mut stream)).await??;
            let Some(answer) = self.answer(&query, Transport::Tcp).await else { return Ok(()) };
            timeout(IDLE, write_message(&mut stream, &answer)).await??;
        }
    }

    /// Answers a query, or has another server answer it; `None` if it is not a query.
    async fn answer(&self, bytes: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let query = match Query::parse(bytes, transport) {
            Ok(query) => query,
            Err(answer) => return answer,
        };
        let last = self.source.last();
        let patience = match (query.is_ours(&last.names), last.is_known) {
            (true, _) => PATIENCE,
            (false, true) => SHORT_PATIENCE,
            // A store that is away does not hold up queries for others.
            (false, false) => Duration::ZERO,
        };
        let state = self.source.fresh(patience).await;
        let is_known = state.is_known && state.is_fresh();
        if is_known {
            if let Answer::Message(answer) = query.answer(&state.names) {
                return Some(answer);
            }
        } else if query.is_ours(&state.names) {
            return Some(query.failed());
        }
        let Ok(_permit) = self.forwarded.try_acquire() else { return Some(query.failed()) };
        let own = self.addresses.borrow().clone();
        Some(self.forward.ask(&query, &own).await.unwrap_or_else(|| query.failed()))
    }
}

async fn bind(at: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    Ok((UdpSocket::bind(at).await?, TcpListener::bind(at).await?))
}
