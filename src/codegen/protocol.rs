//! What a Python process and its code generator tell each other.
//!
//! A message is a number of bytes (32 bits, little-endian), then that many bytes in postcard form. Both
//! sides check: the length against [`MAX_MESSAGE`] before anything is allocated, the version in [`Setup`] before
//! anything else is believed, and that a message has no byte too many. What is no message ends the connection.
#![forbid(unsafe_code)]

use super::{Block, CodegenError, Engine, FORMAT_VERSION, Outcome, Text};
use crate::timing::Measured;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// The longest message, in bytes. The largest unit that is compiled takes about 2 MB.
pub const MAX_MESSAGE: usize = 32 << 20;

/// Bytes of the length before a message.
pub const HEADER: usize = 4;

/// Names a compilation, within one Python process.
pub type Job = u64;

/// What the Python process says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// The version of the package: both sides come from one build.
    pub package: String,
    /// See [`super::SymbolTable::addresses`].
    pub symbols: Vec<u64>,
    /// Where the code memory is, in both processes; `size` 0: the code generator is in the Python process, which
    /// hands its memory over otherwise.
    pub memory: Block,
    /// What of it is in use.
    pub used: Vec<Block>,
    /// Milliseconds without work after which the process ends.
    pub idle: u64,
    /// Must be there; any other is made when it is asked for.
    pub engine: Engine,
}

impl Setup {
    /// Whether it comes from this version of this package.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.version == FORMAT_VERSION && self.package == env!("CARGO_PKG_VERSION")
    }
}

/// A serialised [`super::CompileRequest`]: once in memory, for its job and for the first tier, which is told it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(Arc<[u8]>);

impl Request {
    /// Bytes of it, if nobody else keeps it.
    #[must_use]
    pub fn own_bytes(&self) -> usize {
        match Arc::strong_count(&self.0) {
            1 => self.0.len(),
            _ => 0,
        }
    }
}

impl From<Vec<u8>> for Request {
    fn from(bytes: Vec<u8>) -> Request {
        Request(bytes.into())
    }
}

impl Deref for Request {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_bytes::serialize(&**self, serializer)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Request, D::Error> {
        serde_bytes::deserialize::<Vec<u8>, D>(deserializer).map(Request::from)
    }
}

/// From the Python process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    Setup(Setup),
    /// A serialised [`super::CompileRequest`].
    Compile {
        job: Job,
        engine: Engine,
        request: Request,
    },
    /// The blocks of an image; not answered.
    Release {
        blocks: Vec<Block>,
    },
    Text {
        job: Job,
        engine: Engine,
        request: Request,
        what: Text,
    },
    /// LLVM's.
    CheckPipeline {
        job: Job,
        pipeline: String,
    },
    /// Answered with text.
    ExpandPipeline {
        job: Job,
        pipeline: String,
    },
}

impl Message {
    /// Whether LLVM is to compile something for it, which takes ten times as long as anything else does.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        matches!(
            self,
            Message::Compile {
                engine: Engine::Llvm,
                ..
            }
        )
    }
}

/// Which of the messages that wait is handled first: what takes LLVM's time comes behind all that doesn't, Cranelift's code above all, which the
/// program still lacks where LLVM's only replaces it. 0 if there is none.
pub fn soonest<'a>(mut messages: impl Iterator<Item = &'a Message>) -> usize {
    messages.position(|message| !message.is_slow()).unwrap_or(0)
}

/// From the code generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Message::Setup`].
    Ready,
    /// The code generator can't work at all.
    Failed(CodegenError),
    /// There was no work for a while: the process ends.
    Idle,
    Compiled {
        job: Job,
        result: Result<Outcome, CodegenError>,
        /// If the request has asked for it.
        measured: Option<Box<Measured>>,
    },
    Text {
        job: Job,
        result: Result<String, CodegenError>,
    },
    Checked {
        job: Job,
        result: Result<(), CodegenError>,
    },
}

impl Answer {
    /// The answer to the same message, if that had failed.
    #[must_use]
    pub fn failed(&self, error: CodegenError) -> Answer {
        match *self {
            Answer::Compiled { job, .. } => Answer::Compiled {
                job,
                result: Err(error),
                measured: None,
            },
            Answer::Text { job, .. } => Answer::Text {
                job,
                result: Err(error),
            },
            Answer::Checked { job, .. } => Answer::Checked {
                job,
                result: Err(error),
            },
            Answer::Ready | Answer::Failed(_) | Answer::Idle => Answer::Failed(error),
        }
    }
}

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The length before it is beyond the limit.
    #[error("a message of {0} bytes, where {MAX_MESSAGE} are the limit")]
    TooLong(usize),
    #[error("a malformed message: {0}")]
    Malformed(#[from] postcard::Error),
    /// The message is followed by bytes that belong to nothing.
    #[error("{0} bytes behind the message")]
    Trailing(usize),
}

