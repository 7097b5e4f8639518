//! Contenders taking turns.

use std::time::Duration;

use crate::Outcome;
use crate::contender::Contender;
use crate::quantiles::Quantiles;
use crate::stage::{Stage, witness};

/// How many rounds are run between two pauses, in which containers are made and buried.
const BLOCK: usize = 50;

/// Lets everybody attach `rounds` times, by turns and beginning with another one each time, each to a
/// container of its own that was made beforehand; `ip` says whether the first of each is as it should
/// be. To be called on a thread in the host's namespace.
pub fn race(contenders: &mut [&mut dyn Contender], rounds: usize) -> Outcome<Vec<Quantiles>> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); contenders.len()];
    let mut done = 0;
    while done < rounds {
        let block = BLOCK.min(rounds - done);
        let containers = Stage::containers(block * contenders.len())?;
        for (round, group) in containers.chunks(contenders.len()).enumerate() {
            for turn in 0..contenders.len() {
                let who = (turn + round) % contenders.len();
                times[who].push(contenders[who].attach(group[who].pid())?);
            }
        }
        for (contender, container) in contenders.iter().zip(&containers) {
            witness(&container.netns()?)
                .map_err(|error| format!("{}: {error}", contender.name()))?;
        }
        Stage::end(containers);
        done += block;
    }
    Ok(contenders
        .iter()
        .zip(times)
        .map(|(contender, times)| Quantiles::of(contender.name(), times))
        .collect())
}
