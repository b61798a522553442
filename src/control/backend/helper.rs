//! The connection to the helper process.
//!
//! Nothing here blocks but [`Helper::wait`]. There is no thread: the program's own threads send and receive when
//! they come by ([`super::BackEnd::look`]); the bell in the shared arena tells them when that is worth a system call.

use super::spawn::spawn;
use crate::code::arena::HostArena;
use crate::code::descriptor::Ours;
use crate::codegen::Engine;
use crate::codegen::protocol::{Answer, Inbox, Message, Setup, encode};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::time::{Duration, Instant};

/// Why there is no connection any more.
#[derive(Debug)]
pub(super) enum Broken {
    /// The helper is gone, or has been killed.
    Gone,
    /// It said that it would be.
    Idle,
    /// It has said something impossible.
    Garbage(String),
    /// The program has closed our descriptor, or put another one in its place.
    Closed,
    System(io::Error),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Gone => f.write_str("the code generator has died"),
            Broken::Idle => f.write_str("the code generator was idle"),
            Broken::Garbage(text) => {
                write!(f, "the code generator said what is not understood: {text}")
            }
            Broken::Closed => {
                f.write_str("the program has closed the connection to the code generator")
            }
            Broken::System(error) => write!(f, "the connection to the code generator: {error}"),
        }
    }
}

/// A running helper.
pub(super) struct Helper {
    connection: Ours<OwnedFd>,
    _lifeline: Ours<OwnedFd>,
    inbox: Inbox,
    /// What has not been sent yet, and how much of it has.
    outgoing: Vec<u8>,
    sent: usize,
    /// Its process.
    pub(super) pid: u32,
    /// It has understood the setup.
    pub(super) is_ready: bool,
    has_said_idle: bool,
    /// When it was last heard of, or given something to do.
    pub(super) since: Instant,
}

impl Helper {
    /// Starts a helper for the arena.
    ///
    /// # Errors
    /// One line that says why there is none.
    pub(super) fn start(
        path: &Path,
        arena: &HostArena,
        symbols: Vec<u64>,
        (engine, idle): (Engine, u64),
        log: Option<&str>,
    ) -> Result<Helper, String> {
        let file = arena
            .file()
            .ok_or("the program has closed the file of the compiled code")?;
        let spawned = spawn(path, file.as_fd(), log)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let ours = |fd| Ours::new(fd).map_err(|error| error.to_string());
        let mut helper = Helper {
            connection: ours(spawned.connection)?,
            _lifeline: ours(spawned.lifeline)?,
            inbox: Inbox::default(),
            outgoing: Vec::new(),
            sent: 0,
            pid: spawned.pid,
            is_ready: false,
            has_said_idle: false,
            since: Instant::now(),
        };
        helper.say(&Message::Setup(Setup {
            version: crate::codegen::FORMAT_VERSION,
            package: env!("CARGO_PKG_VERSION").to_owned(),
            symbols,
            memory: arena.range(),
            used: arena.used_blocks(),
            idle,
            engine,
        }))?;
        tracing::info!("the code generator is started");
        Ok(helper)
    }

