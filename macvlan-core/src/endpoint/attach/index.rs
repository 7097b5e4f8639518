//! Chooses the indexes of links, so that a container's links are in the order of their creation.
//!
//! An index is the time since boot in ticks, so no look-up is needed and processes agree. A process
//! never gives an index twice: within a tick it counts on, ahead of the clock. Processes that choose
//! the same one for a container are told apart by the kernel, which refuses the second link; its
//! index then follows the highest one in the container. The order repeats after 99 days, when the
//! indexes begin from the start.

use std::sync::atomic::{AtomicU32, Ordering};

use nix::time::{ClockId, clock_gettime};

use crate::error::{Error, Result};

/// The length of a tick in milliseconds.
const TICK: u64 = 4;

/// The first index. The kernel assigns its own from 1 upwards.
const FIRST: u32 = 0x1_0000;

/// The kernel's highest index.
const LAST: u32 = i32::MAX as u32;

/// Chooses the index of a link that is created now, above the given one if possible.
pub(super) fn choose_index(above: u32) -> Result<u32> {
    static LATEST: AtomicU32 = AtomicU32::new(0);
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_err(|errno| Error::system("read the time since boot", errno))?;
    let seconds = time.tv_sec().unsigned_abs();
    let milliseconds = time.tv_nsec().unsigned_abs() / 1_000_000;
    let now = index_at((seconds * 1000 + milliseconds) / TICK);
    let choose = |latest| after(now, latest, above);
    let update = |latest| Some(choose(latest));
    let (Ok(latest) | Err(latest)) =
        LATEST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    Ok(choose(latest))
}

/// Returns the index below the next one that is free: the highest in use, or if that is the kernel's
/// last, the end of those in use from the given one on.
pub(super) fn above_all(index: u32, used: &[u32]) -> u32 {
    match used.iter().copied().fold(index, u32::max) {
        LAST => (index..LAST).take_while(|next| used.contains(next)).last().unwrap_or(index),
        highest => highest,
    }
}

/// Returns the index of a tick.
fn index_at(tick: u64) -> u32 {
    let span = u64::from(LAST - FIRST) + 1;
    #[allow(clippy::cast_possible_truncation)] // below LAST
    let tick = (tick % span) as u32;
    FIRST + tick
}

/// Returns the clock's index, or the next one after the others if they are ahead of it.
fn after(now: u32, latest: u32, above: u32) -> u32 {
    let others = [latest, above].into_iter().filter(|other| *other < LAST);
    others.map(|other| other + 1).fold(now, u32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_those_that_the_kernel_accepts() {
        let span = u64::from(LAST - FIRST) + 1;
        assert_eq!((index_at(0), index_at(1)), (0x1_0000, 0x1_0001));
        assert_eq!((index_at(span - 1), index_at(span)), (0x7fff_ffff, 0x1_0000));
    }

    #[test]
    fn an_index_follows_those_that_are_in_use() {
        assert_eq!(after(70_000, 0, 0), 70_000);
        assert_eq!(after(70_000, 70_000, 0), 70_001);
        assert_eq!(after(70_000, 70_001, 80_000), 80_001);
        assert_eq!(after(70_000, 69_000, LAST - 1), LAST);
        assert_eq!(after(70_000, 70_000, LAST), 70_001, "none is above the last");
        assert_eq!(after(FIRST, LAST, 0), FIRST, "they begin from the start");
    }

    #[test]
    fn a_taken_index_is_followed_by_a_free_one() {
        assert_eq!(above_all(70_000, &[1, 70_000]), 70_000);
        assert_eq!(above_all(70_000, &[1, 70_000, 80_000]), 80_000);
        assert_eq!(above_all(70_000, &[1, LAST, 70_001, 70_000, 80_000]), 70_001);
        assert_eq!(above_all(LAST, &[LAST]), LAST);
    }

    #[test]
    fn threads_get_increasing_indexes() {
        let some = || (0..1000).map(|_| choose_index(0).unwrap()).collect::<Vec<_>>();
        let all: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(some));
            threads.map(|thread| thread.join().unwrap()).into()
        });
        assert!(all.iter().all(|one| one.windows(2).all(|pair| pair[0] < pair[1])));
        let mut together = all.concat();
        together.sort_unstable();
        together.dedup();
        assert_eq!(together.len(), 4000);
    }
}
