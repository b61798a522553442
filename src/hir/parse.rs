//! Reads the text that [`crate::hir::print`] writes; the form is described there.
//!
//! The table of instructions drives it: the row of an operation says which immediates follow and
//! what type the result has when the text leaves it out. Leaving it out is also allowed where it
//! follows from an operand defined further up.
//!
//! The parser checks the form only, so that malformed functions can be written down for tests of
//! [`crate::hir::verify`]. It does check that every frame state used is given. Blocks come in the
//! order of their numbers; values and frame states in any order. A value that nothing defines has
//! the empty type.

use super::entities::{Block, CellId, ConstId, FrameStateId, Value};
use super::frame_state::{FrameState, FsValue, Locals};
use super::function::{BlockData, CallCell, Const, Function, ValueData};
use super::inst::{
    BinOp, CmpOp, DictKind, ExitReason, Imm, ImmKind, Inst, Op, ResultRule, Target, UnOp,
};
use super::lex::{self, Kind, Token};
use super::types::Type;

/// Why a text is not HIR, and where (both counted from 1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{col}: {msg}")]
pub struct ParseError {
    pub line: u32,
    pub col: u32,
    pub msg: String,
}

/// Highest number of an entity that is accepted, so that a typing error cannot ask for a table of
/// gigabytes.
const MAX_ENTITY: u32 = 1 << 20;

/// The one function in `text`.
///
/// # Errors
/// If the text is malformed or holds no or several functions.
pub fn parse_function(text: &str) -> Result<Function, ParseError> {
    let mut parser = Parser::new(text)?;
    parser.skip_line_ends();
    let func = parser.function()?;
    parser.skip_line_ends();
    match parser.kind() {
        Kind::End => Ok(func),
        _ => parser.error_here("expected end of text"),
    }
}

/// All functions in `text`.
///
/// # Errors
/// If the text is malformed.
pub fn parse_functions(text: &str) -> Result<Vec<Function>, ParseError> {
    let mut parser = Parser::new(text)?;
    let mut all = Vec::new();
    loop {
        parser.skip_line_ends();
        if *parser.kind() == Kind::End {
            return Ok(all);
        }
        all.push(parser.function()?);
    }
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    func: Function,
    /// Per frame state: whether it was given, and where it was first used.
    states: Vec<(bool, Option<(u32, u32)>)>,
}

