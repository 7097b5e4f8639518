//! Probes, which find out whether an address is in use.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::value::holder::Holder;

/// The way in which an endpoint's addresses are probed before use.
///
/// See [`Endpoint::probe`](crate::Endpoint::probe).
///
/// IPv4 addresses are probed by ARP (RFC 5227), which changes no neighbour tables. For IPv6
/// addresses the kernel's duplicate detection (RFC 4862) is awaited, for up to [`Probe::deadline`];
/// addresses with `nodad` or `optimistic` are not probed. The parent must have a carrier
/// throughout. A [`Cancel`](crate::Cancel) token ends a probe.
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
    /// Makes the probe of RFC 5227, which takes 4 to 7 seconds.
    ///
    /// Three probes are sent one to two seconds apart after a delay of up to one second; the last
    /// answer may take two seconds.
    ///
    /// The RFC intends this for thousands of hosts that are switched on at the same time.
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

    /// Makes a quick probe, which takes a quarter of a second.
    ///
    /// Three probes are sent 60 ms apart; the last answer may take 130 ms.
    ///
    /// On a LAN, hosts usually answer within a few milliseconds.
    pub fn quick() -> Self {
        Self {
            start: Duration::ZERO,
            interval: Duration::from_millis(60),
            jitter: Duration::ZERO,
            wait: Duration::from_millis(130),
            ..Self::rfc()
        }
    }

    /// Sets the number of probes for each address (`PROBE_NUM`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`] for 0.
    pub fn count(mut self, count: u32) -> Result<Self> {
        if count == 0 {
            return Err(Error::invalid("set the number of probes", "the minimum is 1"));
        }
        self.count = count;
        Ok(self)
    }

    /// Sets the maximum of the random delay before the first probe (`PROBE_WAIT`).
    pub fn start(mut self, at_most: Duration) -> Self {
        self.start = at_most;
        self
    }

    /// Sets the minimum time between probes (`PROBE_MIN`).
    pub fn interval(mut self, at_least: Duration) -> Self {
        self.interval = at_least;
        self
    }

    /// Sets the maximum of the random time added to the interval (`PROBE_MAX` - `PROBE_MIN`).
    pub fn jitter(mut self, at_most: Duration) -> Self {
        self.jitter = at_most;
        self
    }

    /// Sets the time to wait for an answer to the last probe (`ANNOUNCE_WAIT`).
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// Sets the time limit of the kernel's duplicate detection of IPv6 addresses.
    ///
    /// The detection takes one to two seconds.
    ///
    /// Defaults to 5 seconds.
    pub fn deadline(mut self, at_most: Duration) -> Self {
        self.deadline = at_most;
        self
    }

    /// Returns the number of probes for each address.
    pub fn get_count(&self) -> u32 {
        self.count
    }

    /// Returns the maximum delay before the first probe.
    pub fn get_start(&self) -> Duration {
        self.start
    }

    /// Returns the minimum time between probes.
    pub fn get_interval(&self) -> Duration {
        self.interval
    }

    /// Returns the maximum of the random time added to the interval.
    pub fn get_jitter(&self) -> Duration {
        self.jitter
    }

    /// Returns the time to wait for an answer to the last probe.
    pub fn get_wait(&self) -> Duration {
        self.wait
    }

    /// Returns the time limit of the kernel's duplicate detection of IPv6 addresses.
    pub fn get_deadline(&self) -> Duration {
        self.deadline
    }

    /// Returns the maximum duration of a probe of IPv4 addresses that are not in use.
    pub fn longest(&self) -> Duration {
        let between = self.interval.saturating_add(self.jitter);
        let between = between.checked_mul(self.count - 1).unwrap_or(Duration::MAX);
        self.start.saturating_add(between).saturating_add(self.wait)
    }
}

impl FromStr for Probe {
    type Err = Error;
    /// Parses `quick` or `rfc`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "quick" => Ok(Self::quick()),
            "rfc" => Ok(Self::rfc()),
            _ => Err(Error::invalid(format!("parse probe {text:?}"), "expected quick or rfc")),
        }
    }
}

impl Default for Probe {
    /// Returns [`Probe::rfc`].
    fn default() -> Self {
        Self::rfc()
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} probes, within {:?}", self.count, self.longest())
    }
}

/// Makes the error for an address that another host has.
pub(crate) fn in_use(holder: Holder) -> Error {
    let Holder { address, mac } = holder;
    let who = mac.map_or_else(|| "another host".to_owned(), |mac| mac.to_string());
    Error::new(
        ErrorKind::AddressInUse,
        format!("use address {address}"),
        format!("{who} on this network already has it"),
    )
    .with_hint("choose another address, or find that host")
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
