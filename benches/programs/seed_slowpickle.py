"""The pickler of the standard library that is written in Python, over users, groups of them, and nested tuples and lists.

Dispatch by type through a dict, small methods, recursion, and bytes written piece by piece. `run(n)` pickles everything n times, by two
protocols, and returns the size of all and a checksum.
"""

import datetime
import io
import pickle
import random
import zlib

DEFAULT = 520
BENCH = 15

USERS = 60
PROTOCOLS = (2, 4)


class Group:
    """Users that belong together; a group may be part of another."""

    def __init__(self, name, members, parent=None):
        self.name = name
        self.members = members
        self.parent = parent
        self.limits = {"posts": 100 + len(name), "bytes": 1 << 33, "ratio": len(members) / 7}


class Token:
    """What a user logs in with: its state is a tuple."""

    def __init__(self, user, key):
        self.user = user
        self.key = key

    def __getstate__(self):
        return self.user, self.key

    def __setstate__(self, state):
        self.user, self.key = state


def make_user(number, draw):
    """A user as a service would keep one in a cache."""
    name = "".join(draw.choice("abcdefghiklmnoprstuvwy") for _ in range(draw.randrange(4, 12)))
    return {
        "id": number,
        "name": name,
        "full_name": f"{name.title()} Éclair" if number % 10 == 0 else f"{name.title()} Smith",
        "age": draw.randrange(18, 90),
        "born": datetime.date(1930 + draw.randrange(70), draw.randrange(1, 13), draw.randrange(1, 28)),
        "active": draw.random() < 0.8,
        "picture": bytes(draw.randrange(256) for _ in range(20)),
        "balance": draw.uniform(-100.0, 100.0),
        "visits": [draw.randrange(1 << 40) for _ in range(6)],
        "settings": {"language": draw.choice(("en", "de", "fr")), "mail": None, "columns": (1, 2, (3, 4))},
    }


def make_data():
    """All that is pickled, always the same: four things of different shapes."""
    draw = random.Random(41)
    users = [make_user(number, draw) for number in range(USERS)]
    numbers = tuple(([draw.randrange(1 << 31) for _ in range(24)], draw.randrange(60), -draw.randrange(70_000)) for _ in range(16))
    everybody = Group("everybody", users)
    groups = [Group(f"group {number}", users[number::8], everybody) for number in range(8)]
    everybody.parent = groups[0]
    tokens = {user["name"]: Token(user, draw.random()) for user in users[::4]}
    nested = []
    for depth in range(40):
        nested = [depth, (nested, str(depth)), {depth: None}]
    return users, numbers, (groups, tokens), nested


def dump(thing, protocol):
    """The bytes of a thing."""
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(thing)
    return file.getvalue()


def run(n):
    """Pickle everything n times."""
    data = make_data()
    checksum = size = 0
    for _ in range(n):
        for thing in data:
            for protocol in PROTOCOLS:
                text = dump(thing, protocol)
                size += len(text)
                checksum = zlib.crc32(text, checksum)
    return f"{size} bytes, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_slowpickle", run, DEFAULT, BENCH)
