//! `macvlan network disconnect`.

use clap::Args;
use macvlan_core::LinkName;
use serde_json::json;

use crate::failure::{Done, Failure, parted};
use crate::verbs::network::connected::id_of;
use crate::verbs::network::context::Context;

/// Detach a container's interfaces and release their addresses.
#[derive(Args)]
pub(super) struct Disconnect {
    /// The network's name or id
    network: String,
    /// The containers: `id:ID`, an id, a name as for `connect`, or a unique beginning of an id
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
    /// Only this interface of the containers
    #[arg(short, long)]
    interface: Option<LinkName>,
}

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