/// The number in `word` if it is `prefix` and digits.
fn numbered(word: &str, prefix: &str) -> Option<u32> {
    let digits = word.strip_prefix(prefix)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|&n| n <= MAX_ENTITY)
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        Ok(Parser {
            tokens: lex::tokens(text)?,
            at: 0,
            func: Function::default(),
            states: Vec::new(),
        })
    }

    // ---- tokens ----------------------------------------------------------------------------

    fn kind(&self) -> &Kind<'a> {
        &self.tokens[self.at].kind
    }

    /// Steps over the current token; the last one stays current for ever.
    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn error_here<T>(&self, msg: impl AsRef<str>) -> Result<T> {
        let token = &self.tokens[self.at];
        Err(ParseError {
            line: token.line,
            col: token.col,
            msg: format!("{}, found {}", msg.as_ref(), token.kind.describe()),
        })
    }

    fn peek_word(&self) -> Option<&'a str> {
        match self.kind() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn eat(&mut self, punct: char) -> bool {
        let found = *self.kind() == Kind::Punct(punct);
        if found {
            self.advance();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == Some(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, punct: char) -> Result<()> {
        if self.eat(punct) {
            return Ok(());
        }
        self.error_here(format!("expected `{punct}`"))
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) {
            return Ok(());
        }
        self.error_here(format!("expected `{word}`"))
    }

    /// The current word if `read` understands it.
    fn word<T>(&mut self, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        if let Some(item) = self.peek_word().and_then(read) {
            self.advance();
            return Ok(item);
        }
        self.error_here(format!("expected {what}"))
    }

    fn number(&mut self) -> Result<u32> {
        self.word("a number", |w| w.parse().ok())
    }

    fn string(&mut self) -> Result<String> {
        if let Kind::Text(text) = self.kind() {
            let text = text.clone();
            self.advance();
            return Ok(text);
        }
        self.error_here("expected a string")
    }

    fn value(&mut self) -> Result<Value> {
        let value = Value(self.word("a value", |w| numbered(w, "v"))?);
        if value.index() >= self.func.values.len() {
            let never = ValueData { ty: Type::empty() };
            self.func.values.resize(value.index() + 1, never);
        }
        Ok(value)
    }

    fn ty(&mut self) -> Result<Type> {
        self.word("a type", Type::parse)
    }

    fn end_statement(&mut self) -> Result<()> {
        if *self.kind() != Kind::LineEnd {
            return self.error_here("expected end of line");
        }
        self.skip_line_ends();
        Ok(())
    }

    fn skip_line_ends(&mut self) {
        while *self.kind() == Kind::LineEnd {
            self.advance();
        }
    }

    /// Items separated by commas up to `close`, the opening bracket already taken.
    fn list<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close) {
                return Ok(items);
            }
            self.expect(',')?;
        }
    }

    // ---- functions ---------------------------------------------------------------------------

    fn function(&mut self) -> Result<Function> {
        self.func = Function::default();
        self.states.clear();
        self.expect_word("function")?;
        self.func.name = self.string()?;
        self.expect_word("args")?;
        self.func.nargs = self.number()?;
        self.expect_word("locals")?;
        self.func.nlocals = self.number()?;
        self.expect('{')?;
        self.end_statement()?;
        while !self.eat('}') {
            let Some(word) = self.peek_word() else {
                return self.error_here("expected a statement or `}`");
            };
            if word == "const" {
                self.constant()?;
            } else if word == "cell" {
                self.cell()?;
            } else if numbered(word, "bb").is_some() {
                self.block()?;
            } else if let Some(id) = numbered(word, "fs") {
                self.frame_state(FrameStateId(id))?;
            } else if self.func.blocks.is_empty() {
                return self.error_here("expected a block before the first instruction");
            } else {
                let inst = self.inst()?;
                if let Some(block) = self.func.blocks.last_mut() {
                    block.insts.push(inst);
                }
            }
            self.end_statement()?;
        }
        for (index, (given, used)) in self.states.iter().enumerate() {
            if let (false, &Some((line, col))) = (given, used) {
                let msg = format!("fs{index} is not given");
                return Err(ParseError { line, col, msg });
            }
        }
        Ok(std::mem::take(&mut self.func))
    }

    /// `const c0 = int "1"`
    fn constant(&mut self) -> Result<()> {
        self.advance();
        let index = u32::try_from(self.func.consts.len()).unwrap_or(u32::MAX);
        self.word(&format!("`c{index}`"), |w| {
            numbered(w, "c").filter(|&n| n == index)
        })?;
        self.expect('=')?;
        let ty = self.ty()?;
        let repr = self.string()?;
        self.func.consts.push(Const { addr: 0, ty, repr });
        Ok(())
    }

    /// `cell cell0 = "m.g" frame_words 14 locals 2`
    fn cell(&mut self) -> Result<()> {
        self.advance();
        let index = u32::try_from(self.func.cells.len()).unwrap_or(u32::MAX);
        self.word(&format!("`cell{index}`"), |w| {
            numbered(w, "cell").filter(|&n| n == index)
        })?;
        self.expect('=')?;
        let name = self.string()?;
        self.expect_word("frame_words")?;
        let frame_words = self.number()?;
        self.expect_word("locals")?;
        let nlocals = self.number()?;
        self.func.cells.push(CallCell {
            addr: 0,
            frame_words,
            nlocals,
            name,
        });
        Ok(())
    }

    /// `bb1(v5: i64):`
    fn block(&mut self) -> Result<()> {
        let index = u32::try_from(self.func.blocks.len()).unwrap_or(u32::MAX);
        self.word(&format!("`bb{index}`"), |w| {
            numbered(w, "bb").filter(|&n| n == index)
        })?;
        let mut block = BlockData::default();
        if self.eat('(') {
            block.params = self.list(')', |p| {
                let value = p.value()?;
                p.expect(':')?;
                p.func.values[value.index()].ty = p.ty()?;
                Ok(value)
            })?;
        }
        self.expect(':')?;
        self.func.blocks.push(block);
        Ok(())
    }

    /// `fs0 = pc 4 locals [slot, v3] stack []`
    fn frame_state(&mut self, id: FrameStateId) -> Result<()> {
        if self.states.get(id.index()).is_some_and(|s| s.0) {
            return self.error_here(format!("{id} is given twice"));
        }
        self.advance();
        self.expect('=')?;
        self.expect_word("pc")?;
        let pc = self.number()?;
        self.expect_word("locals")?;
        self.expect('[')?;
        let locals = self.list(']', Self::fs_value)?;
        self.expect_word("stack")?;
        self.expect('[')?;
        let stack = self.list(']', Self::fs_value)?;
        self.grow_states(id);
        self.states[id.index()].0 = true;
        self.func.frame_states[id.index()] = FrameState {
            pc,
            locals: locals.into(),
            stack,
        };
        Ok(())
    }

    fn grow_states(&mut self, id: FrameStateId) {
        if id.index() >= self.states.len() {
            self.states.resize(id.index() + 1, (false, None));
            self.func
                .frame_states
                .resize_with(id.index() + 1, || FrameState {
                    pc: 0,
                    locals: Locals::default(),
                    stack: Vec::new(),
                });
        }
    }

    fn fs_value(&mut self) -> Result<FsValue> {
        if self.eat_word("null") {
            Ok(FsValue::Null)
        } else if self.eat_word("slot") {
            Ok(FsValue::InSlot)
        } else if self.eat_word("range") {
            self.expect('(')?;
            let next = self.value()?;
            self.expect(',')?;
            let remaining = self.value()?;
            self.expect(',')?;
            let step = self.value()?;
            self.expect(')')?;
            Ok(FsValue::RangeIter {
                next,
                remaining,
                step,
            })
        } else if self.eat_word("list") {
            self.expect('(')?;
            let list = self.value()?;
            self.expect(',')?;
            let index = self.value()?;
            self.expect(')')?;
            Ok(FsValue::ListIter { list, index })
        } else {
            Ok(FsValue::Value(self.value()?))
        }
    }

    // ---- instructions ------------------------------------------------------------------------

    /// `v3: i64 = int_add v1, v2, fs0 drops [v4]`, `drop_local 2 at 14`
    fn inst(&mut self) -> Result<Inst> {
        let (line, col) = (self.tokens[self.at].line, self.tokens[self.at].col);
        let mut result = None;
        let mut written = None;
        if self.peek_word().and_then(|w| numbered(w, "v")).is_some() {
            result = Some(self.value()?);
            if self.eat(':') {
                written = Some(self.ty()?);
            }
            self.expect('=')?;
        }
        let op = self.word("an instruction", Op::parse)?;
        let mut inst = Inst::new(op, &[], &[]);
        let mut more =
            *self.kind() != Kind::LineEnd && !matches!(self.peek_word(), Some("at" | "drops"));
        while more {
            self.operand(&mut inst)?;
            more = self.eat(',');
        }
        if let Some(kind) = op.info().imms.get(inst.imms.len()) {
            return self.error_here(format!("{op} lacks {}", imm_name(*kind)));
        }
        if self.eat_word("at") {
            inst.pc = Some(self.number()?);
        }
        if self.eat_word("drops") {
            self.expect('[')?;
            inst.drops = self.list(']', Self::value)?.into();
        }
        inst.result = result;
        if let Some(value) = result {
            let Some(ty) = written.or_else(|| self.implied_type(&inst)) else {
                let msg = format!("the type of {value} does not follow and must be written");
                return Err(ParseError { line, col, msg });
            };
            self.func.values[value.index()].ty = ty;
        }
        Ok(inst)
    }

    /// One operand, immediate, target or frame state.
    fn operand(&mut self, inst: &mut Inst) -> Result<()> {
        let word = self.peek_word().unwrap_or_default();
        if numbered(word, "v").is_some() {
            inst.args.push(self.value()?);
        } else if let Some(block) = numbered(word, "bb") {
            self.advance();
            let args = if self.eat('(') {
                self.list(')', Self::value)?
            } else {
                Vec::new()
            };
            let block = Block(block);
            let mut targets = std::mem::take(&mut inst.targets).into_vec();
            targets.push(Target { block, args });
            inst.targets = targets.into();
        } else if let Some(id) = numbered(word, "fs") {
            let token = &self.tokens[self.at];
            let place = (token.line, token.col);
            let id = FrameStateId(id);
            self.advance();
            self.grow_states(id);
            self.states[id.index()].1.get_or_insert(place);
            inst.fs = Some(id);
        } else if let Some(&kind) = inst.info().imms.get(inst.imms.len()) {
            let imm = self.word(imm_name(kind), |w| parse_imm(kind, w))?;
            inst.imms.push(imm);
        } else {
            return self.error_here("expected an operand");
        }
        Ok(())
    }

    /// The type of the result as far as it follows from the text so far.
    fn implied_type(&self, inst: &Inst) -> Option<Type> {
        if let Some(ty) = self.func.unwritten_type(inst) {
            return Some(ty);
        }
        let arg = self.func.ty(*inst.args.first()?);
        if arg.is_empty() {
            return None;
        }
        match inst.info().result {
            ResultRule::SameAsArg => Some(arg),
            ResultRule::NotNull => Some(arg - Type::NULL),
            ResultRule::Narrow => Some(arg & inst.imm_type(0)),
            ResultRule::None | ResultRule::Fixed(_) | ResultRule::ConstType => None,
        }
    }
}

