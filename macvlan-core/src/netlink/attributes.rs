//! Writes a message attribute by attribute, and reads attributes.
//!
//! The messages of an attach are written with this. Building a tree of values first takes several
//! times as many instructions, which is measurable beside the kernel's own time.

use netlink_packet_core::{Emitable, NLA_HEADER_SIZE, NlasIterator};

/// The length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// A message being written: room for its header, the family's fixed header, then attributes
/// (`struct nlattr` in `linux/netlink.h`), each aligned to four bytes.
pub(crate) struct Payload(Vec<u8>);

impl Payload {
    pub(crate) fn new(header: &[&[u8]]) -> Self {
        // Enough for the addresses and routes of a usual endpoint.
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&[0; HEADER]);
        for part in header {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }

    /// Serializes a message of `netlink-packet-route`.
    pub(crate) fn of(message: &impl Emitable) -> Self {
        let mut bytes = vec![0; HEADER + message.buffer_len()];
        message.emit(&mut bytes[HEADER..]);
        Self(bytes)
    }

    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let start = self.begin(kind);
        self.push(value);
        self.end(start);
    }

    pub(crate) fn number(&mut self, kind: u16, value: u32) {
        self.attribute(kind, &value.to_ne_bytes());
    }

    /// Writes a string with the terminating zero that the kernel expects.
    pub(crate) fn text(&mut self, kind: u16, value: &str) {
        let start = self.begin(kind);
        self.push(value.as_bytes());
        self.push(&[0]);
        self.end(start);
    }

    /// Writes an attribute whose value a closure writes.
    pub(crate) fn nested(&mut self, kind: u16, write: impl FnOnce(&mut Self)) {
        let start = self.begin(kind);
        write(self);
        self.end(start);
    }

    fn begin(&mut self, kind: u16) -> usize {
        let start = self.0.len();
        let [a, b] = kind.to_ne_bytes();
        self.push(&[0, 0, a, b]);
        start
    }

    fn end(&mut self, start: usize) {
        // Names, addresses and options are far shorter than 64 KiB; only a list of source MAC
        // addresses can be as long, and `MacvlanOptions::check` and `MacvlanChange::check` refuse
        // one that does not fit.
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        let padding = self.0.len().wrapping_neg() % 4;
        self.push(&[0; 3][..padding]);
    }

    /// Writes bytes that are not an attribute.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Iterates over the attributes of a message or of a nested attribute, as type and value; ends at a
/// malformed one.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(Result::ok).map(|attribute| {
        let (kind, end) = (attribute.kind(), usize::from(attribute.length()));
        (kind, attribute.into_inner().get(NLA_HEADER_SIZE..end).unwrap_or_default())
    })
}

pub(crate) fn u32_of(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_ne_bytes)
}

pub(crate) fn u16_of(value: &[u8]) -> Option<u16> {
    value.first_chunk().copied().map(u16::from_ne_bytes)
}

pub(crate) fn i32_of(value: &[u8]) -> Option<i32> {
    value.first_chunk().copied().map(i32::from_ne_bytes)
}

pub(crate) fn text_of(value: &[u8]) -> String {
    let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
