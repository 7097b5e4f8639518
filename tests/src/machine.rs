//! A machine with real clients of the library: Docker, Podman and containerd.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use macvlan_core::NetNs;

use crate::harness::{Outcome, Stop};
use crate::lab::{Lab, LabHost};
use crate::need::{Need, need};
use crate::patience::eventually;

/// The scripts that make its root and its namespaces.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// All that its processes have of the environment.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("HOME", "/root"),
    ("LC_ALL", "C.UTF-8"),
    // That it uses control groups as this machine has them, in the place of its own messages.
    ("PODMAN_IGNORE_CGROUPSV1_WARNING", "1"),
];

/// The Debian release that a machine has, and its engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debian {
    /// Debian 12: Docker 20.10, Podman 4.3 with CNI, containerd 1.6.
    Bookworm,
    /// Debian 13: Docker 26.1, Podman 5.4 with netavark 1.14, containerd 1.7.
    Trixie,
}

impl Debian {
    /// Returns the path of its root, which has to be made already.
    pub(crate) fn root(self) -> Outcome<String> {
        need(Need::Root)?;
        let name = match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        };
        let root = Command::new(format!("{SCRIPTS}/root")).args(["--made", name]).output()?;
        if root.status.success() {
            Ok(text(&root.stdout))
        } else {
            Err(Stop::Ignored(text(&root.stderr)))
        }
    }
}

/// A host of a [`Lab`] as a machine of its own: a Debian with container engines, in namespaces. It
/// ends, with all that runs on it, when dropped.
///
/// The image `/srv/busybox.tar`, also as the directory `/srv/busybox`, has the programs of busybox.
#[derive(Debug)]
pub struct Machine {
    /// The hosts.
    pub lab: Arc<Lab>,
    /// The namespace of its host.
    pub netns: NetNs,
    init: Child,
    /// The first process's id, outside.
    pid: u32,
}

impl Machine {
    /// Starts host a, with the addresses 172.16.104.2/24 and `fd15::2/64`, as a machine on which this
    /// program is the command `macvlan`. Host b is the router of the LAN, with 172.16.104.1 and
    /// `fd15::1`. No engine runs yet.
    pub fn start(debian: Debian, command: &str) -> Outcome<Self> {
        let root = debian.root()?;
        let lab = Arc::new(Lab::with_addresses(
            &["172.16.104.2/24", "fd15::2/64 nodad"],
            &["172.16.104.1/24", "fd15::1/64 nodad"],
        )?);
        Self::on(&lab, &lab.a, "machine", &root, command)
    }

    /// Starts both hosts as machines, with the names `machine-a` and `machine-b`. The second one has
    /// the addresses 172.16.104.3/24 and `fd15::3/64`, without a router.
    pub fn start_two(debian: Debian, command: &str) -> Outcome<[Self; 2]> {
        let root = debian.root()?;
        let lab = Arc::new(Lab::with_addresses(
            &["172.16.104.2/24", "fd15::2/64 nodad"],
            &["172.16.104.3/24", "fd15::3/64 nodad"],
        )?);
        let start = |name, host: &LabHost| Self::on(&lab, host, name, &root, command);
        Ok([start("machine-a", &lab.a)?, start("machine-b", &lab.b)?])
    }

    /// Starts a machine with this name on a host.
    fn on(lab: &Arc<Lab>, host: &LabHost, name: &str, root: &str, command: &str) -> Outcome<Self> {
        let mut start = Command::new(format!("{SCRIPTS}/enter"));
        start.args([root, command, name]);
        start.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut init = host.netns.run(|| start.spawn())??;
        let mut line = String::new();
        if let Some(says) = init.stdout.take() {
            BufReader::new(says).read_line(&mut line)?;
        }
        let Ok(pid) = line.trim().parse() else {
            let mut why = String::new();
            if let Some(mut err) = init.stderr.take() {
                err.read_to_string(&mut why)?;
            }
            init.wait()?;
            return Err(format!("the machine does not start: {why}").into());
        };
        Ok(Self { lab: Arc::clone(lab), netns: host.netns.clone(), init, pid })
    }

