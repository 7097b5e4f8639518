//! Free addresses as gaps.
//!
//! A pool's free addresses form few gaps, however many addresses it has: a fresh /64 is a single
//! one. Stores keep the gaps in order, so that finding, taking and returning an address cost the
//! same in a pool of fifty addresses, of 50,000, or of an IPv6 subnet that cannot be enumerated.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, Result};

/// Returns an address as a number: IPv4 addresses as IPv4-mapped IPv6 addresses.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Returns the address of a number.
pub(crate) fn address(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

/// A range of free addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) first: u128,
    pub(crate) last: u128,
}

impl Gap {
    pub(crate) fn holds(self, at: u128) -> bool {
        self.first <= at && at <= self.last
    }

    /// Returns the gap of a single address.
    pub(crate) fn of(at: u128) -> Self {
        Self { first: at, last: at }
    }

    /// Returns the parts before and after an address that is taken.
    pub(crate) fn without(self, at: u128) -> [Option<Self>; 2] {
        debug_assert!(self.holds(at));
        self.minus(Self::of(at))
    }

    /// Returns the parts before and after a range that is taken, which may lie outside.
    fn minus(self, taken: Self) -> [Option<Self>; 2] {
        let last = |before: u128| self.last.min(before - 1);
        let first = |behind: u128| self.first.max(behind + 1);
        [
            (taken.first > self.first).then(|| Self { first: self.first, last: last(taken.first) }),
            (taken.last < self.last).then(|| Self { first: first(taken.last), last: self.last }),
        ]
    }

    /// Returns the addresses that both gaps have.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Self { first, last })
    }

    /// Returns the gap of an address that is returned, joined with the gaps that it touches.
    #[cfg(any(test, feature = "sqlite"))]
    pub(crate) fn around(at: u128, before: Option<Self>, after: Option<Self>) -> Self {
        Self {
            first: before
                .filter(|gap| gap.last.checked_add(1) == Some(at))
                .map_or(at, |gap| gap.first),
            last: after
                .filter(|gap| at.checked_add(1) == Some(gap.first))
                .map_or(at, |gap| gap.last),
        }
    }
}

/// Returns the union of gaps, in order, as gaps that do not touch.
pub(crate) fn joined(mut gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.sort_unstable_by_key(|gap| gap.first);
    let mut joined: Vec<Gap> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        match joined.last_mut() {
            Some(before) if gap.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(gap.last);
            }
            _ => joined.push(gap),
        }
    }
    joined
}

/// Returns the addresses of ordered gaps that are not in the taken ones.
pub(crate) fn without(gaps: Vec<Gap>, taken: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
    let taken = joined(taken.into_iter().collect());
    let (mut rest, mut at) = (Vec::with_capacity(gaps.len()), 0);
    for gap in gaps {
        let mut gap = Some(gap);
        while let Some(all) = gap {
            at += taken[at..].iter().take_while(|taken| taken.last < all.first).count();
            let Some(taken) = taken.get(at).filter(|taken| taken.first <= all.last) else {
                rest.push(all);
                break;
            };
            let [before, behind] = all.minus(*taken);
            rest.extend(before);
            gap = behind;
        }
    }
    rest
}

/// Returns the addresses that two ordered lists of gaps have in common.
#[cfg(any(test, feature = "etcd"))]
pub(crate) fn within(gaps: &[Gap], others: &[Gap]) -> Vec<Gap> {
    let both = gaps.iter().flat_map(|gap| others.iter().filter_map(|other| gap.common(*other)));
    joined(both.collect())
}

/// Returns the first address that two lists of gaps have in common.
pub(crate) fn common(one: &[Gap], other: &[Gap]) -> Option<u128> {
    let both = one.iter().flat_map(|gap| other.iter().filter_map(|other| gap.common(*other)));
    both.map(|gap| gap.first).min()
}

/// The order in which a network gives free addresses.
///
/// The numbers are stable and appear in the C ABI.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
#[repr(u32)]
pub enum Order {
    /// The lowest free address.
    #[default]
    First = 1,
    /// The next free address after the one that was given last, wrapping around at the end.
    ///
    /// A released address is so given again as late as possible.
    Next = 2,
    /// A random free address.
    Random = 3,
}

impl Order {
    /// All orders, ordered by number.
    pub const ALL: &[Self] = &[Self::First, Self::Next, Self::Random];
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Next => "next",
            Self::Random => "random",
        })
    }
}

impl FromStr for Order {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "first" => Ok(Self::First),
            "next" => Ok(Self::Next),
            "random" => Ok(Self::Random),
            _ => Err(Error::invalid(
                format!("parse order {text:?}"),
                "the order must be first, next or random",
            )),
        }
    }
}

