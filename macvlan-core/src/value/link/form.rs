//! The documents of links and of their options.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::document::{Form, document, in_field, required, serde_as};
use crate::value::link::{
    Link, LinkKind, LinkType, MacvlanOptions, Mode, VlanOptions, VlanProtocol,
};
use crate::value::mac::MacAddr;
use crate::value::name::{LinkId, LinkName};

// The options of every kind, so that an endpoint's may come before its kind.
document!(OptionsForm, "the options of a link", {
    mode: Option<Mode>,
    nopromisc: bool,
    nodst: bool,
    source_macs: Vec<MacAddr>,
    bc_queue_len: Option<u32>,
    bc_cutoff: Option<i32>,
    id: Option<VlanId>,
    protocol: Option<VlanProtocol>,
    reorder_hdr: Option<bool>,
    gvrp: Option<bool>,
    mvrp: Option<bool>,
    loose_binding: Option<bool>,
    bridge_binding: Option<bool>,
    ingress_qos: Vec<(u8, u32)>,
    egress_qos: Vec<(u32, u8)>,
});

document!(LinkForm, "a link", {
    name: Option<LinkName>,
    kind: Option<LinkType>,
    parent: Option<LinkId>,
    mode: Option<Mode>,
    options: Option<OptionsForm>,
    peer: Option<LinkName>,
    index: Option<u32>,
    mac: Option<MacAddr>,
    mtu: Option<u32>,
    up: bool,
    promisc: bool,
    group: Option<u32>,
    tx_queue_len: Option<u32>,
    queues: Option<(u32, u32)>,
});

serde_as!(MacvlanOptions, OptionsForm);
serde_as!(VlanOptions, OptionsForm);
serde_as!(Link, LinkForm);

impl OptionsForm {
    /// Splits the options of a kind into its mode, if it is not the default, and the others.
    pub(crate) fn split(mut self) -> (Option<Mode>, Option<Self>) {
        let mode = self.mode.take().filter(|mode| *mode != Mode::default());
        (mode, Some(self).filter(|rest| *rest != Self::default()))
    }

    /// Returns the options of a macvlan or macvtap, with the mode that may stand beside them.
    pub(crate) fn macvlan(
        mode: Option<Mode>,
        options: Option<Self>,
    ) -> Result<MacvlanOptions, String> {
        let mut options = options.unwrap_or_default();
        if mode.is_some() && options.mode.is_some() {
            return Err("mode: it is in the options as well; leave one out".to_owned());
        }
        options.mode = mode.or(options.mode);
        in_field("options", options.read())
    }

    /// Returns the options of a VLAN, which has no mode.
    pub(crate) fn vlan(mode: Option<Mode>, options: Option<Self>) -> Result<VlanOptions, String> {
        if mode.is_some() {
            return Err("mode: a VLAN has none".to_owned());
        }
        in_field("options", options.unwrap_or_default().read())
    }
}

/// Refuses options of the other kinds.
fn refuse(others: &[(&str, bool)], kind: &str) -> Result<(), String> {
    match others.iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => Err(format!("{name}: not an option of a {kind}")),
        None => Ok(()),
    }
}

impl Form<MacvlanOptions> for OptionsForm {
    fn of(options: &MacvlanOptions) -> Result<Self, String> {
        Ok(Self {
            mode: Some(options.get_mode()),
            nopromisc: options.get_nopromisc(),
            nodst: options.get_nodst(),
            source_macs: options.get_source_macs().to_vec(),
            bc_queue_len: options.get_bc_queue_len(),
            bc_cutoff: options.get_bc_cutoff(),
            ..Self::default()
        })
    }

    fn read(self) -> Result<MacvlanOptions, String> {
        let others = [
            ("id", self.id.is_some()),
            ("protocol", self.protocol.is_some()),
            ("reorder_hdr", self.reorder_hdr.is_some()),
            ("gvrp", self.gvrp.is_some()),
            ("mvrp", self.mvrp.is_some()),
            ("loose_binding", self.loose_binding.is_some()),
            ("bridge_binding", self.bridge_binding.is_some()),
            ("ingress_qos", !self.ingress_qos.is_empty()),
            ("egress_qos", !self.egress_qos.is_empty()),
        ];
        refuse(&others, "macvlan")?;
        let mut options = MacvlanOptions::new(self.mode.unwrap_or_default())
            .nopromisc(self.nopromisc)
            .nodst(self.nodst);
        for mac in self.source_macs {
            options = options.source_mac(mac);
        }
        if let Some(frames) = self.bc_queue_len {
            options = options.bc_queue_len(frames);
        }
        if let Some(siblings) = self.bc_cutoff {
            options = options.bc_cutoff(siblings);
        }
        Ok(options)
    }
}

impl Form<VlanOptions> for OptionsForm {
    fn of(vlan: &VlanOptions) -> Result<Self, String> {
        Ok(Self {
            id: Some(VlanId(vlan.get_id())),
            protocol: Some(vlan.get_protocol()).filter(|one| *one != VlanProtocol::default()),
            reorder_hdr: vlan.get_reorder_hdr(),
            gvrp: vlan.get_gvrp(),
            mvrp: vlan.get_mvrp(),
            loose_binding: vlan.get_loose_binding(),
            bridge_binding: vlan.get_bridge_binding(),
            ingress_qos: vlan.get_ingress_qos().to_vec(),
            egress_qos: vlan.get_egress_qos().to_vec(),
            ..Self::default()
        })
    }

