//! Objects that hold a file descriptor and can be closed before the last reference is dropped.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A value that exists until it is closed.
pub(crate) struct Closable<T: Send> {
    what: &'static str,
    value: Mutex<Option<T>>,
}

impl<T: Send> Closable<T> {
    pub(crate) fn new(what: &'static str, value: T) -> Self {
        Self { what, value: Mutex::new(Some(value)) }
    }

    /// Takes the value out; does nothing the second time. The caller drops it with the interpreter
    /// released.
    pub(crate) fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.take()));
    }

    /// Takes the value out, for another way to end it.
    pub(crate) fn take(&self) -> Option<T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Does a short operation with the value: it must neither block nor call Python, as the lock is
    /// held.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        value.as_mut().map(work).ok_or_else(|| self.closed())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Makes the exception that Python's files raise.
    pub(crate) fn closed(&self) -> PyErr {
        PyValueError::new_err(format!("the {} is closed", self.what))
    }
}

/// The interpreter need not wait either when an object is collected that was not closed.
impl<T: Send> Drop for Closable<T> {
    fn drop(&mut self) {
        let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if value.is_some() {
            // Without an interpreter, the rest of the value is dropped as it is.
            Python::try_attach(|py| py.detach(|| drop(value)));
        }
    }
}

impl<T: Clone + Send> Closable<T> {
    pub(crate) fn get(&self) -> PyResult<T> {
        self.with(|value| value.clone())
    }
}
