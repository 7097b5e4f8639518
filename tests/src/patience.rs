//! Waiting for conditions, and retrying operations that have to be fast. All tests wait through
//! this module, so that all are patient enough for a busy machine.

use std::time::{Duration, Instant};

use crate::harness::Outcome;

/// The timeout for all conditions, far longer than needed on a busy machine. It costs no time if
/// the condition is met.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The maximum number of attempts for an operation that has to be fast.
const TRIES: usize = 20;

/// Waits until a condition is met. Fails with these words if it is not.
#[track_caller]
pub fn eventually(complaint: &str, mut is_so: impl FnMut() -> Outcome<bool>) -> Outcome {
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    while !is_so()? {
        if started.elapsed() > PATIENCE {
            return Err(format!("{complaint}, for {PATIENCE:?}").into());
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(50));
    }
    Ok(())
}

/// Repeats an operation until it takes less than this time, which it measures itself. An operation
/// that is slow by itself never does; one delayed by a busy machine does on a later attempt.
#[track_caller]
pub fn quick(at_most: Duration, mut work: impl FnMut() -> Outcome<Duration>) -> Outcome {
    let mut all = Vec::new();
    while all.len() < TRIES {
        let took = work()?;
        if took < at_most {
            return Ok(());
        }
        all.push(took);
    }
    Err(format!("it never took less than {at_most:?}, but {all:?}").into())
}
