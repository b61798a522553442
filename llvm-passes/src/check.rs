//! Which word of a pipeline is wrong. LLVM says what it doesn't understand, but not where; so when it refuses a whole pipeline, each of
//! its passes is tried alone, inside the managers that are around it.
#![forbid(unsafe_code)]

use crate::text::{self, Element, Mistake};
use crate::{preset, resolve, shim, tolerate};

/// One letter in so many may be wrong in a name for another one to be suggested.
const NEAR: usize = 3;

/// What LLVM makes of a preset or pipeline text, everything written out.
///
/// # Errors
/// The first word that is wrong.
pub fn expand(name_or_text: &str) -> Result<String, Mistake> {
    let written = preset(name_or_text.trim()).unwrap_or(name_or_text);
    let elements = text::parse(written)?;
    let whole = match shim::parse(&resolve(written)) {
        Ok(expanded) => return Ok(expanded),
        Err(error) => error,
    };
    let culprit = find(written, &elements, &mut Vec::new());
    Err(culprit.unwrap_or_else(|| Mistake::at(written, elements[0].offset, whole)))
}

/// The first pass that LLVM doesn't take where it stands. `around` are the managers outside.
fn find<'e>(
    written: &str,
    elements: &'e [Element],
    around: &mut Vec<&'e Element>,
) -> Option<Mistake> {
    for element in elements {
        around.push(element);
        let found = match &element.inner {
            Some(inner) => find(written, inner, around),
            None => alone(around)
                .err()
                .map(|error| blame(written, around, &error)),
        };
        around.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Has LLVM parse the innermost of some elements inside the others.
fn alone(path: &[&Element]) -> Result<(), String> {
    let names: Vec<&str> = path.iter().map(|element| element.name.as_str()).collect();
    let text = format!("{}{}", names.join("("), ")".repeat(names.len() - 1));
    shim::parse(&tolerate(&text)).map(drop)
}

/// The mistake in a path, which LLVM has complained of. It quotes the name that it stumbled over.
fn blame(written: &str, path: &[&Element], error: &str) -> Mistake {
    let quoted = error.split('\'').nth(1).unwrap_or_default();
    let base = |name: &str| name.split('<').next().unwrap_or_default().to_owned();
    let culprit = path
        .iter()
        .find(|element| element.name == quoted || base(&element.name) == quoted)
        // A manager is refused with all that is in it.
        .or_else(|| {
            path.iter()
                .find(|element| quoted.starts_with(&element.name))
        })
        .unwrap_or(&path[path.len() - 1]);
    let known = shim::names();
    let name = base(&culprit.name);
    let message = if known.contains(&name) {
        match error.contains("parameter") {
            true => format!("{name}: {error}"),
            false => format!("{}: {}", culprit.name, misplaced(path, error)),
        }
    } else {
        match nearest(&name, &known) {
            Some(near) => format!("there is no pass {name}; did you mean {near}?"),
            None => format!("there is no pass {name}"),
        }
    };
    Mistake::at(written, culprit.offset, message)
}

/// What to say of a pass that exists, but not where it stands.
fn misplaced(path: &[&Element], error: &str) -> String {
    match path {
        [.., around, _] => format!("not a pass that can stand inside {}", around.name),
        _ => error.to_owned(),
    }
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let presets = crate::PRESETS
        .iter()
        .map(|(preset, _)| (*preset).to_owned());
    known
        .iter()
        .cloned()
        .chain(presets)
        .map(|candidate| (strsim::osa_distance(name, &candidate), candidate))
        .filter(|(distance, _)| distance * NEAR <= name.len().max(NEAR))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_pipelines() {
        for (name, _) in crate::PRESETS {
            let expanded = expand(name).expect(name);
            // What is written out is a pipeline again.
            assert!(
                *name == "o0" || shim::parse(&expanded).is_ok(),
                "{name}: {expanded}"
            );
        }
        assert_eq!(
            expand("function(swallow-refcount-pairs)").as_deref(),
            Ok("function(swallow-refcount-pairs)")
        );
        assert!(
            expand("default<O2>")
                .expect("a pipeline")
                .contains("early-cse<memssa>")
        );
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (text, message) in [
            ("no-such-pass", "column 1: there is no pass no-such-pass"),
            ("jti", "column 1: there is no pass jti; did you mean jit?"),
            (
                "function(sroa,gvm)",
                "column 15: there is no pass gvm; did you mean gvn?",
            ),
            (
                "function(sroa,loop-mssa(gvn))",
                "column 25: gvn: not a pass that can stand inside loop-mssa",
            ),
            (
                "function(gvn,swallow-refcount-pair)",
                "column 14: there is no pass swallow-refcount-pair; did you mean swallow-refcount-pairs?",
            ),
            (
                "loop(swallow-refcount-pairs)",
                "column 6: swallow-refcount-pairs: not a pass that can stand inside loop",
            ),
            (
                "functon(gvn)",
                "column 1: there is no pass functon; did you mean function?",
            ),
            (
                "function(gvn,early-cse<nonsense>)",
                "column 14: early-cse: ",
            ),
            (
                "gvn,licm,\n dec",
                "line 2, column 2: there is no pass dec; did you mean dce?",
            ),
            ("gvn,gvn,(dce)", "column 9: ( without a name before it"),
        ] {
            let mistake = expand(text).expect_err(text).to_string();
            assert!(
                mistake.starts_with(message) && !mistake.contains('\n'),
                "{text}: {mistake}"
            );
        }
    }
}
