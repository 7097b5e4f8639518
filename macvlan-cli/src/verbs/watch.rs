//! `macvlan watch`.

use clap::Args;
use macvlan_core::{Event, Handle};
use serde_json::{Value, json};

use crate::container;
use crate::failure::Done;
use crate::output::style::{Role, paint};
use crate::session::Session;

/// Print the changes of links, addresses and routes, until a signal.
#[derive(Args)]
pub(crate) struct Watch {
    /// The container [default: the host]
    container: Option<String>,
}

impl Watch {
    pub(crate) fn run(self, session: &Session) -> Done {
        let handle = match &self.container {
            Some(container) => Handle::in_netns(&container::find(container)?.netns)?,
            None => session.host()?.handle()?,
        };
        for event in handle.watch()? {
            let event = event?;
            session.print_event(|| plain(&event), || described(&event))?;
        }
        Ok(())
    }
}

fn plain(event: &Event) -> String {
    let text = match event {
        Event::NewLink(link) | Event::DelLink(link) => {
            let up = if link.is_up() { "up" } else { "down" };
            format!(
                "{} {} mtu {} {up} {}",
                link.index,
                paint(Role::Name, &link.name),
                link.mtu,
                link.state
            )
        }
        Event::NewAddress(info) | Event::DelAddress(info) => {
            format!("{} dev #{}", paint(Role::Address, &info.address.to_string()), info.link)
        }
        Event::NewRoute(info) | Event::DelRoute(info) => info.route.to_string(),
        _ => String::new(),
    };
    format!("{} {text}", event.kind()).trim_end().to_owned()
}

fn described(event: &Event) -> Value {
    let object = match event {
        Event::NewLink(link) | Event::DelLink(link) => serde_json::to_value(link),
        Event::NewAddress(info) | Event::DelAddress(info) => serde_json::to_value(info),
        Event::NewRoute(info) | Event::DelRoute(info) => serde_json::to_value(info),
        _ => Ok(Value::Null),
    };
    // These are plain structures, which serde_json can always write.
    json!({ "kind": event.kind().as_str(), "object": object.unwrap_or_default() })
}
