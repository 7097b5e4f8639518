//! The foundations of the C library: the boundary, objects, text, errors, MAC addresses.

pub(crate) mod boundary;
pub mod cancellation;
pub(crate) mod change;
pub mod error;
pub mod holder;
pub(crate) mod input;
pub(crate) mod kernel;
pub mod mac;
pub(crate) mod misuse;
pub(crate) mod object;
pub mod optional;
pub(crate) mod record;
pub mod report;
pub mod string;
pub(crate) mod text;
pub mod version;
pub(crate) mod view;
