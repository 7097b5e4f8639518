//! The name of a link, validated by the kernel's rules.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::value::net::parse_number;
use crate::value::text::serde_as_text;

/// The name of a link: 1 to 15 bytes of UTF-8 without `/`, `:` or white space, not `.` or `..`.
///
/// These are the kernel's rules (`dev_valid_name` in `net/core/dev.c`). In addition, `%` is
/// refused, because the kernel would treat `eth%d` as a pattern and choose a number.
///
/// ```
/// use macvlan_core::LinkName;
/// let name: LinkName = "ens33.100".parse()?;
/// assert_eq!(name.as_str(), "ens33.100");
/// assert!("a name too long".parse::<LinkName>().is_err());
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[doc(alias = "IFLA_IFNAME")]
#[doc(alias = "IFNAMSIZ")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkName {
    // Padded with zeros, so that the derived order and hash are those of the name.
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl LinkName {
    /// The maximum length in bytes: `IFNAMSIZ` without the terminating zero.
    pub const MAX_LEN: usize = 15;

    /// Makes a link name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the kernel would refuse the
    /// name or treat it as a pattern.
    pub fn new(name: &str) -> Result<Self> {
        let refuse =
            |why: &'static str| Err(Error::invalid(format!("use {name:?} as a link name"), why));
        if name.is_empty() {
            return refuse("the name is empty");
        }
        if name.len() > Self::MAX_LEN {
            return Err(Error::invalid(
                format!("use {name:?} as a link name"),
                format!(
                    "the name has {} bytes and the kernel's limit is {}",
                    name.len(),
                    Self::MAX_LEN
                ),
            ));
        }
        if name == "." || name == ".." {
            return refuse("\".\" and \"..\" are reserved");
        }
        for character in name.chars() {
            match character {
                '/' | ':' => return refuse("the kernel does not allow \"/\" or \":\""),
                '%' => return refuse("the kernel would treat \"%\" as a pattern"),
                '\0' => return refuse("the name contains a zero byte"),
                _ => {}
            }
        }
        if name.bytes().any(is_kernel_space) {
            return refuse("the kernel does not allow white space or the byte 0xa0");
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        #[allow(clippy::cast_possible_truncation)] // at most 15
        Ok(Self { bytes, len: name.len() as u8 })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len.into()]).unwrap_or_default()
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for LinkName {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<&str> for LinkName {
    type Error = Error;
    fn try_from(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<String> for LinkName {
    type Error = Error;
    fn try_from(name: String) -> Result<Self> {
        Self::new(&name)
    }
}

impl TryFrom<&String> for LinkName {
    type Error = Error;
    fn try_from(name: &String) -> Result<Self> {
        Self::new(name)
    }
}

impl AsRef<str> for LinkName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for LinkName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for LinkName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Checks an alternative name. The kernel limits the length only; the other rules are those of
/// `ip`.
pub(crate) fn check_alternative_name(name: &str) -> Result<()> {
    /// `ALTIFNAMSIZ` less the terminating zero.
    const MAX_LEN: usize = 127;
    let refuse =
        |why: String| Err(Error::invalid(format!("use {name:?} as an alternative link name"), why));
    if name.is_empty() {
        return refuse("the name is empty".into());
    }
    if name.len() > MAX_LEN {
        let why = format!("the name has {} bytes and the kernel's limit is {MAX_LEN}", name.len());
        return refuse(why);
    }
    if name.bytes().any(|byte| byte == b'/' || byte == 0 || is_kernel_space(byte)) {
        return refuse("\"/\", white space and zero bytes are not allowed".into());
    }
    Ok(())
}

/// Mirrors the kernel's `isspace()`, which works on bytes and includes 0xa0.
fn is_kernel_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

/// A link in a namespace, by name or by index.
///
/// Functions that take a link accept `"eth0"`, a [`LinkName`] or an index. The text form of an
/// index is `#7`; a link whose name has this form is only reached by a [`LinkName`].
///
/// ```
/// use macvlan_core::LinkId;
/// assert_eq!(LinkId::try_from("#7")?, LinkId::Index(7));
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkId {
    /// A name or an alternative name (Linux 5.5 and later).
    Name(LinkName),
    /// An index, which `ip link` shows before the name.
    #[doc(alias = "ifindex")]
    Index(u32),
}

impl LinkId {
    /// Returns a link by its name, or by its index if the name is not a valid [`LinkName`].
    pub(crate) fn named(name: &str, index: u32) -> Self {
        LinkName::new(name).map_or(Self::Index(index), Self::Name)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Index(index) => write!(f, "#{index}"),
        }
    }
}

impl From<u32> for LinkId {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl From<LinkName> for LinkId {
    fn from(name: LinkName) -> Self {
        Self::Name(name)
    }
}

impl From<&LinkName> for LinkId {
    fn from(name: &LinkName) -> Self {
        Self::Name(*name)
    }
}

impl From<&LinkId> for LinkId {
    fn from(id: &LinkId) -> Self {
        *id
    }
}

impl FromStr for LinkId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix('#').and_then(parse_number) {
            Some(index) => Ok(Self::Index(index)),
            _ => LinkName::new(text).map(Self::Name),
        }
    }
}

impl TryFrom<&str> for LinkId {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<&String> for LinkId {
    type Error = Error;
    fn try_from(text: &String) -> Result<Self> {
        text.parse()
    }
}

serde_as_text!(LinkName, LinkId);

/// A name as a word of a shell, in quotes if it has characters that a shell does not take as they
/// are.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)] // for the command
pub struct ShellWord<'a>(pub &'a str);

impl fmt::Display for ShellWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |one: char| one.is_alphanumeric() || "-_.,:/@%+=".contains(one);
        if self.0.chars().all(is_plain) {
            return f.write_str(self.0);
        }
        write!(f, "'{}'", self.0.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_are_accepted() {
        for name in ["a", "eth0", "ens33.100", "123456789012345", "...", "ü", "-", "lo@if3"] {
            assert_eq!(name.parse::<LinkName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn invalid_names_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a b",
            "a\tb",
            "a\n",
            "eth%d",
            "%",
            "a:b",
            "1234567890123456",
            "a\0",
            "à", // its second byte in UTF-8 is 0xa0
        ] {
            assert!(name.parse::<LinkName>().is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn the_refusal_names_the_value_and_the_reason() {
        assert_eq!(
            LinkName::new("1234567890123456").unwrap_err().to_string(),
            "cannot use \"1234567890123456\" as a link name: the name has 16 bytes and the kernel's limit is 15"
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (name, word) in [
            ("ens33.100", "ens33.100"),
            ("lo@if3", "lo@if3"),
            ("a;b", "'a;b'"),
            ("a$b", "'a$b'"),
            ("#7", "'#7'"),
            ("it's", "'it'\\''s'"),
        ] {
            assert_eq!(ShellWord(name).to_string(), word);
        }
    }

    #[test]
    fn alternative_names_may_be_long() {
        for name in ["a", "eth%d", "a:b", &"x".repeat(127)] {
            assert!(check_alternative_name(name).is_ok(), "{name:?}");
        }
        for name in ["", "a/b", "a b", "a\0", &"x".repeat(128)] {
            assert!(check_alternative_name(name).is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn order_is_the_order_of_the_strings() {
        let mut names = ["eth10", "eth", "a", "eth1"].map(|name| LinkName::new(name).unwrap());
        names.sort();
        assert_eq!(names.map(|name| name.to_string()), ["a", "eth", "eth1", "eth10"]);
    }
}
