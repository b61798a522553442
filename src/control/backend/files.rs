//! Where the code generator's files are.

use std::ffi::{CStr, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The path of a file beside the extension module.
pub(super) fn beside_us(name: &str) -> Option<PathBuf> {
    let here: extern "C" fn() = anchor;
    // SAFETY: plain data, filled in by the call; the name lives as long as the module.
    let module = unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        let found: c_int = libc::dladdr(here as *const c_void, &mut info);
        if found == 0 || info.dli_fname.is_null() {
            return None;
        }
        CStr::from_ptr(info.dli_fname)
    };
    let module = Path::new(OsStr::from_bytes(module.to_bytes()));
    let folder = std::path::absolute(module).ok()?.parent()?.to_owned();
    Some(folder.join(name))
}

/// Lies in the extension module.
extern "C" fn anchor() {}
