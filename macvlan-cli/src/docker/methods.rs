//! The methods that Docker calls.

use std::time::Instant;

use serde::de::DeserializeOwned;
use serde_json::json;
use tracing::{debug, warn};

use crate::docker::plugin::{Answer, Plugin};
use crate::docker::{endpoint, ipam, network};
use crate::failure::{Done, Failure};

/// Returns the answer for a failure; a network driver's and an IPAM driver's have different keys.
pub(super) fn failed(why: &str) -> Answer {
    json!({ "Err": why, "Error": why })
}

/// Answers a request; `None` if the method is unknown.
pub(super) fn call(plugin: &Plugin, path: &str, body: &[u8]) -> Option<Answer> {
    let method = path.strip_prefix('/').unwrap_or(path);
    let started = Instant::now();
    let answered = match method {
        "Plugin.Activate" => Ok(json!({ "Implements": ["NetworkDriver", "IpamDriver"] })),
        "NetworkDriver.GetCapabilities" => Ok(json!({
            "Scope": "local", "ConnectivityScope": "global", "GwAllocChecker": true,
        })),
        "IpamDriver.GetCapabilities" => Ok(json!({ "RequiresMACAddress": false })),
        "IpamDriver.GetDefaultAddressSpaces" => Ok(json!({
            "LocalDefaultAddressSpace": ipam::SPACE, "GlobalDefaultAddressSpace": ipam::SPACE,
        })),
        "IpamDriver.RequestPool" => with(body, |request| ipam::request_pool(plugin, request)),
        "IpamDriver.ReleasePool" => done(body, |request| ipam::release_pool(plugin, request)),
        "IpamDriver.RequestAddress" => with(body, |request| ipam::request_address(plugin, request)),
        "IpamDriver.ReleaseAddress" => done(body, |request| ipam::release_address(plugin, request)),
        "NetworkDriver.GwAllocCheck" => with(body, network::check_gateway),
        "NetworkDriver.CreateNetwork" => with(body, |request| network::create(plugin, request)),
        "NetworkDriver.DeleteNetwork" => with(body, |request| network::delete(plugin, request)),
        "NetworkDriver.CreateEndpoint" => with(body, |request| endpoint::create(plugin, request)),
        "NetworkDriver.Join" => with(body, |request| endpoint::join(plugin, request)),
        "NetworkDriver.DeleteEndpoint" => done(body, |request| endpoint::delete(plugin, request)),
        "NetworkDriver.EndpointOperInfo" => Ok(json!({ "Value": {} })),
        // At Leave, the link is still inside; it comes back before the endpoint is deleted.
        "NetworkDriver.Leave"
        | "NetworkDriver.ProgramExternalConnectivity"
        | "NetworkDriver.RevokeExternalConnectivity"
        | "NetworkDriver.DiscoverNew"
        | "NetworkDriver.DiscoverDelete" => Ok(json!({})),
        _ => return None,
    };
    let took = started.elapsed();
    debug!(method, ?took, "answered");
    Some(answered.unwrap_or_else(|failure| {
        let why = failure.in_one_line();
        warn!(method, ?took, "refused: {why}");
        failed(&why)
    }))
}

/// Reads a request and answers it.
fn with<T: DeserializeOwned + Default>(
    body: &[u8],
    answer: impl FnOnce(&T) -> Done<Answer>,
) -> Done<Answer> {
    // Docker sends no body for a request without fields.
    let request = if body.is_empty() {
        T::default()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Failure::usage(format!("cannot read the request: {error}")))?
    };
    answer(&request)
}

/// Reads a request and does what cannot fail.
fn done<T: DeserializeOwned + Default>(body: &[u8], act: impl FnOnce(&T)) -> Done<Answer> {
    with(body, |request| {
        act(request);
        Ok(json!({}))
    })
}
