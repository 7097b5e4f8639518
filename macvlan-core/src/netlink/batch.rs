//! Requests concatenated for one send.

use std::ops::Range;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
};
use netlink_packet_route::RouteNetlinkMessage;

use crate::netlink::attributes::Payload;

/// The positions of the header's fields.
const LENGTH: Range<usize> = 0..4;
const KIND: Range<usize> = 4..6;
const FLAGS: Range<usize> = 6..8;
const SEQUENCE: Range<usize> = 8..12;

/// One message to the kernel, with its flags: `struct nlmsghdr` and the payload.
#[derive(Debug, Clone)]
pub(crate) struct Request(Vec<u8>);

/// The content of a request, independent of its flags: the message type and its payload.
pub(crate) trait Message {
    fn kind(&self) -> u16;
    fn into_payload(self) -> Payload;
}

impl Message for RouteNetlinkMessage {
    fn kind(&self) -> u16 {
        self.message_type()
    }

    fn into_payload(self) -> Payload {
        Payload::of(&self)
    }
}

/// A message that is already serialized.
impl Message for (u16, Payload) {
    fn kind(&self) -> u16 {
        self.0
    }

    fn into_payload(self) -> Payload {
        self.1
    }
}

impl Request {
    /// Makes a request that reads, changes or deletes an existing object.
    pub(crate) fn new(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK)
    }

    /// Makes a request that creates an object and fails if it exists.
    pub(crate) fn create(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Returns whether the request creates an object.
    pub(crate) fn creates(&self) -> bool {
        let flags = self.0.get(6..8).and_then(|flags| flags.try_into().ok());
        flags.map_or(0, u16::from_ne_bytes) & NLM_F_CREATE != 0
    }

    /// Makes a request that creates an object or replaces an existing one.
    pub(crate) fn replace(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Makes a request that creates an object even if a similar one exists.
    pub(crate) fn beside(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE)
    }

    /// Makes a request that creates an object after existing ones.
    pub(crate) fn append(message: impl Message) -> Self {
        Self::with(message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND)
    }

    /// Makes a request that adds to an existing object.
    pub(crate) fn create_or_append(message: impl Message) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
        Self::with(message, flags)
    }

    fn with(message: impl Message, flags: u16) -> Self {
        Self::laid_out(message.kind(), flags, message.into_payload().into_bytes())
    }

    fn laid_out(kind: u16, flags: u16, mut bytes: Vec<u8>) -> Self {
        // The size of a link's options bounds a message to far below 4 GiB.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes[LENGTH].copy_from_slice(&length.to_ne_bytes());
        bytes[KIND].copy_from_slice(&kind.to_ne_bytes());
        bytes[FLAGS].copy_from_slice(&flags.to_ne_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Self(bytes)
    }

    /// Turns the request into one that replaces an existing object.
    pub(crate) fn replacing(mut self) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
        self.0[FLAGS].copy_from_slice(&flags.to_ne_bytes());
        self
    }

    /// Turns the request into one that appends after existing objects.
    pub(crate) fn appending(mut self) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND;
        self.0[FLAGS].copy_from_slice(&flags.to_ne_bytes());
        self
    }

    pub(super) fn without_ack(mut self) -> Self {
        clear_ack(&mut self.0);
        self
    }

    pub(crate) fn dump(mut self) -> Self {
        self.0[FLAGS].copy_from_slice(&(NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        self
    }
}

/// Clears the acknowledgement flag of the message at the beginning of the bytes.
fn clear_ack(message: &mut [u8]) {
    let flags = u16::from_ne_bytes([message[6], message[7]]) & !NLM_F_ACK;
    message[FLAGS].copy_from_slice(&flags.to_ne_bytes());
}

/// Requests in the order in which the kernel is to run them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: usize,
    /// The position of the last request.
    last: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a request. Only the last in a batch asks for an acknowledgement: the kernel reports
    /// refusals, in order, without being asked.
    pub(crate) fn push(&mut self, request: Request) {
        if self.count == 0 {
            self.bytes = request.0;
        } else {
            clear_ack(&mut self.bytes[self.last..]);
            self.last = self.bytes.len();
            self.bytes.extend_from_slice(&request.0);
        }
        self.count += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn number_from(&mut self, first: u32) {
        let mut start = 0;
        for sequence in (first..).take(self.count) {
            let message = &mut self.bytes[start..];
            message[SEQUENCE].copy_from_slice(&sequence.to_ne_bytes());
            let length = u32::from_ne_bytes([message[0], message[1], message[2], message[3]]);
            start += (length as usize).next_multiple_of(4);
        }
    }
}
