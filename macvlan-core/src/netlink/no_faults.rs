//! The empty counterpart of `faults.rs`, without the feature `fault-injection`.

/// A system call of a netlink socket.
pub(super) enum Call {
    Open,
    Send,
    Receive,
    IndexOf,
}

pub(super) struct Verdict;

#[allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)] // as in `faults.rs`
pub(super) fn before(_: Call) -> nix::Result<Verdict> {
    Ok(Verdict)
}

impl Verdict {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)] // as in `faults.rs`
    pub(super) fn spoil(self, _: &mut [u8], length: usize) -> nix::Result<usize> {
        Ok(length)
    }
}
