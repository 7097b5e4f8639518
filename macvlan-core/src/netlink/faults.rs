//! Injects faults into the system calls of a netlink socket, for tests.
//!
//! Enabled by the feature `fault-injection`, which only this project's own tests use; without it,
//! `no_faults.rs` is compiled instead. Faults belong to a thread, so that tests can run in
//! parallel.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use nix::errno::Errno;

/// A system call of a netlink socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `socket` and its options.
    Open,
    /// `sendto`, inside which the kernel runs the requests.
    Send,
    /// `recvmsg`.
    Receive,
    /// `ioctl(SIOCGIFINDEX)`.
    IndexOf,
}

/// The outcome of a system call, in place of the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call is not made and fails with this error number; the next one receives its reply.
    Errno(i32),
    /// The process ends immediately, without cleaning up.
    Abort,
    /// The reply is cut in half.
    Truncated,
    /// The reply is lost.
    NoReply,
    /// The reply has a wrong sequence number.
    OtherSequence,
}

/// The fault to apply to the result of a call.
pub(super) struct Verdict(Option<Fault>);

/// The calls that are to fail, and the calls made so far.
struct Plan {
    first: usize,
    last: usize,
    fault: Fault,
    calls: Vec<Call>,
}

thread_local! {
    static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
}

/// Runs a closure during which the calls with these numbers, counted from 0, have a fault.
///
/// Returns the closure's result and the calls that this thread made.
pub fn with_faults<T>(
    calls: RangeInclusive<usize>,
    fault: Fault,
    work: impl FnOnce() -> T,
) -> (T, Vec<Call>) {
    let (first, last) = calls.into_inner();
    let plan = Plan { first, last, fault, calls: Vec::new() };
    PLAN.with(|current| *current.borrow_mut() = Some(plan));
    let result = work();
    let plan = PLAN.with(|current| current.borrow_mut().take());
    (result, plan.map(|plan| plan.calls).unwrap_or_default())
}

/// Decides on a fault; called before every system call.
pub(super) fn before(call: Call) -> nix::Result<Verdict> {
    PLAN.with(|plan| {
        let mut plan = plan.borrow_mut();
        let Some(plan) = plan.as_mut() else { return Ok(Verdict(None)) };
        let number = plan.calls.len();
        plan.calls.push(call);
        match plan.fault {
            _ if number < plan.first || number > plan.last => Ok(Verdict(None)),
            Fault::Abort => std::process::abort(),
            Fault::Errno(number) => Err(Errno::from_raw(number)),
            fault => Ok(Verdict(Some(fault))),
        }
    })
}

impl Verdict {
    /// Returns the length of a received reply after the fault, or `EAGAIN` if it is lost.
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
}
