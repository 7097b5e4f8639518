//! What many measurements of one thing come to.

use std::fmt::Write;
use std::time::Duration;

/// A median and what is around it, in microseconds.
#[derive(Debug, Clone)]
pub struct Quantiles {
    /// What was measured.
    pub name: String,
    /// How often.
    pub count: usize,
    /// Half of them took longer.
    pub median: f64,
    /// One of a hundred took longer.
    pub p99: f64,
    /// Nine of ten took longer: what it takes where nothing else disturbs.
    pub p10: f64,
}

impl Quantiles {
    /// Sorts it out.
    ///
    /// # Panics
    /// If nothing was measured.
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
/// If there is nothing to be shown.
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
