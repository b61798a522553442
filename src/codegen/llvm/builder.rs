//! [`Machine`] over inkwell.
//!
//! Every `expect("well-typed")` states the same fact: the lowering is only run on verified HIR, whose
//! types agree, so inkwell's builder has nothing to refuse. A mistake there is a bug of ours; it
//! panics, and the generator turns that into an error for the one unit.

use super::super::machine::{
    CheckedOp, FloatOp, FloatUnary, Hint, IntOp, Leave, Machine, Memory, Ty,
};
use super::super::{Site, SymbolTable};
use super::stack_map::CALL_BYTES;
use crate::helpers::{Data, Helper, Kind, activation};
use crate::hir::CmpOp;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::intrinsics::Intrinsic;
use inkwell::module::Module;
use inkwell::types::{BasicMetadataTypeEnum, BasicType, BasicTypeEnum, FunctionType, StructType};
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, BasicValueEnum, FloatValue, FunctionValue,
    InstructionOpcode, InstructionValue, IntValue, MetadataValue, PhiValue, PointerValue,
};
use inkwell::{AddressSpace, FloatPredicate, IntPredicate};
use std::collections::HashMap;

/// Weights of the likely and the unlikely side.
const LIKELY: (u64, u64) = (2000, 1);

/// Builds one function of a module.
pub(super) struct LlvmMachine<'c, 'm> {
    context: &'c Context,
    module: &'m Module<'c>,
    builder: Builder<'c>,
    function: FunctionValue<'c>,
    symbols: HashMap<&'static str, u64>,
    params: HashMap<BasicBlock<'c>, Vec<PhiValue<'c>>>,
    entry: BasicBlock<'c>,
    /// Where stack slots are allocated: before this block's terminator comes.
    body: BasicBlock<'c>,
    /// Whether exits are patch points. Without optimisation LLVM would give every operand of every
    /// one a stack slot of its own.
    patch_points: bool,
    /// Where exits come together, the latest last.
    tails: Vec<Tail<'c>>,
    /// What says of an access which of [`Memory`]'s sorts it is to.
    sorts: [MetadataValue<'c>; 4],
    kinds: Kinds,
}

/// Numbers of kinds of metadata.
struct Kinds {
    prof: u32,
    memory: u32,
}

type V<'c> = BasicValueEnum<'c>;

/// Exits that share a return: LLVM's block placement takes quadratic time in it.
const EXITS_PER_TAIL: u32 = 8;

/// A return that exits share.
struct Tail<'c> {
    block: BasicBlock<'c>,
    tag: PhiValue<'c>,
    /// The activation record, which has the payload.
    act: V<'c>,
}

impl<'c, 'm> LlvmMachine<'c, 'm> {
    /// A function `symbol` in `module`, ready for its first operation.
    pub(super) fn new(
        context: &'c Context,
        module: &'m Module<'c>,
        symbol: &str,
        symbols: &SymbolTable,
        patch_points: bool,
    ) -> Self {
        let ptr = context.ptr_type(AddressSpace::default());
        let ty = pair_type(context).fn_type(&[ptr.into(), ptr.into(), ptr.into()], false);
        let function = module.add_function(symbol, ty, None);
        for (key, value) in [("frame-pointer", "all"), ("no-stack-arg-probe", "")] {
            function.add_attribute(
                AttributeLoc::Function,
                context.create_string_attribute(key, value),
            );
        }
        let nounwind = Attribute::get_named_enum_kind_id("nounwind");
        function.add_attribute(
            AttributeLoc::Function,
            context.create_enum_attribute(nounwind, 0),
        );
        let entry = context.append_basic_block(function, "slots");
        let body = context.append_basic_block(function, "entry");
        let builder = context.create_builder();
        builder.position_at_end(body);
        LlvmMachine {
            context,
            module,
            builder,
            function,
            symbols: symbols.iter().collect(),
            params: HashMap::new(),
            entry,
            body,
            patch_points,
            tails: Vec::new(),
            sorts: sorts(context),
            kinds: Kinds {
                prof: context.get_kind_id("prof"),
                memory: context.get_kind_id("swallow.memory"),
            },
        }
    }

