//! Notifies systemd of the service's state (`sd_notify(3)`), if systemd has started it.

use std::cell::Cell;
use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};

/// The service, as systemd sees it.
pub(super) struct Service {
    /// The time in which systemd expects a sign of life.
    watchdog: Option<Duration>,
    is_ready: Cell<bool>,
}

impl Service {
    pub(super) fn new() -> Self {
        Self { watchdog: watchdog_enabled(), is_ready: Cell::new(false) }
    }

    /// Says that the service is ready, the first time, and its state.
    pub(super) fn ready(&self, state: &str) {
        let ready = (!self.is_ready.replace(true)).then_some(NotifyState::Ready);
        let all: Vec<NotifyState<'_>> =
            ready.into_iter().chain([NotifyState::Status(state)]).collect();
        tell(&all);
    }

    /// Gives a sign of life.
    pub(super) fn alive(&self) {
        if self.watchdog.is_some() {
            tell(&[NotifyState::Watchdog]);
        }
    }

    /// Returns how long to wait at most before the next sign of life.
    pub(super) fn slice(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 3)
    }

    pub(super) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // If systemd cannot be told, it ends the service itself.
    let _ = notify(states);
}
