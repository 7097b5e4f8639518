//! Calls the plugin on a host of the lab.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use macvlan_core::NetNs;
use macvlan_tests::{Container, Directory, Lab, Outcome, ip_lines};
use serde_json::{Value, json};

/// A host of the lab, with a directory for the store.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) directory: Directory,
}

/// A container, by which the runtime means one of its interfaces.
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(crate) netns: NetNs,
    /// The path of the namespace.
    pub(crate) path: String,
    pub(crate) process: Container,
}

/// A call of the plugin.
pub(crate) struct Call<'a> {
    verb: &'a str,
    config: Value,
    variables: Vec<(String, String)>,
}

impl Scene {
    pub(crate) fn set() -> Outcome<Self> {
        Ok(Self { lab: Lab::new()?, directory: Directory::new()? })
    }

    pub(crate) fn host(&self) -> &NetNs {
        &self.lab.a.netns
    }

    /// Returns a path in the directory.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    pub(crate) fn pod(id: &str) -> Outcome<Pod> {
        let process = Container::start()?;
        let path = format!("/proc/{}/ns/net", process.pid());
        Ok(Pod { id: id.to_owned(), netns: process.netns()?, path, process })
    }

    /// Returns a configuration with a parent, of layer 2.
    pub(crate) fn plain(fields: &Value) -> Value {
        let plain =
            json!({ "cniVersion": "1.1.0", "name": "blue", "type": "lan", "master": "ens33" });
        merged(plain, fields)
    }

    /// Returns a configuration with leases of 10.1.0.0/24, and these fields in `ipam`.
    pub(crate) fn leased(&self, ipam: &Value) -> Value {
        let ours = json!({ "type": "lan", "db": self.path("n.db"), "subnet": "10.1.0.0/24" });
        Self::plain(&json!({ "ipam": merged(ours, ipam) }))
    }

    /// Runs a call until it ends.
    pub(crate) fn run(&self, call: &Call<'_>) -> Outcome<Output> {
        Ok(self.start(call)?.wait_with_output()?)
    }

    /// Starts a call.
    pub(crate) fn start(&self, call: &Call<'_>) -> Outcome<Child> {
        self.start_on(self.host(), call)
    }

    /// Starts a call on another host.
    pub(crate) fn start_on(&self, host: &NetNs, call: &Call<'_>) -> Outcome<Child> {
        self.start_as(Command::new(PROGRAM), host, call)
    }

    /// Starts a call by a command that runs the program.
    fn start_as(&self, command: Command, host: &NetNs, call: &Call<'_>) -> Outcome<Child> {
        let mut command = with_variables(command, self.variables(call));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = host.run(|| command.spawn())??;
        // It may fail before it reads.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(call.text().as_bytes()));
        Ok(child)
    }

    /// Runs a call by a process that may change no link.
    pub(crate) fn run_without_net_admin(&self, call: &Call<'_>) -> Outcome<Output> {
        let mut command = Command::new("setpriv");
        command.args(["--inh-caps=-net_admin", "--bounding-set=-net_admin", PROGRAM]);
        Ok(self.start_as(command, self.host(), call)?.wait_with_output()?)
    }

    /// Returns the variables of the environment of a call.
    pub(crate) fn variables(&self, call: &Call<'_>) -> Vec<(String, String)> {
        let path = ("CNI_PATH".to_owned(), self.directory.path().display().to_string());
        [vec![path, ("CNI_COMMAND".to_owned(), call.verb.to_owned())], call.variables.clone()]
            .concat()
    }

    /// Runs a call that has to succeed, without a word on standard error, and returns its result.
    #[track_caller]
    pub(crate) fn ok(&self, call: &Call<'_>) -> Outcome<Value> {
        let output = self.run(call)?;
        assert!(output.status.success() && output.stderr.is_empty(), "{}: {output:?}", call.verb);
        if output.stdout.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Runs a call that has to fail with this code, and returns the message.
    #[track_caller]
    pub(crate) fn fails(&self, code: u32, call: &Call<'_>) -> Outcome<String> {
        let output = self.run(call)?;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && output.stderr.is_empty(), "{}: {output:?}", call.verb);
        let error: crate::strict::Error = serde_json::from_str(&said)?;
        assert_eq!(error.code, code, "{said}");
        assert!(!error.msg.is_empty() && !error.msg.contains('\n'), "{said}");
        Ok(format!("{}; {}", error.msg, error.details.unwrap_or_default()))
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_macvlan");

/// Returns the program, with these variables.
pub(crate) fn program(variables: impl IntoIterator<Item = (String, String)>) -> Command {
    with_variables(Command::new(PROGRAM), variables)
}

fn with_variables(
    mut command: Command,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables)
        .current_dir("/");
    command
}

impl<'a> Call<'a> {
    pub(crate) fn new(verb: &'a str, config: &Value) -> Self {
        Self { verb, config: config.clone(), variables: Vec::new() }
    }

    /// A call for the interface `eth0` of a pod.
    pub(crate) fn of(verb: &'a str, config: &Value, pod: &Pod) -> Self {
        Self::new(verb, config)
            .with("CNI_CONTAINERID", &pod.id)
            .with("CNI_NETNS", &pod.path)
            .with("CNI_IFNAME", "eth0")
    }

    /// Returns what the plugin reads.
    pub(crate) fn text(&self) -> String {
        match &self.config {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        }
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != key);
        self.variables.push((key.to_owned(), value.to_owned()));
        self
    }
}

/// Returns the addresses of a pod, which may have no interface.
pub(crate) fn addresses(pod: &Pod) -> Vec<String> {
    let lines = ip_lines(&pod.netns, "-o address show scope global");
    let words = lines.iter().filter_map(|line| line.split_ascii_whitespace().nth(3));
    words.map(str::to_owned).collect()
}

/// Returns an object with further fields, or others.
pub(crate) fn merged(mut json: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        json[key] = value.clone();
    }
    json
}

/// Returns a GC's configuration, with the pods that exist.
pub(crate) fn with_valid(config: &Value, valid: &[&Pod]) -> Value {
    let valid: Vec<Value> =
        valid.iter().map(|pod| json!({ "containerID": pod.id, "ifname": "eth0" })).collect();
    merged(config.clone(), &json!({ "cni.dev/valid-attachments": valid }))
}
