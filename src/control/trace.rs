//! `-X jit-trace=FILE`: what the JIT did when, as a JSON array of events that Chrome's trace viewer and Perfetto show: this process
//! and that of the code generator on one time line, on which each unit has a stretch from the request to the answer.
//!
//! The file is valid JSON at every moment: each write puts its events, and the bracket that ends the array, over the bracket before, in
//! one system call. So nothing has to be done at the end, however the process ends; what the code generator has not answered by then is
//! missing. Where a write fails, on a full disk for one, the bracket before is put back, and the trace ends there. The file is open only while it is written: programs close descriptors that they don't know.

use crate::codegen::Phase;
use crate::log;
use crate::timing::{self, Measured};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The end of the array.
const END: &str = "\n]\n";

/// A trace that is being written.
#[derive(Debug)]
pub(super) struct Trace {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Processes that have been named.
    named: BTreeSet<u32>,
    /// The file can't be written any more.
    broken: bool,
}

impl Trace {
    /// Begins a file anew.
    ///
    /// # Errors
    /// One line that says why it can't be written.
    pub(super) fn create(name: &str) -> Result<Trace, String> {
        let refuse = |error: io::Error| {
            let text = error.to_string();
            let why = text.split(" (os error").next().unwrap_or_default();
            format!("-X jit-trace={name}: {why}")
        };
        let name = name.replace("%p", &std::process::id().to_string());
        // The program may change its directory.
        let path = std::path::absolute(&name).map_err(refuse)?;
        std::fs::write(&path, format!("[{END}")).map_err(refuse)?;
        Ok(Trace {
            path,
            state: Mutex::default(),
        })
    }

    /// Adds events to the file. `name` is that of the process that they are of.
    fn add(&self, process: u32, name: &str, mut events: Vec<Value>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.broken {
            return;
        }
        if state.named.insert(process) {
            events.push(json!({"ph": "M", "name": "process_name", "pid": process, "tid": process, "args": {"name": name}}));
        }
        if let Err(error) = append(&self.path, &events) {
            state.broken = true;
            let path = self.path.display();
            log::say(format_args!(
                "swallow: {path}: {error}; the trace ends here"
            ));
        }
    }

    fn add_here(&self, events: Vec<Value>) {
        self.add(std::process::id(), "python", events);
    }

    /// Adds a stretch of this process that ends now.
    pub(super) fn add_own(&self, what: &str, unit: &str, start: u64, phases: &[Phase]) {
        let here = std::process::id();
        let whole = timing::now().saturating_sub(start);
        let mut events = vec![event(what, "python", here, start, whole, unit)];
        let mut at = start;
        for phase in phases {
            let duration = (phase.seconds * 1e9) as u64;
            events.push(event(&phase.name, "phase", here, at, duration, unit));
            at += duration;
        }
        self.add_here(events);
    }

    /// Adds the beginning or the end of a job of the code generator, seen from here.
    pub(super) fn add_job(&self, unit: &str, job: u64, begins: bool) {
        let here = std::process::id();
        self.add_here(vec![json!({
            "ph": if begins { "b" } else { "e" },
            "name": unit, "cat": "job", "id": job, "pid": here, "tid": here,
            "ts": microseconds(timing::now()),
        })]);
    }

    /// Adds what the code generator did for a unit.
    pub(super) fn add_generator(&self, unit: &str, measured: &Measured) {
        let process = measured.process;
        let events = measured.spans.iter().map(|span| {
            event(
                &span.name,
                &span.kind,
                process,
                span.start,
                span.duration,
                unit,
            )
        });
        let name = match process == std::process::id() {
            true => "python",
            false => "swallow-codegen",
        };
        self.add(process, name, events.collect());
    }
}

/// The unit of time of such files.
fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e3
}

/// A stretch of a process's time.
fn event(name: &str, kind: &str, process: u32, start: u64, duration: u64, unit: &str) -> Value {
    json!({
        "ph": "X", "name": name, "cat": kind, "pid": process, "tid": process,
        "ts": microseconds(start), "dur": microseconds(duration), "args": {"unit": unit},
    })
}

/// Writes events over the end of the array, and a new end. If that fails, the file is what it was before.
fn append(path: &PathBuf, events: &[Value]) -> io::Result<()> {
    let file: File = OpenOptions::new().read(true).write(true).open(path)?;
    // Children of a fork write the same file.
    file.lock()?;
    let size = file.metadata()?.len();
    let Some(end) = size.checked_sub(END.len() as u64) else {
        return Err(io::Error::other("not ours any more"));
    };
    let mut text = String::new();
    for event in events {
        // Behind the opening bracket there is no comma.
        text.push_str(if end <= 1 && text.is_empty() {
            "\n"
        } else {
            ",\n"
        });
        text.push_str(&event.to_string());
    }
    text.push_str(END);
    let written = file.write_all_at(text.as_bytes(), end);
    if written.is_err() {
        // A part of it may be there. In this order no more room is needed than the file has had.
        file.write_all_at(END.as_bytes(), end)?;
        file.set_len(size)?;
    }
    written
}
