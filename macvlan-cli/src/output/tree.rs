//! Trees.

use crate::output::style::has_utf8;

/// Visits the nodes of a tree from top to bottom, each with the lines that are drawn before it.
pub(crate) fn walk<'a, T>(
    roots: &'a [T],
    below: &impl Fn(&'a T) -> &'a [T],
    visit: &mut impl FnMut(&str, &'a T),
) {
    let lines = if has_utf8() { ["├─", "└─", "│ "] } else { ["|-", "`-", "| "] };
    for root in roots {
        visit("", root);
        draw(below(root), "", lines, below, visit);
    }
}

fn draw<'a, T>(
    nodes: &'a [T],
    before: &str,
    lines: [&str; 3],
    below: &impl Fn(&'a T) -> &'a [T],
    visit: &mut impl FnMut(&str, &'a T),
) {
    let [middle, last, through] = lines;
    for (at, node) in nodes.iter().enumerate() {
        let is_last = at + 1 == nodes.len();
        visit(&format!("{before}{}", if is_last { last } else { middle }), node);
        let under = format!("{before}{}", if is_last { "  " } else { through });
        draw(below(node), &under, lines, below, visit);
    }
}
