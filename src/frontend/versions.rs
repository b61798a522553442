//! Versions of bytecode blocks: a block that is arrived at with other types is built once more, up to a limit, beyond which
//! versions are widened (see `state`).

use super::builder::{Builder, Work};
use super::state::{Item, ItemKey, Key, State, coarse};
use crate::hir::{Block, Op, Target, Type, Value};

/// Versions of one block before they are widened into one.
const MAX_VERSIONS: usize = 4;

/// A version of a bytecode block.
pub(super) struct Version {
    key: Key,
    block: Block,
}

impl Builder<'_> {
    /// The target for a jump to `pc` with the current state. A block with one arrival continues
    /// with the very state; others are versioned by type.
    pub(super) fn version(&mut self, pc: u32) -> Target {
        if self.shape.has_one_arrival(pc) {
            let block = self.func.new_block();
            self.work.push(Work {
                pc,
                block,
                state: self.state.clone(),
            });
            return Target {
                block,
                args: vec![],
            };
        }
        let key = self.key(pc);
        let versions = self.versions.entry(pc).or_default();
        let mut wanted = key.clone();
        let mut found = versions.iter().position(|v| v.key == key);
        if found.is_none() && versions.len() >= MAX_VERSIONS {
            found = versions.iter().rposition(|v| v.key.covers(&key));
            for version in versions.iter().filter(|v| v.key.same_shape(&key)) {
                wanted = wanted.join(&version.key);
            }
        }
        let block = match found {
            Some(at) => versions[at].block,
            None => self.new_version(pc, wanted.clone()),
        };
        let wanted = &self.versions[&pc]
            .iter()
            .find(|v| v.block == block)
            .expect("found or made above")
            .key
            .clone();
        let args = self.arguments(wanted);
        Target { block, args }
    }

    /// The key of the current state on arrival at `pc`. At the head of an outer loop, locals that
    /// will be overwritten before they are read share one key: the inner loops are versioned
    /// anyway, and boxing a few dead numbers once per outer iteration is cheaper than further
    /// copies of everything inside.
    fn key(&self, pc: u32) -> Key {
        let outer = self.shape.is_outer_loop_head(pc);
        let live = outer.then(|| self.live.at(&self.shape, pc)).flatten();
        let local = |(slot, value): (usize, &Option<Value>)| {
            if live
                .as_ref()
                .is_some_and(|live| !live.contains(slot as u32))
            {
                return Type::MAYBE;
            }
            value.map_or(Type::NULL, |v| coarse(self.ty(v)))
        };
        Key {
            locals: self.state.locals.iter().enumerate().map(local).collect(),
            stack: self
                .state
                .stack
                .iter()
                .map(|item| match item {
                    Item::Null => ItemKey::Null,
                    Item::Value(v) => ItemKey::Value(coarse(self.ty(*v))),
                    Item::Range { .. } => ItemKey::Range,
                    Item::List { .. } => ItemKey::List,
                })
                .collect(),
        }
    }

    /// A new version: a block with one parameter per value of the key.
    fn new_version(&mut self, pc: u32, key: Key) -> Block {
        let block = self.func.new_block();
        let mut state = State::default();
        let arriving = self.state.clone();
        for (ty, old) in key.locals.iter().zip(&arriving.locals) {
            if *ty == Type::NULL {
                state.locals.push(None);
                continue;
            }
            let param = self.func.add_param(block, *ty);
            if let Some(old) = old {
                self.inherit(*old, param);
            }
            state.locals.push(Some(param));
        }
        for (item, old) in key.stack.iter().zip(&arriving.stack) {
            let item = match item {
                ItemKey::Null => Item::Null,
                ItemKey::Value(ty) => {
                    let param = self.func.add_param(block, *ty);
                    if let Item::Value(old) = old {
                        self.inherit(*old, param);
                    }
                    Item::Value(param)
                }
                ItemKey::Range => Item::Range {
                    next: self.func.add_param(block, Type::I64),
                    remaining: self.func.add_param(block, Type::I64),
                    step: self.func.add_param(block, Type::I64),
                },
                ItemKey::List => Item::List {
                    list: self.func.add_param(block, Type::LIST),
                    index: self.func.add_param(block, Type::I64),
                },
            };
            state.stack.push(item);
        }
        self.versions
            .entry(pc)
            .or_default()
            .push(Version { key, block });
        self.work.push(Work { pc, block, state });
        block
    }

    /// The current state as arguments for a version with `key`.
    fn arguments(&mut self, key: &Key) -> Vec<Value> {
        let mut args = Vec::new();
        for (slot, ty) in key.locals.iter().enumerate() {
            if *ty == Type::NULL {
                continue;
            }
            match self.state.locals[slot] {
                Some(value) => args.push(value),
                None => {
                    let null = self.emit(Op::ConstNull, &[], &[]);
                    args.push(null);
                }
            }
        }
        for item in &self.state.stack {
            args.extend(item.values());
        }
        args
    }
}
