//! The fuzzers: each checks the results of parsers for any input. Tests of `macvlan-core` and
//! `macvlan-network` include the same files, and call them with the seeds and damaged seeds.

mod counting;
pub mod frame;
pub mod mountinfo;
pub mod netlink;
pub mod text;
