//! Measures the time of attaching, relative to the floor set by the kernel.
//!
//! The [`floor`] is the kernel's own time for one container's attach: requests prepared by hand
//! ([`message`]), and system calls only. A [`Contender`] does the same work, here or in a separate
//! program. A [`race`] lets several of them alternate on one [`Stage`], so that disturbances affect
//! all alike, and the ratio is meaningful.
//!
//! The benchmarks do not change the machine's own network namespace.

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

/// Any error, as text; a benchmark that fails has no result.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
