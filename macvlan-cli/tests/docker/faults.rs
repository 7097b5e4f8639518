//! Requests that are not Docker's, and ends at any moment.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use macvlan_tests::{Outcome, eventually, ip_lines};
use serde_json::{Value, json};

use crate::call::{Inside, Scene, endpoint, of};

/// All methods that read a request.
const METHODS: [&str; 12] = [
    "IpamDriver.RequestPool",
    "IpamDriver.ReleasePool",
    "IpamDriver.RequestAddress",
    "IpamDriver.ReleaseAddress",
    "NetworkDriver.GwAllocCheck",
    "NetworkDriver.CreateNetwork",
    "NetworkDriver.DeleteNetwork",
    "NetworkDriver.CreateEndpoint",
    "NetworkDriver.Join",
    "NetworkDriver.Leave",
    "NetworkDriver.DeleteEndpoint",
    "Plugin.Activate",
];

/// A generator of numbers (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or(0)
    }

    /// Returns any JSON value, often one that Docker sends.
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1 << 20)),
            3 => json!(["", "::", "10.0.0.0/24", "fd15::/64", "x\u{0}y\n"][self.below(5)]),
            4 => json!(["192.168.15.0/24", "192.168.15.1/24", "4-", "macvlan"][self.below(4)]),
            5 => json!("🦀".repeat(self.below(50))),
            6 => (0..self.below(3)).map(|_| self.value(depth - 1)).collect(),
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        const KEYS: [&str; 20] = [
            "PoolID",
            "Pool",
            "SubPool",
            "Options",
            "V6",
            "Address",
            "AddressSpace",
            "NetworkID",
            "EndpointID",
            "IPv4Data",
            "IPv6Data",
            "Gateway",
            "AuxAddresses",
            "Interface",
            "MacAddress",
            "AddressIPv6",
            "SandboxKey",
            "com.docker.network.generic",
            "com.docker.network.internal",
            "RequestAddressType",
        ];
        let mut object = json!({});
        for _ in 0..self.below(8) {
            object[KEYS[self.below(KEYS.len())]] = self.value(depth);
        }
        object
    }
}

fn any_json() -> Outcome {
    let scene = Scene::set()?;
    let rounds = if std::env::var_os("MACVLAN_LONG").is_some() { 100_000 } else { 1000 };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..rounds {
        let method = METHODS[random.below(METHODS.len())];
        let request = random.object(4);
        let (status, _) = scene.post(method, &request.to_string())?;
        assert_eq!(status, 200, "round {round}: {method} {request}: {}", scene.logged()?);
    }
    // Text that is cut off, or no JSON at all.
    let whole = json!({ "Pool": "192.168.15.0/24", "Options": { "a": "b" } }).to_string();
    for end in 0..whole.len() {
        assert_eq!(scene.post("IpamDriver.RequestPool", &whole[..end])?.0, 200);
    }
    let deep = "[".repeat(100_000);
    assert_eq!(scene.post("IpamDriver.RequestPool", &deep)?.0, 200);
    let log = scene.logged()?;
    assert!(!log.contains("panicked"), "{log}");
    scene.lan("n1", &json!({}))?;
    assert_eq!(scene.leases()?, json!([]));
    Ok(())
}

fn any_bytes() -> Outcome {
    let scene = Scene::set()?;
    for (bytes, status) in [
        (&b"GET /Plugin.Activate HTTP/1.1\r\nHost: x\r\n\r\n"[..], "405"),
        (b"POST /Plugin.Activate HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", "413"),
        (b"POST /Plugin.Activate HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        (b"\x16\x03\x01\x00\xff\x00\x00\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "404"),
    ] {
        let answer = scene.send(bytes)?;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.contains(status), "{:?}: {line:?}", String::from_utf8_lossy(bytes));
    }
    let many: String = "x-many: of them\r\n".repeat(20_000);
    let answer = scene.send(format!("POST / HTTP/1.1\r\n{many}\r\n").as_bytes())?;
    assert!(answer.is_empty() || answer.contains("431") || answer.contains("400"), "{answer}");
    let chunks = "10000\r\n".to_owned() + &"a".repeat(0x10000) + "\r\n";
    let endless = "POST /Plugin.Activate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_owned()
        + &chunks.repeat(64);
    let answer = scene.send(endless.as_bytes())?;
    assert!(answer.is_empty() || answer.contains("413"), "{answer}");
    scene.ok("Plugin.Activate", &Value::Null)?;
    Ok(())
}

/// Connections that say nothing do not keep others out, and end; memory stays bounded.
fn half_open() -> Outcome {
    let scene = Scene::set()?;
    let resident = || -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", scene.pid()?))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no size")?;
        Ok(line.split_whitespace().nth(1).ok_or("no size")?.parse()?)
    };
    let before = resident()?;
    let mut silent = Vec::new();
    for at in 0..300 {
        let mut stream = UnixStream::connect(scene.socket())?;
        if at % 2 == 0 {
            stream.write_all(b"POST /Plugin.Activate HTTP/1.1\r\nContent-Length: 5\r\n\r\n{")?;
        }
        silent.push(stream);
    }
    // It has to wait for a place, until the first ones have taken too long.
    scene.ok("Plugin.Activate", &Value::Null)?;
    let grown = resident()?.saturating_sub(before);
    assert!(grown < 50_000, "{grown} KiB");
    for stream in &mut silent[..10] {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
    }
    Ok(())
}

