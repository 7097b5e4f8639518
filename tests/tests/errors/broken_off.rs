//! An interrupted conversation with the kernel leaves answers behind, or an unfinished listing,
//! during which the kernel starts no other on that socket. The next conversation must not be
//! affected.
#![deny(dead_code)]

use macvlan_core::{Handle, Link, NetNs, Result};
use macvlan_tests::Outcome;
use nix::errno::Errno;

use crate::fault_injection::{Call, Fault, with_faults};

/// So many that the kernel lists them in several parts.
const LINKS: usize = 120;

/// Returns a handle without interrupted conversations on its socket.
fn handle() -> Outcome<Handle> {
    let handle = Handle::in_netns(&NetNs::anonymous()?)?;
    for number in 0..LINKS / 2 {
        handle.add_link(&Link::veth(format!("a{number}"), format!("b{number}"), None)?)?;
    }
    Ok(handle)
}

/// Every answer is lost in every way, and the same handle continues as if it had not been.
fn broken_off<T>(handle: &Handle, work: impl Fn() -> Result<T>) -> Outcome {
    let never = usize::MAX..=usize::MAX;
    let (result, calls) = with_faults(never, Fault::NoReply, &work);
    result?;
    let answers = calls.iter().enumerate().filter(|(_, call)| **call == Call::Receive);
    let errno = |errno: Errno| Fault::Errno(errno as i32);
    let mut failed = 0;
    for (number, _) in answers {
        for fault in [
            errno(Errno::ENOBUFS),
            errno(Errno::ENOMEM),
            Fault::NoReply,
            Fault::Truncated,
            Fault::OtherSequence,
        ] {
            for next in 0..3 {
                let (result, _) = with_faults(number..=number, fault, &work);
                failed += usize::from(result.is_err());
                let trial = format!("{fault:?} at call {number}, then {next}");
                let went_on = match next {
                    0 => handle.set_up("a7"),
                    1 => handle.link("a7").map(|link| assert_eq!(link.name, "a7", "{trial}")),
                    _ => handle.links().map(|links| assert_eq!(links.len(), LINKS + 1, "{trial}")),
                };
                went_on.map_err(|error| format!("{trial}: {error}"))?;
            }
        }
    }
    assert!(failed > 0, "nothing was broken off");
    Ok(())
}

fn a_listing_is_broken_off() -> Outcome {
    let handle = handle()?;
    broken_off(&handle, || handle.links())
}

fn a_question_is_broken_off() -> Outcome {
    let handle = handle()?;
    broken_off(&handle, || handle.link("a9"))
}

fn a_change_is_broken_off() -> Outcome {
    let handle = handle()?;
    broken_off(&handle, || handle.set_up("a9"))
}

macvlan_tests::tests! {
    a_listing_is_broken_off,
    a_question_is_broken_off,
    a_change_is_broken_off,
}
