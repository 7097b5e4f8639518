//! A real etcd, on the loopback link of its own namespace.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use macvlan_core::{Handle, NetNs};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::harness::Outcome;
use crate::need::{Need, need};
use crate::patience::eventually;

/// A server that can be stopped and restarted with its data; killed when dropped.
#[derive(Debug)]
pub struct Etcd {
    netns: NetNs,
    directory: Directory,
    /// Additional options.
    further: Vec<String>,
    scheme: &'static str,
    server: Option<Child>,
}

impl Etcd {
    /// Returns its endpoint, inside [`Etcd::netns`].
    pub const ENDPOINT: &str = "http://127.0.0.1:2379";
    /// Returns its endpoint with TLS.
    pub const SECURE: &str = "https://127.0.0.1:2379";

    /// Starts a server, and waits until it answers.
    pub fn start() -> Outcome<Self> {
        Self::start_with("http", Vec::new())
    }

    /// Starts a server with additional options.
    pub fn with_options<const N: usize>(options: [&str; N]) -> Outcome<Self> {
        Self::start_with("http", options.map(str::to_owned).to_vec())
    }

    /// Starts a server that accepts only TLS, with client certificates.
    pub fn with_tls(certificates: &Certificates) -> Outcome<Self> {
        let mut options = vec!["--client-cert-auth".to_owned()];
        let files = [("cert", "server.pem"), ("key", "server.key"), ("trusted-ca", "ca.pem")];
        for (option, file) in files {
            options.push(format!("--{option}-file={}", certificates.path(file).display()));
        }
        Self::start_with("https", options)
    }

    fn start_with(scheme: &'static str, further: Vec<String>) -> Outcome<Self> {
        need(Need::Root)?;
        need(Need::Etcd)?;
        let netns = NetNs::anonymous()?;
        Handle::in_netns(&netns)?.set_up("lo")?;
        let directory = Directory::new()?;
        let mut etcd = Self { netns, directory, further, scheme, server: None };
        etcd.start_again()?;
        Ok(etcd)
    }

    /// Returns its namespace. Clients have to open their sockets there.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// Kills it, like a power failure. Confirmed changes remain.
    pub fn stop(&mut self) -> Outcome {
        if let Some(mut server) = self.server.take() {
            server.kill()?;
            server.wait()?;
        }
        Ok(())
    }

    /// Ends it as `systemctl stop` does, and waits until it has ended.
    pub fn end(&mut self) -> Outcome {
        self.signal(Signal::SIGTERM)?;
        if let Some(mut server) = self.server.take() {
            server.wait()?;
        }
        Ok(())
    }

    /// Stops the process: connections stay open, and requests are not answered.
    pub fn hang(&self) -> Outcome {
        self.signal(Signal::SIGSTOP)
    }

    /// Continues the stopped process.
    pub fn go_on(&self) -> Outcome {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        let server = self.server.as_ref().ok_or("etcd does not run")?;
        Ok(kill(Pid::from_raw(i32::try_from(server.id())?), signal)?)
    }

    /// Restarts it, and waits until it answers.
    pub fn start_again(&mut self) -> Outcome {
        self.stop()?;
        let log = std::fs::File::create(self.directory.path().join("log"))?;
        let url = format!("{}://127.0.0.1:2379", self.scheme);
        let mut command = Command::new("etcd");
        command
            .arg("--data-dir")
            .arg(self.directory.path().join("data"))
            // The test kills the server, not the machine, so syncing is not needed; the disk is
            // busy enough.
            .arg("--unsafe-no-fsync")
            .args(["--listen-client-urls", &url])
            .args(["--advertise-client-urls", &url])
            .args(["--listen-metrics-urls", "http://127.0.0.1:2381"])
            .args(["--listen-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-cluster", "default=http://127.0.0.1:2380"])
            // The last one of several counts.
            .args(&self.further)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.server = Some(self.netns.run(|| command.spawn())??);
        if let Err(stop) = eventually("etcd does not answer", || Ok(self.netns.run(answers)?)) {
            let log = std::fs::read_to_string(self.directory.path().join("log"))?;
            return Err(format!("{stop:?}: {log}").into());
        }
        Ok(())
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // It fails only if the server has ended by itself.
        let _ = self.stop();
    }
}

