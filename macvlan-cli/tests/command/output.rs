//! Help, versions, completions, manual pages, exit statuses, and a standard output that fails.

use std::fs::File;
use std::process::{Command, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Container, Directory, Lab, Outcome, Stage, eventually, ip_link};

use crate::common::{command, ends, fails, ok, output, texts};

/// The verbs, and those of `network`.
const VERBS: [&str; 16] = [
    "attach",
    "detach",
    "ensure",
    "check",
    "show",
    "keep",
    "watch",
    "probe",
    "announce",
    "access",
    "diagnose",
    "network",
    "parents",
    "netns",
    "completions",
    "man",
];
const OF_NETWORK: [&str; 16] = [
    "create",
    "ensure",
    "list",
    "inspect",
    "update",
    "remove",
    "prune",
    "connect",
    "disconnect",
    "reserve",
    "resolve",
    "hosts",
    "leases",
    "conflicts",
    "collect",
    "reconcile",
];

/// Any namespace, for verbs that do not use it.
fn nowhere() -> Outcome<NetNs> {
    macvlan_tests::need(macvlan_tests::Need::Root)?;
    Ok(NetNs::anonymous()?)
}

fn help_and_version() -> Outcome {
    let netns = nowhere()?;
    assert_eq!(ok(&netns, "--version")?, format!("macvlan {}\n", env!("CARGO_PKG_VERSION")));
    let help = ok(&netns, "--help")?;
    for verb in VERBS {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
        assert!(ok(&netns, &format!("{verb} --help"))?.contains("Usage: macvlan "));
    }
    let help = ok(&netns, "network --help")?;
    for verb in OF_NETWORK {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
    }
    assert!(ok(&netns, "--help")?.contains("Exit status:"));
    // Each option stands below its own heading.
    for (verb, option, heading) in [
        ("network create", "--mode <", "Subnet options:"),
        ("network create", "--label <", "Subnet options:"),
        ("agent", "--interval <", "Store options:"),
        ("agent", "--docker ", "DNS options:"),
    ] {
        let help = ok(&netns, &format!("{verb} --help"))?;
        let above = help.split_once(heading).ok_or("no such heading")?.0;
        assert!(above.contains(option), "{option}: {help}");
    }
    // Without arguments, the help is an error message.
    let ended = output(&netns, command(""))?;
    let (out, err) = texts(&ended);
    assert_eq!((ended.status.code(), out.as_str()), (Some(2), ""));
    assert!(err.contains("Usage: macvlan ") && err.contains("attach"), "{err}");
    Ok(())
}

fn completions_are_for_shells() -> Outcome {
    let netns = nowhere()?;
    let directory = Directory::new()?;
    for (shell, words) in
        [("bash", "_macvlan()"), ("zsh", "#compdef macvlan"), ("fish", "complete -c macvlan")]
    {
        let script = ok(&netns, &format!("completions {shell}"))?;
        assert!(script.contains(words) && script.contains("reconcile"), "{shell}");
    }
    let script = directory.path().join("macvlan.bash");
    std::fs::write(&script, ok(&netns, "completions bash")?)?;
    let asked = "source \"$0\"; COMP_WORDS=(macvlan attach --mode ''); COMP_CWORD=3; \
                 _macvlan macvlan '' --mode; echo \"${COMPREPLY[@]}\"";
    let replied = Command::new("bash").args(["-c", asked]).arg(&script).output()?;
    assert_eq!(
        String::from_utf8_lossy(&replied.stdout),
        "private vepa bridge passthru source\n",
        "{replied:?}"
    );
    fails(&netns, 2, "completions cmd")?;
    Ok(())
}

fn manual_pages() -> Outcome {
    let netns = nowhere()?;
    let directory = Directory::new()?;
    assert!(ok(&netns, "man")?.contains(".TH macvlan 1"));
    let foot = format!("\"macvlan {}\"", env!("CARGO_PKG_VERSION"));
    for verb in ["", "attach", "network create"] {
        let page = ok(&netns, &format!("man {verb}"))?;
        assert!(page.lines().any(|line| line.starts_with(".TH") && line.contains(&foot)), "{page}");
    }
    let page = ok(&netns, "man network create")?;
    assert!(page.contains(".TH macvlan-network-create 1") && page.contains("ip\\-range"), "{page}");
    assert!(
        fails(&netns, 2, "man destroy")?
            .contains("cannot print manual page macvlan-destroy: \"destroy\" is not a verb")
    );
    ok(&netns, &format!("man --directory {}", directory.path().display()))?;
    for verb in VERBS {
        assert!(directory.path().join(format!("macvlan-{verb}.1")).exists(), "{verb}");
    }
    for verb in OF_NETWORK {
        assert!(directory.path().join(format!("macvlan-network-{verb}.1")).exists(), "{verb}");
    }
    assert!(fails(&netns, 3, "man --directory /no/such/directory")?.contains("cannot write"));
    Ok(())
}

