//! Where code generation runs: in the helper process, or in a library of this one; and what is under way there.
//!
//! A *job* is a request that has not been answered. Jobs are answered in their order. When the helper dies, the first one
//! was being worked on: it is tried once more, then given up. The others are said again to the next helper.

mod files;
mod helper;
mod library;
mod spawn;

use crate::code::arena::{Arena, HostArena, Usage};
use crate::codegen::protocol::{
    Answer, HEADER, Job, Message, Request, Setup, decode, encode, soonest,
};
use crate::codegen::{Block, CodegenError, Engine, Outcome, SymbolTable, Text};
use crate::config::{Codegen, Config};
use crate::log;
use crate::stats::{COUNTERS, count};
use crate::timing::Measured;
use helper::{Broken, Helper};
use library::Library;
use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Jobs under way at most: each holds its request.
pub(super) const MAX_JOBS: usize = 64;

/// Times that the helper may die over one job.
const MAX_DEATHS: u32 = 2;

/// Helpers in a row that die before they are ready, from which on no other one is started.
const MAX_FALSE_STARTS: u32 = 20;

/// Times between two system calls that look for answers, where the bell has not rung: the helper may have died.
const LOOKS_PER_CALL: u32 = 4096;

/// A request that has not been answered.
struct Waiting {
    job: Job,
    message: Message,
    /// Helpers that have died over it.
    deaths: u32,
}

/// What has been answered.
pub(super) enum Done {
    /// With what was measured of it.
    Compiled(Result<Outcome, CodegenError>, Option<Box<Measured>>),
    Text(Result<String, CodegenError>),
    Checked(Result<(), CodegenError>),
}

impl Done {
    fn failed(message: &Message, error: CodegenError) -> Done {
        match message {
            Message::Text { .. } | Message::ExpandPipeline { .. } => Done::Text(Err(error)),
            Message::CheckPipeline { .. } => Done::Checked(Err(error)),
            Message::Setup(_) | Message::Compile { .. } | Message::Release { .. } => {
                Done::Compiled(Err(error), None)
            }
        }
    }
}

enum Generator {
    /// Made when the first unit is compiled: most programs are short.
    NotYet,
    Library(Library),
    Helper(Box<Helper>),
    /// It can't be started, or the program has ended.
    Off(String),
}

/// The code generator, wherever it is.
pub(super) struct BackEnd {
    place: Codegen,
    /// What has to be there as soon as anything is compiled.
    engine: Engine,
    symbols: fn() -> SymbolTable,
    idle: u64,
    log: Option<String>,
    /// How long a job may take.
    patience: Duration,
    generator: Generator,
    private: Option<Arc<Arena>>,
    shared: Option<HostArena>,
    last_bell: u32,
    looks: u32,
    jobs: VecDeque<Waiting>,
    done: Vec<(Job, Done)>,
    last_job: Job,
    false_starts: u32,
    /// Between the two halves of a fork: the child's code.
    copy: Option<File>,
    /// A child runs our code, since there could be no copy for it: none is given back any more.
    is_shared: bool,
}

impl BackEnd {
    pub(super) fn new(config: &Config, engine: Engine, symbols: fn() -> SymbolTable) -> BackEnd {
        BackEnd {
            place: config.codegen,
            engine,
            symbols,
            idle: config.idle,
            log: config.log.clone(),
            patience: Duration::from_secs(config.patience),
            generator: Generator::NotYet,
            private: None,
            shared: None,
            last_bell: 0,
            looks: 0,
            jobs: VecDeque::new(),
            done: Vec::new(),
            last_job: 0,
            false_starts: 0,
            copy: None,
            is_shared: false,
        }
    }

    /// Whether requests are answered at once.
    pub(super) fn is_immediate(&self) -> bool {
        self.place == Codegen::InProcess
    }

    /// How code memory is used.
    pub(super) fn usage(&self) -> Usage {
        match (&self.private, &self.shared) {
            (Some(arena), _) => arena.usage(),
            (None, Some(arena)) => arena.usage(),
            (None, None) => Usage::default(),
        }
    }

    /// Bytes of the pages that hold code, and of the one that holds the bell.
    pub(super) fn arena_pages(&self) -> usize {
        match (&self.private, &self.shared) {
            (Some(arena), _) => {
                let usage = arena.usage();
                usage.used + usage.slack
            }
            (None, Some(arena)) => arena.resident(),
            (None, None) => 0,
        }
    }

