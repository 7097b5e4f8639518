//! A file serves one machine: which that is, whatever becomes of it.
#![deny(dead_code)]

use std::fs;

use crate::common::{behind, on_ens33};
use macvlan_core::{Host, NetNs};
use macvlan_network::{Member, Networks, Result, SqliteStore};
use macvlan_tests::{Actor, Directory, Lab, Outcome, path_of};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Boots of kernels.
const BOOTS: [&str; 4] = [
    "00000000-0000-0000-0000-00000000000a",
    "00000000-0000-0000-0000-00000000000b",
    "00000000-0000-0000-0000-00000000000c",
    "00000000-0000-0000-0000-00000000000d",
];
const ONE: &str = "11111111111111111111111111111111";
const OTHER: &str = "22222222222222222222222222222222";
/// A machine, or a container, without a machine-id.
const NONE: &str = "";

/// Has this process see another boot and another machine-id than it would.
pub(crate) fn become_machine(directory: &Directory, boot: &str, id: &str) -> Outcome {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let file = directory.path().join("boot_id");
    fs::write(&file, format!("{boot}\n"))?;
    mount(Some(&file), "/proc/sys/kernel/random/boot_id", none, MsFlags::MS_BIND, none)?;
    mount(Some("tmpfs"), "/etc", Some("tmpfs"), MsFlags::empty(), none)?;
    if !id.is_empty() {
        fs::write("/etc/machine-id", format!("{id}\n"))?;
    }
    Ok(())
}

/// Uses a file on another machine, and prints what came of it.
fn on_machine(arguments: &[String]) -> Outcome {
    let [boot, id, place, host, does] = arguments else {
        return Err("BOOT ID PLACE HOST DOES".into());
    };
    let directory = Directory::new()?;
    become_machine(&directory, boot, id)?;
    let host = Host::in_netns(&NetNs::from_path(host)?)?;
    let inside = NetNs::anonymous()?;
    let work = || -> Result<usize> {
        let (moved, does) =
            does.strip_prefix("moved ").map_or((false, does.as_str()), |does| (true, does));
        let store =
            if moved { SqliteStore::open_moved(place)? } else { SqliteStore::open(place)? };
        let networks = Networks::new(host, store)?;
        match does {
            "list" => Ok(networks.list()?.len()),
            "connect" => {
                networks.network("lan")?.connect(&Member::new(boot), &inside)?;
                Ok(networks.network("lan")?.leases()?.len())
            }
            "collect" => Ok(networks.collect()?.leases.len()),
            _ => unreachable!("{does}"),
        }
    };
    match work() {
        Ok(number) => println!("{number}"),
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}

/// A lab, and a store's file.
struct Scene {
    lab: Lab,
    directory: Directory,
}

impl Scene {
    /// Returns what is printed on a machine that uses the file.
    fn on(&self, boot: usize, id: &str, does: &str) -> Outcome<String> {
        let place = self.directory.path().join("networks.db").display().to_string();
        let arguments = [BOOTS[boot], id, &place, &path_of(&self.lab.a.netns), does];
        Ok(Actor::start("on_machine", &arguments)?.finish()?.join("\n"))
    }

    fn owner(&self) -> Outcome<(String, Option<String>)> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(behind(&self.directory)?.query_row("SELECT boot, machine FROM store", [], read)?)
    }

    /// Is refused the file on another machine, which names both.
    fn refused(&self, boot: usize, id: &str, owner: &str) -> Outcome {
        for does in ["list", "connect", "collect"] {
            let error = self.on(boot, id, does)?;
            assert!(error.starts_with("network-other-machine: "), "{does}: {error}");
            for words in [id, owner, "networks.db", "moved here"] {
                assert!(error.contains(words), "no {words:?} in: {error}");
            }
        }
        Ok(())
    }
}

fn a_file_serves_one_machine() -> Outcome {
    let scene = Scene { lab: Lab::new()?, directory: Directory::new()? };
    let file = scene.directory.path().join("networks.db");
    let here = Networks::new(scene.lab.a.host.clone(), SqliteStore::open(&file)?)?;
    here.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    drop(here);
    behind(&scene.directory)?.execute("UPDATE store SET boot = NULL, machine = NULL", [])?;

    // Whose it is nobody has said yet.
    assert_eq!(scene.on(0, ONE, "list")?, "1");
    assert_eq!(scene.on(1, OTHER, "list")?, "1");
    assert_eq!(scene.on(0, ONE, "connect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    scene.refused(1, OTHER, ONE)?;
    // Containers of one kernel are on one machine, whatever is in their /etc.
    assert_eq!(scene.on(0, OTHER, "list")?, "1");
    assert_eq!(scene.on(0, NONE, "list")?, "1");
    assert_eq!(scene.on(0, OTHER, "collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    Ok(())
}

fn a_machine_that_was_rebooted_keeps_its_file() -> Outcome {
    let scene = Scene { lab: Lab::new()?, directory: Directory::new()? };
    let file = scene.directory.path().join("networks.db");
    let here = Networks::new(scene.lab.a.host.clone(), SqliteStore::open(&file)?)?;
    here.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    drop(here);
    let set = "UPDATE store SET boot = ?, machine = ?";
    behind(&scene.directory)?.execute(set, [BOOTS[0], ONE])?;

    // What only reads leaves the file as it is.
    assert_eq!(scene.on(2, ONE, "list")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[0].to_owned(), Some(ONE.to_owned())));
    assert_eq!(scene.on(2, ONE, "connect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[2].to_owned(), Some(ONE.to_owned())));
    // It cannot be told from another machine: a container without a machine-id, after a reboot.
    assert_eq!(scene.on(3, NONE, "collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[3].to_owned(), Some(ONE.to_owned())));
    scene.refused(1, OTHER, ONE)?;
    assert_eq!(scene.on(0, ONE, "list")?, "1");
    Ok(())
}

fn a_file_that_was_moved_is_taken_over() -> Outcome {
    let scene = Scene { lab: Lab::new()?, directory: Directory::new()? };
    let file = scene.directory.path().join("networks.db");
    let here = Networks::new(scene.lab.a.host.clone(), SqliteStore::open(&file)?)?;
    here.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    drop(here);
    let set = "UPDATE store SET boot = ?, machine = ?";
    behind(&scene.directory)?.execute(set, [BOOTS[0], ONE])?;
    assert_eq!(scene.on(0, ONE, "connect")?, "1");

    assert_eq!(scene.on(1, OTHER, "moved list")?, "1");
    scene.refused(1, OTHER, ONE)?;
    // The container stayed behind.
    assert_eq!(scene.on(1, OTHER, "moved collect")?, "1");
    assert_eq!(scene.owner()?, (BOOTS[1].to_owned(), Some(OTHER.to_owned())));
    assert_eq!(scene.on(1, OTHER, "connect")?, "1");
    scene.refused(0, ONE, OTHER)?;
    assert_eq!(scene.on(2, OTHER, "list")?, "1");
    // One's own can be opened so, too; where it has no machine-id, the file has none.
    assert_eq!(scene.on(1, OTHER, "moved list")?, "1");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_file_serves_one_machine,
    a_machine_that_was_rebooted_keeps_its_file,
    a_file_that_was_moved_is_taken_over;
    parts: on_machine,
}
