//! Contenders taking turns.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use macvlan_tests::Container;

use crate::Outcome;
use crate::contender::Contender;
use crate::quantiles::Quantiles;
use crate::stage::{Stage, witness};

/// The number of rounds between two pauses, in which containers are created and deleted.
const BLOCK: usize = 50;

/// Lets all contenders attach `rounds` times in alternation, each to a container that was created
/// beforehand; `ip` checks the first of each in a block. Call it on a thread in the host's
/// namespace.
///
/// The order of each round is random. In a fixed order, even a rotated one, each contender would
/// always follow the same predecessor, and find the caches as that one leaves them.
pub fn race(contenders: &mut [&mut dyn Contender], rounds: usize) -> Outcome<Vec<Quantiles>> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); contenders.len()];
    let mut lot = Lot::new();
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    let mut done = 0;
    while done < rounds {
        let block = BLOCK.min(rounds - done);
        let mut firsts: Vec<Option<Container>> = contenders.iter().map(|_| None).collect();
        let mut others = Vec::new();
        let mut containers = Stage::containers(block * contenders.len())?.into_iter();
        for round in done..done + block {
            lot.shuffle(&mut order);
            for &who in &order {
                let contender = &mut contenders[who];
                if round % contender.every() != 0 {
                    continue;
                }
                let container = containers.next().ok_or("too few containers")?;
                times[who].push(contender.attach(container.pid())?);
                match &mut firsts[who] {
                    Some(_) => others.push(container),
                    first => *first = Some(container),
                }
            }
        }
        for (contender, container) in contenders.iter().zip(&firsts) {
            let Some(container) = container else { continue };
            witness(&container.netns()?, contender.only_v4())
                .map_err(|error| format!("{}: {error}", contender.name()))?;
        }
        others.extend(firsts.into_iter().flatten());
        others.extend(containers);
        Stage::end(others);
        done += block;
    }
    Ok(contenders
        .iter()
        .zip(times)
        .map(|(contender, times)| Quantiles::of(contender.name(), times))
        .collect())
}

/// Random numbers, good enough for this: the standard library's hashes of 1, 2, 3 …, with a random
/// key.
struct Lot {
    key: RandomState,
    drawn: usize,
}

impl Lot {
    fn new() -> Self {
        Self { key: RandomState::new(), drawn: 0 }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.drawn += 1;
        let number = self.key.hash_one(self.drawn) % u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(number).unwrap_or_default()
    }

    /// All orders are equally likely (Fisher and Yates).
    fn shuffle(&mut self, items: &mut [usize]) {
        for end in (1..items.len()).rev() {
            let other = self.below(end + 1);
            items.swap(end, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_three_is_drawn_about_as_often() {
        let mut lot = Lot::new();
        let mut counts = std::collections::HashMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            lot.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Seven standard deviations.
        assert!(counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
