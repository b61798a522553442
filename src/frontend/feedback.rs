//! What feedback says about an instruction, for the builder.
//!
//! Where the recording evaluator has seen an instruction, its quickened form is replaced by the one that
//! fits what was seen (or by none), so that the builder and [`super::demand`] read one thing, whoever
//! has recorded it.

use super::builder::Builder;
use crate::bytecode::{Instr, opcode as o};
use crate::feedback::{Attr, Kind, Map, Place, Site, SiteKind, site_kind};
use crate::hir::{BinOp, Type};

/// The one pair of operand kinds that a site has seen.
fn only(site: &Site) -> Option<(Kind, Kind, Kind)> {
    match site.operands()?[..] {
        [(a, b, result, _)] => Some((a, b, result)),
        _ => None,
    }
}

/// Gives instructions the quickened form that fits what was seen.
pub(super) fn requicken(instrs: &mut [Instr], map: &Map) {
    for instr in instrs {
        let Some(site) = map.site(instr.pc as usize) else {
            continue;
        };
        if site_kind(instr.op) != Some(SiteKind::Operands) {
            continue;
        }
        instr.quick = only(site).map_or(instr.op, |(a, b, _)| quick(instr, a, b));
    }
}

/// The quickened form of an instruction on these operands.
fn quick(instr: &Instr, a: Kind, b: Kind) -> u8 {
    use Kind::{Float, Int, List, Nothing, Str, Tuple};
    let plain = BinOp::ALL
        .get(instr.arg as usize)
        .copied()
        .map(BinOp::plain);
    match (instr.op, a, b) {
        (o::BINARY_OP, Int, Int) => match plain {
            Some(BinOp::Add) => o::BINARY_OP_ADD_INT,
            Some(BinOp::Subtract) => o::BINARY_OP_SUBTRACT_INT,
            Some(BinOp::Multiply) => o::BINARY_OP_MULTIPLY_INT,
            _ => instr.op,
        },
        (o::BINARY_OP, Float, Float) => match plain {
            Some(BinOp::Add) => o::BINARY_OP_ADD_FLOAT,
            Some(BinOp::Subtract) => o::BINARY_OP_SUBTRACT_FLOAT,
            Some(BinOp::Multiply) => o::BINARY_OP_MULTIPLY_FLOAT,
            _ => instr.op,
        },
        (o::BINARY_OP, Str, Str) if plain == Some(BinOp::Add) => {
            if instr.quick == o::BINARY_OP_INPLACE_ADD_UNICODE {
                instr.quick
            } else {
                o::BINARY_OP_ADD_UNICODE
            }
        }
        (o::COMPARE_OP, Int, Int) => o::COMPARE_OP_INT_JUMP,
        (o::COMPARE_OP, Float, Float) => o::COMPARE_OP_FLOAT_JUMP,
        (o::BINARY_SUBSCR, List, Int) => o::BINARY_SUBSCR_LIST_INT,
        (o::BINARY_SUBSCR, Tuple, Int) => o::BINARY_SUBSCR_TUPLE_INT,
        (o::STORE_SUBSCR, List, Int) => o::STORE_SUBSCR_LIST_INT,
        (o::UNPACK_SEQUENCE, Tuple, Nothing) => o::UNPACK_SEQUENCE_TUPLE,
        (o::UNPACK_SEQUENCE, List, Nothing) => o::UNPACK_SEQUENCE_LIST,
        _ => instr.op,
    }
}

/// Where an attribute may be: what the site has seen, the most frequent first.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) cases: Vec<Attr>,
    /// The version of the shared keys, where CPython has cached it.
    pub(super) keys_version: Option<u32>,
}

impl Builder<'_> {
    /// The exact classes of an operand site's two operands, if there was only one pair.
    pub(super) fn seen_operands(&self, instr: &Instr) -> Option<(Type, Type)> {
        let site = self.site(instr)?;
        let (a, b, _) = only(site)?;
        Some((a.ty()?, b.ty()?))
    }

    /// Whether ints at this instruction have outgrown the machine.
    pub(super) fn seen_big(&self, instr: &Instr) -> bool {
        self.site(instr).is_some_and(|site| {
            let cases = site.operands().unwrap_or_default();
            cases
                .iter()
                .any(|(a, b, result, _)| [a, b, result].contains(&&Kind::BigInt))
        })
    }

    /// The class of the items that a subscript has yielded.
    pub(super) fn seen_item(&self, instr: &Instr) -> Option<Type> {
        only(self.site(instr)?)?.2.ty()
    }

    /// The class of the only operand of an instruction.
    pub(super) fn seen_operand(&self, instr: &Instr) -> Option<Type> {
        only(self.site(instr)?)?.0.ty()
    }

    fn site(&self, instr: &Instr) -> Option<&Site> {
        self.options.feedback.as_ref()?.site(instr.pc as usize)
    }

    /// Whether a branch has gone one way only, often enough to count on it: `Some(taken)`.
    pub(super) fn seen_branch(&self, instr: &Instr) -> Option<bool> {
        /// Times that a branch must have been seen.
        const ENOUGH: u32 = 30;
        match self.site(instr)?.branch() {
            (taken, 0) if taken >= ENOUGH => Some(true),
            (0, not) if not >= ENOUGH => Some(false),
            _ => None,
        }
    }

    /// The code object that a call has always called.
    pub(super) fn seen_target(&self, instr: &Instr) -> Option<u64> {
        self.site(instr)?.target()
    }

    /// Where a global was found: dictionary entry and versions, as `LOAD_GLOBAL`'s cache has them.
    pub(super) fn seen_global(&self, instr: &Instr) -> Option<(bool, u32, u32, u32)> {
        let site = self.site(instr)?;
        let global = site.global();
        (global.globals != 0).then(|| {
            (
                global.builtins != 0,
                global.index.into(),
                global.globals,
                global.builtins.into(),
            )
        })
    }

    /// Where an attribute was found, by feedback or by CPython's cache.
    pub(super) fn seen_attributes(&self, instr: &Instr) -> Attributes {
        if let Some(map) = &self.options.feedback
            && map.site(instr.pc as usize).is_some()
        {
            return Attributes {
                cases: map.attrs(instr.pc as usize),
                keys_version: None,
            };
        }
        let place = match instr.quick {
            o::LOAD_ATTR_INSTANCE_VALUE | o::STORE_ATTR_INSTANCE_VALUE => Place::Inline,
            o::LOAD_ATTR_SLOT | o::STORE_ATTR_SLOT => Place::Slot,
            o::LOAD_ATTR_MODULE | o::LOAD_METHOD_MODULE => Place::Module,
            o::LOAD_METHOD_WITH_VALUES => Place::Method,
            o::LOAD_METHOD_NO_DICT => Place::MethodNoDict,
            _ => return Attributes::default(),
        };
        Attributes {
            cases: vec![Attr {
                version: instr.cache32(self.code, 1),
                index: instr.cache16(self.code, 3),
                place,
                count: 1,
            }],
            keys_version: (place == Place::Method).then(|| instr.cache32(self.code, 4)),
        }
    }
}
