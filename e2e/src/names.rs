//! A name server: it knows the names in a folder, each a file with an IPv4 address in it, and says of every other that it
//! does not exist. A name is there as soon as its file is.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread;

/// Bytes of a question: more than any resolver sends.
const QUESTION_MAX: usize = 1_500;
const PORT: u16 = 53;
const HEADER: usize = 12;
const TYPE_A: u16 = 1;
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;

/// A running one. It ends with the process.
#[derive(Debug)]
pub struct NameServer {
    address: Ipv4Addr,
    names: PathBuf,
}

impl NameServer {
    /// Starts one at an address, knowing the names in this folder.
    pub fn start(address: Ipv4Addr, names: &Path) -> Self {
        fs::create_dir_all(names).unwrap();
        let socket = UdpSocket::bind((address, PORT)).unwrap();
        let server = Self {
            address,
            names: names.to_owned(),
        };
        let names = names.to_owned();
        thread::spawn(move || {
            let mut buffer = [0; QUESTION_MAX];
            loop {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                if let Some(answer) = answer(&buffer[..length], &names) {
                    socket.send_to(&answer, from).ok();
                }
            }
        });
        server
    }

    /// Where it answers.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A name has an address from now on.
    pub fn add(&self, name: &str, address: Ipv4Addr) {
        fs::write(self.names.join(name), address.to_string()).unwrap();
    }
}

/// An address of the loopback network that others will hardly have taken.
pub fn loopback_address() -> Ipv4Addr {
    let id = uuid::Uuid::new_v4();
    let [a, b, c, ..] = *id.as_bytes();
    Ipv4Addr::new(127, 64 + a % 128, b, 1 + c % 250)
}

/// RFC 1035, section 4: one question, at most one answer.
fn answer(question: &[u8], names: &Path) -> Option<Vec<u8>> {
    let (name, end) = name(question)?;
    let asked_type = u16::from_be_bytes(question.get(end..end + 2)?.try_into().ok()?);
    let address = address(names, &name);
    let code = if address.is_some() {
        NO_ERROR
    } else {
        NO_SUCH_NAME
    };
    let address = address.filter(|_| asked_type == TYPE_A);
    let mut answer = question[..2].to_vec();
    // A response, by authority, to a query that may have wished for recursion; recursion is to be had.
    answer.extend([0x84 | (question[2] & 1), 0x80 | code]);
    answer.extend([0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend(question.get(HEADER..end + 4)?);
    if let Some(address) = address {
        // The name of the question, type A, class IN, not to be kept, four bytes.
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

/// The name asked for, and where it ends.
fn name(question: &[u8]) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join(".").to_ascii_lowercase(), at));
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + length)?).into_owned());
        at += length;
    }
}

fn address(names: &Path, name: &str) -> Option<Ipv4Addr> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return None;
    }
    fs::read_to_string(names.join(name))
        .ok()?
        .trim()
        .parse()
        .ok()
}
