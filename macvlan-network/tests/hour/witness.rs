//! The check from outside: a host on the LAN constantly requests every address, and at most one
//! container may reply.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IoSliceMut;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use macvlan_core::Handle;
use macvlan_tests::Outcome;
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg, sendto, socket,
};

use crate::diary::Diary;
use crate::frames::{self, Mac, answer, question};
use crate::lan::Lan;

/// The interval in which all addresses are requested.
const ROUND: Duration = Duration::from_millis(100);
/// The time to wait for replies to a repeated request, after two have replied.
const CLOSER: Duration = Duration::from_millis(15);
/// The number of repeated requests. If the address was given to another container in between, only
/// one replies then.
const TIMES: u32 = 4;

/// The sender of a reply: its host and its interface.
type Who = (usize, Mac);

/// Two that have one address.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) address: IpAddr,
    pub(crate) who: BTreeSet<Who>,
}

impl Conflict {
    /// Returns whether two hosts that are not among these have it.
    pub(crate) fn is_without(&self, hosts: &BTreeSet<usize>) -> bool {
        self.who.iter().filter(|(host, _)| !hosts.contains(host)).count() > 1
    }
}

/// A thread that sends requests until this is dropped.
#[derive(Debug)]
pub(crate) struct Witness {
    over: Arc<AtomicBool>,
    heard: Arc<Mutex<Heard>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    conflicts: Vec<Conflict>,
    /// The reason why it has ended.
    failed: Option<String>,
    count: Count,
}

/// The results so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) rounds: u64,
    pub(crate) answers: u64,
    /// The number of times that two replied, but only one to the repeated request.
    pub(crate) moments: u64,
}

impl Witness {
    pub(crate) fn start(lan: &Lan, addresses: Vec<IpAddr>, diary: Diary) -> Outcome<Self> {
        let (over, heard) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Heard>>::default());
        let mut listens = Listens::new(lan, addresses, diary)?;
        let (end, ears) = (Arc::clone(&over), Arc::clone(&heard));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Acquire) {
                let round = listens.round();
                let mut heard = ears.lock().unwrap_or_else(PoisonError::into_inner);
                match round {
                    Ok(conflicts) => {
                        heard.count = listens.count;
                        heard.conflicts.extend(conflicts);
                    }
                    Err(stop) => {
                        heard.failed = Some(format!("{stop:?}"));
                        return;
                    }
                }
            }
        });
        Ok(Self { over, heard, thread: Some(thread) })
    }

    /// Returns the conflicts since the last call.
    pub(crate) fn conflicts(&self) -> Outcome<Vec<Conflict>> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match heard.failed.take() {
            Some(why) => Err(format!("the witness has ended: {why}").into()),
            None => Ok(std::mem::take(&mut heard.conflicts)),
        }
    }

    pub(crate) fn count(&self) -> Count {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).count
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // It has reported its failure in `heard`.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Listens {
    addresses: Vec<IpAddr>,
    diary: Diary,
    asks: OwnedFd,
    /// The link that sends the requests.
    link: LinkAddr,
    hears: OwnedFd,
    /// The host of each port of the switch.
    ports: Vec<usize>,
    number: u16,
    count: Count,
}

/// The senders of the replies to each request.
type Answers = BTreeMap<(u16, IpAddr), BTreeSet<Who>>;

impl Listens {
    fn new(lan: &Lan, addresses: Vec<IpAddr>, diary: Diary) -> Outcome<Self> {
        let (asks, link) = lan.witness.run(|| -> nix::Result<_> {
            let mut links = getifaddrs()?.filter(|one| one.interface_name == "ens33");
            let link = links.find_map(|one| one.address?.as_link_addr().copied());
            Ok((packets()?, link.ok_or(Errno::ENODEV)?))
        })??;
        let hears = lan.switch.run(packets)??;
        let switch = Handle::in_netns(&lan.switch)?;
        let index =
            |name: &String| -> Outcome<_> { Ok(switch.link(name.as_str())?.index as usize) };
        let ports = lan.ports.iter().map(index).collect::<Outcome<_>>()?;
        let count = Count::default();
        Ok(Self { addresses, diary, asks, link, hears, ports, number: 0, count })
    }

    /// Requests all addresses, and returns at the time of the next round.
    fn round(&mut self) -> Outcome<Vec<Conflict>> {
        let mut answers = Answers::new();
        let all = self.addresses.clone();
        self.ask(&all)?;
        self.listen(ROUND, &mut answers)?;
        self.count.rounds += 1;
        self.count.answers += u64::try_from(answers.values().map(BTreeSet::len).sum::<usize>())?;
        let mut conflicts = Vec::new();
        for ((_, address), who) in answers {
            if who.len() > 1 {
                conflicts.extend(self.look_closer(address, &who)?);
            }
        }
        Ok(conflicts)
    }

    /// Repeats a request, since the address may just have been given to a container that received
    /// the first one later.
    fn look_closer(&mut self, address: IpAddr, first: &BTreeSet<Who>) -> Outcome<Option<Conflict>> {
        for _ in 0..TIMES {
            let mut answers = Answers::new();
            self.ask(&[address])?;
            self.listen(CLOSER, &mut answers)?;
            let mut all = answers.into_iter().filter(|((_, of), _)| *of == address);
            if let Some((_, who)) = all.find(|(_, who)| who.len() > 1) {
                self.diary.note(&format!("{address} is had by {who:02x?}"));
                return Ok(Some(Conflict { address, who }));
            }
        }
        self.count.moments += 1;
        self.diary.note(&format!("{address} was had by {first:02x?} for a moment"));
        Ok(None)
    }

    fn ask(&mut self, addresses: &[IpAddr]) -> Outcome {
        self.number = self.number.wrapping_add(1);
        for address in addresses {
            let frame = question(*address, self.number);
            match sendto(self.asks.as_raw_fd(), &frame, &self.link, MsgFlags::empty()) {
                // The next round comes soon.
                Ok(_) | Err(Errno::ENOBUFS) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn listen(&mut self, time: Duration, answers: &mut Answers) -> Outcome {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let milliseconds = u16::try_from(left.as_millis())? + 1;
            let mut events = [PollFd::new(self.hears.as_fd(), PollFlags::POLLIN)];
            match poll(&mut events, PollTimeout::from(milliseconds)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            while let Some((host, answer)) = self.next()? {
                let Some(host) = host else { continue };
                let Some(frames::Answer { round, address, mac }) = answer else { continue };
                answers.entry((round, address)).or_default().insert((host, mac));
            }
        }
        Ok(())
    }

    /// Receives the next frame: the host that it is from, and the reply in it.
    fn next(&self) -> Outcome<Option<(Option<usize>, Option<frames::Answer>)>> {
        let mut frame = [0; 128];
        let mut parts = [IoSliceMut::new(&mut frame)];
        let socket = self.hears.as_raw_fd();
        let message = match recvmsg::<LinkAddr>(socket, &mut parts, None, MsgFlags::empty()) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let length = message.bytes;
        let came = message.address.filter(|from| from.pkttype() != libc::PACKET_OUTGOING);
        let host = came.and_then(|from| self.ports.iter().position(|at| *at == from.ifindex()));
        Ok(Some((host, answer(&frame[..length.min(128)]))))
    }
}

fn packets() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)
}
