//! Output: one writer that returns errors, aligned tables, trees, colours and Graphviz.

pub(crate) mod dot;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod tree;

use std::io::{self, Write as _};

use crate::escape::escaped;
use crate::failure::{Done, Failure};
use crate::output::style::codes;

/// Writes text to standard output, without control characters of others. All output goes through
/// this function, which does not panic.
pub(crate) fn print(text: &str) -> Done {
    let mut out = io::stdout().lock();
    out.write_all(escaped(text, codes()).as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))
}

/// Returns values as their texts.
pub(crate) fn texts(all: impl IntoIterator<Item: ToString>) -> Vec<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

/// Returns a number with the word for so many.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Joins lines.
pub(crate) fn lines(all: impl IntoIterator<Item: ToString>) -> String {
    texts(all).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "address", "addresses"), "1 address");
        assert_eq!(counted(0, "address", "addresses"), "0 addresses");
    }
}
