//! `kill -9` before each system call of an ADD and of a DEL: nothing is given twice, and the next
//! DEL, or GC, takes away all that is left.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Stdio;

use macvlan_core::NetNs;
use macvlan_tests::{Actor, Need, Outcome, Snapshot, is_guest, is_long, need, path_of};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::common::{Call, Pod, Scene, addresses, merged, program, with_valid};

/// Runs a call of the plugin under the test's tracing. Stops at the end of its `exec`.
fn traced(words: &[String]) -> Outcome {
    let [host, config, variables @ ..] = words else {
        return Err("HOST CONFIG VARIABLE…".into());
    };
    let variables = variables.iter().filter_map(|one| one.split_once('='));
    let mut plugin = program(variables.map(|(key, value)| (key.to_owned(), value.to_owned())));
    plugin.stdin(File::open(config)?).stdout(Stdio::null()).stderr(Stdio::null());
    NetNs::from_path(host)?.run(|| -> Outcome {
        ptrace::traceme()?;
        Err(plugin.exec().into())
    })?
}

/// Runs a call, and kills it before its system call of this number; false if it ended before.
fn dies_at(scene: &Scene, call: &Call<'_>, number: usize) -> Outcome<bool> {
    let config = scene.path("config.json");
    fs::write(&config, call.text())?;
    let mut words = vec![path_of(scene.host()), config];
    words.extend(scene.variables(call).into_iter().map(|(key, value)| format!("{key}={value}")));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plugin = Actor::start("traced", &words)?;
    let process = Pid::from_raw(i32::try_from(plugin.pid())?);
    let states = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let state = || waitid(Id::Pid(process), states);
    let stopped = WaitStatus::PtraceEvent(process, Signal::SIGTRAP, 0);
    assert_eq!(state()?, stopped);
    // Each call stops at its beginning and at its end.
    for _ in 0..=2 * number {
        ptrace::syscall(process, None)?;
        if state()? != stopped {
            plugin.finish()?;
            return Ok(false);
        }
    }
    let ended = plugin.kill()?;
    assert_eq!(ended.signal(), Some(Signal::SIGKILL as i32), "{ended}");
    Ok(true)
}

/// A pod whose ADDs and DELs are killed, and another one.
struct Pods {
    scene: Scene,
    config: Value,
    victim: Pod,
    other: Pod,
    before: (Snapshot, Snapshot),
}

impl Pods {
    fn new(scene: Scene, config: Value) -> Outcome<Self> {
        let (victim, other) = (Scene::pod("c1")?, Scene::pod("c2")?);
        // The network and the store are made by the first ADD.
        scene.ok(&Call::of("ADD", &config, &victim))?;
        scene.ok(&Call::of("DEL", &config, &victim))?;
        let before = (Snapshot::of(scene.host()), Snapshot::of(&victim.netns));
        Ok(Self { scene, config, victim, other, before })
    }

    fn ok(&self, verb: &str, pod: &Pod) -> Outcome<Value> {
        self.scene.ok(&Call::of(verb, &self.config, pod))
    }

    /// Kills a verb before every system call, or some of them.
    fn kill(&self, verb: &str) -> Outcome {
        let step = match (is_long(), is_guest()?) {
            (true, false) => 1,
            (true, true) => 29,
            (false, false) => 41,
            (false, true) => 397,
        };
        let mut number = 0;
        loop {
            if verb == "DEL" {
                self.ok("ADD", &self.victim)?;
            }
            if !dies_at(&self.scene, &Call::of(verb, &self.config, &self.victim), number)? {
                break;
            }
            self.recover(number % 2 == 0)
                .map_err(|stop| format!("{verb} killed before call {number}: {stop:?}"))?;
            number += step;
        }
        assert!(number > 80, "{verb} has only {number} calls");
        println!("{verb} was killed before {} of {number} calls", number / step);
        self.ok("DEL", &self.victim)?;
        Ok(())
    }

    /// Checks that nothing is given twice, and that GC or the next DEL takes away all that is left.
    fn recover(&self, by_gc: bool) -> Outcome {
        let left = addresses(&self.victim);
        self.ok("ADD", &self.other)?;
        let given = addresses(&self.other);
        assert!(!given.iter().any(|address| left.contains(address)), "{left:?} and {given:?}");
        self.ok("DEL", &self.other)?;
        if by_gc {
            self.scene.ok(&Call::new("GC", &with_valid(&self.config, &[])))?;
        } else {
            self.ok("DEL", &self.victim)?;
        }
        self.before.0.assert_same(self.scene.host());
        self.before.1.assert_same(&self.victim.netns);
        // No lease is left either.
        let result = self.ok("ADD", &self.victim)?;
        if self.config["ipam"].is_object() {
            assert_eq!(result["ips"][0]["address"], "10.1.0.2/24");
        }
        self.ok("DEL", &self.victim)?;
        Ok(())
    }
}

fn kill(scene: Scene, config: Value) -> Outcome {
    let pods = Pods::new(scene, config)?;
    pods.kill("ADD")?;
    pods.kill("DEL")
}

fn with_leases() -> Outcome {
    let scene = Scene::set()?;
    let config = scene.leased(&json!({ "routes": [{ "dst": "0.0.0.0/0" }] }));
    kill(scene, config)
}

fn of_layer_2() -> Outcome {
    kill(Scene::set()?, Scene::plain(&json!({})))
}

fn on_a_vlan_on_demand() -> Outcome {
    need(Need::Vlan)?;
    let scene = Scene::set()?;
    let config = merged(scene.leased(&json!({})), &json!({ "master": "ens33.100" }));
    kill(scene, config)
}

macvlan_tests::tests! {
    same_on_every_kernel:
    of_layer_2,
    with_leases;
    long: on_a_vlan_on_demand;
    parts: traced,
}
