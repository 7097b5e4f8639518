//! Whether an address is free: asked before it is used.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::value::holder::Holder;

/// How an endpoint's addresses are asked for before it uses them; see
/// [`Endpoint::probe`](crate::Endpoint::probe).
///
/// IPv4 addresses are asked for by ARP probes (RFC 5227), which nobody takes for more than a question:
/// no neighbour table changes. For IPv6 the kernel asks (RFC 4862), and its verdict is waited for, up
/// to [`Probe::deadline`]; not for addresses that are `nodad` or `optimistic`. Silence counts only if the
/// parent had a carrier all the time. A [`Cancel`](crate::Cancel) ends it.
///
/// ```
/// use macvlan_core::{Endpoint, Probe};
/// let endpoint = Endpoint::new("eth0", "ens33")?
///     .address("192.168.15.5/24".parse()?)
///     .probe(Probe::quick());
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "RFC 5227")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub struct Probe {
    pub(super) count: u32,
    pub(super) start: Duration,
    pub(super) interval: Duration,
    pub(super) jitter: Duration,
    pub(super) wait: Duration,
    pub(super) deadline: Duration,
}

impl Probe {
    /// As RFC 5227 has it: up to one second until the first of three probes, one to two seconds
    /// between them, two seconds for the last answer: 4 to 7 seconds in all. The RFC means this for
    /// thousands of stations that are switched on at once.
    pub fn rfc() -> Self {
        Self {
            count: 3,
            start: Duration::from_secs(1),
            interval: Duration::from_secs(1),
            jitter: Duration::from_secs(1),
            wait: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
        }
    }

    /// A quarter of a second: three probes 60 ms apart, and 130 ms for the last answer. On a LAN whoever
    /// is awake answers within a few milliseconds.
    pub fn quick() -> Self {
        Self {
            start: Duration::ZERO,
            interval: Duration::from_millis(60),
            jitter: Duration::ZERO,
            wait: Duration::from_millis(130),
            ..Self::rfc()
        }
    }

    /// Sets how many times each address is asked for (`PROBE_NUM`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] for 0.
    pub fn count(mut self, count: u32) -> Result<Self> {
        if count == 0 {
            return Err(Error::invalid("set the number of probes", "0 probes find nothing out"));
        }
        self.count = count;
        Ok(self)
    }

    /// Up to how long, chosen at random, until it is asked first (`PROBE_WAIT`).
    pub fn start(mut self, at_most: Duration) -> Self {
        self.start = at_most;
        self
    }

    /// How long at least until it is asked again (`PROBE_MIN`).
    pub fn interval(mut self, at_least: Duration) -> Self {
        self.interval = at_least;
        self
    }

    /// Up to how much more, chosen at random each time (`PROBE_MAX` less `PROBE_MIN`).
    pub fn jitter(mut self, at_most: Duration) -> Self {
        self.jitter = at_most;
        self
    }

    /// How long the last answer is waited for (`ANNOUNCE_WAIT`).
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// How long the kernel may take for its duplicate detection of IPv6 addresses, which takes one to
    /// two seconds; 5 seconds when not given.
    pub fn deadline(mut self, at_most: Duration) -> Self {
        self.deadline = at_most;
        self
    }

    /// How many times each address is asked for.
    pub fn get_count(&self) -> u32 {
        self.count
    }

    /// Up to how long until it is asked first.
    pub fn get_start(&self) -> Duration {
        self.start
    }

    /// How long at least until it is asked again.
    pub fn get_interval(&self) -> Duration {
        self.interval
    }

    /// Up to how much more, each time.
    pub fn get_jitter(&self) -> Duration {
        self.jitter
    }

    /// How long the last answer is waited for.
    pub fn get_wait(&self) -> Duration {
        self.wait
    }

    /// How long the kernel may take for its duplicate detection of IPv6 addresses.
    pub fn get_deadline(&self) -> Duration {
        self.deadline
    }

    /// The longest that asking for IPv4 addresses takes when nobody answers.
    pub fn longest(&self) -> Duration {
        let between = self.interval.saturating_add(self.jitter);
        let between = between.checked_mul(self.count - 1).unwrap_or(Duration::MAX);
        self.start.saturating_add(between).saturating_add(self.wait)
    }
}

impl FromStr for Probe {
    type Err = Error;
    /// `quick` or `rfc`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "quick" => Ok(Self::quick()),
            "rfc" => Ok(Self::rfc()),
            _ => {
                Err(Error::invalid(format!("parse probe {text:?}"), "it is neither quick nor rfc"))
            }
        }
    }
}

impl Default for Probe {
    /// [`Probe::rfc`].
    fn default() -> Self {
        Self::rfc()
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} probes, within {:?}", self.count, self.longest())
    }
}

/// The error for an address that is somebody else's.
pub(crate) fn in_use(holder: Holder) -> Error {
    let Holder { address, mac } = holder;
    let who = mac.map_or_else(|| "somebody else".to_owned(), |mac| mac.to_string());
    Error::new(
        ErrorKind::AddressInUse,
        format!("use address {address}"),
        format!("{who} on this network has it already"),
    )
    .with_hint("choose another address, or find out who that is")
    .held_by(holder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_numbers() {
        assert_eq!(Probe::default(), Probe::rfc());
        assert_eq!(Probe::rfc().longest(), Duration::from_secs(1 + 2 * 2 + 2));
        assert_eq!(Probe::quick().longest(), Duration::from_millis(250));
        assert!(Probe::quick().count(0).unwrap_err().is_invalid_value());
        let far = Probe::rfc().count(u32::MAX).unwrap().interval(Duration::MAX).wait(Duration::MAX);
        assert_eq!(far.longest(), Duration::MAX);
    }
}
