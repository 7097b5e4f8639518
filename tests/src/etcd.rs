//! A real etcd, on the loopback link of a namespace of its own.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_core::{Handle, NetNs};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::directory::Directory;
use crate::harness::Outcome;
use crate::need::{Need, need};

/// A server that can be stopped and started again with what it knew; killed when dropped.
#[derive(Debug)]
pub struct Etcd {
    netns: NetNs,
    directory: Directory,
    server: Option<Child>,
}

impl Etcd {
    /// Where it answers, inside [`Etcd::netns`].
    pub const ENDPOINT: &str = "http://127.0.0.1:2379";

    /// Starts one, and waits until it answers.
    pub fn start() -> Outcome<Self> {
        need(Need::Root)?;
        need(Need::Etcd)?;
        let netns = NetNs::anonymous()?;
        Handle::in_netns(&netns)?.set_up("lo")?;
        let mut etcd = Self { netns, directory: Directory::new()?, server: None };
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
        let mut command = Command::new("etcd");
        command
            .arg("--data-dir")
            .arg(self.directory.path().join("data"))
            .args(["--listen-client-urls", Self::ENDPOINT])
            .args(["--advertise-client-urls", Self::ENDPOINT])
            .args(["--listen-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:2380"])
            .args(["--initial-cluster", "default=http://127.0.0.1:2380"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.server = Some(self.netns.run(|| command.spawn())??);
        let patience = Instant::now() + Duration::from_secs(60);
        while !self.netns.run(answers)? {
            if Instant::now() > patience {
                let log = std::fs::read_to_string(self.directory.path().join("log"))?;
                return Err(format!("etcd does not answer: {log}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
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

/// Whether it is well, by its own word.
fn answers() -> bool {
    use std::io::{Read as _, Write as _};
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect("127.0.0.1:2379")?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"health\":\"true\""))
}
