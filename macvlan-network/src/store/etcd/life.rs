//! By what hosts count as alive: their processes, their agents, and declarations.

use std::collections::BTreeMap;

use etcd_client::{Compare, TxnOp};

use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::life::{HostStatus, Life};
use crate::machine::Machine;
use crate::name::check_name;
use crate::store::format;

use super::change::retry;
use super::keys;
use super::store::EtcdStore;
use super::wire::{Get, Item, absent, exists, none_since, none_within};

impl EtcdStore {
    /// Returns the reads that show whether leases outlive this process as its options require.
    pub(super) fn life_gets(&self) -> Vec<Get> {
        let declared = Get::Key(self.keys.declared(&self.host));
        match self.life {
            Life::Process => Vec::new(),
            Life::Agent => vec![declared, Get::prefix(&self.keys.agents(&self.host))],
            Life::Declared => vec![declared],
        }
    }

    /// Refuses a lease that would not outlive this process, given the answers to
    /// [`EtcdStore::life_gets`]. Returns the condition for a lease.
    pub(super) fn check_life_in(&self, found: &[Vec<Item>]) -> Result<Option<Compare>> {
        if found.is_empty() {
            return Ok(None);
        }
        if let Some(keeper) = found.iter().flatten().next() {
            return Ok(Some(exists(keeper.key.clone())));
        }
        let host = &self.host;
        let (why, hint) = match self.life {
            Life::Declared => (format!("host {host:?} is not declared"), "declare it"),
            _ => (
                format!("neither an agent nor a declaration keeps host {host:?} alive"),
                "start an agent, or declare the host",
            ),
        };
        let operation = "make a lease that outlives this process";
        Err(Error::new(ErrorKind::HostNotAlive, operation, why).with_hint(hint))
    }

    /// Declares a host alive; false if it is already declared.
    pub(super) fn declare(&self, host: &str) -> Result<bool> {
        check_name(host, "a host's name")?;
        let (all, key) = (self.keys.host(host, ""), self.keys.declared(host));
        retry(|| {
            let found = self.wire.get(Get::prefix(&all))?;
            if found.iter().any(|item| item.key == key) {
                return Ok(Some(false));
            }
            let mut when = vec![absent(key.clone())];
            let mut then = vec![TxnOp::put(key.clone(), "", None)];
            if found.is_empty() && host == self.host {
                // This process no longer counts as alive, and another machine may have the name.
                self.register()?;
                return Ok(None);
            }
            if found.is_empty() {
                // The name of a dead host is free for the first machine that uses it.
                when.push(absent(all.clone()).with_prefix());
                then.push(TxnOp::delete(self.keys.machine(host), None));
            }
            Ok(self.wire.commit(when, then)?.then_some(true))
        })
    }

    /// Ends the declaration of a host; false if there is none.
    ///
    /// It is refused if another host is alive without it, and if this one has leases and no agent.
    pub(super) fn forget(&self, host: &str) -> Result<bool> {
        let (all, key) = (self.keys.host(host, ""), self.keys.declared(host));
        let delete = || vec![TxnOp::delete(key.clone(), None)];
        let refused = |why: String, hint: &str| {
            Error::new(ErrorKind::HostAlive, format!("forget host {host:?}"), why)
                .with_hint(hint.to_owned())
        };
        retry(|| {
            let found = self.wire.all(&all)?;
            if host == self.host {
                if found.iter().all(|item| item.key != key) {
                    return Ok(Some(false));
                }
                let agents = self.keys.agents(host);
                let agent = found.iter().find(|item| item.key.starts_with(&agents));
                let keeps = if let Some(agent) = agent {
                    exists(agent.key.clone())
                } else {
                    let (leases, one, none_added) = self.count_of(host)?;
                    if leases > 0 {
                        let why = format!(
                            "this is the host, and {leases} of its leases remain, one of them of \
                             container {one:?}"
                        );
                        let hint = "start an agent, or disconnect the containers first";
                        return Err(refused(why, hint));
                    }
                    none_added
                };
                return Ok(self.wire.commit(vec![keeps], delete())?.then_some(true));
            }
            if found.is_empty() {
                return Ok(Some(false));
            }
            if found.iter().any(|item| item.key != key) {
                let why = "the host counts as alive, because a process has or had the store open";
                let hint = "stop the agent and close the store there, and wait until it no longer \
                            counts as alive (60 s by default)";
                return Err(refused(why.to_owned(), hint));
            }
            let no_process = none_within(all.clone(), key.clone());
            Ok(self.wire.commit(vec![no_process], delete())?.then_some(true))
        })
    }

    /// Returns the number of a host's leases, the container of one, and the condition that no lease
    /// was added since.
    fn count_of(&self, host: &str) -> Result<(usize, String, Compare)> {
        let (found, revision) = self.wire.all_at(&self.keys.all_leases())?;
        let leases = found.iter().filter_map(|item| format::read::<Lease>(&item.value).ok());
        let mut theirs = leases.filter(|lease| lease.host == host);
        let one = theirs.next().map(|lease| lease.container);
        let count = usize::from(one.is_some()) + theirs.count();
        Ok((count, one.unwrap_or_default(), none_since(self.keys.all_leases(), revision)))
    }

    /// Returns the hosts that the store knows, ordered by name.
    pub(super) fn all_hosts(&self) -> Result<Vec<HostStatus>> {
        let mut hosts: BTreeMap<String, HostStatus> = BTreeMap::new();
        let (machines, living) = (self.keys.machine(""), self.keys.hosts());
        for item in self.wire.all(&machines)? {
            let Some(name) = item.key.strip_prefix(&machines) else { continue };
            let machine: Option<Machine> = keys::read(&item.value).ok();
            hosts.entry(name.to_owned()).or_insert_with(|| empty(name)).machine =
                machine.map(|machine| machine.to_string());
        }
        for item in self.wire.all(&living)? {
            let place = item.key.strip_prefix(&living).and_then(|place| place.split_once('/'));
            let Some((name, place)) = place else { continue };
            let host = hosts.entry(name.to_owned()).or_insert_with(|| empty(name));
            host.is_alive = true;
            if item.key == self.keys.declared(name) {
                host.is_declared = true;
            } else if place.contains('/') {
                host.agents += 1;
            } else {
                host.processes += 1;
            }
        }
        Ok(hosts.into_values().collect())
    }
}

fn empty(name: &str) -> HostStatus {
    HostStatus {
        name: name.to_owned(),
        is_alive: false,
        is_declared: false,
        agents: 0,
        processes: 0,
        machine: None,
    }
}
