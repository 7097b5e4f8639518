//! Verdicts of the kernel are decoded as the kernel means them.

use nix::errno::Errno;

use super::Captured;
use crate::netlink::ack::{Verdict, replies};

/// The socket options of `netlink/socket.rs`; the other constants have fewer.
const OURS: &str = "NETLINK_EXT_ACK NETLINK_CAP_ACK";
const UNCAPPED: &str = "NETLINK_EXT_ACK";
const WORDLESS: &str = "NETLINK_CAP_ACK";

const UNREACHABLE: &str = "ip route add default via 10.9.9.9 dev ens33";
const TOO_LARGE: &str = "ip link add link ens33 name mv0 mtu 9000 type macvlan mode bridge";
const TOO_SMALL: &str = "ip link set dev ens33 mtu 9";
const ACCEPTED: &str = "ip link set dev lo up";

fn refused(errno: Errno, words: &str) -> Verdict {
    Err((errno, Some(words.to_owned())))
}

/// Returns the verdicts with the sequence numbers of their requests.
fn verdicts(bytes: &[u8]) -> Vec<(u32, Verdict)> {
    replies(bytes).filter_map(|reply| Some((reply.sequence, reply.verdict()?))).collect()
}

#[test]
fn verdicts_on_requests() {
    let mut captured = Captured::read(include_str!("verdicts.txt"));
    let mut after =
        |command: &str, options: &str| verdicts(&captured.take(&format!("{command} | {options}")));

    for options in [OURS, UNCAPPED] {
        assert_eq!(after(ACCEPTED, options), [(1, Ok(()))]);
        // Refusals of the macvlan driver have no message.
        assert_eq!(after(TOO_LARGE, options), [(1, Err((Errno::EINVAL, None)))]);
        assert_eq!(
            after(UNREACHABLE, options),
            [(1, refused(Errno::ENETUNREACH, "Nexthop has invalid gateway"))]
        );
    }
    assert_eq!(after(UNREACHABLE, WORDLESS), [(1, Err((Errno::ENETUNREACH, None)))]);
    assert_eq!(
        after("ip link add mv0 type nosuchkind", OURS),
        [(1, refused(Errno::EOPNOTSUPP, "Unknown device type"))]
    );
    // After the message come the attribute's offset and its policy.
    for options in [OURS, UNCAPPED] {
        assert_eq!(
            after("ip link set dev ens33 gso_max_size 1", options),
            [(1, refused(Errno::ERANGE, "integer out of range"))]
        );
    }
    captured.nothing_is_left();
}

#[test]
fn verdicts_on_a_batch() {
    let mut captured = Captured::read(include_str!("batches.txt"));
    let mut after = |commands: [&str; 3]| {
        verdicts(&captured.take(&format!("{} | {OURS}", commands.join(" ; "))))
    };
    let unreachable = refused(Errno::ENETUNREACH, "Nexthop has invalid gateway");
    let too_small = refused(Errno::EINVAL, "mtu less than device minimum");
    assert_eq!(
        after([TOO_SMALL, UNREACHABLE, ACCEPTED]),
        [(1, too_small.clone()), (2, unreachable.clone()), (3, Ok(()))]
    );
    // A successful request without NLM_F_ACK has no reply.
    assert_eq!(after([UNREACHABLE, ACCEPTED, TOO_SMALL]), [(1, unreachable), (3, too_small)]);
    captured.nothing_is_left();
}

#[test]
fn ends_of_listings() {
    let mut captured = Captured::read(include_str!("listings.txt"));
    let mut of_table = |table: &str| {
        captured.take(&format!("ip -4 route show table {table} | {OURS} NETLINK_GET_STRICT_CHK"))
    };
    let ends = |bytes: &[u8]| replies(bytes).map(|reply| reply.end_of_dump()).collect::<Vec<_>>();

    let mut main = of_table("main");
    assert_eq!(ends(&main), [None, Some(Ok(()))]);
    assert!(replies(&main).all(|reply| !reply.dump_was_interrupted()));

    let missing = of_table("4711");
    let no_such_table = refused(Errno::ENOENT, "ipv4: FIB table does not exist");
    assert_eq!(ends(&missing), [Some(no_such_table)]);
    assert!(verdicts(&missing).is_empty());
    captured.nothing_is_left();

    // The flag that the kernel adds when a listing was interrupted: NLM_F_DUMP_INTR.
    main[6] |= 0x10;
    assert!(replies(&main).next().unwrap().dump_was_interrupted());
}

#[test]
fn an_end_without_a_code_is_an_end() {
    let done = [&16_u32.to_ne_bytes()[..], &3_u16.to_ne_bytes(), &[0; 10]].concat();
    assert!(replies(&done).map(|reply| reply.end_of_dump()).eq([Some(Ok(()))]));
    let error = [&16_u32.to_ne_bytes()[..], &2_u16.to_ne_bytes(), &[0; 10]].concat();
    assert_eq!(verdicts(&error), [(0, Err((Errno::EBADMSG, None)))]);
}
