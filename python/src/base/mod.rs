//! What every class needs: arguments taken, values given, errors raised, waits.

pub(crate) mod argument;
pub(crate) mod cancel;
pub(crate) mod closable;
pub(crate) mod descriptor;
pub(crate) mod error;
pub(crate) mod output;
pub(crate) mod waiting;