/// How an error message calls an immediate.
fn imm_name(kind: ImmKind) -> &'static str {
    match kind {
        ImmKind::Int => "an integer",
        ImmKind::Float => "a float",
        ImmKind::Bool => "`true` or `false`",
        ImmKind::Index => "a number",
        ImmKind::Type => "a type",
        ImmKind::Cmp => "a comparison",
        ImmKind::Bin => "a binary operator",
        ImmKind::Un => "a unary operator",
        ImmKind::Const => "a constant",
        ImmKind::Cell => "a call cell",
        ImmKind::Dict => "`globals` or `builtins`",
        ImmKind::Reason => "an exit reason",
    }
}

fn parse_imm(kind: ImmKind, word: &str) -> Option<Imm> {
    Some(match kind {
        ImmKind::Int => Imm::Int(word.parse().ok()?),
        ImmKind::Float => Imm::Float(parse_float(word)?),
        ImmKind::Bool => Imm::Bool(word.parse().ok()?),
        ImmKind::Index => Imm::Index(word.parse().ok()?),
        ImmKind::Type => Imm::Type(Type::parse(word)?),
        ImmKind::Cmp => Imm::Cmp(CmpOp::parse(word)?),
        ImmKind::Bin => Imm::Bin(BinOp::parse(word)?),
        ImmKind::Un => Imm::Un(UnOp::parse(word)?),
        ImmKind::Const => Imm::Const(ConstId(numbered(word, "c")?)),
        ImmKind::Cell => Imm::Cell(CellId(numbered(word, "cell")?)),
        ImmKind::Dict => Imm::Dict(DictKind::parse(word)?),
        ImmKind::Reason => Imm::Reason(ExitReason::parse(word)?),
    })
}

