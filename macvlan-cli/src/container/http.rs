//! One request over a Unix socket, as the APIs of container engines take it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// An engine that answers takes milliseconds.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// More than the list of many thousands of containers.
const LONGEST: u64 = 64 << 20;

/// An answer: the status and the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Returns the body as JSON; null if it is something else.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns why a request was refused.
    pub(super) fn refusal(&self) -> String {
        let body = self.json();
        body["message"].as_str().map_or_else(|| format!("status {}", self.status), str::to_owned)
    }
}

/// Requests a path, waiting at most this time for each part of the answer.
pub(super) fn get(socket: &Path, path: &str, timeout: Duration) -> io::Result<Answer> {
    send(socket, "GET", path, None, timeout)
}

/// Sends a request, with a body of JSON. In HTTP/1.0 the server closes the connection at the end of
/// the body, and does not divide it into chunks.
pub(super) fn send(
    socket: &Path,
    method: &str,
    path: &str,
    body: Option<&str>,
    timeout: Duration,
) -> io::Result<Answer> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let content = body.map_or_else(String::new, |body| {
        let length = body.len();
        format!("Content-Type: application/json\r\nContent-Length: {length}\r\n")
    });
    let body = body.unwrap_or_default();
    let request = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\n{content}\r\n{body}");
    let bytes = exchange(stream, &request).map_err(|error| match error.kind() {
        // The kernel's words for a timeout of a socket say nothing about one.
        io::ErrorKind::WouldBlock => io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer for {} s", timeout.as_secs_f32()),
        ),
        _ => error,
    })?;
    parse(&bytes)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn exchange(mut stream: UnixStream, request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status_line = head.lines().next().filter(|line| line.starts_with("HTTP/1."))?;
    let status = status_line.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: bytes[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let text = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}\n";
        assert_eq!(parse(text), Some(Answer { status: 200, body: b"{}\n".to_vec() }));
        for other in [&b""[..], b"HTTP/1.0 200 OK\r\n", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 x\r\n\r\n"] {
            assert_eq!(parse(other), None);
        }
    }
}
