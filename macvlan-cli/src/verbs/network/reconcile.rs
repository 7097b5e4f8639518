//! `macvlan network reconcile`.

use clap::Args;
use macvlan_network::{Reconciled, ReconciledKind};
use serde_json::json;

use crate::failure::{Done, Failure, status};
use crate::host_access;
use crate::output::lines;
use crate::progress::Progress;
use crate::verbs::network::context::Context;

/// Make the kernel and the store agree.
#[derive(Args)]
pub(super) struct Reconcile {
    /// Only this network
    network: Option<String>,
}

impl Reconcile {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let progress = Progress::start("reconciling");
        let changes = match &self.network {
            Some(network) => context.networks.network(network)?.reconcile()?,
            None => context.networks.reconcile()?,
        };
        let taken = host_access::take_reconciled(&context.networks, &changes);
        drop(progress);
        let (failed, made): (Vec<_>, Vec<_>) =
            changes.iter().partition(|one| one.kind() == ReconciledKind::Failed);
        let describe = |one: &Reconciled| {
            json!({
                "kind": one.kind().as_str(),
                "text": one.to_string(),
                "container": one.container(),
                "interface": one.interface(),
            })
        };
        context.session.print(|| lines(made), || changes.iter().map(describe).collect())?;
        let failures = failed.iter().map(|one| Failure::new(status::OTHER, one.to_string()));
        Failure::all(failures.chain(taken.err()).collect())
    }
}
