//! A line on standard error about work that takes long, if that is a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::escape::escaped;

/// Work that takes less shows nothing.
const BEFORE: Duration = Duration::from_millis(300);
const INTERVAL: Duration = Duration::from_millis(250);

/// Shows work in progress until it is dropped, which erases the line.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Shows this text, with the time since now.
    pub(crate) fn start(text: impl Into<String>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let (end, ended) = channel::<()>();
        let (text, started) = (escaped(&text.into(), &[]), Instant::now());
        let show = move || {
            let mut pause = BEFORE;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause) {
                write(&format!("\r{text}: {} s\x1b[K", started.elapsed().as_secs()));
                pause = INTERVAL;
            }
            if pause == INTERVAL {
                write("\r\x1b[K");
            }
        };
        // Without a thread, there is no progress to see, and the work is done all the same.
        let thread = thread::Builder::new().name("macvlan-progress".to_owned()).spawn(show).ok();
        Self(thread.map(|thread| (end, thread)))
    }
}

fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}