impl Order {
    /// Returns the address from which the search for a free one starts, and wraps around.
    ///
    /// `range` contains all addresses that can be given, which `gaps` returns.
    pub(crate) fn start(
        self,
        range: Gap,
        gaps: impl FnOnce() -> Vec<Gap>,
        given_last: Option<u128>,
    ) -> u128 {
        match self {
            Self::First => range.first,
            Self::Next => given_last
                .and_then(|last| last.checked_add(1))
                .filter(|next| range.holds(*next))
                .unwrap_or(range.first),
            Self::Random => {
                let gaps = gaps();
                let size = |gap: &Gap| (gap.last - gap.first).saturating_add(1);
                let all = gaps.iter().map(size).fold(0_u128, u128::saturating_add);
                let mut at = crate::random::number() % all.max(1);
                for gap in &gaps {
                    match at.checked_sub(size(gap)) {
                        Some(rest) => at = rest,
                        None => return gap.first + at,
                    }
                }
                range.first
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn numbers_keep_the_order_and_lead_back() {
        for text in ["10.0.0.1", "255.255.255.255", "fd00::1", "::1"] {
            let ip: IpAddr = text.parse().unwrap();
            if text != "::1" {
                assert_eq!(address(number(ip)), ip);
            }
        }
        let number = |text: &str| number(text.parse().unwrap());
        assert!(number("10.0.0.255") < number("10.0.1.0"));
        assert!(number("255.0.0.0") < number("2001:db8::"));
    }

    /// Compares the gaps with a set of all addresses, after taking and returning them in any order.
    #[test]
    fn gaps_are_what_is_not_taken() {
        let mut gaps = BTreeMap::from([(0_u128, 63_u128)]);
        let mut taken = [false; 64];
        for round in 0..10_000_u128 {
            let at = round * 7919 % 4001 % 64;
            let before = gaps
                .range(..=at)
                .next_back()
                .map(|(first, last)| Gap { first: *first, last: *last });
            let after =
                gaps.range(at..).next().map(|(first, last)| Gap { first: *first, last: *last });
            let taken = &mut taken[usize::try_from(at).unwrap()];
            if *taken {
                let gap = Gap::around(at, before, after);
                for old in [before, after].into_iter().flatten().filter(|old| gap.holds(old.first))
                {
                    gaps.remove(&old.first);
                }
                gaps.insert(gap.first, gap.last);
            } else {
                let gap = before.filter(|gap| gap.holds(at)).unwrap();
                gaps.remove(&gap.first);
                gaps.extend(gap.without(at).into_iter().flatten().map(|gap| (gap.first, gap.last)));
            }
            *taken = !*taken;
        }
        for at in 0..64_u128 {
            let free =
                gaps.iter().any(|(first, last)| Gap { first: *first, last: *last }.holds(at));
            assert_eq!(free, !taken[usize::try_from(at).unwrap()]);
        }
        let edges: Vec<_> = gaps.iter().collect();
        assert!(edges.windows(2).all(|pair| pair[0].1 + 1 < *pair[1].0), "gaps that touch are one");
    }

    #[test]
    fn an_order_is_its_name() {
        for &order in Order::ALL {
            assert_eq!(order.to_string().parse::<Order>().unwrap(), order);
            assert_eq!(serde_json::to_value(order).unwrap(), order.to_string());
        }
        assert!("last".parse::<Order>().unwrap_err().is_invalid_value());
    }

    #[test]
    fn the_start_stays_in_the_range() {
        let range = Gap { first: 10, last: 20 };
        let gaps = || vec![Gap { first: 10, last: 11 }, Gap { first: 19, last: 20 }];
        let start = |order: Order, last| order.start(range, gaps, last);
        assert_eq!(start(Order::First, Some(12)), 10);
        assert_eq!(start(Order::Next, None), 10);
        assert_eq!(start(Order::Next, Some(12)), 13);
        assert_eq!(start(Order::Next, Some(20)), 10);
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 4 {
            seen.insert(start(Order::Random, None));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [10, 11, 19, 20]);
        let all = Gap { first: 0, last: u128::MAX };
        let _ = Order::Random.start(all, || vec![all], None);
    }

    #[test]
    fn gaps_are_joined_and_taken_from() {
        let gap = |first, last| Gap { first, last };
        let all = joined(vec![gap(20, 30), gap(0, 5), gap(6, 9), gap(25, 40)]);
        assert_eq!(all, [gap(0, 9), gap(20, 40)]);
        let rest = without(all.clone(), [gap(3, 4), gap(8, 22), gap(39, 50), gap(60, 70)]);
        assert_eq!(rest, [gap(0, 2), gap(5, 7), gap(23, 38)]);
        assert_eq!(without(all.clone(), [gap(0, u128::MAX)]), []);
        assert_eq!(
            without(all.clone(), [gap(50, 60), gap(9, 9), gap(0, 0)]),
            [gap(1, 8), gap(20, 40)]
        );
        assert_eq!(within(&all, &[gap(5, 25), gap(30, 30)]), [gap(5, 9), gap(20, 25), gap(30, 30)]);
        assert_eq!(common(&all, &[gap(10, 19)]), None);
        assert_eq!(common(&all, &[gap(30, 50), gap(9, 19)]), Some(9));
    }
}
