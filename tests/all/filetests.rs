//! Tests written as HIR text: `tests/filetests/**/*.hir`, one or more functions per file.
//!
//! The first line says what is tested:
//!
//! - `; test: cat`: what is printed is what was written, comments and blank lines aside, or the
//!   text after the line `; expect:` if there is one.
//! - `; test: verify`: the verifier finds exactly the errors that the comments `; error: …` inside
//!   each function announce, in this order; each names a part of the message.
//! - `; test: pass NAME, NAME …`: the passes are run in turn, each result must be well formed, and
//!   the last, printed, is the text after the line `; expect:`.
//!
//! With `SWALLOW_BLESS=1` the text after `; expect:` is replaced by what came out. Look at the
//! difference before believing it.

use _swallow::hir::{Function, parse_functions, verify};
use _swallow::passes;
use libtest_mimic::{Failed, Trial};
use std::fmt::Write as _;
use std::path::Path;

const EXPECT: &str = "; expect:";

/// One test for every file.
pub fn trials() -> Vec<Trial> {
    super::files("tests/filetests", "hir")
        .into_iter()
        .map(|path| Trial::test(super::relative(&path), move || run(&path)))
        .collect()
}

fn run(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let first = text.lines().next().unwrap_or_default();
    let test = first
        .strip_prefix("; test: ")
        .ok_or("the first line must be `; test: …`")?;
    match test.split_once(' ').unwrap_or((test, "")) {
        ("cat", "") => cat(path, &text),
        ("verify", "") => verify_errors(&text),
        ("pass", names) => pass(path, &text, names),
        ("clif", level) => clif(path, &text, level),
        _ => Err(format!("unknown test `{test}`").into()),
    }
}

