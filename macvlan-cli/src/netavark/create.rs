//! `create`: checks a network, makes it in the store, and answers it as it then is.

use macvlan_core::Host;
use macvlan_network::NetworkConfig;
use serde_json::{Map, Value, json};

use crate::failure::{Done, Failure, status};
use crate::netavark::description::{Description, RUNTIME};
use crate::netavark::request::Network;
use crate::runtime_network;
use crate::signal::Signals;
use crate::store::StoreOptions;

/// Creates a network. Fields that only Podman knows are answered as they were asked.
pub(super) fn run(request: Map<String, Value>) -> Done<Value> {
    let network: Network = serde_json::from_value(Value::Object(request.clone()))
        .map_err(|error| Failure::usage(format!("cannot read the network: {error}")))?;
    let signals = Signals::catch()?;
    let host = Host::open()?.cancelled_by(signals.cancel());
    let config = Description::of_new(&network, &host)?.config;
    let networks = StoreOptions::of_plugin().open(host)?;
    let ensured = runtime_network::ensure(&networks, config, RUNTIME)?;
    let warnings = ensured.network.warnings();
    if let Some(first) = warnings.first() {
        // No container could be connected, and Podman has no place for a warning.
        let failure = Failure::new(status::OTHER, first.clone());
        if ensured.created {
            ensured.network.remove()?;
        }
        return Err(failure);
    }
    Ok(answer(request, ensured.network.config()))
}

/// Returns the network as Podman stores it, with all that was chosen.
fn answer(mut network: Map<String, Value>, config: &NetworkConfig) -> Value {
    // Podman then gives no addresses itself; setup does.
    network.insert("ipam_options".to_owned(), json!({ "driver": "none" }));
    // Its DNS server listens on the gateways of bridges.
    network.insert("dns_enabled".to_owned(), json!(false));
    let has_parent = |network: &Map<String, Value>| {
        network.get("options").is_some_and(|options| options.get("parent").is_some())
    };
    if !has_parent(&network) {
        let parent = config.get_parent().map(ToString::to_string);
        network.insert("network_interface".to_owned(), json!(parent));
    }
    let given = network.remove("subnets");
    let given = given.as_ref().and_then(Value::as_array);
    let subnets = config.get_subnets().iter().map(|subnet| {
        let net = json!(subnet.get_net().to_string());
        let mut answer = given
            .and_then(|given| given.iter().find(|one| one["subnet"] == net))
            .cloned()
            .unwrap_or_else(|| json!({ "subnet": net }));
        if let Some(gateway) = subnet.get_gateway() {
            answer["gateway"] = json!(gateway.to_string());
        }
        answer
    });
    let subnets: Vec<Value> = subnets.collect();
    let has_v6 = config.get_subnets().iter().any(|one| one.get_net().addr().is_ipv6());
    network.insert("ipv6_enabled".to_owned(), json!(has_v6));
    if !subnets.is_empty() {
        network.insert("subnets".to_owned(), json!(subnets));
    }
    Value::Object(network)
}
