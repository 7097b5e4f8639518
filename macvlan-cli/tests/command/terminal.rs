//! A terminal: colours, progress and Ctrl-C, by `script(1)`.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Outcome, Snapshot, Stage, eventually, ip};

use crate::common::ok;

/// Starts a command on a terminal of its own.
fn on_terminal(host: &NetNs, arguments: &str, variables: &[(&str, &str)]) -> Outcome<Child> {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_macvlan"));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir("/");
    script
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8")
        .env("SHELL", "/bin/sh")
        .env_remove("NO_COLOR");
    script.envs(variables.iter().copied());
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(host.run(|| script.spawn())??)
}

/// Runs a command on a terminal, and returns what the terminal shows.
fn shown(host: &NetNs, arguments: &str, variables: &[(&str, &str)]) -> Outcome<String> {
    let ended = on_terminal(host, arguments, variables)?;
    // The input stays open until the command has ended.
    let mut ended = ended;
    let input = ended.stdin.take();
    let output = ended.wait_with_output()?;
    drop(input);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn colours_only_on_a_terminal() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let host = &lab.a.netns;
    let attach = format!("attach ens33 {} 10.0.0.2/24", container.pid());
    let said = shown(host, &attach, &[])?;
    assert!(said.starts_with("\x1b[36meth0\x1b[0m \x1b[33m"), "{said:?}");
    assert!(said.contains("\x1b[35m10.0.0.2/24\x1b[0m"), "{said:?}");
    assert!(shown(host, "show", &[])?.contains("\x1b[32mUP\x1b[0m"));
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        assert!(!shown(host, "show", &variables)?.contains("\x1b["), "{variables:?}");
    }
    assert!(shown(host, "show", &[("NO_COLOR", "")])?.contains("\x1b["), "empty is unset");
    assert!(!shown(host, "show --json", &[])?.contains("\x1b["));
    assert!(!ok(host, &format!("detach {}", container.pid()))?.contains("\x1b["));
    Ok(())
}

/// A probe of seconds shows its time, and Ctrl-C undoes it.
fn progress_until_ctrl_c() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let before = Snapshot::of(&inside);
    let endpoint = format!("attach ens33 {} 192.168.15.9/24 --probe rfc,start=1h", container.pid());
    let mut running = on_terminal(&lab.a.netns, &endpoint, &[])?;
    eventually("the link is not created", || {
        Ok(ip(&inside, "link show").as_array().map(Vec::len) == Some(2))
    })?;
    let mut terminal = running.stdout.take().ok_or("a terminal")?;
    let mut seen = String::new();
    while !seen.contains("probing and announcing on ens33: ") {
        let mut bytes = [0; 256];
        let count = terminal.read(&mut bytes)?;
        assert!(count > 0, "{seen:?}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    let mut keyboard = running.stdin.take().ok_or("a keyboard")?;
    keyboard.write_all(b"\x03")?;
    assert_eq!(running.wait()?.code(), Some(130));
    terminal.read_to_string(&mut seen)?;
    assert!(seen.ends_with("\r\x1b[K"), "the line is erased: {seen:?}");
    before.assert_same(&inside);
    Ok(())
}

fn no_progress_without_a_terminal() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let endpoint =
        format!("attach ens33 {} 192.168.15.9/24 --probe quick,wait=1s", container.pid());
    ok(&lab.a.netns, &endpoint).map(drop)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    colours_only_on_a_terminal,
    progress_until_ctrl_c,
    no_progress_without_a_terminal,
}
