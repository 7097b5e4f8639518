//! `macvlan check`.

use clap::Args;
use macvlan_core::Difference;
use serde_json::json;

use crate::container;
use crate::endpoint::EndpointOptions;
use crate::failure::{Done, Failure, status};
use crate::output::lines;
use crate::session::Session;

/// Compare an interface with its description.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    endpoint: EndpointOptions,
}

impl Check {
    pub(crate) fn run(self, session: &Session) -> Done {
        let endpoint = self.endpoint.endpoint()?;
        let host = session.host()?;
        let netns = container::find(&self.endpoint.container)?.netns;
        let differences = host.check(&endpoint, &netns)?;
        let describe = |one: &Difference| {
            json!({
                "kind": one.kind().as_str(),
                "text": one.to_string(),
                "needs_replacement": one.needs_replacement(),
            })
        };
        session.print(|| lines(&differences), || differences.iter().map(describe).collect())?;
        if differences.is_empty() { Ok(()) } else { Err(Failure::status(status::NOT_AS_WANTED)) }
    }
}