    /// Bytes of messages that are held, but for what a first tier keeps.
    pub(super) fn buffered(&self) -> usize {
        let jobs: usize = self
            .jobs
            .iter()
            .map(|waiting| match &waiting.message {
                Message::Compile { request, .. } | Message::Text { request, .. } => {
                    request.own_bytes()
                }
                Message::Setup(_)
                | Message::Release { .. }
                | Message::CheckPipeline { .. }
                | Message::ExpandPipeline { .. } => 0,
            })
            .sum();
        let link = match &self.generator {
            Generator::Helper(helper) => helper.buffered(),
            Generator::NotYet | Generator::Library(_) | Generator::Off(_) => 0,
        };
        jobs + link
    }

    /// The helper's process, while there is one.
    pub(super) fn pid(&self) -> Option<u32> {
        match &self.generator {
            Generator::Helper(helper) => Some(helper.pid),
            Generator::NotYet | Generator::Library(_) | Generator::Off(_) => None,
        }
    }

    /// Nothing is generated any more. Waiting jobs are forgotten.
    pub(super) fn switch_off(&mut self, why: &str) {
        if let Generator::Helper(helper) = &mut self.generator {
            helper.kill();
        }
        self.generator = Generator::Off(why.to_owned());
        self.jobs.clear();
        self.done.clear();
    }

    /// The program is told once that there will be no code.
    fn fail(&mut self, why: String) -> CodegenError {
        log::say(format_args!("swallow: {why}; nothing more is compiled"));
        self.generator = Generator::Off(why.clone());
        CodegenError::Unavailable(why)
    }

    /// Starts the code generator if there is none.
    fn start(&mut self) -> Result<(), CodegenError> {
        match &self.generator {
            Generator::Library(_) | Generator::Helper(_) => return Ok(()),
            Generator::Off(why) => return Err(CodegenError::Unavailable(why.clone())),
            Generator::NotYet => {}
        }
        let started = match self.place {
            Codegen::InProcess => self.load_library(),
            Codegen::Helper => self.start_helper(),
        };
        started.map_err(|why| self.fail(why))
    }

