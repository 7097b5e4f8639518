//! Every way to open a network namespace, and every way to fail.
#![deny(dead_code)]

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use macvlan_core::{ErrorKind, Handle, Host, Link, NetNs, NetNsId, VisibleNetNs};
use macvlan_tests::{
    Actor, Container, Directory, Need, Outcome, eventually, ip, need, path_of,
    takes_long_in_the_guest,
};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A name under `/run/netns` that only this test uses, deleted after the test.
struct Name(String);

impl Name {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("macvlan-test-{}-{count}", std::process::id()))
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.0)
    }

    fn is_listed(&self) -> Outcome<bool> {
        let output = Command::new("ip").args(["netns", "list"]).output()?;
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().any(|line| line.split_whitespace().next() == Some(&self.0)))
    }

    fn ip_netns(&self, verb: &str) -> Outcome {
        let output = Command::new("ip").args(["netns", verb, &self.0]).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // Usually the test has deleted it.
        let _ = NetNs::delete(&self.0);
    }
}

/// Returns the number in `net:[4026531840]` of a link under `/proc`.
fn id_of(path: &str) -> Outcome<String> {
    Ok(std::fs::read_link(path)?.to_string_lossy().into_owned())
}

fn pidfd_of(container: &Container) -> Outcome<std::os::fd::OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(container.pid())?).ok_or("no pid")?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

fn every_way_leads_to_the_same_namespace() -> Outcome {
    let container = Container::start()?;
    let pid = container.pid();
    let by_pid = NetNs::from_pid(pid)?;
    let by_path = NetNs::from_path(format!("/proc/{pid}/ns/net"))?;
    let by_pidfd = NetNs::from_pidfd(&pidfd_of(&container)?)?;
    let by_fd = NetNs::from_fd(File::open(format!("/proc/{pid}/ns/net"))?)?;
    let by_handle = NetNs::from_fd(&by_pid)?;
    let from_inside = by_pid.run(NetNs::current)??;
    for netns in [&by_path, &by_pidfd, &by_fd, &by_handle, &from_inside, &by_pid.clone()] {
        assert!(netns.same_as(&by_pid), "{netns:?} is not {by_pid:?}");
    }
    assert_eq!(by_pid.id().to_string(), id_of(&format!("/proc/{pid}/ns/net"))?);
    assert!(!by_pid.same_as(&NetNs::current()?));
    assert!(!by_pid.same_as(&NetNs::anonymous()?));
    assert_eq!(by_pid.to_string(), format!("the network namespace of pid {pid}"));
    Ok(())
}

fn handles_are_closed_on_exec() -> Outcome {
    let seen_by_a_child = || -> Outcome<usize> {
        let output = Command::new("ls").args(["-l", "/proc/self/fd"]).output()?;
        let text = String::from_utf8(output.stdout)?;
        assert!(text.contains("pipe:["), "at least its own standard output: {text}");
        Ok(text.lines().filter(|line| line.contains("net:[") || line.contains("socket:[")).count())
    };
    let before = seen_by_a_child()?;
    let container = Container::start()?;
    let netns = container.netns()?;
    Handle::in_netns(&netns)?.links()?; // opens a socket inside
    assert_eq!(seen_by_a_child()?, before);
    Ok(())
}

fn pids_that_lead_nowhere() -> Outcome {
    need(Need::Root)?;
    for (pid, kind, words) in [
        (0, ErrorKind::InvalidValue, "not a pid"),
        (u32::MAX, ErrorKind::InvalidValue, "not a pid"),
        (i32::MAX.unsigned_abs(), ErrorKind::NamespaceGone, "the process does not exist"),
    ] {
        let error = NetNs::from_pid(pid).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&format!("pid {pid}: {words}")), "{error}");
    }

    let mut child = Command::new("true").spawn()?;
    let pid = child.id();
    let netns = NetNs::from_pid(pid);
    // Dead, but not yet waited for: still a process, but without a namespace.
    eventually("it does not end", || {
        Ok(std::fs::read_to_string(format!("/proc/{pid}/stat"))?.contains(") Z "))
    })?;
    let error = NetNs::from_pid(pid).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    assert!(error.to_string().contains("the process has ended"), "{error}");
    child.wait()?;
    let error = NetNs::from_pid(pid).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    assert!(error.is_not_found());
    // A handle opened while it lived still works.
    if let Ok(netns) = netns {
        assert!(netns.same_as(&NetNs::current()?));
    }
    Ok(())
}

