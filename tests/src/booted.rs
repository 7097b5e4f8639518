//! A machine that boots: systemd with real clients, on the other kernel.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::directory::Directory;
use crate::harness::{Outcome, Stop};
use crate::machine::Debian;

/// The time that a line of shell may take, and a boot.
const LIMIT: Duration = Duration::from_secs(300);
/// The size of its disk, of which it uses little.
const DISK: u64 = 4 << 30;

/// A guest in which a Debian is booted, with systemd as its first process and Docker as Debian's
/// package starts it. The command is installed as its own package does it, with units that are not
/// enabled. It has a network of its own, and ends when dropped; `tests/clients/booted` prepares it.
#[derive(Debug)]
pub struct Booted {
    /// With its disk and the messages of its kernel.
    directory: Directory,
    guest: Child,
    shell: ChildStdin,
    lines: Receiver<String>,
    /// The number of lines of shell that were run.
    count: usize,
}

impl Booted {
    /// Boots, with the static binary of the command and the directory of its units.
    pub fn start(command: &str, units: &str) -> Outcome<Self> {
        let root = Debian::Trixie.root()?;
        for program in ["linux.uml", "mkfs.ext4"] {
            let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output()?;
            if !found.status.success() {
                return Err(Stop::Ignored(format!("there is no {program}")));
            }
        }
        let directory = Directory::new()?;
        let disk = directory.path().join("disk");
        File::create(&disk)?.set_len(DISK)?;
        let made = Command::new("mkfs.ext4").arg("-q").arg(&disk).output()?;
        if !made.status.success() {
            return Err(format!("mkfs.ext4: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let tests = env!("CARGO_MANIFEST_DIR");
        let mut guest = Command::new(format!("{tests}/uml/guest"))
            .arg(directory.path())
            .arg(format!("init={tests}/clients/booted"))
            .args(["con0=null,fd:2", "con1=fd:0,fd:1", "SYSTEMD_COLORS=0"])
            .arg(format!("ubda={}", disk.display()))
            .args([
                format!("CLIENTS={root}"),
                format!("COMMAND={command}"),
                format!("UNITS={units}"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(directory.path().join("console"))?)
            .spawn()?;
        let (Some(shell), Some(output)) = (guest.stdin.take(), guest.stdout.take()) else {
            return Err("the guest has no pipes".into());
        };
        let (send, lines) = channel();
        // It ends with the guest.
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let mut booted = Self { directory, guest, shell, lines, count: 0 };
        booted.wait()?;
        Ok(booted)
    }

    /// Boots again, with the same disk.
    pub fn reboot(&mut self) -> Outcome {
        writeln!(self.shell, "systemctl reboot")?;
        self.wait()
    }

    /// Waits until it has booted.
    fn wait(&mut self) -> Outcome {
        // Before, another shell or none would read the line.
        self.read_until("booted")?;
        let (_, state) = self.run("systemctl is-system-running --wait")?;
        if state == "running" {
            return Ok(());
        }
        Err(format!("{state}: {}", self.run("systemctl --failed --full")?.1).into())
    }

    /// Runs a line of shell until it ends, and returns its exit status and all its output.
    pub fn run(&mut self, line: &str) -> Outcome<(i32, String)> {
        self.count += 1;
        let end = format!("end-{} ", self.count);
        writeln!(self.shell, "{{ {line}\n}} </dev/null 2>&1; echo \"\n{end}$?\"")?;
        let (status, output) = self.read_until(&end)?;
        Ok((status.parse()?, output))
    }

    /// Reads lines up to one with this beginning, and returns its end, and all lines before.
    fn read_until(&self, beginning: &str) -> Outcome<(String, String)> {
        let mut output = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(LIMIT) else {
                let console = std::fs::read(self.directory.path().join("console"))?;
                let last = String::from_utf8_lossy(&console[console.len().saturating_sub(4000)..]);
                return Err(format!("the guest hangs: {}\n{last}", output.join("\n")).into());
            };
            if let Some(rest) = line.strip_prefix(beginning) {
                return Ok((rest.to_owned(), output.join("\n").trim().to_owned()));
            }
            output.push(line);
        }
    }

    /// Runs a line of shell, which has to succeed, and returns its output.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn ok(&mut self, line: &str) -> Outcome<String> {
        let (status, output) = self.run(line)?;
        assert_eq!(status, 0, "{line}: {output}");
        Ok(output)
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // It fails only if the guest has ended.
        let _ = self.guest.kill();
        let _ = self.guest.wait();
    }
}
