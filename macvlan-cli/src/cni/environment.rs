//! The environment variables that the runtime sets.

use std::env;
use std::path::{Path, PathBuf};

use macvlan_core::{LinkName, NetNs};

use crate::cni::error::{Code, Error, Result};
use crate::sandbox;

/// Says to a plugin that it is run for addresses. This one gives none to others: it would run the
/// plugin that its configuration names, which is itself, without end.
pub(super) const IS_IPAM: &str = "MACVLAN_CNI_IPAM";

/// An interface of a container, by which the runtime calls an attachment.
pub(super) struct Attachment {
    pub(super) container: String,
    pub(super) interface: LinkName,
    /// The path of the container's namespace; `None` if a DEL names none.
    netns: Option<PathBuf>,
    pub(super) arguments: Arguments,
}

/// The arguments of `CNI_ARGS` that are known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) ip: Option<String>,
    pub(super) mac: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) pod_namespace: Option<String>,
}

impl Attachment {
    /// Reads the variables that ADD, DEL and CHECK have.
    pub(super) fn read(verb: &str) -> Result<Self> {
        let container = required("CNI_CONTAINERID")?;
        if !is_name(&container) {
            return Err(invalid(
                "CNI_CONTAINERID",
                &container,
                "letters, digits, '_', '.' and '-', the first one a letter or digit",
            ));
        }
        let interface = required("CNI_IFNAME")?;
        let interface = LinkName::new(&interface).map_err(|error| {
            Error::new(
                Code::ENVIRONMENT,
                format!("cannot use CNI_IFNAME {interface:?}: {}", error.cause()),
            )
        })?;
        let is_del = verb == "DEL";
        let netns = match variable("CNI_NETNS")? {
            None if !is_del => return Err(missing("CNI_NETNS")),
            netns => netns.map(PathBuf::from),
        };
        let arguments = Arguments::parse(&variable("CNI_ARGS")?.unwrap_or_default(), is_del)?;
        Ok(Self { container, interface, netns, arguments })
    }

    /// Returns the path of the container's namespace, as the runtime gave it.
    pub(super) fn sandbox(&self) -> &Path {
        self.netns.as_deref().unwrap_or(Path::new(""))
    }

    /// Opens the container's namespace.
    pub(super) fn open(&self) -> Result<NetNs> {
        Ok(NetNs::from_path(self.sandbox())?)
    }

    /// Opens the container's namespace, if it still exists.
    pub(super) fn open_if_there(&self) -> Result<Option<NetNs>> {
        let opened = self.netns.as_deref().map(sandbox::open_if_there).transpose()?;
        Ok(opened.flatten())
    }

    /// Returns the container and its interface, the key of a lease.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.container, self.interface.as_str())
    }

    /// Returns the name by which other containers find this one: the pod's.
    ///
    /// Pods of two namespaces of Kubernetes may have one name.
    pub(super) fn name(&self) -> Option<String> {
        let Arguments { pod, pod_namespace, .. } = &self.arguments;
        let pod = pod.as_ref()?;
        Some(match pod_namespace {
            Some(namespace) => format!("{pod}.{namespace}"),
            None => pod.clone(),
        })
    }
}

impl Arguments {
    /// Parses `KEY=VALUE;KEY=VALUE`.
    fn parse(text: &str, is_lenient: bool) -> Result<Self> {
        let (mut found, mut unknown, mut ignores) = (Self::default(), Vec::new(), is_lenient);
        for pair in text.split(';').filter(|pair| !pair.trim().is_empty()) {
            let Some((key, value)) = pair.trim().split_once('=') else {
                if is_lenient {
                    continue;
                }
                return Err(Error::new(
                    Code::ENVIRONMENT,
                    format!("cannot use CNI_ARGS: expected KEY=VALUE, not {pair:?}"),
                ));
            };
            let value_given = Some(value.to_owned()).filter(|value| !value.is_empty());
            match key {
                "IP" => found.ip = value_given,
                "MAC" => found.mac = value_given,
                "K8S_POD_NAME" => found.pod = value_given,
                "K8S_POD_NAMESPACE" => found.pod_namespace = value_given,
                "IgnoreUnknown" => {
                    ignores |= matches!(value, "1" | "true" | "True" | "TRUE" | "t" | "T");
                }
                _ => unknown.push(key),
            }
        }
        if unknown.is_empty() || ignores {
            return Ok(found);
        }
        let why = format!(
            "cannot use CNI_ARGS: unknown keys: {}; set IgnoreUnknown=1 to ignore them",
            unknown.join(", ")
        );
        Err(Error::new(Code::ENVIRONMENT, why))
    }
}

/// Returns a variable that must be set.
pub(super) fn required(name: &str) -> Result<String> {
    variable(name)?.ok_or_else(|| missing(name))
}

/// Returns a variable; an empty one counts as not set.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(value)) => {
            Err(invalid(name, &value.to_string_lossy(), "UTF-8"))
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::ENVIRONMENT, format!("{name} is not set"))
}

fn invalid(name: &str, value: &str, expected: &str) -> Error {
    Error::new(Code::ENVIRONMENT, format!("cannot use {name} {value:?}: expected {expected}"))
}

/// Returns whether a text may be the id of a container or the name of a network.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_pairs() {
        let all = "IgnoreUnknown=1;K8S_POD_NAMESPACE=blue;K8S_POD_NAME=web-0;IP=10.0.0.7;MAC=;x=y";
        let found = Arguments::parse(all, false).unwrap();
        assert_eq!((found.ip.as_deref(), found.mac), (Some("10.0.0.7"), None));
        assert_eq!(found.pod.as_deref(), Some("web-0"));
        let error = Arguments::parse("a=1;IP=10.0.0.7", false).unwrap_err();
        assert!(error.message().contains("unknown keys: a;"), "{}", error.message());
        assert!(Arguments::parse("IP", false).is_err());
        assert!(Arguments::parse("a=1;IP", true).is_ok());
        assert_eq!(Arguments::parse("", false).unwrap(), Arguments::default());
    }

    #[test]
    fn names_are_those_of_the_specification() {
        for good in ["a", "0", "4f1c-9a_b.c"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", ".a", "_", "a/b", "a b", "ä"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