    fn read(self) -> Result<VlanOptions, String> {
        type Setter = fn(VlanOptions, bool) -> VlanOptions;
        let others = [
            ("mode", self.mode.is_some()),
            ("nopromisc", self.nopromisc),
            ("nodst", self.nodst),
            ("source_macs", !self.source_macs.is_empty()),
            ("bc_queue_len", self.bc_queue_len.is_some()),
            ("bc_cutoff", self.bc_cutoff.is_some()),
        ];
        refuse(&others, "VLAN")?;
        let VlanId(id) = required("id", self.id)?;
        let mut vlan = VlanOptions::of(id).protocol(self.protocol.unwrap_or_default());
        for (tag, inside) in self.ingress_qos {
            vlan = in_field("ingress_qos", vlan.ingress_qos(tag, inside))?;
        }
        for (inside, tag) in self.egress_qos {
            vlan = in_field("egress_qos", vlan.egress_qos(inside, tag))?;
        }
        let flags: [(_, Setter); 5] = [
            (self.reorder_hdr, VlanOptions::reorder_hdr),
            (self.gvrp, VlanOptions::gvrp),
            (self.mvrp, VlanOptions::mvrp),
            (self.loose_binding, VlanOptions::loose_binding),
            (self.bridge_binding, VlanOptions::bridge_binding),
        ];
        Ok(flags.into_iter().fold(vlan, |vlan, (on, set)| match on {
            Some(on) => set(vlan, on),
            None => vlan,
        }))
    }
}

/// The id of a VLAN: a number, or `priority-tags` for 0.
#[derive(Debug, PartialEq)]
pub(crate) struct VlanId(u16);

impl Serialize for VlanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_str(VlanOptions::PRIORITY_TAGS),
            id => serializer.serialize_u16(id),
        }
    }
}

impl<'de> Deserialize<'de> for VlanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;

        impl Visitor<'_> for Id {
            type Value = VlanId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a VLAN id or {:?}", VlanOptions::PRIORITY_TAGS)
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<VlanId, E> {
                id.parse().map(|vlan: VlanOptions| VlanId(vlan.get_id())).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<VlanId, E> {
                self.visit_str(&id.to_string())
            }

            fn visit_i64<E: Error>(self, id: i64) -> Result<VlanId, E> {
                self.visit_str(&id.to_string())
            }
        }

        deserializer.deserialize_any(Id)
    }
}

impl Form<Link> for LinkForm {
    fn of(link: &Link) -> Result<Self, String> {
        let mut form = Self {
            name: Some(link.name),
            kind: Some(link.kind.link_type()),
            parent: link.parent,
            index: link.index,
            mac: link.mac,
            mtu: link.mtu,
            up: link.up,
            promisc: link.promisc,
            group: link.group,
            tx_queue_len: link.tx_queue_len,
            queues: link.tx_queues.zip(link.rx_queues),
            ..Self::default()
        };
        let mut is_elsewhere = link.netns.is_some();
        match &link.kind {
            LinkKind::Macvlan(options) | LinkKind::Macvtap(options) => {
                (form.mode, form.options) = OptionsForm::of(options)?.split();
            }
            LinkKind::Vlan(vlan) => form.options = Some(OptionsForm::of(vlan)?),
            LinkKind::Veth { peer, peer_netns } => {
                form.peer = Some(*peer);
                is_elsewhere |= peer_netns.is_some();
            }
            LinkKind::Dummy | LinkKind::Bridge => {}
        }
        if is_elsewhere {
            return Err("netns: a namespace is an open file, which no document can hold".into());
        }
        Ok(form)
    }

    fn read(self) -> Result<Link, String> {
        let (name, kind) = (required("name", self.name)?, required("kind", self.kind)?);
        let on_parent = [LinkType::Macvlan, LinkType::Macvtap, LinkType::Vlan].contains(&kind);
        for (field, is_set, may_be) in [
            ("parent", self.parent.is_some(), on_parent),
            ("mode", self.mode.is_some(), on_parent),
            ("options", self.options.is_some(), on_parent),
            ("peer", self.peer.is_some(), kind == LinkType::Veth),
        ] {
            if is_set && !may_be {
                return Err(format!("{field}: a link of kind {kind} has none"));
            }
        }
        let parent = if on_parent { Some(required("parent", self.parent)?) } else { None };
        let (mode, options) = (self.mode, self.options);
        let kind = match kind {
            LinkType::Macvlan => LinkKind::Macvlan(OptionsForm::macvlan(mode, options)?),
            LinkType::Macvtap => LinkKind::Macvtap(OptionsForm::macvlan(mode, options)?),
            LinkType::Vlan => LinkKind::Vlan(OptionsForm::vlan(mode, options)?),
            LinkType::Veth => {
                LinkKind::Veth { peer: required("peer", self.peer)?, peer_netns: None }
            }
            LinkType::Dummy => LinkKind::Dummy,
            LinkType::Bridge => LinkKind::Bridge,
        };
        let mut link = Link::bare(name, parent, kind).up(self.up).promisc(self.promisc);
        (link.index, link.mac, link.mtu) = (self.index, self.mac, self.mtu);
        (link.group, link.tx_queue_len) = (self.group, self.tx_queue_len);
        (link.tx_queues, link.rx_queues) = self.queues.unzip();
        Ok(link)
    }
}
