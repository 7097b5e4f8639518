//! Whether namespaces exist that no handle is held on.

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

/// How long the kernel may take to end a namespace whose last process, mount or descriptor has gone: sockets
/// that were inside are let go a little later.
const ENDING: Duration = Duration::from_millis(500);

/// What is known of a namespace that was looked for.
#[derive(Debug)]
#[doc(hidden)] // for the crate of networks
pub enum Presence {
    /// It exists, and this leads to it.
    There(NetNs),
    /// It has ended.
    Gone,
    /// Whether it exists could not be found out, and why.
    Unknown(Error),
}

impl Presence {
    /// Returns the namespace; none if it has ended.
    ///
    /// # Errors
    ///
    /// Why it could not be found out.
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
    /// Returns the kernel's cookie for the namespace, which it gives to no second one; none before Linux
    /// 5.14.
    #[doc(hidden)] // for the crate of networks
    pub fn cookie(&self) -> Result<Option<u64>> {
        let cookie = self.connection()?.netns_cookie();
        cookie.map_err(|errno| Error::system("identify the namespace", errno))
    }

    /// Says what is known of each of these namespaces of this boot, which are given by their inode numbers
    /// and cookies, and said by their places. However many they are, the machine is looked through twice
    /// at most.
    #[doc(hidden)] // for the crate of networks
    pub fn find_all(wanted: &[(u64, Option<u64>)], mut say: impl FnMut(usize, Presence)) {
        let mut open: Vec<usize> = (0..wanted.len()).collect();
        // One that is handed from one process to another meanwhile may be seen with neither.
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

/// Returns what is known of a namespace that nothing visible leads to. The kernel takes some moments to
/// end one, so it is asked until it has.
pub(super) fn decide(wanted: (u64, Option<u64>), looked: Presence) -> Presence {
    let begin = Instant::now();
    loop {
        match ask(wanted) {
            Answer::Gone => return Presence::Gone,
            Answer::There(netns) if begin.elapsed() > ENDING => return Presence::There(netns),
            Answer::There(netns) => drop(netns),
            Answer::None if matches!(looked, Presence::Gone) && !shows_all_processes() => {
                return Presence::Unknown(hidden_processes(wanted.0));
            }
            Answer::None => return looked,
        }
        thread::sleep(ENDING / 100);
    }
}

fn operation(inode: u64) -> String {
    format!("find the network namespace net:[{inode}]")
}

/// What the kernel answers.
enum Answer {
    There(NetNs),
    Gone,
    None,
}

/// Asks the kernel, which finds a namespace by its cookie since Linux 6.18, also one that is about to end.
/// No socket is opened inside, since that would keep it for some moments more.
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

/// Whether the kernel finds every namespace by its cookie: also one that only a socket holds.
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

/// Whether `/proc` shows all processes of the machine: then it shows the kernel's thread with number 2. One
/// of another PID namespace than the first has no such thread, and one that hides processes hides it.
pub(super) fn shows_all_processes() -> bool {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let flags = || {
        let stat = fs::read_to_string("/proc/2/stat").ok()?;
        // What follows the name: state, parent, group, session, terminal and its group, flags.
        stat.rsplit(')').next()?.split_ascii_whitespace().nth(6)?.parse::<u64>().ok()
    };
    flags().is_some_and(|flags| flags & PF_KTHREAD != 0)
}

fn hidden_processes(inode: u64) -> Error {
    let why = "nothing that can be seen leads there, and /proc does not show all processes of the machine";
    Error::new(ErrorKind::PermissionDenied, operation(inode), why).with_hint(
        "run it in the machine's first PID namespace, and with CAP_SYS_PTRACE where /proc is mounted with hidepid",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_and_nothing_else() {
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
