//! Waiting: for what has to come, and for what has to be quick. A test that waits for something
//! does so here, so that none is impatient on a machine that is busy.

use std::time::{Duration, Instant};

use crate::harness::Outcome;

/// How long anything is waited for that has to come: far longer than it takes on a busy machine.
/// It costs nothing where it comes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often at most something is tried that has to be quick.
const TRIES: usize = 20;

/// Waits until something is so; a failure with these words if it does not come about.
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

/// Tries something until it takes less than this, by its own word. What is slow by itself never
/// does; what a busy machine has held up does the next time.
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
