//! Where the system calls of a netlink socket can be made to fail, for tests.
//!
//! With the feature `fault-injection`, which nothing enables but this project's own tests; without
//! it, `no_faults.rs` takes this file's place. Faults are a thread's own, so that tests can run at
//! the same time.

use std::cell::RefCell;
use std::ops::RangeInclusive;

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
    /// The process ends here and now, without a chance to tidy up.
    Abort,
    /// The reply ends in its middle.
    Truncated,
    /// The reply gets lost.
    NoReply,
    /// The reply has another sequence number.
    OtherSequence,
}

/// What is to be done to one call's result.
pub(super) struct Verdict(Option<Fault>);

/// Which calls are to fail, and those that were made.
struct Plan {
    first: usize,
    last: usize,
    fault: Fault,
    calls: Vec<Call>,
}

thread_local! {
    static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
}

/// Runs something during which the calls with these numbers, counted from 0, come to a fault;
/// returns what it returns, and the calls that this thread made.
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

/// To be asked before every system call.
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
    /// What becomes of a reply that was received: its length, or `EAGAIN` if it got lost.
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