/// Only root can connect; a socket that nobody serves is replaced, and one that is served is not.
fn the_socket() -> Outcome {
    let mut scene = Scene::set()?;
    let file = fs::symlink_metadata(scene.socket())?;
    assert_eq!((file.permissions().mode() & 0o777, file.uid()), (0o600, 0));
    let mut second = scene.command(&format!("docker --docker={}", scene.socket().display()));
    let second = scene.host().run(|| second.output())??;
    let why = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && why.contains("another process serves it"), "{why}");
    scene.ok("Plugin.Activate", &Value::Null)?;
    scene.kill()?;
    assert!(scene.socket().exists());
    scene.start()?;
    scene.ok("Plugin.Activate", &Value::Null)?;
    // It is removed when the plugin ends by itself.
    let pid = i32::try_from(scene.pid()?)?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM)?;
    eventually("the socket is left", || Ok(!scene.socket().exists()))?;
    let names: Vec<_> = fs::read_dir(scene.directory.path().join("plugins"))?.collect();
    assert!(names.is_empty(), "{names:?}");
    Ok(())
}

/// The configuration can name the socket, for the agent.
fn the_socket_of_the_configuration() -> Outcome {
    let scene = Scene::without_plugin()?;
    let config = scene.directory.path().join("macvlan.toml");
    fs::write(&config, format!("[agent]\ndocker = \"{}\"\n", scene.socket().display()))?;
    let mut command = scene.command("agent");
    command.env("MACVLAN_CONFIG", config).stderr(Stdio::null());
    let mut agent = scene.host().run(|| command.spawn())??;
    let listens =
        eventually("it does not listen", || Ok(UnixStream::connect(scene.socket()).is_ok()));
    let answer = scene.ok("Plugin.Activate", &Value::Null);
    agent.kill()?;
    agent.wait()?;
    listens?;
    assert_eq!(answer?["Implements"][0], "NetworkDriver");
    Ok(())
}

/// systemd opens the socket and passes it as descriptor 3.
fn the_socket_of_systemd() -> Outcome {
    let scene = Scene::without_plugin()?;
    fs::create_dir(scene.directory.path().join("plugins"))?;
    let listener = UnixListener::bind(scene.socket())?;
    let passed = nix::unistd::dup(&listener)?;
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!(
        "exec 3<&{}; export LISTEN_PID=$$ LISTEN_FDS=1; exec {} agent --db {}/x.db",
        passed.as_raw_fd(),
        env!("CARGO_BIN_EXE_macvlan"),
        scene.directory.path().display()
    ));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let mut agent = scene.host().run(|| command.spawn())??;
    let answer = scene.ok("Plugin.Activate", &Value::Null);
    agent.kill()?;
    agent.wait()?;
    assert_eq!(answer?["Implements"][0], "NetworkDriver");
    assert!(scene.socket().exists(), "it is systemd's");
    Ok(())
}

/// The plugin is killed in every request of a container's life.
fn killed() -> Outcome {
    let mut scene = Scene::set()?;
    let pool = scene.lan("n1", &json!({}))?;
    let rounds = if std::env::var_os("MACVLAN_LONG").is_some() { 200 } else { 12 };
    for round in 0..rounds {
        let inside = Inside::start()?;
        let address = scene.address(&pool, &format!("192.168.15.{}", 64 + round % 60))?;
        let id = format!("e{round}");
        let interface = json!({ "Address": address });
        let requests = [
            ("NetworkDriver.CreateEndpoint", endpoint("n1", &id, &interface)),
            ("NetworkDriver.Join", of("n1", &id, &inside.path)),
            ("NetworkDriver.Leave", of("n1", &id, "")),
            ("NetworkDriver.DeleteEndpoint", of("n1", &id, "")),
            ("IpamDriver.ReleaseAddress", json!({ "PoolID": pool, "Address": address })),
        ];
        let (at, after) =
            (round % requests.len(), Duration::from_micros((round * 977 % 6000) as u64));
        for (place, (method, request)) in requests.iter().enumerate() {
            if place == at {
                let body = request.to_string();
                let text = format!(
                    "POST /{method} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                UnixStream::connect(scene.socket())?.write_all(text.as_bytes())?;
                std::thread::sleep(after);
                scene.kill()?;
                scene.start()?;
            }
            // Docker repeats it.
            scene.ok(method, request)?;
        }
        assert_eq!(scene.leases()?, json!([]), "round {round}");
        let links = ip_lines(scene.host(), "link show type macvlan");
        assert!(links.is_empty(), "round {round}: {links:?}");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    any_json,
    any_bytes,
    half_open,
    the_socket,
    the_socket_of_the_configuration,
    the_socket_of_systemd,
    killed,
}
