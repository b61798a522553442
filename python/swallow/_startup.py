"""Start-up: imported by the line in `swallow.pth` before the program, when the command line or the environment asks for the JIT.

- A bad option ends the process with one line and status 2.
- What hinders the JIT itself (another interpreter, no libLLVM) is one line, and the program runs uncompiled.
- In mode never the native module isn't imported, so nothing of it is mapped. The .pth line, which every process pays for, has few
  tokens, since compiling it takes longer than running it, and calls only what CPython has called by then, or maps without it: without
  options and for a lone `-Xjit=never` it doesn't even come here. (Of what is printed of a dictionary, two texts are parts of its string.)
"""

import os
import sys


def _say(text):
    """One line on stderr, if there is a stderr."""
    try:
        sys.stderr.write(f"swallow: {text}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        pass


def _refuse(text):
    """End the process. An exception would not do: `site` prints those of .pth lines and goes on."""
    _say(text)
    os._exit(2)


def _own():
    """Bytes of memory that this process has written, and that are in no file; 0 where the system doesn't tell."""
    try:
        with open("/proc/self/smaps_rollup", "rb", buffering=0) as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(b"Anonymous:"))


def _start():
    xoptions = sys._xoptions
    variables = {}
    if not sys.flags.ignore_environment:
        variables = {name: value for name, value in os.environ.items() if name.startswith("PYTHONJIT")}
    asked = any(name == "jit" or name.startswith("jit-") for name in xoptions)
    if not asked and not variables.get("PYTHONJIT"):
        return
    mode = xoptions["jit"] if "jit" in xoptions else variables.get("PYTHONJIT")
    problem = None
    if mode != "never":
        # For the ledger.
        before = [_own()] if "jit-stats" in xoptions or "PYTHONJITSTATS" in variables else []
        from swallow import _loader

        try:
            _loader.load().start(dict(xoptions), variables, *before)
            return
        except ValueError as error:
            _refuse(error)
        except Exception as error:
            problem = " ".join(str(error).split())
    from swallow import _options

    mistake = _options.mistake(xoptions, variables)
    if mistake:
        _refuse(mistake)
    if problem:
        _say(f"{problem}; running without the JIT")


_start()
