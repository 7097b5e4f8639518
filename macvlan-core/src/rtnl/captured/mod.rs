//! Messages of `ip` and replies of the kernel, to compare ours with.
//!
//! The `.txt` files have the bytes in hexadecimal, after the command that produced them. They were
//! captured once with strace, by `capture.py`, which also wrote their comments; `scenarios.py` has
//! the commands that prepared for it. The machine was little-endian.

mod ack_tests;
mod damage_tests;
mod decode_tests;
mod default_route_tests;
mod link_info_tests;
mod link_tests;
mod message;
mod request_tests;
mod show_tests;

use std::collections::BTreeMap;

use crate::netlink::ack;

/// All replies of the kernel.
pub(crate) const REPLIES: [&str; 11] = [
    include_str!("links.txt"),
    include_str!("vlans.txt"),
    include_str!("addresses.txt"),
    include_str!("routes-v4.txt"),
    include_str!("routes-v6.txt"),
    include_str!("neighbours.txt"),
    include_str!("rules.txt"),
    include_str!("netns-ids.txt"),
    include_str!("verdicts.txt"),
    include_str!("batches.txt"),
    include_str!("listings.txt"),
];

/// The bytes of one file, by command.
pub(crate) struct Captured(BTreeMap<&'static str, Vec<u8>>);

impl Captured {
    /// Lines that begin with `$` are commands, text after `#` is a comment, and the rest is
    /// hexadecimal.
    pub(crate) fn read(file: &'static str) -> Self {
        let mut found = BTreeMap::new();
        let mut command = None;
        for line in file.lines() {
            if let Some(next) = line.strip_prefix("$ ") {
                assert!(found.insert(next, Vec::new()).is_none(), "{next:?} is there twice");
                command = Some(next);
                continue;
            }
            let hexadecimal: String =
                line.split('#').next().unwrap().split_ascii_whitespace().collect();
            if let Some(command) = command {
                let bytes = found.get_mut(command).unwrap();
                bytes.extend((0..hexadecimal.len()).step_by(2).map(|at| {
                    u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("two digits")
                }));
            }
        }
        Self(found)
    }

    /// Removes and returns the bytes of a command, so that unused ones remain at the end.
    fn take(&mut self, command: &str) -> Vec<u8> {
        self.0.remove(command).unwrap_or_else(|| panic!("nothing was captured from {command:?}"))
    }

    /// Removes and returns all remaining entries in alphabetical order.
    pub(crate) fn take_all(self) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        self.0.into_iter()
    }

    fn nothing_is_left(&self) {
        assert!(self.0.is_empty(), "no test is for {:?}", self.0.keys());
    }
}

/// Decodes the messages of one command.
fn decoded<T>(bytes: &[u8], decode: impl Fn(&[u8]) -> Option<T>) -> Vec<T> {
    ack::replies(bytes)
        .filter(|reply| reply.end_of_dump().is_none())
        .filter_map(|reply| decode(reply.payload))
        .collect()
}
