//! Hosts that work for an hour, or for a few seconds, under all kinds of failures: no two
//! containers ever have one address, and in the end kernel and store agree.
//!
//! `MACVLAN_LONG=1` selects the hour, `MACVLAN_SECONDS` any other time. `MACVLAN_SEED` repeats the
//! random choices, though not their timing.
#![deny(dead_code)]

#[path = "../common/mod.rs"]
mod common;

mod agree;
mod deaths;
mod diary;
mod fork;
mod frames;
mod lan;
mod proxy;
mod scene;
mod trouble;
mod witness;
mod worker;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use macvlan_tests::{Outcome, is_guest, is_long, takes_long_in_the_guest};

use scene::Scene;
use worker::works;

/// The time that a process waits for etcd.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The time that a host counts as alive without contact.
const TTL: Duration = Duration::from_secs(3);
/// The last bytes of the addresses that each subnet gives.
const POOL: Range<u8> = 2..12;
/// On the LAN, on the LAN with shares in etcd, and isolated, if the kernel supports it.
const NETWORKS: [&str; 3] = ["lan", "shared", "inner"];

/// Returns the file with the current process and namespace of a host's container.
fn slot_path(directory: &Path, host: &str) -> PathBuf {
    directory.join("slots").join(host)
}

/// Returns the running time.
fn time() -> Outcome<Duration> {
    if let Ok(seconds) = std::env::var("MACVLAN_SECONDS") {
        return Ok(Duration::from_secs(seconds.parse()?));
    }
    Ok(Duration::from_secs(match (is_long(), is_guest()?) {
        (true, false) => 3600,
        (true, true) => 60,
        (false, _) => 5,
    }))
}

/// Returns the seed: a fixed one by default, the given one, or a random one for the hour.
fn seed() -> Outcome<u64> {
    match std::env::var("MACVLAN_SEED") {
        Ok(seed) => Ok(seed.parse()?),
        Err(_) if is_long() => Ok(fastrand::u64(..1_000_000)),
        Err(_) => Ok(1),
    }
}

fn three_hosts_on_one_etcd() -> Outcome {
    takes_long_in_the_guest()?;
    Scene::set("etcd", 3, seed()?)?.play(time()?)
}

fn processes_on_one_file() -> Outcome {
    takes_long_in_the_guest()?;
    Scene::set("file", 1, seed()?)?.play(time()?)
}

macvlan_tests::tests! {
    three_hosts_on_one_etcd,
    processes_on_one_file;
    parts: works,
}
macvlan_tests::main! {}
