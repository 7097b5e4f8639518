//! Netlink as bytes: sockets, batches of requests, the verdicts on them, attributes. Knows no message of
//! rtnetlink.

pub(crate) mod ack;
#[allow(clippy::disallowed_methods)] // only bytes
pub(crate) mod attributes;
#[allow(clippy::disallowed_methods)] // only bytes
mod batch;
mod events;
#[cfg_attr(not(feature = "fault-injection"), path = "no_faults.rs")]
pub(crate) mod faults;
mod socket;

use std::sync::{Mutex, MutexGuard, PoisonError};

use netlink_packet_core::NLMSG_NOOP;
use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::ack::Reply;
use crate::netlink::attributes::Payload;
use crate::netlink::socket::{Answer, Socket};

pub(crate) use ack::{Refusal, Verdict};
pub(crate) use batch::{Batch, Request};
pub(crate) use events::Listener;

/// Why a batch did not go through.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The kernel refused a request, the first such in the batch. It ran the others all the same.
    Refused {
        /// Which request of the batch, counted from 0.
        at: usize,
        errno: Errno,
        message: Option<String>,
    },
    /// The batch was not sent: nothing has happened.
    NotSent(Errno),
    /// What became of the batch is not known, because its answer did not come or made no sense.
    NoAnswer(Errno),
}

impl Failure {
    /// The failure in words, its cause no better known than by the error number.
    pub(crate) fn into_error(self, operation: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        match self {
            Self::Refused { errno, message, .. } => {
                Error::system(operation, errno).kernel_says(message)
            }
            Self::NotSent(errno) => Error::system(operation, errno),
            Self::NoAnswer(errno) => Error::new(
                ErrorKind::Protocol,
                operation,
                format!("the kernel's answer did not come or made no sense ({errno:?})"),
            )
            .errno_is(errno),
        }
    }

    /// Returns which request of the batch failed, counted from 0: the first where none is known.
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Refused { at, .. } => *at,
            Self::NotSent(_) | Self::NoAnswer(_) => 0,
        }
    }

    /// A request that was refused, without words.
    pub(crate) fn refused(errno: Errno) -> Self {
        Self::Refused { at: 0, errno, message: None }
    }

    /// Returns what a leftover begins with: that it may be one, if what became of the request that
    /// made it, or was to take it away, is not known.
    pub(crate) fn maybe(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => "perhaps ",
            Self::Refused { .. } | Self::NotSent(_) => "",
        }
    }
}

/// A netlink socket that lives in one network namespace, shared by the threads that use it.
pub(crate) struct Connection {
    socket: Socket,
    state: Mutex<State>,
}

/// What one conversation at a time needs.
#[derive(Default)]
struct State {
    sequence: u32,
    received: Answer,
    /// Whether the socket was made ready for listings.
    lists: bool,
    /// Whether the last conversation has not come to its end.
    broken_off: bool,
}

/// How often an interrupted listing is begun again.
const DUMP_ATTEMPTS: usize = 20;

impl Connection {
    /// A socket in the calling thread's namespace.
    pub(crate) fn open() -> Result<Self> {
        let socket =
            Socket::open().map_err(|errno| Error::system("open a netlink socket", errno))?;
        Ok(Self { socket, state: Mutex::default() })
    }

    /// The kernel's cookie for the socket's namespace, which no other ever gets; none before Linux 5.14.
    pub(crate) fn netns_cookie(&self) -> nix::Result<Option<u64>> {
        self.socket.netns_cookie()
    }

    /// The index of a link by its name or alternative name, several times as fast as by a request; but where there is no such link, the kernel
    /// runs `modprobe` first (`dev_load` in `net/core/dev_ioctl.c`), which takes milliseconds.
    pub(crate) fn index_of_existing(&self, name: &str) -> nix::Result<u32> {
        self.socket.index_of(name)
    }

    /// Sends all requests at once and waits for the kernel's verdict on every one; fails with the
    /// first refusal.
    pub(crate) fn submit(&self, batch: &mut Batch) -> std::result::Result<(), Failure> {
        self.submit_all(batch)?.into_iter().next().map_or(Ok(()), Err)
    }

    /// As [`Connection::submit`], with every refusal, in order.
    pub(crate) fn submit_all(
        &self,
        batch: &mut Batch,
    ) -> std::result::Result<Vec<Failure>, Failure> {
        let mut refused = Vec::new();
        self.run(batch, |at, (errno, message)| {
            refused.push(Failure::Refused { at, errno, message });
        })?;
        Ok(refused)
    }

    /// As [`Connection::submit`], for one request.
    pub(crate) fn submit_one(&self, request: Request) -> std::result::Result<(), Failure> {
        let mut batch = Batch::new();
        batch.push(request);
        self.submit(&mut batch)
    }

    /// As [`Connection::submit_one`], for a request that does no harm when it comes twice: it is sent
    /// again if it may have got lost.
    pub(crate) fn retry(&self, request: &Request) -> std::result::Result<(), Failure> {
        let send = || self.submit_one(request.clone());
        match send() {
            Err(Failure::NotSent(_)) => send(),
            // What became of the first one is not known either.
            Err(Failure::NoAnswer(errno)) => send().map_err(|failure| match failure {
                Failure::NotSent(_) => Failure::NoAnswer(errno),
                failure => failure,
            }),
            other => other,
        }
    }

