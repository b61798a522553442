//! LLVM pass pipelines of Swallow, as data: each preset is a file in `pipelines/` in the text form of
//! the new pass manager (what `opt -passes=…` takes). [`text`] reads such files and finds what is wrong with their form.
//!
//! With the feature `llvm` there is also a shim over LLVM's C++ interface (`shim/`): [`shim`] runs a pipeline and measures each pass,
//! [`check`] says which word of a pipeline LLVM doesn't know. `passes/` has passes of ours, which pipelines name like LLVM's. Without the
//! feature, nothing here links LLVM.
#![deny(unsafe_code)]

#[cfg(feature = "llvm")]
pub mod check;
#[cfg(feature = "llvm")]
pub mod shim;
pub mod text;

/// Every preset: its name and its pipeline as written in the file.
pub const PRESETS: &[(&str, &str)] = &[
    ("jit", include_str!("../pipelines/jit.txt")),
    ("o0", include_str!("../pipelines/o0.txt")),
    ("o1", include_str!("../pipelines/o1.txt")),
    ("o2", include_str!("../pipelines/o2.txt")),
    ("o3", include_str!("../pipelines/o3.txt")),
    ("unladen-o2", include_str!("../pipelines/unladen-o2.txt")),
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
    resolve(name)
}

/// Pipeline text for what a user wrote: the name of a preset, or pipeline text itself, with space and comments as in a file.
#[must_use]
pub fn resolve(name_or_text: &str) -> String {
    let name_or_text = name_or_text.trim();
    tolerate(&text::strip(preset(name_or_text).unwrap_or(name_or_text)))
}

/// LLVM 19 ends the *process* when `instcombine` has not reached its fixpoint after one round, unless
/// it is told not to look; so a bare `instcombine` is.
fn tolerate(text: &str) -> String {
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
    out.push_str(rest);
    out
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
    fn presets_are_well_formed() {
        for (name, written) in PRESETS {
            let text = resolve(name);
            assert!(!text.is_empty(), "{name}");
            assert!(
                text.chars().all(|c| !c.is_whitespace() && c != '#'),
                "{name}: {text:?}"
            );
            assert!(text::parse(written).is_ok(), "{name}");
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
        assert_eq!(
            resolve("# why\nfunction( # here\n  gvn,\n\tdce)\n"),
            "function(gvn,dce)"
        );
    }
}
