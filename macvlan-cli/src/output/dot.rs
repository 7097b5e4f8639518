//! The topology as a graph for Graphviz.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::container::name::words;
use crate::topology::Node;

/// Returns the graph: the host's links and VLANs, and a box for each container.
pub(crate) fn graph(nodes: &[Node]) -> String {
    let mut drawn = Drawn::default();
    for node in nodes {
        drawn.node(node, None);
    }
    let mut text = "graph macvlan {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for node in &drawn.of_host {
        let _ = writeln!(text, "  {node}");
    }
    for (number, (_, (label, inside))) in drawn.containers.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={};", quoted(label));
        for node in inside {
            let _ = writeln!(text, "    {node}");
        }
        text.push_str("  }\n");
    }
    for edge in &drawn.edges {
        let _ = writeln!(text, "  {edge}");
    }
    text.push_str("}\n");
    text
}

#[derive(Default)]
struct Drawn {
    of_host: Vec<String>,
    /// By the namespace's number: the label and the nodes.
    containers: BTreeMap<u64, (String, Vec<String>)>,
    edges: Vec<String>,
}

impl Drawn {
    fn node(&mut self, node: &Node, above: Option<&str>) {
        let inode = node.place.as_ref().map_or(0, |place| place.found.id.inode);
        let name = format!("n{inode}_{}", node.link.index);
        let mut label = vec![node.link.name.clone()];
        if let Some(vlan) = &node.link.vlan {
            label.push(format!("VLAN {}", vlan.get_id()));
        }
        if let Some(macvlan) = &node.link.macvlan {
            label.push(format!(
                "{} {}",
                node.link.kind.as_deref().unwrap_or_default(),
                macvlan.get_mode()
            ));
        }
        label.extend(
            node.addresses
                .iter()
                .map(|one| one.net().to_string())
                .filter(|one| !one.starts_with("fe80:")),
        );
        let line = format!("{name} [label={}];", quoted(&label.join("\n")));
        match &node.place {
            Some(place) => {
                let label = || (words(&place.found, place.container.as_deref()), Vec::new());
                self.containers.entry(inode).or_insert_with(label).1.push(line);
            }
            None => self.of_host.push(line),
        }
        if let Some(above) = above {
            self.edges.push(format!("{above} -- {name};"));
        }
        for below in &node.below {
            self.node(below, Some(&name));
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted() {
        assert_eq!(quoted("a\"\\\nb"), r#""a\"\\\nb""#);
        assert_eq!(graph(&[]), "graph macvlan {\n  rankdir=LR;\n  node [shape=box];\n}\n");
    }
}
