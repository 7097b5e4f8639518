//! Requests laid out one after the other, for one send.

use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE,
    NLM_F_REQUEST,
};
use netlink_packet_route::RouteNetlinkMessage;

use crate::netlink::write::Payload;

/// One message to the kernel and what is to be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    kind: u16,
    flags: u16,
    payload: Vec<u8>,
}

/// What is asked for, whatever is to be done with it: `RTM_…` and what belongs to it.
pub(crate) trait Message {
    fn kind(&self) -> u16;
    fn into_payload(self) -> Vec<u8>;
}

impl Message for RouteNetlinkMessage {
    fn kind(&self) -> u16 {
        self.message_type()
    }

    fn into_payload(self) -> Vec<u8> {
        let mut bytes = vec![0; Emitable::buffer_len(&self)];
        self.emit(&mut bytes);
        bytes
    }
}

/// Written already.
impl Message for (u16, Payload) {
    fn kind(&self) -> u16 {
        self.0
    }

    fn into_payload(self) -> Vec<u8> {
        self.1.into_bytes()
    }
}

impl Request {
    /// Reads, changes or deletes what exists.
    pub(crate) fn new(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK)
    }

    /// Creates what must not exist yet.
    pub(crate) fn create(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Creates, or takes the place of what exists.
    pub(crate) fn replace(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Adds to what exists.
    pub(crate) fn create_or_append(message: impl Message) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
        Self::with(message, flags)
    }

    fn with(message: impl Message, flags: u16) -> Self {
        Self { kind: message.kind(), flags, payload: message.into_payload() }
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

/// The length of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Where the header's flags and sequence number are.
const FLAGS: std::ops::Range<usize> = 6..8;
const SEQUENCE: std::ops::Range<usize> = 8..12;

impl Batch {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(1024), starts: Vec::with_capacity(8) }
    }

    /// Adds a request. Only the last in a batch asks for an acknowledgement: refusals are reported
    /// without, and in order.
    #[allow(clippy::needless_pass_by_value)] // a request is made to be sent once
    pub(crate) fn push(&mut self, request: Request) {
        if let Some(last) = self.starts.last() {
            let flags = &mut self.bytes[*last..][FLAGS];
            let quiet = u16::from_ne_bytes([flags[0], flags[1]]) & !NLM_F_ACK;
            flags.copy_from_slice(&quiet.to_ne_bytes());
        }
        let start = self.bytes.len();
        let Request { kind, flags, payload } = request;
        // A message is bounded by what a link's options can hold, far below 4 GiB.
        let length = u32::try_from(HEADER + payload.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.resize(start + HEADER, 0);
        self.bytes.extend_from_slice(&payload);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
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
