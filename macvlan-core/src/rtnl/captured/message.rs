//! Requests in a normal form, so that those with the same meaning are equal.

use netlink_packet_core::{NLA_TYPE_MASK, NLM_F_ACK};
use nix::libc::{
    IFLA_AF_SPEC, IFLA_ALT_IFNAME, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
    IFLA_LINKINFO, IFLA_PROP_LIST, RTA_METRICS,
};

use crate::netlink::{Batch, Request};
use crate::rtnl::uapi::{
    IFLA_MACVLAN_MACADDR_DATA, IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_INGRESS_QOS, VETH_INFO_PEER,
};

/// A request without its sequence number and port, and with its attributes sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u16,
    /// The flags without `NLM_F_ACK`, which only requests a reply.
    pub(super) flags: u16,
    /// The fixed header of the family: `struct ifinfomsg` and the like.
    pub(super) header: Vec<u8>,
    /// The attributes by their paths of types, sorted. The value of a nested attribute is the part
    /// before its attributes.
    attributes: Vec<(Vec<u16>, Vec<u8>)>,
}

/// The length of `struct ifinfomsg`.
const IFINFOMSG: usize = 16;

/// The content of an attribute.
enum Shape {
    Value,
    /// A string, with or without a terminating zero.
    Text,
    /// Attributes after this number of bytes.
    Nested(usize),
}

/// Returns the normal form of a request.
pub(super) fn sent(request: Request) -> Message {
    let mut batch = Batch::new();
    batch.push(request);
    Message::parse(batch.bytes())
}

impl Message {
    /// Parses a message. Stricter than the kernel: a malformed one fails the test.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        assert!(bytes.len() == length.next_multiple_of(4), "{length} bytes and no others");
        let kind = half(4);
        let header = match kind {
            16..=18 | 108..=110 => IFINFOMSG,  // links, and their other names
            20..=22 => 8,                      // addresses
            24..=26 | 28..=30 | 32..=34 => 12, // routes, neighbours, rules
            88..=90 => 4,                      // ids of namespaces
            _ => panic!("nothing is known of message type {kind}"),
        };
        let mut message = Self {
            kind,
            flags: half(6) & !NLM_F_ACK,
            header: bytes[16..16 + header].to_vec(),
            attributes: Vec::new(),
        };
        message.walk(&bytes[16 + header..length], &[], "");
        message.attributes.sort();
        message
    }

    fn walk(&mut self, mut bytes: &[u8], path: &[u16], link_kind: &str) {
        let mut link_kind = link_kind.to_owned();
        while !bytes.is_empty() {
            let length = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
            assert!(length >= 4 && length <= bytes.len(), "at {path:?}: {bytes:x?}");
            let value = &bytes[4..length];
            let path = [path, &[u16::from_le_bytes([bytes[2], bytes[3]]) & NLA_TYPE_MASK]].concat();
            match self.shape(&path, &link_kind) {
                Shape::Value => self.attributes.push((path, value.to_vec())),
                Shape::Text => {
                    let text = value.strip_suffix(&[0]).unwrap_or(value);
                    if path.ends_with(&[IFLA_LINKINFO, IFLA_INFO_KIND]) {
                        link_kind = String::from_utf8(text.to_vec()).unwrap();
                    }
                    self.attributes.push((path, text.to_vec()));
                }
                Shape::Nested(behind) => {
                    self.attributes.push((path.clone(), value[..behind].to_vec()));
                    self.walk(&value[behind..], &path, &link_kind);
                }
            }
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    fn shape(&self, path: &[u16], link_kind: &str) -> Shape {
        match self.kind {
            16..=18 | 108..=110 => link_shape(path, link_kind),
            24..=26 if path == [RTA_METRICS] => Shape::Nested(0),
            _ => Shape::Value,
        }
    }

    pub(super) fn get(&self, path: &[u16]) -> Option<&[u8]> {
        self.attributes.iter().find(|(at, _)| at == path).map(|(_, value)| value.as_slice())
    }

    /// Adds or replaces an attribute.
    pub(super) fn with(mut self, path: &[u16], value: &[u8]) -> Self {
        self.attributes.retain(|(at, _)| at != path);
        self.attributes.push((path.to_vec(), value.to_vec()));
        self.attributes.sort();
        self
    }

    /// Removes an attribute that exists.
    pub(super) fn without(mut self, path: &[u16]) -> Self {
        let before = self.attributes.len();
        self.attributes.retain(|(at, _)| !at.starts_with(path));
        assert!(self.attributes.len() < before, "no {path:?} in {self:?}");
        self
    }

    /// Replaces bytes of the header.
    pub(super) fn header(mut self, at: usize, bytes: &[u8]) -> Self {
        self.header[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }
}

fn link_shape(path: &[u16], link_kind: &str) -> Shape {
    match path {
        [IFLA_LINKINFO, IFLA_INFO_DATA, inner @ ..] if !inner.is_empty() => {
            match (link_kind, inner) {
                // The peer is a link as well.
                ("veth", [VETH_INFO_PEER]) => Shape::Nested(IFINFOMSG),
                ("veth", [VETH_INFO_PEER, inner @ ..]) => link_shape(inner, ""),
                ("vlan", [IFLA_VLAN_EGRESS_QOS | IFLA_VLAN_INGRESS_QOS])
                | ("macvlan" | "macvtap", [IFLA_MACVLAN_MACADDR_DATA]) => Shape::Nested(0),
                _ => Shape::Value,
            }
        }
        [IFLA_IFNAME | IFLA_IFALIAS | IFLA_ALT_IFNAME]
        | [IFLA_PROP_LIST, IFLA_ALT_IFNAME]
        | [IFLA_LINKINFO, IFLA_INFO_KIND] => Shape::Text,
        [IFLA_LINKINFO | IFLA_AF_SPEC | IFLA_PROP_LIST]
        | [IFLA_LINKINFO, IFLA_INFO_DATA]
        | [IFLA_AF_SPEC, _] => Shape::Nested(0),
        _ => Shape::Value,
    }
}
