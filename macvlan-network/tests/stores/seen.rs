//! Containers that exist but cannot be seen, whose leases are not released.
#![deny(dead_code)]

use std::fs::{self, File};
use std::net::UdpSocket;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::common::{Scene, on_ens33, sound, started};
use macvlan_core::{Detached, Handle, Host, NetNs};
use macvlan_network::{
    ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Network, Networks, Result, SqliteStore,
};
use macvlan_tests::{
    Actor, Directory, Etcd, Lab, Outcome, PATIENCE, eventually, ip_addresses, is_guest, is_long,
    need_kernel, path_of,
};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Gid, Uid, chroot, setgroups, setuid};

/// A lab, and a store of each kind for its host a; in the guest, where etcd is slow, with `--long`.
struct Both {
    lab: Lab,
    directory: Directory,
    etcd: Option<Etcd>,
}

impl Both {
    fn set() -> Outcome<Self> {
        let etcd = if is_guest()? && !is_long() { None } else { Some(Etcd::start()?) };
        Ok(Self { lab: Lab::new()?, directory: Directory::new()?, etcd })
    }

    /// Lets another process play a part with each store, where the network "lan" has a container
    /// "there" that must be unchanged afterwards. The part gets its pid.
    fn play(&self, part: &str) -> Outcome {
        let file = self.directory.path().join("networks.db").display().to_string();
        let etcd = self.etcd.iter().map(|etcd| ("etcd", path_of(etcd.netns())));
        for (kind, place) in [("sqlite", file)].into_iter().chain(etcd) {
            let host = path_of(&self.lab.a.netns);
            let lan = open(kind, &place, &host)?.create(&on_ens33("lan", "10.1.0.0/24")?)?;
            let (container, inside) = started()?;
            lan.connect(&ConnectOptions::new("there"), &inside)?;
            let pid = container.pid().to_string();
            drop(inside);
            Actor::start(part, &[kind, &place, &host, &pid])?.finish()?;
            let inside = container.netns()?;
            assert_eq!(ip_addresses(&inside, "eth0"), ["10.1.0.2/24"], "{kind}");
            assert!(lan.lease("there")?.is_some(), "{kind}");
            assert_eq!(lan.disconnect("there")?, Detached::Removed, "{kind}");
            lan.remove()?;
        }
        assert_eq!(sound(&self.directory)?, 0);
        Ok(())
    }
}

pub(crate) fn open(kind: &str, place: &str, host: &str) -> Outcome<Networks> {
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    if kind == "sqlite" {
        return Ok(Networks::new(host, SqliteStore::open(place)?)?);
    }
    let options = EtcdOptions::new("a", [Etcd::ENDPOINT]).timeout(PATIENCE).ttl(10 * PATIENCE);
    let store = NetNs::from_path(place)?.run(|| EtcdStore::open(&options))??;
    Ok(Networks::new(host, store)?)
}

/// Opens the session that a part was given, and its network.
fn given(arguments: &[String]) -> Outcome<(Networks, Network)> {
    let [kind, place, host, ..] = arguments else { return Err("KIND PLACE HOST".into()) };
    let networks = open(kind, place, host)?;
    let lan = networks.network("lan")?;
    Ok((networks, lan))
}

/// Returns why a `retain` without valid containers could not release the lease.
fn retained(lan: &Network) -> Result<()> {
    let mut told = lan.retain::<&str>([])?;
    assert_eq!(told.released, []);
    told.failed.pop().map_or(Ok(()), |(_, error)| Err(error))
}

/// Checks that each operation that would release the lease is refused, and says which processes
/// could not be examined.
fn all_is_refused(networks: &Networks, lan: &Network, other: &NetNs, says: &[&str]) {
    let refused = [
        networks.collect().map(drop),
        networks.reconcile().map(drop),
        lan.disconnect("there").map(drop),
        retained(lan),
        lan.connect(&ConnectOptions::new("there"), other).map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kernel, "{error}");
        for words in says {
            assert!(error.to_string().contains(words), "no {words:?} in: {error}");
        }
    }
}

/// A process without privileges, which had them when it opened its handles.
fn stranger(arguments: &[String]) -> Outcome {
    let (networks, lan) = given(arguments)?;
    let other = NetNs::anonymous()?;
    Handle::in_netns(&other)?;
    setgroups(&[])?;
    nix::unistd::setgid(Gid::from_raw(65534))?;
    setuid(Uid::from_raw(65534))?;
    // The first one that is named may be another test's, by a path in its mount namespace.
    let says = ["could not be inspected", "CAP_SYS_PTRACE"];
    let is_blind = fs::metadata("/proc/1").is_err();
    all_is_refused(&networks, &lan, &other, &says[usize::from(is_blind)..]);
    Ok(())
}

