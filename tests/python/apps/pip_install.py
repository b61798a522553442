"""pip installs wheels that are made here into a directory, twice, and refuses what it must refuse."""

import base64
import contextlib
import hashlib
import io
import logging
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from pip._internal.cli.main import main as pip
from pip._internal.commands import create_command

MODULE = '''\
"""Module {n} of {name}."""

VALUES = {{"a": {n}, "b": [x for x in range({n})]}}


class Thing{n}:
    def method(self, x, *args, key=None):
        try:
            return [f"{{x}} {{y}}" for y in args if y != key] or self
        finally:
            VALUES["a"] += 1


def main():
    print("module {n}", VALUES)
'''


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def make_wheel(directory, name, version, modules, needs=()):
    """A wheel with that many modules and a script; its path."""
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/part_{n}.py": MODULE.format(name=name, n=n) for n in range(modules)}
    files[f"{name}/__init__.py"] = f"__version__ = {version!r}\n"
    files[f"{name}/data/text.txt"] = "text\n" * 50
    files[f"{name}-{version}.data/scripts/{name}-script"] = "#!python\nprint('script')\n"
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: made here\n{requires}\nText.\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: driver\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}.part_0:main\n"
    record = "".join(f"{path},{digest(text.encode())},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    path = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, text in files.items():
            # With a time of its own, an entry would differ from run to run.
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return path


def run(home, *arguments):
    """pip in this process; prints what it prints."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = pip([*arguments[:1], "--isolated", "--disable-pip-version-check", "--no-color", *arguments[1:]])
    # Its handlers hold the streams.
    logging.getLogger().handlers.clear()
    print(f"---- pip {' '.join(arguments).replace(str(home), 'HOME')}: exit status {status}")
    for text in (output.getvalue(), errors.getvalue()):
        print(text.replace(str(home), "HOME").replace(sys.executable, "PYTHON"))


def show(target):
    """The files, with a digest of those that are the same wherever they were installed."""
    for path in sorted(target.rglob("*")):
        if path.is_file():
            made_here = path.suffix == ".pyc" or path.parent.name == "bin" or path.name in ("RECORD", "direct_url.json")
            print(path.relative_to(target).as_posix(), "" if made_here else digest(path.read_bytes()))


def main():
    home = Path(tempfile.mkdtemp(prefix="pip-")).resolve()
    # It prints paths relative to this.
    os.chdir(home)
    target = home / "target"
    old = make_wheel(home, "things", "1.0", 60)
    new = make_wheel(home, "things", "1.1", 80, ["other>=2; python_version > '3'"])
    other = make_wheel(home, "other", "2.0", 5)
    broken = home / "broken-1.0-py3-none-any.whl"
    broken.write_bytes(b"no wheel")
    # It warns of what is imported once something is installed.
    for command in ("hash", "install", "list", "show"):
        create_command(command)
    install = ["install", "--no-index", "--no-deps", "--no-cache-dir", "--root-user-action=ignore", "--target", str(target)]
    run(home, "hash", str(other))
    run(home, "show", "no-such-package")
    run(home, *install, "--find-links", str(home), "things==3")
    run(home, *install, str(broken))
    run(home, *install, str(old))
    show(target)
    run(home, *install, str(new))
    run(home, *install, "--upgrade", str(new), "--find-links", str(home), "other<3")
    show(target)
    run(home, "list", "--path", str(target))
    # The warnings of what is imported at exit are nobody's.
    logging.disable()
    os.chdir("/")
    shutil.rmtree(home)


main()
