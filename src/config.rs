//! Every option: name, variable, default, documentation, and how its value is read.
//!
//! `-X jit-NAME=VALUE` wins over `PYTHONJITNAME` (dashes dropped). `python/swallow/_options.py` keeps a
//! copy for processes that don't load the native module; a test compares the two through
//! `_swallow.options()`. The table in `README.md` is made from this one too.
#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

/// What to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Never,
    /// What gets hot.
    WhenHot,
    /// Every function when it is first executed.
    Always,
}

impl Mode {
    /// The name as users write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Never => "never",
            Mode::WhenHot => "whenhot",
            Mode::Always => "always",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Mode> {
        [Mode::Never, Mode::WhenHot, Mode::Always]
            .into_iter()
            .find(|mode| mode.name() == text)
    }
}

/// Where code generation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codegen {
    /// In a process of its own.
    Helper,
    /// In a library of this process.
    InProcess,
}

/// Which code generators compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Llvm,
    Cranelift,
    /// Cranelift first; LLVM for what stays hot.
    Tiered,
}

/// What is written to stderr for each compiled unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    pub feedback: bool,
    pub hir: bool,
    pub llvm: bool,
    pub clif: bool,
    pub asm: bool,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub mode: Mode,
    /// Hotness from which on a code object is compiled: 10 a call, 1 a back-edge.
    pub threshold: u32,
    /// Hotness from which on it is recorded what a code object does.
    pub warm: u32,
    /// 0–3; without it the pipeline is `jit`, and code generation is that of level 2.
    pub opt_level: Option<u8>,
    /// Pipeline preset or text; wins over that of the optimisation level.
    pub passes: Option<String>,
    /// How the user said so.
    pub passes_given: String,
    pub dump: Dump,
    /// Print statistics as JSON at exit.
    pub stats: bool,
    /// Keep feedback maps when the code is there.
    pub keep_feedback: bool,
    /// Take the time of every function, cold, warm and native; print a table at exit.
    pub profile: bool,
    /// Measure every pass; print a table at exit.
    pub time_passes: bool,
    /// Keep what each compilation took.
    pub time_units: bool,
    /// A file for what was done when, for Chrome's viewer of traces.
    pub trace: Option<String>,
    /// Every so many executions of guards one fails; 0: none is made to.
    pub fail_guard: u64,
    /// Which of them do is drawn at random.
    pub seed: Option<Seed>,
    /// Every so many side exits garbage is collected; 0: it is not.
    pub gc_exits: u64,
    /// A filter for the log on stderr.
    pub log: Option<String>,
    pub backend: Backend,
    pub codegen: Codegen,
    /// Milliseconds without work after which the helper process ends.
    pub idle: u64,
    /// Seconds that the helper process may take for one unit.
    pub patience: u64,
    /// Whether the program waits for code.
    pub wait: bool,
    /// Milliseconds for which CPython is left alone at most while nothing is gained; 0: never.
    pub lull: u32,
    /// There is no frame hook: every so many microseconds, a running loop is taken over; 0: there is one.
    pub takeover: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            mode: Mode::WhenHot,
            threshold: 1000,
            warm: 100,
            opt_level: None,
            passes: None,
            passes_given: String::new(),
            dump: Dump::default(),
            stats: false,
            keep_feedback: false,
            profile: false,
            time_passes: false,
            time_units: false,
            trace: None,
            fail_guard: 0,
            seed: None,
            gc_exits: 0,
            log: None,
            backend: Backend::Tiered,
            codegen: Codegen::Helper,
            idle: 60,
            patience: 60,
            wait: false,
            lull: 160,
            takeover: 0,
        }
    }
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    Given(u64),
    /// One is chosen at the start, and printed.
    Chosen,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionInfo {
    /// Behind `-X`.
    pub name: &'static str,
    /// Environment variable.
    pub variable: &'static str,
    /// Default, as text.
    pub default: &'static str,
    /// What values it takes.
    pub values: &'static str,
    pub doc: &'static str,
    set: fn(&mut Config, &str) -> bool,
}