fn without_rights_nothing_is_released() -> Outcome {
    Both::set()?.play("stranger")
}

/// The same where `/proc` does not even list the processes of others.
fn blind(arguments: &[String]) -> Outcome {
    let none = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(none, "/proc", Some("proc"), MsFlags::empty(), Some("hidepid=2"))?;
    stranger(arguments)
}

fn without_a_view_of_processes_nothing_is_released() -> Outcome {
    Both::set()?.play("blind")
}

/// Executes another program with further arguments. It may not be able to open paths of namespaces,
/// so it gets the open files.
fn go_on_as(mut program: Command, arguments: &[String]) -> Outcome {
    let mut handles = Vec::new();
    for argument in arguments {
        let Ok(netns) = NetNs::from_path(argument) else {
            program.arg(argument);
            continue;
        };
        fcntl(&netns, FcntlArg::F_SETFD(FdFlag::empty()))?;
        program.arg(format!("/proc/self/fd/{}", netns.as_fd().as_raw_fd()));
        handles.push(netns);
    }
    Err(program.exec().into())
}

/// In a PID namespace of its own, as in a container. Even if the kernel finds the container there,
/// its lease is not released.
fn enclosed(arguments: &[String]) -> Outcome {
    if arguments.first().is_some_and(|first| first != "inside") {
        let mut again = Command::new("unshare");
        again.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
        again.arg(std::env::current_exe()?).arg("inside");
        return go_on_as(again, arguments);
    }
    let (networks, lan) = given(&arguments[1..])?;
    let found: Vec<Result<()>> = vec![
        networks.collect().map(|collected| assert_eq!(collected.leases, [])),
        networks.reconcile().map(|done| assert!(done.is_empty(), "{done:?}")),
    ];
    let other = NetNs::anonymous()?;
    let error = lan.connect(&ConnectOptions::new("there"), &other).unwrap_err();
    for error in found.into_iter().filter_map(Result::err) {
        assert!(error.to_string().contains("initial PID namespace"), "{error}");
        assert!(error.is_permission_denied(), "{error}");
        let error = lan.disconnect("there").unwrap_err();
        assert!(error.to_string().contains("initial PID namespace"), "{error}");
    }
    assert!(lan.lease("there")?.is_some(), "{error}");
    Ok(())
}

fn in_another_pid_namespace_nothing_is_released() -> Outcome {
    Both::set()?.play("enclosed")
}

/// A process that can open only a given number of further files.
fn short_of_files(arguments: &[String]) -> Outcome {
    let (networks, lan) = given(arguments)?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let mut held = Vec::new();
    for free in 0..12_u32 {
        setrlimit(Resource::RLIMIT_NOFILE, 128.min(soft), hard)?;
        while let Ok(file) = File::open("/dev/null") {
            held.push(file);
        }
        for _ in 0..free {
            held.pop();
        }
        let collected = networks.collect();
        let disconnected = lan.disconnect("there");
        held.clear();
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
        match collected {
            Ok(collected) => assert_eq!(collected.leases, [], "with {free} files"),
            Err(error) => assert_ne!(error.kind(), ErrorKind::InvalidValue, "{error}"),
        }
        match disconnected {
            // It was detached, not considered gone.
            Ok(detached) => {
                assert_eq!(detached, Detached::Removed, "with {free} files");
                let [_, _, _, pid] = arguments else { return Err("no pid".into()) };
                lan.connect(&ConnectOptions::new("there"), &NetNs::from_pid(pid.parse()?)?)?;
            }
            Err(_) => assert!(lan.lease("there")?.is_some(), "with {free} files"),
        }
    }
    Ok(())
}

fn without_descriptors_nothing_is_released() -> Outcome {
    Both::set()?.play("short_of_files")
}

/// The capabilities that docs/networks.md requires.
const ASKED_FOR: &str = "-all,+net_admin,+sys_admin,+sys_ptrace,+dac_read_search";
/// The capabilities that an attach requires.
const FEWER: &str = "-all,+net_admin,+sys_admin";

