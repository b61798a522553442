//! Tokens of HIR text.
//!
//! Words are made of letters, digits and `_ . | + -`, so that numbers and unions of types are one
//! token each. Line ends separate statements except inside `()` and `[]`. A `;` outside a string
//! starts a comment.

use super::parse::ParseError;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Word(&'a str),
    Text(String),
    Punct(char),
    LineEnd,
    End,
}

impl Kind<'_> {
    /// How an error message calls it.
    pub(super) fn describe(&self) -> String {
        match self {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Text(_) => "a string".to_owned(),
            Kind::Punct(c) => format!("`{c}`"),
            Kind::LineEnd => "end of line".to_owned(),
            Kind::End => "end of text".to_owned(),
        }
    }
}

/// A token and where it starts; both counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub line: u32,
    pub col: u32,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '|' | '+' | '-')
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    col: u32,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.col = 1;
        } else {
            self.col = self.col.saturating_add(1);
        }
        Some(c)
    }

    fn skip_while(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&test) {
            self.next();
        }
        &self.text[start..self.at]
    }

    fn error<T>(&self, msg: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError {
            line: self.line,
            col: self.col,
            msg: msg.into(),
        })
    }

    /// The rest of a string, its opening quotation mark already taken.
    fn string(&mut self) -> Result<String, ParseError> {
        let mut out = String::new();
        loop {
            match self.peek() {
                None | Some('\n') => return self.error("string without end"),
                Some('"') => {
                    self.next();
                    return Ok(out);
                }
                Some('\\') => {
                    self.next();
                    match self.peek() {
                        Some(c @ ('"' | '\\')) => out.push(c),
                        Some('n') => out.push('\n'),
                        Some('u') => {
                            self.next();
                            out.push(self.code_point()?);
                            continue;
                        }
                        _ => return self.error("unknown escape in string"),
                    }
                    self.next();
                }
                Some(c) => {
                    self.next();
                    out.push(c);
                }
            }
        }
    }

    /// `{hex}` of `\u{hex}`.
    fn code_point(&mut self) -> Result<char, ParseError> {
        if self.peek() == Some('{') {
            self.next();
            let digits = self.skip_while(|c| c.is_ascii_hexdigit());
            if let Some(c) = u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32)
                && self.peek() == Some('}')
            {
                self.next();
                return Ok(c);
            }
        }
        self.error("malformed \\u{…} in string")
    }
}

/// The tokens of `text`, ending in [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
        col: 1,
    };
    let mut out = Vec::new();
    let mut depth = 0_usize;
    loop {
        lexer.skip_while(|c| c != '\n' && c.is_whitespace());
        let (line, col) = (lexer.line, lexer.col);
        let kind = match lexer.peek() {
            None => Kind::End,
            Some(';') => {
                lexer.skip_while(|c| c != '\n');
                continue;
            }
            Some('\n') => {
                lexer.next();
                if depth > 0 {
                    continue;
                }
                Kind::LineEnd
            }
            Some('"') => {
                lexer.next();
                Kind::Text(lexer.string()?)
            }
            Some(c @ ('=' | ',' | ':' | '(' | ')' | '[' | ']' | '{' | '}')) => {
                lexer.next();
                match c {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                Kind::Punct(c)
            }
            Some(c) if is_word(c) => Kind::Word(lexer.skip_while(is_word)),
            Some(c) => return lexer.error(format!("unexpected character {c:?}")),
        };
        let end = kind == Kind::End;
        out.push(Token { kind, line, col });
        if end {
            return Ok(out);
        }
    }
}
