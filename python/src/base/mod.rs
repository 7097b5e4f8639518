//! The foundations of all classes: arguments, results, errors, waits.

pub(crate) mod argument;
pub(crate) mod cancel;
pub(crate) mod closable;
pub(crate) mod data;
pub(crate) mod descriptor;
pub(crate) mod error;
pub(crate) mod output;
pub(crate) mod waiting;
