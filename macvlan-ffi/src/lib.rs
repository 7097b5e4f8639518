//! The C library: `#include <macvlan.h>`, `-lmacvlan`.
//!
//! A face of `macvlan-core` and `macvlan-network` and nothing more: every function takes its arguments
//! apart, calls one function of theirs, and puts the result where C finds it. One file is one object of the header,
//! which is generated from these files by `tests/header.rs`; so the comments here are written for
//! whoever reads the header.

#![allow(unsafe_code, reason = "C programs call by pointers; each block says what it relies on")]
#![allow(non_camel_case_types, reason = "types and constants have the names that they have in C")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header says once, at its beginning, what all functions ask of pointers"
)]
#![allow(clippy::doc_markdown, reason = "the comments are those of a C header")]

pub mod access;
pub mod access_options;
pub mod address;
pub mod announce;
pub mod announcement;
pub mod attachment;
mod boundary;
pub mod change;
pub mod connection;
pub mod crowd;
pub mod diagnosis;
pub mod endpoint;
pub mod endpoint_set;
pub mod endpoint_told;
pub mod ensure;
pub mod error;
pub mod etcd_options;
pub mod foreign;
pub mod handle;
pub mod handle_addresses;
pub mod handle_links;
pub mod handle_routes;
pub mod holder;
pub mod host;
pub mod keep_event;
pub mod keeper;
mod kernel;
pub mod lease;
pub mod link;
pub mod link_info;
pub mod mac;
pub mod member;
pub mod moving;
pub mod neighbour;
pub mod netns;
pub mod network;
pub mod network_config;
pub mod network_config_told;
mod network_error;
pub mod network_names;
pub mod networks;
mod object;
pub mod options;
pub mod parent;
pub mod plan;
pub mod pool;
pub mod probe;
pub mod promisc;
pub mod reconciled;
pub mod route;
pub mod rule;
pub mod subnet;
mod text;
pub mod version;
pub mod vlan;
pub mod watch;
