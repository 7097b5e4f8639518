//! `macvlan docker migrate`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::container::docker::Daemon;
use crate::failure::{Done, Failure, warn};
use crate::session::Session;
use crate::signal::Signals;
use crate::value;
use crate::verbs::docker::described::{Container, Endpoint, Network, read};
use crate::verbs::docker::steps;

/// Print, or do, what moves a macvlan network with its containers to the plugin.
///
/// The new network has the same subnets, options and labels, and its containers have the same
/// addresses. The old network stays, without containers.
#[derive(Args)]
pub(super) struct Migrate {
    /// The network's name or id
    network: String,
    /// The name of the new network [default: the old name with "-lan"]
    #[arg(long)]
    name: Option<String>,
    /// The name of the plugin
    #[arg(long, default_value = "lan")]
    driver: String,
    /// A further option of the new network, such as probe=on (repeatable)
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = value::pair)]
    opt: Vec<(String, String)>,
    /// The output of `docker inspect NETWORK [CONTAINER]...`, in place of the daemon ("-": standard
    /// input)
    #[arg(long, value_name = "FILE", conflicts_with = "make")]
    from: Option<PathBuf>,
    /// Do it; if a step fails, all of them are undone
    #[arg(long = "do")]
    make: bool,
}

/// A network to migrate, and containers, some of which are in it.
struct Found {
    network: Network,
    containers: Vec<Container>,
}

impl Migrate {
    pub(super) fn run(self, session: &Session) -> Done {
        let signals = if self.make { Some(Signals::catch()?) } else { None };
        let (found, daemon) = if let Some(path) = &self.from {
            (from_text(&text(path)?, &self.network)?, None)
        } else {
            let daemon = Daemon::find()?;
            (ask(&daemon, &self.network)?, Some(daemon))
        };
        let Found { mut network, containers } = found;
        network.check(&self.driver)?;
        let mut left_out = network.for_plugin(self.opt);
        let mut endpoints: Vec<(Endpoint, Endpoint)> = Vec::new();
        for endpoint in network.endpoints(&containers) {
            let (to_be, further) = endpoint.for_plugin();
            left_out.extend(further);
            endpoints.push((endpoint, to_be));
        }
        for one in left_out {
            warn(&format!("warning: left out: {one}"));
        }
        if self.from.is_some() && network.has_undescribed(&containers) {
            warn(
                "warning: aliases and other settings of containers are not known; use `docker inspect \
                  NETWORK CONTAINER…`",
            );
        }
        let name = self.name.unwrap_or_else(|| format!("{}-lan", network.name));
        let steps = steps::of(&network, (&name, &self.driver), &endpoints);
        if let (Some(signals), Some(daemon)) = (&signals, &daemon) {
            steps::run(&steps, daemon, signals.cancel())?;
        }
        let commands = || {
            let all: Vec<String> = steps.iter().map(|step| step.request.to_string()).collect();
            all.join("\n")
        };
        let made = || {
            format!(
                "network {name:?} has the {} containers of {:?}; remove that by: docker network rm {1}",
                endpoints.len(),
                network.name
            )
        };
        session.print(
            || if self.make { made() } else { commands() },
            || {
                let requests = steps.iter().map(|step| step.request.describe());
                json!({ "done": self.make, "requests": requests.collect::<Vec<_>>() })
            },
        )
    }
}

/// Asks the daemon for the network, and for its containers, also those that do not run.
fn ask(daemon: &Daemon, name: &str) -> Done<Found> {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return Err(Failure::usage(format!("cannot use {name:?} as a network of Docker")));
    }
    let found = daemon.get(&format!("inspect network {name:?}"), &format!("/networks/{name}"))?;
    let network: Network = read("the network", &found)?;
    let all = daemon.get("list the containers", "/containers/json?all=true")?;
    let mut containers = Vec::new();
    for one in all.as_array().into_iter().flatten() {
        let is_in = one["NetworkSettings"]["Networks"].as_object().is_some_and(|networks| {
            networks
                .iter()
                .any(|(name, one)| *name == network.name || one["NetworkID"] == json!(network.id))
        });
        if let Some(id) = one["Id"].as_str().filter(|_| is_in) {
            let path = format!("/containers/{id}/json");
            let container = daemon.get(&format!("inspect container {id}"), &path)?;
            containers.push(read("a container", &container)?);
        }
    }
    Ok(Found { network, containers })
}

fn text(path: &Path) -> Done<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| Failure::file(&format!("read {}", path.display()), &error))?;
    Ok(text)
}

/// Reads the output of `docker inspect`: one or several lists, of networks and containers.
fn from_text(text: &str, name: &str) -> Done<Found> {
    let (mut found, mut containers) = (None, Vec::new());
    for list in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let list = list.map_err(|error| {
            Failure::usage(format!("cannot read the output of `docker inspect`: {error}"))
        })?;
        let objects = match list {
            Value::Array(objects) => objects,
            object => vec![object],
        };
        for object in objects {
            if object.get("NetworkSettings").is_some() {
                containers.push(read("a container", &object)?);
                continue;
            }
            let network: Network = read("a network", &object)?;
            let is_it = network.name == name || (name.len() > 3 && network.id.starts_with(name));
            found = found.or(Some(network).filter(|_| is_it));
        }
    }
    let network = found.ok_or_else(|| {
        Failure::not_found(format!(
            "cannot find network {name:?}: the text has no network of this name"
        ))
    })?;
    Ok(Found { network, containers })
}
