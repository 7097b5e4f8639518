//! `macvlan keep`.

use clap::Args;
use macvlan_core::{ErrorKind, KeepEvent};
use serde_json::{Value, json};

use crate::container;
use crate::endpoint::EndpointOptions;
use crate::failure::{Done, Failure};
use crate::session::Session;
use crate::signal::Signals;
use crate::verbs::attach::{describe, line};

/// Keep an interface attached, in the foreground, until a signal.
#[derive(Args)]
pub(crate) struct Keep {
    /// Detach the interface at the end; otherwise it stays
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    endpoint: EndpointOptions,
}

impl Keep {
    pub(crate) fn run(self, session: &Session) -> Done {
        let endpoint = self.endpoint.endpoint()?;
        let plain_host = session.host()?;
        let netns = container::find(&self.endpoint.container)?.netns;
        let signals = Signals::catch()?;
        let host = plain_host.cancelled_by(signals.cancel());
        // The keeper does not keep the namespace in existence, so this handle is given away.
        let mut keeper = host.keep([(endpoint, netns)])?;
        let mut last: Vec<_> = keeper.attachments().cloned().collect();
        for attachment in &last {
            session.print_event(
                || format!("attached {}", line(attachment)),
                || json!({ "kind": "kept", "attachment": describe(attachment) }),
            )?;
        }
        let ended = loop {
            match keeper.next() {
                Some(Ok(event)) => {
                    session.print_event(|| event.to_string(), || described(&event))?;
                    if let Some(attachment) = event.attachment() {
                        last = vec![attachment.clone()];
                    }
                    if matches!(event, KeepEvent::Ended(..)) {
                        return Ok(());
                    }
                }
                Some(Err(error)) if error.kind() == ErrorKind::Cancelled => break Ok(()),
                Some(Err(error)) => break Err(Failure::from(error)),
                None => break Ok(()),
            }
        };
        if self.detach {
            // Rules and routes may be left of a link that is gone.
            for attachment in &last {
                plain_host.detach(attachment)?;
            }
        }
        ended
    }
}

fn described(event: &KeepEvent) -> Value {
    json!({
        "kind": event.kind().as_str(),
        "name": event.name().as_str(),
        "netns": event.netns_id().inode,
        "parent": event.parent().map(|parent| parent.to_string()),
        "attachment": event.attachment().map(describe),
        "error": event.error().map(ToString::to_string),
    })
}
