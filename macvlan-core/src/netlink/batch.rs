//! Requests laid out one after the other, for one send.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
    NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;

/// One message to the kernel and what is to be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    message: RouteNetlinkMessage,
    flags: u16,
}

impl Request {
    /// Reads, changes or deletes what exists.
    pub(crate) fn new(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: NLM_F_REQUEST | NLM_F_ACK }
    }

    /// Creates what must not exist yet.
    pub(crate) fn create(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL }
    }

    /// Creates, or takes the place of what exists.
    pub(crate) fn replace(message: RouteNetlinkMessage) -> Self {
        Self { message, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE }
    }

    /// Adds to what exists.
    pub(crate) fn create_or_append(message: RouteNetlinkMessage) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
        Self { message, flags }
    }

    pub(super) fn without_ack(mut self) -> Self {
        self.flags &= !NLM_F_ACK;
        self
    }

    pub(super) fn dump(mut self) -> Self {
        self.flags = NLM_F_REQUEST | NLM_F_DUMP;
        self
    }
}

/// Requests in the order in which the kernel is to run them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

/// Where the header's flags and sequence number are (`struct nlmsghdr`).
const FLAGS: std::ops::Range<usize> = 6..8;
const SEQUENCE: std::ops::Range<usize> = 8..12;

impl Batch {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(1024), starts: Vec::with_capacity(8) }
    }

    /// Adds a request. Only the last in a batch asks for an acknowledgement: refusals are reported
    /// without, and in order.
    pub(crate) fn push(&mut self, request: Request) {
        if let Some(last) = self.starts.last() {
            let flags = &mut self.bytes[*last..][FLAGS];
            let quiet = u16::from_ne_bytes([flags[0], flags[1]]) & !NLM_F_ACK;
            flags.copy_from_slice(&quiet.to_ne_bytes());
        }
        let mut header = NetlinkHeader::default();
        header.flags = request.flags;
        let mut message =
            NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request.message));
        message.finalize();
        let start = self.bytes.len();
        let length = message.buffer_len();
        self.bytes.resize(start + length.next_multiple_of(4), 0);
        message.serialize(&mut self.bytes[start..start + length]);
        self.starts.push(start);
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn number_from(&mut self, first: u32) {
        for (sequence, start) in (first..).zip(&self.starts) {
            self.bytes[*start..][SEQUENCE].copy_from_slice(&sequence.to_ne_bytes());
        }
    }
}
