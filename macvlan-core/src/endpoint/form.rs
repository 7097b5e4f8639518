//! The documents of endpoints and parents.

use std::net::IpAddr;

use crate::document::{Form, Seconds, Text, TextOr, document, in_field, required, serde_as, texts};
use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::parent::Parent;
use crate::error::Error;
use crate::lan::announce::Announce;
use crate::lan::probe::Probe;
use crate::value::address::Assignment;
use crate::value::link::{AcceptRa, AddrGenMode, EndpointType, Mode, OptionsForm, VlanProtocol};
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::value::rate::Rate;
use crate::value::route::Route;

document!(EndpointForm, "an endpoint", {
    name: Option<LinkName>,
    parent: Option<Parent>,
    kind: Option<EndpointType>,
    mode: Option<Mode>,
    options: Option<OptionsForm>,
    mac: Option<MacAddr>,
    mac_conflict_timeout: Option<Seconds>,
    mtu: Option<u32>,
    addresses: Vec<Assignment>,
    gateways: Vec<Text<IpAddr>>,
    on_link_gateways: bool,
    gateway_metric: Option<u32>,
    routes: Vec<Route>,
    source_routing: Option<u32>,
    replace_default_route: bool,
    promisc: bool,
    allmulticast: Option<bool>,
    lo_up: Option<bool>,
    alias: Option<String>,
    alternative_names: Vec<String>,
    group: Option<u32>,
    tx_queue_len: Option<u32>,
    queues: Option<(u32, u32)>,
    addr_gen_mode: Option<AddrGenMode>,
    accept_ra: Option<AcceptRa>,
    autoconf: Option<bool>,
    disable_ipv6: Option<bool>,
    probe: Option<Probe>,
    announce: Option<Announce>,
    rate: Option<Rate>,
});

document!(ParentForm, "a parent", {
    link: Option<String>,
    base: Option<Box<Parent>>,
    vlan_id: Option<u16>,
    protocol: Option<VlanProtocol>,
    name: Option<LinkName>,
});

serde_as!(Endpoint, EndpointForm);
serde_as!(Parent, TextOr<ParentForm>);

impl Form<Endpoint> for EndpointForm {
    fn of(endpoint: &Endpoint) -> Result<Self, String> {
        // A new field is an error here until it is in the document.
        let Endpoint {
            name,
            parent,
            kind,
            mac,
            mtu,
            addresses,
            gateways,
            on_link_gateways,
            gateway_metric,
            routes,
            source_routing,
            promisc,
            allmulticast,
            lo_up,
            replace_default_route,
            alias,
            alternative_names,
            group,
            tx_queue_len,
            queues,
            addr_gen_mode,
            accept_ra,
            autoconf,
            disable_ipv6,
            mac_conflict_timeout,
            probe,
            announce,
            rate,
            arp_filter: _,
            left_down: _,
            leaves_rules: _,
        } = endpoint.clone();
        let (mode, options) = match &kind {
            EndpointKind::Macvlan(options) | EndpointKind::Macvtap(options) => {
                OptionsForm::of(options)?.split()
            }
            EndpointKind::Vlan(vlan) => (None, Some(OptionsForm::of(vlan)?)),
        };
        let kind = Some(kind.endpoint_type()).filter(|kind| *kind != EndpointType::Macvlan);
        let whole = |address| Assignment::new(address, None).map_err(|error| error.to_string());
        Ok(Self {
            name: Some(name),
            parent: Some(parent),
            kind,
            mode,
            options,
            mac,
            mac_conflict_timeout: Some(Seconds(mac_conflict_timeout))
                .filter(|time| !time.0.is_zero()),
            mtu,
            addresses: addresses.into_iter().map(whole).collect::<Result<_, _>>()?,
            gateways: texts(gateways),
            on_link_gateways,
            gateway_metric,
            routes,
            source_routing,
            replace_default_route,
            promisc,
            allmulticast,
            lo_up: Some(lo_up).filter(|up| !up),
            alias,
            alternative_names,
            group,
            tx_queue_len,
            queues,
            addr_gen_mode,
            accept_ra,
            autoconf,
            disable_ipv6,
            probe,
            announce,
            rate,
        })
    }

