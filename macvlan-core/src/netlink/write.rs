//! A message's payload, written attribute by attribute.
//!
//! What every attach sends is written with this: laying it out by way of a tree of values takes
//! several times as many instructions, which shows beside the kernel's own time.

use netlink_packet_core::Emitable;

/// A payload in the making: the family's fixed header, then attributes (`struct nlattr` in
/// `linux/netlink.h`), each at a multiple of four bytes.
pub(super) struct Payload(Vec<u8>);

impl Payload {
    pub(super) fn new(header: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(160);
        for part in header {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.nested(kind, |inside| inside.push(value));
    }

    pub(super) fn number(&mut self, kind: u16, value: u32) {
        self.attribute(kind, &value.to_ne_bytes());
    }

    /// With the zero at the end that the kernel has its names with.
    pub(super) fn text(&mut self, kind: u16, value: &str) {
        self.nested(kind, |inside| {
            inside.push(value.as_bytes());
            inside.push(&[0]);
        });
    }

    /// An attribute whose value is written by a closure.
    pub(super) fn nested(&mut self, kind: u16, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        write(self);
        // Names, addresses and options are far shorter than 64 KiB; only a list of MAC addresses can
        // be as long, and how many fit is checked where a link is.
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.0[start + 2..start + 4].copy_from_slice(&kind.to_ne_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// What is no attribute.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// What another crate knows how to write.
    pub(super) fn emit(&mut self, what: &impl Emitable) {
        let start = self.0.len();
        self.0.resize(start + what.buffer_len(), 0);
        what.emit(&mut self.0[start..]);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