/// The maximum length of the words that select a request.
const LONGEST: usize = 20;

/// A fault on a [`Way`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request arrives and is executed. Its answer is lost, and all later answers too.
    AnswerLost,
    /// A request arrives after the client has stopped waiting for it.
    RequestLate,
}

/// A connection to an etcd that has faults on demand.
#[derive(Debug)]
pub struct Way(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The fault, and the words that select the request.
    awaited: Option<(&'static str, Fault)>,
    fault: Option<Fault>,
    /// Both ends of each forwarded connection.
    streams: Vec<TcpStream>,
}

impl Way {
    /// Returns its endpoint, inside [`Etcd::netns`].
    pub const ENDPOINT: &str = "http://127.0.0.1:2378";

    /// Opens it.
    pub fn open(etcd: &Etcd) -> Outcome<Self> {
        let listener = etcd.netns.run(|| TcpListener::bind("127.0.0.1:2378"))??;
        let way = Self(Arc::default());
        let (state, netns) = (Self(Arc::clone(&way.0)), etcd.netns.clone());
        // It ends with the process, and its threads when the streams are closed.
        std::thread::spawn(move || -> Outcome {
            for client in listener.incoming() {
                let server = netns.run(|| TcpStream::connect("127.0.0.1:2379"))??;
                state.lead(client?, server)?;
            }
            Ok(())
        });
        Ok(way)
    }

    /// Injects a fault into the next request that contains these words.
    pub fn goes_wrong(&self, words: &'static str, fault: Fault) {
        self.state().awaited = Some((words, fault));
    }

    /// Removes the fault. A client that lost an answer has to reconnect.
    pub fn works_again(&self) {
        let mut state = self.state();
        if state.fault.take() == Some(Fault::AnswerLost) {
            for stream in state.streams.drain(..) {
                // A closed stream cannot be shut down.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead(&self, client: TcpStream, server: TcpStream) -> Outcome {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        self.state().streams.extend([client.try_clone()?, server.try_clone()?]);
        let (requests, answers) = (Self(Arc::clone(&self.0)), Self(Arc::clone(&self.0)));
        let (asking, asked) = (client.try_clone()?, server.try_clone()?);
        let mut seen = Vec::new();
        std::thread::spawn(move || {
            pass_on(asking, asked, |bytes| {
                seen.extend_from_slice(bytes);
                requests.meets(&seen);
                // The words may be split between two reads.
                seen.drain(..seen.len().saturating_sub(LONGEST));
                true
            })
        });
        std::thread::spawn(move || {
            pass_on(server, client, |_| answers.state().fault != Some(Fault::AnswerLost))
        });
        Ok(())
    }

    /// A request; returns when it is to be forwarded.
    fn meets(&self, bytes: &[u8]) {
        let contains =
            |words: &str| bytes.windows(words.len()).any(|some| some == words.as_bytes());
        let mut state = self.state();
        if let Some((_, fault)) = state.awaited.take_if(|(words, _)| contains(words)) {
            state.fault = Some(fault);
        }
        while state.fault == Some(Fault::RequestLate) {
            drop(state);
            std::thread::sleep(Duration::from_millis(10));
            state = self.state();
        }
    }
}

/// Forwards permitted data.
fn pass_on(
    mut from: TcpStream,
    mut to: TcpStream,
    mut may: impl FnMut(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 65536];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return to.shutdown(Shutdown::Both);
        }
        if may(&buffer[..length]) {
            to.write_all(&buffer[..length])?;
        }
    }
}

/// Returns true if the server reports that it is healthy.
fn answers() -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect("127.0.0.1:2381")?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"health\":\"true\""))
}