/// The bits of a float: decimal, `inf`, `nan` or `bits_0x…`.
fn parse_float(word: &str) -> Option<u64> {
    if word == "nan" {
        return Some(super::print::USUAL_NAN);
    }
    if let Some(hex) = word.strip_prefix("bits_0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    let value: f64 = word.parse().ok()?;
    (!value.is_nan()).then(|| value.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"function "m.f:3" args 1 locals 2 {
  const c0 = int "1"
  cell cell0 = "m.\"g\"\u{7}\n" frame_words 14 locals 2
bb0:
  v0 = load_local 0
  v1: int = guard_type v0, int, fs0
  v2 = unbox_int v1, fs0
  v3 = int_add v2, v2, fs0 drops [v1]
  drop_local 3 at 14
  v5 = const_float -0.0
  v6 = const_float bits_0xfff8000000000000
  v7: never = const_obj c0
  v8 = int_cmp v2, v3, le
  branch v8, bb1(v3, v0), bb2
  fs0 = pc 4 locals [slot, v0] stack [v1, range(v1, v2, v3), list(v1, v2), null]
bb1(v4: i64, v9: null|int|float):
  return_int v4, fs0
bb2:
  exit unsupported, fs1
  fs1 = pc 0 locals [] stack []
}
"#;

    fn error_of(text: &str) -> String {
        parse_function(text).unwrap_err().to_string()
    }

    #[test]
    fn prints_what_it_parsed() {
        let func = parse_function(EXAMPLE).unwrap();
        assert_eq!(func.to_string(), EXAMPLE);
        assert_eq!(parse_function(&func.to_string()).unwrap(), func);
        assert_eq!(func.cells[0].name, "m.\"g\"\u{7}\n");
        assert_eq!(func.ty(Value(9)), Type::INT | Type::FLOAT | Type::NULL);
    }

    #[test]
    fn floats_keep_their_bits() {
        for bits in [
            0,
            1 << 63,
            1,
            f64::INFINITY.to_bits(),
            f64::NEG_INFINITY.to_bits(),
            f64::MAX.to_bits(),
            0x7ff8_0000_0000_0000,
            0xfff8_0000_0000_0000,
            0x7ff0_0000_0000_0001,
            0.1_f64.to_bits(),
            1e16_f64.to_bits(),
        ] {
            let text = Imm::Float(bits).to_string();
            assert_eq!(
                parse_imm(ImmKind::Float, &text),
                Some(Imm::Float(bits)),
                "{text}"
            );
        }
    }

    #[test]
    fn every_name_of_the_table_is_its_own() {
        for &op in Op::ALL {
            assert_eq!(Op::parse(op.info().name), Some(op));
        }
    }

    #[test]
    fn types_follow_from_operands_above() {
        let func = parse_function(
            "function \"f\" args 1 locals 1 { ; comment\n\nbb0: ; the entry\n v0 = load_local 0\n \
             v1 = guard_not_null v0, fs0\n v2 = guard_type v1, int|null, fs0\n return v2\n \
             fs0 = pc 0 locals [\n slot ; one\n ] stack []\n}",
        )
        .unwrap();
        assert_eq!(func.ty(Value(1)), Type::OBJECT);
        assert_eq!(func.ty(Value(2)), Type::INT);
    }

    #[test]
    fn several_functions() {
        let two = format!("; one\n{EXAMPLE}\n{EXAMPLE}");
        assert_eq!(parse_functions(&two).unwrap().len(), 2);
        assert!(error_of(&two).contains(":1: expected end of text"));
    }

    #[test]
    fn errors_say_where() {
        let body = |line: &str| format!("function \"f\" args 0 locals 0 {{\nbb0:\n  {line}\n}}\n");
        for (line, want) in [
            (
                "v0 = int_ad v1",
                "3:8: expected an instruction, found `int_ad`",
            ),
            ("v0 = const_int x", "3:18: expected an integer, found `x`"),
            (
                "v0 = const_int",
                "3:17: const_int lacks an integer, found end of line",
            ),
            (
                "v0 = const_int 9223372036854775808",
                "3:18: expected an integer",
            ),
            (
                "v0 = store_local v1, 0",
                "3:3: the type of v0 does not follow",
            ),
            ("v0 = return v1", "3:3: the type of v0 does not follow"),
            ("v0: in = const_null", "3:7: expected a type, found `in`"),
            ("v9999999: int = const_null", "3:3: expected an instruction"),
            ("return v1 v2", "3:13: expected end of line, found `v2`"),
            ("return v1, 3", "3:14: expected an operand, found `3`"),
            ("poll fs7", "3:8: fs7 is not given"),
            (
                "fs0 = pc 0 locals [x] stack []",
                "3:22: expected a value, found `x`",
            ),
            (
                "fs0 = pc 0 locals [] stack []\nfs0 = pc",
                "4:1: fs0 is given twice",
            ),
            ("jump bb0(v1, )", "3:16: expected a value, found `)`"),
            ("bb2:", "3:3: expected `bb1`, found `bb2`"),
            ("const c1 = int \"\"", "3:9: expected `c0`, found `c1`"),
            ("const c0 = int \"a", "3:20: string without end"),
            ("const c0 = int \"\\x\"", "3:20: unknown escape"),
            ("const c0 = int \"\\u{110000}\"", "3:28: malformed"),
            ("poll %", "3:8: unexpected character '%'"),
            ("(", "3:3: expected a statement or `}`, found `(`"),
        ] {
            let error = error_of(&body(line));
            assert!(error.starts_with(want), "{line}: {error}");
        }
        assert!(error_of("").starts_with("1:1: expected `function`, found end of text"));
        let no_block = "function \"f\" args 0 locals 0 {\npoll fs0\n}";
        assert!(error_of(no_block).starts_with("2:1: expected a block before"));
    }
}
