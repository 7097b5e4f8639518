//! The lab: hosts, cables and containers in temporary network namespaces, and functions that check
//! the kernel's state.
//!
//! A [`Lab`] is two hosts with a cable between them, and a [`Container`] is a process in a new
//! network namespace. [`ip()`] and [`Snapshot`] read the state with `ip`, and [`ping()`] tests
//! connectivity. [`Wire`] captures the traffic of a cable, and an [`Actor`] is a further process of
//! the test. The lab does not change the machine's own network namespace, and is removed
//! automatically.
//!
//! A test is a function that returns an [`Outcome`]: `?` on any error fails it.
//! [`need`]`(Need::Vlan)?` reports it as ignored, with the reason, if the kernel lacks 802.1Q. The
//! macro [`tests!`] at the end of a file lists its tests, and [`main!`] makes a program of one or
//! several files:
//!
//! ```no_run
//! use macvlan_core::Endpoint;
//! use macvlan_tests::{Container, Lab, Outcome, ping};
//!
//! fn a_container_reaches_the_other_host() -> Outcome {
//!     let lab = Lab::new()?;
//!     let container = Container::start()?;
//!     let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.3/24".parse()?);
//!     lab.a.host.attach(&endpoint, &container.netns()?)?;
//!     assert!(ping(&container.netns()?, "192.168.15.2").is_some());
//!     Ok(())
//! }
//!
//! macvlan_tests::tests! { a_container_reaches_the_other_host }
//! macvlan_tests::main! {}
//! ```

mod actor;
mod advertise;
mod booted;
mod certificates;
mod container;
mod damaged;
mod devices;
mod directory;
mod etcd;
mod harness;
mod ip;
mod lab;
mod machine;
mod matrix;
mod need;
mod patience;
mod ping;
mod settle;
mod snapshot;
mod stage;
mod twins;
mod userns;
mod wire;

pub use actor::{Actor, Part, path_of};
pub use advertise::advertise;
pub use booted::Booted;
pub use certificates::Certificates;
pub use container::Container;
pub use damaged::damaged;
pub use devices::with_devices;
pub use directory::Directory;
pub use etcd::{Etcd, Fault, Way};
pub use harness::{
    Outcome, Stop, Test, Tests, is_guest, is_long, run_tests, takes_long_in_the_guest,
};
pub use ip::{ip, ip_addresses, ip_batch, ip_do, ip_lines, ip_link, ip_try, ip_try_all, sysctl};
pub use lab::{Lab, LabHost};
pub use machine::{Debian, Machine};
pub use matrix::{Matrix, Place, table};
pub use need::{Need, need, need_kernel, on_each_kernel};
pub use patience::{PATIENCE, eventually, quick};
pub use ping::{Echo, ToIp, ping, ping_from, silent, silent_from};
pub use settle::settle;
pub use snapshot::Snapshot;
pub use stage::Stage;
pub use twins::{Twins, at_rest};
pub use userns::become_root;
pub use wire::Wire;
