//! A real etcd, on the loopback link of a namespace of its own.

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

/// A server that can be stopped and started again with what it knew; killed when dropped.
#[derive(Debug)]
pub struct Etcd {
    netns: NetNs,
    directory: Directory,
    /// Options that it has besides those of all.
    further: Vec<String>,
    scheme: &'static str,
    server: Option<Child>,
}

impl Etcd {
    /// Where it answers, inside [`Etcd::netns`].
    pub const ENDPOINT: &str = "http://127.0.0.1:2379";
    /// The same with TLS.
    pub const SECURE: &str = "https://127.0.0.1:2379";

    /// Starts one, and waits until it answers.
    pub fn start() -> Outcome<Self> {
        Self::start_with("http", Vec::new())
    }

    /// Starts one that has these options too.
    pub fn with_options<const N: usize>(options: [&str; N]) -> Outcome<Self> {
        Self::start_with("http", options.map(str::to_owned).to_vec())
    }

    /// Starts one that speaks TLS alone, with clients that show a certificate.
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

    /// Its namespace: whoever talks to it has to open its socket there.
    pub fn netns(&self) -> &NetNs {
        &self.netns
    }

    /// Kills it, as a power loss would; what it said that it keeps, it keeps.
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

    /// Lets it hang: it keeps its connections, and answers nobody.
    pub fn hang(&self) -> Outcome {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on where it hangs.
    pub fn go_on(&self) -> Outcome {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        let server = self.server.as_ref().ok_or("etcd does not run")?;
        Ok(kill(Pid::from_raw(i32::try_from(server.id())?), signal)?)
    }

    /// Starts it again, and waits until it answers.
    pub fn start_again(&mut self) -> Outcome {
        self.stop()?;
        let log = std::fs::File::create(self.directory.path().join("log"))?;
        let url = format!("{}://127.0.0.1:2379", self.scheme);
        let mut command = Command::new("etcd");
        command
            .arg("--data-dir")
            .arg(self.directory.path().join("data"))
            // The machine goes on where the server is killed, and the disk has other work to do.
            .arg("--unsafe-no-fsync")
            .args(&self.further)
            .args(["--listen-client-urls", &url])
            .args(["--advertise-client-urls", &url])
            .args(["--listen-metrics-urls", "http://127.0.0.1:2381"])
            .args(["--listen-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-cluster", "default=http://127.0.0.1:2380"])
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

/// What words are awaited in a request may have at most.
const LONGEST: usize = 20;

/// What goes wrong on a [`Way`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request gets there and is carried out, and its answer gets lost, as all others from then on.
    AnswerLost,
    /// A request gets there when nobody waits for it any more.
    RequestLate,
}

/// A way to an etcd on which something goes wrong when it is told to.
#[derive(Debug)]
pub struct Way(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What goes wrong when a request with these words comes by.
    awaited: Option<(&'static str, Fault)>,
    fault: Option<Fault>,
    /// Both ends of whatever is led through.
    streams: Vec<TcpStream>,
}

impl Way {
    /// Where etcd is asked by it, inside [`Etcd::netns`].
    pub const ENDPOINT: &str = "http://127.0.0.1:2378";

    /// Opens it.
    pub fn open(etcd: &Etcd) -> Outcome<Self> {
        let listener = etcd.netns.run(|| TcpListener::bind("127.0.0.1:2378"))??;
        let way = Self(Arc::default());
        let (state, netns) = (Self(Arc::clone(&way.0)), etcd.netns.clone());
        // It ends with the process, and what it starts when the streams are closed.
        std::thread::spawn(move || -> Outcome {
            for client in listener.incoming() {
                let server = netns.run(|| TcpStream::connect("127.0.0.1:2379"))??;
                state.lead(client?, server)?;
            }
            Ok(())
        });
        Ok(way)
    }

    /// Lets something go wrong from the next request on that contains these words.
    pub fn goes_wrong(&self, words: &'static str, fault: Fault) {
        self.state().awaited = Some((words, fault));
    }

    /// Lets nothing go wrong any more. Who has lost an answer has to connect anew.
    pub fn works_again(&self) {
        let mut state = self.state();
        if state.fault.take() == Some(Fault::AnswerLost) {
            for stream in state.streams.drain(..) {
                // One that is closed already cannot be shut down.
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
                // The words may be cut in two.
                seen.drain(..seen.len().saturating_sub(LONGEST));
                true
            })
        });
        std::thread::spawn(move || {
            pass_on(server, client, |_| answers.state().fault != Some(Fault::AnswerLost))
        });
        Ok(())
    }

    /// A request; comes back when it is to be passed on.
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

/// Passes on what may be.
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

/// Whether it is well, by its own word.
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