fn thread_ids_are_refused() -> Outcome {
    need(Need::Root)?;
    let error = std::thread::spawn(|| {
        let tid = nix::unistd::gettid().as_raw().unsigned_abs();
        NetNs::from_pid(tid).unwrap_err()
    });
    let error = error.join().map_err(|_| "the thread panicked")?;
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    assert!(error.to_string().contains("the pid is a thread's, not a process's"), "{error}");
    Ok(())
}

/// A pidfd refers to its process, even if the pid is reused.
fn a_pidfd_outlives_its_process() -> Outcome {
    let container = Container::start()?;
    let pidfd = pidfd_of(&container)?;
    drop(container);
    let error = NetNs::from_pidfd(&pidfd).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    assert!(error.to_string().contains("the process has ended"), "{error}");
    Ok(())
}

fn other_files_are_refused() -> Outcome {
    need(Need::Root)?;
    let directory = std::env::temp_dir().join(format!("macvlan-test-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let [file, fifo, socket] = ["file", "fifo", "socket"].map(|name| directory.join(name));
    File::create(&file)?;
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR)?;
    let _listener = UnixListener::bind(&socket)?;
    let paths = ["/dev/null", "/proc/self/stat", "/proc/self/ns"].map(std::path::PathBuf::from);
    for path in paths.iter().chain([&file, &fifo, &socket, &directory]) {
        let error = NetNs::from_path(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotANamespace, "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    std::fs::remove_dir_all(&directory)?;

    let error = NetNs::from_path("/proc/self/ns/mnt").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotANamespace, "{error}");
    assert!(error.to_string().contains("a namespace of another type"), "{error}");
    let error = NetNs::from_path("/nowhere/at/all").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    let error = NetNs::from_fd(File::open("/dev/null")?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotANamespace, "{error}");
    let error = NetNs::from_pidfd(File::open("/dev/null")?).unwrap_err();
    assert!(error.is_invalid_value(), "{error}");
    assert!(error.to_string().contains("the file descriptor is not a pidfd"), "{error}");
    Ok(())
}

fn names_that_we_give_are_seen_by_ip() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    let netns = NetNs::create(&name.0)?;
    assert!(name.is_listed()?);
    assert!(netns.same_as(&NetNs::from_name(&name.0)?));
    assert!(netns.same_as(&NetNs::from_path(name.path())?));
    for text in [&name.0, &name.path()] {
        assert!(netns.same_as(&NetNs::from_text(text)?), "{text}");
    }
    assert!(NetNs::current()?.same_as(&NetNs::from_text(&std::process::id().to_string())?));
    assert_eq!(NetNs::from_text("4194305").unwrap_err().kind(), ErrorKind::NamespaceGone);
    let inside = Command::new("ip")
        .args(["netns", "exec", &name.0, "readlink", "/proc/self/ns/net"])
        .output()?;
    assert_eq!(String::from_utf8(inside.stdout)?.trim(), netns.id().to_string());

    let error = NetNs::create(&name.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
    assert!(error.to_string().contains(&name.path()), "{error}");

    // It exists without a handle.
    Handle::in_netns(&netns)?.add_link(&Link::veth("one", "other", None)?)?;
    let id: NetNsId = netns.id();
    drop(netns);
    let again = NetNs::from_name(&name.0)?;
    assert_eq!(again.id(), id);
    assert_eq!(ip(&again, "link show").as_array().map(Vec::len), Some(3));

    name.ip_netns("delete")?;
    assert!(!name.is_listed()?);
    // And with a handle, it exists without its name.
    assert_eq!(ip(&again, "link show").as_array().map(Vec::len), Some(3));
    assert_eq!(NetNs::from_name(&name.0).unwrap_err().kind(), ErrorKind::NamespaceGone);
    Ok(())
}

fn names_that_ip_gives_are_ours_too() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    name.ip_netns("add")?;
    let netns = NetNs::from_name(&name.0)?;
    assert_eq!(netns.to_string(), format!("the network namespace {:?}", name.0));
    assert!(Host::in_netns(&netns)?.netns().same_as(&netns));
    assert_eq!(NetNs::create(&name.0).unwrap_err().kind(), ErrorKind::Exists);
    NetNs::delete(&name.0)?;
    assert!(!name.is_listed()?);
    assert!(!std::path::Path::new(&name.path()).exists());

    // The name is free again, for both.
    NetNs::create(&name.0)?;
    NetNs::delete(&name.0)?;
    name.ip_netns("add")?;
    name.ip_netns("delete")
}

fn names_that_do_not_exist() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    for error in [NetNs::from_name(&name.0).unwrap_err(), NetNs::delete(&name.0).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
        assert!(error.to_string().contains(&name.path()), "{error}");
        assert!(error.is_not_found());
    }
    for name in ["", ".", "..", "a/b", "/", "../netns/x", "a\0b", &"n".repeat(256)] {
        for error in [
            NetNs::from_name(name).unwrap_err(),
            NetNs::create(name).unwrap_err(),
            NetNs::delete(name).unwrap_err(),
        ] {
            assert!(error.is_invalid_value(), "{name:?}: {error}");
        }
    }
    Ok(())
}

