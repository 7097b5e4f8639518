//! Validated values, and links, addresses and routes as reported by the kernel.

pub(crate) mod address;
pub(crate) mod event;
pub(crate) mod filter;
pub(crate) mod holder;
pub(crate) mod link;
pub(crate) mod mac;
pub(crate) mod name;
pub(crate) mod neighbour;
pub(crate) mod net;
pub(crate) mod numbers;
pub(crate) mod rate;
pub(crate) mod route;
pub(crate) mod rule;
pub(crate) mod scope;
pub(crate) mod text;
