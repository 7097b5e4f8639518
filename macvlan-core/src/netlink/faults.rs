//! Where the system calls of a netlink socket can be made to fail, for tests.
//!
//! With the feature `fault-injection`, which nothing enables but this project's own tests; without
//! it, this is a call that does nothing and is compiled away. Faults are a thread's own, so that
//! tests can run at the same time.

use nix::errno::Errno;

/// A system call of a netlink socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `socket` and its options.
    Open,
    /// `sendto`: the kernel runs the requests inside it.
    Send,
    /// `recvmsg`.
    Receive,
    /// `ioctl(SIOCGIFINDEX)`.
    IndexOf,
}

/// What a system call comes to, instead of what it would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not made, and fails with this error number. A reply that it would have fetched comes
    /// with the next.
    Errno(i32),
    /// The reply ends in its middle.
    Truncated,
    /// The reply gets lost.
    NoReply,
    /// The reply has another sequence number.
    OtherSequence,
}

/// What is to be done to one call's result.
#[derive(Default)]
pub(super) struct Verdict(#[cfg(feature = "fault-injection")] Option<Fault>);

#[cfg(feature = "fault-injection")]
mod plan {
    use std::cell::RefCell;

    use super::{Call, Fault};

    /// Which calls are to fail, and those that were made.
    pub(super) struct Plan {
        pub(super) first: usize,
        pub(super) last: usize,
        pub(super) fault: Fault,
        pub(super) calls: Vec<Call>,
    }

    thread_local! {
        pub(super) static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
    }
}

/// Runs something during which the calls with these numbers, counted from 0, come to a fault;
/// returns what it returns, and the calls that this thread made.
#[cfg(feature = "fault-injection")]
pub fn with_faults<T>(
    calls: std::ops::RangeInclusive<usize>,
    fault: Fault,
    work: impl FnOnce() -> T,
) -> (T, Vec<Call>) {
    let (first, last) = calls.into_inner();
    let plan = plan::Plan { first, last, fault, calls: Vec::new() };
    plan::PLAN.with(|current| *current.borrow_mut() = Some(plan));
    let result = work();
    let plan = plan::PLAN.with(|current| current.borrow_mut().take());
    (result, plan.map(|plan| plan.calls).unwrap_or_default())
}

/// To be asked before every system call.
#[cfg(feature = "fault-injection")]
pub(super) fn before(call: Call) -> nix::Result<Verdict> {
    plan::PLAN.with(|plan| {
        let mut plan = plan.borrow_mut();
        let Some(plan) = plan.as_mut() else { return Ok(Verdict(None)) };
        let number = plan.calls.len();
        plan.calls.push(call);
        match plan.fault {
            _ if number < plan.first || number > plan.last => Ok(Verdict(None)),
            Fault::Errno(number) => Err(Errno::from_raw(number)),
            fault => Ok(Verdict(Some(fault))),
        }
    })
}

#[cfg(not(feature = "fault-injection"))]
#[allow(clippy::unnecessary_wraps)] // as with the feature
pub(super) fn before(_: Call) -> nix::Result<Verdict> {
    Ok(Verdict::default())
}

impl Verdict {
    /// What becomes of a reply that was received: its length, or `EAGAIN` if it got lost.
    #[cfg(feature = "fault-injection")]
    pub(super) fn spoil(self, reply: &mut [u8], length: usize) -> nix::Result<usize> {
        match self.0 {
            Some(Fault::NoReply) => Err(Errno::EAGAIN),
            Some(Fault::Truncated) => Ok(length / 2),
            Some(Fault::OtherSequence) => {
                for byte in reply.iter_mut().skip(8).take(4) {
                    *byte ^= 0x55;
                }
                Ok(length)
            }
            _ => Ok(length),
        }
    }

    #[cfg(not(feature = "fault-injection"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)] // as with the feature
    pub(super) fn spoil(self, _: &mut [u8], length: usize) -> nix::Result<usize> {
        Ok(length)
    }
}
