//! Control characters, which names from a container may contain, and which a terminal obeys.

use std::fmt::Write as _;

/// Returns a text with its control characters as in JSON, `\\u001b`, except ends of lines, tabs and
/// these codes.
pub(crate) fn escaped(text: &str, codes: &[&str]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(one) = rest.chars().next() {
        let code = codes.iter().find(|code| rest.starts_with(**code));
        let taken = code.map_or(one.len_utf8(), |code| code.len());
        let (now, later) = rest.split_at(taken);
        if code.is_none() && one.is_control() && one != '\n' && one != '\t' {
            let _ = write!(shown, "\\u{:04x}", u32::from(one));
        } else {
            shown.push_str(now);
        }
        rest = later;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_codes_stay() {
        assert_eq!(escaped("a\tü\n", &[]), "a\tü\n");
        assert_eq!(escaped("\x1b[31mX\x7f\u{9b}", &[]), "\\u001b[31mX\\u007f\\u009b");
        assert_eq!(escaped("\x1b[31mX\x1b[2J", &["\x1b[31m"]), "\x1b[31mX\\u001b[2J");
    }
}
