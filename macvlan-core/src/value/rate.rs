//! The rate limit of an endpoint.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::value::net::parse_number;
use crate::value::text::serde_as_text;

/// A limit on the rate at which an endpoint sends, enforced by the kernel's token bucket filter.
///
/// The text form is that of `tc`: `10mbit`, `512kbit`, `1gbit`, `9600bit`.
///
/// ```
/// use macvlan_core::Rate;
/// let rate: Rate = "10mbit".parse()?;
/// assert_eq!(rate.get_bits_per_second(), 10_000_000);
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "tc qdisc add tbf")]
#[doc(alias = "TCA_TBF_PARMS")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Rate {
    bits: u64,
}

/// The units, largest first.
const UNITS: [(&str, u64); 4] =
    [("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000), ("bit", 1)];
/// The minimum burst: some frames of usual size, because timers are not exact.
const SMALLEST_BURST: u64 = 16 * 1024;
/// The longest time that a frame waits before it is dropped.
const LATENCY: Duration = Duration::from_millis(50);

impl Rate {
    /// Makes a limit in bits per second.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) below 8, which is one byte per
    /// second.
    pub fn bits_per_second(bits: u64) -> Result<Self> {
        if bits < 8 {
            let why = "the minimum is 8 bits per second";
            return Err(Error::invalid(format!("use {bits}bit as a rate"), why));
        }
        Ok(Self { bits })
    }

    /// Returns the limit in bits per second.
    pub fn get_bits_per_second(&self) -> u64 {
        self.bits
    }

    pub(crate) fn bytes_per_second(self) -> u64 {
        self.bits / 8
    }

    /// Returns the burst in bytes: what is sent in a hundredth of a second, or a few frames if that
    /// is more.
    pub(crate) fn burst(self) -> u32 {
        let burst = (self.bytes_per_second() / 100).max(SMALLEST_BURST);
        u32::try_from(burst).unwrap_or(u32::MAX)
    }

    /// Returns the length of the queue in bytes.
    pub(crate) fn limit(self) -> u32 {
        let waiting = u128::from(self.bytes_per_second()) * LATENCY.as_millis() / 1000;
        let limit = waiting.saturating_add(u128::from(self.burst()));
        u32::try_from(limit).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, size)| self.bits % size == 0);
        let (unit, size) = unit.copied().unwrap_or(("bit", 1));
        write!(f, "{}{unit}", self.bits / size)
    }
}

impl FromStr for Rate {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: &'static str| Error::invalid(format!("parse rate {text:?}"), why);
        let unit = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)));
        let (number, size) =
            unit.ok_or_else(|| refuse("the unit must be bit, kbit, mbit or gbit"))?;
        let bits = parse_number::<u64>(number).and_then(|number| number.checked_mul(*size));
        Self::bits_per_second(bits.ok_or_else(|| refuse("the number is malformed or too large"))?)
    }
}

serde_as_text!(Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in ["10mbit", "512kbit", "1gbit", "9600bit", "1500kbit", "18446744073709551615bit"]
        {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("1000kbit".parse::<Rate>().unwrap().to_string(), "1mbit");
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "10",
            "mbit",
            "-1mbit",
            "+1mbit",
            "1.5mbit",
            "10 mbit",
            "10mbps",
            "0bit",
            "7bit",
            "99999999999gbit",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn burst_and_limit_fit_the_kernels_numbers() {
        let slow = Rate::bits_per_second(8).unwrap();
        assert_eq!((slow.burst(), slow.limit()), (16 * 1024, 16 * 1024));
        let ten = "10mbit".parse::<Rate>().unwrap();
        assert_eq!((ten.burst(), ten.limit()), (16 * 1024, 62_500 + 16 * 1024));
        let fast = Rate::bits_per_second(u64::MAX).unwrap();
        assert_eq!((fast.burst(), fast.limit()), (u32::MAX, u32::MAX));
    }
}
