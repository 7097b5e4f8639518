//! The configuration: a file, environment variables and defaults.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use macvlan_network::Life;
use serde::Deserialize;

use crate::dns;
use crate::failure::{Done, Failure};
use crate::value::duration;

/// The default file, which need not exist.
const FILE: &str = "/etc/macvlan.toml";
/// The default database.
pub(crate) const DATABASE: &str = "/var/lib/macvlan/networks.db";

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The database for networks.
    pub(crate) db: Option<PathBuf>,
    /// The store for many hosts, in place of the database.
    pub(crate) etcd: Option<Etcd>,
    /// The agent of this host.
    #[serde(default)]
    pub(crate) agent: Agent,
}

/// The options of `macvlan agent`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Agent {
    /// The time between two passes.
    pub(crate) interval: Option<String>,
    /// True if the leases of dead hosts are released, too.
    pub(crate) dead_hosts: bool,
    /// The parents on which the host and its containers reach each other.
    pub(crate) access: Vec<String>,
    /// The names of containers, by DNS.
    pub(crate) dns: dns::Configured,
    /// The socket of the Docker plugin.
    pub(crate) docker: Option<PathBuf>,
}

/// The options for connecting to etcd.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(not(feature = "etcd"), allow(dead_code))] // also without the store, the file is checked
pub(crate) struct Etcd {
    pub(crate) endpoints: Vec<String>,
    /// This host's name in the store.
    pub(crate) host: Option<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// A file with the password, which only root can read.
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) timeout: Option<String>,
    pub(crate) ttl: Option<String>,
    pub(crate) life: Option<Life>,
}

impl std::fmt::Debug for Etcd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the password.
        f.debug_struct("Etcd").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

/// Parses a time of the configuration.
pub(crate) fn time(text: &str) -> Done<Duration> {
    duration(text).map_err(|why| Failure::usage(format!("cannot parse time {text:?}: {why}")))
}

impl Config {
    /// Reads the file that `MACVLAN_CONFIG` names, which has to exist, or the default one if it
    /// exists.
    pub(crate) fn read() -> Done<Self> {
        let given = env::var_os("MACVLAN_CONFIG").filter(|path| !path.is_empty());
        let path = given.clone().map_or_else(|| PathBuf::from(FILE), PathBuf::from);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && given.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => {
                let variable = if given.is_some() { ", which MACVLAN_CONFIG names" } else { "" };
                let operation = format!("read {}{variable}", path.display());
                return Err(Failure::file(&operation, &error));
            }
        };
        Self::parse(&text)
            .map_err(|why| Failure::usage(format!("cannot read {}: {why}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{place}{}", error.message())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_known_keys_only() {
        let config =
            Config::parse("db = \"/x.db\"\n[etcd]\nendpoints = [\"http://a:1\"]\n").unwrap();
        assert_eq!(config.db, Some(PathBuf::from("/x.db")));
        assert_eq!(config.etcd.unwrap().endpoints, ["http://a:1"]);
        let error = Config::parse("db = \"/x.db\"\ndata = 1\n").unwrap_err();
        assert!(error.starts_with("line 2: unknown field `data`"), "{error}");
        assert!(Config::parse("db = 1").is_err());
        let error = Config::parse("[etcd]\nendpoints = []\nlife = \"always\"\n").unwrap_err();
        assert!(error.contains("`process`, `agent`, `declared`"), "{error}");
    }

    #[test]
    fn the_example_is_a_valid_file() {
        Config::parse(include_str!("../macvlan.toml")).unwrap();
        let all = include_str!("../macvlan.toml").replace("#: ", "");
        let config = Config::parse(&all).unwrap();
        assert!(config.db.is_some() && config.etcd.is_some_and(|etcd| etcd.life.is_some()));
        assert!(config.agent.interval.is_some() && !config.agent.access.is_empty());
        assert!(config.agent.docker.is_some());
    }

    #[test]
    fn a_password_is_not_shown() {
        let etcd = Etcd { password: Some("secret".to_owned()), ..Etcd::default() };
        assert!(!format!("{etcd:?}").contains("secret"));
    }
}
