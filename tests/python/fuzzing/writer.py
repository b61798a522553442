"""Writing indented lines that a seed decides."""

import random
from contextlib import contextmanager


class Writer:
    """Lines of a program, and the random choices behind them."""

    def __init__(self, seed, small=False):
        self.random = random.Random(seed)
        self.small = small
        self.lines = []
        self.depth = 0
        self.serials = {}

    def choose(self, *options):
        """One of the options; an option is a value, or a (weight, value) pair."""
        weighted = [option if isinstance(option, tuple) else (1, option) for option in options]
        return self.random.choices([value for _, value in weighted], [weight for weight, _ in weighted])[0]

    def pick(self, sequence):
        return self.random.choice(sequence)

    def chance(self, probability):
        return self.random.random() < probability

    def between(self, low, high):
        return self.random.randint(low, high)

    def amount(self, low, high):
        """How many of something a program has: in a small one, from the lower half."""
        return self.between(low, max(low, high // 2) if self.small else high)

    def fresh(self, prefix):
        """A name that the program does not have yet."""
        number = self.serials.get(prefix, 0)
        self.serials[prefix] = number + 1
        return f"{prefix}{number}"

    def emit(self, *texts):
        self.lines.extend("    " * self.depth + text if text else "" for text in texts)

    def gap(self):
        """The two empty lines between definitions."""
        self.lines.extend(["", ""])

    @contextmanager
    def under(self, head):
        """What is written inside is the block of that line."""
        self.emit(head)
        self.depth += 1
        yield
        self.depth -= 1
