//! `macvlan watch`.

use std::collections::HashMap;

use clap::Args;
use macvlan_core::{Event, Handle, LinkId, LinkName};
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
        let watch = handle.watch()?;
        let links = handle.links()?.into_iter();
        let mut names: Names = links.map(|link| (link.index, link.name)).collect();
        for event in watch {
            let event = event?;
            if let Event::NewLink(link) = &event {
                names.insert(link.index, link.name.clone());
            }
            session.print_event(|| plain(&event, &names), || described(&event))?;
        }
        Ok(())
    }
}

/// The links' names by their indexes, also of links that were deleted.
type Names = HashMap<u32, String>;

fn plain(event: &Event, names: &Names) -> String {
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
            let link = names.get(&info.link).cloned();
            let link = link.unwrap_or_else(|| format!("if{}", info.link));
            let address = paint(Role::Address, &info.address.to_string());
            format!("{address} dev {}", paint(Role::Name, &link))
        }
        Event::NewRoute(info) | Event::DelRoute(info) => {
            let name = match info.route.get_device() {
                Some(LinkId::Index(index)) => names.get(&index).and_then(|name| name.parse().ok()),
                _ => None,
            };
            name.map_or(info.route, |name: LinkName| info.route.device(name)).to_string()
        }
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
