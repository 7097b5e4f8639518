//! Identifies this machine, by its kernel's boot id, which all its containers share, and by its
//! machine-id, which remains after a reboot.

use std::fmt;
use std::fs;
use std::io;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const BOOT: &str = "/proc/sys/kernel/random/boot_id";
const ID: &str = "/etc/machine-id";

/// The result of claiming an object that may belong to another machine.
pub(crate) enum Claim {
    /// It belongs to this machine.
    Held,
    /// It becomes this machine's, with the current boot.
    Take(Machine),
    /// It belongs to another machine.
    Refused,
}

/// The identity of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The kernel's boot id.
    pub(crate) boot: String,
    /// The machine-id, if the machine has one.
    #[serde(default)]
    pub(crate) id: Option<String>,
}

impl Machine {
    /// Returns the machine that this process runs on.
    pub(crate) fn here() -> Result<&'static Self> {
        static HERE: OnceLock<Machine> = OnceLock::new();
        if let Some(here) = HERE.get() {
            return Ok(here);
        }
        let fails = |path: &str, error| Error::file(format!("read {path}"), error);
        let boot = fs::read_to_string(BOOT).map_err(|error| fails(BOOT, error))?;
        let id = match fs::read_to_string(ID) {
            Ok(text) => machine_id(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(fails(ID, error)),
        };
        Ok(HERE.get_or_init(|| Self { boot: boot.trim().to_owned(), id }))
    }

    /// Returns whether this is certainly another machine: both ids differ.
    ///
    /// If a machine-id is missing, the other boot may be an earlier one of this machine.
    pub(crate) fn is_other_than(&self, other: &Self) -> bool {
        let ids = self.id.as_ref().zip(other.id.as_ref());
        self.boot != other.boot && ids.is_some_and(|(one, other)| one != other)
    }

    /// Claims an object for this machine, given its owner, if any.
    pub(crate) fn claim(&self, owner: Option<&Self>) -> Claim {
        match owner {
            None => Claim::Take(self.clone()),
            Some(owner) if owner.boot == self.boot => Claim::Held,
            Some(owner) if owner.is_other_than(self) => Claim::Refused,
            Some(owner) => {
                // A container without a machine-id keeps the machine's.
                let id = self.id.clone().or_else(|| owner.id.clone());
                Claim::Take(Self { boot: self.boot.clone(), id })
            }
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine {} (boot {})", self.id.as_deref().unwrap_or("unknown"), self.boot)
    }
}

/// Parses a machine-id; before the first boot the file is empty or has a word (`machine-id(5)`).
fn machine_id(text: &str) -> Option<String> {
    let id = text.trim_end();
    let is_one = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(boot: &str, id: Option<&str>) -> Machine {
        Machine { boot: boot.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn another_machine_has_another_boot_and_another_id() {
        let this = machine("b1", Some("m1"));
        for (other, is_other) in [
            (machine("b1", Some("m1")), false),
            (machine("b1", Some("m2")), false),
            (machine("b1", None), false),
            (machine("b2", Some("m1")), false),
            (machine("b2", None), false),
            (machine("b2", Some("m2")), true),
        ] {
            assert_eq!(this.is_other_than(&other), is_other, "{other}");
            assert_eq!(other.is_other_than(&this), is_other, "{other}");
        }
    }

    #[test]
    fn what_is_no_machine_id_is_none() {
        let id = "3d1219c7c4c5404aaa1f6d2a48adfda4";
        assert_eq!(machine_id(&format!("{id}\n")).as_deref(), Some(id));
        for text in ["", "\n", "uninitialized\n", "3d1219c7", "3d1219c7c4c5404aaa1f6d2a48adfdxx"] {
            assert_eq!(machine_id(text), None, "{text:?}");
        }
    }
}
