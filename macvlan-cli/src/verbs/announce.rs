//! `macvlan announce`.

use clap::Args;
use macvlan_core::{Announce, LinkName};
use serde_json::json;

use crate::container;
use crate::failure::Done;
use crate::output::lines;
use crate::progress::Progress;
use crate::session::Session;
use crate::signal::Signals;
use crate::value;
use crate::verbs::select;

/// Announce the addresses of interfaces to the neighbours.
#[derive(Args)]
pub(crate) struct AnnounceAddresses {
    /// The container
    container: String,
    /// The interfaces; not needed if there is only one
    #[arg(value_name = "INTERFACE")]
    names: Vec<LinkName>,
    /// The procedure: once or rfc[,count=N][,interval=TIME] [default: once]
    #[arg(long, value_parser = value::announce)]
    announce: Option<Announce>,
}

impl AnnounceAddresses {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let container = container::find(&self.container)?;
        let signals = Signals::catch()?;
        let announce = self.announce.unwrap_or_else(Announce::once);
        let mut sent = Vec::new();
        let progress = Progress::start("announcing");
        for attachment in select::named(&host, &container, &self.names)? {
            let count = attachment.announce(announce)?.run_until(signals.cancel())?;
            sent.push((attachment.name(), count));
        }
        drop(progress);
        let line = |(name, count): &(LinkName, usize)| format!("{name} {count}");
        session.print(
            || lines(sent.iter().map(line)),
            || {
                let described = sent
                    .iter()
                    .map(|(name, count)| json!({ "name": name.as_str(), "sent": count }));
                described.collect()
            },
        )
    }
}
