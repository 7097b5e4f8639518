//! Colours, and which characters the terminal shows.

use std::env;
use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;

/// The role of a word, which has a colour as in `ip -color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Name,
    Mac,
    Address,
    Good,
    Bad,
    Heading,
}

/// Returns the word in its colour, or as it is without colours.
pub(crate) fn paint(role: Role, word: &str) -> String {
    if !has_colour() || word.is_empty() {
        return word.to_owned();
    }
    let [plain, name, mac, address, good, bad, heading] = CODES;
    let code = match role {
        Role::Name => name,
        Role::Mac => mac,
        Role::Address => address,
        Role::Good => good,
        Role::Bad => bad,
        Role::Heading => heading,
    };
    format!("{code}{word}{plain}")
}

/// The codes that a terminal may get: the end of a colour, and the colours of the roles.
const CODES: [&str; 7] =
    ["\x1b[0m", "\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[31m", "\x1b[1m"];

/// Returns the codes that the output may have.
pub(crate) fn codes() -> &'static [&'static str] {
    if has_colour() { &CODES } else { &[] }
}

/// Returns the width of a text without its colours.
pub(crate) fn width(text: &str) -> usize {
    let mut count = 0;
    let mut in_code = false;
    for one in text.chars() {
        match one {
            '\x1b' => in_code = true,
            'm' if in_code => in_code = false,
            _ if in_code => {}
            _ => count += 1,
        }
    }
    count
}

/// Returns whether standard output shows colours: a terminal, and no `NO_COLOR` (no-color.org).
fn has_colour() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        !is_set("NO_COLOR") && !is_dumb && io::stdout().is_terminal()
    })
}

/// Returns whether the locale's encoding is UTF-8.
pub(crate) fn has_utf8() -> bool {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_no_width() {
        assert_eq!(width("\x1b[36meth0\x1b[0m ├"), 6);
    }
}
