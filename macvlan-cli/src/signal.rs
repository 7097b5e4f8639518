//! SIGINT, SIGTERM and SIGHUP end a wait, so that an operation is undone and not cut off.
//!
//! They are caught when there is something to undo. Until then, as while a container is looked for,
//! they end the process in the usual way.

use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use macvlan_core::Cancel;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::failure::{Done, Failure, interrupted_by, status};

/// Catches the signals that end a program, until it is dropped.
pub(crate) struct Signals {
    cancel: Cancel,
    before: SigSet,
    stop: Arc<EventFd>,
    caught: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    /// Blocks the signals and starts a thread that reads them.
    pub(crate) fn catch() -> Done<Self> {
        let fails = |errno: nix::Error| {
            Failure::new(status::OTHER, format!("cannot catch signals: {}", errno.desc()))
        };
        let cancel = Cancel::new()?;
        let set = not_ignored();
        let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(fails)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&set, flags).map_err(fails)?;
        let stop = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC).map_err(fails)?);
        let (its_cancel, its_stop) = (cancel.clone(), Arc::clone(&stop));
        let (catches, caught) = mpsc::channel();
        let read = move || read(&signals, &its_stop, &its_cancel, &catches);
        let thread = thread::Builder::new().name("macvlan-signals".to_owned()).spawn(read);
        let thread = thread.map_err(|error| Failure::file("start a thread", &error))?;
        Ok(Self { cancel, before, stop, caught, thread: Some(thread) })
    }

    /// Returns the token that a signal cancels.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Waits for a signal; false if none was caught in this time.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        self.cancel.is_cancelled() || self.caught.recv_timeout(time).is_ok()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // None of this fails with valid arguments, and a panic of the thread has no effect here.
        let _ = self.stop.write(1);
        let _ = self.thread.take().map(JoinHandle::join);
        let _ = self.before.thread_set_mask();
    }
}

/// Cancels at the first signal, and reads further ones so that they do not cut off the undo.
fn read(signals: &SignalFd, stop: &EventFd, cancel: &Cancel, catches: &Sender<()>) {
    loop {
        let both = [signals.as_fd(), stop.as_fd()];
        let mut polled = both.map(|one| PollFd::new(one, PollFlags::POLLIN));
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(_) => return,
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            interrupted_by(signal.ssi_signo);
            cancel.cancel();
            // The receiver is dropped after this thread has ended.
            let _ = catches.send(());
        }
        // A signal that came before the end does not end the process afterwards.
        if polled[1].any() == Some(true) {
            return;
        }
    }
}

/// Returns the signals without those that the parent process has set to be ignored, as `nohup`
/// does: the kernel ignores a signal only while it is not blocked.
fn not_ignored() -> SigSet {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = told.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let all = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    all.into_iter().filter(|signal| ignored & (1 << (*signal as i32 - 1)) == 0).collect()
}