/// The table.
pub const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        name: "jit",
        variable: "PYTHONJIT",
        default: "whenhot",
        values: "never, whenhot or always",
        doc: "what to compile: nothing, what gets hot, or every function that runs",
        set: |config, text| Mode::parse(text).map(|mode| config.mode = mode).is_some(),
    },
    OptionInfo {
        name: "jit-threshold",
        variable: "PYTHONJITTHRESHOLD",
        default: "1000",
        values: "a whole number from 1 to 4294967295",
        doc: "hotness from which on code is compiled: 10 a call, 1 a loop's back-edge",
        set: |config, text| {
            let value = number(text).filter(|n| *n > 0);
            value.map(|n| config.threshold = n).is_some()
        },
    },
    OptionInfo {
        name: "jit-warm",
        variable: "PYTHONJITWARM",
        default: "100",
        values: "a whole number from 0 to 4294967295",
        doc: "hotness from which on types, targets and branches are recorded; 0: from the first call",
        set: |config, text| number(text).map(|n| config.warm = n).is_some(),
    },
    OptionInfo {
        name: "jit-opt",
        variable: "PYTHONJITOPT",
        default: "",
        values: "0, 1, 2 or 3",
        doc: "optimisation level: LLVM's pass pipeline and the effort of its code generation (if not given: 2, and 0 for large functions); Cranelift has 0 and more than that",
        set: |config, text| {
            let value = number(text).filter(|n| *n <= 3);
            value.map(|n| config.opt_level = Some(n)).is_some()
        },
    },
    OptionInfo {
        name: "jit-passes",
        variable: "PYTHONJITPASSES",
        default: "",
        values: "jit, o0, o1, o2, o3, unladen-o2, @FILE or the text of an LLVM pass pipeline",
        doc: "LLVM's pass pipeline, instead of the level's; jit if neither is given",
        set: |config, text| {
            config.passes = Some(text.to_owned());
            !text.trim().is_empty()
        },
    },
    OptionInfo {
        name: "jit-dump",
        variable: "PYTHONJITDUMP",
        default: "",
        values: "a list of feedback, hir, llvm, clif and asm, joined by commas",
        doc: "what to print on stderr of each compiled unit",
        set: |config, text| {
            text.split(',').all(|part| {
                match part {
                    "hir" => config.dump.hir = true,
                    "feedback" => config.dump.feedback = true,
                    "llvm" => config.dump.llvm = true,
                    "clif" => config.dump.clif = true,
                    "asm" => config.dump.asm = true,
                    _ => return false,
                }
                true
            })
        },
    },
    OptionInfo {
        name: "jit-stats",
        variable: "PYTHONJITSTATS",
        default: "0",
        values: "0 or 1",
        doc: "print statistics as JSON on stderr at exit",
        set: |config, text| switch(&mut config.stats, text),
    },
    OptionInfo {
        name: "jit-profile",
        variable: "PYTHONJITPROFILE",
        default: "0",
        values: "0 or 1",
        doc: "take the time that every function runs cold, warm and native; print a table on stderr at exit",
        set: |config, text| switch(&mut config.profile, text),
    },
    OptionInfo {
        name: "jit-time-passes",
        variable: "PYTHONJITTIMEPASSES",
        default: "0",
        values: "0 or 1",
        doc: "measure every pass, on HIR and of LLVM; print a table on stderr at exit",
        set: |config, text| switch(&mut config.time_passes, text),
    },
    OptionInfo {
        name: "jit-time-units",
        variable: "PYTHONJITTIMEUNITS",
        default: "0",
        values: "0 or 1",
        doc: "keep what each compilation took, time by phase and memory of the code generator's process, and with jit-profile the time that its code runs; swallow.stats()[\"units\"] has it",
        set: |config, text| {
            config.time_units = text == "1";
            matches!(text, "0" | "1")
        },
    },
    OptionInfo {
        name: "jit-trace",
        variable: "PYTHONJITTRACE",
        default: "",
        values: "the name of a file; %p in it is the process's number",
        doc: "write what the JIT does when, in this process and in the code generator's, for Chrome's trace viewer or Perfetto",
        set: |config, text| {
            config.trace = Some(text.to_owned());
            !text.is_empty()
        },
    },
    OptionInfo {
        name: "jit-keep-feedback",
        variable: "PYTHONJITKEEPFEEDBACK",
        default: "0",
        values: "0 or 1",
        doc: "keep feedback maps behind compilation, so that swallow.feedback() and hir() show what was used",
        set: |config, text| switch(&mut config.keep_feedback, text),
    },
    OptionInfo {
        name: "jit-fail-guard",
        variable: "PYTHONJITFAILGUARD",
        default: "0",
        values: "a whole number from 0 to 18446744073709551615",
        doc: "for tests: make every N-th execution of a guard fail (0: none)",
        set: |config, text| number(text).map(|n| config.fail_guard = n).is_some(),
    },
    OptionInfo {
        name: "jit-seed",
        variable: "PYTHONJITSEED",
        default: "",
        values: "a whole number from 0 to 18446744073709551615, or random",
        doc: "for tests: which guards fail is drawn from this seed, one in jit-fail-guard; random: one is chosen and printed",
        set: |config, text| {
            config.seed = match text {
                "random" => Some(Seed::Chosen),
                text => number(text).map(Seed::Given),
            };
            config.seed.is_some()
        },
    },
    OptionInfo {
        name: "jit-gc-exits",
        variable: "PYTHONJITGCEXITS",
        default: "0",
        values: "a whole number from 0 to 18446744073709551615",
        doc: "for tests: collect garbage at every N-th side exit (0: never)",
        set: |config, text| number(text).map(|n| config.gc_exits = n).is_some(),
    },
    OptionInfo {
        name: "jit-takeover",
        variable: "PYTHONJITTAKEOVER",
        default: "0",
        values: "a whole number from 0 to 4294967295",
        doc: "for tests: have no frame hook, but take the running loop over every so many microseconds (0: have one)",
        set: |config, text| number(text).map(|n| config.takeover = n).is_some(),
    },
    OptionInfo {
        name: "jit-log",
        variable: "PYTHONJITLOG",
        default: "",
        values: "a filter such as debug or _swallow::control=trace",
        doc: "log the JIT's phases on stderr",
        set: |config, text| {
            config.log = Some(text.to_owned());
            crate::log::is_filter(text)
        },
    },
    OptionInfo {
        name: "jit-backend",
        variable: "PYTHONJITBACKEND",
        default: "tiered",
        values: "llvm, cranelift or tiered",
        doc: "the code generator: llvm makes the faster code, cranelift makes it sooner; tiered: cranelift first, then llvm for what stays hot",
        set: |config, text| {
            config.backend = match text {
                "llvm" => Backend::Llvm,
                "cranelift" => Backend::Cranelift,
                "tiered" => Backend::Tiered,
                _ => return false,
            };
            true
        },
    },
    OptionInfo {
        name: "jit-unit",
        variable: "PYTHONJITUNIT",
        default: "function",
        values: "function",
        doc: "what is compiled at once",
        set: |_, text| text == "function",
    },
    OptionInfo {
        name: "jit-codegen",
        variable: "PYTHONJITCODEGEN",
        default: "helper",
        values: "helper or inprocess",
        doc: "where code generation runs: in a process of its own, beside the program, or in this one, while the program waits",
        set: |config, text| {
            config.codegen = match text {
                "helper" => Codegen::Helper,
                "inprocess" => Codegen::InProcess,
                _ => return false,
            };
            true
        },
    },
    OptionInfo {
        name: "jit-wait",
        variable: "PYTHONJITWAIT",
        default: "0",
        values: "0 or 1",
        doc: "have the program wait for code instead of going on without it: runs can be repeated exactly",
        set: |config, text| switch(&mut config.wait, text),
    },
    OptionInfo {
        name: "jit-lull",
        variable: "PYTHONJITLULL",
        default: "160",
        values: "a whole number from 0 to 4294967295",
        doc: "milliseconds for which CPython is left alone at most, while the JIT costs more than it gains; 0: never",
        set: |config, text| number(text).map(|n| config.lull = n).is_some(),
    },
    OptionInfo {
        name: "jit-idle",
        variable: "PYTHONJITIDLE",
        default: "60",
        values: "a whole number from 1 to 4294967295",
        doc: "milliseconds without work after which the process of the code generator ends; after a third of them (a twelfth behind a second tier), or a second, it gives back what memory it can",
        set: |config, text| {
            let value = number::<u32>(text).filter(|n| *n > 0);
            value.map(|n| config.idle = n.into()).is_some()
        },
    },
    OptionInfo {
        name: "jit-patience",
        variable: "PYTHONJITPATIENCE",
        default: "60",
        values: "a whole number from 1 to 4294967295",
        doc: "seconds that the process of the code generator may take for one unit before it is ended",
        set: |config, text| {
            let value = number::<u32>(text).filter(|n| *n > 0);
            value.map(|n| config.patience = n.into()).is_some()
        },
    },
];

