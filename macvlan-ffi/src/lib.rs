//! The C library: `#include <macvlan.h>`, `-lmacvlan`.
//!
//! A face of `macvlan-core` and `macvlan-network` without logic of its own: every function converts
//! its arguments, calls one function of theirs, and converts the result for C. One file is one
//! object of the header, which is generated from these files by `tests/header.rs`; so the comments
//! here are written for the reader of the header.
//!
//! Each folder uses only those before it: [`base`], [`value`], [`handle`], [`endpoint`], [`host`],
//! [`network`].

#![allow(unsafe_code, reason = "C programs call by pointers; each block says what it relies on")]
#![allow(non_camel_case_types, reason = "types and constants have the names that they have in C")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header says once, at its beginning, what all functions ask of pointers"
)]
#![allow(clippy::doc_markdown, reason = "the comments are those of a C header")]

pub mod base;
pub mod endpoint;
pub mod handle;
pub mod host;
#[cfg(feature = "networks")]
pub mod network;
pub mod value;
