"""Measuring from aside: on a copy of the interpreter.

The pages of a program's file that the sampling process has mapped, too, are not private any more. Were it to run on the very file that it
measures, most of the interpreter would not be counted, while all of the JIT would. So it goes on in a copy of the file.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile

# What the copy is to know: the interpreter that it stands for, its own directory, and the PYTHONPATH that the user had.
VARIABLE = "SWALLOW_PERF_ASIDE"

PROGRAM = "import sys; from swallow import perf; sys.exit(perf.command(sys.argv[1:]))"


def settle():
    """Makes the process what it was before it was `step`ped aside; whether it was."""
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        return False
    facts = json.loads(text)
    # The file can go: it is running.
    shutil.rmtree(facts["directory"], ignore_errors=True)
    sys.executable = facts["executable"]
    if facts["path"] is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = facts["path"]
    return True


# Seconds within which an interpreter starts.
SOON = 60


def _check(copy, environment):
    """`OSError` if the copy does not start: it may look for its library, or for the standard one, where it lies."""
    try:
        done = subprocess.run([copy, "-c", "pass"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SOON, check=False)
    except subprocess.TimeoutExpired:
        raise OSError(errno.ETIMEDOUT, f"it does not start within {SOON} s") from None
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise OSError(errno.ENOEXEC, f"it does not start: {last[0]}")


def step(arguments):
    """Goes on with `swallow perf` and these arguments in a copy of the interpreter. Returns if that can't be made or does not start, with a
    line saying so."""
    directory = None
    try:
        directory = tempfile.mkdtemp(prefix="swallow-perf-")
        copy = os.path.join(directory, os.path.basename(sys.executable) or "python")
        shutil.copy2("/proc/self/exe", copy)
        facts = {"executable": sys.executable, "directory": directory, "path": os.environ.get("PYTHONPATH")}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        _check(copy, environment)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(copy, [copy, "-c", PROGRAM, *arguments], {**environment, VARIABLE: json.dumps(facts)})
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        sys.stderr.write(f"swallow perf: no copy of the interpreter to measure from ({error.strerror}): what both share is not counted\n")
    finally:
        # Not come to where the copy goes on.
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)