/// Root with only some capabilities collects the leases that are gone, and finds existing
/// containers.
fn confined(arguments: &[String]) -> Outcome {
    let [set, place, host] = arguments else { return Err("SET PLACE HOST".into()) };
    if let Some(set) = set.strip_prefix('-') {
        let mut again = Command::new("setpriv");
        again.args([format!("--bounding-set=-{set}").as_str(), "--inh-caps=-all"]);
        again.arg(std::env::current_exe()?).arg(set);
        return go_on_as(again, &arguments[1..]);
    }
    let networks = open("sqlite", place, host)?;
    let collected = match networks.collect() {
        Ok(collected) => collected,
        // If the kernel does not find a namespace by its cookie, all required capabilities are
        // needed.
        Err(error) if *set == FEWER[1..] => {
            assert!(error.to_string().contains("CAP_SYS_PTRACE"), "{error}");
            assert_eq!(networks.network("lan")?.leases()?.len(), 3);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let who: Vec<&str> = collected.leases.iter().map(|lease| lease.container.as_str()).collect();
    assert_eq!(who, ["dead"], "with {set}");
    assert!(networks.reconcile()?.is_empty(), "with {set}");
    let lan = networks.network("lan")?;
    assert_eq!(lan.disconnect("process")?, Detached::Removed, "with {set}");
    assert_eq!(lan.disconnect("descriptor")?, Detached::Removed, "with {set}");
    Ok(())
}

/// Another user's process, which waits until it is killed.
struct User(Child);

impl User {
    fn start(netns: &NetNs, stdin: Stdio) -> Outcome<Self> {
        let mut sleep = Command::new("sleep");
        sleep.arg("infinity").stdin(stdin).current_dir("/").uid(1000).gid(1000);
        Ok(Self(netns.run(|| sleep.spawn())??))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // Both only fail if it has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn the_capabilities_that_are_asked_for_are_enough() -> Outcome {
    for set in [ASKED_FOR, FEWER] {
        let scene = Scene::set()?;
        let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
        let (process, descriptor) = (NetNs::anonymous()?, NetNs::anonymous()?);
        for (name, netns) in [("process", &process), ("descriptor", &descriptor)] {
            lan.connect(&ConnectOptions::new(name), netns)?;
        }
        let (dead, inside) = started()?;
        lan.connect(&ConnectOptions::new("dead"), &inside)?;
        let _process = User::start(&process, Stdio::null())?;
        let held = Stdio::from(descriptor.as_fd().try_clone_to_owned()?);
        let _descriptor = User::start(&scene.lab.a.netns, held)?;
        drop((process, descriptor, dead, inside));
        let place = scene.directory.path().join("networks.db").display().to_string();
        let host = path_of(&scene.lab.a.netns);
        Actor::start("confined", &[set, &place, &host])?.finish()?;
    }
    Ok(())
}

/// No process is in it, it is not mounted, and no descriptor refers to it.
fn what_a_socket_alone_holds_is_not_gone() -> Outcome {
    need_kernel(6, 18)?;
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    lan.connect(&ConnectOptions::new("c1"), &inside)?;
    let socket = inside.run(|| UdpSocket::bind("0.0.0.0:0"))??;
    drop(inside);
    assert_eq!(scene.networks.collect()?.leases, []);
    assert_eq!(scene.networks.reconcile()?.len(), 0);
    let error = lan.connect(&ConnectOptions::new("c1"), &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
    drop(socket);
    assert_eq!(scene.networks.collect()?.leases.len(), 1);
    Ok(())
}

/// Mounts a namespace, and changes its own root, from which the mount cannot be seen. Another
/// process can see it.
fn changes_root(arguments: &[String]) -> Outcome {
    let [namespace, point, root] = arguments else { return Err("NAMESPACE POINT ROOT".into()) };
    let none = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some(namespace.as_str()), point.as_str(), none, MsFlags::MS_BIND, none)?;
    let _sees_it = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    chroot(root.as_str())?;
    std::env::set_current_dir("/")?;
    println!("ready");
    loop {
        std::thread::park();
    }
}

fn what_the_first_process_does_not_see_is_not_gone() -> Outcome {
    let scene = Scene::set()?;
    let lan = scene.networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    lan.connect(&ConnectOptions::new("there"), &inside)?;
    let (point, root) = (scene.directory.path().join("a place"), scene.directory.path());
    File::create(&point)?;
    let [namespace, point, root] =
        [path_of(&inside), point.display().to_string(), root.display().to_string()];
    let mut process = Actor::start("changes_root", &[&namespace, &point, &root])?;
    assert_eq!(process.line()?, "ready");
    drop(inside);
    assert_eq!(scene.networks.collect()?.leases, []);
    assert_eq!(scene.networks.reconcile()?.len(), 0);
    let error = lan.connect(&ConnectOptions::new("there"), &NetNs::anonymous()?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyConnected, "{error}");
    process.kill()?;
    eventually("it is not collected", || Ok(scene.networks.collect()?.leases.len() == 1))
}

macvlan_tests::tests! {
    without_rights_nothing_is_released,
    without_a_view_of_processes_nothing_is_released,
    what_the_first_process_does_not_see_is_not_gone,
    in_another_pid_namespace_nothing_is_released,
    without_descriptors_nothing_is_released,
    the_capabilities_that_are_asked_for_are_enough,
    what_a_socket_alone_holds_is_not_gone;
    parts: confined, stranger, blind, enclosed, short_of_files, changes_root,
}
