//! The options that describe an endpoint.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use macvlan_core::{
    AcceptRa, AddrGenMode, Announce, Assignment, Endpoint, EndpointType, LinkName, MacAddr,
    Macvlan, Mode, Parent, Probe, Rate, Route, Vlan, VlanProtocol, parse_ip,
};

use crate::failure::{Done, Failure};
use crate::value::{self, set};

/// A parent, a container, and the description of its interface.
#[derive(Args)]
pub(crate) struct EndpointOptions {
    /// A link of the host; ens33.100 is VLAN 100 of ens33, created on demand
    parent: Parent,
    /// The container
    pub(crate) container: String,
    /// Such as 172.16.104.10/24@172.16.104.1; the gateway gets the default route
    #[arg(value_name = "ADDRESS/LENGTH[@GATEWAY]")]
    addresses: Vec<Assignment>,
    /// The interface's name in the container
    #[arg(short = 'i', long, alias = "interface", default_value = "eth0")]
    name: LinkName,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    layer3: AddressOptions,
    #[command(flatten)]
    macvlan: MacvlanOptions,
    #[command(flatten)]
    vlan: VlanOptions,
}

/// Options of the link.
#[derive(Args)]
#[command(next_help_heading = "Link options")]
struct LinkOptions {
    /// The kind of link [default: macvlan]
    #[arg(short, long, value_parser = value::words::<EndpointType>(&["macvlan", "macvtap", "vlan"]))]
    kind: Option<EndpointType>,
    /// The MAC address [default: a random one]
    #[arg(long, visible_alias = "mac-address")]
    mac: Option<MacAddr>,
    /// Retry for this time while another link has the MAC address
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    mac_conflict_timeout: Option<Duration>,
    /// The MTU, at most the parent's [default: the parent's]
    #[arg(long, value_name = "BYTES")]
    mtu: Option<u32>,
    /// Receive the frames of all hosts
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    promisc: Option<bool>,
    /// Receive all multicast frames
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    allmulticast: Option<bool>,
    /// The alias that `ip link` shows
    #[arg(long, value_name = "TEXT")]
    alias: Option<String>,
    /// A further name (repeatable)
    #[arg(long, visible_alias = "altname", value_name = "NAME")]
    alternative_name: Vec<String>,
    /// The link group
    #[arg(long, value_name = "NUMBER")]
    group: Option<u32>,
    /// The length of the transmit queue
    #[arg(long, alias = "tx-queue-len", value_name = "PACKETS")]
    txqueuelen: Option<u32>,
    /// The number of transmit queues
    #[arg(long, value_name = "NUMBER")]
    numtxqueues: Option<u32>,
    /// The number of receive queues
    #[arg(long, value_name = "NUMBER")]
    numrxqueues: Option<u32>,
    /// The rate limit for sent packets, as for `tc`: 10mbit
    #[arg(long)]
    rate: Option<Rate>,
    /// Set lo up [default: on]
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    lo_up: Option<bool>,
    /// The protocol of the parent's tag, if the parent is a VLAN on demand [default: 802.1Q]
    #[arg(long, value_name = "PROTOCOL", value_parser = value::words::<VlanProtocol>(&["802.1Q", "802.1ad"]))]
    parent_protocol: Option<VlanProtocol>,
    /// The name of the parent, if it is a VLAN on demand [default: as BASE.ID]
    #[arg(long, value_name = "NAME")]
    parent_name: Option<LinkName>,
}

