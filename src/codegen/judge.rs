//! Whether a unit is worth its compilation.
#![forbid(unsafe_code)]

use super::Engine;
use crate::frontend::{Bailout, Progress};
use crate::hir::loops::LoopForest;
use crate::hir::{Effects, FsKind, Function, Inst, Op, Type};
use serde::{Deserialize, Serialize};

/// Units beyond this many instructions take longer to compile than they are likely to gain.
const MAX_HOT_HIR: usize = 2500;

/// The same before the passes, which may halve it.
const MAX_BUILT: usize = 2 * MAX_HOT_HIR;

/// Fewer instructions than this tell nothing yet of what a unit comes to.
const FEW: usize = MAX_HOT_HIR / 5;

/// Operations that do not need CPython's functions, for each one that does, where that is made up for.
const BEARS: i32 = 5;

/// What it takes to compile a unit, for each of its HIR instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Hotness that it adds to the threshold.
    hotness: u32,
    /// Nanoseconds that are to be saved later. Compiling takes ten times as long, but in another process.
    time: f64,
}

impl Cost {
    const LLVM: Cost = Cost {
        hotness: 200,
        time: 20_000.0,
    };

    const CRANELIFT: Cost = Cost {
        hotness: 30,
        time: 3_000.0,
    };

    /// Of Cranelift first, and LLVM for what stays hot.
    pub const TIERS: Cost = Cost::LLVM;

