"""What is compared: interpreters with their arguments."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

BASELINE = "/usr/bin/python3.11"
JIT = ("-Xjit=whenhot",)

# What an interpreter tells of itself. Whether the JIT is on shows in the native module, which nothing but the JIT loads.
PROBE = """
import json, sys
version = None
try:
    from importlib import metadata
    version = metadata.version("swallow")
except Exception:
    pass
jit = "swallow._swallow" in sys.modules
print(json.dumps({"version": sys.version, "implementation": sys.implementation.name, "swallow": version, "jit": jit}))
"""


class BadConfiguration(Exception):
    """An interpreter that isn't there, or arguments that make no sense."""


@dataclass(frozen=True)
class Configuration:
    """An interpreter with arguments, and its name in the reports."""

    name: str
    python: str
    arguments: tuple = ()

    def command(self, *more):
        """Its command line."""
        return [self.python, *self.arguments, *more]

    def wants_jit(self, environment):
        """Whether its arguments, or else the environment, switch the JIT on."""
        xoptions = dict(_xoptions(self.arguments))
        mode = xoptions.get("jit", environment.get("PYTHONJIT"))
        return mode != "never" and (bool(mode) or any(name.startswith("jit-") for name in xoptions))

    def __str__(self):
        return shlex.join(self.command())


def _xoptions(arguments):
    """Names and values of the -X options."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "-W":
            next(rest, None)
        elif argument.startswith("-X"):
            name, equals, value = (argument[2:] or next(rest, "")).partition("=")
            yield name, value if equals else "whenhot" if name == "jit" else "1"


def located(python):
    """The full path of an interpreter; its symbolic links stay, since virtual environments are made of them."""
    path = os.path.abspath(python) if os.sep in python else shutil.which(python)
    if path is None or not os.path.isfile(path) or not os.access(path, os.X_OK):
        raise BadConfiguration(f"{python}: no such interpreter")
    return path


def _words(text):
    """Arguments in a text, quoted as in a shell."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise BadConfiguration(f"{text}: {error}") from None


def sides(text):
    """The arguments of baseline and changed interpreter: what -a says, or the JIT for the changed one."""
    if text is None:
        return (), JIT
    parts = text.split(",")
    if len(parts) > 2:
        raise BadConfiguration(f"-a {text}: expected one comma at the most; --config takes arguments that have commas")
    base, changed = parts[0], parts[-1]
    return _words(base), _words(changed)


def named(text):
    """A configuration from NAME=PYTHON ARGS…"""
    name, equals, rest = text.partition("=")
    words = _words(rest)
    if not equals or not words:
        raise BadConfiguration(f"--config {text}: expected 'NAME=PYTHON ARGS…'")
    # The name goes into names of files.
    if not re.fullmatch(r"\w[\w.+-]*", name):
        raise BadConfiguration(f"--config {text}: expected a name of letters, digits and _ . + -")
    return Configuration(name, located(words[0]), words[1:])


def make(pythons, args, further):
    """All configurations, the baseline first."""
    base, changed = sides(args)
    more = [named(text) for text in further]
    result = []
    if pythons or len(more) < 2:
        result.append(Configuration("baseline", located(pythons[0] if pythons else BASELINE), base))
    if pythons or not more:
        result.append(Configuration("changed", located(pythons[1] if len(pythons) > 1 else sys.executable), changed))
    elif args is not None:
        raise BadConfiguration("-a: these arguments are for interpreters that are named without --config")
    result += more
    names = [configuration.name for configuration in result]
    for name in names:
        if names.count(name) > 1:
            raise BadConfiguration(f"--config {name}: there is another configuration of this name")
    return result


def probe(configuration, environment):
    """What the interpreter says of itself: version, implementation, and swallow's version and whether the JIT is on.

    This also has the system read the interpreter's files, so that the first run isn't slower than the others.
    """
    command = configuration.command("-c", PROBE)
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        raise BadConfiguration(f"{configuration.name}: {configuration} does not start within a minute") from None
    except OSError as error:
        raise BadConfiguration(f"{configuration.name}: {configuration.python}: {error.strerror}") from None
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise BadConfiguration(f"{configuration.name}: {configuration}: {last}") from None
