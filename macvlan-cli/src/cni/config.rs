//! The configuration that the runtime gives on standard input.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::{
    Announce, EndpointType, Host, MacAddr, Mode, NetNs, Parent, Probe, VlanOptions,
};
use macvlan_network::MacFrom;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cni::environment::{Arguments, is_name};
use crate::cni::error::{Code, Error, Result};
use crate::cni::fields::{Fields, Switch};
use crate::cni::ipam::Ipam;
use crate::cni::result::Answer;
use crate::cni::version::Version;
use crate::default_parent;

/// A call: the configuration, and what comes with it.
pub(super) struct Request {
    /// Standard input, which delegated plugins get as well.
    pub(super) text: Vec<u8>,
    pub(super) version: Version,
    pub(super) config: Config,
    /// The result of the plugins before this one in a chain, or in CHECK and DEL that of ADD.
    pub(super) previous: Option<Answer>,
    /// In GC, the attachments that exist.
    valid: Option<Vec<Valid>>,
}

/// An attachment that exists, in GC.
#[derive(Deserialize)]
pub(super) struct Valid {
    #[serde(rename = "containerID")]
    pub(super) container: String,
    #[serde(rename = "ifname")]
    pub(super) interface: String,
}

/// The description of a network.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) kind: Kind,
    master: Option<Parent>,
    /// The VLAN of `master` that macvlans are on.
    on_vlan: Option<u16>,
    link_in_container: bool,
    pub(super) mtu: Option<u32>,
    mac: Option<MacAddr>,
    /// The MAC address of the capability or of `args`, which come before `CNI_ARGS`.
    runtime_mac: Option<MacAddr>,
    ips: Vec<IpAddr>,
    pub(super) bc_queue_len: Option<u32>,
    pub(super) probe: Option<Probe>,
    pub(super) announce: Switch<Announce>,
    pub(super) duplicate_detection: bool,
    pub(super) access: bool,
    pub(super) source_routing: Option<u32>,
    pub(super) mac_from: Option<MacFrom>,
    pub(super) sysctls: Vec<(String, String)>,
    pub(super) ipam: Ipam,
    pub(super) dns: Option<Value>,
    pub(super) log: Option<String>,
}

/// The kind of the interfaces.
#[derive(Clone)]
pub(super) enum Kind {
    Macvlan(Mode),
    Vlan(VlanOptions),
}

impl Request {
    /// Parses the configuration; `version` is that of the answer, also if it is an error.
    ///
    /// DEL does without a result that cannot be read.
    pub(super) fn parse(text: &[u8], verb: &str, version: &mut Version) -> Result<Self> {
        let json: Value = serde_json::from_slice(text).map_err(|error| {
            Error::new(Code::DECODE, format!("cannot read the configuration: {error}"))
        })?;
        let Value::Object(json) = json else {
            return Err(Error::new(Code::DECODE, "cannot read the configuration: not an object"));
        };
        let fields = Fields::of(&json);
        if let Some(wanted) = fields.text("cniVersion")? {
            *version = Version::find(&wanted).ok_or_else(|| {
                let all = Version::list();
                Error::new(
                    Code::VERSION,
                    format!("cannot use cniVersion {wanted}: not supported; use {all}"),
                )
            })?;
        } else {
            *version = Version::OLDEST;
        }
        let previous = json.get("prevResult").filter(|json| !json.is_null());
        let previous = previous.map(|json| Answer::parse(json, *version, "prevResult"));
        Ok(Self {
            text: text.to_vec(),
            version: *version,
            config: Config::read(&fields)?,
            previous: previous.filter(|read| verb != "DEL" || read.is_ok()).transpose()?,
            valid: fields.get("cni.dev/valid-attachments")?,
        })
    }

    /// Returns the attachments that exist. Without a list, GC would take all for gone.
    pub(super) fn valid(&self) -> Result<&[Valid]> {
        let missing =
            || Error::config("cannot run GC: the configuration has no cni.dev/valid-attachments");
        self.valid.as_deref().ok_or_else(missing)
    }

    /// Returns the result of an ADD that must have been given back.
    pub(super) fn expected(&self) -> Result<&Answer> {
        self.previous
            .as_ref()
            .ok_or_else(|| Error::config("cannot run CHECK: the configuration has no prevResult"))
    }
}

