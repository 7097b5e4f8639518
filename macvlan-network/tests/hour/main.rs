//! Hosts at work for an hour, or for some seconds: whatever happens to whom and whenever it does, no two have
//! one address, and in the end kernel and store agree.
//!
//! `MACVLAN_LONG=1` makes it the hour, `MACVLAN_SECONDS` any other time; `MACVLAN_SEED` chooses anew
//! what was chosen, though not when the processes come to it.
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

/// How long a process waits for etcd.
const TIMEOUT: Duration = Duration::from_secs(1);
/// For how long a host counts as alive of which nothing is heard.
const TTL: Duration = Duration::from_secs(3);
/// The last parts of the addresses that each subnet gives.
const POOL: Range<u8> = 2..12;
/// On the LAN, on the LAN with shares in etcd, and isolated, where the kernel can do that.
const NETWORKS: [&str; 3] = ["lan", "shared", "inner"];

/// Where it is told which process and namespace a container of a host has now.
fn slot_path(directory: &Path, host: &str) -> PathBuf {
    directory.join("slots").join(host)
}

/// How long to go on.
fn time() -> Outcome<Duration> {
    if let Ok(seconds) = std::env::var("MACVLAN_SECONDS") {
        return Ok(Duration::from_secs(seconds.parse()?));
    }
    Ok(Duration::from_secs(match (is_long(), is_guest()?) {
        (true, false) => 3600,
        (true, true) => 60,
        (false, _) => 8,
    }))
}

/// What is chosen by chance, chosen in the same way each time unless another seed is said; by the hour
/// always in another.
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
