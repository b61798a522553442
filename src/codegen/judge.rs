//! Whether a unit is worth its compilation.
#![forbid(unsafe_code)]

use super::Engine;
use crate::hir::loops::LoopForest;
use crate::hir::{Effects, FsKind, Function, Inst, Op, Type};
use serde::{Deserialize, Serialize};

/// Units beyond this many instructions take longer to compile than they are likely to gain.
pub const MAX_HOT_HIR: usize = 2500;

/// Hotness that every HIR instruction of a unit adds to the threshold.
fn hotness_per_inst(engine: Engine) -> u32 {
    match engine {
        Engine::Llvm => 200,
        Engine::Cranelift => 30,
    }
}

/// What compiling an instruction may cost, in nanoseconds of what the unit saves later. It takes ten times as long, but in another
/// process.
fn cost_per_inst(engine: Engine) -> f64 {
    match engine {
        Engine::Llvm => 20_000.0,
        Engine::Cranelift => 3_000.0,
    }
}

/// Where a unit is entered, as far as that matters for what it gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// At its beginning, or at a loop's head.
    Call,
    /// Where a generator goes on.
    Resume,
}

/// How hot a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heat {
    pub entry: Entry,
    /// What would compile it.
    pub engine: Engine,
    pub hotness: u32,
    pub threshold: u32,
}

/// Whether a unit is to be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    Fine,
    /// Not before it is as hot as this.
    Later(u32),
    NotPromising,
}

/// What native code saves, in nanoseconds: each time that it is entered, or, if it loops, in each turn.
#[derive(Clone, Copy, Debug)]
struct Gain {
    is_promising: bool,
    saved: u32,
    loops: bool,
}

impl Gain {
    const NONE: Gain = Gain {
        is_promising: false,
        saved: 0,
        loops: false,
    };

    /// The same for a point of hotness: a call is ten of them, a loop's turn one.
    fn per_point(self) -> f64 {
        f64::from(self.saved) / if self.loops { 1.0 } else { 10.0 }
    }
}

/// Judges a unit of `insts` instructions.
#[must_use]
pub fn judge(function: &Function, insts: usize, heat: Heat) -> Judgement {
    let gain = gain_of(function, insts, heat.entry);
    if !gain.is_promising {
        return Judgement::NotPromising;
    }
    // Compile time grows with size, so a larger unit has to be hotter, and one that saves less, too.
    let insts = u32::try_from(insts).unwrap_or(u32::MAX);
    let by_size = hotness_per_inst(heat.engine).saturating_mul(insts);
    let by_gain = (f64::from(insts) * cost_per_inst(heat.engine) / gain.per_point()) as u32;
    let more = if gain.loops {
        // Until then it runs in the recording evaluator.
        by_size.max(by_gain.min(4 * by_size))
    } else {
        by_size.max(by_gain)
    };
    let wanted = heat.threshold.saturating_add(more);
    tracing::debug!(name = %function.name, insts, ?gain, wanted, "judged");
    if heat.hotness < wanted {
        Judgement::Later(wanted)
    } else {
        Judgement::Fine
    }
}

/// Whether native code of `insts` instructions is likely to pay: what it does inline, and that it is entered without CPython's
/// interpreter, against operations that it leaves to functions slower than CPython's specialised instructions.
/// In a loop such an operation also costs that unboxed locals are boxed for it, time and again.
///
/// Passes remove none of the latter operations, and add none of the former: what does not promise anything before them
/// never will.
#[must_use]
pub fn is_promising(function: &Function, insts: usize, entry: Entry) -> bool {
    gain_of(function, insts, entry).is_promising
}

fn gain_of(function: &Function, insts: usize, entry: Entry) -> Gain {
    /// What is saved by entering native code with a call.
    const CALL: i32 = 4;
    /// The same where a generator goes on: CPython enters it without looking for anything.
    const RESUME: i32 = -10;
    if insts > MAX_HOT_HIR {
        return Gain::NONE;
    }
    let loops = LoopForest::of(function);
    let has_loop = !loops.loops().is_empty();
    // Where there are loops, what is outside them hardly counts.
    let gains = function
        .block_ids()
        .filter(|block| !has_loop || loops.innermost(*block).is_some())
        .flat_map(|block| &function.blocks[block.index()].insts)
        .map(gain);
    if !has_loop {
        let entry = match entry {
            Entry::Call => CALL,
            Entry::Resume => RESUME,
        };
        let saved = entry + gains.sum::<i32>();
        return Gain {
            is_promising: saved > 0,
            saved: saved.max(0) as u32,
            loops: false,
        };
    }
    let (mut inline, mut generic) = (0, 0);
    for gain in gains {
        if gain < 0 {
            generic += 1;
        } else {
            inline += gain.min(2);
        }
    }
    Gain {
        is_promising: inline >= 5 * generic,
        saved: inline as u32,
        loops: true,
    }
}

/// What an operation saves in native code, roughly in nanoseconds.
fn gain(inst: &Inst) -> i32 {
    match inst.op {
        Op::CallPy => 8,
        Op::ListAppend | Op::IsTrue => 1,
        // CPython does the same.
        Op::StoreGlobal | Op::AppendLocal => 0,
        Op::BoxInt | Op::BoxFloat | Op::BoxTagged => 0,
        // The specialised instruction would look at a cache.
        Op::LoadAttr | Op::StoreAttr | Op::LoadGlobal => -8,
        Op::BinaryOp | Op::CompareOp | Op::Subscr | Op::StoreSubscr => -4,
        Op::UnpackSequence => -4,
        op if op.info().effects == Effects::Escape && op.info().fs == FsKind::Raise => -2,
        Op::LoadInlineValue
        | Op::LoadSlot
        | Op::LoadCell
        | Op::Item
        | Op::ListItem
        | Op::StoreSlot
        | Op::StoreCell
        | Op::StoreInlineValue
        | Op::InitInlineValue => 1,
        op => {
            let numeric = op.info().args.iter().any(|ty| ty.intersects(Type::MACHINE));
            i32::from(numeric && !inst.is_terminator())
        }
    }
}
