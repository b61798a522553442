//! Stages that only a running Python has, measured inside one: `benches/stages/live.py` in an interpreter that the package is
//! installed for. criterion asks it for so many iterations, and it answers with the nanoseconds that they took.

use super::or_exit;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Names the interpreter.
const VARIABLE: &str = "SWALLOW_BENCH_PYTHON";

/// A Python process that measures.
pub struct Live {
    child: Child,
    /// Closed to end it.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    what: String,
}

/// The interpreter: what the variable says, or the one that `cargo xtask run` makes.
fn interpreter() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let python = top.join(target).join("venv/bin/python");
    if python.exists() {
        Ok(python)
    } else {
        Err(format!(
            "{} is not there: `cargo xtask run` makes it; or name an interpreter with Swallow in {VARIABLE}",
            python.display()
        ))
    }
}

impl Live {
    /// Starts an interpreter with these options, to measure what these words say to `live.py`.
    ///
    /// # Errors
    /// One line, when it is not there or can't be started.
    pub fn start(options: &[&str], words: &[&str]) -> Result<Live, String> {
        let python = interpreter()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/stages/live.py");
        let mut command = Command::new(&python);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") {
                command.env_remove(name);
            }
        }
        for option in options {
            command.args(["-X", option]);
        }
        let mut child = command
            .arg(script)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", python.display()))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("no pipes".to_owned());
        };
        Ok(Live {
            child,
            questions: Some(questions),
            answers: BufReader::new(answers),
            what: words.join(" "),
        })
    }

    /// What so many iterations take.
    ///
    /// # Errors
    /// When the process has ended instead; it has said why.
    pub fn measure(&mut self, iterations: u64) -> Result<Duration, String> {
        let ended = |why: &str| format!("live.py {}: {why}", self.what);
        let questions = self
            .questions
            .as_mut()
            .ok_or_else(|| ended("it has ended"))?;
        writeln!(questions, "{iterations}").map_err(|error| ended(&error.to_string()))?;
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(|error| ended(&error.to_string()))?;
        let nanoseconds = line.trim().parse();
        nanoseconds
            .map(Duration::from_nanos)
            .map_err(|_| ended("no answer"))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.questions = None;
        if let Err(error) = self.child.wait() {
            eprintln!("bench: live.py {}: {error}", self.what);
        }
    }
}

/// Measures what a process answers. It is started when its turn comes, if the filter of the command line takes it.
pub fn bench_live(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    start: impl Fn() -> Result<Live, String>,
) {
    let mut live = None;
    group.bench_function(id, |bencher| {
        let live = live.get_or_insert_with(|| or_exit(start()));
        bencher.iter_custom(|count| or_exit(live.measure(count)));
    });
}
