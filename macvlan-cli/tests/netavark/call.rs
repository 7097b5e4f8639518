//! Calls the plugin on a host of the lab.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Output, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Container, Directory, Lab, Outcome};
use serde_json::{Value, json};

/// A host with a database that does not exist yet.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) directory: Directory,
}

impl Scene {
    pub(crate) fn set() -> Outcome<Self> {
        Ok(Self { lab: Lab::new()?, directory: Directory::new()? })
    }

    pub(crate) fn host(&self) -> &NetNs {
        &self.lab.a.netns
    }

    pub(crate) fn db(&self) -> String {
        self.directory.path().join("store/networks.db").display().to_string()
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_macvlan"));
        command.arg0(name).args(arguments).current_dir("/").env("LC_ALL", "C.UTF-8");
        command.env_remove("MACVLAN_CONFIG").env("MACVLAN_DB", self.db());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the plugin with a request.
    pub(crate) fn start(&self, arguments: &[&str], request: &str) -> Outcome<Child> {
        self.start_as("/usr/local/libexec/netavark/lan", arguments, request)
    }

    fn start_as(&self, name: &str, arguments: &[&str], request: &str) -> Outcome<Child> {
        let mut command = self.command(name, arguments);
        let mut child = self.host().run(|| command.spawn())??;
        // It may end without having read all.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(request.as_bytes()));
        Ok(child)
    }

    /// Calls the plugin with a request, as netavark does, until it ends.
    pub(crate) fn call(&self, arguments: &[&str], request: &str) -> Outcome<Output> {
        Ok(self.start(arguments, request)?.wait_with_output()?)
    }

    /// Calls the program by any name.
    pub(crate) fn call_as(&self, name: &str, arguments: &[&str], request: &str) -> Outcome<Output> {
        Ok(self.start_as(name, arguments, request)?.wait_with_output()?)
    }

    /// Calls the plugin, which has to succeed without a message, and returns its answer.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str], request: &Value) -> Outcome<Value> {
        answer(arguments, &self.call(arguments, &request.to_string())?)
    }

    /// Calls the plugin, which has to fail in the form of the protocol, and returns the error.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], request: &Value) -> Outcome<String> {
        error(arguments, &self.call(arguments, &request.to_string())?)
    }

    /// Creates a network, and returns it as Podman stores it.
    #[track_caller]
    pub(crate) fn create(&self, network: &Value) -> Outcome<Value> {
        self.ok(&["create"], network)
    }

    #[track_caller]
    pub(crate) fn setup(&self, netns: &str, request: &Value) -> Outcome<Value> {
        self.ok(&["setup", netns], request)
    }

    #[track_caller]
    pub(crate) fn teardown(&self, netns: &str, request: &Value) -> Outcome {
        assert_eq!(self.ok(&["teardown", netns], request)?, Value::Null, "no answer");
        Ok(())
    }

    /// Runs the command `macvlan network … --json` with the same database.
    #[track_caller]
    pub(crate) fn network(&self, arguments: &str) -> Outcome<Value> {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let words = [&["network", "--json"], &words[..]].concat();
        let mut command = self.command("/usr/bin/macvlan", &words);
        answer(&words, &self.host().run(|| command.output())??)
    }

    /// Returns the containers that have leases, with their addresses.
    #[track_caller]
    pub(crate) fn leases(&self) -> Outcome<Value> {
        let leases = self.network("leases")?;
        let one = |lease: &Value| json!([lease["container"], lease["addresses"]]);
        Ok(leases.as_array().into_iter().flatten().map(one).collect())
    }
}

#[track_caller]
pub(crate) fn answer(arguments: &[&str], output: &Output) -> Outcome<Value> {
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    if output.stdout.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the error, which is the only key of an answer in one line.
#[track_caller]
pub(crate) fn error(arguments: &[&str], output: &Output) -> Outcome<String> {
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1), "{answer}");
    let error = answer["error"].as_str().ok_or("no text")?;
    assert!(!error.is_empty() && error.lines().count() == 1, "{error}");
    Ok(error.to_owned())
}

/// Returns a network as Podman 5.4 sends it to `create`.
pub(crate) fn network(name: &str, subnets: &Value, options: &Value) -> Value {
    let number = name.bytes().fold(0, |number: u128, byte| number << 8 | u128::from(byte));
    json!({
        "name": name,
        "id": format!("{number:064x}"),
        "driver": "lan",
        "created": "0001-01-01T00:00:00Z",
        "subnets": subnets,
        "ipv6_enabled": false,
        "internal": false,
        "dns_enabled": true,
        "options": options,
        "ipam_options": {},
        "labels": {},
    })
}

/// Returns a container in a network, as netavark 1.14 sends it to `setup` and `teardown`.
///
/// netavark leaves out what it does not know, such as labels, and adds what is missing as `null`.
pub(crate) fn request(id: &str, name: &str, network: &Value, options: &Value) -> Value {
    let mut network = network.clone();
    if let Some(network) = network.as_object_mut() {
        network.remove("labels");
        network.remove("created");
        for key in ["network_interface", "routes", "network_dns_servers", "subnets"] {
            network.entry(key).or_insert(Value::Null);
        }
    }
    let mut asked = json!({
        "aliases": [&id[..id.len().min(12)]],
        "interface_name": "eth0",
        "static_ips": null,
        "static_mac": null,
        "options": null,
    });
    if let (Some(asked), Some(options)) = (asked.as_object_mut(), options.as_object()) {
        asked.extend(options.clone());
    }
    json!({
        "container_id": id,
        "container_name": name,
        "port_mappings": null,
        "network": network,
        "network_options": asked,
    })
}

/// A container, and the path by which netavark is told its namespace.
pub(crate) struct Inside {
    pub(crate) netns: NetNs,
    pub(crate) path: String,
    process: Container,
}

impl Inside {
    pub(crate) fn start() -> Outcome<Self> {
        let process = Container::start()?;
        let path = format!("/proc/{}/ns/net", process.pid());
        Ok(Self { netns: process.netns()?, path, process })
    }

    /// Ends the container; the kernel deletes its interfaces some time later.
    pub(crate) fn end(self) -> String {
        let Self { netns, path, process } = self;
        drop((netns, process));
        path
    }
}
