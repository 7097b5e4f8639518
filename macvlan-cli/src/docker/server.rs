//! Reads requests from the socket and writes the answers.
//!
//! One thread reads and writes. The library blocks, so the requests themselves run on other threads,
//! of which there is a limited number.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::docker::methods::{call, failed};
use crate::docker::plugin::{Answer, Plugin};
use crate::docker::socket::Socket;
use crate::failure::{Done, Failure};

/// The number of requests that run at the same time.
const THREADS: usize = 16;
/// The number of connections; further ones wait in the socket's queue.
const CONNECTIONS: usize = 256;
/// More than any request of Docker has.
const LONGEST_BODY: u64 = 1 << 20;
/// The time in which a request has to be sent.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time in which requests that run may end when the server is stopped.
const ENDING: Duration = Duration::from_secs(5);

/// The media type of Docker's plugins.
const TYPE: &str = "application/vnd.docker.plugins.v1.2+json";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to serve a socket.
    pub(crate) fn start(socket: Socket, plugin: Arc<Plugin>) -> Done<Self> {
        let cannot = |error| Failure::file("start the server of the Docker plugin", &error);
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(THREADS)
            .build()
            .map_err(cannot)?;
        socket.listener.set_nonblocking(true).map_err(cannot)?;
        let (stop, stopped) = oneshot::channel();
        let run = move || run(&runtime, socket, plugin, stopped);
        let thread = thread::Builder::new().name("macvlan-docker".to_owned()).spawn(run);
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(cannot)?) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic of the thread was reported by the panic itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(runtime: &Runtime, socket: Socket, plugin: Arc<Plugin>, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        let listener = socket.listener.try_clone().and_then(UnixListener::from_std);
        let listener = match listener {
            Ok(listener) => listener,
            Err(error) => return warn!("cannot serve the Docker plugin: {error}"),
        };
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let accepts = tokio::spawn(accept(listener, Arc::clone(&connections), plugin));
        // It ends with its sender.
        let _ = stopped.await;
        accepts.abort();
        drop(socket);
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        if timeout(ENDING, connections.acquire_many(all)).await.is_err() {
            warn!("requests of Docker still run");
        }
    });
}

async fn accept(listener: UnixListener, connections: Arc<Semaphore>, plugin: Arc<Plugin>) {
    // It is never closed.
    while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let plugin = Arc::clone(&plugin);
                tokio::spawn(async move {
                    serve(stream, plugin).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Such as too many open files, which others may close.
                warn!("cannot accept a connection of Docker: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one request of a connection.
async fn serve(stream: UnixStream, plugin: Arc<Plugin>) {
    let service = service_fn(|request| answer(request, Arc::clone(&plugin)));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(64 << 10)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        debug!("a connection of Docker ended: {error}");
    }
}

async fn answer(
    request: Request<Incoming>,
    plugin: Arc<Plugin>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, answer) = match read(request).await {
        Ok((path, body)) => {
            let call = move || call(&plugin, &path, &body);
            match tokio::task::spawn_blocking(call).await {
                Ok(Some(answer)) => (StatusCode::OK, answer),
                Ok(None) => (StatusCode::NOT_FOUND, refused("unknown method")),
                Err(error) => {
                    warn!("a request of Docker failed: {error}");
                    (StatusCode::INTERNAL_SERVER_ERROR, refused("a bug of the plugin; see its log"))
                }
            }
        }
        Err((status, why)) => {
            debug!("refused a request of Docker: {why}");
            (status, refused(why))
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(TYPE));
    Ok(response)
}

/// Returns the answer for a request that no method has seen.
fn refused(why: &str) -> Answer {
    failed(&format!("cannot answer the request: {why}"))
}

/// Reads a request: the path and the body.
async fn read(request: Request<Incoming>) -> Result<(String, Bytes), (StatusCode, &'static str)> {
    if request.method() != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "not a POST"));
    }
    let path = request.uri().path().to_owned();
    let too_long = (StatusCode::PAYLOAD_TOO_LARGE, "too long");
    if request.body().size_hint().lower() > LONGEST_BODY {
        return Err(too_long);
    }
    let longest = usize::try_from(LONGEST_BODY).unwrap_or(usize::MAX);
    let body = Limited::new(request.into_body(), longest).collect();
    match timeout(PATIENCE, body).await {
        Ok(Ok(body)) => Ok((path, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "it ended early")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "it took too long")),
    }
}
