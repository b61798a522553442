//! Rules that the source keeps: which module may use which, length of files, where `unsafe` may
//! stand and that it is explained.

use libtest_mimic::{Failed, Trial};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::{Path, PathBuf};

/// Longest file; longer than [`SOFT_LINES`] is printed.
const HARD_LINES: usize = 1500;
const SOFT_LINES: usize = 800;

/// Top-level modules and their level. A module uses lower levels only.
const LEVELS: &[(&str, u32)] = &[
    ("config", 0),
    ("stats", 0),
    ("random", 0),
    ("layout", 0),
    ("log", 0),
    ("timing", 0),
    ("helpers", 0),
    ("hir", 1),
    ("bytecode", 1),
    ("feedback", 1),
    ("frontend", 2),
    ("passes", 2),
    ("codegen", 3),
    ("heap", 4),
    ("signals", 4),
    ("lull", 4),
    ("host", 4),
    ("runtime", 4),
    ("record", 4),
    ("code", 4),
    ("control", 5),
    ("python", 6),
];

/// Uses within one level: the first may use the second. No circle.
const SIBLINGS: &[(&str, &str)] = &[
    ("config", "log"),
    ("bytecode", "hir"),
    ("feedback", "bytecode"),
    ("feedback", "hir"),
    ("code", "host"),
    ("lull", "signals"),
    ("runtime", "host"),
    ("runtime", "code"),
    ("record", "host"),
    ("record", "runtime"),
];

/// Levels up to this one have no `unsafe`.
const SAFE_LEVEL: u32 = 2;

/// How many lines above `unsafe` its explanation may begin.
const SAFETY_REACH: usize = 12;

/// All rules.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("tidy::levels", || check(levels)),
        Trial::test("tidy::length", || check(length)),
        Trial::test("tidy::unsafe", || check(explained)),
    ]
}

/// A source file.
struct Source {
    name: String,
    text: String,
    /// The top-level module and its level; files outside `src` have none.
    module: Option<(&'static str, u32)>,
}

impl Source {
    fn tokens(&self) -> Result<TokenStream, Failed> {
        self.text
            .parse()
            .map_err(|error| format!("{}: {error}", self.name).into())
    }
}

fn sources() -> Result<Vec<Source>, Failed> {
    let mut all = Vec::new();
    for dir in ["src", "tests/all", "benches", "llvm-passes", "xtask"] {
        for path in super::files(dir, "rs") {
            let module = (dir == "src").then(|| module_of(&path)).transpose()?;
            all.push(Source {
                name: super::relative(&path),
                text: std::fs::read_to_string(&path)?,
                module: module.flatten(),
            });
        }
    }
    Ok(all)
}

/// The module a file of `src` belongs to; `None` for `lib.rs`.
fn module_of(path: &Path) -> Result<Option<(&'static str, u32)>, Failed> {
    let inside: PathBuf = path.strip_prefix(super::root().join("src"))?.into();
    let top = inside.iter().next().unwrap_or_default().to_string_lossy();
    let name = top.strip_suffix(".rs").unwrap_or(&top);
    if name == "lib" || name == "bin" || name == "main" {
        return Ok(None);
    }
    let known = LEVELS.iter().find(|(known, _)| *known == name);
    match known {
        Some(&level) => Ok(Some(level)),
        None => Err(format!("src/{name} has no level in tests/all/tidy.rs").into()),
    }
}

/// Runs a rule on every file; lists all complaints.
fn check(rule: fn(&Source, &mut Vec<String>) -> Result<(), Failed>) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for source in sources()? {
        rule(&source, &mut wrong)?;
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

fn length(source: &Source, wrong: &mut Vec<String>) -> Result<(), Failed> {
    let lines = source.text.lines().count();
    if lines > HARD_LINES {
        wrong.push(format!(
            "{}: {lines} lines, at most {HARD_LINES}",
            source.name
        ));
    } else if lines > SOFT_LINES {
        eprintln!("{}: {lines} lines; consider splitting it", source.name);
    }
    Ok(())
}

// ---- levels ------------------------------------------------------------------------------------

fn levels(source: &Source, wrong: &mut Vec<String>) -> Result<(), Failed> {
    let Some((module, level)) = source.module else {
        return Ok(());
    };
    // Unit tests in files of their own may put real neighbours beside what they test.
    if source.name.ends_with("/tests.rs") {
        return Ok(());
    }
    let mut used = Vec::new();
    crate_paths(source.tokens()?, &mut used);
    for (line, name) in used {
        // Macros exported at the top and `crate::Thing` are no modules.
        let Some(&(_, other)) = LEVELS.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let allowed =
            other < level || name == module || SIBLINGS.contains(&(module, name.as_str()));
        if !allowed {
            wrong.push(format!(
                "{}:{line}: {module} (level {level}) uses {name} (level {other})",
                source.name
            ));
        }
    }
    Ok(())
}

/// Collects what follows `crate::`, one level into `crate::{…}`, with its line.
fn crate_paths(tokens: TokenStream, out: &mut Vec<(usize, String)>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            crate_paths(group.stream(), out);
        }
        let is_crate = matches!(tree, TokenTree::Ident(i) if i == "crate");
        let colons = [at + 1, at + 2]
            .iter()
            .all(|&i| matches!(trees.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':'));
        if !is_crate || !colons {
            continue;
        }
        match trees.get(at + 3) {
            Some(TokenTree::Ident(name)) => {
                out.push((name.span().start().line, name.to_string()));
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let mut first = true;
                for tree in group.stream() {
                    match tree {
                        TokenTree::Ident(name) if first => {
                            out.push((name.span().start().line, name.to_string()));
                            first = false;
                        }
                        TokenTree::Punct(p) if p.as_char() == ',' => first = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

// ---- unsafe --------------------------------------------------------------------------------------

fn explained(source: &Source, wrong: &mut Vec<String>) -> Result<(), Failed> {
    let mut found = Vec::new();
    unsafe_tokens(source.tokens()?, &mut found);
    let lines: Vec<&str> = source.text.lines().collect();
    for (line, needs_reason) in found {
        let place = format!("{}:{line}", source.name);
        match source.module {
            Some((module, level)) if level <= SAFE_LEVEL => {
                wrong.push(format!("{place}: `unsafe` in {module}, which has none"));
            }
            _ if needs_reason => {
                let above = line.saturating_sub(1 + SAFETY_REACH)..line;
                if !lines[above].iter().any(|l| l.contains("SAFETY:")) {
                    wrong.push(format!("{place}: `unsafe` without a SAFETY comment"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lines with `unsafe`, and whether it is a block or an `impl`, which need a reason. (Attributes
/// such as `#[unsafe(no_mangle)]` are neither.)
fn unsafe_tokens(tokens: TokenStream, out: &mut Vec<(usize, bool)>) {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => unsafe_tokens(group.stream(), out),
            TokenTree::Ident(ident) if ident == "unsafe" => {
                let needs_reason = match trees.peek() {
                    Some(TokenTree::Group(g)) => g.delimiter() == Delimiter::Brace,
                    Some(TokenTree::Ident(next)) => next == "impl",
                    _ => false,
                };
                out.push((ident.span().start().line, needs_reason));
            }
            _ => {}
        }
    }
}