/// Options of addresses and routes.
#[derive(Args)]
#[command(next_help_heading = "Address and route options")]
struct AddressOptions {
    /// The gateway of the default route (once per family)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    gateway: Vec<IpAddr>,
    /// Allow gateways outside of all subnets, which are assumed to be on the link
    #[arg(long)]
    on_link_gateways: bool,
    /// The metric of the default routes
    #[arg(long, value_name = "NUMBER")]
    gateway_metric: Option<u32>,
    /// A further route, as for `ip route`: "10.1.0.0/16 via 10.0.0.3" (repeatable)
    #[arg(long)]
    route: Vec<Route>,
    /// Replace the container's default routes
    #[arg(short, long)]
    replace_default_route: bool,
    /// A table for the packets from the interface's addresses, in place of default routes
    #[arg(long, value_name = "TABLE")]
    source_routing: Option<u32>,
    /// Probe the addresses before they are used: quick or rfc[,count=N][,wait=TIME]…
    #[arg(long, value_parser = value::probe)]
    probe: Option<Probe>,
    /// Announce the addresses to the neighbours: once or rfc[,count=N][,interval=TIME]
    #[arg(long, value_parser = value::announce)]
    announce: Option<Announce>,
    /// The generation mode of the IPv6 link-local address
    #[arg(long, alias = "addr-gen-mode", value_name = "MODE", value_parser = value::words::<AddrGenMode>(&["eui64", "none", "stable_secret", "random"]))]
    addrgenmode: Option<AddrGenMode>,
    /// Accept router advertisements
    #[arg(long, value_name = "WHEN", value_parser = value::words::<AcceptRa>(&["never", "unless-forwarding", "always"]))]
    accept_ra: Option<AcceptRa>,
    /// Make addresses from advertised prefixes
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    autoconf: Option<bool>,
    /// Disable IPv6 on the interface
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = value::switch())]
    disable_ipv6: Option<bool>,
}

/// Options of a macvlan or macvtap.
#[derive(Args)]
#[command(next_help_heading = "Macvlan options")]
struct MacvlanOptions {
    /// The mode [default: bridge]
    #[arg(short, long, value_parser = value::words::<Mode>(MODES))]
    mode: Option<Mode>,
    /// Leave the parent's promiscuity alone in mode passthru
    #[arg(long)]
    nopromisc: bool,
    /// Compare only the source address in mode source
    #[arg(long)]
    nodst: bool,
    /// A permitted MAC address in mode source (repeatable)
    #[arg(long, value_name = "MAC")]
    source_mac: Vec<MacAddr>,
    /// The length of the queue for broadcast frames
    #[arg(long, alias = "bc-queue-len", value_name = "FRAMES")]
    bcqueuelen: Option<u32>,
    /// The number of macvlans above which multicast frames are queued; -1 for never
    #[arg(long, alias = "bc-cutoff", value_name = "NUMBER", allow_negative_numbers = true)]
    bclim: Option<i32>,
}

/// The modes of a macvlan.
pub(crate) const MODES: &[&str] = &["private", "vepa", "bridge", "passthru", "source"];

/// Options of a VLAN.
#[derive(Args)]
#[command(next_help_heading = "VLAN options (--kind vlan)")]
struct VlanOptions {
    /// The VLAN's id
    #[arg(long, value_name = "ID")]
    vlan_id: Option<u16>,
    /// The protocol of the tag [default: 802.1Q]
    #[arg(long, value_name = "PROTOCOL", value_parser = value::words::<VlanProtocol>(&["802.1Q", "802.1ad"]))]
    vlan_protocol: Option<VlanProtocol>,
    /// Remove the tag from received frames
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    reorder_hdr: Option<bool>,
    /// Register the VLAN by GVRP
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    gvrp: Option<bool>,
    /// Register the VLAN by MVRP
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    mvrp: Option<bool>,
    /// Keep the state independent of the parent's
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    loose_binding: Option<bool>,
    /// Take the state from the bridge's ports in the VLAN
    #[arg(long, value_name = "on|off", value_parser = value::switch())]
    bridge_binding: Option<bool>,
    /// A received tag's priority and the packet's (repeatable)
    #[arg(long, value_name = "FROM:TO", value_parser = value::mapping::<u8, u32>)]
    ingress_qos_map: Vec<(u8, u32)>,
    /// A sent packet's priority and the tag's (repeatable)
    #[arg(long, value_name = "FROM:TO", value_parser = value::mapping::<u32, u8>)]
    egress_qos_map: Vec<(u32, u8)>,
}

