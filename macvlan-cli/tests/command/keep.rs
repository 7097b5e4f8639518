//! keep and watch, and signals.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, ExitStatus, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Outcome, Snapshot, Stage, eventually, ip, ip_do, ip_lines, ip_link};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{command, fails, ok};

/// A command that runs; killed when dropped.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn start(host: &NetNs, arguments: &str) -> Outcome<Self> {
        let mut command = command(arguments);
        command.stdout(Stdio::piped());
        let mut child = host.run(|| command.spawn())??;
        let out = BufReader::new(child.stdout.take().ok_or("a pipe")?);
        Ok(Self { child, out })
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.out.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn signal(&mut self, signal: Signal) -> Outcome<ExitStatus> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?;
        Ok(self.child.wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kept_while_its_parent_comes_and_goes() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let mut keep = Running::start(host, &format!("keep ens33 {pid} 192.168.15.9/24"))?;
    let first = keep.line()?;
    let mac = ip_link(&inside, "eth0")["address"].as_str().unwrap_or_default().to_owned();
    assert_eq!(first, format!("attached eth0 {mac} 192.168.15.9/24"));
    ip_do(host, "link delete ens33");
    assert!(keep.line()?.contains("the parent ens33 is gone"));
    lab.cable("ens33")?;
    assert!(keep.line()?.contains("attached again to ens33"));
    eventually("it does not work", || Ok(ip_link(&inside, "eth0")["operstate"] == "UP"))?;
    assert_eq!(keep.signal(Signal::SIGTERM)?.code(), Some(0));
    assert_eq!(ip_link(&inside, "eth0")["operstate"], "UP", "it stays");
    Ok(())
}

fn kept_until_the_end() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let mut keep = Running::start(host, &format!("keep ens33 {pid} --detach --json"))?;
    let first: Value = serde_json::from_str(&keep.line()?)?;
    assert_eq!((&first["kind"], &first["attachment"]["name"]), (&"kept".into(), &"eth0".into()));
    assert_eq!(keep.signal(Signal::SIGINT)?.code(), Some(0));
    assert_eq!(ip(&inside, "link show").as_array().map(Vec::len), Some(1));
    // The container's end is the end of the command.
    let mut keep = Running::start(host, &format!("keep ens33 {pid}"))?;
    keep.line()?;
    drop((inside, container));
    assert!(keep.line()?.contains("no longer kept"));
    assert_eq!(keep.child.wait()?.code(), Some(0));
    assert!(fails(host, 3, &format!("keep ens33 {pid}"))?.contains("does not exist"));
    Ok(())
}

fn rules(inside: &NetNs) -> usize {
    ip_lines(inside, "rule show").iter().filter(|rule| rule.contains("proto 109")).count()
}

/// Rules are deleted at the end, even if the link went with its parent.
fn nothing_is_left_of_a_link_that_is_gone() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let endpoint = format!("ens33 {pid} 192.168.15.9/24@192.168.15.2 --source-routing 9");
    let mut keep = Running::start(host, &format!("keep {endpoint} --detach"))?;
    keep.line()?;
    assert_eq!(rules(&inside), 1);
    ip_do(host, "link delete ens33");
    assert!(keep.line()?.contains("the parent ens33 is gone"));
    assert_eq!(keep.signal(Signal::SIGTERM)?.code(), Some(0));
    assert_eq!(rules(&inside), 0);
    lab.cable("ens33")?;
    ok(host, &format!("attach {endpoint}"))?;
    ip_do(host, "link delete ens33");
    assert_eq!(rules(&inside), 1);
    fails(host, 3, &format!("detach {pid} --all --plan"))?;
    ok(host, &format!("detach {pid}"))?;
    assert_eq!(rules(&inside), 0);
    fails(host, 3, &format!("detach {pid} --all"))?;
    Ok(())
}

/// A signal during a probe of seconds leaves the container as it was.
fn a_signal_undoes_an_attach() -> Outcome {
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130), (Signal::SIGHUP, 129)] {
        let Stage { lab, inside, container } = Stage::set()?;
        let before = Snapshot::of(&inside);
        let endpoint =
            format!("attach ens33 {} 192.168.15.9/24 --probe rfc,start=1h", container.pid());
        let mut attach = Running::start(&lab.a.netns, &endpoint)?;
        eventually("the link is not created", || {
            Ok(ip(&inside, "link show").as_array().map(Vec::len) == Some(2))
        })?;
        assert_eq!(attach.signal(signal)?.code(), Some(status));
        assert_eq!(attach.line()?, "");
        before.assert_same(&inside);
    }
    Ok(())
}

fn changes_are_printed() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid}"))?;
    let mut of_host = Running::start(host, "watch")?;
    let mut of_container = Running::start(host, &format!("watch {pid} --json"))?;
    let mut in_words = Running::start(host, &format!("watch {pid}"))?;
    let mut changes = 0;
    eventually("a watch prints nothing", || {
        changes += 1;
        ip_do(host, &format!("link set ens33 alias a{changes}"));
        ip_do(&inside, &format!("link set eth0 alias a{changes}"));
        Ok([&of_host, &of_container, &in_words].into_iter().all(is_readable))
    })?;
    assert!(of_host.line()?.starts_with("new-link "));
    ok(host, &format!("ensure ens33 {pid} 10.0.0.2/24@10.0.0.1"))?;
    loop {
        let event: Value = serde_json::from_str(&of_container.line()?)?;
        if event["kind"] == "new-address" && event["object"]["address"] == "10.0.0.2/24" {
            break;
        }
    }
    // Links have their names, as with `ip monitor`.
    let mut until = |words: &str| -> Outcome {
        loop {
            let line = in_words.line()?;
            assert_ne!(line, "", "not printed: {words}");
            if line.starts_with(words) {
                return Ok(());
            }
        }
    };
    until("new-address 10.0.0.2/24 dev eth0")?;
    until("new-route default via 10.0.0.1 dev eth0")?;
    ip_do(&inside, "link set eth0 down");
    ip_do(&inside, "link set eth0 name lan0");
    ip_do(&inside, "address delete 10.0.0.2/24 dev lan0");
    until("del-address 10.0.0.2/24 dev lan0")?;
    // Without an undo, the signal has its usual effect.
    let ended = of_host.signal(Signal::SIGINT)?;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(2));
    Ok(())
}

fn is_readable(running: &Running) -> bool {
    use std::os::fd::AsFd as _;
    let mut polled =
        [nix::poll::PollFd::new(running.out.get_ref().as_fd(), nix::poll::PollFlags::POLLIN)];
    nix::poll::poll(&mut polled, nix::poll::PollTimeout::ZERO) == Ok(1)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    kept_while_its_parent_comes_and_goes,
    kept_until_the_end,
    nothing_is_left_of_a_link_that_is_gone,
    a_signal_undoes_an_attach,
    changes_are_printed,
}