fn print(funcs: &[Function]) -> String {
    let texts: Vec<String> = funcs.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

fn parse(text: &str) -> Result<Vec<Function>, Failed> {
    match parse_functions(text) {
        Ok(funcs) if funcs.is_empty() => Err("no function".into()),
        Ok(funcs) => Ok(funcs),
        Err(error) => Err(error.to_string().into()),
    }
}

/// The input, and the expectation if the file has one.
fn sections(text: &str) -> (&str, Option<&str>) {
    match text.split_once(&format!("\n{EXPECT}\n")) {
        Some((input, expected)) => (input, Some(expected)),
        None => (text.trim_end().trim_end_matches(EXPECT), None),
    }
}

/// `text` without comments and blank lines. (Test files have no `;` in strings.)
fn bare(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default().trim_end();
        if !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Compares with the expectation, or replaces it.
fn expect(path: &Path, input: &str, expected: &str, actual: &str) -> Result<(), Failed> {
    if expected.trim() == actual.trim() {
        return Ok(());
    }
    if std::env::var_os("SWALLOW_BLESS").is_some_and(|v| v == "1") {
        let text = format!("{}\n\n{EXPECT}\n{actual}", input.trim_end());
        std::fs::write(path, text)?;
        return Ok(());
    }
    Err(difference(expected, actual).into())
}

/// Both texts, line by line, up to the first that differs and a little further.
fn difference(expected: &str, actual: &str) -> String {
    let (expected, actual) = (expected.trim(), actual.trim());
    let same = expected
        .lines()
        .zip(actual.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = format!("output differs from line {} on\n", same + 1);
    for (mark, text) in [('-', expected), ('+', actual)] {
        for line in text.lines().skip(same).take(12) {
            let _ = writeln!(out, "{mark} {line}");
        }
    }
    let _ = write!(out, "full output:\n{actual}");
    out
}

fn cat(path: &Path, text: &str) -> Result<(), Failed> {
    let (input, expected) = sections(text);
    let funcs = parse(input)?;
    let printed = print(&funcs);
    if parse(&printed)? != funcs {
        return Err("what was printed reads back differently".into());
    }
    match expected {
        Some(expected) => expect(path, input, expected, &printed),
        None if bare(input) == bare(&printed) => Ok(()),
        None => Err(difference(&bare(input), &bare(&printed)).into()),
    }
}

fn verify_errors(text: &str) -> Result<(), Failed> {
    let mut announced: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("function ") {
            announced.push(Vec::new());
        }
        if let Some((_, error)) = line.split_once("; error: ") {
            let errors = announced.last_mut();
            errors
                .ok_or("an error announced outside a function")?
                .push(error.trim());
        }
    }
    let mut wrong = String::new();
    for (func, announced) in parse(text)?.iter().zip(announced) {
        let found = match verify(func) {
            Ok(()) => Vec::new(),
            Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
        };
        let fits = found.len() == announced.len()
            && found.iter().zip(&announced).all(|(f, a)| f.contains(a));
        if !fits {
            let name = &func.name;
            let _ = writeln!(wrong, "{name}: announced {announced:#?}, found {found:#?}");
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

fn pass(path: &Path, text: &str, names: &str) -> Result<(), Failed> {
    let (input, expected) = sections(text);
    let mut funcs = parse(input)?;
    for func in &mut funcs {
        well_formed(func, "the input")?;
        for name in names.split(',').map(str::trim) {
            let run = passes::by_name(name).ok_or_else(|| format!("no pass `{name}`"))?;
            let before = func.clone();
            let changed = run(func);
            if !changed && *func != before {
                return Err(format!("{name} changed {} but says no", func.name).into());
            }
            well_formed(func, &format!("the result of {name}"))?;
        }
    }
    let printed = print(&funcs);
    if print(&parse(&printed)?) != printed {
        return Err("the result does not read back".into());
    }
    expect(path, input, expected.unwrap_or_default(), &printed)
}

#[cfg(not(feature = "cranelift"))]
fn clif(_path: &Path, _text: &str, _level: &str) -> Result<(), Failed> {
    eprintln!("not tested without the feature `cranelift`");
    Ok(())
}

#[cfg(feature = "cranelift")]
fn clif(path: &Path, text: &str, level: &str) -> Result<(), Failed> {
    use _swallow::codegen::cranelift::CraneliftGenerator;
    use _swallow::codegen::{
        self, CodeGenerator, CompileOptions, CompileRequest, RequestHead, Text,
    };
    use _swallow::helpers::{Data, Helper};

    let (input, expected) = sections(text);
    let mut symbols = codegen::SymbolTable::default();
    for helper in Helper::ALL {
        symbols.set_helper(*helper, 1);
    }
    for (at, data) in Data::ALL.iter().enumerate() {
        symbols.set_data(*data, 0x1000 * (at as u64 + 1));
    }
    let mut generator = CraneliftGenerator::new(symbols, std::sync::Arc::new(NoMemory))?;
    let mut printed = Vec::new();
    for function in parse(input)? {
        well_formed(&function, "the input")?;
        let request = CompileRequest {
            head: RequestHead {
                version: codegen::FORMAT_VERSION,
                symbol: function.name.clone(),
                unit_token: 0xabc,
                options: CompileOptions {
                    pipeline: String::new(),
                    codegen_level: level.parse()?,
                    cheap_if_large: false,
                    stress_counter: 0,
                    heat: 0,
                    ref_total: 0,
                    measure: _swallow::timing::Wanted::default(),
                },
                judged: None,
            },
            function,
        };
        printed.push(generator.text(&postcard::to_stdvec(&request)?, Text::Ir)?);
    }
    expect(
        path,
        input,
        expected.unwrap_or_default(),
        &printed.join("\n"),
    )
}

/// Text needs no code memory.
#[cfg(feature = "cranelift")]
struct NoMemory;

#[cfg(feature = "cranelift")]
impl _swallow::codegen::CodeMemory for NoMemory {
    fn allocate(&self, _size: usize, _align: usize) -> Option<std::ptr::NonNull<u8>> {
        None
    }

    fn seal(&self, _block: std::ptr::NonNull<u8>, _size: usize) -> bool {
        false
    }

    fn free(&self, _block: std::ptr::NonNull<u8>, _size: usize) {}
}

fn well_formed(func: &Function, what: &str) -> Result<(), Failed> {
    verify(func).map_err(|errors| format!("{what} is malformed:\n{errors}\n{func}").into())
}
