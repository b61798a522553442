"""Loading the native module, and saying clearly why it can't be loaded."""

import os
import sys

SUPPORTED = (3, 11)


def _version():
    """This interpreter's version number. SWALLOW_DEV_FAKE_HEXVERSION stands in for another interpreter in tests."""
    fake = None if sys.flags.ignore_environment else os.environ.get("SWALLOW_DEV_FAKE_HEXVERSION")
    if fake:
        number = int(fake, 16)
        return number >> 24, number >> 16 & 0xFF, number >> 8 & 0xFF
    return sys.version_info[:3]


def load():
    """The module `swallow._swallow`; `ImportError` with a message of one line if it can't be loaded."""
    version = _version()
    name = sys.implementation.name
    if version[:2] != SUPPORTED or name != "cpython":
        wanted = ".".join(map(str, SUPPORTED))
        found = ".".join(map(str, version))
        kind = "CPython" if name == "cpython" else name
        raise ImportError(f"this is {kind} {found}; only CPython {wanted} is supported", name="swallow._swallow")
    try:
        from swallow import _swallow
    except ImportError as error:
        text = " ".join(str(error).split())
        text = f"can't load the native module: {text}"
        raise ImportError(text, name="swallow._swallow") from None
    return _swallow
