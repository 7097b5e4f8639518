//! Contenders taking turns.

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
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    let mut done = 0;
    while done < rounds {
        let block = BLOCK.min(rounds - done);
        let mut firsts: Vec<Option<Container>> = contenders.iter().map(|_| None).collect();
        let mut others = Vec::new();
        let mut containers = Stage::containers(block * contenders.len())?.into_iter();
        for round in done..done + block {
            fastrand::shuffle(&mut order);
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
