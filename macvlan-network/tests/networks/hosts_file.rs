//! Hosts files that are mounted into containers, linked, written by several processes, or on full
//! disks.
#![deny(dead_code)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

use crate::common::{Scene, on_ens33, on_small_disk};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, Error, ErrorKind, Network};
use macvlan_tests::Outcome;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const HOSTS: &str = "127.0.0.1\tlocalhost\n";

/// A network with one container that has a name, until this is dropped.
struct Named(Network, NetNs);

fn named(scene: &Scene, network: &str, net: &str, container: &str) -> Outcome<Named> {
    let network = scene.networks.create(&on_ens33(network, net)?)?;
    let inside = NetNs::anonymous()?;
    network.connect(&ConnectOptions::new(container).name(container), &inside)?;
    Ok(Named(network, inside))
}

#[track_caller]
fn assert_file_error(error: &Error, errno: Errno) {
    let told = (error.kind(), error.errno());
    assert_eq!(told, (ErrorKind::File, Some(errno as i32)), "{error}");
}

fn a_file_stays_the_same_file() -> Outcome {
    let scene = Scene::set()?;
    let Named(lan, _inside) = &named(&scene, "lan", "10.1.0.0/24", "web")?;
    let path = |name: &str| scene.directory.path().join(name);
    fs::write(path("hosts"), HOSTS)?;
    fs::set_permissions(path("hosts"), fs::Permissions::from_mode(0o640))?;
    chown(path("hosts"), Some(1000), Some(1001))?;
    fs::hard_link(path("hosts"), path("hard"))?;
    symlink(path("hosts"), path("soft"))?;
    lan.write_hosts(path("soft"))?;
    let found = fs::metadata(path("hosts"))?;
    assert_eq!((found.mode() & 0o7777, found.uid(), found.gid()), (0o640, 1000, 1001));
    assert!(fs::symlink_metadata(path("soft"))?.is_symlink());
    let wanted = format!(
        "{HOSTS}# macvlan-network lan: begin\n{}# macvlan-network lan: end\n",
        lan.hosts()?
    );
    assert_eq!(fs::read_to_string(path("hard"))?, wanted);
    // The missing target of a symbolic link is created.
    symlink(path("new"), path("dangling"))?;
    lan.write_hosts(path("dangling"))?;
    assert_eq!(fs::read_to_string(path("new"))?, wanted.strip_prefix(HOSTS).unwrap_or_default());
    // It becomes shorter in the same way.
    lan.disconnect("web")?;
    lan.write_hosts(path("hard"))?;
    assert_eq!(fs::read_to_string(path("hosts"))?, HOSTS);
    assert_eq!(fs::read_dir(scene.directory.path())?.count(), 8, "nothing is left beside them");
    Ok(())
}

/// Container engines mount a file of the host into a container.
fn a_mounted_file_changes() -> Outcome {
    let scene = Scene::set()?;
    let Named(lan, _inside) = &named(&scene, "lan", "10.1.0.0/24", "web")?;
    on_small_disk("size=64k", |place| {
        let (hosts, mounted) = (place.join("hosts"), place.join("mounted"));
        for path in [&hosts, &mounted] {
            fs::write(path, HOSTS)?;
        }
        let none = None::<&str>;
        mount(Some(&hosts), &mounted, none, MsFlags::MS_BIND, none)?;
        for written in [&hosts, &mounted] {
            lan.write_hosts(written)?;
            assert!(fs::read_to_string(&mounted)?.contains("web.lan"));
            assert_eq!(fs::read(&hosts)?, fs::read(&mounted)?);
            fs::write(&hosts, HOSTS)?;
        }
        let read_only = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(none, &mounted, none, read_only, none)?;
        assert_file_error(&lan.write_hosts(&mounted).unwrap_err(), Errno::EROFS);
        umount(&mounted)?;
        assert_eq!(fs::read_to_string(&hosts)?, HOSTS);
        Ok(())
    })
}

fn several_write_one_file() -> Outcome {
    let scene = Scene::set()?;
    let all = [
        named(&scene, "lan", "10.1.0.0/24", "web")?,
        named(&scene, "lan2", "10.2.0.0/24", "db")?,
        named(&scene, "lan3", "10.3.0.0/24", "mail")?,
    ];
    let path = scene.directory.path().join("hosts");
    for _ in 0..100 {
        fs::write(&path, HOSTS)?;
        std::thread::scope(|scope| {
            let write = |one: &Named| {
                let (network, path) = (one.0.clone(), path.clone());
                scope.spawn(move || network.write_hosts(path))
            };
            let all: Vec<_> = all.iter().map(write).collect();
            all.into_iter().try_for_each(|one| one.join().unwrap())
        })?;
        let text = fs::read_to_string(&path)?;
        assert!(text.starts_with(HOSTS), "{text}");
        for part in ["web web.lan\n", "db db.lan2\n", "mail mail.lan3\n"] {
            assert_eq!(text.matches(part).count(), 1, "{text}");
        }
        assert_eq!(text.lines().count(), 10, "{text}");
    }
    Ok(())
}

fn a_full_disk_leaves_the_text() -> Outcome {
    let scene = Scene::set()?;
    let long = format!("{}.{}", "n".repeat(60), "n".repeat(39));
    let Named(lan, _inside) = &named(&scene, "lan", "10.1.0.0/24", &long)?;
    on_small_disk("size=8k", |place| {
        let path = place.join("hosts");
        let line = "10.1.2.3\timportant.example\n";
        // This fills almost a page, and the other page is in use.
        let before = format!("{HOSTS}{}", line.repeat((4096 - HOSTS.len()) / line.len()));
        fs::write(&path, &before)?;
        fs::write(place.join("filler"), [1; 4096])?;
        for _ in 0..2 {
            assert_file_error(&lan.write_hosts(&path).unwrap_err(), Errno::ENOSPC);
            assert_eq!(fs::read_to_string(&path)?, before);
        }
        fs::remove_file(place.join("filler"))?;
        lan.write_hosts(&path)?;
        let text = fs::read_to_string(&path)?;
        assert!(text.starts_with(&before) && text.contains(&lan.hosts()?), "{text}");
        // Shortening the file needs no space.
        fs::write(place.join("filler"), [1; 4096]).unwrap_err();
        lan.disconnect(&long)?;
        lan.write_hosts(&path)?;
        assert_eq!(fs::read_to_string(&path)?, before);
        Ok(())
    })
}

fn what_cannot_be_written_is_said() -> Outcome {
    let scene = Scene::set()?;
    let Named(lan, _inside) = &named(&scene, "lan", "10.1.0.0/24", "web")?;
    let place = scene.directory.path();
    assert_file_error(&lan.write_hosts(place.join("no/such")).unwrap_err(), Errno::ENOENT);
    assert_file_error(&lan.write_hosts(place).unwrap_err(), Errno::EISDIR);
    assert_file_error(&lan.write_hosts(Path::new("")).unwrap_err(), Errno::ENOENT);
    let pipe = scene.directory.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU)?;
    let error = lan.write_hosts(&pipe).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_stays_the_same_file,
    a_mounted_file_changes,
    several_write_one_file,
    a_full_disk_leaves_the_text,
    what_cannot_be_written_is_said,
}
