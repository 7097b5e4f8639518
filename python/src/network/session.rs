//! The state that a `Networks` and its networks share.

use macvlan_network::{Networks as Core, Result};
use pyo3::prelude::*;

use crate::base::closable::Closable;
use crate::base::error::OrRaise;
use crate::base::waiting;

/// The state that a Networks and its networks share; it is closed for all of them at once.
pub(crate) struct Session {
    pub(crate) networks: Closable<Core>,
    /// True if the store is on another machine, so that an answer may take long.
    pub(crate) distant: bool,
}

impl Session {
    /// Does an operation with the interpreter released; a long one so that Ctrl-C ends a probe at
    /// once, and is handled at the end of everything else.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        slow: bool,
        work: impl FnOnce(&Core) -> Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let networks = self.networks.get()?;
        let done = if slow || self.distant {
            waiting::or_undo(py, move |cancel| work(&networks.cancelled_by(cancel)), drop)?
        } else {
            py.detach(|| work(&networks))
        };
        done.or_raise(py)
    }
}
