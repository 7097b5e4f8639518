//! Parsers for values of options.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use macvlan_core::{Announce, Probe};

/// The kernel's main routing table.
pub(crate) const MAIN_TABLE: u32 = 254;

/// Applies optional values by setters.
macro_rules! set {
    ($object:ident, $($setter:ident = $value:expr),+ $(,)?) => {
        $(if let Some(value) = $value { $object = $object.$setter(value); })+
    };
}
pub(crate) use set;

/// Returns a parser for an enumeration, whose words the help and completions list.
pub(crate) fn words<T>(all: &[&'static str]) -> ValueParser
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.to_vec())
        .try_map(|word| word.parse::<T>().map_err(|error| error.to_string()))
        .into()
}

/// Returns a parser for one of these values, which display as these words.
pub(crate) fn choice<T>(all: &'static [T], words: &[&'static str]) -> ValueParser
where
    T: Display + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words.to_vec())
        .try_map(|word| {
            let found = all.iter().find(|one| one.to_string() == word);
            found.cloned().ok_or("unknown value")
        })
        .into()
}

/// Returns a parser for `on` and `off`.
pub(crate) fn switch() -> ValueParser {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on").into()
}

/// Parses a time: `500ms`, `30s`, `10m`, `2h`, `7d`, or seconds without a unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let at = text.find(|one: char| one.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err("expected a unit of ms, s, m, h or d".to_owned()),
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = number.parse::<f64>().ok().filter(|_| plain);
    let number = number.ok_or("expected a time such as 500ms, 30s or 10m")?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "the time is too long".to_owned())
}

/// Parses `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// Parses `FROM:TO`, two numbers, as `ip link` takes them for a VLAN's priorities.
pub(crate) fn mapping<A: FromStr, B: FromStr>(text: &str) -> Result<(A, B), String> {
    let parsed =
        text.split_once(':').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed.ok_or_else(|| "expected FROM:TO, two numbers".to_owned())
}

/// Parses `quick` or `rfc`, followed by changes: `rfc,count=2,wait=1s`.
pub(crate) fn probe(text: &str) -> Result<Probe, String> {
    let (name, settings) = settings(text)?;
    let probe = match name {
        "quick" => Probe::quick(),
        "rfc" => Probe::rfc(),
        _ => return Err("expected quick or rfc".to_owned()),
    };
    settings.into_iter().try_fold(probe, |probe, (key, value)| {
        Ok(match key {
            "count" => probe.count(number(value)?).map_err(|error| error.to_string())?,
            "start" => probe.start(duration(value)?),
            "interval" => probe.interval(duration(value)?),
            "jitter" => probe.jitter(duration(value)?),
            "wait" => probe.wait(duration(value)?),
            "deadline" => probe.deadline(duration(value)?),
            _ => return Err(format!("{key:?} is not a setting of a probe")),
        })
    })
}

/// Parses `once` or `rfc`, followed by changes: `rfc,count=3,interval=1s`.
///
/// The command ends afterwards, so all announcements are sent before.
pub(crate) fn announce(text: &str) -> Result<Announce, String> {
    let (name, settings) = settings(text)?;
    let announce = match name {
        "once" => Announce::once(),
        "rfc" => Announce::rfc(),
        _ => return Err("expected once or rfc".to_owned()),
    };
    let announce = settings.into_iter().try_fold(announce, |announce, (key, value)| {
        Ok::<_, String>(match key {
            "count" => announce.count(number(value)?).map_err(|error| error.to_string())?,
            "interval" => announce.interval(duration(value)?),
            _ => return Err(format!("{key:?} is not a setting of announcements")),
        })
    })?;
    Ok(if announce.get_count() > 1 { announce.blocking(true) } else { announce })
}

/// A name, and settings of keys with values.
type Settings<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// Splits `NAME,KEY=VALUE,…`.
fn settings(text: &str) -> Result<Settings<'_>, String> {
    let mut parts = text.split(',');
    let name = parts.next().unwrap_or_default();
    let pairs =
        parts.map(|part| part.split_once('=').ok_or_else(|| format!("{part:?} is not KEY=VALUE")));
    Ok((name, pairs.collect::<Result<_, _>>()?))
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}

pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1.5s", 1500),
            ("2", 2000),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1 s", "1y", "1e3s", "inf", "99999999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn probes_and_announcements_have_settings() {
        let changed = probe("rfc,count=2,wait=1s").unwrap();
        assert_eq!((changed.get_count(), changed.get_wait()), (2, Duration::from_secs(1)));
        assert_eq!(probe("quick").unwrap(), Probe::quick());
        assert!(
            announce("rfc").unwrap().get_blocking() && !announce("once").unwrap().get_blocking()
        );
        for text in ["", "slow", "rfc,count", "rfc,count=0", "rfc,count=x", "rfc,what=1"] {
            assert!(probe(text).is_err(), "{text}");
            assert!(announce(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pairs_have_a_key() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("=b").is_err() && pair("a").is_err());
        assert_eq!(mapping::<u8, u32>("1:5"), Ok((1, 5)));
        assert!(mapping::<u8, u32>("1").is_err() && mapping::<u8, u32>("300:1").is_err());
    }
}
