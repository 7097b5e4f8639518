//! What networks, hosts and containers are called.

use crate::error::{Error, Result};

/// Names that stand in files, keys and commands: letters, digits, and `_.-` behind the first.
pub(crate) fn check_name(name: &str, what: &str) -> Result<()> {
    let refuse = |why: String| Err(Error::invalid(format!("use {name:?} as {what}"), why));
    if name.is_empty() || name.len() > 128 {
        return refuse(format!("{what} has to have 1 to 128 characters"));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return refuse(format!("{what} has to begin with a letter or a digit"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return refuse(format!("only letters, digits, \"_\", \".\" and \"-\" can be in {what}"));
    }
    Ok(())
}