/// The option whose value may be in a file.
const PASSES: &str = "jit-passes";

/// Options that a name without a value switches on.
const SWITCHES: &[&str] = &[
    "jit-stats",
    "jit-profile",
    "jit-time-passes",
    "jit-time-units",
    "jit-keep-feedback",
    "jit-wait",
];

/// Sets what is on or off; whether the text says which.
fn switch(setting: &mut bool, text: &str) -> bool {
    *setting = text == "1";
    matches!(text, "0" | "1")
}

/// A number in decimal digits and nothing else: no sign, no space.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The option that someone who wrote `name` may have meant.
fn nearest(name: &str) -> Option<&'static str> {
    OPTIONS
        .iter()
        .map(|option| (strsim::levenshtein(name, option.name), option.name))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// All options as text for a terminal.
#[must_use]
pub fn help() -> String {
    OPTIONS
        .iter()
        .map(|option| {
            let default = match option.default {
                "" => String::new(),
                default => format!(" (default: {default})"),
            };
            format!(
                "  -X {}=…  or {}\n      {}{default}\n      takes {}\n",
                option.name, option.variable, option.doc, option.values
            )
        })
        .collect()
}

/// All options as a Markdown table, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut text =
        "| `-X` option | variable | takes | default | what it does |\n|---|---|---|---|---|\n"
            .to_owned();
    for option in OPTIONS {
        let default = match option.default {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        text.push_str(&format!(
            "| `{}` | `{}` | {} | {default} | {} |\n",
            option.name, option.variable, option.values, option.doc
        ));
    }
    text
}

