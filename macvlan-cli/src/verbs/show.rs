//! `macvlan show`.

use clap::Args;
use macvlan_core::{LinkName, NetNs};
use serde_json::{Value, json};

use crate::container::name::words;
use crate::failure::{Done, Failure, warn};
use crate::output::style::{Role, paint};
use crate::output::table::table;
use crate::output::texts;
use crate::output::tree::walk;
use crate::output::{self, dot};
use crate::session::{Format, Session};
use crate::topology::{Node, Place, topology};

const HEADINGS: [&str; 7] = ["NAME", "KIND", "MAC", "MTU", "STATE", "CONTAINER", "ADDRESSES"];

/// Show the topology.
#[derive(Args)]
pub(crate) struct Show {
    /// Only these links of the host, with the links on them
    #[arg(value_name = "PARENT")]
    parents: Vec<LinkName>,
}

impl Show {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let handle = host.handle()?;
        let links = self.parents.iter().map(|parent| Ok(handle.link(*parent)?.index));
        let wanted = links.collect::<Done<Vec<u32>>>()?;
        let visible = NetNs::visible();
        let found = topology(&host, visible.namespaces, &wanted)?;
        if session.format() == Format::Dot {
            output::print(&dot::graph(&found.nodes))?;
        } else {
            let all = || found.nodes.iter().map(describe).collect();
            session.print(|| plain(&found.nodes), all)?;
        }
        if let [first, others @ ..] = &visible.unseen[..] {
            let also = if others.is_empty() {
                String::new()
            } else {
                format!(" and {} others", others.len())
            };
            warn(&format!(
                "namespaces that only {}{also} may lead to are not shown",
                first.display()
            ));
        }
        Failure::all(found.failures)
    }
}

fn plain(nodes: &[Node]) -> String {
    let mut rows = Vec::new();
    walk(nodes, &|node: &Node| &node.below[..], &mut |before, node| rows.push(row(before, node)));
    table(&HEADINGS, &rows)
}

fn row(before: &str, node: &Node) -> Vec<String> {
    let link = &node.link;
    let mut kind = link.kind.clone().unwrap_or_default();
    if let Some(macvlan) = &link.macvlan {
        kind = format!("{kind} {}", macvlan.get_mode());
    } else if let Some(vlan) = &link.vlan {
        kind = format!("{kind} {} {}", vlan.get_id(), vlan.get_protocol());
    }
    let state = link.state.to_string();
    let role = if link.is_up() { Role::Good } else { Role::Bad };
    // Every link has a link-local address, which is of no interest.
    let addresses = node.addresses.iter().map(|one| one.net().to_string());
    let addresses = addresses.filter(|one| !one.starts_with("fe80:"));
    let addresses: Vec<String> = addresses.map(|one| paint(Role::Address, &one)).collect();
    let place = |place: &Place| words(&place.found, place.container.as_deref());
    vec![
        format!("{before}{}", paint(Role::Name, &link.name)),
        kind,
        paint(Role::Mac, &link.mac.map(|mac| mac.to_string()).unwrap_or_default()),
        link.mtu.to_string(),
        paint(role, &state),
        node.place.as_ref().map(place).unwrap_or_default(),
        addresses.join(" "),
    ]
}

fn describe(node: &Node) -> Value {
    let link = &node.link;
    let mut described = json!({ "name": link.name, "index": link.index, "kind": link.kind });
    if let Some(macvlan) = &link.macvlan {
        described["mode"] = macvlan.get_mode().to_string().into();
    }
    if let Some(vlan) = &link.vlan {
        described["vlan_id"] = vlan.get_id().into();
        described["vlan_protocol"] = vlan.get_protocol().to_string().into();
    }
    described["mac"] = link.mac.map(|mac| mac.to_string()).into();
    described["mtu"] = link.mtu.into();
    described["state"] = link.state.to_string().into();
    described["addresses"] = texts(&node.addresses).into();
    described["netns"] = node.place.as_ref().map_or(Value::Null, describe_place);
    described["children"] = node.below.iter().map(describe).collect();
    described
}

/// Returns a namespace as JSON.
pub(crate) fn describe_place(place: &Place) -> Value {
    let mut pids = place.found.pids.clone();
    pids.sort_unstable();
    json!({
        "inode": place.found.id.inode,
        "names": place.found.names,
        "pids": pids,
        "paths": texts(place.found.paths.iter().map(|path| path.display())),
        "container": place.container,
    })
}