/// A message with its length.
///
/// # Errors
/// [`ProtocolError::TooLong`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, ProtocolError> {
    let bytes = postcard::to_extend(message, vec![0; HEADER])?;
    let length = bytes.len() - HEADER;
    if length > MAX_MESSAGE {
        return Err(ProtocolError::TooLong(length));
    }
    let mut bytes = bytes;
    bytes[..HEADER].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(bytes)
}

/// The message in `body`, which is without its length and holds nothing else.
///
/// # Errors
/// For any other bytes. What is allocated meanwhile is bounded by their number.
pub fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, ProtocolError> {
    let (message, rest) = postcard::take_from_bytes(body)?;
    if rest.is_empty() {
        Ok(message)
    } else {
        Err(ProtocolError::Trailing(rest.len()))
    }
}

/// Collects bytes as they come, and yields messages.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    /// Adds what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, if it is there as a whole.
    ///
    /// # Errors
    /// See [`ProtocolError`]; nothing of what follows can be understood then.
    pub fn take<M: DeserializeOwned>(&mut self) -> Result<Option<M>, ProtocolError> {
        let Some((header, rest)) = self.bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > MAX_MESSAGE {
            return Err(ProtocolError::TooLong(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = decode(body)?;
        self.bytes.drain(..HEADER + length);
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
        Ok(Some(message))
    }

    /// Bytes held.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::CodeImage;
    use proptest::prelude::*;

    fn message() -> Message {
        Message::Setup(Setup {
            version: FORMAT_VERSION,
            package: env!("CARGO_PKG_VERSION").to_owned(),
            symbols: vec![1, u64::MAX, 3],
            memory: Block {
                address: 1 << 40,
                size: 1 << 28,
            },
            used: vec![Block {
                address: 1 << 40,
                size: 64,
            }],
            idle: 1000,
            engine: Engine::Llvm,
        })
    }

    fn answer() -> Answer {
        Answer::Compiled {
            job: 7,
            result: Ok(Outcome::Compiled(CodeImage {
                symbol: "f".to_owned(),
                entry: 99,
                ..CodeImage::default()
            })),
            measured: None,
        }
    }

    #[test]
    fn a_request_that_is_kept_is_counted_once() {
        let request = Request::from(vec![7; 100]);
        assert_eq!(request.own_bytes(), 100);
        let kept = request.clone();
        assert_eq!((request.own_bytes(), kept.len()), (0, 100));
        drop(kept);
        assert_eq!(request.own_bytes(), 100);
        let bytes = encode(&request).expect("short");
        assert_eq!(decode::<Request>(&bytes[HEADER..]).expect("whole"), request);
    }

    #[test]
    fn messages_come_in_pieces() {
        let mut stream = encode(&message()).expect("short");
        stream.extend(encode(&Message::Release { blocks: vec![] }).expect("short"));
        let mut inbox = Inbox::default();
        let mut got = Vec::new();
        for byte in stream {
            inbox.push(&[byte]);
            while let Some(message) = inbox.take::<Message>().expect("well-formed") {
                got.push(message);
            }
        }
        assert_eq!(got, [message(), Message::Release { blocks: vec![] }]);
        assert_eq!(inbox.capacity(), 0);
    }

    #[test]
    fn lengths_are_checked_before_anything_is_allocated() {
        let mut inbox = Inbox::default();
        inbox.push(&u32::MAX.to_le_bytes());
        assert!(matches!(
            inbox.take::<Message>(),
            Err(ProtocolError::TooLong(_))
        ));
        let mut bytes = encode(&message()).expect("short");
        bytes.push(0);
        let length = (bytes.len() - HEADER) as u32;
        bytes[..HEADER].copy_from_slice(&length.to_le_bytes());
        let mut inbox = Inbox::default();
        inbox.push(&bytes);
        assert!(matches!(
            inbox.take::<Message>(),
            Err(ProtocolError::Trailing(1))
        ));
    }

    proptest! {
        /// Whatever comes, a side gets messages or an error.
        #[test]
        fn garbage_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut inbox = Inbox::default();
            inbox.push(&bytes);
            while let Ok(Some(_)) = inbox.take::<Message>() {}
            let mut inbox = Inbox::default();
            inbox.push(&bytes);
            while let Ok(Some(_)) = inbox.take::<Answer>() {}
            let _ = decode::<Message>(&bytes);
            let _ = decode::<Answer>(&bytes);
        }

        /// A changed message is another message or an error; never a panic.
        #[test]
        fn damage_is_survived(at in any::<prop::sample::Index>(), byte: u8) {
            for stream in [encode(&message()), encode(&answer())] {
                let mut stream = stream.expect("short");
                let at = at.index(stream.len());
                stream[at] = byte;
                let mut inbox = Inbox::default();
                inbox.push(&stream);
                let _ = inbox.take::<Message>();
                let mut inbox = Inbox::default();
                inbox.push(&stream);
                let _ = inbox.take::<Answer>();
            }
        }
    }
}
