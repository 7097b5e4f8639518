//! The state of a namespace as `ip` shows it, for comparison with a later state.

use std::fmt::Write as _;
use std::time::Duration;

use macvlan_core::{Handle, NetNs};
use serde_json::{Deserializer, Value};
use similar::TextDiff;

use crate::ip::{ip_batch, sort_links};
use crate::patience::eventually;
use crate::settle::settle;

/// The queries of one `ip` process. (Its output for links is the same in both.)
const QUESTIONS: [(&str, &[&str]); 2] = [
    ("-d -j -4", &["link show", "address show", "route show table all", "rule show"]),
    ("-d -j -6", &["address show", "route show table all", "rule show"]),
];

/// Values that change without a request: a link's operational state follows from others, and so do
/// values that depend on it.
const VOLATILE: [&str; 3] = ["operstate", "tentative", "used"];
/// Values that count down. A caller can set them, but they change until they are read.
const COUNTDOWNS: [&str; 3] = ["valid_life_time", "preferred_life_time", "expires"];
/// The text of `ip` for a countdown that never ends.
const FOR_EVER: u64 = u32::MAX as u64;

/// The links, addresses, routes of all tables and rules of a namespace, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(String);

impl Snapshot {
    /// Takes a snapshot after the kernel has finished its work for existing addresses.
    ///
    /// # Panics
    /// If `ip` fails.
    #[track_caller]
    pub fn of(netns: &NetNs) -> Self {
        settle(netns);
        let mut text = String::new();
        for (options, questions) in QUESTIONS {
            let _ = writeln!(text, "# ip {options}: {}", questions.join(", ")); // cannot fail
            // Each answer is one JSON value, and empty if the list is empty.
            let answers = ip_batch(netns, options, questions);
            for answer in Deserializer::from_str(&answers).into_iter::<Value>() {
                match answer {
                    Ok(mut answer) => {
                        forget_volatile(&mut answer);
                        sort_links(&mut answer);
                        let _ = writeln!(text, "{answer:#}");
                    }
                    Err(error) => panic!("ip {options} in {netns}: {error}: {answers}"),
                }
            }
        }
        Self(text)
    }

    /// Takes a snapshot when the state no longer changes by itself: the kernel makes some changes
    /// later, such as the routes of IPv6 addresses.
    ///
    /// # Panics
    /// If `ip` fails, or the state keeps changing.
    #[track_caller]
    pub fn settled(netns: &NetNs) -> Self {
        let at_rest = eventually("it does not come to rest", || {
            settle(netns);
            // Uses a new socket, because the test may have damaged others.
            let mut watch = Handle::in_netns(&NetNs::from_fd(netns)?)?.watch()?;
            Ok(watch.next_within(Duration::from_millis(20))?.is_none())
        });
        if let Err(stop) = at_rest {
            panic!("{netns}: {stop:?}");
        }
        Self::of(netns)
    }

    /// Returns the differences to a later snapshot; empty if they are equal.
    pub fn difference(&self, later: &Self) -> Option<String> {
        let difference = TextDiff::from_lines(&self.0, &later.0);
        (self != later).then(|| difference.unified_diff().context_radius(8).to_string())
    }

    /// Checks that the current state is the same.
    ///
    /// # Panics
    /// If there are differences; the panic shows them.
    #[track_caller]
    pub fn assert_same(&self, netns: &NetNs) {
        if let Some(difference) = self.difference(&Self::of(netns)) {
            panic!("{netns} has changed:\n{difference}");
        }
    }
}

fn forget_volatile(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            for (name, left) in fields.iter_mut() {
                if COUNTDOWNS.contains(&name.as_str()) && left.as_u64() != Some(FOR_EVER) {
                    *left = "not for ever".into();
                }
            }
            fields.values_mut().for_each(forget_volatile);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_volatile),
        _ => {}
    }
}
