//! The recorded inputs, `benches/inputs`: units of `benches/programs` as the runtime met them. A unit is two files:
//!
//! - `NAME.json`: its code object, the feedback map and every answer of the oracle ([`_swallow::bytecode::recording`]): what the
//!   frontend gets;
//! - `NAME.hir`: the HIR that was built of that then, as text: what the passes and everything behind them get. So a change of
//!   the frontend does not change what they are measured on.
//!
//! `cargo xtask record` makes them anew. Addresses in them are those of the process that was recorded, and never followed.

use _swallow::bytecode::Recording;
use _swallow::frontend::FrontendOptions;
use _swallow::hir::{Function, parse_function, verify};
use std::fs;
use std::path::{Path, PathBuf};

/// A recorded unit.
pub struct Input {
    /// `PROGRAM.FUNCTION`, or `PROGRAM.FUNCTION_PC` for a unit that begins at a loop.
    pub name: String,
    pub recording: Recording,
    pub options: FrontendOptions,
    /// Before the passes.
    pub function: Function,
}

/// The files of recordings, in order.
///
/// # Errors
/// When there are none.
pub fn files() -> Result<Vec<PathBuf>, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/inputs");
    let entries =
        fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!(
            "{}: no recorded inputs; `cargo xtask record` makes them",
            directory.display()
        ));
    }
    Ok(files)
}

/// The unit of a recording.
///
/// # Errors
/// One line: which of its two files can't be read, and why.
pub fn read(path: &Path) -> Result<Input, String> {
    let hir = path.with_extension("hir");
    let text = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (recording, options) = serde_json::from_str(&text(path)?)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let function =
        parse_function(&text(&hir)?).map_err(|error| format!("{}: {error}", hir.display()))?;
    verify(&function).map_err(|errors| format!("{}: {errors}", hir.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Input {
        name: name.into_owned(),
        recording,
        options,
        function,
    })
}

/// All units.
///
/// # Errors
/// As [`files`] and [`read`].
pub fn all() -> Result<Vec<Input>, String> {
    files()?.iter().map(|path| read(path)).collect()
}
