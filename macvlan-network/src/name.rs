//! Names of networks, hosts and containers.

use std::net::IpAddr;

use crate::error::{Error, Result};

/// Refuses a name that is not letters, digits and `_.-`, so that it can be part of files and keys.
pub(crate) fn check_name(name: &str, what: &str) -> Result<()> {
    let refuse = |why: String| Err(Error::invalid(format!("use {name:?} as {what}"), why));
    if name.is_empty() || name.len() > 128 {
        return refuse(format!("{what} must have 1 to 128 characters"));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return refuse(format!("{what} must begin with a letter or a digit"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return refuse(format!("{what} can only contain letters, digits, \"_\", \".\" and \"-\""));
    }
    Ok(())
}

/// Returns a container's name as it is stored and compared: in lower case and without a final dot,
/// as in DNS.
pub(crate) fn folded(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The maximum length of a part of a name in DNS (RFC 1035).
const LONGEST_PART: usize = 63;

/// Refuses a name, in the form of [`folded`], that resolvers would not look up.
pub(crate) fn check_findable(name: &str, what: &str) -> Result<()> {
    check_name(name, what)?;
    let why = if name.ends_with('.') {
        "ends with a dot"
    } else if name.contains("..") {
        "has an empty part between two dots"
    } else if name.split('.').any(|part| part.len() > LONGEST_PART) {
        "has a part of more than 63 characters, the most that DNS allows"
    } else if name.rsplit('.').next() == Some("localhost") {
        "always means the own host (RFC 6761)"
    } else if name.parse::<IpAddr>().is_ok() {
        "is an IP address"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("use {name:?} as {what}"), format!("{name:?} {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_dns() {
        for (name, same) in [("Web", "web"), ("web.", "web"), ("A.B.", "a.b"), ("", ""), (".", "")]
        {
            assert_eq!(folded(name), same);
        }
        for name in
            ["web", "web.example.com", "xn--bcher-kva.de", "a_b", "1", "10.0.0", "localhost.lan"]
        {
            check_findable(name, "a name").unwrap();
        }
        check_findable(&format!("{0}.{0}", "a".repeat(63)), "a name").unwrap();
        for (name, words) in [
            ("", "1 to 128"),
            (".", "must begin"),
            ("a b", "can only contain letters"),
            ("a..b", "has an empty part"),
            (&format!("{}.lan", "a".repeat(64)), "more than 63 characters"),
            ("a.", "ends with a dot"),
            ("localhost", "RFC 6761"),
            ("a.localhost", "RFC 6761"),
            ("10.0.0.1", "is an IP address"),
        ] {
            let error = check_findable(name, "a name").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
