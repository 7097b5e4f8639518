//! Routing tables in texts: the kernel's own have names, as in `ip`.

use std::fmt;

use crate::value::net::parse_number;

/// The table that routes are in unless they name another.
pub(crate) const MAIN: u32 = 254;

const NAMES: [(u32, &str); 3] = [(253, "default"), (MAIN, "main"), (255, "local")];

/// A table's number, displayed as its name if it has one.
pub(crate) struct Table(pub(crate) u32);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Parses a table's number or name.
pub(crate) fn parse_table(text: &str) -> Option<u32> {
    let named = NAMES.iter().find(|(_, name)| *name == text);
    named.map(|(number, _)| *number).or_else(|| parse_number(text))
}
