//! A host's connection to etcd, which can be cut.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use macvlan_core::NetNs;
use macvlan_tests::{Etcd, Outcome};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The interval in which a cut is noticed.
const SLICE: u8 = 10;

/// The handling of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Passage {
    Open,
    /// Data is held back, and passed on when it is open again, as TCP does after a route was lost.
    Held,
    /// Connections are closed, also new ones.
    Closed,
}

#[derive(Debug)]
pub(crate) struct Proxy(Arc<AtomicU8>);

impl Proxy {
    /// Opens a port inside etcd's namespace. Its threads end with the process or their connections.
    pub(crate) fn open(etcd: &Etcd, port: u16) -> Outcome<Self> {
        let listener = etcd.netns().run(|| TcpListener::bind(("127.0.0.1", port)))??;
        let (proxy, netns) = (Self(Arc::default()), etcd.netns().clone());
        let passage = Arc::clone(&proxy.0);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (passage, netns) = (Arc::clone(&passage), netns.clone());
                thread::spawn(move || lead(client, &passage, &netns));
            }
        });
        Ok(proxy)
    }

    pub(crate) fn set(&self, passage: Passage) {
        self.0.store(passage as u8, Ordering::Release);
    }
}

fn lead(mut client: TcpStream, passage: &AtomicU8, netns: &NetNs) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = None;
    let mut buffer = vec![0; 65536];
    loop {
        match passage.load(Ordering::Acquire) {
            open if open == Passage::Open as u8 => {}
            held if held == Passage::Held as u8 => {
                thread::sleep(Duration::from_millis(SLICE.into()));
                continue;
            }
            _ => return Ok(()),
        }
        let server = match &mut server {
            Some(server) => server,
            none => {
                let connect = || TcpStream::connect("127.0.0.1:2379");
                let server = netns.run(connect).map_err(io::Error::other)??;
                server.set_nodelay(true)?;
                none.insert(server)
            }
        };
        let readable = {
            let wanted = |stream| PollFd::new(stream, PollFlags::POLLIN);
            let mut ends = [wanted(client.as_fd()), wanted(server.as_fd())];
            poll(&mut ends, PollTimeout::from(SLICE))?;
            ends.map(|end| end.any().unwrap_or(false))
        };
        if readable[0] && !pass_on(&mut client, server, &mut buffer)? {
            return Ok(());
        }
        if readable[1] && !pass_on(server, &mut client, &mut buffer)? {
            return Ok(());
        }
    }
}

/// Passes on the available data; false at the end.
fn pass_on(from: &mut TcpStream, to: &mut TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
    let length = from.read(buffer)?;
    to.write_all(&buffer[..length])?;
    Ok(length > 0)
}
