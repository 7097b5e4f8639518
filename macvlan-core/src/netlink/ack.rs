//! Decodes replies: acknowledgements, refusals with their messages, and the parts of a listing.

use netlink_packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use nix::errno::Errno;

use crate::netlink::attributes::{attributes, text_of};

/// One message of a reply, its payload not yet decoded.
pub(crate) struct Reply<'a> {
    pub(crate) kind: u16,
    flags: u16,
    pub(crate) sequence: u32,
    pub(crate) payload: &'a [u8],
}

/// A refusal: the kernel's error number, and its message if it gave one.
pub(crate) type Refusal = (Errno, Option<String>);

/// The kernel's answer to a request.
pub(crate) type Verdict = Result<(), Refusal>;

const HEADER: usize = 16;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// Iterates over the received messages; ends at one that is cut off.
pub(crate) fn replies(bytes: &[u8]) -> Replies<'_> {
    Replies(bytes)
}

/// An iterator over messages.
pub(crate) struct Replies<'a>(&'a [u8]);

impl Replies<'_> {
    /// Returns, after the iteration, whether no message was cut off.
    pub(crate) fn are_whole(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Replies<'a> {
    type Item = Reply<'a>;

    fn next(&mut self) -> Option<Reply<'a>> {
        let bytes = self.0;
        let header = bytes.first_chunk::<HEADER>()?;
        let word = |at: usize| {
            u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let length = word(0) as usize;
        let payload = bytes.get(HEADER..length)?;
        let reply = Reply { kind: half(4), flags: half(6), sequence: word(8), payload };
        self.0 = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(reply)
    }
}

impl Reply<'_> {
    /// Returns the verdict on a request, or `None` if the message is something else, such as an
    /// object.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        (self.kind == NLMSG_ERROR).then(|| self.read_verdict())
    }

    /// Returns the verdict that ends a listing, or `None` for its parts.
    pub(crate) fn end_of_dump(&self) -> Option<Verdict> {
        matches!(self.kind, NLMSG_ERROR | NLMSG_DONE).then(|| self.read_verdict())
    }

    pub(crate) fn dump_was_interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }

    fn read_verdict(&self) -> Verdict {
        let Some((code, rest)) = self.payload.split_first_chunk::<4>() else {
            // NLMSG_DONE may come without a code.
            return if self.kind == NLMSG_DONE { Ok(()) } else { Err((Errno::EBADMSG, None)) };
        };
        match i32::from_ne_bytes(*code) {
            0 => Ok(()),
            code => Err((Errno::from_raw(code.saturating_abs()), self.reason(rest))),
        }
    }

    /// Returns the kernel's message, which follows the echoed request (`struct nlmsgerr` in
    /// `linux/netlink.h`).
    fn reason(&self, behind_code: &[u8]) -> Option<String> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let echoed = if self.kind == NLMSG_DONE {
            0
        } else if self.flags & NLM_F_CAPPED != 0 {
            HEADER
        } else {
            let length = behind_code.first_chunk::<4>()?;
            (u32::from_ne_bytes(*length) as usize).checked_next_multiple_of(4)?
        };
        let (_, words) =
            attributes(behind_code.get(echoed..)?).find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG)?;
        Some(text_of(words)).filter(|words| !words.is_empty())
    }
}
