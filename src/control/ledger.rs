//! The ledger: what the JIT has in memory, by kind and by function, in bytes.
//!
//! Heap bytes are counted where they are allocated ([`crate::stats::HEAP`]); what no row claims is the row `heap_rest`.
//! The extension module's own pages are those that no other process shares, as `/proc/self/smaps` has them, looked at first: the ledger itself maps
//! more of them. What loading it takes otherwise can only be told by looking before and behind, which takes 0.1 ms each time: that is done for `-X jit-stats`.
//! It leaves out what is mapped of other files: all Pythons of the machine share those pages, and how many are mapped depends on where the linker has put them.

use super::{Jit, describe_code};
use crate::code::unit::{Installed, Unit};
use crate::stats::HEAP;
use crate::timing::mapped::Mapped;
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// What loading the JIT has taken beside its heap and its module, in bytes, if it is known: Python objects, the linker's records.
static LOADING: OnceLock<usize> = OnceLock::new();

/// What is known of one code object.
#[derive(Clone, Copy, Default)]
struct Row {
    feedback: usize,
    /// Machine code, constant pools and unwind tables.
    code: usize,
    /// How native code is left.
    exit_tables: usize,
    /// Everything else of the record.
    record: usize,
}

impl Row {
    fn of(unit: &Unit) -> Row {
        let places = unit.places.iter().filter_map(|place| place.code.as_deref());
        let mut row = Row {
            feedback: unit.map_bytes,
            record: unit.record_bytes(),
            ..Row::default()
        };
        for installed in places.chain(unit.installed()) {
            row.add(installed);
        }
        row
    }

    fn add(&mut self, installed: &Installed) {
        self.code += installed.image.memory_size() as usize;
        self.exit_tables += installed.table_bytes();
    }

    fn total(self) -> usize {
        self.feedback + self.code + self.exit_tables + self.record
    }
}

impl Jit {
    /// The ledger; by function, too, if `each`; `mapped` is what was mapped before anything else was asked, since this itself takes memory.
    #[must_use]
    pub fn ledger(&self, mapped: Mapped, each: bool) -> Value {
        let module = mapped.module;
        let heap = HEAP.load(Ordering::Relaxed) as usize;
        let loading = LOADING.get().copied();
        let mut all = Row::default();
        let mut functions: Vec<(usize, Value)> = Vec::new();
        let records: Vec<u64> = self.records().keys().copied().collect();
        for code in records {
            let Some(unit) = self.unit(code as *mut _) else {
                continue;
            };
            let row = Row::of(unit);
            all.feedback += row.feedback;
            all.code += row.code;
            all.exit_tables += row.exit_tables;
            all.record += row.record;
            if !each {
                continue;
            }
            let value = json!({
                "name": describe_code(code as *mut _), "feedback": row.feedback, "code": row.code,
                "exit_tables": row.exit_tables, "record": row.record, "total": row.total(),
            });
            functions.push((row.total(), value));
        }
        functions.sort_by_key(|(total, _)| std::cmp::Reverse(*total));
        let mut retired = Row::default();
        for installed in self.graveyard.versions().iter() {
            retired.add(installed);
        }
        let (usage, buffers, held) = match self.back.try_lock() {
            Ok(back) => (back.usage(), back.buffered(), back.arena_pages()),
            Err(_) => Default::default(),
        };
        let pending = self.pending().len() * size_of::<super::compile::Pending>();
        let claimed = all.feedback + all.exit_tables + all.record + retired.exit_tables;
        let rest = heap.saturating_sub(claimed + buffers + pending);
        let in_use = all.code + retired.code;
        let total = heap + held.max(usage.used) + module + loading.unwrap_or(0);
        let mut ledger = json!({
            "total": total,
            "code": all.code,
            "retired_code": retired.code,
            "arena_slack": held.max(usage.used).saturating_sub(in_use),
            "exit_tables": all.exit_tables + retired.exit_tables,
            "feedback": all.feedback,
            "records": all.record,
            "requests": buffers + pending,
            "heap_rest": rest,
            "module": module,
            "loading": loading,
        });
        if each {
            ledger["functions"] = functions.into_iter().map(|(_, value)| value).collect();
        }
        ledger
    }
}

/// Takes down what loading the JIT has taken, at its end; `before` are the process's own bytes ([`Mapped::own`]) before its first line.
pub fn note_loading(before: usize) {
    let now = Mapped::now();
    let heap = HEAP.load(Ordering::Relaxed) as usize;
    // The first time counts: the JIT is loaded once.
    let gained = now.own.saturating_sub(before);
    let _ = LOADING.set(gained.saturating_sub(now.module_own + heap));
}
