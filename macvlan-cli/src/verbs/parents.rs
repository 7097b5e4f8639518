//! `macvlan parents`.

use clap::{Args, Subcommand};
use macvlan_core::{Host, LinkInfo, Parent};

use crate::failure::Done;
use crate::output::lines;
use crate::session::Session;
use crate::signal::Signals;

/// Manage parents that were created on demand.
#[derive(Args)]
pub(crate) struct Parents {
    #[command(subcommand)]
    verb: ParentsVerb,
}

#[derive(Subcommand)]
enum ParentsVerb {
    /// List the parents that were created on demand
    #[command(visible_alias = "ls")]
    List,
    /// Delete those that are not in use
    Prune,
}

impl Parents {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let _signals = Signals::catch()?;
        let before = on_demand(&host)?;
        let found = match self.verb {
            ParentsVerb::List => before,
            ParentsVerb::Prune => {
                host.remove_unused_parents()?;
                let after = on_demand(&host)?;
                let is_gone = |one: &LinkInfo| after.iter().all(|other| other.index != one.index);
                before.into_iter().filter(is_gone).collect()
            }
        };
        let names = || found.iter().map(|link| link.name.clone());
        session.print(|| lines(names()), || names().collect())
    }
}

/// Returns the links that were created on demand, by name.
pub(crate) fn on_demand(host: &Host) -> Done<Vec<LinkInfo>> {
    let mut links = host.handle()?.links()?;
    links.retain(|link| link.group == Parent::ON_DEMAND_GROUP);
    // An older kernel lists links in the order of a hash of their indexes.
    links.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(links)
}
