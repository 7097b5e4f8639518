//! An attachment does not keep a container's namespace alive, and finds it while it exists.
#![deny(dead_code)]

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use macvlan_core::{Attachment, Detached, Endpoint, ErrorKind, Host, NetNs};
use macvlan_tests::{
    Actor, Container, Lab, Outcome, eventually, ip_do, ip_link, ip_try, path_of, ping, silent,
};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

fn attach(lab: &Lab, inside: &NetNs) -> Outcome<Attachment> {
    let eth0 = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    Ok(lab.a.host.attach(&eth0, inside)?)
}

/// Checks that the container's address can no longer be reached.
fn is_off_the_lan(lab: &Lab) -> Outcome {
    eventually("its address is still on the LAN", || Ok(silent(&lab.b.netns, "192.168.15.10")))
}

/// A name that only this test uses.
fn a_name(what: &str) -> String {
    format!("macvlan-{what}-{}", std::process::id())
}

/// Deletes a name when dropped.
struct Named(String);

impl Named {
    fn create(what: &str) -> Outcome<Self> {
        let name = Self(a_name(what));
        NetNs::create(&name.0)?;
        Ok(name)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _gone = NetNs::delete(&self.0);
    }
}

/// The namespace ends with the container, although its attachment and a clone exist.
fn a_container_ends() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let attachment = attach(&lab, &container.netns()?)?;
    let clone = attachment.clone();
    assert!(ping(&lab.b.netns, "192.168.15.10").is_some());
    drop(container);
    is_off_the_lan(&lab)?;
    for attachment in [&attachment, &clone] {
        assert_eq!(attachment.netns().unwrap_err().kind(), ErrorKind::NamespaceGone);
        assert_eq!(lab.a.host.detach(attachment)?, Detached::AlreadyGone);
    }
    let all = lab.a.host.detach_all([&attachment, &clone]);
    assert!(all.into_iter().all(|one| one.is_ok_and(|one| one == Detached::AlreadyGone)));
    Ok(())
}

/// For each way to open a namespace, after the handle was dropped.
fn it_is_opened_again() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let pid = container.pid();
    let pidfd = pidfd_of(&container)?;
    let named = Named::create("again")?;
    let path = format!("/proc/{pid}/ns/net");
    let ways: [&dyn Fn() -> macvlan_core::Result<NetNs>; 4] = [
        &|| NetNs::from_pid(pid),
        &|| NetNs::from_pidfd(&pidfd),
        &|| NetNs::from_path(&path),
        &|| NetNs::from_name(&named.0),
    ];
    for open in ways {
        let mut attachment = attach(&lab, &open()?)?;
        assert!(attachment.netns()?.same_as(&open()?));
        attachment.refresh()?;
        assert!(ping(&attachment.netns()?, "192.168.15.2").is_some());
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
    }
    Ok(())
}

fn pidfd_of(container: &Container) -> Outcome<std::os::fd::OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(container.pid())?).ok_or("no pid")?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Another namespace of the same name or inode number is a different one.
fn a_name_that_is_anothers_by_now() -> Outcome {
    let lab = Lab::new()?;
    let named = Named::create("other")?;
    let attachment = attach(&lab, &NetNs::from_name(&named.0)?)?;
    // The kernel usually reuses an inode number at once.
    for _ in 0..20 {
        NetNs::delete(&named.0)?;
        is_off_the_lan(&lab)?;
        let other = NetNs::create(&named.0)?;
        let eth0 = format!("link add eth0 index {} type veth peer name peer", attachment.index());
        ip_do(&other, &eth0);
        assert_eq!(attachment.netns().unwrap_err().kind(), ErrorKind::NamespaceGone);
        assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
        assert!(ip_try(&other, "link show dev eth0").is_ok(), "it is another's");
        let reused = other.id() == attachment.netns_id();
        if reused {
            return Ok(());
        }
    }
    Ok(())
}

/// The path no longer leads to it, but others are still in it: it is found, and detached.
fn the_way_has_gone_and_the_namespace_not() -> Outcome {
    let lab = Lab::new()?;
    let named = Named::create("way")?;
    let attachment = attach(&lab, &NetNs::from_name(&named.0)?)?;
    let container = Container::start_in(&NetNs::from_name(&named.0)?)?;
    NetNs::delete(&named.0)?;
    assert_eq!(attachment.netns().unwrap_err().kind(), ErrorKind::NamespaceGone);
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    assert!(ip_try(&container.netns()?, "link show dev eth0").is_err());
    Ok(())
}

/// A caller with only a descriptor passes it; a failed attempt can be repeated.
fn by_a_descriptor() -> Outcome {
    let lab = Lab::new()?;
    let (container, other) = (NetNs::anonymous()?, NetNs::anonymous()?);
    let mut attachment = attach(&lab, &NetNs::from_fd(container.as_fd())?)?;
    let error = attachment.netns().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    assert!(error.hint().is_some_and(|hint| hint.contains("keep a handle open")), "{error}");
    let error = attachment.set_netns(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    attachment.set_netns(&container)?;
    assert!(attachment.netns()?.same_as(&container));
    assert_eq!(ip_link(&container, "eth0")["ifindex"], attachment.index());
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::Removed);
    Ok(())
}

