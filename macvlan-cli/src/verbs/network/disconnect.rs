//! `macvlan network disconnect`.

use clap::Args;
use macvlan_core::LinkName;
use macvlan_network::{Lease, Network};
use serde_json::json;

use crate::failure::{Done, Failure, parted};
use crate::verbs::network::context::Context;

/// Detach a container's interfaces and release their addresses.
#[derive(Args)]
pub(super) struct Disconnect {
    /// The network's name or id
    network: String,
    /// The containers' ids, names, or unique beginnings of ids
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
    /// Only this interface of the containers
    #[arg(short, long)]
    interface: Option<LinkName>,
}

/// The beginning of an id is accepted from this length, as Docker prints them.
const SHORTEST: usize = 4;

impl Disconnect {
    pub(super) fn run(self, context: &Context<'_>) -> Done {
        let network = context.networks.network(&self.network)?;
        let interface = self.interface.as_ref().map(LinkName::as_str);
        let disconnect = |text: &String| {
            let id = id_of(&network, text)?;
            let how = network.disconnect((id.as_str(), interface))?;
            Ok(json!({ "container": id, "outcome": how.to_string() }))
        };
        let (done, failures) = parted(self.containers.iter().map(disconnect));
        context.session.print(String::new, || json!(done))?;
        Failure::all(failures)
    }
}

/// Returns the id of a container that may have ended, so that no runtime knows it.
fn id_of(network: &Network, text: &str) -> Done<String> {
    if network.lease((text, None))?.is_some() {
        return Ok(text.to_owned());
    }
    let leases = network.leases()?;
    let ids = |means: &dyn Fn(&Lease) -> bool| {
        let found = leases.iter().filter(|lease| means(lease));
        let mut ids: Vec<String> = found.map(|lease| lease.container.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let named =
        ids(&|lease| lease.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(text)));
    let found = match named {
        named if named.is_empty() && text.len() >= SHORTEST => {
            ids(&|lease| lease.container.starts_with(text))
        }
        named => named,
    };
    match &found[..] {
        // The library's error says that it is not connected.
        [] => Ok(text.to_owned()),
        [id] => Ok(id.clone()),
        _ => Err(Failure::usage(format!(
            "cannot disconnect {text:?}: several ids begin with it: {}",
            found.join(", ")
        ))),
    }
}
