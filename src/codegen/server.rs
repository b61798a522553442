//! The code generator's end of the protocol: takes messages, gives answers.

use super::engines::Engines;
use super::protocol::{Answer, Inbox, Message, Setup, encode, soonest};
use super::{CodeGenerator, CodeMemory, CodegenError, Engine, SymbolTable};
use crate::timing;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// What a server finds around it.
pub trait Surroundings {
    /// The code memory that a setup speaks of.
    ///
    /// # Errors
    /// When it can't be had.
    fn memory(&mut self, setup: &Setup) -> Result<Arc<dyn CodeMemory>, CodegenError>;

    /// An answer is on its way: the Python process looks for it when it next can.
    fn announce(&self);

    /// LLVM is going to work, for the first time or after a rest.
    fn make_room(&self) {}

    /// There is nothing to do at the moment: what is not needed while waiting can be given back.
    fn rest(&self) {}
}

/// How long the server waits for the next message before it rests, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Answers messages.
pub struct Server<S> {
    surroundings: S,
    engines: Option<Engines>,
    /// Whether there is room for LLVM's work.
    has_room: bool,
    /// From the setup.
    idle: Duration,
    /// Whether what LLVM makes replaces other code: the program has code already.
    has_tiers: bool,
}

/// How long to wait before resting, of a time until the end. Who has it stay for longer wants code soon: behind a rest a unit takes some
/// milliseconds more. But most of the memory is LLVM's, and where the program can wait for that it goes sooner.
fn pause(idle: Duration, was_patient: bool) -> Duration {
    let part = if was_patient { 12 } else { 3 };
    (idle / part).min(LONGEST_PAUSE)
}

fn take_soonest(queue: &mut VecDeque<Message>) -> Option<Message> {
    queue.remove(soonest(queue.iter()))
}

