//! Free addresses as gaps: which one is next, and what remains when one is taken or comes back.
//!
//! A pool's free addresses are few gaps, however many addresses it has: a fresh /64 is a single one.
//! Stores keep the gaps in order, so that finding, taking and giving back cost the same in a pool of
//! fifty addresses, of 50,000, or of an IPv6 subnet that nobody could enumerate.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, Result};

/// An address as a number: IPv4 addresses as the IPv6 addresses that they are mapped to.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address that a number stands for.
pub(crate) fn address(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

/// Free addresses without one that is taken in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) first: u128,
    pub(crate) last: u128,
}

impl Gap {
    pub(crate) fn holds(self, at: u128) -> bool {
        self.first <= at && at <= self.last
    }

    /// A single address.
    pub(crate) fn of(at: u128) -> Self {
        Self { first: at, last: at }
    }

    /// What remains before and behind one that is taken.
    pub(crate) fn without(self, at: u128) -> [Option<Self>; 2] {
        debug_assert!(self.holds(at));
        self.minus(Self::of(at))
    }

    /// What remains before and behind others that are taken, of which it may have none.
    fn minus(self, taken: Self) -> [Option<Self>; 2] {
        let last = |before: u128| self.last.min(before - 1);
        let first = |behind: u128| self.first.max(behind + 1);
        [
            (taken.first > self.first).then(|| Self { first: self.first, last: last(taken.first) }),
            (taken.last < self.last).then(|| Self { first: first(taken.last), last: self.last }),
        ]
    }

    /// What both have.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Self { first, last })
    }

    /// One gap of several that touch, around an address that comes back.
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

/// All that some gaps have, in order, as gaps that do not touch.
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

/// What remains of gaps in order when others are taken.
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

/// What gaps in order have in common with others in order.
#[cfg(any(test, feature = "etcd"))]
pub(crate) fn within(gaps: &[Gap], others: &[Gap]) -> Vec<Gap> {
    let both = gaps.iter().flat_map(|gap| others.iter().filter_map(|other| gap.common(*other)));
    joined(both.collect())
}

/// The first address that two have in common.
pub(crate) fn common(one: &[Gap], other: &[Gap]) -> Option<u128> {
    let both = one.iter().flat_map(|gap| other.iter().filter_map(|other| gap.common(*other)));
    both.map(|gap| gap.first).min()
}

/// Which free address a network gives next. The numbers are stable, and the C ABI shows them.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
#[repr(u32)]
pub enum Order {
    /// The lowest that is free.
    #[default]
    First = 1,
    /// The next after the one that was given last, and the lowest again after the highest: an
    /// address that was given back rests as long as it can.
    Next = 2,
    /// Any, by chance.
    Random = 3,
}

impl Order {
    /// All orders, by their numbers.
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
                "it is none of first, next, random",
            )),
        }
    }
}

impl Order {
    /// From where on a free address is looked for among those that are given, which `gaps` makes; wraps
    /// around at the end of the range that these are in.
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

    /// Taking and giving back in any order keeps the gaps what a set of all addresses says.
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
