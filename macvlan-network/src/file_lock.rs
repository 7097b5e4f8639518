//! Locks a file with flock(2), with a time limit, since any process that can read the file can lock
//! it.

use std::fs::File;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, ErrorKind};

/// The time to wait for other processes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Locks a file until the lock is dropped.
pub(crate) fn lock(mut file: File, operation: impl Fn() -> String) -> Result<Flock<File>, Error> {
    let began = Instant::now();
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((file, Errno::EWOULDBLOCK | Errno::EINTR)) => file,
            Err((_, errno)) => return Err(Error::file(operation(), errno.into())),
        };
        if began.elapsed() > PATIENCE {
            let why = format!(
                "timed out after {} s, because another process holds the lock",
                PATIENCE.as_secs()
            );
            return Err(Error::new(ErrorKind::Contended, operation(), why));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
