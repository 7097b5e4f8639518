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
        let events = handle.watch()?;
        let mut names = Names::read(&handle)?;
        for event in events {
            let event = event?;
            match &event {
                Event::NewLink(link) => drop(names.0.insert(link.index, link.name.clone())),
                Event::Lost => names = Names::read(&handle)?,
                _ => {}
            }
            session.print_event(|| plain(&event, &names), || described(&event))?;
            if let Event::DelLink(link) = &event {
                names.0.remove(&link.index);
            }
        }
        Ok(())
    }
}

/// The names of links by index: events of addresses and routes have the index alone.
struct Names(HashMap<u32, String>);

impl Names {
    fn read(handle: &Handle) -> Done<Self> {
        let links = handle.links()?.into_iter();
        Ok(Self(links.map(|link| (link.index, link.name)).collect()))
    }

    /// Returns the name of a link; `if7`, as `ip` has it, for a link that is not known.
    fn of(&self, index: u32) -> String {
        self.0.get(&index).cloned().unwrap_or_else(|| format!("if{index}"))
    }
}

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
            let address = paint(Role::Address, &info.address.to_string());
            format!("{address} dev {}", names.of(info.link))
        }
        Event::NewRoute(info) | Event::DelRoute(info) => {
            let mut info = info.clone();
            if let Some(LinkId::Index(index)) = info.route.get_device() {
                info.link_name = LinkName::new(&names.of(index)).ok();
            }
            info.to_string()
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
