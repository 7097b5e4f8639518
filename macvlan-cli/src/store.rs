//! Which store the networks are in.

use std::path::PathBuf;

use clap::Args;
use macvlan_core::Host;
use macvlan_network::{Networks, SqliteStore};

use crate::config::{Config, DATABASE, Etcd};
use crate::failure::{Done, Failure};

/// The options of the store; the default ones are those of the configuration.
#[derive(Args, Default)]
#[command(next_help_heading = "Store options")]
pub(crate) struct StoreOptions {
    /// The database, which the first network creates [default: that of the variable `MACVLAN_DB`,
    /// of the configuration, or /var/lib/macvlan/networks.db]
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "etcd")]
    pub(crate) db: Option<PathBuf>,
    /// Take over a database that was moved here from another machine
    #[arg(long, global = true, conflicts_with = "etcd")]
    pub(crate) moved: bool,
    /// An endpoint of etcd, in place of the database (repeatable); credentials are in the
    /// configuration
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) etcd: Vec<String>,
    /// This host's name in the store [default: the system's host name]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) host_name: Option<String>,
}

impl StoreOptions {
    /// Opens the store: the option's, the variable's, the configuration's or the default one.
    pub(crate) fn open(self, host: Host) -> Done<Networks> {
        let Config { db, etcd } = Config::read()?;
        let given = self.db.or_else(|| std::env::var_os("MACVLAN_DB").map(PathBuf::from));
        let given = given.filter(|path| !path.as_os_str().is_empty());
        if !self.etcd.is_empty() {
            let etcd = Etcd { endpoints: self.etcd, ..etcd.unwrap_or_default() };
            return open_etcd(host, etcd, self.host_name);
        }
        if let (None, Some(etcd)) = (&given, etcd) {
            return open_etcd(host, etcd, self.host_name);
        }
        let path = given.or(db).unwrap_or_else(|| PathBuf::from(DATABASE));
        let open = if self.moved { SqliteStore::open_moved } else { SqliteStore::open };
        let networks = Networks::new(host, open(path)?)?;
        match self.host_name {
            Some(name) => Ok(networks.with_host_name(&name)?),
            None => Ok(networks),
        }
    }
}

#[cfg(feature = "etcd")]
fn open_etcd(host: Host, etcd: Etcd, host_name: Option<String>) -> Done<Networks> {
    use macvlan_network::{EtcdOptions, EtcdStore};

    use crate::value::{duration, set};

    let time = |text: &str| {
        duration(text).map_err(|why| Failure::usage(format!("cannot parse time {text:?}: {why}")))
    };
    let name = match host_name.or(etcd.host) {
        Some(name) => name,
        None => nix::unistd::gethostname()
            .map_err(|errno| Failure::file("read the host's name", &errno.into()))?
            .to_string_lossy()
            .into_owned(),
    };
    let password = match (etcd.password, &etcd.password_file) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage(
                "the configuration has a password and a password-file; use one",
            ));
        }
        (Some(password), None) => Some(password),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::file(&format!("read {}", path.display()), &error))?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        (None, None) => None,
    };
    let mut options = EtcdOptions::new(name, etcd.endpoints);
    set!(
        options,
        prefix = etcd.prefix,
        timeout = etcd.timeout.as_deref().map(time).transpose()?,
        ttl = etcd.ttl.as_deref().map(time).transpose()?,
        persistent = etcd.persistent,
        ca = etcd.ca,
        certificate = etcd.certificate,
        key = etcd.key,
    );
    if let Some(user) = etcd.user {
        options = options.user(user, password.unwrap_or_default());
    }
    Ok(Networks::new(host, EtcdStore::open(&options)?)?)
}

#[cfg(not(feature = "etcd"))]
fn open_etcd(_: Host, _: Etcd, _: Option<String>) -> Done<Networks> {
    Err(Failure::usage("cannot open etcd: this command was built without the feature etcd"))
}