    /// As [`Connection::submit`], with the verdict on each.
    pub(crate) fn submit_each(
        &self,
        batch: &mut Batch,
    ) -> std::result::Result<Vec<Verdict>, Failure> {
        let mut verdicts: Vec<Verdict> = (0..batch.len()).map(|_| Ok(())).collect();
        self.run(batch, |at, refusal| verdicts[at] = Err(refusal))?;
        Ok(verdicts)
    }

    /// Only refusals are told, and the last request's verdict whatever it is.
    fn run(
        &self,
        batch: &mut Batch,
        mut refused: impl FnMut(usize, Refusal),
    ) -> std::result::Result<(), Failure> {
        let Some(last) = batch.len().checked_sub(1) else {
            return Ok(());
        };
        self.converse(batch, Socket::receive, |at, reply| {
            let at = at?;
            if let Err(refusal) = reply.verdict()? {
                refused(at, refusal);
            }
            (at == last).then_some(())
        })
    }

    /// Sends one request and decodes the one message that answers it.
    pub(crate) fn get<T>(
        &self,
        request: Request,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> std::result::Result<T, Failure> {
        let mut batch = Batch::new();
        batch.push(request.without_ack());
        self.converse(&mut batch, Socket::receive_whole, |at, reply| {
            at?;
            Some(match reply.verdict() {
                Some(Err((errno, message))) => Err(Failure::Refused { at: 0, errno, message }),
                Some(Ok(())) => Err(Failure::NoAnswer(Errno::ENODATA)),
                None => decode(reply.payload).ok_or(Failure::NoAnswer(Errno::EBADMSG)),
            })
        })?
    }

    /// Lists everything that a request asks for; what `decode` makes nothing of is left out.
    pub(crate) fn dump<T>(
        &self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> std::result::Result<Vec<T>, Failure> {
        self.lock().make_ready_for_listings(&self.socket).map_err(Failure::NotSent)?;
        for _ in 0..DUMP_ATTEMPTS {
            let mut batch = Batch::new();
            batch.push(request.clone().dump());
            let mut found = Vec::new();
            let mut intact = true;
            let end = self.converse(&mut batch, Socket::receive_whole, |at, reply| {
                // What answers nothing may be a part of it that was spoilt.
                intact &= at.is_some() && !reply.dump_was_interrupted();
                at?;
                let end = reply.end_of_dump();
                if end.is_none() {
                    found.extend(decode(reply.payload));
                }
                end
            })?;
            match end {
                Ok(()) if intact => return Ok(found),
                // As when something changed while the kernel was listing (NLM_F_DUMP_INTR).
                Ok(()) | Err((Errno::EINTR, _)) => {}
                Err((errno, message)) => return Err(Failure::Refused { at: 0, errno, message }),
            }
        }
        Err(Failure::NoAnswer(Errno::EINTR))
    }

    /// Sends requests, and hands each answer on, with which request it answers, if any, until one ends
    /// the conversation.
    fn converse<T>(
        &self,
        batch: &mut Batch,
        receive: impl Fn(&Socket, &mut Answer) -> nix::Result<()>,
        mut each: impl FnMut(Option<usize>, &Reply<'_>) -> Option<T>,
    ) -> std::result::Result<T, Failure> {
        let mut state = self.lock();
        let state = &mut *state;
        // Only one that ended is not broken off, however it was left.
        if std::mem::replace(&mut state.broken_off, true) {
            self.clear(&mut state.received).map_err(Failure::NotSent)?;
        }
        let first = state.take_sequence(batch.len());
        batch.number_from(first);
        self.socket.send(batch.bytes()).map_err(Failure::NotSent)?;
        loop {
            receive(&self.socket, &mut state.received).map_err(Failure::NoAnswer)?;
            let mut replies = ack::replies(state.received.bytes());
            for reply in &mut replies {
                let at = reply.sequence.wrapping_sub(first) as usize;
                let at = (at < batch.len()).then_some(at);
                if let Some(end) = each(at, &reply) {
                    state.broken_off = false;
                    return Ok(end);
                }
            }
            // A listing would be taken for complete without what was cut off.
            if !replies.are_whole() {
                return Err(Failure::NoAnswer(Errno::EBADMSG));
            }
        }
    }

    /// Takes away what a conversation left that was broken off: answers for which the next one may have no
    /// room, and a listing that the kernel is in the middle of, beside which it begins no other
    /// (`cb_running` in `net/netlink/af_netlink.c`). It goes on with that whenever something is received,
    /// so a request that does nothing gives it something to be received.
    fn clear(&self, received: &mut Answer) -> nix::Result<()> {
        let mut batch = Batch::new();
        batch.push(Request::new((NLMSG_NOOP, Payload::new(&[]))));
        self.socket.send(batch.bytes())?;
        loop {
            match self.socket.receive(received) {
                Ok(()) | Err(Errno::EMSGSIZE) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A conversation in which a thread panicked is one that was broken off.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_ready_for_listings(&mut self, socket: &Socket) -> nix::Result<()> {
        if !self.lists {
            socket.filter_listings()?;
            self.received.make_room_for_listing();
            self.lists = true;
        }
        Ok(())
    }

    /// Takes `count` sequence numbers, and never 0, which the kernel uses for events.
    fn take_sequence(&mut self, count: usize) -> u32 {
        #[allow(clippy::cast_possible_truncation)] // a batch is far smaller
        let count = count as u32;
        if self.sequence.checked_add(count).is_none() {
            self.sequence = 0;
        }
        let first = self.sequence + 1;
        self.sequence += count;
        first
    }
}