/// Creating a name first creates a file and then mounts the namespace on it; if killed in between,
/// the file remains.
fn an_interrupted_creation_can_be_deleted() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    NetNs::create(&name.0)?; // so that the directory exists
    NetNs::delete(&name.0)?;
    File::create(name.path())?;
    let error = NetNs::from_name(&name.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotANamespace, "{error}");
    let error = NetNs::create(&name.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
    NetNs::delete(&name.0)?;
    assert!(!std::path::Path::new(&name.path()).exists());
    Ok(())
}

/// Eight threads want one name: one gets it, and no objects are left over.
fn one_name_for_eight_threads() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| NetNs::create(&name.0))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    assert_eq!(results.len(), 8);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
    }
    NetNs::delete(&name.0)?;
    assert!(!name.is_listed()?);
    Ok(())
}

/// A namespace without a name ends with its last handle, with all objects in it.
fn an_anonymous_namespace_lives_as_long_as_its_handles() -> Outcome {
    need(Need::Root)?;
    let (here, there) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let handle = Handle::in_netns(&here)?;
    handle.add_link(&Link::veth("one", "other", Some(&there))?)?;
    let kept = there.clone();
    drop(there);
    std::thread::sleep(Duration::from_millis(100));
    assert!(handle.link("one").is_ok());
    drop(kept);
    eventually("the other end is still there", || Ok(handle.link("one").is_err()))
}

fn closures_run_in_the_namespace() -> Outcome {
    need(Need::Root)?;
    let (one, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let home = NetNs::current()?;
    let mut text = String::from("borrowed");
    let length = one.run(|| {
        text.push_str(", and changed inside");
        text.len()
    })?;
    assert_eq!(length, text.len());
    assert!(one.run(NetNs::current)??.same_as(&one));
    // Inside one, the other; and back without further action.
    let nested = one.run(|| {
        let there = other.run(NetNs::current)??;
        Ok::<_, macvlan_core::Error>((there.id(), NetNs::current()?.id()))
    })??;
    assert_eq!(nested, (other.id(), one.id()));
    let child = one.run(|| Command::new("readlink").arg("/proc/self/ns/net").output())??;
    assert_eq!(String::from_utf8(child.stdout)?.trim(), one.id().to_string());
    assert!(NetNs::current()?.same_as(&home));
    Ok(())
}

fn a_panic_inside_comes_out() -> Outcome {
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let home = NetNs::current()?;
    let panic = std::panic::catch_unwind(|| netns.run(|| std::panic::panic_any(4711_u32)));
    let payload = panic.err().ok_or("the panic was swallowed")?;
    assert_eq!(payload.downcast_ref::<u32>(), Some(&4711));
    assert!(NetNs::current()?.same_as(&home));
    assert_eq!(netns.run(|| 1)?, 1, "and the namespace can be used as before");
    Ok(())
}

/// The calling thread stays in its namespace, whatever the library does elsewhere.
fn the_calling_thread_stays_where_it_is() -> Outcome {
    let container = Container::start()?;
    let home = id_of("/proc/thread-self/ns/net")?;
    let at_home = |what: &str| -> Outcome {
        assert_eq!(id_of("/proc/thread-self/ns/net")?, home, "after {what}");
        Ok(())
    };
    let inside = container.netns()?;
    at_home("from_pid")?;
    let handle = Handle::in_netns(&inside)?;
    at_home("Handle::in_netns")?;
    handle.add_link(&Link::veth("one", "other", None)?)?;
    handle.links()?;
    at_home("the handle's verbs")?;
    assert!(handle.link("nothing").is_err());
    at_home("an error")?;
    Host::in_netns(&inside)?;
    NetNs::anonymous()?;
    at_home("a new namespace")?;
    // Within another namespace as well.
    let other = NetNs::anonymous()?;
    let (before, after) = other.run(|| -> Outcome<(String, String)> {
        let before = id_of("/proc/thread-self/ns/net")?;
        Handle::in_netns(&container.netns()?)?.links()?;
        Ok((before, id_of("/proc/thread-self/ns/net")?))
    })??;
    assert_eq!(before, after);
    assert_eq!(before, other.id().to_string());
    at_home("all that")
}

fn visible(id: NetNsId) -> Option<VisibleNetNs> {
    NetNs::visible().namespaces.into_iter().find(|one| one.id == id)
}

/// Returns whether none of the ways that led to a namespace leads to one with its id any more. The
/// id alone says less: the kernel reuses it, here for a namespace of a test that runs beside.
fn is_gone(before: &VisibleNetNs) -> bool {
    visible(before.id).is_none_or(|now| {
        !before.pids.iter().any(|pid| now.pids.contains(pid))
            && !before.names.iter().any(|name| now.names.contains(name))
            && !before.paths.iter().any(|path| now.paths.contains(path))
    })
}

fn a_way_to(id: NetNsId) -> Outcome<VisibleNetNs> {
    let found = visible(id).ok_or_else(|| format!("{id} is not visible"))?;
    assert_eq!(found.open()?.id(), id);
    Ok(found)
}

fn names_and_processes_are_visible() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    let named = NetNs::create(&name.0)?.id();
    let found = a_way_to(named)?;
    assert_eq!(found.names, std::slice::from_ref(&name.0));
    assert!(found.pids.is_empty(), "{found:?}");
    // Other mount namespaces may have the name too.
    assert!(!found.paths.contains(&PathBuf::from(name.path())), "{found:?}");
    assert_eq!(found.open()?.to_string(), format!("the network namespace {:?}", name.0));

    let (first, id) = {
        let netns = NetNs::anonymous()?;
        (Container::start_in(&netns)?, netns.id())
    };
    let second = Container::start_in(&first.netns()?)?;
    let mut pids = a_way_to(id)?.pids;
    pids.sort_unstable();
    let mut expected = [first.pid(), second.pid()];
    expected.sort_unstable();
    assert_eq!(pids, expected);

    let (named, found) = (a_way_to(named)?, a_way_to(id)?);
    drop((first, second));
    NetNs::delete(&name.0)?;
    eventually("they are still visible", || Ok(is_gone(&named) && is_gone(&found)))?;
    let error = found.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    Ok(())
}

