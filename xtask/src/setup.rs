//! What the machine must have: Debian packages, and a virtual environment under the target directory.
//!
//! Everything is checked first and installed only when missing, so that a second run costs nothing.

use crate::shell::{check, output, quietly, say};
use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The reference interpreter: Debian's, optimised.
pub const DEFAULT_PYTHON: &str = "/usr/bin/python3.11";

/// To build: LLVM's headers, llvm-config and libraries (llvm-sys links all of them, Polly too, where they are static),
/// what those need, and the linker with libstdc++.
const PACKAGES: &[&str] = &[
    "llvm-19-dev",
    "libpolly-19-dev",
    "libzstd-dev",
    "zlib1g-dev",
    "g++",
];

/// The default interpreter and what `venv` needs to put pip into an environment.
const PYTHON_PACKAGES: &[&str] = &["python3.11", "python3.11-venv"];

/// For the tests that look for leaks; valgrind does not start without libc's symbols.
pub const TEST_PACKAGES: &[&str] = &["valgrind", "libc6-dbg"];

/// CPython's own tests, for the default interpreter.
pub const SUITE_PACKAGES: &[&str] = &["libpython3.11-testsuite"];

/// Where things are.
pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace that this xtask was built from.
    pub fn find() -> Result<Workspace> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask is not in a workspace")?
            .to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(path) => env::current_dir()?.join(path),
            None => root.join("target"),
        };
        Ok(Workspace { root, target })
    }

    /// A cargo command in the workspace.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }
}

/// Installs the Debian packages that are missing, `more` among them.
pub fn install_packages(python: &Path, more: &[&'static str]) -> Result<()> {
    let mut wanted = PACKAGES.to_vec();
    wanted.extend(more);
    if python == Path::new(DEFAULT_PYTHON) {
        wanted.extend(PYTHON_PACKAGES);
    }
    let missing: Vec<&str> = if on_path("dpkg-query") {
        wanted
            .into_iter()
            .filter(|package| !is_installed(package))
            .collect()
    } else {
        if Path::new("/usr/lib/llvm-19/bin/llvm-config").exists() && python.exists() {
            return Ok(());
        }
        wanted
    };
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !on_path("apt-get") {
        bail!(
            "this is no Debian system; these are needed, by their Debian 12 names: {packages}\n\
             LLVM 19 is looked for in /usr/lib/llvm-19, Python in {}",
            python.display()
        );
    }
    if !is_root()? {
        bail!("packages are missing; install them with\n    sudo apt-get install -y {packages}");
    }
    say(&format!("installing Debian packages: {packages}"));
    let mut install = apt();
    install
        .args(["install", "-y", "--no-install-recommends"])
        .args(&missing);
    // The lists of a fresh machine are empty or old.
    check(apt().args(["update", "-qq"]))?;
    check(&mut install).context("install them by hand, and try again")
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn is_installed(package: &str) -> bool {
    let status = Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status}", package])
        .output();
    status.is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// A virtual environment.
pub struct Venv {
    pub directory: PathBuf,
}

impl Venv {
    /// The environment for an interpreter, made now if there is none yet.
    pub fn for_interpreter(workspace: &Workspace, python: &Path) -> Result<Venv> {
        Venv::named(workspace, "venv", python)
    }

    /// The environment of that name for an interpreter, made now if there is none yet.
    pub fn named(workspace: &Workspace, name: &str, python: &Path) -> Result<Venv> {
        let name = if python == Path::new(DEFAULT_PYTHON) {
            name.to_owned()
        } else {
            let path = python.to_string_lossy();
            let other = |c: char| !c.is_alphanumeric() && c != '.';
            let path = path.trim_start_matches('/').replace(other, "-");
            format!("{name}-{path}")
        };
        Venv::at(workspace.target.join(name), python)
    }

    /// The environment in a directory.
    pub fn at(directory: PathBuf, python: &Path) -> Result<Venv> {
        let venv = Venv { directory };
        let stamp = venv.directory.join(".swallow-python");
        let version = output(
            Command::new(python).args(["-c", "import sys; print(sys.executable, sys.version)"]),
        )
        .context("is --python an interpreter?")?;
        if fs::read_to_string(&stamp).is_ok_and(|text| text == version) {
            return Ok(venv);
        }
        say(&format!(
            "making a virtual environment in {}",
            venv.directory.display()
        ));
        // Half an environment may be there, or one of another interpreter.
        if venv.directory.exists() {
            fs::remove_dir_all(&venv.directory)?;
        }
        quietly(
            Command::new(python)
                .args(["-m", "venv"])
                .arg(&venv.directory),
        )?;
        fs::write(&stamp, version)?;
        Ok(venv)
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// A command of its interpreter.
    pub fn command(&self) -> Command {
        Command::new(self.python())
    }

    /// Its site-packages directory.
    pub fn site_packages(&self) -> Result<PathBuf> {
        let lib = self.directory.join("lib");
        for entry in fs::read_dir(&lib).with_context(|| lib.display().to_string())? {
            let site = entry?.path().join("site-packages");
            if site.is_dir() {
                return Ok(site);
            }
        }
        bail!("no site-packages in {}", lib.display())
    }

    /// Installs the Python packages that tests and benchmarks use.
    pub fn install_requirements(&self, workspace: &Workspace) -> Result<()> {
        self.install_packages_of(&workspace.root.join("python/requirements-dev.txt"))
    }

    /// Installs the Python packages that a requirements file lists.
    pub fn install_packages_of(&self, file: &Path) -> Result<()> {
        let wanted = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let stamp = self.directory.join(".swallow-requirements");
        if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        let names: Vec<&str> = wanted
            .lines()
            .filter(|line| !line.starts_with(['#', '-']) && !line.is_empty())
            .collect();
        say(&format!("installing Python packages: {}", names.join(" ")));
        let mut install = self.command();
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(file);
        check(&mut install).context(
            "the Python packages can't be installed; see whether PyPI can be reached, and try again",
        )?;
        fs::write(&stamp, wanted)?;
        Ok(())
    }
}
