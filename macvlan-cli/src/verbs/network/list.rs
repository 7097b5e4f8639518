//! `macvlan network list`.

use serde_json::Value;

use crate::failure::{Done, warn};
use crate::output::table::table;
use crate::verbs::network::context::Context;

/// Lists the networks.
pub(super) fn run(context: &Context<'_>) -> Done {
    let summary = context.networks.summary()?;
    let headings = ["ID", "NAME", "PARENT", "SUBNETS", "CONTAINERS"];
    let rows = || summary.as_array().into_iter().flatten().map(row).collect::<Vec<_>>();
    context.session.print(|| table(&headings, &rows()), || summary.clone())?;
    for one in context.networks.unreadable()? {
        warn(&one.error.to_string());
    }
    Ok(())
}

fn row(network: &Value) -> Vec<String> {
    let text = |key: &str| network[key].as_str().unwrap_or_default().to_owned();
    let subnets = network["Subnets"].as_array().into_iter().flatten().filter_map(Value::as_str);
    vec![
        text("Id").chars().take(12).collect(),
        text("Name"),
        text("Parent"),
        subnets.collect::<Vec<_>>().join(" "),
        network["Containers"].to_string(),
    ]
}