/// Takes in what has come, without waiting. Whether the connection is still there.
fn receive_now(
    connection: &mut UnixStream,
    inbox: &mut Inbox,
    buffer: &mut [u8],
) -> io::Result<bool> {
    connection.set_nonblocking(true)?;
    let received = connection.read(buffer);
    connection.set_nonblocking(false)?;
    match received {
        Ok(0) => Ok(false),
        Ok(count) => {
            inbox.push(&buffer[..count]);
            Ok(true)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

impl<S: Surroundings> Server<S> {
    /// A server that has not been set up yet.
    pub fn new(surroundings: S) -> Self {
        Server {
            surroundings,
            engines: None,
            has_room: false,
            idle: Duration::from_secs(10),
            has_tiers: false,
        }
    }

    fn set_up(&mut self, setup: &Setup) -> Result<(), CodegenError> {
        if !setup.fits() {
            return Err(CodegenError::BadRequest(format!(
                "the code generator is of version {}, the extension module of version {}",
                env!("CARGO_PKG_VERSION"),
                setup.package
            )));
        }
        let symbols = SymbolTable::from_addresses(&setup.symbols)
            .ok_or_else(|| CodegenError::BadRequest("not our symbols".to_owned()))?;
        let memory = self.surroundings.memory(setup)?;
        if let Some(name) = symbols.missing().first() {
            return Err(CodegenError::Backend(format!("no address for {name}")));
        }
        let mut engines = Engines::new(symbols, memory);
        engines.get(setup.engine)?;
        self.engines = Some(engines);
        self.idle = Duration::from_millis(setup.idle.max(1));
        self.has_tiers = setup.engine != Engine::Llvm;
        Ok(())
    }

    fn engine(&mut self, engine: Engine) -> Result<&mut dyn CodeGenerator, CodegenError> {
        match &mut self.engines {
            Some(engines) => engines.get(engine),
            None => Err(CodegenError::BadRequest("no setup yet".to_owned())),
        }
    }

    /// The answer to a message, if it wants one.
    pub fn handle(&mut self, message: Message) -> Option<Answer> {
        Some(match message {
            Message::Setup(setup) => match self.set_up(&setup) {
                Ok(()) => Answer::Ready,
                Err(error) => Answer::Failed(error),
            },
            Message::Compile {
                job,
                engine,
                request,
            } => {
                let start = timing::now();
                if engine == Engine::Llvm && !self.has_room {
                    self.has_room = true;
                    self.surroundings.make_room();
                }
                let result = self.engine(engine).and_then(|g| g.compile(&request));
                timing::note_span("compile", "unit", start);
                Answer::Compiled {
                    job,
                    result,
                    measured: timing::take().map(Box::new),
                }
            }
            Message::Release { blocks } => {
                if let Some(engines) = &mut self.engines {
                    engines.release(&blocks);
                }
                return None;
            }
            Message::Text {
                job,
                engine,
                request,
                what,
            } => {
                let result = self.engine(engine).and_then(|g| g.text(&request, what));
                // It is not what runs.
                timing::begin(timing::Wanted::default());
                Answer::Text { job, result }
            }
            Message::CheckPipeline { job, pipeline } => Answer::Checked {
                job,
                result: self
                    .engine(Engine::Llvm)
                    .and_then(|g| g.check_pipeline(&pipeline)),
            },
            Message::ExpandPipeline { job, pipeline } => Answer::Text {
                job,
                result: self
                    .engine(Engine::Llvm)
                    .and_then(|g| g.expand_pipeline(&pipeline)),
            },
        })
    }

    /// The same for bytes without their length; an answer that is too long becomes an error.
    pub fn handle_bytes(&mut self, message: Message) -> Option<Vec<u8>> {
        let answer = self.handle(message)?;
        let encoded = encode(&answer)
            .or_else(|error| encode(&answer.failed(CodegenError::Backend(error.to_string()))));
        encoded.ok()
    }

    /// Serves a connection until its other end is closed, says something that is no message, or is idle for long.
    ///
    /// # Errors
    /// What the connection reports.
    pub fn serve(&mut self, connection: &mut UnixStream) -> io::Result<()> {
        let mut inbox = Inbox::default();
        let mut queue = VecDeque::new();
        let mut buffer = vec![0; 64 << 10];
        let mut rests = false;
        // Whether LLVM was the last to work, for code that the program can wait for.
        let mut was_patient = false;
        loop {
            loop {
                match inbox.take::<Message>() {
                    Ok(Some(message)) => queue.push_back(message),
                    Ok(None) => break,
                    // What came before it is answered.
                    Err(_) if !queue.is_empty() => break,
                    Err(error) => return Err(io::Error::new(ErrorKind::InvalidData, error)),
                }
            }
            if let Some(message) = take_soonest(&mut queue) {
                was_patient = self.has_tiers && message.is_slow();
                if let Some(bytes) = self.handle_bytes(message) {
                    self.send(connection, &bytes)?;
                }
                // What has come meanwhile may be quicker than the rest.
                if !queue.is_empty() && !receive_now(connection, &mut inbox, &mut buffer)? {
                    return Ok(());
                }
                continue;
            }
            let pause = pause(self.idle, was_patient);
            let wait = if rests { self.idle - pause } else { pause };
            // None would be for ever.
            connection.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
            match connection.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    rests = false;
                    inbox.push(&buffer[..count]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if !rests {
                        rests = true;
                        self.has_room = false;
                        self.surroundings.rest();
                        continue;
                    }
                    if let Ok(bytes) = encode(&Answer::Idle) {
                        self.send(connection, &bytes)?;
                    }
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&self, connection: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
        // Before, since a long answer is through only when the other end has begun to read it.
        self.surroundings.announce();
        connection.write_all(bytes)?;
        self.surroundings.announce();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::Request;
    use super::*;

    fn compile(job: u64, engine: Engine) -> Message {
        let request = Request::from(Vec::new());
        Message::Compile {
            job,
            engine,
            request,
        }
    }

    #[test]
    fn it_rests_sooner_where_the_program_has_code() {
        let idle = Duration::from_millis(60);
        let ms = |idle, was_patient| pause(idle, was_patient).as_millis();
        assert_eq!((ms(idle, false), ms(idle, true)), (20, 5));
        assert_eq!(
            (ms(1000 * idle, false), ms(1000 * idle, true)),
            (1000, 1000)
        );
    }

    #[test]
    fn what_is_quick_comes_first() {
        let release = Message::Release { blocks: Vec::new() };
        let mut queue: VecDeque<Message> = [
            compile(1, Engine::Llvm),
            compile(2, Engine::Llvm),
            compile(3, Engine::Cranelift),
            release.clone(),
            compile(4, Engine::Cranelift),
        ]
        .into();
        let order: Vec<Message> = std::iter::from_fn(|| take_soonest(&mut queue)).collect();
        let wanted = [
            compile(3, Engine::Cranelift),
            release,
            compile(4, Engine::Cranelift),
            compile(1, Engine::Llvm),
            compile(2, Engine::Llvm),
        ];
        assert_eq!(order, wanted);
    }
}
