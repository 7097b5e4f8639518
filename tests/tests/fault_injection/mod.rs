//! Injects faults into the system calls of netlink sockets.
//!
//! Defines functions of the C library, which the linker prefers to its own: the library under test is
//! the one that others use, and has no code for this. Faults belong to a thread, so that tests can
//! run in parallel.
#![allow(dead_code)] // each test program uses some of it
#![allow(unsafe_code)]
#![allow(clippy::cast_possible_truncation)] // results are as wide as the C library has them

use std::cell::RefCell;
use std::ops::RangeInclusive;

use nix::errno::Errno;
use nix::libc::{self, c_int, c_long, c_ulong, c_void, msghdr, size_t, ssize_t};

/// A system call of a netlink socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// `socket`.
    Open,
    /// `send`, inside which the kernel runs the requests.
    Send,
    /// `recvmsg`.
    Receive,
    /// `ioctl(SIOCGIFINDEX)`.
    IndexOf,
}

/// The outcome of a system call, in place of the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
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
pub(crate) fn with_faults<T>(
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

/// Counts a call, and returns its fault if it is to have one.
fn fault(call: Call) -> Option<Fault> {
    let of = |plan: &mut Plan| {
        let number = plan.calls.len();
        plan.calls.push(call);
        (plan.first..=plan.last).contains(&number).then_some(plan.fault)
    };
    // A thread that ends has no plan left.
    PLAN.try_with(|plan| plan.borrow_mut().as_mut().and_then(of)).ok().flatten()
}

/// Makes a call, or fails it. A faulty reply is up to the caller.
fn call(of: Option<Call>, make: impl FnOnce() -> c_long) -> (c_long, Option<Fault>) {
    match of.and_then(fault) {
        Some(Fault::Abort) => std::process::abort(),
        Some(Fault::Errno(number)) => (fails(number), None),
        fault => (make(), fault),
    }
}

fn fails(errno: i32) -> c_long {
    Errno::set_raw(errno);
    -1
}

/// Returns the call if this thread has a plan and the descriptor is a netlink socket.
fn on_netlink(socket: c_int, call: Call) -> Option<Call> {
    let planned = PLAN.try_with(|plan| plan.borrow().is_some()).unwrap_or(false);
    let mut domain: c_int = 0;
    let mut length = libc::socklen_t::try_from(size_of::<c_int>()).ok()?;
    let planned = planned && {
        let value = (&raw mut domain).cast();
        // SAFETY: the value and its length outlive the call.
        let result = unsafe {
            libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_DOMAIN, value, &raw mut length)
        };
        result == 0
    };
    (planned && domain == libc::AF_NETLINK).then_some(call)
}

/// As socket(2).
#[unsafe(no_mangle)]
extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    let of = (domain == libc::AF_NETLINK).then_some(Call::Open);
    // SAFETY: takes numbers only.
    let (result, _) =
        call(of, || unsafe { libc::syscall(libc::SYS_socket, domain, kind, protocol) });
    result as c_int
}

/// As send(2).
///
/// # Safety
///
/// As for the kernel: the buffer has the given length.
#[unsafe(no_mangle)]
unsafe extern "C" fn send(
    socket: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    let null = std::ptr::null::<c_void>();
    // SAFETY: guaranteed by the caller; without an address, its length is 0.
    let (result, _) = call(on_netlink(socket, Call::Send), || unsafe {
        libc::syscall(libc::SYS_sendto, socket, buffer, length, flags, null, 0)
    });
    result as ssize_t
}

/// As recvmsg(2).
///
/// # Safety
///
/// As for the kernel: the message and what it points to can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn recvmsg(socket: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: guaranteed by the caller.
    let (result, fault) = call(on_netlink(socket, Call::Receive), || unsafe {
        libc::syscall(libc::SYS_recvmsg, socket, message, flags)
    });
    let result = match fault {
        Some(Fault::NoReply) if result >= 0 => fails(libc::EAGAIN),
        Some(Fault::Truncated) if result >= 0 => result / 2,
        Some(Fault::OtherSequence) if result >= 12 => {
            // SAFETY: the kernel has written at least 12 bytes, all into the one part that the
            // library gives; nlmsg_seq is in bytes 8 to 11.
            unsafe {
                let sequence = (*(*message).msg_iov).iov_base.byte_add(8).cast::<u32>();
                sequence.write_unaligned(sequence.read_unaligned() ^ 0x5555_5555);
            }
            result
        }
        _ => result,
    };
    result as ssize_t
}

/// As ioctl(2) with an argument, which all callers have.
///
/// # Safety
///
/// As for the kernel: the argument is what the request takes.
#[unsafe(no_mangle)]
unsafe extern "C" fn ioctl(descriptor: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    #[allow(clippy::unnecessary_cast)] // the type differs between C libraries
    let of = (request == libc::SIOCGIFINDEX as c_ulong)
        .then(|| on_netlink(descriptor, Call::IndexOf))
        .flatten();
    // SAFETY: guaranteed by the caller.
    let (result, _) =
        call(of, || unsafe { libc::syscall(libc::SYS_ioctl, descriptor, request, argument) });
    result as c_int
}
