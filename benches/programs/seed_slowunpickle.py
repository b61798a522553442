"""The unpickler of the standard library that is written in Python, over what seed_slowpickle.py pickles.

A loop over opcodes, each a method found in a dict, that pushes and pops lists. `run(n)` unpickles everything n times and returns a
checksum of what came out.
"""

import io
import pickle
import zlib

from seed_slowpickle import PROTOCOLS, Group, Token, make_data

DEFAULT = 800
BENCH = 25


def load(text):
    """The thing that was pickled."""
    return pickle._Unpickler(io.BytesIO(text)).load()


def describe(thing, seen):
    """Yield the parts of a thing as text, each object once."""
    if id(thing) in seen:
        yield f"again {type(thing).__name__}"
        return
    if isinstance(thing, (list, tuple)):
        seen[id(thing)] = thing
        yield f"{type(thing).__name__} {len(thing)}"
        for part in thing:
            yield from describe(part, seen)
    elif isinstance(thing, dict):
        seen[id(thing)] = thing
        yield f"dict {len(thing)}"
        for key, value in thing.items():
            yield repr(key)
            yield from describe(value, seen)
    elif isinstance(thing, (Group, Token)):
        seen[id(thing)] = thing
        yield type(thing).__name__
        yield from describe(vars(thing), seen)
    else:
        yield repr(thing)


def run(n):
    """Unpickle everything n times, and look at the last."""
    # By the pickler in C, which isn't what is measured.
    texts = [pickle.dumps(thing, protocol) for thing in make_data() for protocol in PROTOCOLS]
    things = []
    for _ in range(n):
        things = [load(text) for text in texts]
    checksum = parts = 0
    for thing in things:
        for part in describe(thing, {}):
            parts += 1
            checksum = zlib.crc32(part.encode(), checksum)
    return f"{parts} parts, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_slowunpickle", run, DEFAULT, BENCH)