    /// Ends the function: joins the block of stack slots to the body, and returns what exits yield.
    pub(super) fn finish(mut self) {
        for tail in std::mem::take(&mut self.tails) {
            self.builder.position_at_end(tail.block);
            let payload = self.load(Ty::I64, tail.act, activation::PAYLOAD);
            self.ret(tail.tag.as_basic_value(), payload);
        }
        self.builder.position_at_end(self.entry);
        self.builder
            .build_unconditional_branch(self.body)
            .expect("well-typed");
    }

    fn i64(&self) -> inkwell::types::IntType<'c> {
        self.context.i64_type()
    }

    fn ptr(&self) -> inkwell::types::PointerType<'c> {
        self.context.ptr_type(AddressSpace::default())
    }

    fn ty(&self, ty: Ty) -> BasicTypeEnum<'c> {
        match ty {
            Ty::I8 => self.context.i8_type().into(),
            Ty::I32 => self.context.i32_type().into(),
            Ty::I64 => self.i64().into(),
            Ty::F64 => self.context.f64_type().into(),
            Ty::Ptr => self.ptr().into(),
            Ty::Bit => self.context.bool_type().into(),
        }
    }

    /// The declaration of a helper in this module.
    fn helper(&self, helper: Helper) -> FunctionValue<'c> {
        if let Some(function) = self.module.get_function(helper.name()) {
            return function;
        }
        let (params, result) = helper.signature();
        let params: Vec<BasicMetadataTypeEnum<'c>> =
            params.iter().map(|kind| self.kind(*kind).into()).collect();
        let ty: FunctionType<'c> = match result {
            Kind::Void => self.context.void_type().fn_type(&params, false),
            Kind::Pair => pair_type(self.context).fn_type(&params, false),
            kind => self.kind(kind).fn_type(&params, false),
        };
        let function = self.module.add_function(helper.name(), ty, None);
        let nounwind = Attribute::get_named_enum_kind_id("nounwind");
        function.add_attribute(
            AttributeLoc::Function,
            self.context.create_enum_attribute(nounwind, 0),
        );
        if matches!(helper, Helper::SideExit | Helper::Interpret | Helper::Flush) {
            let cold = Attribute::get_named_enum_kind_id("cold");
            function.add_attribute(
                AttributeLoc::Function,
                self.context.create_enum_attribute(cold, 0),
            );
        }
        function
    }

    fn kind(&self, kind: Kind) -> BasicTypeEnum<'c> {
        match kind {
            Kind::Ptr => self.ptr().into(),
            Kind::F64 => self.context.f64_type().into(),
            Kind::I64 | Kind::Pair | Kind::Void => self.i64().into(),
        }
    }

    fn intrinsic(&self, name: &str, ty: BasicTypeEnum<'c>) -> FunctionValue<'c> {
        Intrinsic::find(name)
            .and_then(|intrinsic| intrinsic.get_declaration(self.module, &[ty]))
            .expect("an intrinsic of LLVM 19")
    }

    fn address_of(&self, base: V<'c>, bytes: IntValue<'c>) -> PointerValue<'c> {
        // SAFETY: only forms an address; whether it may be accessed is the lowering's business, as
        // for any load in machine code.
        unsafe {
            self.builder
                .build_gep(self.context.i8_type(), pointer(base), &[bytes], "")
        }
        .expect("well-typed")
    }

    fn at(&self, base: V<'c>, offset: i32) -> PointerValue<'c> {
        if offset == 0 {
            return pointer(base);
        }
        let bytes = self.i64().const_int(offset as i64 as u64, true);
        self.address_of(base, bytes)
    }

    fn parts(&self, pair: V<'c>) -> Vec<V<'c>> {
        let pair = pair.into_struct_value();
        (0..2)
            .map(|at| {
                self.builder
                    .build_extract_value(pair, at, "")
                    .expect("well-typed")
            })
            .collect()
    }

    /// Says of an access what sort of memory it is to.
    fn tag(&self, access: Option<InstructionValue<'c>>, memory: Memory) {
        let sort = match memory {
            Memory::Count => 0,
            Memory::Items => 1,
            Memory::Own => 2,
            Memory::Other => 3,
        };
        access
            .expect("an instruction")
            .set_metadata(self.sorts[sort], self.kinds.memory)
            .expect("an access takes metadata");
    }

    fn weigh(&self, branch: InstructionValue<'c>, weights: (u64, u64)) {
        let i32 = self.context.i32_type();
        let node = self.context.metadata_node(&[
            self.context.metadata_string("branch_weights").into(),
            i32.const_int(weights.0, false).into(),
            i32.const_int(weights.1, false).into(),
        ]);
        branch
            .set_metadata(node, self.kinds.prof)
            .expect("a branch takes metadata");
    }
}

/// Metadata for the sorts of memory. `llvm-passes/passes/memory_sort.h` reads it; LLVM's own passes don't know it.
fn sorts(context: &Context) -> [MetadataValue<'_>; 4] {
    ["count", "items", "own", "other"]
        .map(|name| context.metadata_node(&[context.metadata_string(name).into()]))
}

/// A unit's result.
fn pair_type(context: &Context) -> StructType<'_> {
    let i64 = context.i64_type();
    context.struct_type(&[i64.into(), i64.into()], false)
}