    fn load_library(&mut self) -> Result<(), String> {
        let path = files::beside_us("libswallow_codegen.so")
            .ok_or("the code generator's library can't be found")?;
        let arena = Arena::new().ok_or("no address space for compiled code")?;
        let arena = self.private.insert(Arc::new(arena)).clone();
        let log = self.log.as_deref();
        let library = Library::load(&path, arena, log)
            .map_err(|error| format!("the code generator can't be loaded: {error}"))?;
        self.generator = Generator::Library(library);
        let setup = Message::Setup(Setup {
            version: crate::codegen::FORMAT_VERSION,
            package: env!("CARGO_PKG_VERSION").to_owned(),
            symbols: (self.symbols)().addresses(),
            memory: Block {
                address: 0,
                size: 0,
            },
            used: Vec::new(),
            idle: 0,
            engine: self.engine,
        });
        match self.talk(&setup) {
            Some(Answer::Failed(error)) => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    /// Has the library handle a message.
    fn talk(&mut self, message: &Message) -> Option<Answer> {
        let Generator::Library(library) = &mut self.generator else {
            return None;
        };
        let answer = library.talk(&encode(message).ok()?);
        decode(answer.get(HEADER..)?).ok()
    }

    fn start_helper(&mut self) -> Result<(), String> {
        let path = match std::env::var_os("SWALLOW_DEV_CODEGEN") {
            Some(path) => path.into(),
            None => files::beside_us("swallow-codegen")
                .ok_or("the code generator's program can't be found")?,
        };
        let arena = match &mut self.shared {
            Some(arena) => arena,
            empty => {
                let made = HostArena::new()
                    .map_err(|error| format!("there can be no compiled code here: {error}"))?;
                empty.insert(made)
            }
        };
        let symbols = (self.symbols)().addresses();
        let log = self.log.as_deref();
        let mut helper = Helper::start(&path, arena, symbols, (self.engine, self.idle), log)
            .map_err(|error| format!("the code generator can't be started: {error}"))?;
        for waiting in &self.jobs {
            helper.say(&waiting.message)?;
        }
        self.generator = Generator::Helper(Box::new(helper));
        count(&COUNTERS.helper_starts);
        Ok(())
    }

    fn next_job(&mut self) -> Job {
        self.last_job += 1;
        self.last_job
    }

    /// Has something done, named by a new job.
    fn submit(&mut self, make: impl FnOnce(Job) -> Message) -> Result<Job, CodegenError> {
        // The helper may be about to go.
        self.exchange();
        self.start()?;
        let job = self.next_job();
        let message = make(job);
        match &mut self.generator {
            Generator::Library(_) => {
                let answer = self.talk(&message);
                let done = answer.and_then(done_of).map(|(_, done)| done);
                let done = done.unwrap_or_else(|| {
                    let error = CodegenError::Backend("no answer".to_owned());
                    Done::failed(&message, error)
                });
                self.done.push((job, done));
            }
            Generator::Helper(helper) => {
                helper.say(&message).map_err(CodegenError::BadRequest)?;
                if self.jobs.is_empty() {
                    helper.since = Instant::now();
                }
                self.jobs.push_back(Waiting {
                    job,
                    message,
                    deaths: 0,
                });
                self.exchange();
            }
            Generator::NotYet | Generator::Off(_) => {}
        }
        Ok(job)
    }

    /// Has a unit compiled.
    ///
    /// # Errors
    /// When there is no code generator.
    pub(super) fn compile(
        &mut self,
        engine: Engine,
        request: Request,
    ) -> Result<Job, CodegenError> {
        self.submit(|job| Message::Compile {
            job,
            engine,
            request,
        })
    }

    /// Text for a request; waits for it.
    ///
    /// # Errors
    /// As [`crate::codegen::CodeGenerator::text`].
    pub(super) fn text(
        &mut self,
        engine: Engine,
        request: Request,
        what: Text,
    ) -> Result<String, CodegenError> {
        let job = self.submit(|job| Message::Text {
            job,
            engine,
            request,
            what,
        })?;
        match self.wait(job) {
            Some(Done::Text(result)) => result,
            _ => Err(CodegenError::Backend("no answer".to_owned())),
        }
    }

    /// Whether pipeline text is understood; waits for the answer.
    ///
    /// # Errors
    /// As [`crate::codegen::CodeGenerator::check_pipeline`].
    pub(super) fn check_pipeline(&mut self, pipeline: &str) -> Result<(), CodegenError> {
        let pipeline = pipeline.to_owned();
        let job = self.submit(|job| Message::CheckPipeline { job, pipeline })?;
        match self.wait(job) {
            Some(Done::Checked(result)) => result,
            _ => Err(CodegenError::Backend("no answer".to_owned())),
        }
    }

    /// A pipeline with everything written out; waits for it.
    ///
    /// # Errors
    /// As [`crate::codegen::CodeGenerator::expand_pipeline`].
    pub(super) fn expand_pipeline(&mut self, pipeline: &str) -> Result<String, CodegenError> {
        let pipeline = pipeline.to_owned();
        let job = self.submit(|job| Message::ExpandPipeline { job, pipeline })?;
        match self.wait(job) {
            Some(Done::Text(result)) => result,
            _ => Err(CodegenError::Backend("no answer".to_owned())),
        }
    }

    /// Gives the blocks of an image back. No thread may be inside its code.
    pub(super) fn release(&mut self, blocks: &[Block]) {
        if self.is_shared {
            return;
        }
        if let Some(arena) = &self.shared {
            arena.forget(blocks);
        }
        let message = Message::Release {
            blocks: blocks.to_vec(),
        };
        match &mut self.generator {
            Generator::Library(_) => {
                self.talk(&message);
            }
            Generator::Helper(helper) => {
                // It is sent with what comes next, or when that is much.
                let said = helper.say(&message);
                if said.is_err() || helper.buffered() > 64 << 10 {
                    self.exchange();
                }
            }
            Generator::NotYet | Generator::Off(_) => {
                if let Some(arena) = &self.shared {
                    arena.reclaim();
                }
            }
        }
    }

    /// Whether there are answers, or may be some.
    pub(super) fn has_answers(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(LOOKS_PER_CALL) {
            self.exchange();
        }
        let bell = self.shared.as_ref().map_or(0, HostArena::bell);
        bell != self.last_bell || !self.done.is_empty()
    }

    /// The next answer, in their order; another one is for another time.
    pub(super) fn next_done(&mut self) -> Option<(Job, Done)> {
        let bell = self.shared.as_ref().map_or(0, HostArena::bell);
        if bell != self.last_bell {
            self.last_bell = bell;
            self.exchange();
        }
        (!self.done.is_empty()).then(|| self.done.remove(0))
    }

    /// Waits for a job; `None` if it is unknown.
    pub(super) fn wait(&mut self, job: Job) -> Option<Done> {
        loop {
            if let Some(at) = self.done.iter().position(|(known, _)| *known == job) {
                return Some(self.done.remove(at).1);
            }
            if !self.jobs.iter().any(|waiting| waiting.job == job) {
                return None;
            }
            if let Generator::Helper(helper) = &self.generator {
                helper.wait(Duration::from_millis(500));
            }
            self.exchange();
        }
    }

    /// Sends and receives what can be without waiting; starts another helper where one has died with jobs.
    fn exchange(&mut self) {
        let Generator::Helper(helper) = &mut self.generator else {
            return;
        };
        let (answers, result) = helper.exchange();
        for answer in answers {
            if let Answer::Failed(error) = answer {
                self.lose(&Broken::Garbage(error.to_string()));
                return;
            }
            if let Some((job, done)) = done_of(answer) {
                self.jobs.retain(|waiting| waiting.job != job);
                self.done.push((job, self.accepted(done)));
            }
        }
        let late = match &self.generator {
            Generator::Helper(helper) => {
                !self.jobs.is_empty() && helper.since.elapsed() > self.patience
            }
            Generator::NotYet | Generator::Library(_) | Generator::Off(_) => false,
        };
        match result {
            Err(broken) => self.lose(&broken),
            Ok(()) if late => self.lose(&Broken::Garbage("nothing for too long".to_owned())),
            Ok(()) => {}
        }
    }

    /// An answer, if it is to be believed: code must lie where there is room for it.
    fn accepted(&self, done: Done) -> Done {
        let Some(arena) = &self.shared else {
            return done;
        };
        match &done {
            Done::Compiled(Ok(Outcome::Compiled(image)), _) => {
                let blocks = &image.blocks;
                if !image.is_consistent() || !arena.is_free(blocks) {
                    let error = CodegenError::Backend("code in an impossible place".to_owned());
                    return Done::Compiled(Err(error), None);
                }
                arena.note(blocks);
                done
            }
            _ => done,
        }
    }

    /// The helper is gone, or to be given up.
    fn lose(&mut self, broken: &Broken) {
        tracing::info!(%broken, "no code generator");
        let mut was_ready = false;
        if let Generator::Helper(helper) = &mut self.generator {
            was_ready = helper.is_ready;
            helper.kill();
        }
        self.generator = Generator::NotYet;
        if let Some(arena) = &self.shared {
            self.last_bell = arena.bell();
            arena.reclaim();
        }
        self.false_starts = if was_ready { 0 } else { self.false_starts + 1 };
        match broken {
            Broken::Idle => count(&COUNTERS.helper_idle),
            _ => count(&COUNTERS.helper_deaths),
        }
        if self.false_starts >= MAX_FALSE_STARTS {
            self.fail(format!(
                "{broken} before it was ready, {MAX_FALSE_STARTS} times in a row"
            ));
        } else if was_ready && !matches!(broken, Broken::Idle) {
            self.blame(broken);
        }
        if self.jobs.is_empty() {
            return;
        }
        if let Err(error) = self.start() {
            for waiting in self.jobs.drain(..) {
                let done = Done::failed(&waiting.message, error.clone());
                self.done.push((waiting.job, done));
            }
        }
    }

    /// A helper has died over the job that it takes first, or may have: a slow one, if it was at that already, will be the first after a restart. After some
    /// deaths the job is given up.
    fn blame(&mut self, broken: &Broken) {
        let at = soonest(self.jobs.iter().map(|waiting| &waiting.message));
        let Some(first) = self.jobs.get_mut(at) else {
            return;
        };
        first.deaths += 1;
        if first.deaths >= MAX_DEATHS
            && let Some(waiting) = self.jobs.remove(at)
        {
            let error = CodegenError::Backend(format!("{broken}, twice, over this code"));
            let done = Done::failed(&waiting.message, error);
            self.done.push((waiting.job, done));
        }
    }

    /// Before a fork: the child gets a copy of the code, since the parent's helper goes on with the parent's.
    pub(super) fn before_fork(&mut self) {
        let Some(arena) = &self.shared else { return };
        match arena.copy() {
            Ok(copy) => self.copy = Some(copy),
            Err(error) => {
                tracing::warn!(%error, "no copy of the code for the child of a fork");
                self.is_shared = true;
            }
        }
    }

    /// After it, in the parent.
    pub(super) fn after_fork_in_parent(&mut self) {
        self.copy = None;
    }

    /// After it, in the child, which has no helper, and whose jobs are the parent's.
    pub(super) fn after_fork_in_child(&mut self) {
        if let Generator::Helper(_) = self.generator {
            self.generator = Generator::NotYet;
        }
        self.jobs.clear();
        self.done.clear();
        if let Some(arena) = &mut self.shared {
            let copy = self.copy.take();
            let is_fine = copy.is_some_and(|copy| arena.replace(copy));
            if !is_fine {
                // The code is the parent's, which frees none of it from now on; nothing is added to it here.
                self.is_shared = true;
                self.generator = Generator::Off("no memory for the child's code".to_owned());
            }
            self.last_bell = self.shared.as_ref().map_or(0, HostArena::bell);
        }
    }
}

/// The job that an answer is for.
fn done_of(answer: Answer) -> Option<(Job, Done)> {
    match answer {
        Answer::Compiled {
            job,
            result,
            measured,
        } => Some((job, Done::Compiled(result, measured))),
        Answer::Text { job, result } => Some((job, Done::Text(result))),
        Answer::Checked { job, result } => Some((job, Done::Checked(result))),
        Answer::Ready | Answer::Failed(_) | Answer::Idle => None,
    }
}
