//! The objects of an interpreted run, with reference counts if asked for.
//!
//! Objects whose insides do not matter are known by a label; two runs are compared by labels and
//! contents, never by identity.

use super::{Datum, InterpError, Result, Shown};
use crate::hir::Type;
use crate::hir::print::USUAL_NAN;
use std::collections::BTreeMap;

/// An object's place in the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref(usize);

/// What an object holds.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Int(i64),
    Float(f64),
    Bool(bool),
    Items(Vec<Ref>),
    /// Attributes by kind of access and number, made up when first read.
    Opaque(BTreeMap<(&'static str, u32), Field>),
}

/// An attribute, and whether the program stored it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub object: Ref,
    pub stored: bool,
}

pub(super) struct Object {
    pub label: String,
    pub ty: Type,
    pub payload: Payload,
    refs: i64,
    freed: bool,
}

/// All objects ever made; freed ones stay to be recognised.
#[derive(Default)]
pub(super) struct Heap {
    objects: Vec<Object>,
    counting: bool,
    /// Objects were freed that may run code when they die.
    pub code_ran: bool,
}

impl Heap {
    pub fn new(counting: bool) -> Self {
        Heap {
            counting,
            ..Heap::default()
        }
    }

    /// A new object with one reference.
    fn add(&mut self, label: String, ty: Type, payload: Payload) -> Ref {
        self.objects.push(Object {
            label,
            ty,
            payload,
            refs: 1,
            freed: false,
        });
        Ref(self.objects.len() - 1)
    }

    pub fn int(&mut self, value: i64) -> Ref {
        self.add(String::new(), Type::INT, Payload::Int(value))
    }

    pub fn float(&mut self, value: f64) -> Ref {
        self.add(String::new(), Type::FLOAT, Payload::Float(value))
    }

    pub fn bool(&mut self, value: bool) -> Ref {
        self.add(String::new(), Type::BOOL, Payload::Bool(value))
    }

    pub fn opaque(&mut self, label: String, ty: Type) -> Ref {
        self.add(label, ty, Payload::Opaque(BTreeMap::new()))
    }

    /// A container that takes over the references of its items.
    pub fn items(&mut self, ty: Type, items: Vec<Ref>) -> Ref {
        self.add(String::new(), ty, Payload::Items(items))
    }

    /// The object that `datum` describes; null has none.
    pub fn datum(&mut self, datum: &Datum, label: &str) -> Option<Ref> {
        Some(match datum {
            Datum::Null => return None,
            Datum::Int(value) => self.int(*value),
            Datum::Float(value) => self.float(*value),
            Datum::Bool(value) => self.bool(*value),
            Datum::None => self.opaque("const None".to_owned(), Type::NONE),
            Datum::Object(ty) => self.opaque(label.to_owned(), *ty),
            Datum::List(items) | Datum::Tuple(items) => {
                let ty = match datum {
                    Datum::List(_) => Type::LIST,
                    _ => Type::TUPLE,
                };
                let items = items
                    .iter()
                    .enumerate()
                    .filter_map(|(i, item)| self.datum(item, &format!("{label}[{i}]")))
                    .collect();
                self.items(ty, items)
            }
        })
    }

    /// The object, which must be alive.
    pub fn get(&self, object: Ref) -> Result<&Object> {
        let found = &self.objects[object.0];
        if found.freed {
            return Err(InterpError::UseAfterFree(found.label.clone()));
        }
        Ok(found)
    }

    pub fn get_mut(&mut self, object: Ref) -> Result<&mut Object> {
        self.get(object)?;
        Ok(&mut self.objects[object.0])
    }

    pub fn list(&mut self, object: Ref) -> Result<&mut Vec<Ref>> {
        if !matches!(self.get(object)?.payload, Payload::Items(_)) {
            let name = self.get(object)?.name();
            return Err(InterpError::Unsupported(format!("items of {name}")));
        }
        match &mut self.objects[object.0].payload {
            Payload::Items(items) => Ok(items),
            _ => unreachable!("just checked"),
        }
    }

    pub fn incref(&mut self, object: Ref) -> Result<()> {
        if self.counting {
            self.get_mut(object)?.refs += 1;
        }
        Ok(())
    }

