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
    let is_it = |name: &&&str| matches!(name.parse::<T>(), Ok(one) if one == *value);
    names.iter().find(is_it).map(ToString::to_string)
}

/// Returns a value that is not the default.
fn other<T: Copy + PartialEq>(value: T, default: T) -> Option<T> {
    Some(value).filter(|value| *value != default)
}

/// Returns a time that may have been left out.
fn time(time: Option<Seconds>, default: Duration) -> Duration {
    time.map_or(default, |Seconds(time)| time)
}

impl Form<Probe> for TextOr<ProbeForm> {
    fn of(probe: &Probe) -> Result<Self, String> {
        if let Some(name) = name_of(probe, &["rfc", "quick"]) {
            return Ok(Self::Text(name));
        }
        let rfc = Probe::rfc();
        let time = |time, default| other(time, default).map(Seconds);
        Ok(Self::Form(ProbeForm {
            count: other(probe.count, rfc.count),
            start: time(probe.start, rfc.start),
            interval: time(probe.interval, rfc.interval),
            jitter: time(probe.jitter, rfc.jitter),
            wait: time(probe.wait, rfc.wait),
            deadline: time(probe.deadline, rfc.deadline),
        }))
    }

    fn read(self) -> Result<Probe, String> {
        let form = match self {
            Self::Text(text) => return text.parse().map_err(|error: Error| error.to_string()),
            Self::Form(form) => form,
        };
        let rfc = Probe::rfc();
        let probe = Probe {
            start: time(form.start, rfc.start),
            interval: time(form.interval, rfc.interval),
            jitter: time(form.jitter, rfc.jitter),
            wait: time(form.wait, rfc.wait),
            deadline: time(form.deadline, rfc.deadline),
            ..rfc
        };
        in_field("count", probe.count(form.count.unwrap_or(rfc.count)))
    }
}

impl Form<Announce> for TextOr<AnnounceForm> {
    fn of(announce: &Announce) -> Result<Self, String> {
        if let Some(name) = name_of(announce, &["once", "rfc"]) {
            return Ok(Self::Text(name));
        }
        let once = Announce::once();
        Ok(Self::Form(AnnounceForm {
            count: other(announce.get_count(), once.get_count()),
            interval: other(announce.get_interval(), once.get_interval()).map(Seconds),
            blocking: announce.is_blocking(),
        }))
    }

    fn read(self) -> Result<Announce, String> {
        let form = match self {
            Self::Text(text) => return text.parse().map_err(|error: Error| error.to_string()),
            Self::Form(form) => form,
        };
        let once = Announce::once();
        let announce = once.interval(time(form.interval, once.get_interval()));
        let announce = announce.blocking(form.blocking);
        in_field("count", announce.count(form.count.unwrap_or(once.get_count())))
    }
}