    fn read(self) -> Result<Endpoint, String> {
        let (name, parent) = (required("name", self.name)?, required("parent", self.parent)?);
        let kind = match self.kind.unwrap_or(EndpointType::Macvlan) {
            EndpointType::Macvlan => {
                EndpointKind::Macvlan(OptionsForm::macvlan(self.mode, self.options)?)
            }
            EndpointType::Macvtap => {
                EndpointKind::Macvtap(OptionsForm::macvlan(self.mode, self.options)?)
            }
            EndpointType::Vlan => EndpointKind::Vlan(OptionsForm::vlan(self.mode, self.options)?),
        };
        let mut endpoint = in_field("parent", Endpoint::of(name, parent, kind))?;
        for assignment in self.addresses {
            endpoint = endpoint.assignment(assignment);
        }
        endpoint.gateways.extend(self.gateways.into_iter().map(|Text(ip)| ip));
        Ok(Endpoint {
            mac: self.mac,
            mtu: self.mtu,
            on_link_gateways: self.on_link_gateways,
            gateway_metric: self.gateway_metric,
            routes: self.routes,
            source_routing: self.source_routing,
            promisc: self.promisc,
            allmulticast: self.allmulticast,
            lo_up: self.lo_up.unwrap_or(endpoint.lo_up),
            replace_default_route: self.replace_default_route,
            alias: self.alias,
            alternative_names: self.alternative_names,
            group: self.group,
            tx_queue_len: self.tx_queue_len,
            queues: self.queues,
            addr_gen_mode: self.addr_gen_mode,
            accept_ra: self.accept_ra,
            autoconf: self.autoconf,
            disable_ipv6: self.disable_ipv6,
            mac_conflict_timeout: self.mac_conflict_timeout.unwrap_or_default().0,
            probe: self.probe,
            announce: self.announce,
            rate: self.rate,
            ..endpoint
        })
    }
}

impl Form<Parent> for TextOr<ParentForm> {
    fn of(parent: &Parent) -> Result<Self, String> {
        let text = parent.to_string();
        if matches!(text.parse::<Parent>(), Ok(parsed) if parsed == *parent) {
            return Ok(Self::Text(text));
        }
        let form = match parent.get_base() {
            Some(base) => ParentForm {
                base: Some(Box::new(base.clone())),
                vlan_id: parent.get_vlan_id(),
                protocol: parent.get_protocol().filter(|one| *one != VlanProtocol::default()),
                name: parent.get_name(),
                ..ParentForm::default()
            },
            None => ParentForm { link: Some(text), ..ParentForm::default() },
        };
        Ok(Self::Form(form))
    }

    fn read(self) -> Result<Parent, String> {
        let form = match self {
            Self::Text(text) => return text.parse().map_err(|error: Error| error.to_string()),
            Self::Form(form) => form,
        };
        if let ParentForm { link: Some(link), base, vlan_id, protocol, name } = form {
            let others = [base.is_some(), vlan_id.is_some(), protocol.is_some(), name.is_some()];
            if others.contains(&true) {
                return Err("link: an existing link is described by it alone".to_owned());
            }
            return in_field("link", Parent::alternative_name(&link));
        }
        let (base, id) = (required("base", form.base)?, required("vlan_id", form.vlan_id)?);
        let mut vlan = in_field("vlan_id", Parent::vlan(*base, id))?;
        if let Some(protocol) = form.protocol {
            vlan = in_field("protocol", vlan.protocol(protocol))?;
        }
        match form.name {
            Some(name) => in_field("name", vlan.name(name)),
            None => Ok(vlan),
        }
    }
}