/// A setting that can't be used; one line, without the `swallow: ` that start-up puts before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads `-X` options (only those that begin with `jit` concern us; `None` is an option without
    /// a value) and environment variables.
    ///
    /// # Errors
    /// The first unknown option or bad value, a pipeline's file that can't be read among them; else options that exclude each other.
    pub fn parse(
        xoptions: &[(String, Option<String>)],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        for option in OPTIONS {
            if let Some(text) = variable(option.variable).filter(|text| !text.is_empty())
                && !(option.set)(&mut config, &text)
            {
                return Err(ConfigError(format!(
                    "{}={text}: expected {}",
                    option.variable, option.values
                )));
            } else if option.name == PASSES {
                let text = config.passes.clone().unwrap_or_default();
                config.read_passes(format!("{}={text}", option.variable))?;
            }
        }
        for (name, value) in xoptions {
            if name != "jit" && !name.starts_with("jit-") {
                continue;
            }
            let Some(option) = OPTIONS.iter().find(|option| option.name == name) else {
                let hint = match nearest(name) {
                    Some(nearest) => format!("did you mean {nearest}?"),
                    None => {
                        let names: Vec<_> = OPTIONS.iter().map(|option| option.name).collect();
                        format!("there are {}", names.join(", "))
                    }
                };
                return Err(ConfigError(format!("-X {name}: unknown option; {hint}")));
            };
            // `-X jit-stats` alone switches it on.
            let text = match value {
                Some(text) => text.as_str(),
                None if SWITCHES.contains(&option.name) => "1",
                None if option.name == "jit" => "whenhot",
                None => "",
            };
            if !(option.set)(&mut config, text) {
                return Err(ConfigError(format!(
                    "-X {name}{}{text}: expected {}",
                    if value.is_some() { "=" } else { "" },
                    option.values
                )));
            }
            if option.name == PASSES {
                config.read_passes(format!("-X {name}={text}"))?;
            }
        }
        if config.backend == Backend::Cranelift && config.passes.is_some() {
            return Err(ConfigError(
                "jit-passes: a pass pipeline is LLVM's, and jit-backend is cranelift".to_owned(),
            ));
        }
        Ok(config)
    }

    /// Reads the pipeline's file, if it is in one; `given` is how the user said so.
    fn read_passes(&mut self, given: String) -> Result<(), ConfigError> {
        // What is said of it is one line.
        self.passes_given = given.split_whitespace().collect::<Vec<_>>().join(" ");
        let file = self
            .passes
            .as_deref()
            .and_then(|text| text.strip_prefix('@'));
        let Some(file) = file else { return Ok(()) };
        let refuse = |why: &str| ConfigError(format!("{}: {why}", self.passes_given));
        let bytes = std::fs::read(file).map_err(|error| {
            let text = error.to_string();
            // Without the system's number, as CPython says it.
            refuse(text.split(" (os error").next().unwrap_or_default())
        })?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("not text in UTF-8"))?;
        self.passes = Some(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        options: &[(&str, Option<&str>)],
        variables: &[(&str, &str)],
    ) -> Result<Config, String> {
        let options: Vec<_> = options
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.map(str::to_owned)))
            .collect();
        Config::parse(&options, |name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn options_win_over_variables() {
        let config = parse(
            &[("jit", Some("always")), ("jit-stats", None), ("utf8", None)],
            &[("PYTHONJIT", "never"), ("PYTHONJITTHRESHOLD", "7")],
        )
        .expect("valid");
        assert_eq!(
            (config.mode, config.threshold, config.stats),
            (Mode::Always, 7, true)
        );
    }

    #[test]
    fn defaults_in_the_table_are_the_defaults() {
        let mut config = Config::default();
        for option in OPTIONS.iter().filter(|o| !o.default.is_empty()) {
            assert!((option.set)(&mut config, option.default), "{}", option.name);
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn bad_settings_are_one_clear_line() {
        for (options, message) in [
            (
                ("jit", Some("sometimes")),
                "-X jit=sometimes: expected never, whenhot or always",
            ),
            (
                ("jit-threshold", Some("0")),
                "-X jit-threshold=0: expected a whole number from 1",
            ),
            (
                ("jit-threshold", Some("+5")),
                "-X jit-threshold=+5: expected a whole number from 1",
            ),
            (
                ("jit-threshold", None),
                "-X jit-threshold: expected a whole number from 1",
            ),
            (
                ("jit-threshold", Some("4294967296")),
                "-X jit-threshold=4294967296: expected a whole number from 1",
            ),
            (
                ("jit-treshold", Some("5")),
                "-X jit-treshold: unknown option; did you mean jit-threshold?",
            ),
            (
                ("jit-speculation", Some("5")),
                "-X jit-speculation: unknown option; there are jit, jit-threshold,",
            ),
            (
                ("jit-log", Some("=,=")),
                "-X jit-log==,=: expected a filter",
            ),
            (
                ("jit-dump", Some("hir,x")),
                "-X jit-dump=hir,x: expected a list",
            ),
            (
                ("jit-backend", Some("gcc")),
                "-X jit-backend=gcc: expected llvm, cranelift or tiered",
            ),
        ] {
            let error = parse(&[options], &[]).expect_err("invalid");
            assert!(
                error.starts_with(message) && !error.contains('\n'),
                "{error}"
            );
        }
        let error = parse(&[], &[("PYTHONJITOPT", "9")]).expect_err("invalid");
        assert_eq!(error, "PYTHONJITOPT=9: expected 0, 1, 2 or 3");
        let error = parse(
            &[("jit-backend", Some("cranelift"))],
            &[("PYTHONJITPASSES", "o1")],
        );
        let error = error.expect_err("invalid");
        assert!(error.starts_with("jit-passes: ") && !error.contains('\n'));
    }

    #[test]
    fn pipelines_may_be_in_files() {
        let path = std::env::temp_dir().join(format!("swallow-passes-{}", std::process::id()));
        std::fs::write(&path, "function(\n  gvn)\n").expect("a writable directory");
        let value = format!("@{}", path.display());
        let config = parse(&[("jit-passes", Some(&value))], &[]).expect("valid");
        assert_eq!(config.passes.as_deref(), Some("function(\n  gvn)\n"));
        assert_eq!(config.passes_given, format!("-X jit-passes={value}"));
        std::fs::write(&path, [0xff, 0xfe]).expect("a writable directory");
        let error = parse(&[], &[("PYTHONJITPASSES", &value)]).expect_err("no text");
        assert_eq!(error, format!("PYTHONJITPASSES={value}: not text in UTF-8"));
        std::fs::remove_file(&path).expect("it is there");
        let error = parse(&[("jit-passes", Some(&value))], &[]).expect_err("no file");
        assert_eq!(
            error,
            format!("-X jit-passes={value}: No such file or directory")
        );
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../README.md");
        assert!(
            readme.contains(&markdown()),
            "README.md should contain:\n{}",
            markdown()
        );
    }

    #[test]
    fn help_names_every_option() {
        let help = help();
        for option in OPTIONS {
            assert!(help.contains(option.name) && help.contains(option.variable));
        }
    }
}
