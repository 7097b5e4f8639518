//! `macvlan agent status`.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use macvlan_core::{NetNs, Presence};
use macvlan_network::{Lease, Networks};
use serde_json::{Value, json};

use crate::config::Config;
use crate::docker;
use crate::failure::Done;
use crate::output::style::{Role, paint};
use crate::output::table::table;
use crate::output::{lines, texts};
use crate::session::Session;
use crate::store::{StoreOptions, is_here};

const HEADINGS: [&str; 5] = ["NETWORK", "PARENT", "SUBNETS", "LEASES", "HERE"];

/// Shows the store, its networks, and what waits to be repaired. It fails if the store does.
pub(super) fn run(store: StoreOptions, docker: Option<PathBuf>, session: &Session) -> Done {
    let config = Config::read()?;
    let socket = docker.or_else(|| config.agent.docker.clone());
    let socket = socket.unwrap_or_else(|| docker::SOCKET.into());
    let serves_docker = UnixStream::connect(&socket).is_ok();
    let choice = store.choose(config, false)?;
    let networks = choice.open(session.host()?)?;
    let life = networks.check_life().err().map(|error| error.to_string());
    let (mut rows, mut objects, mut waits) = (Vec::new(), Vec::new(), life.into_iter().collect());
    for network in networks.list()? {
        let leases = network.leases()?;
        let here: Vec<&Lease> = leases.iter().filter(|lease| is_here(&networks, lease)).collect();
        waits_in(network.name(), &here, &mut waits)?;
        let subnets = texts(network.config().get_subnets());
        objects.push(json!({
            "network": network.name(), "parent": network.parent(), "subnets": subnets,
            "leases": leases.len(), "here": here.len(),
        }));
        rows.push(vec![
            network.name().to_owned(),
            network.parent(),
            subnets.join(" "),
            leases.len().to_string(),
            here.len().to_string(),
        ]);
    }
    waits.extend(networks.unreadable()?.into_iter().map(|one| one.error.to_string()));
    session.print(
        || plain(&networks, &choice.to_string(), (serves_docker, &socket), &rows, &waits),
        || {
            json!({
                "host": networks.host_name(), "store": choice.to_string(), "docker": serves_docker,
                "networks": Value::Array(objects), "waits": waits,
            })
        },
    )
}

/// Adds the leases of this host that the next pass may release.
fn waits_in(network: &str, leases: &[&Lease], waits: &mut Vec<String>) -> Done {
    let (mut bound, mut marks) = (Vec::new(), Vec::new());
    for lease in leases {
        let of =
            format!("network {network:?}: {}", lease.name.as_ref().unwrap_or(&lease.container));
        match (lease.netns(), lease.pending()) {
            (Some(mark), _) if mark.is_of_this_boot()? => {
                bound.push(of);
                marks.push((mark.inode, mark.cookie));
            }
            (_, Some(pending)) => {
                let age = pending.age()?.as_secs();
                waits.push(format!("{of} has waited for its container for {age} s"));
            }
            _ => waits.push(format!("{of} is of an earlier boot")),
        }
    }
    NetNs::find_all(&marks, |at, presence| {
        if matches!(presence, Presence::Gone) {
            waits.push(format!("{} has ended", bound[at]));
        }
    });
    Ok(())
}

fn plain(
    networks: &Networks,
    store: &str,
    (serves_docker, socket): (bool, &Path),
    rows: &[Vec<String>],
    waits: &[String],
) -> String {
    let docker = if serves_docker { "served" } else { "not served" };
    let text = format!(
        "host {}, store {store}: {}; Docker plugin {docker} at {}\n",
        networks.host_name(),
        paint(Role::Good, "answers"),
        socket.display(),
    );
    let text = text + &table(&HEADINGS, rows);
    text + &lines(waits.iter().map(|wait| format!("waits: {wait}")))
}
