//! The documents of probes and announcements.

use std::str::FromStr;
use std::time::Duration;

use crate::document::{Form, Seconds, TextOr, document, in_field, serde_as};
use crate::error::Error;
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;

document!(ProbeForm, "a probe", {
    count: Option<u32>,
    start: Option<Seconds>,
    interval: Option<Seconds>,
    jitter: Option<Seconds>,
    wait: Option<Seconds>,
    deadline: Option<Seconds>,
});

document!(AnnounceForm, "the announcement of addresses", {
    count: Option<u32>,
    interval: Option<Seconds>,
    blocking: bool,
});

serde_as!(Probe, TextOr<ProbeForm>);
serde_as!(Announce, TextOr<AnnounceForm>);

/// Returns the name that stands for all of a value.
fn name_of<T: FromStr + PartialEq>(value: &T, names: &[&str]) -> Option<String> {
    let is_it = |name: &&&str| name.parse().is_ok_and(|named: T| named == *value);
    names.iter().find(is_it).map(ToString::to_string)
}

/// Returns a value that is not the default.
fn other<T: PartialEq, F>(value: T, default: T, form: impl FnOnce(T) -> F) -> Option<F> {
    (value != default).then(|| form(value))
}

impl Form<Probe> for TextOr<ProbeForm> {
    fn of(probe: &Probe) -> Result<Self, String> {
        if let Some(name) = name_of(probe, &["rfc", "quick"]) {
            return Ok(Self::Text(name));
        }
        let rfc = Probe::rfc();
        Ok(Self::Form(ProbeForm {
            count: other(probe.get_count(), rfc.get_count(), |count| count),
            start: other(probe.get_start(), rfc.get_start(), Seconds),
            interval: other(probe.get_interval(), rfc.get_interval(), Seconds),
            jitter: other(probe.get_jitter(), rfc.get_jitter(), Seconds),
            wait: other(probe.get_wait(), rfc.get_wait(), Seconds),
            deadline: other(probe.get_deadline(), rfc.get_deadline(), Seconds),
        }))
    }

    fn read(self) -> Result<Probe, String> {
        let form = match self {
            Self::Text(text) => return text.parse().map_err(|error: Error| error.to_string()),
            Self::Form(form) => form,
        };
        let mut probe = Probe::rfc();
        if let Some(count) = form.count {
            probe = in_field("count", probe.count(count))?;
        }
        let times: [(_, fn(Probe, Duration) -> Probe); 5] = [
            (form.start, Probe::start),
            (form.interval, Probe::interval),
            (form.jitter, Probe::jitter),
            (form.wait, Probe::wait),
            (form.deadline, Probe::deadline),
        ];
        Ok(times.into_iter().fold(probe, |probe, (time, set)| match time {
            Some(Seconds(time)) => set(probe, time),
            None => probe,
        }))
    }
}

impl Form<Announce> for TextOr<AnnounceForm> {
    fn of(announce: &Announce) -> Result<Self, String> {
        if let Some(name) = name_of(announce, &["once", "rfc"]) {
            return Ok(Self::Text(name));
        }
        let once = Announce::once();
        Ok(Self::Form(AnnounceForm {
            count: other(announce.get_count(), once.get_count(), |count| count),
            interval: other(announce.get_interval(), once.get_interval(), Seconds),
            blocking: announce.is_blocking(),
        }))
    }

    fn read(self) -> Result<Announce, String> {
        let form = match self {
            Self::Text(text) => return text.parse().map_err(|error: Error| error.to_string()),
            Self::Form(form) => form,
        };
        let mut announce = Announce::once().blocking(form.blocking);
        if let Some(count) = form.count {
            announce = in_field("count", announce.count(count))?;
        }
        if let Some(Seconds(interval)) = form.interval {
            announce = announce.interval(interval);
        }
        Ok(announce)
    }
}