fn threads_and_descriptors_are_visible() -> Outcome {
    need(Need::Root)?;
    let process = std::process::id();
    let netns = NetNs::anonymous()?;
    let descriptor = PathBuf::from(path_of(&netns));
    let found = a_way_to(netns.id())?;
    assert!(found.paths.contains(&descriptor), "{found:?}");
    assert!(found.names.is_empty() && found.pids.is_empty(), "{found:?}");

    let (say, hear) = std::sync::mpsc::channel();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (id, inside) = (netns.id(), netns.clone());
    let thread = std::thread::spawn(move || {
        inside.run(move || {
            // It ends with an error when the other end is closed.
            let _ = say.send(nix::unistd::gettid()).map(|()| stopped.recv());
        })
    });
    let of_thread = PathBuf::from(format!("/proc/{process}/task/{}/ns/net", hear.recv()?));
    let found = a_way_to(id)?;
    assert!(found.paths.contains(&of_thread), "{found:?}");
    assert!(found.pids.is_empty(), "{found:?}");
    drop(stop);
    thread.join().map_err(|_| "the thread panicked")??;
    assert!(!a_way_to(id)?.paths.contains(&of_thread));
    Ok(())
}

/// Mounts a namespace where only this process sees it.
fn mount_aside(arguments: &[String]) -> Outcome {
    let [namespace, point] = arguments else { return Err("which one, and where?".into()) };
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some(namespace.as_str()), point.as_str(), none, MsFlags::MS_BIND, none)?;
    println!("mounted");
    loop {
        std::thread::park();
    }
}

fn mounts_elsewhere_are_visible() -> Outcome {
    need(Need::Root)?;
    let directory = Directory::new()?;
    let point = directory.path().join("a name\twith\nall \\ of them\\040");
    File::create(&point)?;
    let netns = NetNs::anonymous()?;
    let id = netns.id();
    let aside = [&path_of(&netns), point.to_str().ok_or("no UTF-8")?];
    let mut actor = Actor::start("mount_aside", &aside.map(AsRef::as_ref))?;
    assert_eq!(actor.line()?, "mounted");
    drop(netns);
    let path = Path::new(&format!("/proc/{}/root", actor.pid())).join(point.strip_prefix("/")?);
    let found = a_way_to(id)?;
    assert!(found.paths.contains(&path), "{found:?}");
    assert!(found.names.is_empty() && found.pids.is_empty(), "{found:?}");
    actor.kill()?;
    eventually("it is still visible", || Ok(is_gone(&found)))
}