impl Config {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        let name = fields.text("name")?.ok_or_else(|| {
            Error::config("cannot read the configuration: the network has no name")
        })?;
        if !is_name(&name) {
            let why = "expected letters, digits, '_', '.' and '-', the first one a letter or digit";
            return Err(Error::config(format!("cannot use the name {name:?}: {why}")));
        }
        let vlan_id = fields.get::<u16>("vlanId")?;
        if let Some(id) = vlan_id.filter(|id| *id > 4094) {
            return Err(Error::config(format!("cannot use vlanId {id}: at most 4094")));
        }
        let mode = fields.text("mode")?.map(|mode| mode.parse::<Mode>()).transpose()?;
        let kind = fields.get::<EndpointType>("kind")?;
        let default = if vlan_id.is_some() { EndpointType::Vlan } else { EndpointType::Macvlan };
        let kind = match (kind.unwrap_or(default), vlan_id) {
            (EndpointType::Macvlan, _) => Kind::Macvlan(mode.unwrap_or_default()),
            (EndpointType::Vlan, Some(0)) => Kind::Vlan(VlanOptions::priority_tags()),
            (EndpointType::Vlan, Some(id)) => Kind::Vlan(VlanOptions::new(id)?),
            (EndpointType::Vlan, None) => {
                return Err(Error::config("cannot use kind vlan: vlanId is missing"));
            }
            (other, _) => {
                let why = "expected macvlan or vlan";
                return Err(Error::config(format!("cannot use kind {other}: {why}")));
            }
        };
        if let (Kind::Vlan(_), Some(mode)) = (&kind, mode) {
            let why = format!("cannot use mode {mode} with vlanId: a VLAN link has none");
            return Err(Error::config(format!(
                "{why}; for macvlans on that VLAN, set kind macvlan"
            )));
        }
        let master = fields.text("master")?.map(|master| master.parse::<Parent>()).transpose()?;
        let runtime = fields.within("runtimeConfig")?;
        let args = fields.within("args")?;
        let args = args.map(|args| args.within("cni")).transpose()?.flatten();
        let mut runtime_mac = None;
        let mut ips: Vec<String> = Vec::new();
        for more in [args, runtime].into_iter().flatten() {
            runtime_mac = more.text("mac")?.or(runtime_mac);
            // An empty list does not hide the other one.
            if let Some(given) = more.get::<Vec<String>>("ips")?.filter(|given| !given.is_empty()) {
                ips = given;
            }
        }
        let capabilities = fields.within("capabilities")?;
        let gives_ranges = capabilities.map(|all| all.get("ipRanges")).transpose()?.flatten();
        let gives_ranges = gives_ranges.unwrap_or_default();
        let mac = |mac: Option<String>| mac.as_deref().map(parse_mac).transpose();
        let on_vlan = vlan_id.filter(|_| matches!(kind, Kind::Macvlan(_)));
        Ok(Self {
            kind,
            on_vlan,
            master,
            link_in_container: fields.get("linkInContainer")?.unwrap_or_default(),
            mtu: fields.get("mtu")?.filter(|mtu| *mtu != 0),
            mac: mac(fields.text("mac")?)?,
            runtime_mac: mac(runtime_mac)?,
            ips: ips.iter().map(|ip| parse_ip(ip)).collect::<Result<_>>()?,
            bc_queue_len: fields.get("bcqueuelen")?.filter(|frames| *frames != 0),
            probe: fields.switch("probe", Probe::quick)?.on(),
            announce: fields.switch("announce", Announce::once)?,
            duplicate_detection: fields.get("duplicateDetection")?.unwrap_or_default(),
            access: fields.get("access")?.unwrap_or_default(),
            source_routing: fields.get("sourceRouting")?,
            mac_from: fields.get("macFrom")?,
            sysctls: sysctls(fields)?,
            ipam: Ipam::read(fields.within("ipam")?, (gives_ranges, runtime))?,
            dns: fields
                .get::<Map<String, Value>>("dns")?
                .filter(|dns| !dns.is_empty())
                .map(Value::Object),
            log: fields.text("log")?,
            name,
        })
    }

    /// Refuses fields that would have no effect. A DEL does not need them.
    pub(super) fn check(&self) -> Result {
        let is_vlan = matches!(self.kind, Kind::Vlan(_));
        let is_leased = matches!(self.ipam, Ipam::Leases(_));
        let is_bare = matches!(self.ipam, Ipam::Absent);
        let no_address = "the configuration has no ipam, so the interface has no address";
        let fields = [
            ("bcqueuelen", self.bc_queue_len.is_some() && is_vlan, "a VLAN has no such queue"),
            ("macFrom", self.mac_from.is_some() && !is_leased, "ipam is not of type lan"),
            ("access", self.access && self.link_in_container, "the parent is in the container"),
            ("access", self.access && is_bare, no_address),
            ("probe", self.probe.is_some() && is_bare, no_address),
            ("announce", self.announce.on().is_some() && is_bare, no_address),
            ("duplicateDetection", self.duplicate_detection && is_bare, no_address),
            ("sourceRouting", self.source_routing.is_some() && is_bare, no_address),
        ];
        if let Some((field, _, why)) = fields.into_iter().find(|(_, is_idle, _)| *is_idle) {
            return Err(Error::config(format!("cannot use {field}: {why}")));
        }
        match &self.ipam {
            Ipam::Leases(leases) => leases.addresses().map(drop),
            Ipam::Absent | Ipam::Foreign(_) => Ok(()),
        }
    }

    /// Opens the namespace with the parent: the host's, or the container's.
    pub(super) fn host(&self, netns: Option<&NetNs>) -> Result<Host> {
        Ok(match netns {
            Some(netns) if self.link_in_container => Host::in_netns(netns)?,
            _ => Host::open()?,
        })
    }

    pub(super) fn is_in_container(&self) -> bool {
        self.link_in_container
    }

    /// Returns the parent, which is the default route's link if the configuration has none.
    pub(super) fn parent(&self, host: &Host) -> Result<Parent> {
        let master = match &self.master {
            Some(master) => master.clone(),
            None => default_parent::of(host)?,
        };
        Ok(match self.on_vlan {
            Some(id) => Parent::vlan(master, id)?,
            None => master,
        })
    }

    /// Returns the configuration without what concerns others on the network.
    pub(super) fn quiet(&self) -> Self {
        Self { probe: None, announce: Switch::Off, ..self.clone() }
    }

    /// Returns whether the configuration has a parent.
    pub(super) fn has_master(&self) -> bool {
        self.master.is_some()
    }

    /// Returns the requested MAC address: the runtime's, or else the configuration's.
    pub(super) fn mac(&self, arguments: &Arguments) -> Result<Option<MacAddr>> {
        let from_arguments = arguments.mac.as_deref().map(parse_mac).transpose()?;
        Ok(self.runtime_mac.or(from_arguments).or(self.mac))
    }

    /// Returns the requested addresses.
    pub(super) fn ips(&self, arguments: &Arguments) -> Result<Vec<IpAddr>> {
        match &arguments.ip {
            Some(list) if self.ips.is_empty() => list.split(',').map(parse_ip).collect(),
            _ => Ok(self.ips.clone()),
        }
    }
}