impl EndpointOptions {
    /// Returns the endpoint.
    pub(crate) fn endpoint(&self) -> Done<Endpoint> {
        let parent = self.parent()?;
        let mut endpoint = match (self.link.kind, self.vlan.options()?) {
            (Some(EndpointType::Vlan), None) => {
                return Err(Failure::usage("--kind vlan needs --vlan-id"));
            }
            (Some(EndpointType::Vlan), Some(vlan)) => Endpoint::vlan(self.name, parent, vlan)?,
            (_, Some(_)) => {
                return Err(Failure::usage("the options of a VLAN need --kind vlan"));
            }
            (Some(EndpointType::Macvtap), None) => Endpoint::macvtap(self.name, parent)?,
            (_, None) => Endpoint::new(self.name, parent)?,
        };
        if let Some(mode) = self.macvlan.mode {
            endpoint = endpoint.mode(mode)?;
        }
        if self.macvlan.is_set() {
            endpoint = endpoint.change_options(|options| self.macvlan.apply(options))?;
        }
        Ok(self.layer3.apply(self.addresses.iter().copied(), self.link.apply(endpoint)))
    }

    fn parent(&self) -> Done<Parent> {
        let mut parent = self.parent.clone();
        if let Some(protocol) = self.link.parent_protocol {
            parent = parent.protocol(protocol)?;
        }
        match self.link.parent_name {
            Some(_) if parent.get_base().is_none() => {
                Err(Failure::usage("--parent-name is for a parent such as ens33.100"))
            }
            Some(name) => Ok(parent.name(name)?),
            None => Ok(parent),
        }
    }
}

impl LinkOptions {
    fn apply(&self, mut endpoint: Endpoint) -> Endpoint {
        let queues = (self.numtxqueues.is_some() || self.numrxqueues.is_some())
            .then(|| (self.numtxqueues.unwrap_or(1), self.numrxqueues.unwrap_or(1)));
        set!(
            endpoint,
            mac = self.mac,
            wait_for_mac = self.mac_conflict_timeout,
            mtu = self.mtu,
            promisc = self.promisc,
            allmulticast = self.allmulticast,
            alias = self.alias.clone(),
            group = self.group,
            tx_queue_len = self.txqueuelen,
            rate = self.rate,
            lo_up = self.lo_up,
        );
        if let Some((transmit, receive)) = queues {
            endpoint = endpoint.queues(transmit, receive);
        }
        self.alternative_name.iter().fold(endpoint, Endpoint::alternative_name)
    }
}

impl AddressOptions {
    fn apply(&self, all: impl Iterator<Item = Assignment>, endpoint: Endpoint) -> Endpoint {
        let mut endpoint = all
            .fold(endpoint, Endpoint::assignment)
            .on_link_gateways(self.on_link_gateways)
            .replace_default_route(self.replace_default_route);
        set!(
            endpoint,
            gateway_metric = self.gateway_metric,
            source_routing = self.source_routing,
            probe = self.probe,
            announce = self.announce,
            addr_gen_mode = self.addrgenmode,
            accept_ra = self.accept_ra,
            autoconf = self.autoconf,
            disable_ipv6 = self.disable_ipv6,
        );
        endpoint = self.gateway.iter().copied().fold(endpoint, Endpoint::gateway);
        self.route.iter().copied().fold(endpoint, Endpoint::route)
    }
}

impl MacvlanOptions {
    fn is_set(&self) -> bool {
        let numbers = self.bcqueuelen.is_some() || self.bclim.is_some();
        self.nopromisc || self.nodst || !self.source_mac.is_empty() || numbers
    }

    fn apply(&self, options: Macvlan) -> Macvlan {
        let mut options = options.nopromisc(self.nopromisc).nodst(self.nodst);
        set!(options, bc_queue_len = self.bcqueuelen, bc_cutoff = self.bclim);
        self.source_mac.iter().copied().fold(options, Macvlan::source_mac)
    }
}

impl VlanOptions {
    /// Returns the VLAN; `None` without an id.
    fn options(&self) -> Done<Option<Vlan>> {
        let Some(id) = self.vlan_id else { return Ok(None) };
        let mut vlan = Vlan::new(id)?;
        set!(
            vlan,
            protocol = self.vlan_protocol,
            reorder_hdr = self.reorder_hdr,
            gvrp = self.gvrp,
            mvrp = self.mvrp,
            loose_binding = self.loose_binding,
            bridge_binding = self.bridge_binding,
        );
        for (tag, inside) in &self.ingress_qos_map {
            vlan = vlan.ingress_qos(*tag, *inside)?;
        }
        for (inside, tag) in &self.egress_qos_map {
            vlan = vlan.egress_qos(*inside, *tag)?;
        }
        Ok(Some(vlan))
    }
}