/// The path no longer leads to it, and a process that may not be examined may still be in it: it
/// does not count as gone.
fn hidden_processes_do_not_count_as_gone() -> Outcome {
    let lab = Lab::new()?;
    let named = Named::create("hidden")?;
    let hidden = Container::start_in(&NetNs::from_name(&named.0)?)?;
    let parts = [path_of(&lab.a.netns), named.0.clone(), hidden.pid().to_string()];
    let lines = Actor::start("stranger", &parts.each_ref().map(String::as_str))?.finish()?;
    assert_eq!(lines, ["attached", "refused"]);
    let inside = hidden.netns()?;
    assert!(ip_try(&inside, "link show dev eth0").is_ok());
    let left = lab.a.host.attachments(&inside)?;
    assert_eq!(lab.a.host.detach(&left[0])?, Detached::Removed);
    Ok(())
}

/// Attaches, deletes the container's name, and detaches without the right to examine others.
fn stranger(arguments: &[String]) -> Outcome {
    let [host, name, pid] = arguments else { return Err("which host, name and process?".into()) };
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let eth0 = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    let attachment = host.attach(&eth0, &NetNs::from_name(name)?)?;
    println!("attached");
    NetNs::delete(name)?;
    nix::unistd::setuid(nix::unistd::Uid::from_raw(65534))?;
    let error = host.detach(&attachment).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    let said = error.to_string();
    assert!(said.contains("could not be inspected"), "{said}");
    assert!(said.contains("CAP_SYS_PTRACE"), "{said}");
    assert!(error.leftovers().iter().any(|left| left.contains("link \"eth0\"")), "{said}");
    assert!(!pid.is_empty());
    println!("refused");
    Ok(())
}

/// In a PID namespace, as in a container, `/proc` does not show the container's process. Since
/// Linux 6.18, the kernel finds the namespace nevertheless; before, the error says so.
fn containers_outside_the_pid_namespace_do_not_count_as_gone() -> Outcome {
    let lab = Lab::new()?;
    let named = Named::create("enclosed")?;
    let hidden = Container::start_in(&NetNs::from_name(&named.0)?)?;
    let lines = Actor::start("enclosed", &[&path_of(&lab.a.netns), &named.0])?.finish()?;
    let inside = hidden.netns()?;
    let is_there = ip_try(&inside, "link show dev eth0").is_ok();
    assert_eq!(lines, [if is_there { "refused" } else { "removed" }]);
    for left in lab.a.host.attachments(&inside)? {
        assert_eq!(lab.a.host.detach(&left)?, Detached::Removed);
    }
    Ok(())
}

/// Attaches, deletes the container's name, and detaches in a new PID namespace.
fn enclosed(arguments: &[String]) -> Outcome {
    let [host, name, rest @ ..] = arguments else { return Err("which host and name?".into()) };
    let netns = NetNs::from_path(host)?;
    if rest.is_empty() {
        fcntl(&netns, FcntlArg::F_SETFD(FdFlag::empty()))?;
        let again = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "--mount-proc"])
            .arg(std::env::current_exe()?)
            .args([&format!("/proc/self/fd/{}", netns.as_fd().as_raw_fd()), name, "inside"])
            .exec();
        return Err(again.into());
    }
    let host = Host::in_netns(&netns)?;
    let eth0 = Endpoint::new("eth0", "ens33")?.address("192.168.15.10/24".parse()?);
    let attachment = host.attach(&eth0, &NetNs::from_name(name)?)?;
    NetNs::delete(name)?;
    match host.detach(&attachment) {
        Ok(detached) => {
            assert_eq!(detached, Detached::Removed);
            println!("removed");
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            assert!(error.to_string().contains("initial PID namespace"), "{error}");
            println!("refused");
        }
    }
    Ok(())
}

/// A file that was a mount point, and is a file again, does not lead to a namespace.
fn a_mount_that_is_gone() -> Outcome {
    let lab = Lab::new()?;
    let named = Named::create("mount")?;
    let path = format!("/run/netns/{}", named.0);
    let attachment = attach(&lab, &NetNs::from_path(&path)?)?;
    NetNs::delete(&named.0)?;
    std::fs::File::create(&path)?;
    let error = attachment.netns().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceGone, "{error}");
    assert_eq!(lab.a.host.detach(&attachment)?, Detached::AlreadyGone);
    std::fs::remove_file(&path)?;
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    hidden_processes_do_not_count_as_gone,
    containers_outside_the_pid_namespace_do_not_count_as_gone,
    a_mount_that_is_gone,
    a_container_ends,
    it_is_opened_again,
    a_name_that_is_anothers_by_now,
    the_way_has_gone_and_the_namespace_not,
    by_a_descriptor;
    parts: stranger, enclosed,
}
