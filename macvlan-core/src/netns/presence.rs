//! Finds out whether namespaces exist on which no handle is open.

use std::collections::HashSet;
use std::fs;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::netlink::Connection;
use crate::netns::sys::open_by_id;
use crate::netns::{NetNs, Origin, VisibleNamespaces};

/// The time that the kernel may take to end a namespace after its last process, mount or descriptor is
/// gone: sockets inside are closed slightly later.
const ENDING: Duration = Duration::from_millis(500);

/// The result of a search for a namespace.
#[derive(Debug)]
#[doc(hidden)] // for macvlan-network
pub enum Presence {
    /// The namespace exists; a handle on it.
    There(NetNs),
    /// The namespace has ended.
    Gone,
    /// The search was inconclusive, for this reason.
    Unknown(Error),
}

impl Presence {
    /// Returns the namespace, or `None` if it has ended.
    ///
    /// # Errors
    ///
    /// The reason, if the search was inconclusive.
    #[doc(hidden)]
    pub fn known(self) -> Result<Option<NetNs>> {
        match self {
            Self::There(netns) => Ok(Some(netns)),
            Self::Gone => Ok(None),
            Self::Unknown(error) => Err(error),
        }
    }
}

impl NetNs {
    /// Returns the kernel's cookie of the namespace, which is never reused.
    ///
    /// `None` before Linux 5.14.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`] if the namespace may not be entered.
    #[doc(hidden)] // for macvlan-network
    pub fn cookie(&self) -> Result<Option<u64>> {
        let cookie = self.connection()?.netns_cookie();
        cookie.map_err(|errno| Error::system("identify the namespace", errno))
    }

    /// Searches for namespaces of this boot and reports each result with its position.
    ///
    /// They are given by inode number and cookie.
    ///
    /// All processes of the machine are inspected at most twice, for any number of namespaces.
    #[doc(hidden)] // for macvlan-network
    pub fn find_all(wanted: &[(u64, Option<u64>)], mut say: impl FnMut(usize, Presence)) {
        let mut open: Vec<usize> = (0..wanted.len()).collect();
        // A descriptor that one process hands to another during the first pass may be missed in
        // both.
        for last in [false, true] {
            open.retain(|at| {
                let gone = matches!(ask(wanted[*at]), Answer::Gone);
                if gone {
                    say(*at, Presence::Gone);
                }
                !gone
            });
            if open.is_empty() {
                return;
            }
            let mut inodes: HashSet<u64> = open.iter().map(|at| wanted[*at].0).collect();
            let visible = NetNs::visible_until(|id| inodes.remove(&id.inode) && inodes.is_empty());
            open.retain(|at| match visible.find(wanted[*at]) {
                Presence::Gone | Presence::Unknown(_) if !last => true,
                Presence::There(netns) => {
                    say(*at, Presence::There(netns));
                    false
                }
                otherwise => {
                    say(*at, decide(wanted[*at], otherwise));
                    false
                }
            });
        }
    }
}

impl VisibleNamespaces {
    fn find(&self, (inode, cookie): (u64, Option<u64>)) -> Presence {
        let is_it = |netns: &NetNs| Ok(cookie.is_none() || netns.cookie()? == cookie);
        self.presence(inode, is_it, operation(inode))
    }
}

/// Decides about a namespace to which nothing visible leads. The kernel takes some time to end one,
/// so it is asked repeatedly.
pub(super) fn decide(wanted: (u64, Option<u64>), looked: Presence) -> Presence {
    let begin = Instant::now();
    loop {
        match ask(wanted) {
            Answer::Gone => return Presence::Gone,
            Answer::There(netns) if begin.elapsed() > ENDING => return Presence::There(netns),
            Answer::There(netns) => drop(netns),
            Answer::None if matches!(looked, Presence::Gone) && !shows_all_processes() => {
                return Presence::Unknown(hidden_processes(operation(wanted.0)));
            }
            Answer::None => return looked,
        }
        thread::sleep(ENDING / 100);
    }
}

fn operation(inode: u64) -> String {
    format!("find the network namespace net:[{inode}]")
}

/// The kernel's answer.
enum Answer {
    There(NetNs),
    Gone,
    None,
}

/// Asks the kernel, which since Linux 6.18 finds a namespace by its cookie, even one that is about
/// to end. Opens no socket inside, which would prolong its existence.
fn ask((inode, cookie): (u64, Option<u64>)) -> Answer {
    let Some(cookie) = cookie else { return Answer::None };
    let answer = match open_by_id(cookie, inode) {
        Ok(fd) => NetNs::checked(fd, Origin::Fd, &|| operation(inode))
            .map_or_else(|_| Answer::None, Answer::There),
        Err(Errno::ESTALE) => Answer::Gone,
        Err(_) => Answer::None,
    };
    match answer {
        Answer::There(_) | Answer::Gone if !matches!(finds_all(), Ok(true)) => Answer::None,
        answer => answer,
    }
}

/// Returns whether the kernel finds every namespace by its cookie, including one that is held by a
/// socket only.
fn finds_all() -> Result<bool> {
    static FINDS_ALL: OnceLock<bool> = OnceLock::new();
    if let Some(finds) = FINDS_ALL.get() {
        return Ok(*finds);
    }
    let netns = NetNs::anonymous()?;
    let Some(cookie) = netns.cookie()? else { return Ok(false) };
    let (_socket, inode) = (netns.visit(Connection::open)??, netns.id().inode);
    drop(netns);
    let finds = match open_by_id(cookie, inode) {
        Ok(_) => true,
        Err(Errno::ESTALE) => false,
        Err(errno) => return Err(Error::system(operation(inode), errno)),
    };
    Ok(*FINDS_ALL.get_or_init(|| finds))
}

/// Returns whether `/proc` shows all processes of the machine. If so, it shows the kernel thread
/// with pid 2, which is missing in other PID namespaces and where processes are hidden.
pub(super) fn shows_all_processes() -> bool {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let flags = || {
        let stat = fs::read_to_string("/proc/2/stat").ok()?;
        // The fields after the name: state, parent, group, session, terminal, its group, flags.
        stat.rsplit(')').next()?.split_ascii_whitespace().nth(6)?.parse::<u64>().ok()
    };
    flags().is_some_and(|flags| flags & PF_KTHREAD != 0)
}

pub(super) fn hidden_processes(operation: String) -> Error {
    let why = "not found, and /proc does not show all processes of the machine";
    Error::new(ErrorKind::PermissionDenied, operation, why).with_hint(
        "run in the initial PID namespace, and with CAP_SYS_PTRACE if /proc is mounted with hidepid",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_existing_namespaces_are_found() {
        let ours = NetNs::current().unwrap();
        let (inode, cookie) = (ours.id().inode, ours.cookie().unwrap());
        NetNs::find_all(&[(inode, cookie), (inode, None)], |_, found| {
            assert!(matches!(&found, Presence::There(netns) if netns.same_as(&ours)), "{found:?}");
        });
        let Some(cookie) = cookie else { return };
        let mut said = Vec::new();
        NetNs::find_all(&[(inode, Some(cookie + (1 << 60)))], |at, found| {
            assert!(matches!(found, Presence::Gone) || !shows_all_processes(), "{found:?}");
            said.push(at);
        });
        assert_eq!(said, [0]);
    }
}