    pub fn decref(&mut self, object: Ref) -> Result<()> {
        if !self.counting {
            return Ok(());
        }
        let mut work = vec![object];
        while let Some(object) = work.pop() {
            let found = self.get_mut(object)?;
            found.refs -= 1;
            if found.refs > 0 {
                continue;
            }
            // The name stays for messages.
            found.label = found.name();
            found.freed = true;
            let trivial = found.ty.is(Type::TRIVIAL);
            work.extend(found.children());
            found.payload = Payload::Opaque(BTreeMap::new());
            self.code_ran |= !trivial;
        }
        Ok(())
    }

    /// Whether the one reference that the caller knows of is the only one.
    pub fn is_unique(&self, object: Ref) -> Result<bool> {
        Ok(self.counting && self.get(object)?.refs == 1)
    }

    /// Replaces every object that the outside world put into attributes by an equal one, so that
    /// references borrowed from there are dead. (Those that have attributes themselves stay.)
    pub fn renew_fields(&mut self) -> Result<()> {
        for at in 0..self.objects.len() {
            let owner = &self.objects[at];
            let Payload::Opaque(fields) = &owner.payload else {
                continue;
            };
            for (key, field) in fields.clone() {
                if !field.stored
                    && let Some(twin) = self.twin(field.object)
                    && let Payload::Opaque(fields) = &mut self.objects[at].payload
                {
                    let object = twin;
                    let stored = false;
                    fields.insert(key, Field { object, stored });
                    self.decref(field.object)?;
                }
            }
        }
        Ok(())
    }

    /// Another object that cannot be told from `object`, if that is easy.
    pub fn twin(&mut self, object: Ref) -> Option<Ref> {
        let found = &self.objects[object.0];
        match &found.payload {
            Payload::Opaque(fields) if fields.is_empty() => {
                Some(self.opaque(found.label.clone(), found.ty))
            }
            _ => None,
        }
    }

    /// What of an object can be told from outside.
    pub fn show(&self, object: Ref) -> Result<Shown> {
        self.show_within(object, 4)
    }

    fn show_within(&self, object: Ref, depth: u32) -> Result<Shown> {
        let found = self.get(object)?;
        Ok(match &found.payload {
            Payload::Int(value) => Shown::Int(*value),
            Payload::Float(value) => show_float(*value),
            Payload::Bool(value) => Shown::Bool(*value),
            Payload::Opaque(_) => Shown::Object(found.label.clone()),
            Payload::Items(items) if depth > 0 => {
                let items: Result<Vec<Shown>> = items
                    .iter()
                    .map(|&item| self.show_within(item, depth - 1))
                    .collect();
                if found.ty == Type::TUPLE {
                    Shown::Tuple(items?)
                } else {
                    Shown::List(items?)
                }
            }
            Payload::Items(_) => Shown::Object("…".to_owned()),
        })
    }

    /// Checks that every reference is accounted for: `held` are those outside of the heap.
    pub fn check_balance(&self, held: &[Ref]) -> Result<()> {
        if !self.counting {
            return Ok(());
        }
        let mut want = vec![0; self.objects.len()];
        for object in held {
            want[object.0] += 1;
        }
        for object in self.objects.iter().filter(|o| !o.freed) {
            for child in object.children() {
                want[child.0] += 1;
            }
        }
        for (object, want) in self.objects.iter().zip(want) {
            let have = if object.freed { 0 } else { object.refs };
            if have != want {
                return Err(InterpError::Unbalanced {
                    object: match object.freed {
                        true => object.label.clone(),
                        false => object.name(),
                    },
                    have,
                    want,
                });
            }
        }
        Ok(())
    }
}

impl Object {
    fn children(&self) -> Vec<Ref> {
        match &self.payload {
            Payload::Items(items) => items.clone(),
            Payload::Opaque(fields) => fields.values().map(|f| f.object).collect(),
            Payload::Int(_) | Payload::Float(_) | Payload::Bool(_) => Vec::new(),
        }
    }

    fn name(&self) -> String {
        match &self.payload {
            Payload::Int(value) => format!("int {value}"),
            Payload::Float(value) => format!("float {value:?}"),
            Payload::Bool(value) => format!("bool {value}"),
            Payload::Items(items) => format!("{} of {} items", self.ty, items.len()),
            Payload::Opaque(_) => format!("{} `{}`", self.ty, self.label),
        }
    }
}

/// A double as shown: all NaNs are alike.
pub(super) fn show_float(value: f64) -> Shown {
    Shown::Float(if value.is_nan() {
        USUAL_NAN
    } else {
        value.to_bits()
    })
}
