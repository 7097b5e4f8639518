//! What a network should be: a value, as an endpoint is one.

use std::collections::BTreeMap;
use std::time::Duration;

use macvlan_core::{Mode, Parent};

use crate::error::{Error, Result};
use crate::mac::MacFrom;
use crate::pool::Order;
use crate::subnet::Subnet;

/// What a network should be; [`Networks::create`](crate::Networks::create) makes it so.
///
/// ```
/// use macvlan_network::{NetworkConfig, Subnet};
/// let vlan10 = NetworkConfig::new("vlan10")
///     .parent("ens33.10")
///     .subnet(Subnet::new("10.0.10.0/24")?)
///     .subnet(Subnet::new("fd00:10::/64")?);
/// # let _ = vlan10;
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NetworkConfig {
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) internal: bool,
    pub(crate) mtu: Option<u32>,
    pub(crate) order: Order,
    pub(crate) mac_from: MacFrom,
    pub(crate) probe: bool,
    pub(crate) duplicate_detection: bool,
    pub(crate) share: Option<u32>,
    pub(crate) keep: Duration,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl NetworkConfig {
    /// A network without a parent, in mode bridge, whose subnet is chosen unless it is given one.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            parent: None,
            mode: Mode::Bridge,
            subnets: Vec::new(),
            internal: false,
            mtu: None,
            order: Order::First,
            mac_from: MacFrom::Address,
            probe: false,
            duplicate_detection: false,
            share: None,
            keep: Duration::ZERO,
            options: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    /// The link on the host that its containers hang on: `"ens33"`, or in VLAN notation
    /// `"ens33.100"`, which is made when the first container needs it and removed with the last.
    ///
    /// Without a parent the network is isolated: its containers hang on a dummy link of its own,
    /// `dm-` and the beginning of its id, and reach one another on one host and nobody else.
    pub fn parent(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Who its containers may talk to; [`Mode::Bridge`] when not given.
    #[doc(alias = "macvlan_mode")]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// One more subnet, of either family. A container gets one address of each family, from the
    /// first of its subnets that has one left.
    pub fn subnet(mut self, subnet: Subnet) -> Self {
        self.subnets.push(subnet);
        self
    }

    /// Whether no container gets a default route through it; no when not given. Then no subnet has a
    /// gateway unless it is given one, and its first address is a container's.
    pub fn internal(mut self, internal: bool) -> Self {
        self.internal = internal;
        self
    }

    /// The MTU of its containers' interfaces; the parent's when not given.
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Which free address is given next; the lowest when not said.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// What a container's MAC address follows from.
    pub fn mac_from(mut self, from: MacFrom) -> Self {
        self.mac_from = from;
        self
    }

    /// Whether an address is looked for on the wire before it is given, so that one that somebody
    /// else has is skipped, and remembered as foreign; no when not said. Takes a quarter of a second,
    /// unless the session has another [`Probe`](crate::Probe).
    pub fn probe(mut self, probe: bool) -> Self {
        self.probe = probe;
        self
    }

    /// Whether the kernel checks IPv6 addresses on the wire, which takes it a second or two in which
    /// they cannot be used; no when not said, as Docker has it.
    pub fn duplicate_detection(mut self, detect: bool) -> Self {
        self.duplicate_detection = detect;
        self
    }

    /// How many addresses a host takes at a time for its containers, where many hosts have one
    /// store: its share of each subnet grows by so many when it has none left. When not given, all
    /// hosts give from one pool. A store of a single host has no use for it.
    pub fn share(mut self, addresses: u32) -> Self {
        self.share = Some(addresses);
        self
    }

    /// How long an address that is given back stays its container's, and is given to no other unless
    /// nothing else is left. When not given, a container that returns gets its address again if
    /// nobody else got it meanwhile.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// One more option, for whoever reads it with `inspect`; it means nothing here.
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// One more label, likewise.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parent, if it has one.
    pub fn get_parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// Its mode.
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// Its subnets.
    pub fn get_subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// Whether no container gets a default route through it.
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The MTU that was given.
    pub fn get_mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Which free address is given next.
    pub fn get_order(&self) -> Order {
        self.order
    }

    /// What a container's MAC address follows from.
    pub fn get_mac_from(&self) -> MacFrom {
        self.mac_from
    }

    /// Whether an address is looked for on the wire before it is given.
    pub fn is_probe(&self) -> bool {
        self.probe
    }

    /// Whether the kernel checks IPv6 addresses on the wire.
    pub fn is_duplicate_detection(&self) -> bool {
        self.duplicate_detection
    }

    /// How many addresses a host takes at a time, if that was said.
    pub fn get_share(&self) -> Option<u32> {
        self.share
    }

    /// How long an address that is given back stays its container's.
    pub fn get_keep(&self) -> Duration {
        self.keep
    }

    /// Its options.
    pub fn get_options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// Its labels.
    pub fn get_labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// What it is created as: a gateway that nobody asked for is none where nobody is to use it.
    pub(crate) fn settled(mut self) -> Self {
        if self.internal {
            let subnets = self.subnets.into_iter();
            self.subnets = subnets.map(Subnet::without_default_gateway).collect();
        }
        self
    }

    /// Whether a default route can lead through it.
    pub(crate) fn has_gateway(&self) -> bool {
        !self.internal && self.subnets.iter().any(|subnet| subnet.get_gateway().is_some())
    }

    /// Whether it has a subnet of this family.
    pub(crate) fn has_family(&self, v6: bool) -> bool {
        self.subnets.iter().any(|subnet| subnet.net().addr().is_ipv6() == v6)
    }

    /// Everything that is wrong with the values alone.
    pub(crate) fn check(&self) -> Result<()> {
        let operation = "create the network";
        let in_network = |error: Error| error.in_network(&self.name);
        check_name(&self.name, "a network's name").map_err(in_network)?;
        if let Some(parent) = &self.parent {
            if let Err(error) = parent.parse::<Parent>() {
                return Err(in_network(Error::kernel(operation, error)));
            }
        }
        if self.share == Some(0) {
            return Err(in_network(Error::invalid(operation, "a share of no addresses is none")));
        }
        for (number, subnet) in self.subnets.iter().enumerate() {
            subnet.check().map_err(in_network)?;
            if let Some(other) = self.subnets[..number].iter().find(|one| one.overlaps(subnet)) {
                let why = format!("its subnets {other} and {subnet} overlap");
                return Err(in_network(Error::invalid(operation, why)));
            }
            let Some(gateway) = subnet.get_gateway() else { continue };
            let others = self.subnets.iter().enumerate().filter(|(other, _)| *other != number);
            if let Some((_, other)) = others.into_iter().find(|(_, other)| other.gives(gateway)) {
                let why = format!("{gateway}, the gateway of {subnet}, is an address that {other} gives");
                return Err(in_network(
                    Error::invalid(operation, why).with_hint("exclude it from that subnet"),
                ));
            }
        }
        Ok(())
    }
}

/// Names that stand in files, keys and commands: letters, digits, and `_.-` behind the first.
pub(crate) fn check_name(name: &str, what: &str) -> Result<()> {
    let refuse = |why: String| Err(Error::invalid(format!("use {name:?} as {what}"), why));
    if name.is_empty() || name.len() > 128 {
        return refuse(format!("{what} has to have 1 to 128 characters"));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return refuse(format!("{what} has to begin with a letter or a digit"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return refuse(format!("only letters, digits, \"_\", \".\" and \"-\" can be in {what}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_says_why() {
        let subnet = |text: &str| Subnet::new(text).unwrap();
        let net = || NetworkConfig::new("net").subnet(subnet("10.0.0.0/16"));
        net().parent("ens33.10").check().unwrap();
        for (config, words) in [
            (NetworkConfig::new("a/b"), "only letters"),
            (NetworkConfig::new(""), "1 to 128"),
            (NetworkConfig::new("-x"), "has to begin"),
            (net().subnet(subnet("10.0.10.0/24")), "10.0.0.0/16 and 10.0.10.0/24 overlap"),
            (net().parent("a name that is long"), "a name that is long"),
            (net().share(0), "share"),
        ] {
            let error = config.check().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidValue);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