fn int(value: V<'_>) -> IntValue<'_> {
    value.into_int_value()
}

fn float(value: V<'_>) -> FloatValue<'_> {
    value.into_float_value()
}

fn pointer(value: V<'_>) -> PointerValue<'_> {
    value.into_pointer_value()
}

/// What a comparison of a loaded `I32` with a constant compares: the four bytes themselves, which code can do in memory.
fn narrow<'c>(a: IntValue<'c>, b: IntValue<'c>) -> Option<(IntValue<'c>, IntValue<'c>)> {
    let extended = a.as_instruction()?;
    if extended.get_opcode() != InstructionOpcode::SExt {
        return None;
    }
    let word = extended.get_operand(0)?.value()?.into_int_value();
    let constant = i32::try_from(b.get_sign_extended_constant()?).ok()?;
    let constant = word.get_type().const_int(i64::from(constant) as u64, true);
    Some((word, constant))
}

fn predicate(cmp: CmpOp) -> IntPredicate {
    match cmp {
        CmpOp::Lt => IntPredicate::SLT,
        CmpOp::Le => IntPredicate::SLE,
        CmpOp::Eq => IntPredicate::EQ,
        CmpOp::Ne => IntPredicate::NE,
        CmpOp::Gt => IntPredicate::SGT,
        CmpOp::Ge => IntPredicate::SGE,
    }
}

impl<'c> Machine for LlvmMachine<'c, '_> {
    type V = V<'c>;
    type B = BasicBlock<'c>;

    fn params(&self) -> [V<'c>; 3] {
        [0, 1, 2].map(|at| self.function.get_nth_param(at).expect("three parameters"))
    }

    fn int(&mut self, value: i64) -> V<'c> {
        self.i64().const_int(value as u64, true).into()
    }

    fn float(&mut self, value: f64) -> V<'c> {
        // Through the bits, so that a NaN's payload survives.
        let bits = self.i64().const_int(value.to_bits(), false);
        if value.is_nan() {
            return self
                .builder
                .build_bit_cast(bits, self.context.f64_type(), "")
                .expect("well-typed");
        }
        self.context.f64_type().const_float(value).into()
    }

    fn bit(&mut self, value: bool) -> V<'c> {
        self.context
            .bool_type()
            .const_int(u64::from(value), false)
            .into()
    }

    fn null(&mut self) -> V<'c> {
        self.ptr().const_null().into()
    }

    fn address(&mut self, value: u64) -> V<'c> {
        self.i64()
            .const_int(value, false)
            .const_to_pointer(self.ptr())
            .into()
    }

    fn data(&mut self, data: Data) -> V<'c> {
        let address = self.symbols.get(data.name()).copied().unwrap_or(0);
        self.address(address)
    }

    fn int_op(&mut self, op: IntOp, a: V<'c>, b: V<'c>) -> V<'c> {
        let (a, b, m) = (int(a), int(b), &self.builder);
        match op {
            IntOp::Add => m.build_int_add(a, b, ""),
            IntOp::Sub => m.build_int_sub(a, b, ""),
            IntOp::Mul => m.build_int_mul(a, b, ""),
            IntOp::And => m.build_and(a, b, ""),
            IntOp::Or => m.build_or(a, b, ""),
            IntOp::Xor => m.build_xor(a, b, ""),
            IntOp::Shl => m.build_left_shift(a, b, ""),
            IntOp::Shr => m.build_right_shift(a, b, true, ""),
            IntOp::Div => m.build_int_signed_div(a, b, ""),
            IntOp::Rem => m.build_int_signed_rem(a, b, ""),
        }
        .expect("well-typed")
        .into()
    }

    fn checked(&mut self, op: CheckedOp, a: V<'c>, b: V<'c>) -> (V<'c>, V<'c>) {
        let name = match op {
            CheckedOp::Add => "llvm.sadd.with.overflow",
            CheckedOp::Sub => "llvm.ssub.with.overflow",
            CheckedOp::Mul => "llvm.smul.with.overflow",
        };
        let function = self.intrinsic(name, self.i64().into());
        let pair = self
            .builder
            .build_call(function, &[a.into(), b.into()], "")
            .expect("well-typed")
            .try_as_basic_value()
            .basic()
            .expect("a pair");
        let parts = self.parts(pair);
        (parts[0], parts[1])
    }

    fn int_cmp(&mut self, cmp: CmpOp, a: V<'c>, b: V<'c>) -> V<'c> {
        let (a, b) = narrow(int(a), int(b)).unwrap_or((int(a), int(b)));
        self.builder
            .build_int_compare(predicate(cmp), a, b, "")
            .expect("well-typed")
            .into()
    }

    fn below(&mut self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.builder
            .build_int_compare(IntPredicate::ULT, int(a), int(b), "")
            .expect("well-typed")
            .into()
    }

    fn same(&mut self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.builder
            .build_int_compare(IntPredicate::EQ, pointer(a), pointer(b), "")
            .expect("well-typed")
            .into()
    }

    fn not(&mut self, bit: V<'c>) -> V<'c> {
        self.builder
            .build_not(int(bit), "")
            .expect("well-typed")
            .into()
    }

    fn both(&mut self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.builder
            .build_and(int(a), int(b), "")
            .expect("well-typed")
            .into()
    }

    fn either(&mut self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.builder
            .build_or(int(a), int(b), "")
            .expect("well-typed")
            .into()
    }

    fn select(&mut self, bit: V<'c>, a: V<'c>, b: V<'c>) -> V<'c> {
        self.builder
            .build_select(int(bit), a, b, "")
            .expect("well-typed")
    }

    fn bit_to_int(&mut self, bit: V<'c>) -> V<'c> {
        self.builder
            .build_int_z_extend(int(bit), self.i64(), "")
            .expect("well-typed")
            .into()
    }

    fn float_op(&mut self, op: FloatOp, a: V<'c>, b: V<'c>) -> V<'c> {
        let (a, b, m) = (float(a), float(b), &self.builder);
        match op {
            FloatOp::Add => m.build_float_add(a, b, ""),
            FloatOp::Sub => m.build_float_sub(a, b, ""),
            FloatOp::Mul => m.build_float_mul(a, b, ""),
            FloatOp::Div => m.build_float_div(a, b, ""),
        }
        .expect("well-typed")
        .into()
    }

    fn float_unary(&mut self, op: FloatUnary, a: V<'c>) -> V<'c> {
        let name = match op {
            FloatUnary::Neg => {
                return self
                    .builder
                    .build_float_neg(float(a), "")
                    .expect("well-typed")
                    .into();
            }
            FloatUnary::Abs => "llvm.fabs",
            FloatUnary::Sqrt => "llvm.sqrt",
        };
        let function = self.intrinsic(name, self.context.f64_type().into());
        self.builder
            .build_call(function, &[a.into()], "")
            .expect("well-typed")
            .try_as_basic_value()
            .basic()
            .expect("a double")
    }

    fn float_cmp(&mut self, cmp: CmpOp, a: V<'c>, b: V<'c>) -> V<'c> {
        let predicate = match cmp {
            CmpOp::Lt => FloatPredicate::OLT,
            CmpOp::Le => FloatPredicate::OLE,
            CmpOp::Eq => FloatPredicate::OEQ,
            CmpOp::Ne => FloatPredicate::UNE,
            CmpOp::Gt => FloatPredicate::OGT,
            CmpOp::Ge => FloatPredicate::OGE,
        };
        self.builder
            .build_float_compare(predicate, float(a), float(b), "")
            .expect("well-typed")
            .into()
    }

    fn int_to_float(&mut self, a: V<'c>) -> V<'c> {
        self.builder
            .build_signed_int_to_float(int(a), self.context.f64_type(), "")
            .expect("well-typed")
            .into()
    }

    fn float_to_bits(&mut self, a: V<'c>) -> V<'c> {
        self.builder
            .build_bit_cast(a, self.i64(), "")
            .expect("well-typed")
    }

    fn bits_to_float(&mut self, a: V<'c>) -> V<'c> {
        self.builder
            .build_bit_cast(a, self.context.f64_type(), "")
            .expect("well-typed")
    }

    fn ptr_to_int(&mut self, a: V<'c>) -> V<'c> {
        self.builder
            .build_ptr_to_int(pointer(a), self.i64(), "")
            .expect("well-typed")
            .into()
    }

    fn int_to_ptr(&mut self, a: V<'c>) -> V<'c> {
        self.builder
            .build_int_to_ptr(int(a), self.ptr(), "")
            .expect("well-typed")
            .into()
    }

    fn load_from(&mut self, memory: Memory, ty: Ty, base: V<'c>, offset: i32) -> V<'c> {
        let place = self.at(base, offset);
        let loaded = self
            .builder
            .build_load(self.ty(ty), place, "")
            .expect("well-typed");
        self.tag(loaded.as_instruction_value(), memory);
        match ty {
            Ty::I8 => self
                .builder
                .build_int_z_extend(int(loaded), self.i64(), "")
                .expect("well-typed")
                .into(),
            Ty::I32 => self
                .builder
                .build_int_s_extend(int(loaded), self.i64(), "")
                .expect("well-typed")
                .into(),
            Ty::I64 | Ty::F64 | Ty::Ptr | Ty::Bit => loaded,
        }
    }

    fn load_volatile(&mut self, base: V<'c>) -> V<'c> {
        let loaded = self
            .builder
            .build_load(self.context.i32_type(), pointer(base), "")
            .expect("well-typed");
        loaded
            .as_instruction_value()
            .expect("an instruction")
            .set_volatile(true)
            .expect("a load");
        self.builder
            .build_int_s_extend(int(loaded), self.i64(), "")
            .expect("well-typed")
            .into()
    }

    fn store_to(&mut self, memory: Memory, ty: Ty, value: V<'c>, base: V<'c>, offset: i32) {
        let place = self.at(base, offset);
        let value: V<'c> = match ty {
            Ty::I8 | Ty::I32 => self
                .builder
                .build_int_truncate(int(value), self.ty(ty).into_int_type(), "")
                .expect("well-typed")
                .into(),
            Ty::I64 | Ty::F64 | Ty::Ptr | Ty::Bit => value,
        };
        let store = self.builder.build_store(place, value).expect("well-typed");
        self.tag(Some(store), memory);
    }

    fn offset(&mut self, base: V<'c>, bytes: V<'c>) -> V<'c> {
        self.address_of(base, int(bytes)).into()
    }

    fn stack_slot(&mut self, bytes: u32) -> V<'c> {
        let current = self.builder.get_insert_block();
        self.builder.position_at_end(self.entry);
        let ty = self.i64().array_type(bytes.div_ceil(8));
        let slot = self.builder.build_alloca(ty, "").expect("well-typed");
        slot.as_instruction_value()
            .expect("an instruction")
            .set_alignment(16)
            .expect("a power of two");
        if let Some(block) = current {
            self.builder.position_at_end(block);
        }
        slot.into()
    }

    fn call(&mut self, helper: Helper, args: &[V<'c>]) -> Vec<V<'c>> {
        let function = self.helper(helper);
        let args: Vec<BasicMetadataValueEnum<'c>> = args.iter().map(|a| (*a).into()).collect();
        let result = self
            .builder
            .build_call(function, &args, "")
            .expect("well-typed")
            .try_as_basic_value()
            .basic();
        match (result, helper.signature().1) {
            (Some(pair), Kind::Pair) => self.parts(pair),
            (Some(value), _) => vec![value],
            (None, _) => vec![],
        }
    }

    fn call_entry(&mut self, entry: V<'c>, args: [V<'c>; 3]) -> (V<'c>, V<'c>) {
        let ptr = self.ptr().into();
        let ty = pair_type(self.context).fn_type(&[ptr, ptr, ptr], false);
        let args: Vec<BasicMetadataValueEnum<'c>> = args.iter().map(|a| (*a).into()).collect();
        let pair = self
            .builder
            .build_indirect_call(ty, pointer(entry), &args, "")
            .expect("well-typed")
            .try_as_basic_value()
            .basic()
            .expect("a pair");
        let parts = self.parts(pair);
        (parts[0], parts[1])
    }

    fn block(&mut self, params: &[Ty], cold: bool) -> BasicBlock<'c> {
        let name = if cold { "cold" } else { "" };
        let block = self.context.append_basic_block(self.function, name);
        if !params.is_empty() {
            let current = self.builder.get_insert_block();
            self.builder.position_at_end(block);
            let phis = params
                .iter()
                .map(|ty| {
                    self.builder
                        .build_phi(self.ty(*ty), "")
                        .expect("well-typed")
                })
                .collect();
            self.params.insert(block, phis);
            if let Some(current) = current {
                self.builder.position_at_end(current);
            }
        }
        block
    }

    fn block_params(&self, block: BasicBlock<'c>) -> Vec<V<'c>> {
        self.params
            .get(&block)
            .map(|phis| phis.iter().map(|phi| phi.as_basic_value()).collect())
            .unwrap_or_default()
    }

    fn switch_to(&mut self, block: BasicBlock<'c>) {
        self.builder.position_at_end(block);
    }

    fn jump(&mut self, block: BasicBlock<'c>, args: &[V<'c>]) {
        let from = self.builder.get_insert_block().expect("in a block");
        if let Some(phis) = self.params.get(&block) {
            for (phi, arg) in phis.iter().zip(args) {
                phi.add_incoming(&[(arg as &dyn BasicValue<'c>, from)]);
            }
        }
        self.builder
            .build_unconditional_branch(block)
            .expect("well-typed");
    }

    fn branch(&mut self, bit: V<'c>, then: BasicBlock<'c>, otherwise: BasicBlock<'c>, hint: Hint) {
        let branch = self
            .builder
            .build_conditional_branch(int(bit), then, otherwise)
            .expect("well-typed");
        match hint {
            Hint::None => {}
            Hint::Likely => self.weigh(branch, LIKELY),
            Hint::Unlikely => self.weigh(branch, (LIKELY.1, LIKELY.0)),
        }
    }

    fn leaves_through_memory(&self) -> bool {
        !self.patch_points
    }

    /// A patch point, which is a call that notes where its further operands are: no code is spent
    /// on bringing them anywhere.
    fn leave(&mut self, leave: Leave<'_, V<'c>>) {
        if !self.patch_points {
            let [ts, frame, parent] = [leave.words[0], leave.words[1], leave.words[2]];
            for (at, word) in leave.words[Site::PARAMS..].iter().enumerate() {
                let place = self.at(leave.act, activation::VALUES + 8 * at as i32);
                self.builder.build_store(place, *word).expect("well-typed");
            }
            let values = self.int(i64::from(activation::VALUES));
            let words = self.offset(leave.act, values);
            let number = self.int(i64::from(leave.exit));
            let args = [ts, frame, leave.unit, number, words, parent];
            let result = self.call(Helper::SideExit, &args);
            self.ret(result[0], result[1]);
            return;
        }
        let shared = self
            .tails
            .last()
            .is_some_and(|tail| tail.tag.count_incoming() < EXITS_PER_TAIL);
        if !shared {
            let block = self.block(&[Ty::I64], true);
            self.tails.push(Tail {
                block,
                tag: self.params[&block][0],
                act: leave.act,
            });
        }
        let tail = self.tails.last().expect("pushed if there was none");
        let (tail, tag) = (tail.block, tail.tag);
        let i32 = self.context.i32_type();
        let target = self.address(self.symbols[Helper::Leave.name()]);
        let mut args: Vec<BasicMetadataValueEnum<'c>> = vec![
            self.i64().const_int(u64::from(leave.exit), false).into(),
            i32.const_int(CALL_BYTES, false).into(),
            target.into(),
            i32.const_int(2, false).into(),
            leave.unit.into(),
            leave.act.into(),
        ];
        args.extend(
            leave
                .words
                .iter()
                .map(|word| BasicMetadataValueEnum::from(*word)),
        );
        let function = self.intrinsic("llvm.experimental.patchpoint", self.i64().into());
        let result = self
            .builder
            .build_call(function, &args, "")
            .expect("well-typed")
            .try_as_basic_value()
            .basic()
            .expect("a tag");
        let from = self.builder.get_insert_block().expect("in a block");
        tag.add_incoming(&[(&result as &dyn BasicValue<'c>, from)]);
        self.builder
            .build_unconditional_branch(tail)
            .expect("well-typed");
    }

    fn ret(&mut self, tag: V<'c>, payload: V<'c>) {
        self.builder
            .build_aggregate_return(&[tag, payload])
            .expect("well-typed");
    }
}