/// Parses a MAC address in the forms that the reference plugins take, those of Go's `net.ParseMAC`:
/// `02:42:ac:11:00:09`, `02-42-ac-11-00-09` and `0242.ac11.0009`.
pub(super) fn parse_mac(text: &str) -> Result<MacAddr> {
    let (separator, length) = if text.contains('.') { ('.', 4) } else { ('-', 2) };
    let is_group =
        |group: &str| group.len() == length && group.bytes().all(|digit| digit.is_ascii_hexdigit());
    let groups: Vec<&str> = text.split(separator).collect();
    if groups.len() * length != 12 || !groups.iter().all(|group| is_group(group)) {
        return Ok(text.parse()?);
    }
    let digits = groups.concat();
    let bytes: Vec<&str> = (0..12).step_by(2).map(|at| &digits[at..at + 2]).collect();
    Ok(bytes.join(":").parse()?)
}

/// Parses an address, whose prefix length may be given but is that of its subnet.
fn parse_ip(text: &str) -> Result<IpAddr> {
    let text = text.trim();
    let parsed = text.parse::<IpNet>().map(|net| net.addr()).or_else(|_| text.parse());
    parsed.map_err(|_| Error::config(format!("cannot use {text:?} as an address")))
}

/// Returns `sysctl`, an object as the plugin tuning has it.
fn sysctls(fields: &Fields<'_>) -> Result<Vec<(String, String)>> {
    let given: Map<String, Value> = fields.get("sysctl")?.unwrap_or_default();
    let text = |(key, value): (String, Value)| match value {
        Value::String(value) => Ok((key, value)),
        Value::Number(value) => Ok((key, value.to_string())),
        other => Err(Error::config(format!("cannot use sysctl {key} {other}: expected text"))),
    };
    given.into_iter().map(text).collect()
}
