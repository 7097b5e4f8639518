//! `macvlan diagnose`.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::{LinkName, parse_ip};
use serde_json::json;

use crate::container;
use crate::failure::{Done, Failure, status};
use crate::progress::Progress;
use crate::session::Session;
use crate::verbs::select;

/// Find out why a container does not reach a peer on its network.
#[derive(Args)]
pub(crate) struct Diagnose {
    /// The container
    container: String,
    /// The peer
    #[arg(value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    peer: IpAddr,
    /// The container's interface; not needed if there is only one
    #[arg(short = 'i', long, alias = "interface")]
    name: Option<LinkName>,
}

impl Diagnose {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let container = container::find(&self.container)?;
        let names: Vec<LinkName> = self.name.into_iter().collect();
        let attachments = select::named(&host, &container, &names)?;
        let Some(attachment) = attachments.first() else { return Ok(()) };
        let progress = Progress::start(format!("diagnosing {}", attachment.name()));
        let found = host.diagnose(attachment, self.peer)?;
        drop(progress);
        session.print(
            || found.to_string(),
            || {
                let findings = found.findings.iter().map(|one| {
                    json!({ "kind": one.kind.as_str(), "text": one.text, "remedy": one.remedy })
                });
                json!({
                    "answered": found.answered,
                    "findings": findings.collect::<Vec<_>>(),
                    "facts": found.facts,
                })
            },
        )?;
        if found.findings.is_empty() { Ok(()) } else { Err(Failure::status(status::NOT_AS_WANTED)) }
    }
}
