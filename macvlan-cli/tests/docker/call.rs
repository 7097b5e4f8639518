//! Calls the plugin on a host of the lab.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use macvlan_core::NetNs;
use macvlan_tests::{Container, Directory, Etcd, Lab, Outcome, eventually, ip_do, path_of};
use serde_json::{Value, json};

/// A host with the plugin, whose database does not exist yet.
pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) directory: Directory,
    plugin: Option<Child>,
    /// The namespace that everything runs in, if that is not the host's.
    runs_in: Option<NetNs>,
}

impl Scene {
    pub(crate) fn set() -> Outcome<Self> {
        let mut scene = Self::without_plugin()?;
        scene.start()?;
        Ok(scene)
    }

    pub(crate) fn without_plugin() -> Outcome<Self> {
        Ok(Self { lab: Lab::new()?, directory: Directory::new()?, plugin: None, runs_in: None })
    }

    pub(crate) fn host(&self) -> &NetNs {
        &self.lab.a.netns
    }

    /// Uses etcd in the place of the database, under this host's name.
    pub(crate) fn use_etcd(&mut self, etcd: &Etcd, host: &str) -> Outcome {
        let endpoint = Etcd::ENDPOINT;
        let text =
            format!("[etcd]\nendpoints = [{endpoint:?}]\nhost = {host:?}\ntimeout = \"2s\"\n");
        std::fs::write(self.directory.path().join("macvlan.toml"), text)?;
        self.runs_in = Some(etcd.netns().clone());
        Ok(())
    }