/// Prints the namespaces that an unprivileged user sees.
fn stranger(_: &[String]) -> Outcome {
    let nobody = nix::unistd::Uid::from_raw(65534);
    nix::unistd::setuid(nobody)?;
    let visible = NetNs::visible();
    for found in visible.namespaces {
        println!("seen {} {:?} {:?}", found.id, found.names, found.pids);
    }
    for path in visible.unseen {
        println!("unseen {}", path.display());
    }
    Ok(())
}

fn unreadable_files_are_listed() -> Outcome {
    need(Need::Root)?;
    let (container, name) = (Container::start()?, Name::new());
    let (hidden, named) = (container.netns()?.id(), NetNs::create(&name.0)?.id());
    let stale = Name::new();
    File::create(stale.path())?;
    let lines = Actor::start("stranger", &[])?.finish()?;
    assert!(lines.contains(&format!("unseen /proc/{}", container.pid())), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with(&format!("seen {hidden}"))), "{lines:?}");
    assert!(lines.contains(&format!("seen {named} {:?} []", [&name.0])), "{lines:?}");
    // A file that does not lead to a namespace is not reported as unexamined.
    assert!(!lines.iter().any(|line| line.contains(&stale.0)), "{lines:?}");
    Ok(())
}

/// A process that ends during the search hides no namespaces.
fn processes_that_end_are_not_unseen() -> Outcome {
    takes_long_in_the_guest()?;
    need(Need::Root)?;
    let before = NetNs::visible().unseen;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                Command::new("true").status().unwrap();
            }
        });
        let mut unseen: Vec<_> = (0..100).flat_map(|_| NetNs::visible().unseen).collect();
        // Mounts that others make at the same moment are not this test's.
        unseen.retain(|path| !path.iter().any(|word| word == "root" || word == "netns"));
        stop.store(true, Ordering::Relaxed);
        let new: Vec<_> = unseen.iter().filter(|path| !before.contains(path)).collect();
        assert!(new.is_empty(), "{new:?}");
    });
    Ok(())
}

/// A name that is deleted during the search hides no namespace.
fn names_that_are_deleted_are_not_unseen() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                NetNs::create(&name.0).unwrap();
                NetNs::delete(&name.0).unwrap();
            }
        });
        let unseen: Vec<_> = (0..100).flat_map(|_| NetNs::visible().unseen).collect();
        stop.store(true, Ordering::Relaxed);
        let its: Vec<_> = unseen.iter().filter(|path| path.ends_with(&name.0)).collect();
        assert!(its.is_empty(), "{its:?}");
    });
    Ok(())
}

/// A mount below another mount is not reported if another path leads to the namespace.
fn a_mount_that_is_covered_is_seen_elsewhere() -> Outcome {
    need(Need::Root)?;
    let name = Name::new();
    let netns = NetNs::create(&name.0)?;
    let before = NetNs::visible().unseen;
    let _actor = {
        let mut actor = Actor::start("cover", &[&name.path()])?;
        assert_eq!(actor.line()?, "covered");
        actor
    };
    let visible = NetNs::visible();
    assert!(visible.namespaces.iter().any(|found| found.id == netns.id()));
    assert_eq!(visible.unseen, before);
    Ok(())
}

/// Covers a namespace's name in its own mount namespace, and stays.
fn cover(arguments: &[String]) -> Outcome {
    let [path] = arguments else { return Err("cover PATH".into()) };
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("/dev/null"), path.as_str(), none, MsFlags::MS_BIND, none)?;
    println!("covered");
    loop {
        std::thread::park();
    }
}

macvlan_tests::tests! {
    processes_that_end_are_not_unseen,
    names_that_are_deleted_are_not_unseen,
    a_mount_that_is_covered_is_seen_elsewhere,
    every_way_leads_to_the_same_namespace,
    handles_are_closed_on_exec,
    pids_that_lead_nowhere,
    thread_ids_are_refused,
    a_pidfd_outlives_its_process,
    other_files_are_refused,
    names_that_we_give_are_seen_by_ip,
    names_that_ip_gives_are_ours_too,
    names_that_do_not_exist,
    an_interrupted_creation_can_be_deleted,
    one_name_for_eight_threads,
    an_anonymous_namespace_lives_as_long_as_its_handles,
    closures_run_in_the_namespace,
    a_panic_inside_comes_out,
    the_calling_thread_stays_where_it_is,
    names_and_processes_are_visible,
    threads_and_descriptors_are_visible,
    mounts_elsewhere_are_visible,
    unreadable_files_are_listed;
    parts: mount_aside, stranger, cover,
}
