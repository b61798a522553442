//! [`Machine`] over Cranelift's IR.
//!
//! HIR is in SSA form already, so instructions go straight into blocks, without Cranelift's frontend. Bits are `i8`, 0 or 1;
//! pointers are `i64`. Addresses of data are constants; functions go by their names, which the linker resolves.

use super::super::SymbolTable;
use super::super::machine::{
    CheckedOp, FloatOp, FloatUnary, Hint, IntOp, Leave, Machine, Memory, Ty,
};
use crate::codegen::Site;
use crate::helpers::{Data, Helper, Kind, activation};
use crate::hir::CmpOp;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, ExtFuncData, ExternalName, FuncRef, Function, InstBuilder,
    InstructionData, MemFlagsData, SigRef, Signature, StackSlotData, StackSlotKind, Type,
    UserFuncName, Value,
};
use cranelift_codegen::isa::CallConv;
use std::collections::HashMap;

/// Native code knows where it reads and writes.
const ACCESS: MemFlagsData = MemFlagsData::trusted();

/// Stack slots begin at multiples of 16.
const SLOT_ALIGN_SHIFT: u8 = 4;

/// Builds one function.
pub(super) struct CraneliftMachine<'a> {
    function: Function,
    symbols: &'a SymbolTable,
    block: Block,
    params: [Value; 3],
    helpers: HashMap<Helper, FuncRef>,
    entry_signature: Option<SigRef>,
    /// Where all exits come together, with their number.
    tail: Option<Block>,
}

impl<'a> CraneliftMachine<'a> {
    /// A function `symbol`, ready for its first operation.
    pub(super) fn new(symbol: &str, symbols: &'a SymbolTable) -> Self {
        let name = UserFuncName::testcase(symbol);
        let mut function = Function::with_name_signature(name, entry_signature());
        let block = function.dfg.make_block();
        function.layout.append_block(block);
        let params = [I64; 3].map(|ty| function.dfg.append_block_param(block, ty));
        CraneliftMachine {
            function,
            symbols,
            block,
            params,
            helpers: HashMap::new(),
            entry_signature: None,
            tail: None,
        }
    }

    /// The function.
    pub(super) fn finish(self) -> Function {
        self.function
    }

    /// Where the next instruction goes.
    fn at_end(&mut self) -> FuncCursor<'_> {
        FuncCursor::new(&mut self.function).at_bottom(self.block)
    }

    /// A value as an operand that has to be in a register. The address of a stack slot is formed where it is used, since
    /// keeping it costs more; in addresses of memory it costs nothing.
    fn operand(&mut self, value: Value) -> Value {
        let known = self.function.dfg.value_def(value).inst();
        let data = known.map(|inst| self.function.dfg.insts[inst]);
        if let Some(InstructionData::StackAddr {
            stack_slot, offset, ..
        }) = data
        {
            return self.at_end().ins().stack_addr(I64, stack_slot, offset);
        }
        value
    }

    /// The number that a value is, if it is known.
    fn known(&self, value: Value) -> Option<i64> {
        let inst = self.function.dfg.value_def(value).inst()?;
        match self.function.dfg.insts[inst] {
            InstructionData::UnaryImm { imm, .. } => Some(imm.bits()),
            _ => None,
        }
    }

    /// The block that does what is the same for all exits.
    fn make_tail(&mut self, leave: &Leave<'_, Value>) -> Block {
        let tail = self.block(&[Ty::I64], true);
        let from = std::mem::replace(&mut self.block, tail);
        let [ts, frame, parent] = [leave.words[0], leave.words[1], leave.words[2]];
        // It was made in the exit's own block.
        let unit = self.known(leave.unit).expect("the unit's token is known");
        let unit = self.int(unit);
        let values = self.int(i64::from(activation::VALUES));
        let words = self.offset(leave.act, values);
        let number = self.block_params(tail)[0];
        let args = [ts, frame, unit, number, words, parent];
        let result = self.call(Helper::SideExit, &args);
        self.ret(result[0], result[1]);
        self.block = from;
        self.tail = Some(tail);
        tail
    }

    /// The declaration of a helper in this function.
    fn helper(&mut self, helper: Helper) -> FuncRef {
        if let Some(known) = self.helpers.get(&helper) {
            return *known;
        }
        let (params, result) = helper.signature();
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params = params.iter().map(|k| AbiParam::new(kind(*k))).collect();
        signature.returns = match result {
            Kind::Void => vec![],
            Kind::Pair => vec![AbiParam::new(I64); 2],
            result => vec![AbiParam::new(kind(result))],
        };
        let signature = self.function.import_signature(signature);
        let declared = self.function.import_function(ExtFuncData {
            name: ExternalName::testcase(helper.name()),
            signature,
            // It may be further away than a call's 32 bits reach.
            colocated: false,
            patchable: false,
        });
        self.helpers.insert(helper, declared);
        declared
    }
}

