//! How fast attaching is, beside the floor that the kernel sets.
//!
//! The [`floor`] is the time that the kernel needs for one container's attach: requests laid out
//! beforehand, by hand ([`message`]), and nothing but system calls. A [`Contender`] does the same
//! work, here or in a program of its own; a [`race`] lets several of them take turns on one
//! [`Stage`], so that whatever disturbs the machine disturbs all alike, and what counts is the ratio.
//!
//! Nothing here touches the machine's own network namespace.

mod contender;
pub mod floor;
pub mod listing;
pub mod message;
mod quantiles;
mod race;
mod stage;
pub mod work;

pub use contender::{Contender, Program, Rust};
pub use quantiles::{Quantiles, table};
pub use race::race;
pub use stage::{PARENT, Stage, witness};

/// Whatever went wrong, in words; a benchmark that fails has no result.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
