//! The log, which is written only on request and never to standard output.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::Duration;

use serde_json::Value;

use crate::cni::config::Config;
use crate::cni::environment::Attachment;
use crate::cni::error::{Code, Error, Result};

/// Where to write to.
pub(super) enum Log {
    None,
    Stderr,
    File(RefCell<File>),
}

impl Log {
    /// Opens the log of the configuration: a file, or standard error as `stderr`.
    pub(super) fn open(config: &Config) -> Result<Self> {
        match config.log.as_deref() {
            None => Ok(Self::None),
            Some("stderr") => Ok(Self::Stderr),
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                let file = file.map_err(|error| {
                    Error::new(Code::IO, format!("cannot open the log {path}: {error}"))
                })?;
                Ok(Self::File(RefCell::new(file)))
            }
        }
    }

    /// Writes a line. The verb does not fail if the log cannot be written.
    pub(super) fn line(&self, text: &str) {
        let line = format!("macvlan: {text}\n");
        let _ = match self {
            Self::None => Ok(()),
            Self::Stderr => io::stderr().write_all(line.as_bytes()),
            Self::File(file) => file.borrow_mut().write_all(line.as_bytes()),
        };
    }

    /// Writes the outcome of a verb.
    pub(super) fn verb(
        &self,
        verb: &str,
        network: &str,
        of: Option<&Attachment>,
        took: Duration,
        done: &Result<Option<Value>>,
    ) {
        if matches!(self, Self::None) {
            return;
        }
        let of = of.map(|of| format!(" {}/{}", of.container, of.interface)).unwrap_or_default();
        let outcome = match done {
            Ok(Some(answer)) => answer.to_string(),
            Ok(None) => "done".to_owned(),
            Err(error) => error.message().to_owned(),
        };
        self.line(&format!("{verb} {network}{of}: {outcome} ({} us)", took.as_micros()));
    }
}
