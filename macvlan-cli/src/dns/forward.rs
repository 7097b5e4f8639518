//! Forwards queries to other servers.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use domain::base::Message;
use domain::base::iana::Rcode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::dns::options::PORT;
use crate::dns::query::{Query, Transport};

/// The time that each server may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The C library asks no more servers either.
const MOST: usize = 3;

/// The servers that are given; none for those of `/etc/resolv.conf`.
pub(super) struct Forward(pub(super) Vec<SocketAddr>);

impl Forward {
    /// Asks the servers in turn, except our own addresses; `None` if none of them answers.
    pub(super) async fn ask(&self, query: &Query<'_>, own: &[SocketAddr]) -> Option<Vec<u8>> {
        let mut servers = self.servers();
        servers.retain(|server| !own.contains(server));
        let mut last = None;
        for server in servers.into_iter().take(MOST) {
            let Ok(Ok(answer)) = timeout(TIMEOUT, ask(server, query)).await else { continue };
            let rcode = Message::from_octets(&answer).map(|message| message.header().rcode());
            if !matches!(rcode, Ok(Rcode::SERVFAIL | Rcode::REFUSED)) {
                return Some(answer);
            }
            last = Some(answer);
        }
        last
    }

    fn servers(&self) -> Vec<SocketAddr> {
        if !self.0.is_empty() {
            return self.0.clone();
        }
        // Read each time, since it changes with the networks that the host is in.
        nameservers(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
    }
}

/// Returns the servers of a `resolv.conf(5)`.
fn nameservers(text: &str) -> Vec<SocketAddr> {
    let addresses = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())
    });
    addresses.filter_map(nameserver).collect()
}

/// Parses an address, which may have a link: `fe80::1%eth0`.
fn nameserver(text: &str) -> Option<SocketAddr> {
    let (plain, link) = text.split_once('%').unwrap_or((text, ""));
    let ip: IpAddr = plain.parse().ok()?;
    if link.is_empty() {
        return Some((ip, PORT).into());
    }
    // Only an address is left, for which no server is asked.
    (text, PORT).to_socket_addrs().ok()?.next()
}

/// Sends a query, with an id of our own, to a server, and returns its answer with the client's id.
async fn ask(server: SocketAddr, query: &Query<'_>) -> io::Result<Vec<u8>> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(io::Error::other)?;
    let mut ours = query.message.as_slice().to_vec();
    ours[..2].copy_from_slice(&id);
    let mut answer = match query.transport {
        Transport::Udp => by_udp(server, &ours, query).await?,
        Transport::Tcp => by_tcp(server, &ours).await?,
    };
    answer[..2].copy_from_slice(&query.message.as_slice()[..2]);
    Ok(answer)
}

async fn by_udp(server: SocketAddr, ours: &[u8], query: &Query<'_>) -> io::Result<Vec<u8>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // The kernel chooses a random port, and takes answers of this server only.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(ours).await?;
    let limit = usize::from(query.limit);
    let mut buffer = vec![0; limit + 1];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let bytes = &buffer[..length.min(limit)];
        if is_answer(bytes, ours) {
            return Ok(if length > limit { query.truncated() } else { bytes.to_vec() });
        }
    }
}

async fn by_tcp(server: SocketAddr, ours: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    write_message(&mut stream, ours).await?;
    let answer = read_message(&mut stream).await?;
    if is_answer(&answer, ours) { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Returns whether a message answers this query, by its id and its question.
fn is_answer(bytes: &[u8], query: &[u8]) -> bool {
    match (Message::from_octets(bytes), Message::from_octets(query)) {
        (Ok(answer), Ok(query)) => answer.is_answer(&query),
        _ => false,
    }
}

/// Reads a message from a stream, where its length stands before it.
pub(super) async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

pub(super) async fn write_message(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_those_of_resolv_conf() {
        let text = "# nameserver 1.1.1.1\nsearch example.com\nnameserver 192.168.1.1\n\
                    nameserver\tfd00::1 # of the router\nnameserver fe80::1%lo\nnameserver dns\n\
                    nameserver\nnameserver fe80::1%nosuchlink\n nameserver ::1\n";
        let found: Vec<String> = nameservers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.168.1.1:53", "[fd00::1]:53", "[fe80::1%1]:53", "[::1]:53"]);
        assert!(nameservers("").is_empty());
    }
}
