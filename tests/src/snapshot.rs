//! Everything that `ip` tells of a namespace, to be compared with what it tells later.

use std::fmt::Write as _;
use std::time::Duration;

use macvlan_core::{Handle, NetNs};
use serde_json::{Deserializer, Value};
use similar::TextDiff;

use crate::ip::ip_batch;
use crate::patience::eventually;
use crate::settle::settle;

/// What there is to see: what one start of `ip` is asked. (Of links it tells the same in both.)
const QUESTIONS: [(&str, &[&str]); 2] = [
    ("-d -j -4", &["link show", "address show", "route show table all", "rule show"]),
    ("-d -j -6", &["address show", "route show table all", "rule show"]),
];

/// What moves by itself: whether a link works follows from others, and so does what waits for it.
const VOLATILE: [&str; 3] = ["operstate", "tentative", "used"];
/// What counts down: a caller can set it, but to see it again as it was one has to be quick.
const COUNTDOWNS: [&str; 3] = ["valid_life_time", "preferred_life_time", "expires"];
/// How `ip` shows a countdown that never ends.
const FOR_EVER: u64 = u32::MAX as u64;

/// The links, addresses, routes of all tables and rules of a namespace, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(String);

impl Snapshot {
    /// Takes one, when the kernel has done what it does by itself for the addresses that are there.
    ///
    /// # Panics
    /// If `ip` cannot tell.
    #[track_caller]
    pub fn of(netns: &NetNs) -> Self {
        settle(netns);
        let mut text = String::new();
        for (options, questions) in QUESTIONS {
            let _ = writeln!(text, "# ip {options}: {}", questions.join(", ")); // cannot fail
            // One JSON value an answer, and none where there is nothing.
            let answers = ip_batch(netns, options, questions);
            for answer in Deserializer::from_str(&answers).into_iter::<Value>() {
                match answer {
                    Ok(mut answer) => {
                        forget_volatile(&mut answer);
                        let _ = writeln!(text, "{answer:#}");
                    }
                    Err(error) => panic!("ip {options} in {netns}: {error}: {answers}"),
                }
            }
        }
        Self(text)
    }

    /// Takes one when nothing moves by itself any more: the kernel finishes some things later, such
    /// as the routes of IPv6 addresses.
    ///
    /// # Panics
    /// If `ip` cannot tell, or it does not come to rest.
    #[track_caller]
    pub fn settled(netns: &NetNs) -> Self {
        let at_rest = eventually("it does not come to rest", || {
            settle(netns);
            // By a socket of its own: what was done to others may be what the test is about.
            let mut watch = Handle::in_netns(&NetNs::from_fd(netns)?)?.watch()?;
            Ok(watch.next_within(Duration::from_millis(20))?.is_none())
        });
        if let Err(stop) = at_rest {
            panic!("{netns}: {stop:?}");
        }
        Self::of(netns)
    }

    /// What is different in a later one; none if nothing is.
    pub fn difference(&self, later: &Self) -> Option<String> {
        let difference = TextDiff::from_lines(&self.0, &later.0);
        (self != later).then(|| difference.unified_diff().context_radius(8).to_string())
    }

    /// Checks that nothing is different now.
    ///
    /// # Panics
    /// If something is; the message shows what.
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
