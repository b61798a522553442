//! The only FFI to CPython: declarations, typed references, frames, copies of code objects, the
//! evaluation hook's installation, start-up checks.
//!
//! Everything here runs with the GIL held unless it says otherwise. Offsets come from
//! [`crate::layout`]; [`check`] refuses an interpreter that they do not fit.

pub mod check;
pub mod events;
pub mod ffi;
pub mod frame;
pub mod oracle;
pub mod reference;
pub mod snapshot;
pub mod takeover;

pub use ffi::{PyObject, PyThreadState};
pub use frame::Frame;
pub use reference::Owned;
