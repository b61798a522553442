//! LLVM pass pipelines of Swallow, as data: each preset is a file in `pipelines/` in the text form of
//! the new pass manager (what `opt -passes=…` takes). Lines that begin with `#` are comments.
//!
//! Nothing here links LLVM: who uses a pipeline parses it, and reports what LLVM thinks of it.
#![forbid(unsafe_code)]

use std::borrow::Cow;

/// Every preset: its name and its pipeline as written in the file.
pub const PRESETS: &[(&str, &str)] = &[
    ("o0", include_str!("../pipelines/o0.txt")),
    ("o1", include_str!("../pipelines/o1.txt")),
    ("o2", include_str!("../pipelines/o2.txt")),
    ("o3", include_str!("../pipelines/o3.txt")),
    ("jit", include_str!("../pipelines/jit.txt")),
];

/// The text of a preset file, comments included; [`resolve`] gives what the pass builder takes.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(preset, _)| *preset == name)
        .map(|(_, text)| *text)
}

/// The pipeline of an optimisation level, 0–3; a higher level is 3.
#[must_use]
pub fn of_level(level: u8) -> String {
    let name = ["o0", "o1", "o2", "o3"][usize::from(level).min(3)];
    resolve(name).into_owned()
}

/// Pipeline text for what a user wrote: the name of a preset, or pipeline text itself.
#[must_use]
pub fn resolve(name_or_text: &str) -> Cow<'_, str> {
    match preset(name_or_text) {
        Some(text) => Cow::Owned(strip(text)),
        None => tolerate(name_or_text),
    }
}

/// LLVM 19 ends the *process* when `instcombine` has not reached its fixpoint after one round, unless
/// it is told not to look; so a bare `instcombine` is.
fn tolerate(text: &str) -> Cow<'_, str> {
    const PASS: &str = "instcombine";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(PASS) {
        let end = at + PASS.len();
        let whole = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
            && !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '<');
        out.push_str(&rest[..end]);
        if whole {
            out.push_str("<no-verify-fixpoint>");
        }
        rest = &rest[end..];
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A preset file without comments, on one line.
fn strip(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instcombine_may_miss_its_fixpoint() {
        assert_eq!(
            resolve("function(instcombine,instcombine<max-iterations=2>,aggressive-instcombine)"),
            "function(instcombine<no-verify-fixpoint>,instcombine<max-iterations=2>,aggressive-instcombine)"
        );
    }

    #[test]
    fn presets_are_pipelines_without_space() {
        for (name, _) in PRESETS {
            let text = resolve(name);
            assert!(!text.is_empty(), "{name}");
            assert!(
                text.chars().all(|c| !c.is_whitespace() && c != '#'),
                "{name}: {text:?}"
            );
            let (open, close) = ("(<[", ")>]");
            let mut depth = Vec::new();
            for c in text.chars() {
                if let Some(i) = open.find(c) {
                    depth.push(i);
                } else if let Some(i) = close.find(c) {
                    assert_eq!(depth.pop(), Some(i), "{name}: {text}");
                }
            }
            assert!(depth.is_empty(), "{name}: {text}");
        }
    }

    #[test]
    fn levels_are_the_presets_of_their_number() {
        for level in 0..=3 {
            assert_eq!(of_level(level), resolve(&format!("o{level}")));
        }
        assert_eq!(of_level(200), of_level(3));
        assert_eq!(of_level(2), "default<O2>");
    }

    #[test]
    fn other_text_is_left_alone() {
        assert_eq!(preset("default<O2>"), None);
        assert_eq!(resolve("function(gvn)"), "function(gvn)");
    }

    #[test]
    fn comments_are_dropped() {
        assert_eq!(
            strip("# why\ndefault<O1>,\n  # more\n  gvn\n"),
            "default<O1>,gvn"
        );
    }
}
