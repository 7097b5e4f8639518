//! `macvlan agent`: the resident part of a host, for processes that end at once.

mod access;
mod service;
mod status;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use macvlan_core::Host;
use macvlan_network::{Error, ErrorKind, Networks, ReconciledKind};
use nix::errno::Errno;
use tracing::{info, warn};

use crate::agent::access::Accesses;
use crate::agent::service::Service;
use crate::config::{self, Config};
use crate::dns::{Dns, DnsOptions};
use crate::docker;
use crate::failure::{Done, Failure};
use crate::host_access;
use crate::log;
use crate::session::Session;
use crate::signal::Signals;
use crate::store::{Choice, StoreOptions};
use crate::value;

/// The time between two passes.
const INTERVAL: Duration = Duration::from_secs(60);
/// The time before the store is tried again.
const SOON: Duration = Duration::from_secs(2);

/// Keep this host alive in etcd, release leases of ended containers, and repair interfaces.
///
/// It runs in the foreground until a signal, as the service macvlan-agent does. Containers keep
/// their leases when it ends: this host counts as alive for the configured time, in which the next
/// agent may start.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Agent {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Option<AgentVerb>,
}

#[derive(Subcommand)]
enum AgentVerb {
    /// Show the store, its networks, and what the agent's next pass has to repair
    Status {
        /// The socket of the agent's Docker plugin [default: that of the configuration, or
        /// /run/docker/plugins/lan.sock]
        #[arg(long, value_name = "SOCKET")]
        docker: Option<PathBuf>,
    },
}

/// The options of the agent.
#[derive(Args)]
pub(crate) struct Options {
    /// The time between two passes [default: that of the configuration, or 1m]
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    interval: Option<Duration>,
    /// Also serve the Docker plugin, on this socket unless systemd has opened one [default: that of
    /// the configuration, or /run/docker/plugins/lan.sock]
    #[arg(long, value_name = "SOCKET")]
    #[allow(clippy::option_option)] // clap's way to an option whose value may be left out
    docker: Option<Option<PathBuf>>,
    // Last, because their headings are those of all options that follow.
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    dns: DnsOptions,
}

impl Agent {
    pub(crate) fn run(self, session: &Session) -> Done {
        match self.verb {
            Some(AgentVerb::Status { docker }) => status::run(self.options.store, docker, session),
            None => self.options.run(session),
        }
    }
}

impl Options {
    /// Returns the options with those of the Docker plugin.
    pub(crate) fn with_docker(mut self) -> Self {
        self.docker.get_or_insert(None);
        self
    }

    pub(crate) fn run(self, session: &Session) -> Done {
        log::start()?;
        let mut config = Config::read()?;
        let options = std::mem::take(&mut config.agent);
        let configured = options.interval.as_deref().map(config::time).transpose()?;
        let interval = self.interval.or(configured).unwrap_or(INTERVAL);
        if interval < Duration::from_secs(1) {
            return Err(Failure::usage("cannot use the interval: it is less than 1s"));
        }
        let signals = Signals::catch()?;
        let host = session.host()?.cancelled_by(signals.cancel());
        let accesses = Accesses::on(&options.access)?;
        let networks = Arc::new(OnceLock::new());
        let dns = Dns::start(self.dns, &options.dns, &host, Arc::clone(&networks))?;
        let choice = self.store.choose(config, true)?;
        let service = Service::new();
        let socket = match self.docker {
            Some(given) => given.or(options.docker).or_else(|| Some(docker::SOCKET.into())),
            None => options.docker,
        };
        let socket = docker::Socket::open(socket.as_deref())?;
        let plugin = socket
            .as_ref()
            .map(|_| Arc::new(docker::Plugin::new(host.clone(), Arc::clone(&networks))));
        // It answers also while the store is away.
        let server =
            |(socket, plugin): (_, &Arc<_>)| docker::Server::start(socket, Arc::clone(plugin));
        let _server = socket.zip(plugin.as_ref()).map(server).transpose()?;
        let running = Running { service, signals, networks, plugin, dns, faults: HashSet::new() };
        running.run(&host, &choice, accesses, (interval, options.dead_hosts))
    }
}

/// The state of a running agent.
struct Running {
    service: Service,
    signals: Signals,
    /// The responder, if there is one.
    dns: Option<Dns>,
    /// The networks, as soon as they are open.
    networks: Arc<OnceLock<Networks>>,
    plugin: Option<Arc<docker::Plugin>>,
    /// The faults of the last pass, which are not repeated in the log.
    faults: HashSet<String>,
}

impl Running {
    fn run(
        mut self,
        host: &Host,
        choice: &Choice,
        mut accesses: Accesses,
        (interval, dead_hosts): (Duration, bool),
    ) -> Done {
        let Some(networks) = self.open(host, choice)? else { return Ok(()) };
        let networks = networks.with_dead_hosts(dead_hosts);
        // It is set once.
        let _ = self.networks.set(networks.clone());
        info!("the agent of host {:?} runs", networks.host_name());
        loop {
            let mut faults = pass(&networks)?;
            faults.extend(accesses.pass(&networks));
            if let Some(dns) = &self.dns {
                dns.set_access(&accesses.addresses(host));
            }
            faults.extend(self.plugin.iter().flat_map(|plugin| plugin.repair()));
            if self.signals.cancel().is_cancelled() {
                break;
            }
            self.log(faults);
            self.service.ready("running");
            if self.wait(interval) {
                break;
            }
        }
        Service::stopping();
        info!("the agent ends; containers keep their leases");
        Ok(())
    }

    /// Opens the store, however long it is away; `None` after a signal.
    fn open(&mut self, host: &Host, choice: &Choice) -> Done<Option<Networks>> {
        loop {
            match choice.open(host.clone()) {
                Ok(networks) => return Ok(Some(networks)),
                Err(error) if may_pass(&error) => {
                    self.log(vec![error.to_string()]);
                    // Others that wait for the agent need not wait for the store.
                    self.service.ready("waiting for the store");
                    if self.wait(SOON) {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Logs the faults of a pass that the last one did not have.
    fn log(&mut self, faults: Vec<String>) {
        for fault in &faults {
            if !self.faults.contains(fault) {
                warn!("{fault}");
            }
        }
        self.faults = faults.into_iter().collect();
    }

    /// Waits, as the watchdog allows; true after a signal.
    fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            self.service.alive();
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            if self.signals.wait(self.service.slice().map_or(left, |slice| slice.min(left))) {
                return true;
            }
        }
    }
}

/// Makes the kernel and the store agree once, logs the changes, and returns the faults.
///
/// Fails if another store is in the place of the one that was opened: the service manager then
/// starts the next agent, which opens that.
fn pass(networks: &Networks) -> Done<Vec<String>> {
    match networks.reconcile() {
        Ok(changes) => {
            let (failed, made): (Vec<_>, Vec<_>) =
                changes.iter().partition(|one| one.kind() == ReconciledKind::Failed);
            for one in made {
                info!("{one}");
            }
            let taken = host_access::take_reconciled(networks, &changes);
            let faults = failed.iter().map(ToString::to_string);
            Ok(faults.chain(taken.err().map(|failure| failure.in_one_line())).collect())
        }
        Err(error) if is_replaced(&error) => Err(error.into()),
        Err(error) => Ok(vec![error.to_string()]),
    }
}

/// Returns whether the store's file was deleted or replaced.
fn is_replaced(error: &Error) -> bool {
    error.kind() == ErrorKind::StoreUnavailable && error.errno() == Some(Errno::ESTALE as i32)
}

/// Returns whether a fault of the store may pass by itself.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StoreUnavailable | ErrorKind::Contended)
}