    /// Of a single generator.
    #[must_use]
    pub const fn of(engine: Engine) -> Cost {
        match engine {
            Engine::Llvm => Cost::LLVM,
            Engine::Cranelift => Cost::CRANELIFT,
        }
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heat {
    pub entry: Entry,
    pub cost: Cost,
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
    /// Larger than so many instructions, before the passes.
    TooLarge(usize),
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

/// Hotness over the threshold below which no unit passes that has no loop, whatever it is made of: it need not be built before.
#[must_use]
pub fn least(cost: Cost) -> u32 {
    // Of one instruction, the best that there is.
    (cost.time * 10.0 / f64::from(CALL + BEST)) as u32
}

/// The same for a unit that may have loops and is made of so many instructions of bytecode: there is hardly one of HIR for two of them.
#[must_use]
pub fn least_with_loops(cost: Cost, bytecodes: usize) -> u32 {
    let insts = u32::try_from(bytecodes / 2).unwrap_or(u32::MAX);
    cost.hotness.saturating_mul(insts)
}

/// Judges a unit that is still being built, to be stopped if it comes to nothing.
///
/// The more there is of it, the nearer to what is wanted in the end that has to be: from a fifth of it, where a fifth of the
/// largest unit is built, on. What saves enough altogether, by calls between units, goes on whatever it is made of. This is a guess: the rest might make up for
/// what there is. Of the units found promising the nearest (`get_matching_blocks` of difflib) had 6.5 times of that.
///
/// # Errors
/// Why it is not to be built any further.
pub fn may_pay(progress: &Progress) -> Result<(), Bailout> {
    if progress.function.inst_count() > MAX_BUILT {
        return Err(Bailout::TooMuchHir(MAX_BUILT));
    }
    let (mut insts, mut saved, mut tally) = (0, 0, Tally::default());
    for gain in progress.insts().map(gain) {
        insts += 1;
        saved += gain;
        tally.add(gain);
    }
    if insts < FEW || saved >= -CALL || tally.bears(insts.min(MAX_HOT_HIR)) {
        return Ok(());
    }
    tracing::debug!(name = %progress.function.name, insts, saved, ?tally, "given up");
    Err(Bailout::NotPromising)
}

/// Judges a unit of `insts` instructions.
#[must_use]
pub fn judge(function: &Function, insts: usize, heat: Heat) -> Judgement {
    if insts > MAX_HOT_HIR {
        return Judgement::TooLarge(MAX_BUILT);
    }
    let gain = gain_of(function, insts, heat.entry);
    if !gain.is_promising {
        tracing::debug!(name = %function.name, insts, ?gain, "judged");
        return Judgement::NotPromising;
    }
    // Compile time grows with size, so a larger unit has to be hotter, and one that saves less, too.
    let insts = u32::try_from(insts).unwrap_or(u32::MAX);
    let by_size = heat.cost.hotness.saturating_mul(insts);
    let by_gain = (f64::from(insts) * heat.cost.time / gain.per_point()) as u32;
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
    /// [`CALL`] where a generator goes on: CPython enters it without looking for anything.
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
    let mut tally = Tally::default();
    gains.for_each(|gain| tally.add(gain));
    Gain {
        is_promising: tally.bears(MAX_HOT_HIR),
        saved: tally.inline as u32,
        loops: true,
    }
}

/// What a loop is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// What native code does by itself; calls between units count twice.
    inline: i32,
    /// Operations that it leaves to CPython's functions.
    generic: i32,
}

impl Tally {
    /// Adds an operation with this [`gain`].
    fn add(&mut self, gain: i32) {
        if gain < 0 {
            self.generic += 1;
        } else {
            self.inline += gain.min(2);
        }
    }

    /// Whether one bears the other, as far as it has to after `insts` instructions of at most [`MAX_HOT_HIR`].
    fn bears(self, insts: usize) -> bool {
        let (insts, most) = (insts as i32, MAX_HOT_HIR as i32);
        self.inline * most >= BEARS * self.generic * insts
    }
}

/// What is saved by entering native code with a call.
const CALL: i32 = 4;

/// The most that [`gain`] says.
const BEST: i32 = 8;

/// What an operation saves in native code, roughly in nanoseconds.
fn gain(inst: &Inst) -> i32 {
    match inst.op {
        Op::CallPy => BEST,
        Op::ListAppend | Op::IsTrue | Op::IsInstance => 1,
        // CPython does the same.
        Op::StoreGlobal | Op::AppendLocal | Op::ToStr => 0,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse_function;

    const HEAD: &str = "function \"f\" args 1 locals 1 {
  const c0 = int \"1\"
  cell cell0 = \"g\" frame_words 14 locals 1
bb0:
  v0 = load_local 0
  v1: list = guard_type v0, list, fs0
  v2 = const_int 1
  v3 = guard_code v1, cell0, fs0
  fs0 = pc 0 locals [slot] stack []
";

    /// Code that costs and saves nothing but for some instructions: v1 is a list, v2 a number, v3 a function.
    fn straight(body: &str) -> Function {
        let text = format!("{HEAD}  jump bb1\nbb1:\n{body}\n  return v1\n}}\n");
        parse_function(&text).expect("valid")
    }

    /// The same in a loop, with further instructions before it.
    fn looping(before: &str, body: &str) -> Function {
        let text = format!(
            "{HEAD}{before}\n  jump bb1\nbb1:\n{body}\n  v99 = is v1, v1\n  branch v99, bb1, bb2\nbb2:\n  return v1\n}}\n"
        );
        parse_function(&text).expect("valid")
    }

    /// Instructions that save a nanosecond each.
    fn sums(count: usize) -> String {
        let line = |at| format!("  v{} = int_add_wrap v2, v2\n", 100 + at);
        (0..count).map(line).collect()
    }

    fn gain_at(function: &Function, entry: Entry) -> Gain {
        gain_of(function, 100, entry)
    }

    fn heat(engine: Engine, hotness: u32) -> Heat {
        Heat {
            entry: Entry::Call,
            cost: Cost::of(engine),
            hotness,
            threshold: 1000,
        }
    }

    /// The hotness from which on a unit of 100 instructions is compiled.
    fn wanted(function: &Function, engine: Engine) -> u32 {
        let Judgement::Later(wanted) = judge(function, 100, heat(engine, 0)) else {
            panic!("nothing is compiled cold");
        };
        let at = |hotness| judge(function, 100, heat(engine, hotness));
        assert_eq!(at(wanted - 1), Judgement::Later(wanted));
        assert_eq!(at(wanted), Judgement::Fine);
        wanted
    }

    #[test]
    fn what_operations_save() {
        // Enough that no sum is cut off at nothing.
        let rest = gain_at(&straight(&sums(20)), Entry::Call).saved;
        for (text, weight) in [
            ("v9 = call_py v3, v1, cell0, fs0", 8),
            ("list_append v1, v1, fs0", 1),
            ("v9 = is_true v1, fs0", 1),
            ("v9 = is_instance v1, v1, fs0", 1),
            ("v9 = to_str v1, fs0", 0),
            ("v9 = load_inline_value v1, 0", 1),
            ("store_inline_value v1, v1, 0", 1),
            ("v9 = load_slot v1, 16", 1),
            ("v9 = load_cell v1", 1),
            ("v9 = item v1, 0", 1),
            ("v9 = list_item v1, v2", 1),
            ("v9 = int_add v2, v2, fs0", 1),
            ("v9 = int_to_float v2", 1),
            ("v9 = list_get v1, v2, fs0", 1),
            ("v9 = box_int v2", 0),
            ("store_global v1, c0, fs0", 0),
            ("v9 = append_local v1, v1, 0, add, fs0", 0),
            ("incref v1", 0),
            ("v9 = load_attr v1, c0, fs0", -8),
            ("store_attr v1, v1, c0, fs0", -8),
            ("v9 = load_global c0, fs0", -8),
            ("v9 = binary_op v1, v1, add, fs0", -4),
            ("v9 = compare_op v1, v1, lt, fs0", -4),
            ("v9 = subscr v1, v1, fs0", -4),
            ("store_subscr v1, v1, v1, fs0", -4),
            ("v9 = unpack_sequence v1, 2, fs0", -4),
            ("v9 = get_iter v1, fs0", -2),
            ("v9 = build_list v1, fs0", -2),
        ] {
            let function = straight(&format!("{}  {text}", sums(20)));
            let gain = gain_at(&function, Entry::Call);
            assert_eq!(i64::from(gain.saved) - i64::from(rest), weight, "{text}");
        }
    }

    #[test]
    fn entering_counts_where_nothing_loops() {
        let five = straight(&sums(5));
        let gain = gain_at(&five, Entry::Call);
        assert!(gain.is_promising && !gain.loops);
        // A call is ten points of hotness.
        assert_eq!((gain.saved, gain.per_point()), (9, 0.9));
        let gain = gain_at(&five, Entry::Resume);
        assert_eq!((gain.is_promising, gain.saved), (false, 0));
        let gain = gain_at(&straight(&sums(11)), Entry::Resume);
        assert_eq!((gain.is_promising, gain.saved), (true, 1));
        // The call alone.
        assert!(gain_at(&straight(""), Entry::Call).is_promising);
        let attribute = "  v9 = load_attr v1, c0, fs0";
        assert!(!gain_at(&straight(&format!("{}{attribute}", sums(4))), Entry::Call).is_promising);
        assert!(gain_at(&straight(&format!("{}{attribute}", sums(5))), Entry::Call).is_promising);
    }

    #[test]
    fn in_a_loop_the_loop_counts() {
        let attribute = "  v9 = load_attr v1, c0, fs0\n";
        // Neither what is before it nor how it was entered.
        for entry in [Entry::Call, Entry::Resume] {
            let gain = gain_at(&looping(attribute, &sums(3)), entry);
            assert!(gain.is_promising && gain.loops);
            assert_eq!((gain.saved, gain.per_point()), (3, 3.0));
        }
        // One generic operation is borne by five others, whatever it costs by itself.
        for generic in [attribute, "  v9 = get_iter v1, fs0\n"] {
            let with = |count| gain_at(&looping("", &(sums(count) + generic)), Entry::Call);
            assert_eq!(
                [4, 5].map(|count| with(count).is_promising),
                [false, true],
                "{generic}"
            );
            assert_eq!(with(5).saved, 5);
        }
        // A direct call counts as two of them.
        let call = looping("", "  v9 = call_py v3, v1, cell0, fs0");
        assert_eq!(gain_at(&call, Entry::Call).saved, 2);
    }

    #[test]
    fn size_and_gain_make_the_threshold() {
        // By what is saved: 100 instructions at 20,000 or 3,000 ns, over 0.9 ns a point.
        let five = straight(&sums(5));
        assert_eq!(wanted(&five, Engine::Llvm), 1000 + 2_222_222);
        assert_eq!(wanted(&five, Engine::Cranelift), 1000 + 333_333);
        // In a loop: at least by size, at most four times that.
        for (saved, llvm, cranelift) in [
            (10, 80_000, 12_000),
            (50, 40_000, 6_000),
            (200, 20_000, 3_000),
        ] {
            let function = looping("", &sums(saved));
            assert_eq!(wanted(&function, Engine::Llvm), 1000 + llvm, "{saved}");
            assert_eq!(
                wanted(&function, Engine::Cranelift),
                1000 + cranelift,
                "{saved}"
            );
        }
    }

    #[test]
    fn what_never_pays() {
        let hot = heat(Engine::Llvm, u32::MAX);
        let good = looping("", &sums(10));
        assert_eq!(judge(&good, MAX_HOT_HIR, hot), Judgement::Fine);
        assert_eq!(
            judge(&good, MAX_HOT_HIR + 1, hot),
            Judgement::TooLarge(2 * MAX_HOT_HIR)
        );
        let bad = looping("", "  v9 = load_attr v1, c0, fs0");
        assert_eq!(judge(&bad, 10, hot), Judgement::NotPromising);
    }

    /// Whether a unit of which there is so much, all or nothing of it in a loop, is built any further.
    fn goes_on(function: &Function, in_loop: Option<bool>) -> bool {
        let blocks = in_loop.map(|is| vec![is; function.blocks.len()]);
        let progress = Progress {
            function,
            in_loop: blocks.as_deref(),
        };
        match may_pay(&progress) {
            Ok(()) => true,
            Err(Bailout::NotPromising) => false,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_made_of_generic_operations_is_given_up_while_it_is_built() {
        let attributes = |count: usize| -> String {
            let line = |at| format!("  v{} = load_attr v1, c0, fs0\n", 5000 + at);
            (0..count).map(line).collect()
        };
        let of = |saving: usize, generic: usize| straight(&(sums(saving) + &attributes(generic)));
        let rest = of(0, 0).inst_count();
        let half = FEW / 2;
        for in_loop in [None, Some(true)] {
            assert!(goes_on(&of(0, FEW - rest - 1), in_loop), "too few");
            assert!(!goes_on(&of(0, FEW), in_loop));
            // After a fifth of what there may be, they have to come to a fifth of what is wanted in the end …
            assert!(goes_on(&of(half + 20, half - 20), in_loop));
            assert!(!goes_on(&of(half - 20, half + 20), in_loop));
            // … and later to more.
            assert!(!goes_on(&of(3 * half, 3 * half), in_loop));
            assert!(goes_on(&of(5 * half, half), in_loop));
            assert!(!goes_on(
                &of(4 * MAX_HOT_HIR / 5, MAX_HOT_HIR / 5 + 100),
                in_loop
            ));
        }
        assert!(goes_on(&of(0, FEW), Some(false)), "it is not in the loop");
        // Beyond the largest unit, of which the passes may leave half, no more is wanted than there.
        assert!(goes_on(&of(2900, 560), None) && !goes_on(&of(2700, 560), None));
        // Without a loop it may be made up for.
        let calls: String = (0..FEW)
            .map(|at| {
                format!(
                    "  v{} = call_py v3, v1, cell0, fs0\n  v{} = get_iter v1, fs0\n",
                    7000 + at,
                    9000 + at
                )
            })
            .collect();
        assert!(goes_on(&straight(&(calls + &attributes(300))), None));
        let large = of(2 * MAX_HOT_HIR, 0);
        let progress = Progress {
            function: &large,
            in_loop: None,
        };
        assert_eq!(
            may_pay(&progress),
            Err(Bailout::TooMuchHir(2 * MAX_HOT_HIR))
        );
    }

    #[test]
    fn nothing_without_a_loop_passes_below_the_least() {
        for cost in [Cost::LLVM, Cost::CRANELIFT, Cost::TIERS] {
            for insts in [1, 2, 5, 30, 200] {
                let best = f64::from(CALL + BEST * insts) / 10.0;
                let by_gain = f64::from(insts) * cost.time / best;
                assert!(f64::from(least(cost)) <= by_gain, "{cost:?} {insts}");
            }
        }
    }
}
