//! Pipeline text: elements joined by commas, each a name, perhaps with parameters in angle brackets and a pipeline of its own in
//! parentheses. Space counts for nothing, and `#` begins a comment that goes to the end of the line.
//!
//! ```text
//! function(sroa, early-cse<memssa>,   # memory to registers
//!          loop-mssa(licm))
//! ```
//!
//! [`parse`] looks at the form only; which names there are LLVM knows.
#![forbid(unsafe_code)]

use std::fmt;

/// What is wrong with a pipeline, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1, as editors count.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// Whether the text has more than one line.
    pub has_lines: bool,
    pub message: String,
}

impl Mistake {
    /// A mistake at a byte of a text.
    #[must_use]
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Mistake {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Mistake {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            has_lines: text.trim_end().contains('\n'),
            message: message.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_lines {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for Mistake {}

/// A pass, or a manager of passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The name with its parameters, without space: `early-cse<memssa>`.
    pub name: String,
    /// Where it begins in the text, in bytes.
    pub offset: usize,
    /// What is in parentheses behind it.
    pub inner: Option<Vec<Element>>,
}

/// Text without comments and space.
#[must_use]
pub fn strip(text: &str) -> String {
    characters(text).map(|(_, c)| c).collect()
}

/// What counts of a text, with its places.
fn characters(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut comment = false;
    text.char_indices().filter(move |(_, c)| {
        match c {
            '#' => comment = true,
            '\n' => comment = false,
            _ => {}
        }
        !comment && !c.is_whitespace()
    })
}

/// The elements of a pipeline.
///
/// # Errors
/// The first bracket, comma or missing name that makes no sense.
pub fn parse(text: &str) -> Result<Vec<Element>, Mistake> {
    // The pipelines that are open, each with the parenthesis that opened it.
    let mut open: Vec<(usize, Vec<Element>)> = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    // The name that is being read.
    let mut name: Option<Element> = None;
    let mut angles: Vec<usize> = Vec::new();
    // Whether a comma or a parenthesis wants a name.
    let mut wants_name = true;
    // Where the last character ended.
    let mut end = 0;
    for (at, c) in characters(text) {
        let has_gap = at != end;
        end = at + c.len_utf8();
        let mistake = |message: &str| Err(Mistake::at(text, at, message));
        match c {
            '<' => match &mut name {
                Some(name) => {
                    angles.push(at);
                    name.name.push(c);
                }
                None => return mistake("< without a pass before it"),
            },
            '>' => {
                if angles.pop().is_none() {
                    return mistake("> without <");
                }
                if let Some(name) = &mut name {
                    name.name.push(c);
                }
            }
            // Parameters may have anything else.
            _ if !angles.is_empty() => {
                if let Some(name) = &mut name {
                    name.name.push(c);
                }
            }
            '(' => match name.take() {
                Some(element) => {
                    elements.push(element);
                    open.push((at, std::mem::take(&mut elements)));
                    wants_name = true;
                }
                None => return mistake("( without a name before it"),
            },
            ')' => {
                let Some((_, mut outer)) = open.pop() else {
                    return mistake(") without (");
                };
                if let Some(element) = name.take() {
                    elements.push(element);
                } else if wants_name {
                    return mistake("expected the name of a pass before )");
                }
                if let Some(manager) = outer.last_mut() {
                    manager.inner = Some(std::mem::take(&mut elements));
                }
                elements = outer;
                wants_name = false;
            }
            ',' => {
                if let Some(element) = name.take() {
                    elements.push(element);
                } else if wants_name {
                    return mistake("expected the name of a pass before the comma");
                }
                wants_name = true;
            }
            _ => match &mut name {
                Some(_) if has_gap => return mistake("expected a comma"),
                Some(name) => name.name.push(c),
                None if !wants_name => return mistake("expected a comma"),
                None => {
                    wants_name = false;
                    name = Some(Element {
                        name: c.to_string(),
                        offset: at,
                        inner: None,
                    });
                }
            },
        }
    }
    if let Some(at) = angles.first() {
        return Err(Mistake::at(text, *at, "< is never closed"));
    }
    if let Some((at, _)) = open.last() {
        return Err(Mistake::at(text, *at, "( is never closed"));
    }
    if let Some(element) = name.take() {
        elements.push(element);
    } else if wants_name {
        return Err(Mistake::at(
            text,
            text.trim_end().len(),
            "expected the name of a pass",
        ));
    }
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(elements: &[Element]) -> Vec<String> {
        elements
            .iter()
            .map(|element| match &element.inner {
                Some(inner) => format!("{}[{}]", element.name, names(inner).join(" ")),
                None => element.name.clone(),
            })
            .collect()
    }

    #[test]
    fn elements_nest() {
        let text = "# all\nfunction<eager-inv>(sroa, early-cse<memssa>, # memory\n loop-mssa(licm<a;b(c,d)>)),verify";
        assert_eq!(
            names(&parse(text).expect("well-formed")),
            [
                "function<eager-inv>[sroa early-cse<memssa> loop-mssa[licm<a;b(c,d)>]]",
                "verify"
            ]
        );
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (text, message) in [
            ("function(gvn", "column 9: ( is never closed"),
            ("function(gvn))", "column 14: ) without ("),
            ("a(b(c)", "column 2: ( is never closed"),
            (
                "gvn,,dce",
                "column 5: expected the name of a pass before the comma",
            ),
            ("gvn,", "column 5: expected the name of a pass"),
            ("gvn<a", "column 4: < is never closed"),
            ("gvn>", "column 4: > without <"),
            ("<a>", "column 1: < without a pass before it"),
            ("(gvn)", "column 1: ( without a name before it"),
            (
                "function()",
                "column 10: expected the name of a pass before )",
            ),
            ("function(gvn)dce", "column 14: expected a comma"),
            ("gvn dce", "column 5: expected a comma"),
            ("", "column 1: expected the name of a pass"),
            (
                "# ü\nfunction(\n gvn,,\n)\n",
                "line 3, column 6: expected the name of a pass before the comma",
            ),
        ] {
            let mistake = parse(text).expect_err(text);
            assert_eq!(mistake.to_string(), message, "{text}");
        }
    }
}