    /// Adds a message to what is to be sent.
    ///
    /// # Errors
    /// When it is too long.
    pub(super) fn say(&mut self, message: &Message) -> Result<(), String> {
        let bytes = encode(message).map_err(|error| error.to_string())?;
        if self.outgoing.is_empty() {
            self.outgoing = bytes;
        } else {
            self.outgoing.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// The connection's descriptor, if it is still ours.
    fn fd(&self) -> Result<RawFd, Broken> {
        let connection = self.connection.get().ok_or(Broken::Closed)?;
        Ok(connection.as_raw_fd())
    }

    /// Sends and receives what can be without waiting; the messages that have come.
    pub(super) fn exchange(&mut self) -> (Vec<Answer>, Result<(), Broken>) {
        let mut answers = Vec::new();
        let result = self.fd().and_then(|fd| {
            self.send(fd);
            self.receive(fd, &mut answers)
        });
        if !answers.is_empty() {
            self.since = Instant::now();
        }
        (answers, result)
    }

    /// Keeps the helper from the processor that this thread runs on. A process that has slept on it would be woken there, and wait for
    /// the system's clock (4 ms) until it is taken elsewhere, or hold up the program.
    fn give_way(&self, fd: RawFd) {
        // SAFETY: plain data, filled in by the call; a processor's number is checked before it is put into it. As long as the connection is open
        // the process has not ended, so the number is still its own.
        unsafe {
            let here = libc::sched_getcpu();
            let mut allowed: libc::cpu_set_t = std::mem::zeroed();
            let size = size_of::<libc::cpu_set_t>();
            let Ok(here) = usize::try_from(here) else {
                return;
            };
            if here >= 8 * size
                || libc::sched_getaffinity(0, size, &mut allowed) != 0
                || hangs_up_within(fd, 0)
            {
                return;
            }
            // Never on one that the program is not to use; on its only one rather than nowhere.
            if libc::CPU_COUNT(&allowed) > 1 {
                libc::CPU_CLR(here, &mut allowed);
            }
            libc::sched_setaffinity(self.pid as i32, size, &allowed);
        }
    }

    fn send(&mut self, fd: RawFd) {
        if !self.outgoing.is_empty() {
            self.give_way(fd);
        }
        while self.sent < self.outgoing.len() {
            let rest = &self.outgoing[self.sent..];
            // SAFETY: an open socket and a slice. Without the flag a helper that is gone would send a signal.
            let count = unsafe {
                libc::send(
                    fd,
                    rest.as_ptr().cast(),
                    rest.len(),
                    libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
                )
            };
            if count < 0 {
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::Interrupted => continue,
                    io::ErrorKind::WouldBlock => return,
                    // What it said before is still to be read.
                    _ => break,
                }
            }
            self.sent += count as usize;
        }
        self.outgoing = Vec::new();
        self.sent = 0;
    }

    fn receive(&mut self, fd: RawFd, answers: &mut Vec<Answer>) -> Result<(), Broken> {
        let mut buffer = [0; 16 << 10];
        let mut was_reset = false;
        loop {
            // SAFETY: an open socket and a buffer of that size.
            let count = unsafe {
                libc::recv(
                    fd,
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                    libc::MSG_DONTWAIT,
                )
            };
            if count < 0 {
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => return Ok(()),
                    // It has not read all that was said, but what it said itself is still to be read.
                    io::ErrorKind::ConnectionReset if !was_reset => was_reset = true,
                    io::ErrorKind::ConnectionReset => return Err(Broken::Gone),
                    _ => return Err(Broken::System(error)),
                }
                continue;
            }
            if count == 0 {
                return Err(if self.has_said_idle {
                    Broken::Idle
                } else {
                    Broken::Gone
                });
            }
            self.inbox.push(&buffer[..count as usize]);
            loop {
                match self.inbox.take::<Answer>() {
                    Ok(None) => break,
                    Ok(Some(Answer::Ready)) => self.is_ready = true,
                    Ok(Some(Answer::Idle)) => self.has_said_idle = true,
                    Ok(Some(answer)) => answers.push(answer),
                    Err(error) => return Err(Broken::Garbage(error.to_string())),
                }
            }
        }
    }

    /// Waits until there is something to receive, or to send, for `time` at most.
    pub(super) fn wait(&self, time: Duration) {
        let Ok(fd) = self.fd() else { return };
        let wants_to_send = !self.outgoing.is_empty();
        let mut poll = libc::pollfd {
            fd,
            events: libc::POLLIN | if wants_to_send { libc::POLLOUT } else { 0 },
            revents: 0,
        };
        let time = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one entry, on this stack.
        unsafe { libc::poll(&mut poll, 1, time) };
    }

    /// Ends it, where it hangs: it would notice that the connection is closed, unless it is stopped.
    pub(super) fn kill(&mut self) {
        let Ok(fd) = self.fd() else { return };
        if !hangs_up_within(fd, 0) {
            // SAFETY: as long as the connection is open the process has not ended, so the number is still its own.
            unsafe { libc::kill(self.pid as i32, libc::SIGKILL) };
            // What it writes in its last moments must not meet what the next one writes there.
            hangs_up_within(fd, 1000);
        }
    }

    /// Bytes held for messages.
    pub(super) fn buffered(&self) -> usize {
        self.inbox.capacity() + self.outgoing.capacity()
    }
}

/// Whether the other end of a connection is closed, or is within so many milliseconds.
fn hangs_up_within(fd: RawFd, time: i32) -> bool {
    let mut poll = libc::pollfd {
        fd,
        events: libc::POLLRDHUP,
        revents: 0,
    };
    // SAFETY: one entry, on this stack.
    unsafe { libc::poll(&mut poll, 1, time) != 0 }
}
