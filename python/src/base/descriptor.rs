//! A file descriptor of the caller's, by its number or by an object that has one.

#![allow(unsafe_code)] // a number has to be trusted to be a descriptor

use std::os::fd::{AsFd, BorrowedFd, RawFd};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::base::argument::{Refusal, Take};

/// A descriptor that the caller keeps open during the call.
pub(crate) struct Descriptor(RawFd);

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is not -1. It may be closed, but it is only passed to system calls, which then
        // fail with EBADF.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

impl Take for Descriptor {
    const EXPECTED: &'static str = "a file descriptor, or an object with fileno()";
    fn take(value: &Bound<'_, PyAny>) -> Result<Self, Refusal> {
        if value.is_instance_of::<PyInt>() {
            return match i32::take(value)? {
                number if number < 0 => Err(Refusal::Value("negative".to_owned())),
                number => Ok(Self(number)),
            };
        }
        match value.getattr_opt(intern!(value.py(), "fileno"))? {
            Some(fileno) => {
                let number = fileno.call0()?;
                // An object that returns itself would lead to an endless loop.
                if number.is_instance_of::<PyInt>() {
                    Self::take(&number)
                } else {
                    Err(Refusal::Type)
                }
            }
            None => Err(Refusal::Type),
        }
    }
}
