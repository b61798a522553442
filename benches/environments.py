"""Two empty virtual environments that differ in nothing but the installed package, for what memory_never.py and ledger.py compare."""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path

import measuring
from measuring import Failed

LOCATE = """
import json, swallow, sys, sysconfig
print(json.dumps([sys._base_executable, swallow.__file__, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))
"""

# What they are called.
WITHOUT, WITH = "without", "with"


def located(python):
    """The base interpreter, the package's directory, and the .pth files that mention it."""
    done = measuring.run([python, "-c", LOCATE], f"the package of {python}", measuring.environment(), text=True)
    base, file, *directories = json.loads(done.stdout)
    lines = sorted({path for directory in directories for path in Path(directory).glob("*.pth") if "swallow" in path.read_text()})
    if not lines:
        raise Failed(f"no .pth file in {directories[0]} starts the package: is it installed?")
    return base, Path(file).parent, lines


@contextlib.contextmanager
def alike(python):
    """Their interpreters, by name: without the package and with that of `python`. Both have written their .pyc files."""
    base, package, lines = located(python)
    with tempfile.TemporaryDirectory() as directory:
        pythons = {}
        for name in (WITHOUT, WITH):
            home = Path(directory, name)
            measuring.run([base, "-m", "venv", "--without-pip", str(home)], "making an environment", measuring.environment())
            pythons[name] = str(home / "bin" / "python")
        site = next(Path(directory, WITH, "lib").glob("python3*/site-packages"))
        shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in lines:
            shutil.copy(path, site)
        for command in ([pythons[WITHOUT]], [pythons[WITH], "-Xjit=never"], [pythons[WITH], "-Xjit=whenhot"]):
            measuring.run([*command, "-c", "pass"], "a first start", measuring.environment())
        yield pythons
