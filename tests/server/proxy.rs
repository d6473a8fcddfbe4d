//! A proxy before an HTTP server, which does to chosen requests what networks and servers do to them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// The server gets the first half, and nobody an answer.
    RequestCut,
    /// The server has answered; only the first half arrives.
    AnswerCut,
    /// One bit of the answer's body is another.
    Flipped,
    /// The server never gets it, and the connection stays.
    Silence,
    /// It arrives in four parts, with a pause of a second between them.
    Slow,
    /// The proxy answers with this status.
    Refused(u16),
}

#[derive(Debug, Default)]
struct State {
    /// The beginnings of requests such as `PUT /archive/data/`, what becomes of them, and how often.
    harms: Mutex<Vec<(String, Harm, usize)>>,
    seen: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// The proxy.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || pass_on(&client, server, &state));
            }
        });
        Proxy { port, state }
    }

    /// Harms the next `times` requests that begin so.
    pub fn harm(&self, request: &str, harm: Harm, times: usize) {
        let mut harms = self.state.harms.lock().expect("not poisoned");
        *harms = vec![(request.to_owned(), harm, times)];
        self.state.seen.lock().expect("not poisoned").clear();
    }

    /// Harms no more.
    pub fn heal(&self) {
        self.state.harms.lock().expect("not poisoned").clear();
    }

    /// The requests since the last harm.
    pub fn seen(&self) -> Vec<String> {
        self.state.seen.lock().expect("not poisoned").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
    }
}

impl State {
    fn harm_of(&self, line: &str) -> Option<Harm> {
        self.seen.lock().expect("not poisoned").push(line.to_owned());
        let mut harms = self.harms.lock().expect("not poisoned");
        let (_, harm, left) = harms
            .iter_mut()
            .find(|(request, _, left)| line.starts_with(request.as_str()) && *left > 0)?;
        *left -= 1;
        Some(*harm)
    }
}

/// One request for each connection: the answer ends with it.
fn pass_on(client: &TcpStream, server: u16, state: &State) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let header = |name: &str| {
        let mut lines = head.lines();
        let value = lines.find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(str::to_owned));
        value.map(|value| value.trim().to_owned())
    };
    let mut body = vec![0; header("content-length:").map_or(0, |length| length.parse().expect("a number"))];
    assert_eq!(header("transfer-encoding:"), None, "the proxy cannot read {head}");
    let harm = state.harm_of(&head);
    // Many servers list one folder at a time.
    let refused = (header("depth:").as_deref() == Some("infinity")).then_some(Harm::Refused(403));
    let harm = refused.or(harm);
    if harm == Some(Harm::Slow) {
        let length = body.len();
        for part in body.chunks_mut(length.div_ceil(4).max(1)) {
            reader.read_exact(part).ok()?;
            thread::sleep(Duration::from_secs(1));
        }
    } else {
        reader.read_exact(&mut body).ok()?;
    }
    match harm {
        Some(Harm::Silence) => {
            while !state.is_over.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        Some(Harm::Refused(status)) => {
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            (&*client).write_all(answer.as_bytes()).ok()?;
        }
        _ => {
            let mut answer = ask(server, &head, &body, harm)?;
            match harm {
                Some(Harm::AnswerCut) => answer.truncate(answer.len() / 2),
                Some(Harm::Flipped) => {
                    let start = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
                    let middle = start + (answer.len() - start) / 2;
                    *answer.get_mut(middle)? ^= 4;
                }
                _ => {}
            }
            (&*client).write_all(&answer).ok()?;
        }
    }
    client.shutdown(Shutdown::Both).ok()
}

/// The server's answer; `None` where it got half of the request.
fn ask(server: u16, head: &str, body: &[u8], harm: Option<Harm>) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).ok()?;
    let lines = head.trim_end().lines();
    let kept = lines.filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut request: Vec<u8> = kept.flat_map(|line| [line, "\r\n"].concat().into_bytes()).collect();
    request.extend_from_slice(b"Connection: close\r\n\r\n");
    request.extend_from_slice(body);
    if harm == Some(Harm::RequestCut) {
        let last = if body.is_empty() { request.len() } else { body.len() };
        let arriving = request.len() - last.div_ceil(2);
        server.write_all(&request[..arriving]).ok()?;
        server.shutdown(Shutdown::Both).ok()?;
        return None;
    }
    server.write_all(&request).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    Some(answer)
}
