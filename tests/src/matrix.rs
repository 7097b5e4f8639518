//! Pings between all pairs of hosts and containers.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use macvlan_core::NetNs;

use crate::patience::PATIENCE;
use crate::ping::{Echo, SILENCE, ToIp, answer};

/// A host or container that pings and is pinged.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name in the table.
    pub name: String,
    /// Its namespace.
    pub netns: NetNs,
    /// Its address.
    pub ip: IpAddr,
}

impl Place {
    /// Creates a place.
    ///
    /// # Panics
    /// If `ip` is not an address.
    #[track_caller]
    pub fn new(name: &str, netns: &NetNs, ip: impl ToIp) -> Self {
        Self { name: name.to_owned(), netns: netns.clone(), ip: ip.to_ip() }
    }
}

/// The results of all pings. Displayed as a table, from the left to the top.
#[derive(Debug)]
pub struct Matrix {
    names: Vec<String>,
    /// From, then to: the answer, and whether one was expected.
    pings: Vec<Vec<(Option<Echo>, bool)>>,
}

impl Matrix {
    /// Pings between all places at once. `expected` returns, by number, which ones should reach
    /// each other.
    ///
    /// If no answer is expected, waits a third of a second for one.
    pub fn ping(places: &[Place], expected: impl Fn(usize, usize) -> bool) -> Self {
        Self::ping_for(PATIENCE, places, expected)
    }

    /// Does the same with another timeout for expected answers.
    pub fn ping_for(
        patience: Duration,
        places: &[Place],
        expected: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let one = |from: &Place, to: &Place, expected: bool| {
            (answer(&from.netns, to.ip, if expected { patience } else { SILENCE }), expected)
        };
        let pings = std::thread::scope(|scope| {
            let rows: Vec<Vec<_>> = places
                .iter()
                .enumerate()
                .map(|(at, from)| {
                    let cells = places.iter().enumerate();
                    cells
                        .map(|(other, to)| {
                            let expected = expected(at, other);
                            scope.spawn(move || one(from, to, expected))
                        })
                        .collect()
                })
                .collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            rows.into_iter().map(|row| row.into_iter().map(join).collect()).collect()
        });
        Self { names: places.iter().map(|place| place.name.clone()).collect(), pings }
    }

    /// Describes unexpected results; empty if all were as expected.
    pub fn surprises(&self) -> Vec<String> {
        let mut surprises = Vec::new();
        for (from, row) in self.names.iter().zip(&self.pings) {
            for (to, (echo, expected)) in self.names.iter().zip(row) {
                if echo.is_some() != *expected {
                    let does = if *expected { "does not reach" } else { "reaches" };
                    surprises.push(format!("{from} {does} {to}"));
                }
            }
        }
        surprises
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![[vec!["ping".to_owned()], self.names.clone()].concat()];
        for (name, row) in self.names.iter().zip(&self.pings) {
            let mut cells = vec![name.clone()];
            cells.extend(row.iter().map(|(echo, expected)| match (echo, expected) {
                (Some(echo), true) => format!("{} µs", echo.time.as_micros()),
                (None, false) => "-".to_owned(),
                (Some(_), false) => "ANSWERS".to_owned(),
                (None, true) => "SILENT".to_owned(),
            }));
            rows.push(cells);
        }
        f.write_str(&table(&rows))
    }
}

/// Aligns rows of text in columns, with at least one space between them.
pub fn table<S: AsRef<str>>(rows: &[impl AsRef<[S]>]) -> String {
    let length = |cell: &S| cell.as_ref().chars().count();
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.as_ref().get(column)).map(length).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.as_ref().iter().zip(&widths);
        let line: Vec<_> = cells.map(|(cell, width)| format!("{:width$}", cell.as_ref())).collect();
        text += line.join("  ").trim_end();
        text.push('\n');
    }
    text
}
