//! Containers by their names.

use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Container, Directory, Lab, Outcome, Stage, eventually, ip_link};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{command, fails, ok, texts};

/// A name that exists as long as this.
struct Named(String);

impl Named {
    fn new(name: &str) -> Outcome<Self> {
        NetNs::create(name)?;
        Ok(Self(name.to_owned()))
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        // The test may have deleted it.
        let _ = NetNs::delete(&self.0);
    }
}

fn by_pid_name_and_path() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let named = Named::new(&format!("macvlan-names-{pid}"))?;
    let name = &named.0;
    for (at, way) in [
        format!("{pid}"),
        format!("pid:{pid}"),
        format!("/proc/{pid}/ns/net"),
        format!("path:/proc/{pid}/ns/net"),
    ]
    .iter()
    .enumerate()
    {
        ok(host, &format!("attach ens33 {way} -i eth{at}"))?;
        assert_eq!(ip_link(&inside, &format!("eth{at}"))["mtu"], 1500);
    }
    for (at, way) in
        [name.clone(), format!("netns:{name}"), format!("/run/netns/{name}")].iter().enumerate()
    {
        ok(host, &format!("attach ens33 {way} -i eth{at}"))?;
        assert_eq!(ip_link(&NetNs::from_name(name)?, &format!("eth{at}"))["mtu"], 1500);
    }
    // Also as the namespace of the host.
    let here = Container::start_in(host)?;
    ok(&lab.b.netns, &format!("attach --host {} ens33 {pid} -i last", here.pid()))?;
    assert_eq!(ip_link(&inside, "last")["mtu"], 1500);
    Ok(())
}

fn what_is_not_found() -> Outcome {
    let lab = Lab::new()?;
    let host = &lab.a.netns;
    for (container, status, words) in [
        ("no-such-name", 3, "cannot find container \"no-such-name\": no namespace of `ip netns`"),
        ("netns:no-such-name", 3, "no namespace of `ip netns` has that name"),
        ("docker:no-such-name", 3, "no running container of Docker has that name"),
        ("podman:no-such-name", 3, "no running container of Podman has that name"),
        ("containerd:default/no-such-name", 3, "no running task of containerd has that name"),
        ("machine:no-such-name", 3, "no running machine of systemd-nspawn has that name"),
        ("lxc:no-such-name", 3, "no running container of LXC or Incus has that name"),
        ("4194305", 3, "the process does not exist"),
        ("pid:x", 2, "not a pid"),
        ("/dev/null", 1, "not a network namespace"),
        ("/no/such/path", 3, "the file does not exist"),
        ("''", 2, "a name must be a single path component"),
    ] {
        let said = fails(host, status, &format!("attach ens33 {container}"))?;
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}

/// An engine that does not answer delays neither a signal nor, for ever, the command.
fn an_engine_that_does_not_answer() -> Outcome {
    let lab = Lab::new()?;
    let directory = Directory::new()?;
    let socket = directory.path().join("docker.sock");
    let _silent = UnixListener::bind(&socket)?;
    let ask = || {
        let mut command = command("attach ens33 no-such-name");
        command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        lab.a.netns.run(|| command.spawn())
    };
    let (waiting, mut interrupted) = (ask()??, ask()??);
    let asked = |child: &Child| {
        let fds = std::fs::read_dir(format!("/proc/{}/fd", child.id()))?;
        let mut links = fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
        Ok(links.any(|link| link.to_string_lossy().starts_with("socket:")))
    };
    eventually("Docker is not asked", || asked(&interrupted))?;
    kill(Pid::from_raw(interrupted.id().try_into()?), Signal::SIGINT)?;
    assert_eq!(interrupted.wait()?.signal(), Some(2));
    let ended = waiting.wait_with_output()?;
    let (_, err) = texts(&ended);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    let expected =
        format!("macvlan: cannot ask docker at {}: no answer for 5 s\n", socket.display());
    assert_eq!(err, expected);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    by_pid_name_and_path,
    what_is_not_found,
    an_engine_that_does_not_answer,
}
