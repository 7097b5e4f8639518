//! Measures starting a container: a new namespace, the attach, and a process started inside, with
//! the share of each: `from_nothing [ROUNDS]`. Alternates with the same from a pool, where the
//! namespace and the link inside were created beforehand.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use macvlan_benches::{Outcome, PARENT, Quantiles, Stage, witness, work};
use macvlan_core::{Endpoint, Host, NetNs};

/// The number created between two pauses, in which they are deleted.
const BLOCK: usize = 50;

/// A container, and the time of each step.
struct Made {
    netns: NetNs,
    process: Child,
    steps: Vec<Duration>,
}

/// A way to start a container, and its times.
struct Way {
    name: &'static str,
    steps: &'static [&'static str],
    /// The times of each step, and of the whole.
    times: Vec<Vec<Duration>>,
}

fn main() -> Outcome {
    let rounds = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let stage = Stage::with_siblings(0)?;
    stage.netns().run(|| run(rounds))?
}

fn run(rounds: usize) -> Outcome {
    let host = Host::open()?;
    let endpoint = work::endpoint(PARENT)?;
    let mut nothing = Way::new(
        "From nothing",
        &["a new namespace", "attach", "a process inside, from `fork` to after its `exec`"],
    );
    let mut pooled = Way::new(
        "From a pool",
        &["attach from the pool", "a process inside, from `fork` to after its `exec`"],
    );
    let mut done = 0;
    while done < rounds {
        let block = BLOCK.min(rounds - done);
        let pool = host.pool(PARENT, block)?;
        let mut made = Vec::new();
        for round in 0..block {
            // Each follows the other as often as it precedes it.
            for turn in 0..2 {
                made.push(if (round + turn) % 2 == 0 {
                    nothing.timed(|| from_nothing(&host, &endpoint))?
                } else {
                    pooled.timed(|| {
                        let start = Instant::now();
                        let (netns, _) = pool.attach(&endpoint)?;
                        hand_over(netns, vec![start.elapsed()])
                    })?
                });
            }
        }
        for made in made.iter().take(2) {
            let inside = NetNs::from_pid(made.process.id())?;
            if !inside.same_as(&made.netns) {
                return Err(format!("the process is in {inside}").into());
            }
            witness(&inside, false)?;
        }
        for Made { mut process, .. } in made {
            process.kill()?;
            process.wait()?;
        }
        Stage::bury(2 * block);
        done += block;
    }
    println!("{nothing}\n{pooled}");
    Ok(())
}

fn from_nothing(host: &Host, endpoint: &Endpoint) -> Outcome<Made> {
    let start = Instant::now();
    let netns = NetNs::anonymous()?;
    let made = start.elapsed();
    let start = Instant::now();
    host.attach(endpoint, &netns)?;
    hand_over(netns, vec![made, start.elapsed()])
}

/// Starts a process in the namespace, as in a container.
fn hand_over(netns: NetNs, mut steps: Vec<Duration>) -> Outcome<Made> {
    let start = Instant::now();
    let process = netns.run(|| {
        // It waits for input that does not come. `spawn` returns when the new program runs.
        Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()
    })??;
    steps.push(start.elapsed());
    Ok(Made { netns, process, steps })
}

impl Way {
    fn new(name: &'static str, steps: &'static [&'static str]) -> Self {
        Self { name, steps, times: vec![Vec::new(); steps.len() + 1] }
    }

    /// Returns the median share of these times in the containers' total times.
    fn median_share(&self, times: &[Duration]) -> f64 {
        let wholes = &self.times[self.steps.len()];
        let mut shares: Vec<f64> =
            times.iter().zip(wholes).map(|(time, whole)| time.div_duration_f64(*whole)).collect();
        shares.sort_unstable_by(f64::total_cmp);
        shares[shares.len() / 2]
    }

    fn timed(&mut self, way: impl FnOnce() -> Outcome<Made>) -> Outcome<Made> {
        let start = Instant::now();
        let made = way()?;
        let whole = start.elapsed();
        for (times, time) in self.times.iter_mut().zip(made.steps.iter().chain([&whole])) {
            times.push(*time);
        }
        Ok(made)
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.steps.iter().chain([&"**the whole**"]);
        let rows: Vec<Quantiles> = names
            .zip(&self.times)
            .map(|(name, times)| Quantiles::of(name, times.clone()))
            .collect();
        writeln!(f, "| {} | median µs | share | p99 µs |\n|---|---|---|---|", self.name)?;
        for (row, times) in rows.iter().zip(&self.times) {
            let share = self.median_share(times) * 100.0;
            writeln!(f, "| {} | {:.1} | {share:.0} % | {:.1} |", row.name, row.median, row.p99)?;
        }
        Ok(())
    }
}
