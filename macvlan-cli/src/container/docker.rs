//! The API of Docker's daemon, for changes.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::container::candidate::Source;
use crate::container::{engine, http};
use crate::failure::{Done, Failure, status};

/// A change may wait for a plugin, which probes addresses.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A daemon that answers.
pub(crate) struct Daemon {
    socket: PathBuf,
}

/// The reason why a request has no result.
pub(crate) enum NoResult {
    /// The daemon has refused it.
    Refused(Failure),
    /// The daemon may carry it out nevertheless.
    Unknown(Failure),
}

impl From<NoResult> for Failure {
    fn from(reason: NoResult) -> Self {
        let (NoResult::Refused(failure) | NoResult::Unknown(failure)) = reason;
        failure
    }
}

impl Daemon {
    /// Finds the daemon that Docker's own client uses.
    pub(crate) fn find() -> Done<Self> {
        let mut failure = Failure::not_found(
            "cannot ask Docker: the variable DOCKER_HOST is not the socket of a daemon on this machine",
        );
        for socket in engine::sockets(Source::Docker) {
            let daemon = Self { socket };
            match daemon.get("ask for Docker's version", "/version") {
                Ok(_) => return Ok(daemon),
                Err(now) => failure = now,
            }
        }
        Err(failure)
    }

    /// Reads an object.
    pub(crate) fn get(&self, operation: &str, path: &str) -> Done<Value> {
        Ok(self.send(operation, "GET", path, None)?)
    }

    /// Sends a request, and returns the answer's JSON.
    pub(crate) fn send(
        &self,
        operation: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, NoResult> {
        let body = body.map(Value::to_string);
        let answer = http::send(&self.socket, method, path, body.as_deref(), TIMEOUT);
        let operation = || format!("{operation} at {}", self.socket.display());
        let answer =
            answer.map_err(|error| NoResult::Unknown(Failure::file(&operation(), &error)))?;
        let status = match answer.status {
            200..=299 => return Ok(answer.json()),
            404 => status::NOT_FOUND,
            409 => status::EXISTS,
            _ => status::OTHER,
        };
        let why = answer.refusal();
        Err(NoResult::Refused(Failure::new(status, format!("cannot {}: {why}", operation()))))
    }
}
