//! Netlink as bytes: sockets, batches of requests, verdicts and attributes. This layer does not
//! know the messages of rtnetlink.

pub(crate) mod ack;
#[allow(clippy::disallowed_methods)] // decodes bytes only
pub(crate) mod attributes;
#[allow(clippy::disallowed_methods)] // decodes bytes only
mod batch;
mod events;
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

/// The reason why a batch failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The kernel refused a request, the first such in the batch, and ran the others.
    Refused {
        /// The position of the request in the batch, counted from 0.
        at: usize,
        errno: Errno,
        message: Option<String>,
    },
    /// The batch was not sent, so nothing has changed.
    NotSent(Errno),
    /// The outcome is unknown, because the reply was lost or malformed.
    NoAnswer(Errno),
    /// The objects to be listed changed during each attempt.
    Changing,
}

impl Failure {
    /// Converts the failure into an error whose cause is the error number alone.
    pub(crate) fn into_error(self, operation: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        match self {
            Self::Refused { errno, message, .. } => {
                Error::system(operation, errno).kernel_says(message)
            }
            Self::NotSent(errno) => Error::system(operation, errno),
            Self::NoAnswer(errno) => Error::new(
                ErrorKind::Protocol,
                operation,
                format!("the kernel's reply was lost or malformed ({errno:?})"),
            )
            .errno_is(errno),
            Self::Changing => Error::new(
                ErrorKind::Interrupted,
                operation,
                format!("something changed during each of {DUMP_ATTEMPTS} attempts; try again"),
            ),
        }
    }

    /// Returns the position of the request that failed, counted from 0; 0 if it is not known.
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Refused { at, .. } => *at,
            Self::NotSent(_) | Self::NoAnswer(_) | Self::Changing => 0,
        }
    }

    /// Returns whether the object of a deletion no longer exists. The kernel also says this if only
    /// the reply to a first request was lost.
    pub(crate) fn says_gone(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                errno: Errno::ESRCH | Errno::ENOENT | Errno::ENODEV | Errno::EADDRNOTAVAIL,
                ..
            }
        )
    }

    /// Makes a refusal without a message.
    pub(crate) fn refused(errno: Errno) -> Self {
        Self::Refused { at: 0, errno, message: None }
    }

    /// Returns the word that a leftover begins with: "perhaps" if it is not known whether the
    /// request took effect.
    pub(crate) fn maybe(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => "perhaps ",
            Self::Refused { .. } | Self::NotSent(_) | Self::Changing => "",
        }
    }
}

/// A netlink socket in one network namespace, shared by the threads that use it.
pub(crate) struct Connection {
    socket: Socket,
    state: Mutex<State>,
}

/// The state that one exchange at a time uses.
#[derive(Default)]
struct State {
    sequence: u32,
    received: Answer,
    /// True if the socket is set up for listings.
    lists: bool,
    /// True if the last exchange did not complete.
    broken_off: bool,
}

/// The number of attempts at an interrupted listing. Where others make and delete links all the
/// time, one in ten may be undisturbed.
const DUMP_ATTEMPTS: usize = 100;

impl Connection {
    /// Opens a socket in the calling thread's namespace.
    pub(crate) fn open() -> Result<Self> {
        let socket =
            Socket::open().map_err(|errno| Error::system("open a netlink socket", errno))?;
        Ok(Self { socket, state: Mutex::default() })
    }

    /// Returns the kernel's cookie for the socket's namespace, which is never reused; `None` before
    /// Linux 5.14.
    pub(crate) fn netns_cookie(&self) -> nix::Result<Option<u64>> {
        self.socket.netns_cookie()
    }

    /// Returns the index of a link by its name or alternative name.
    ///
    /// Several times as fast as a request. But if the link does not exist, the kernel runs
    /// `modprobe` first (`dev_load` in `net/core/dev_ioctl.c`), which takes milliseconds.
    pub(crate) fn index_of_existing(&self, name: &str) -> nix::Result<u32> {
        self.socket.index_of(name)
    }

    /// Sends all requests at once, waits for the verdict on each, and fails with the first refusal.
    pub(crate) fn submit(&self, batch: &mut Batch) -> std::result::Result<(), Failure> {
        self.submit_all(batch)?.into_iter().next().map_or(Ok(()), Err)
    }

    /// As [`Connection::submit`], but returns every refusal, in order.
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

    /// As [`Connection::submit_one`], for an idempotent request: sends it again if it may have been
    /// lost.
    pub(crate) fn retry(&self, request: &Request) -> std::result::Result<(), Failure> {
        let send = || self.submit_one(request.clone());
        match send() {
            Err(Failure::NotSent(_)) => send(),
            // The outcome of the first request is not known either.
            Err(Failure::NoAnswer(errno)) => send().map_err(|failure| match failure {
                Failure::NotSent(_) => Failure::NoAnswer(errno),
                failure => failure,
            }),
            other => other,
        }
    }

    /// As [`Connection::submit`], but returns the verdict on each request.
    pub(crate) fn submit_each(
        &self,
        batch: &mut Batch,
    ) -> std::result::Result<Vec<Verdict>, Failure> {
        let mut verdicts: Vec<Verdict> = (0..batch.len()).map(|_| Ok(())).collect();
        self.run(batch, |at, refusal| verdicts[at] = Err(refusal))?;
        Ok(verdicts)
    }

    /// Passes on the refusals, and the last request's verdict in any case.
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

    /// Lists all objects of a request; leaves out those for which `decode` returns `None`.
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
                // A message with a wrong sequence number may be a damaged part of the listing.
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
                // Something changed while the kernel was listing (NLM_F_DUMP_INTR).
                Ok(()) | Err((Errno::EINTR, _)) => {}
                Err((errno, message)) => return Err(Failure::Refused { at: 0, errno, message }),
            }
        }
        Err(Failure::Changing)
    }

    /// Sends requests and passes each reply to `each`, with the position of the request that it
    /// answers, if any, until `each` ends the exchange.
    fn converse<T>(
        &self,
        batch: &mut Batch,
        receive: impl Fn(&Socket, &mut Answer) -> nix::Result<()>,
        mut each: impl FnMut(Option<usize>, &Reply<'_>) -> Option<T>,
    ) -> std::result::Result<T, Failure> {
        let mut state = self.lock();
        let state = &mut *state;
        // Cleared only where the exchange completes, so any early return leaves it set.
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
            // Without the part that was cut off, a listing would look complete.
            if !replies.are_whole() {
                return Err(Failure::NoAnswer(Errno::EBADMSG));
            }
        }
    }

    /// Discards the replies of an exchange that did not complete.
    ///
    /// They could fill the receive buffer, and the kernel starts no listing while another is in
    /// progress (`cb_running` in `net/netlink/af_netlink.c`). It continues that one whenever a
    /// message is received, so a no-op request is sent to have at least one reply to receive.
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
        // If a thread panicked during an exchange, `broken_off` is still set.
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

    /// Takes `count` sequence numbers, never 0, which the kernel uses for events.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_during_a_listing_are_an_interruption() {
        let error = Failure::Changing.into_error("list the links");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(error.to_string().contains("something changed during each of 100 attempts"));
        assert_eq!(Failure::Changing.maybe(), "", "a listing changes nothing");
    }
}
