//! Everything that `ip` tells of a namespace, to be compared with what it tells later.

use std::fmt::Write as _;

use macvlan_core::NetNs;
use serde_json::Value;
use similar::TextDiff;

use crate::ip::ip;

/// What moves by itself, or only counts: nothing that a caller could have set.
const VOLATILE: [&str; 8] = [
    "stats",
    "stats64",
    "operstate",
    "linkmode",
    "tentative",
    "valid_life_time",
    "preferred_life_time",
    "expires",
];

/// What there is to see.
const QUESTIONS: [&str; 6] = [
    "link show",
    "address show",
    "-4 route show table all",
    "-6 route show table all",
    "-4 rule show",
    "-6 rule show",
];

/// The links, addresses, routes of all tables and rules of a namespace, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(String);

impl Snapshot {
    /// Takes one.
    ///
    /// # Panics
    /// If `ip` cannot tell.
    #[track_caller]
    pub fn of(netns: &NetNs) -> Self {
        let mut text = String::new();
        for question in QUESTIONS {
            let mut answer = ip(netns, question);
            forget_volatile(&mut answer);
            let _ = writeln!(text, "# ip {question}\n{answer:#}"); // a String takes everything
        }
        Self(text)
    }

    /// Checks that nothing is different now.
    ///
    /// # Panics
    /// If something is; the message shows what.
    #[track_caller]
    pub fn assert_same(&self, netns: &NetNs) {
        let now = Self::of(netns);
        if *self != now {
            let difference = TextDiff::from_lines(&self.0, &now.0);
            panic!("the namespace has changed:\n{}", difference.unified_diff().context_radius(8));
        }
    }
}

fn forget_volatile(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            fields.values_mut().for_each(forget_volatile);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_volatile),
        _ => {}
    }
}
