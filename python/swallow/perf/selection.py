"""Which benchmark programs are run: all files NAME.py of a directory, and groups of them that its groups.json names; and which of the stages
of the compiler that the source tree around has benches for.
"""

import json
import os
import shlex
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from swallow.perf import stages

# Beside the programs.
GROUPS = "groups.json"
# What the programs share.
SHARED = "support"


class BadSelection(Exception):
    """No programs there, or none of that name."""


@dataclass(frozen=True)
class Benchmark:
    """A program, and the size that it is run with, if not its own."""

    name: str
    size: int | None = None

    @property
    def label(self):
        """How it is named in the reports."""
        return self.name if self.size is None else f"{self.name}={self.size}"

    def arguments(self, directory):
        """Its part of the command line."""
        program = [str(directory / f"{self.name}.py")]
        return program if self.size is None else [*program, str(self.size)]


def find_directory(start):
    """benches/programs of the source tree that a directory is in."""
    for directory in (start, *start.parents):
        if (found := directory / "benches" / "programs").is_dir():
            return found
    raise BadSelection(f"there is no benches/programs in {start} or above; name a directory with --programs")


class Programs:
    """The programs of a directory."""

    def __init__(self, directory):
        self.directory = Path(directory).absolute()
        if not self.directory.is_dir():
            raise BadSelection(f"{directory}: no such directory")
        found = sorted(path.stem for path in self.directory.glob("*.py"))
        self.names = [name for name in found if name != SHARED and not name.startswith("_")]
        if not self.names:
            raise BadSelection(f"{directory}: there are no programs")
        self.groups = {"all": self.names, **self._groups()}
        # The programs are in benches/programs.
        self.root = self.directory.parent.parent
        self.stages = stages.names(self.root)

    def _groups(self):
        """What groups.json says, if there is one."""
        file = self.directory / GROUPS
        try:
            groups = json.loads(file.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise BadSelection(f"{file}: {error}") from None
        if not isinstance(groups, dict) or not all(isinstance(names, list) for names in groups.values()):
            raise BadSelection(f"{file}: expected lists of names by the names of groups")
        for group, names in groups.items():
            for name in names:
                if name not in self.names:
                    raise BadSelection(f"{file}: {group}: there is no program {name!r}")
        return groups

    def choose(self, text):
        """The benchmarks, and the stages, that a list like `numeric,fib=30,-nbody` names, in its order, none of them twice.

        What is left out is taken out at the end; if nothing else is said, of the group `default`, or else of all.
        """
        parts = [part.strip() for part in text.split(",")]
        wanted = [part for part in parts if part and not part.startswith("-")]
        unwanted = [part.removeprefix("-") for part in parts if part.startswith("-")]
        chosen = {}
        for part in wanted or ["default" if "default" in self.groups else "all"]:
            name, equals, size = part.partition("=")
            if equals and not (size.isascii() and size.isdigit()):
                raise BadSelection(f"{part}: expected a whole number after =")
            for member in self._members(name):
                if member in self.names:
                    chosen.setdefault(Benchmark(member, int(size) if equals else None))
                elif equals:
                    raise BadSelection(f"{part}: a stage has no size")
                else:
                    chosen.setdefault(stages.Stage(member))
        without = {member for name in unwanted for member in self._members(name)}
        result = [benchmark for benchmark in chosen if benchmark.name not in without]
        if not result:
            raise BadSelection(f"{text}: that leaves no program")
        return result

    def _members(self, name):
        """The programs or stages that a name stands for."""
        # A program wins over a group, and both over stages.
        if name in self.names:
            return [name]
        if name in self.groups:
            return self.groups[name]
        if name in self.stages:
            return [name]
        if name == stages.GROUP:
            if not self.stages:
                raise BadSelection(f"{name}: there are none around {self.directory}; a source tree of Swallow has them, in {stages.DIRECTORY}")
            return self.stages
        known = f"programs: {', '.join(self.names)}; groups: {', '.join(self.groups)}"
        if self.stages:
            known += f"; {stages.GROUP}: {', '.join(self.stages)}"
        raise BadSelection(f"no program or group {name!r}; {known}")


@dataclass(frozen=True)
class Program:
    """A program with its arguments."""

    words: tuple
    # What it is called in reports; if nothing, as its file is, without directory and suffix.
    name: str = ""

    @property
    def label(self):
        return " ".join([self.name or Path(self.words[0]).stem, *map(shlex.quote, self.words[1:])])

    @property
    def key(self):
        """What makes it this program and no other, for the journal."""
        return [os.path.abspath(self.words[0]), *self.words[1:]]


def program(text):
    """The program that a user has named, with arguments perhaps, quoted as in a shell."""
    words = shlex.split(text)
    if not words:
        raise ValueError("no program")
    path = Path(words[0])
    if not path.is_file():
        raise ValueError("no such file" if not path.exists() else "not a file")
    return Program((str(path), *words[1:]))


def told_apart(programs):
    """The programs; those that would be called the same in reports with their paths as names."""
    counts = Counter(program.label for program in programs)
    return [program if counts[program.label] == 1 else replace(program, name=program.words[0]) for program in programs]
