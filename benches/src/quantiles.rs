//! The distribution of many measurements.

use std::fmt::Write;
use std::time::Duration;

/// A median and the values around it, in microseconds.
#[derive(Debug, Clone)]
pub struct Quantiles {
    /// The name of the measurement.
    pub name: String,
    /// The number of measurements.
    pub count: usize,
    /// Half of them took longer.
    pub median: f64,
    /// One in a hundred took longer.
    pub p99: f64,
    /// Nine in ten took longer: the time without other disturbances.
    pub p10: f64,
}

impl Quantiles {
    /// Computes the quantiles.
    ///
    /// # Panics
    /// If the list is empty.
    pub fn of(name: &str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |numerator: usize, denominator: usize| {
            times[(times.len() * numerator / denominator).min(times.len() - 1)].as_secs_f64() * 1e6
        };
        Self {
            name: name.to_owned(),
            count: times.len(),
            median: at(1, 2),
            p99: at(99, 100),
            p10: at(1, 10),
        }
    }
}

/// A table in Markdown, with ratios to the first.
///
/// # Panics
/// If the list is empty.
pub fn table(rows: &[Quantiles]) -> String {
    let mut text = String::from(
        "| | median µs | ratio | p99 µs | ratio | p10 µs | ratio | of |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let [median, p99, p10] =
            [row.median / rows[0].median, row.p99 / rows[0].p99, row.p10 / rows[0].p10];
        let _ = writeln!(
            text,
            "| {} | {:.1} | {median:.3} | {:.1} | {p99:.2} | {:.1} | {p10:.3} | {} |",
            row.name, row.median, row.p99, row.p10, row.count
        );
    }
    text
}