    /// Starts Docker, without networks of its own, and imports the image `busybox`.
    pub fn start_docker(&self) -> Outcome {
        let options = "--iptables=false --ip6tables=false --bridge=none --storage-driver=vfs";
        self.daemon(&format!("dockerd {options}"), "docker version")?;
        self.ok("docker import /srv/busybox.tar busybox")?;
        Ok(())
    }

    /// Starts containerd.
    pub fn start_containerd(&self) -> Outcome {
        self.daemon("containerd", "ctr version")
    }

    /// Sets up Podman, which needs no daemon, and imports the image `busybox`.
    pub fn set_up_podman(&self) -> Outcome {
        self.write(
            "/etc/containers/containers.conf.d/tests.conf",
            "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n\
             [containers]\nlog_driver = \"k8s-file\"\n",
        )?;
        self.write(
            "/etc/containers/storage.conf",
            "[storage]\ndriver = \"vfs\"\nrunroot = \"/run/containers/storage\"\n\
             graphroot = \"/var/lib/containers/storage\"\n",
        )?;
        self.ok("podman import --quiet /srv/busybox.tar busybox")?;
        Ok(())
    }

    /// Starts a daemon in the background, whose output goes to `/var/log`, and waits until a command
    /// that asks it succeeds.
    pub fn daemon(&self, line: &str, asks: &str) -> Outcome {
        let program = line.split(' ').next().unwrap_or(line);
        let name = program.rsplit('/').next().unwrap_or(program);
        let log = format!("/var/log/{name}.log");
        self.ok(&format!("{line} >>{log} 2>&1 </dev/null &"))?;
        let answers = || Ok(self.run(asks)?.status.success());
        if let Err(stop) = eventually(&format!("{name} does not answer"), answers) {
            return Err(format!("{stop:?}: {}", self.ok(&format!("cat {log}"))?).into());
        }
        Ok(())
    }

    /// Writes a file, whose directories need not exist.
    pub fn write(&self, path: &str, content: &str) -> Outcome {
        let directory = Path::new(path).parent().unwrap_or(Path::new("/")).display();
        self.ok(&format!(
            "mkdir -p {directory} && cat >{path} <<'END-OF-FILE'\n{content}\nEND-OF-FILE"
        ))?;
        Ok(())
    }

    /// Returns a command of the machine's shell.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.pid));
        command.args([
            "--mount", "--pid", "--net", "--cgroup", "--uts", "--ipc", "--", "sh", "-c", line,
        ]);
        command.env_clear().envs(ENVIRONMENT).stdin(Stdio::null());
        command
    }

    /// Runs a line of shell, until it ends.
    pub fn run(&self, line: &str) -> Outcome<Output> {
        Ok(self.command(line).output()?)
    }

    /// Runs a line of shell, which has to succeed, and returns its output without the last newline.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn ok(&self, line: &str) -> Outcome<String> {
        let output = self.run(line)?;
        assert!(output.status.success(), "{line}: {} {}", output.status, text(&output.stderr));
        Ok(text(&output.stdout))
    }

    /// Runs a line of shell, which has to fail, and returns its exit status and its errors.
    ///
    /// # Panics
    /// If it succeeds.
    #[track_caller]
    pub fn fails(&self, line: &str) -> Outcome<(Option<i32>, String)> {
        let output = self.run(line)?;
        assert!(!output.status.success(), "{line}: {}", text(&output.stdout));
        Ok((output.status.code(), text(&output.stderr)))
    }

    /// Returns its root, as a path outside.
    pub fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.pid).into()
    }

    /// Returns the network namespace of one of its processes, whose id is one of the machine.
    pub fn netns_of(&self, pid: &str) -> Outcome<NetNs> {
        Ok(NetNs::from_path(format!("/proc/{}/root/proc/{pid}/ns/net", self.pid))?)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Without input, its first process ends, and all others with it.
        drop(self.init.stdin.take());
        // It fails only if the process was waited for.
        let _ = self.init.wait();
    }
}

/// Continues on this kernel; the guest is slow.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
