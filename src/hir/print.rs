//! HIR as text; [`crate::hir::parse`] reads it back.
//!
//! ```text
//! function "m.f:3" args 1 locals 2 {
//!   const c0 = int "1"
//!   cell cell0 = "m.g" frame_words 14 locals 2
//! bb0:
//!   v0 = load_local 0
//!   v1: int = guard_type v0, int, fs0
//!   v2 = unbox_int v1, fs0
//!   v3 = int_add v2, v2, fs0 drops [v1]
//!   jump bb1(v3)
//!   fs0 = pc 4 locals [slot, v0] stack [v1, range(v1, v2, v3), list(v1, v2), null]
//! bb1(v4: i64):
//!   return_int v4
//! }
//! ```
//!
//! An instruction prints its operands, immediates, targets, frame state and dropped references in
//! this order. The type of a result is left out when its row (or the constant that it names) gives
//! the same. A frame state is printed once, below the first block that uses it. Not printed:
//! addresses of constants and cells, values that nothing defines and frame states that nothing
//! uses. Apart from those, what is parsed back is equal; floats keep their bits.

use super::frame_state::{FrameState, FsValue};
use super::function::Function;
use super::inst::{Imm, Inst, ResultRule};
use super::types::Type;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "function {} args {} locals {} {{",
            Quoted(&self.name),
            self.nargs,
            self.nlocals
        )?;
        for (index, constant) in self.consts.iter().enumerate() {
            let repr = Quoted(&constant.repr);
            writeln!(f, "  const c{index} = {} {repr}", constant.ty)?;
        }
        for (index, cell) in self.cells.iter().enumerate() {
            writeln!(
                f,
                "  cell cell{index} = {} frame_words {} locals {}",
                Quoted(&cell.name),
                cell.frame_words,
                cell.nlocals
            )?;
        }
        let mut state_printed = vec![false; self.frame_states.len()];
        for (index, block) in self.blocks.iter().enumerate() {
            write!(f, "bb{index}")?;
            if !block.params.is_empty() {
                let params = block.params.iter().map(|&v| Typed(v, self.value_type(v)));
                write!(f, "({})", Commas::new(params))?;
            }
            f.write_str(":\n")?;
            for inst in &block.insts {
                writeln!(f, "  {}", InstText { func: self, inst })?;
            }
            let mut states: Vec<_> = block.insts.iter().filter_map(|i| i.fs).collect();
            states.sort_unstable();
            for id in states {
                if let Some(printed @ false) = state_printed.get_mut(id.index()) {
                    *printed = true;
                    writeln!(f, "  {id} = {}", self.frame_states[id.index()])?;
                }
            }
        }
        f.write_str("}\n")
    }
}

impl Function {
    /// `inst` of this function as one line of text.
    #[must_use]
    pub fn display_inst<'a>(&'a self, inst: &'a Inst) -> impl Display + 'a {
        InstText { func: self, inst }
    }

    /// The type of `value`, never failing: malformed functions must be printable too.
    fn value_type(&self, value: super::Value) -> Type {
        self.values
            .get(value.index())
            .map_or(Type::empty(), |data| data.ty)
    }

    /// The type that the result of `inst` has if the text does not say, as far as it follows from
    /// the instruction alone.
    pub(super) fn unwritten_type(&self, inst: &Inst) -> Option<Type> {
        match inst.info().result {
            ResultRule::Fixed(ty) => Some(ty),
            ResultRule::ConstType => match inst.imms.first() {
                Some(Imm::Const(id)) => self.consts.get(id.index()).map(|c| c.ty),
                _ => None,
            },
            ResultRule::None | ResultRule::SameAsArg | ResultRule::NotNull | ResultRule::Narrow => {
                None
            }
        }
    }
}

struct InstText<'a> {
    func: &'a Function,
    inst: &'a Inst,
}

impl Display for InstText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inst = self.inst;
        if let Some(result) = inst.result {
            let ty = self.func.value_type(result);
            if self.func.unwritten_type(inst) == Some(ty) {
                write!(f, "{result} = ")?;
            } else {
                write!(f, "{} = ", Typed(result, ty))?;
            }
        }
        write!(f, "{}", inst.op)?;
        let mut separator = " ";
        let mut operand = |f: &mut Formatter<'_>, text: &dyn Display| {
            write!(f, "{separator}{text}")?;
            separator = ", ";
            Ok(())
        };
        for arg in &inst.args {
            operand(f, arg)?;
        }
        for imm in &inst.imms {
            operand(f, imm)?;
        }
        for target in &inst.targets {
            operand(f, &target.block)?;
            if !target.args.is_empty() {
                write!(f, "({})", Commas::new(&target.args))?;
            }
        }
        if let Some(fs) = inst.fs {
            operand(f, &fs)?;
        }
        if let Some(pc) = inst.pc {
            write!(f, " at {pc}")?;
        }
        if !inst.drops.is_empty() {
            write!(f, " drops [{}]", Commas::new(&inst.drops))?;
        }
        Ok(())
    }
}

impl Display for FrameState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pc {} locals [{}] stack [{}]",
            self.pc,
            Commas::new(self.locals.iter()),
            Commas::new(&self.stack)
        )
    }
}

impl Display for FsValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FsValue::Null => f.write_str("null"),
            FsValue::InSlot => f.write_str("slot"),
            FsValue::Value(value) => write!(f, "{value}"),
            FsValue::RangeIter {
                next,
                remaining,
                step,
            } => write!(f, "range({next}, {remaining}, {step})"),
            FsValue::ListIter { list, index } => write!(f, "list({list}, {index})"),
        }
    }
}

impl Display for Imm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Imm::Int(value) => write!(f, "{value}"),
            Imm::Float(bits) => write_float(f, *bits),
            Imm::Bool(value) => write!(f, "{value}"),
            Imm::Index(value) => write!(f, "{value}"),
            Imm::Type(value) => write!(f, "{value}"),
            Imm::Cmp(value) => write!(f, "{value}"),
            Imm::Bin(value) => write!(f, "{value}"),
            Imm::Un(value) => write!(f, "{value}"),
            Imm::Const(value) => write!(f, "{value}"),
            Imm::Cell(value) => write!(f, "{value}"),
            Imm::Dict(value) => write!(f, "{value}"),
            Imm::Reason(value) => write!(f, "{value}"),
        }
    }
}

/// The quiet NaN that arithmetic yields, printed and read as `nan`.
pub(super) const USUAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// The shortest text that reads back to the same bits; `bits_0x…` for NaNs but the usual one.
fn write_float(f: &mut Formatter<'_>, bits: u64) -> fmt::Result {
    let value = f64::from_bits(bits);
    if bits == USUAL_NAN {
        f.write_str("nan")
    } else if value.is_nan() {
        write!(f, "bits_{bits:#018x}")
    } else {
        write!(f, "{value:?}")
    }
}

/// `v3: int`.
struct Typed(super::Value, Type);

impl Display for Typed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

/// Text in quotation marks, on one line.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// Items separated by commas.
struct Commas<I>(I);

impl<I: Iterator<Item: Display> + Clone> Commas<I> {
    fn new(items: impl IntoIterator<IntoIter = I>) -> Self {
        Commas(items.into_iter())
    }
}

impl<I: Iterator<Item: Display> + Clone> Display for Commas<I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.clone().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}
