"""Pipelines as trees. A place in one is a tuple of positions, from the outermost list inwards.

Trees are never changed: every function that changes something returns another one.
"""

from dataclasses import dataclass, replace


class BadPipeline(Exception):
    """Text that is no pipeline."""


@dataclass(frozen=True)
class Pass:
    """A pass, or with `inner` a manager of passes."""

    name: str
    # What stands in angle brackets, without them; None: no brackets.
    parameters: str | None = None
    inner: tuple | None = None

    def __str__(self):
        text = self.name if self.parameters is None else f"{self.name}<{self.parameters}>"
        return text if self.inner is None else f"{text}({write(self.inner)})"


def write(passes):
    """The text of a pipeline."""
    return ",".join(map(str, passes))


def bare(text):
    """Text of a file without comments and space."""
    return "".join("".join(line.partition("#")[0].split()) for line in text.splitlines())


def _until(text, at, stops):
    """The position of the first of some characters that is outside angle brackets."""
    depth = 0
    while at < len(text):
        if text[at] == "<":
            depth += 1
        elif text[at] == ">":
            depth -= 1
        elif depth == 0 and text[at] in stops:
            break
        at += 1
    return at


def parse(text):
    """The passes of a pipeline's text, which is without space."""
    passes, at = _parse(text, 0)
    if at != len(text):
        raise BadPipeline(f"{text}: unexpected {text[at]} in column {at + 1}")
    return passes


def _parse(text, at):
    passes = []
    while True:
        end = _until(text, at, "(),")
        name, bracket, parameters = text[at:end].partition("<")
        if not name:
            raise BadPipeline(f"{text}: expected a name in column {at + 1}")
        found = Pass(name, parameters.removesuffix(">") if bracket else None)
        at = end
        if text[at : at + 1] == "(":
            inner, at = _parse(text, at + 1)
            if text[at : at + 1] != ")":
                raise BadPipeline(f"{text}: expected ) in column {at + 1}")
            found = replace(found, inner=inner)
            at += 1
        passes.append(found)
        if text[at : at + 1] != ",":
            return tuple(passes), at
        at += 1


def places(passes, around=()):
    """The places of all passes that are no managers, in order."""
    for number, found in enumerate(passes):
        if found.inner is None:
            yield (*around, number)
        else:
            yield from places(found.inner, (*around, number))


def at(passes, place):
    """The pass at a place."""
    found = passes[place[0]]
    return found if len(place) == 1 else at(found.inner, place[1:])


def managers(passes, place):
    """The names of the managers around a place, the outermost first."""
    if len(place) == 1:
        return ()
    return (passes[place[0]].name, *managers(passes[place[0]].inner, place[1:]))


def _edit(passes, place, change):
    """The passes with those that `change(passes, position)` makes of the innermost list around a place. Managers that become empty go."""
    if len(place) == 1:
        return change(passes, place[0])
    number = place[0]
    inner = _edit(passes[number].inner, place[1:], change)
    middle = (replace(passes[number], inner=inner),) if inner else ()
    return passes[:number] + middle + passes[number + 1 :]


def without(passes, gone):
    """The passes without those at some places."""
    for place in sorted(gone, reverse=True):
        passes = _edit(passes, place, lambda found, number: found[:number] + found[number + 1 :])
    return passes


def put(passes, place, new):
    """The passes with `new` in front of what is at a place."""
    return _edit(passes, place, lambda found, number: found[:number] + (new,) + found[number:])


def exchanged(passes, place, new):
    """The passes with `new` instead of what is at a place."""
    return _edit(passes, place, lambda found, number: found[:number] + (new,) + found[number + 1 :])


def size(passes):
    """How many passes there are that are no managers."""
    return sum(1 for _ in places(passes))
