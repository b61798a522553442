//! Building the extension module and the code generator, and putting the package into a virtual environment.
//!
//! The environment gets links to the Python files and a copy of the built library, not a wheel: a rebuild is then seen at once,
//! and a second run does nothing.

use crate::setup::{Venv, Workspace};
use crate::shell::{check, say};
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What the extension module is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// CPython as people run it.
    Plain,
    /// A debug build of CPython, which counts references.
    Debug,
}

impl Flavour {
    /// The name under which CPython 3.11 finds the library.
    fn extension(self) -> &'static str {
        match self {
            Flavour::Plain => "_swallow.cpython-311-x86_64-linux-gnu.so",
            Flavour::Debug => "_swallow.cpython-311d-x86_64-linux-gnu.so",
        }
    }
}

/// What is built.
pub struct Built {
    /// The extension module.
    library: PathBuf,
    flavour: Flavour,
    /// The code generator, with the names that the package has for its files.
    generator: [(PathBuf, &'static str); 2],
}

/// Builds the extension module in the release profile, and the code generator.
pub fn build(workspace: &Workspace) -> Result<Built> {
    build_for(workspace, Flavour::Plain)
}

/// The same for a kind of interpreter.
pub fn build_for(workspace: &Workspace, flavour: Flavour) -> Result<Built> {
    let cargo = |args: &[&str]| {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--quiet", "--package", "swallow", "--lib"]);
        cargo.args(args).arg("--target-dir").arg(&workspace.target);
        check(&mut cargo)
    };
    say("building the extension module");
    let folder = match flavour {
        Flavour::Plain => {
            cargo(&["--release"])?;
            "release"
        }
        Flavour::Debug => {
            cargo(&["--profile", "ref-debug", "--features", "ref-debug"])?;
            "ref-debug"
        }
    };
    say("building the code generator");
    cargo(&[
        "--bins",
        "--profile",
        "generator",
        "--no-default-features",
        "--features",
        "llvm-static",
    ])?;
    let generator = workspace.target.join("generator");
    Ok(Built {
        library: workspace.target.join(folder).join("lib_swallow.so"),
        flavour,
        generator: [
            (generator.join("swallow-codegen"), "swallow-codegen"),
            (generator.join("lib_swallow.so"), "libswallow_codegen.so"),
        ],
    })
}

/// Puts the package with what was built into the environment; sub-packages are links, too.
pub fn install(workspace: &Workspace, venv: &Venv, built: &Built) -> Result<()> {
    let site = venv.site_packages()?;
    let package = site.join("swallow");
    fs::create_dir_all(&package)?;
    let sources = workspace.root.join("python/swallow");
    // Links whose file is gone.
    for entry in fs::read_dir(&package)? {
        let path = entry?.path();
        if path.is_symlink() && !path.exists() {
            fs::remove_file(&path)?;
        }
    }
    for entry in fs::read_dir(&sources).with_context(|| sources.display().to_string())? {
        let source = entry?.path();
        let name = source.file_name().context("a file has a name")?;
        let link = package.join(name);
        if name != "__pycache__" && fs::read_link(&link).ok().as_ref() != Some(&source) {
            let _ = fs::remove_file(&link);
            symlink(&source, &link)?;
        }
    }
    copy(&built.library, &package.join(built.flavour.extension()))?;
    for (file, name) in &built.generator {
        copy(file, &package.join(name))?;
    }
    copy(
        &workspace.root.join("python/data/platlib/swallow.pth"),
        &site.join("swallow.pth"),
    )?;
    let script = venv.directory.join("bin/swallow");
    let text = format!(
        "#!{}\nfrom swallow.__main__ import main\n\nmain()\n",
        venv.python().display()
    );
    if fs::read_to_string(&script).ok().as_ref() != Some(&text) {
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Copies a file if the copy is not up to date. The old copy may be mapped by a running process: it is replaced, not overwritten.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let source = fs::metadata(from).with_context(|| from.display().to_string())?;
    let fresh = fs::metadata(to).is_ok_and(|copy| {
        copy.len() == source.len()
            && matches!((copy.modified(), source.modified()), (Ok(copy), Ok(source)) if copy >= source)
    });
    if !fresh {
        // `swallow-codegen` has no extension, and a library's name has several.
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let fresh_copy = to.with_file_name(format!("{name}.new"));
        fs::copy(from, &fresh_copy)?;
        fs::rename(&fresh_copy, to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_its_source() {
        let directory = std::env::temp_dir().join(format!("swallow-copy-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("temporary directory");
        let (from, to) = (directory.join("from"), directory.join("to"));
        fs::write(&from, "one").expect("written");
        copy(&from, &to).expect("copied");
        assert_eq!(fs::read_to_string(&to).expect("read"), "one");
        fs::write(&from, "three").expect("written");
        copy(&from, &to).expect("copied");
        assert_eq!(fs::read_to_string(&to).expect("read"), "three");
        fs::remove_dir_all(&directory).expect("removed");
    }
}
