//! Requests byte by byte, for what no HTTP library would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::Answer;

/// How long an answer may take. The server gives a silent client a minute; no test here waits for that.
const DEADLINE: Duration = Duration::from_secs(20);

/// Sends `bytes` on a connection of its own and reads until the server closes it, so they must ask for that.
/// Returns the first answer; none if the connection was closed without one.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    talk(address, bytes, false)
}

/// The same for bytes that break off: the server is told that no more will come.
pub fn break_off(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    talk(address, bytes, true)
}

fn talk(address: SocketAddr, bytes: &[u8], ends: bool) -> Option<Answer> {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    // A server that refuses early may close before all was sent.
    let _ = connection.write_all(bytes);
    if ends {
        let _ = connection.shutdown(Shutdown::Write);
    }
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match connection.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            // Closed with our bytes unread: what came before it counts.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("no end of the answer: {error}\n{}", show(&received)),
        }
    }
    (!received.is_empty()).then(|| Answer::parse(&show(bytes), &received))
}

/// A request with a path as it stands, which no library has cleaned up.
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    exchange(address, text.as_bytes()).unwrap_or_else(|| panic!("no answer to {method} {path}"))
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned()
}