fn statuses() -> Outcome {
    let Stage { lab, container, .. } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    for (arguments, status, words) in [
        (format!("attach ens33 {pid} --mtu 9000"), 1, "MTU 9000 is above the parent's 1500"),
        (format!("attach nope {pid}"), 3, "the parent does not exist"),
        ("attach ens33".to_owned(), 2, "required arguments were not provided: <CONTAINER>"),
        ("destroy".to_owned(), 2, "unrecognized subcommand 'destroy'; see --help"),
        ("atach".to_owned(), 2, "'atach'; some similar subcommands exist: "),
        (format!("attach ens33 {pid} --mtuu 9"), 2, "found; a similar argument exists: '--mtu'"),
        ("--host no-such-name show".to_owned(), 3, "no-such-name"),
    ] {
        let said = fails(host, status, &arguments)?;
        assert!(said.contains(words), "{said}");
    }
    ok(host, &format!("attach ens33 {pid}"))?;
    assert!(
        fails(host, 4, &format!("attach ens33 {pid}"))?.contains("a link with this name exists")
    );
    ends(host, 6, &format!("check ens33 {pid} 10.0.0.2/24"))?;
    Ok(())
}

fn without_capabilities() -> Outcome {
    let lab = Lab::new()?;
    let mut without = Command::new("setpriv");
    without.args(["--bounding-set=-all", "--inh-caps=-all", env!("CARGO_BIN_EXE_macvlan")]);
    without.args(["attach", "ens33", "/proc/self/ns/net"]).current_dir("/");
    let ended = output(&lab.a.netns, without)?;
    let (_, err) = texts(&ended);
    assert!(ended.status.code() == Some(5) && err.contains("CAP_NET_ADMIN"), "{ended:?}");
    assert_eq!(err.lines().count(), 1, "{err}");
    Ok(())
}

/// The operation is done; the message says that only the output failed.
fn a_full_standard_output() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    for arguments in [
        format!("attach ens33 {}", container.pid()),
        "show".to_owned(),
        "--help".to_owned(),
        "man".to_owned(),
    ] {
        let mut full = command(&arguments);
        full.stdout(File::options().write(true).open("/dev/full")?).stderr(Stdio::piped());
        let ended = lab.a.netns.run(|| full.spawn()?.wait_with_output())??;
        let err = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{arguments}: {err}");
        assert!(
            err.starts_with("macvlan: cannot write the output: No space left on device"),
            "{err}"
        );
    }
    eventually("it does not work", || Ok(ip_link(&inside, "eth0")["operstate"] == "UP"))?;
    Ok(())
}

fn a_closed_standard_output() -> Outcome {
    let (lab, container) = (Lab::new()?, Container::start()?);
    ok(&lab.a.netns, &format!("attach ens33 {}", container.pid()))?;
    let program = env!("CARGO_BIN_EXE_macvlan");
    for (script, status) in [
        (format!("{program} show >&-"), 0),
        (format!("{program} show >&- 2>&- <&-"), 0),
        (format!("set -o pipefail; {program} man | true; exit 0"), 0),
    ] {
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]);
        let ended = output(&lab.a.netns, bash)?;
        let (out, err) = texts(&ended);
        assert_eq!((ended.status.code(), out.as_str()), (Some(status), ""), "{script}: {err}");
        assert!(!err.contains("panic") && !err.contains("cannot write"), "{script}: {err}");
    }
    // A pipe that nobody reads: no message.
    let (reader, writer) = nix::unistd::pipe()?;
    drop(reader);
    let mut man = command("man");
    man.stdout(writer).stderr(Stdio::piped());
    let ended = lab.a.netns.run(|| man.spawn()?.wait_with_output())??;
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(1), 0), "{ended:?}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    help_and_version,
    completions_are_for_shells,
    manual_pages,
    statuses,
    without_capabilities,
    a_full_standard_output,
    a_closed_standard_output,
}
