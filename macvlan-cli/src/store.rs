//! Which store the networks are in.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use macvlan_core::Host;
#[cfg(feature = "etcd")]
use macvlan_network::{EtcdOptions, EtcdStore, Life};
use macvlan_network::{Lease, Networks, Result, SqliteStore};

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
    /// True if the process makes one change, and leaves the database's log to the next one.
    #[arg(skip)]
    pub(crate) is_plugin: bool,
}

/// The store that was chosen.
pub(crate) enum Choice {
    File {
        path: PathBuf,
        moved: bool,
        leave_log: bool,
        host_name: Option<String>,
    },
    #[cfg(feature = "etcd")]
    Etcd(Box<EtcdOptions>),
}

impl StoreOptions {
    /// Returns the options of a plugin, which has no command line.
    pub(crate) fn of_plugin() -> Self {
        Self { is_plugin: true, ..Self::default() }
    }

    /// Opens the store: the option's, the variable's, the configuration's or the default one.
    pub(crate) fn open(self, host: Host) -> Done<Networks> {
        Ok(self.choose(Config::read()?, false)?.open(host)?)
    }

    /// Chooses the store, without opening it; for this host's agent or for a verb.
    pub(crate) fn choose(self, config: Config, is_agent: bool) -> Done<Choice> {
        let Config { db, etcd, .. } = config;
        let given = self.db.or_else(|| std::env::var_os("MACVLAN_DB").map(PathBuf::from));
        let given = given.filter(|path| !path.as_os_str().is_empty());
        if !self.etcd.is_empty() {
            let etcd = Etcd { endpoints: self.etcd, ..etcd.unwrap_or_default() };
            return choose_etcd(etcd, self.host_name, is_agent);
        }
        if let (None, Some(etcd)) = (&given, etcd) {
            return choose_etcd(etcd, self.host_name, is_agent);
        }
        let path = given.or(db).unwrap_or_else(|| PathBuf::from(DATABASE));
        let Self { moved, is_plugin: leave_log, host_name, .. } = self;
        Ok(Choice::File { path, moved, leave_log, host_name })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            #[cfg(feature = "etcd")]
            Self::Etcd(_) => f.write_str("etcd"),
        }
    }
}

impl Choice {
    /// Opens the store.
    pub(crate) fn open(&self, host: Host) -> Result<Networks> {
        match self {
            Self::File { path, moved, leave_log, host_name } => {
                let open = if *moved { SqliteStore::open_moved } else { SqliteStore::open };
                let mut store = open(path)?;
                if *leave_log {
                    store.leave_log();
                }
                let networks = Networks::new(host, store)?;
                match host_name {
                    Some(name) => networks.with_host_name(name),
                    None => Ok(networks),
                }
            }
            #[cfg(feature = "etcd")]
            Self::Etcd(options) => Networks::new(host, EtcdStore::open(options)?),
        }
    }
}

/// Returns whether a lease is of this host. In a database all are, whatever the host was called.
pub(crate) fn is_here(networks: &Networks, lease: &Lease) -> bool {
    networks.store().host_name().is_none_or(|host| host == lease.host)
}

#[cfg(feature = "etcd")]
fn choose_etcd(etcd: Etcd, host_name: Option<String>, is_agent: bool) -> Done<Choice> {
    use crate::config::time;
    use crate::value::set;

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
    // The process of a verb ends at once.
    let life = etcd.life.unwrap_or(Life::Agent);
    let mut options = EtcdOptions::new(name, etcd.endpoints).life(life).agent(is_agent);
    set!(
        options,
        prefix = etcd.prefix,
        timeout = etcd.timeout.as_deref().map(time).transpose()?,
        ttl = etcd.ttl.as_deref().map(time).transpose()?,
        ca = etcd.ca,
        certificate = etcd.certificate,
        key = etcd.key,
    );
    if let Some(user) = etcd.user {
        options = options.user(user, password.unwrap_or_default());
    }
    Ok(Choice::Etcd(Box::new(options)))
}

#[cfg(not(feature = "etcd"))]
fn choose_etcd(_: Etcd, _: Option<String>, _: bool) -> Done<Choice> {
    Err(Failure::usage("cannot open etcd: this command was built without the feature etcd"))
}