/// `fn(tstate, frame, parent) -> (tag, payload)`.
fn entry_signature() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params = vec![AbiParam::new(I64); 3];
    signature.returns = vec![AbiParam::new(I64); 2];
    signature
}

fn kind(kind: Kind) -> Type {
    match kind {
        Kind::F64 => F64,
        Kind::Ptr | Kind::I64 | Kind::Pair | Kind::Void => I64,
    }
}

fn in_register(ty: Ty) -> Type {
    match ty {
        Ty::F64 => F64,
        Ty::Bit => I8,
        Ty::I8 | Ty::I32 | Ty::I64 | Ty::Ptr => I64,
    }
}

fn int_condition(cmp: CmpOp) -> IntCC {
    match cmp {
        CmpOp::Lt => IntCC::SignedLessThan,
        CmpOp::Le => IntCC::SignedLessThanOrEqual,
        CmpOp::Eq => IntCC::Equal,
        CmpOp::Ne => IntCC::NotEqual,
        CmpOp::Gt => IntCC::SignedGreaterThan,
        CmpOp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

/// All but `NotEqual` are false for NaN.
fn float_condition(cmp: CmpOp) -> FloatCC {
    match cmp {
        CmpOp::Lt => FloatCC::LessThan,
        CmpOp::Le => FloatCC::LessThanOrEqual,
        CmpOp::Eq => FloatCC::Equal,
        CmpOp::Ne => FloatCC::NotEqual,
        CmpOp::Gt => FloatCC::GreaterThan,
        CmpOp::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl Machine for CraneliftMachine<'_> {
    type V = Value;
    type B = Block;

    fn leaves_through_memory(&self) -> bool {
        true
    }

    fn params(&self) -> [Value; 3] {
        self.params
    }

    fn int(&mut self, value: i64) -> Value {
        self.at_end().ins().iconst(I64, value)
    }

    fn float(&mut self, value: f64) -> Value {
        self.at_end().ins().f64const(value)
    }

    fn bit(&mut self, value: bool) -> Value {
        self.at_end().ins().iconst(I8, i64::from(value))
    }

    fn null(&mut self) -> Value {
        self.int(0)
    }

    fn address(&mut self, value: u64) -> Value {
        self.int(value as i64)
    }

    fn data(&mut self, data: Data) -> Value {
        let address = self.symbols.address(data.name()).unwrap_or(0);
        self.address(address)
    }

    fn int_op(&mut self, op: IntOp, a: Value, b: Value) -> Value {
        let mut cursor = self.at_end();
        let m = cursor.ins();
        match op {
            IntOp::Add => m.iadd(a, b),
            IntOp::Sub => m.isub(a, b),
            IntOp::Mul => m.imul(a, b),
            IntOp::And => m.band(a, b),
            IntOp::Or => m.bor(a, b),
            IntOp::Xor => m.bxor(a, b),
            IntOp::Shl => m.ishl(a, b),
            IntOp::Shr => m.sshr(a, b),
            IntOp::Div => m.sdiv(a, b),
            IntOp::Rem => m.srem(a, b),
        }
    }

    fn checked(&mut self, op: CheckedOp, a: Value, b: Value) -> (Value, Value) {
        let known = self.known(b);
        let mut cursor = self.at_end();
        // With a known operand a comparison tells, which a branch needs no flag in a register for.
        let beyond = match (op, known) {
            (CheckedOp::Add, Some(n)) => Some((cursor.ins().iadd(a, b), n >= 0)),
            (CheckedOp::Sub, Some(n)) => Some((cursor.ins().isub(a, b), n < 0)),
            _ => None,
        };
        if let Some((result, grows)) = beyond {
            let condition = if grows {
                IntCC::SignedLessThan
            } else {
                IntCC::SignedGreaterThan
            };
            return (result, cursor.ins().icmp(condition, result, a));
        }
        match op {
            CheckedOp::Add => cursor.ins().sadd_overflow(a, b),
            CheckedOp::Sub => cursor.ins().ssub_overflow(a, b),
            CheckedOp::Mul => cursor.ins().smul_overflow(a, b),
        }
    }

    fn int_cmp(&mut self, cmp: CmpOp, a: Value, b: Value) -> Value {
        self.at_end().ins().icmp(int_condition(cmp), a, b)
    }

    fn below(&mut self, a: Value, b: Value) -> Value {
        self.at_end().ins().icmp(IntCC::UnsignedLessThan, a, b)
    }

    fn same(&mut self, a: Value, b: Value) -> Value {
        self.at_end().ins().icmp(IntCC::Equal, a, b)
    }

    fn not(&mut self, bit: Value) -> Value {
        let zero = self.bit(false);
        self.at_end().ins().icmp(IntCC::Equal, bit, zero)
    }

    fn both(&mut self, a: Value, b: Value) -> Value {
        self.at_end().ins().band(a, b)
    }

    fn either(&mut self, a: Value, b: Value) -> Value {
        self.at_end().ins().bor(a, b)
    }

    fn select(&mut self, bit: Value, a: Value, b: Value) -> Value {
        self.at_end().ins().select(bit, a, b)
    }

    fn bit_to_int(&mut self, bit: Value) -> Value {
        self.at_end().ins().uextend(I64, bit)
    }

    fn float_op(&mut self, op: FloatOp, a: Value, b: Value) -> Value {
        let mut cursor = self.at_end();
        let m = cursor.ins();
        match op {
            FloatOp::Add => m.fadd(a, b),
            FloatOp::Sub => m.fsub(a, b),
            FloatOp::Mul => m.fmul(a, b),
            FloatOp::Div => m.fdiv(a, b),
        }
    }

    fn float_unary(&mut self, op: FloatUnary, a: Value) -> Value {
        let mut cursor = self.at_end();
        let m = cursor.ins();
        match op {
            FloatUnary::Neg => m.fneg(a),
            FloatUnary::Abs => m.fabs(a),
            FloatUnary::Sqrt => m.sqrt(a),
        }
    }

    fn float_cmp(&mut self, cmp: CmpOp, a: Value, b: Value) -> Value {
        self.at_end().ins().fcmp(float_condition(cmp), a, b)
    }

    fn int_to_float(&mut self, a: Value) -> Value {
        self.at_end().ins().fcvt_from_sint(F64, a)
    }

    fn float_to_bits(&mut self, a: Value) -> Value {
        self.at_end().ins().bitcast(I64, MemFlagsData::new(), a)
    }

    fn bits_to_float(&mut self, a: Value) -> Value {
        self.at_end().ins().bitcast(F64, MemFlagsData::new(), a)
    }

    fn ptr_to_int(&mut self, a: Value) -> Value {
        a
    }

    fn int_to_ptr(&mut self, a: Value) -> Value {
        a
    }

    fn load_from(&mut self, _: Memory, ty: Ty, base: Value, offset: i32) -> Value {
        let mut cursor = self.at_end();
        let m = cursor.ins();
        match ty {
            Ty::I8 => m.uload8(I64, ACCESS, base, offset),
            Ty::I32 => m.sload32(ACCESS, base, offset),
            Ty::I64 | Ty::F64 | Ty::Ptr | Ty::Bit => m.load(in_register(ty), ACCESS, base, offset),
        }
    }

    /// An atomic load, which is an ordinary instruction of the machine: Cranelift takes an equal plain one out of loops.
    fn load_volatile(&mut self, base: Value) -> Value {
        let mut cursor = self.at_end();
        let word = cursor
            .ins()
            .atomic_load(cranelift_codegen::ir::types::I32, ACCESS, base);
        cursor.ins().sextend(I64, word)
    }

    fn store_to(&mut self, _: Memory, ty: Ty, value: Value, base: Value, offset: i32) {
        let value = self.operand(value);
        let mut cursor = self.at_end();
        let m = cursor.ins();
        match ty {
            Ty::I8 => m.istore8(ACCESS, value, base, offset),
            Ty::I32 => m.istore32(ACCESS, value, base, offset),
            Ty::I64 | Ty::F64 | Ty::Ptr | Ty::Bit => m.store(ACCESS, value, base, offset),
        };
    }

    fn offset(&mut self, base: Value, bytes: Value) -> Value {
        if let Some(inst) = self.function.dfg.value_def(base).inst()
            && let InstructionData::StackAddr {
                stack_slot, offset, ..
            } = self.function.dfg.insts[inst]
            && let Some(more) = self.known(bytes)
        {
            let offset = i32::from(offset) + more as i32;
            return self.at_end().ins().stack_addr(I64, stack_slot, offset);
        }
        self.at_end().ins().iadd(base, bytes)
    }

    fn stack_slot(&mut self, bytes: u32) -> Value {
        let slot = self.function.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            bytes.next_multiple_of(8),
            SLOT_ALIGN_SHIFT,
        ));
        self.at_end().ins().stack_addr(I64, slot, 0)
    }

    fn call(&mut self, helper: Helper, args: &[Value]) -> Vec<Value> {
        let callee = self.helper(helper);
        let args: Vec<Value> = args.iter().map(|arg| self.operand(*arg)).collect();
        let call = self.at_end().ins().call(callee, &args);
        self.function.dfg.inst_results(call).to_vec()
    }

    fn call_entry(&mut self, entry: Value, args: [Value; 3]) -> (Value, Value) {
        let signature = match self.entry_signature {
            Some(known) => known,
            None => self.function.import_signature(entry_signature()),
        };
        self.entry_signature = Some(signature);
        let args = args.map(|arg| self.operand(arg));
        let call = self.at_end().ins().call_indirect(signature, entry, &args);
        let results = self.function.dfg.inst_results(call);
        (results[0], results[1])
    }

    fn block(&mut self, params: &[Ty], cold: bool) -> Block {
        let block = self.function.dfg.make_block();
        for ty in params {
            self.function
                .dfg
                .append_block_param(block, in_register(*ty));
        }
        self.function.layout.append_block(block);
        if cold {
            self.function.layout.set_cold(block);
        }
        block
    }

    fn block_params(&self, block: Block) -> Vec<Value> {
        self.function.dfg.block_params(block).to_vec()
    }

    fn switch_to(&mut self, block: Block) {
        self.block = block;
    }

    fn jump(&mut self, block: Block, args: &[Value]) {
        let args: Vec<BlockArg> = args.iter().map(|arg| BlockArg::Value(*arg)).collect();
        self.at_end().ins().jump(block, &args);
    }

    /// Which way is usual shows in which of the blocks are cold.
    fn branch(&mut self, bit: Value, then: Block, otherwise: Block, _hint: Hint) {
        self.at_end().ins().brif(bit, then, &[], otherwise, &[]);
    }

    fn leave(&mut self, leave: Leave<'_, Value>) {
        for (at, word) in leave.words[Site::PARAMS..].iter().enumerate() {
            let offset = activation::VALUES + 8 * at as i32;
            self.at_end().ins().store(ACCESS, *word, leave.act, offset);
        }
        let tail = match self.tail {
            Some(tail) => tail,
            None => self.make_tail(&leave),
        };
        let number = self.int(i64::from(leave.exit));
        self.jump(tail, &[number]);
    }

    fn ret(&mut self, tag: Value, payload: Value) {
        self.at_end().ins().return_(&[tag, payload]);
    }
}
