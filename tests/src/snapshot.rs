//! Everything that `ip` tells of a namespace, to be compared with what it tells later.

use std::fmt::Write as _;

use macvlan_core::NetNs;
use serde_json::Value;
use similar::TextDiff;

use crate::ip::ip;

/// What moves by itself: whether a link works follows from others, and so does what waits for it.
const VOLATILE: [&str; 3] = ["operstate", "tentative", "used"];
/// What counts down: a caller can set it, but to see it again as it was one has to be quick.
const COUNTDOWNS: [&str; 3] = ["valid_life_time", "preferred_life_time", "expires"];
/// What `ip` shows for ever as.
const FOR_EVER: u64 = u32::MAX as u64;

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
            for (_, left) in fields.iter_mut().filter(|(name, _)| is_countdown(name)) {
                if left.as_u64().is_some_and(|left| left != FOR_EVER) {
                    *left = "not for ever".into();
                }
            }
            fields.values_mut().for_each(forget_volatile);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_volatile),
        _ => {}
    }
}

fn is_countdown(name: &str) -> bool {
    COUNTDOWNS.contains(&name)
}
