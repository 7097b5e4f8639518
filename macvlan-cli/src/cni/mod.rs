//! The program as a CNI plugin (specification 1.1): `docs/cni.md`.
//!
//! A runtime runs it with the verb in `CNI_COMMAND` and the configuration on standard input. The
//! result, and errors as well, are JSON on standard output.

mod add;
mod attachment;
mod check;
mod config;
mod del;
mod delegate;
mod environment;
mod error;
mod fields;
mod gc;
mod ipam;
mod leased;
mod log;
mod mark;
mod parent;
mod plain;
mod result;
mod status;
mod sysctl;
mod version;

use std::env;
use std::io::{self, Read as _, Write as _};
use std::time::Instant;

use serde_json::Value;

use crate::cni::config::Request;
use crate::cni::environment::Attachment;
use crate::cni::error::{Code, Error, Result};
use crate::cni::log::Log;
use crate::cni::version::Version;

/// Returns whether a runtime has called the program.
pub(crate) fn is_called() -> bool {
    env::var_os("CNI_COMMAND").is_some()
}

/// Runs the verb and returns the exit status.
pub(crate) fn run() -> u8 {
    let mut version = Version::NEWEST;
    let answer = verb().and_then(|verb| answer(&verb, &mut version));
    let (status, text) = match answer {
        Ok(None) => return 0,
        Ok(Some(answer)) => (0, answer),
        Err(error) => (1, error.json(version)),
    };
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => status,
        Err(_) => 1,
    }
}

fn verb() -> Result<String> {
    environment::required("CNI_COMMAND")
}

/// Runs the verb and returns its result, if it has one.
fn answer(verb: &str, version: &mut Version) -> Result<Option<Value>> {
    let since = match verb {
        "VERSION" => return Ok(Some(version::answer(&read()?))),
        "ADD" | "DEL" => Version::OLDEST,
        "CHECK" => Version::V0_4_0,
        "GC" | "STATUS" => Version::V1_1_0,
        _ => {
            let why = "expected ADD, DEL, CHECK, GC, STATUS or VERSION";
            let why = format!("cannot use CNI_COMMAND {verb:?}: {why}");
            return Err(Error::new(Code::ENVIRONMENT, why));
        }
    };
    let started = Instant::now();
    let text = read()?;
    let request = Request::parse(&text, verb, version)?;
    if *version < since {
        let why = format!("the verb needs cniVersion {since}, and the configuration has {version}");
        let why = format!("cannot run {verb}: {why}");
        return Err(Error::new(Code::VERSION, why));
    }
    let log = match Log::open(&request.config) {
        // Without a log, interfaces and leases are removed all the same.
        Err(_) if matches!(verb, "DEL" | "GC") => Log::Stderr,
        opened => opened?,
    };
    let of = if matches!(verb, "GC" | "STATUS") { None } else { Some(Attachment::read(verb)?) };
    let done = match (verb, &of) {
        ("ADD", Some(of)) => add::add(&request, of, &log).map(Some),
        ("DEL", Some(of)) => del::del(&request, of, &log).map(|()| None),
        ("CHECK", Some(of)) => check::check(&request, of).map(|()| None),
        ("GC", _) => gc::gc(&request, &log).map(|()| None),
        _ => status::status(&request).map(|()| None),
    };
    log.verb(verb, &request.config.name, of.as_ref(), started.elapsed(), &done);
    done
}

/// Reads standard input.
fn read() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).map_err(|error| {
        Error::new(Code::IO, format!("cannot read the configuration from standard input: {error}"))
    })?;
    Ok(text)
}