    /// Returns the namespace that the command runs in.
    pub(crate) fn runs_in(&self) -> &NetNs {
        self.runs_in.as_ref().unwrap_or(self.host())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("plugins/lan.sock")
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_macvlan"));
        command.args(arguments.split_whitespace()).current_dir("/").env("LC_ALL", "C.UTF-8");
        if self.runs_in.is_some() {
            command.arg(format!("--host={}", path_of(self.host())));
            command.env("MACVLAN_CONFIG", self.directory.path().join("macvlan.toml"));
        } else {
            command.env("MACVLAN_DB", self.directory.path().join("store/networks.db"));
            command.env_remove("MACVLAN_CONFIG");
        }
        // No Docker answers here.
        command.env("DOCKER_HOST", "unix:///nonexistent");
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Starts the plugin, and waits until it listens.
    pub(crate) fn start(&mut self) -> Outcome {
        let arguments = format!("docker --interval 1s --docker={}", self.socket().display());
        let log = std::fs::File::options().append(true).create(true).open(self.log())?;
        let mut command = self.command(&arguments);
        command.stderr(log);
        self.plugin = Some(self.runs_in().run(|| command.spawn())??);
        eventually(
            "the plugin does not listen",
            || Ok(UnixStream::connect(self.socket()).is_ok()),
        )?;
        eventually("the store is not open", || {
            Ok(std::fs::read_to_string(self.log())?.contains("runs"))
        })
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    pub(crate) fn logged(&self) -> Outcome<String> {
        Ok(std::fs::read_to_string(self.log())?)
    }

    /// Returns the plugin's process id.
    pub(crate) fn pid(&self) -> Outcome<u32> {
        Ok(self.plugin.as_ref().ok_or("the plugin does not run")?.id())
    }

    /// Kills the plugin.
    pub(crate) fn kill(&mut self) -> Outcome {
        if let Some(mut plugin) = self.plugin.take() {
            plugin.kill()?;
            plugin.wait()?;
        }
        std::fs::write(self.log(), "")?;
        Ok(())
    }

    /// Sends bytes, and returns all that is answered until the end.
    pub(crate) fn send(&self, bytes: &[u8]) -> Outcome<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        // It may be refused before all was read.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Calls a method with a body, and returns the status and the answer.
    pub(crate) fn post(&self, method: &str, body: &str) -> Outcome<(u16, Value)> {
        let request = format!(
            "POST /{method} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.send(request.as_bytes())?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let body = serde_json::from_str(body).map_err(|error| format!("{error}: {answer:?}"))?;
        Ok((status.ok_or("no status")?, body))
    }

    /// Calls a method, which has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, method: &str, request: &Value) -> Outcome<Value> {
        let (status, answer) = self.post(method, &request.to_string())?;
        assert!(status == 200 && answer.get("Err").is_none(), "{method} {request}: {answer}");
        Ok(answer)
    }

    /// Calls a method, which has to fail, and returns the error.
    #[track_caller]
    pub(crate) fn fails(&self, method: &str, request: &Value) -> Outcome<String> {
        let (status, answer) = self.post(method, &request.to_string())?;
        assert_eq!(status, 200, "{method} {request}: {answer}");
        let error = answer["Err"].as_str().ok_or_else(|| format!("{method}: {answer}"))?;
        assert_eq!(answer["Error"], error);
        assert!(!error.is_empty() && error.lines().count() == 1, "{error}");
        Ok(error.to_owned())
    }

    /// Requests a pool and its gateway, as Docker does, and returns its id and the network's part.
    pub(crate) fn pool(
        &self,
        subnet: &str,
        range: &str,
        gateway: &str,
    ) -> Outcome<(String, Value)> {
        let v6 = subnet.contains(':');
        let request = json!({
            "AddressSpace": "macvlan", "Pool": subnet, "SubPool": range, "Options": null, "V6": v6,
        });
        let pool = self.ok("IpamDriver.RequestPool", &request)?;
        let id = pool["PoolID"].as_str().ok_or("no id")?.to_owned();
        let gateway = self.ok(
            "IpamDriver.RequestAddress",
            &json!({
                "PoolID": id, "Address": gateway,
                "Options": { "RequestAddressType": "com.docker.network.gateway" },
            }),
        )?;
        let data = json!({
            "AddressSpace": "macvlan", "Pool": pool["Pool"], "Gateway": gateway["Address"],
        });
        Ok((id, data))
    }

    /// Creates a network with pools, as Docker does.
    pub(crate) fn create(&self, id: &str, pools: &[Value], options: &Value) -> Outcome<Value> {
        self.ok("NetworkDriver.CreateNetwork", &network(id, pools, options, false))
    }

    /// Creates a network on the lab's LAN, and returns its pool.
    pub(crate) fn lan(&self, id: &str, options: &Value) -> Outcome<String> {
        let (pool, data) = self.pool("192.168.15.0/24", "192.168.15.64/26", "")?;
        let mut all = json!({ "parent": "ens33" });
        for (key, value) in options.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        self.create(id, &[data], &all)?;
        Ok(pool)
    }

    pub(crate) fn address(&self, pool: &str, address: &str) -> Outcome<Value> {
        let request = json!({ "PoolID": pool, "Address": address, "Options": {} });
        Ok(self.ok("IpamDriver.RequestAddress", &request)?["Address"].take())
    }

    /// Creates an endpoint and joins it, and moves its link as Docker does.
    pub(crate) fn join(&self, network: &str, id: &str, pool: &str, to: &Inside) -> Outcome<Value> {
        let address = self.address(pool, "")?;
        let is_v6 = address.as_str().is_some_and(|address| address.contains(':'));
        let (v4, v6) =
            if is_v6 { (json!(""), address.clone()) } else { (address.clone(), json!("")) };
        let interface = json!({ "Address": v4, "AddressIPv6": v6, "MacAddress": "" });
        self.ok("NetworkDriver.CreateEndpoint", &endpoint(network, id, &interface))?;
        let answer = self.ok("NetworkDriver.Join", &of(network, id, &to.path))?;
        if let Some(link) = answer["InterfaceName"]["SrcName"].as_str() {
            to.take(self.host(), link, address.as_str().unwrap_or_default());
        }
        Ok(answer)
    }

    /// Ends an endpoint, as Docker does after it has moved the link back.
    pub(crate) fn leave(&self, network: &str, id: &str, pool: &str, address: &Value) -> Outcome {
        self.ok("NetworkDriver.Leave", &of(network, id, ""))?;
        self.ok("NetworkDriver.DeleteEndpoint", &of(network, id, ""))?;
        let request = json!({ "PoolID": pool, "Address": address });
        assert_eq!(self.ok("IpamDriver.ReleaseAddress", &request)?, json!({}));
        Ok(())
    }

    /// Runs the command `macvlan network … --json` with the same database.
    #[track_caller]
    pub(crate) fn network(&self, arguments: &str) -> Outcome<Value> {
        let mut command = self.command(&format!("network --json {arguments}"));
        let output = self.runs_in().run(|| command.output())??;
        assert!(output.status.success(), "{arguments}: {output:?}");
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// Returns the containers that have leases, with their addresses.
    pub(crate) fn leases(&self) -> Outcome<Value> {
        let leases = self.network("leases")?;
        let one = |lease: &Value| json!([lease["container"], lease["addresses"]]);
        Ok(leases.as_array().into_iter().flatten().map(one).collect())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// A network as Docker 26.1 describes it.
pub(crate) fn network(id: &str, pools: &[Value], options: &Value, internal: bool) -> Value {
    let v6 = |pool: &&Value| pool["Pool"].as_str().is_some_and(|pool| pool.contains(':'));
    json!({
        "NetworkID": id,
        "Options": {
            "com.docker.network.enable_ipv6": pools.iter().any(|pool| v6(&pool)),
            "com.docker.network.generic": options,
            "com.docker.network.internal": internal,
        },
        "IPv4Data": pools.iter().filter(|pool| !v6(pool)).collect::<Vec<_>>(),
        "IPv6Data": pools.iter().filter(v6).collect::<Vec<_>>(),
    })
}

pub(crate) fn endpoint(network: &str, id: &str, interface: &Value) -> Value {
    json!({
        "NetworkID": network,
        "EndpointID": id,
        "Interface": interface,
        "Options": {
            "com.docker.network.endpoint.exposedports": null,
            "com.docker.network.portmap": [],
        },
    })
}

pub(crate) fn of(network: &str, endpoint: &str, sandbox: &str) -> Value {
    json!({ "NetworkID": network, "EndpointID": endpoint, "SandboxKey": sandbox, "Options": null })
}

/// A container.
pub(crate) struct Inside {
    pub(crate) container: Option<Container>,
    pub(crate) netns: NetNs,
    pub(crate) path: String,
}

impl Inside {
    pub(crate) fn start() -> Outcome<Self> {
        let container = Container::start()?;
        let netns = container.netns()?;
        let path = path_of(&netns);
        Ok(Self { container: Some(container), netns, path })
    }

    /// Moves a link here and sets it up, as Docker does.
    pub(crate) fn take(&self, host: &NetNs, link: &str, address: &str) {
        ip_do(host, &format!("link set {link} netns {}", self.path));
        ip_do(&self.netns, &format!("link set {link} name eth0"));
        if !address.is_empty() {
            let nodad = if address.contains(':') { " nodad" } else { "" };
            ip_do(&self.netns, &format!("address add {address} dev eth0{nodad}"));
        }
        ip_do(&self.netns, "link set eth0 up");
    }

    /// Moves the link back to the host, as Docker does.
    pub(crate) fn give(&self, host: &NetNs, link: &str) {
        ip_do(&self.netns, "link set eth0 down");
        ip_do(&self.netns, &format!("link set eth0 name {link}"));
        ip_do(&self.netns, &format!("link set {link} netns {}", path_of(host)));
    }
}
