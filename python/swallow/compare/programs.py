"""What an iteration of a program is.

A program of benches/programs has `run(n)` and a size: an iteration is a call of it, and printing what it returns. So it is with any file that
has `run` and `BENCH` or `DEFAULT`. A file with `main()`, which can be called without arguments, and `if __name__ == "__main__":` is loaded once,
under its own name, and `main` is called. Of any other file the whole is run each time, as `__main__`, and in one namespace: its functions'
machine code is entered again, but classes are made anew, which code that was compiled for the old ones has to learn each time.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

from swallow.perf import selection

# The sizes of programs, the one for many calls in one process first.
SIZES = ("BENCH", "DEFAULT")


class BadProgram(Exception):
    """A file that can't be read, or is no Python, or has no such function."""


@dataclass(frozen=True)
class Job:
    """A program, and what to do of it in each iteration."""

    label: str
    file: str
    arguments: tuple = ()
    # The function that is called; None: the whole file is run.
    function: str | None = None
    # What it is called with: nothing, a number, or the names of globals, the first of which that is there is the number.
    size: int | tuple | None = None

    def spec(self):
        """For the driver."""
        return {"file": self.file, "arguments": list(self.arguments), "function": self.function, "size": self.size}

    def __str__(self):
        if self.function is None:
            return "the whole file, again and again"
        size = self.size if isinstance(self.size, int) else "" if self.size is None else self.size[0]
        return f"calls of {self.function}({size})"


def _parsed(file):
    """The syntax tree of a file."""
    try:
        return ast.parse(Path(file).read_bytes(), file)
    except OSError as error:
        raise BadProgram(f"{file}: {error.strerror}") from None
    except SyntaxError as error:
        raise BadProgram(f"{file}: {f'line {error.lineno}: ' if error.lineno else ''}{error.msg}") from None
    except ValueError as error:
        raise BadProgram(f"{file}: {error}") from None


def _takes(function, count):
    """Whether a function can be called with so many arguments."""
    parameters = function.args
    positional = len(parameters.posonlyargs) + len(parameters.args)
    required = positional - len(parameters.defaults)
    keywords = any(default is None for default in parameters.kw_defaults)
    return not keywords and required <= count and (count <= positional or parameters.vararg is not None)


def _is_guard(statement):
    """Whether it is `if __name__ == "__main__":`."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _assigned(tree):
    """The names that a module assigns at its top."""
    targets = [target for statement in tree.body if isinstance(statement, ast.Assign) for target in statement.targets]
    # `from once import BENCH, DEFAULT`
    imported = [alias.asname or alias.name for statement in tree.body if isinstance(statement, ast.ImportFrom) for alias in statement.names]
    return {target.id for target in targets if isinstance(target, ast.Name)} | set(imported)


def job(label, file, arguments=(), size=None, call=None):
    """What to do of a file: what `call` names, or what it looks made for."""
    tree = _parsed(file)
    functions = {statement.name: statement for statement in tree.body if isinstance(statement, ast.FunctionDef)}
    if call is not None:
        if call not in functions or not _takes(functions[call], 0):
            raise BadProgram(f"{file}: it has no function {call}() that can be called without arguments")
        return Job(label, file, tuple(arguments), call)
    sizes = [name for name in SIZES if name in _assigned(tree)]
    if sizes and size is None and len(arguments) == 1 and arguments[0].isascii() and arguments[0].isdigit():
        # As the program itself takes it.
        size, arguments = int(arguments[0]), ()
    if "run" in functions and _takes(functions["run"], 1) and (sizes or size is not None) and not arguments:
        return Job(label, file, (), "run", tuple(sizes) if size is None else size)
    if "main" in functions and _takes(functions["main"], 0) and any(map(_is_guard, tree.body)):
        return Job(label, file, tuple(arguments), "main")
    return Job(label, file, (*map(str, arguments), *([] if size is None else [str(size)])))


def _looks_like_a_file(text):
    """Whether a name is of a file rather than of a program of the directory."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return word.endswith(".py") or "/" in word or Path(word).is_file()


def choose(texts, directory, start, call=None):
    """The jobs for what a user has named: files with arguments, in quotes, and names as `swallow perf -b` takes them."""
    known = None
    jobs = []
    for text in texts:
        if _looks_like_a_file(text):
            try:
                program = selection.program(text)
            except ValueError as error:
                raise BadProgram(f"{text}: {error}") from None
            jobs.append(job(program.label, program.words[0], program.words[1:], call=call))
            continue
        known = known or selection.Programs(directory or selection.find_directory(start))
        for benchmark in known.choose(text):
            file = str(known.directory / f"{benchmark.name}.py")
            jobs.append(job(benchmark.label, file, size=benchmark.size, call=call))
    labels = [one.label for one in jobs]
    for label in labels:
        if labels.count(label) > 1:
            raise BadProgram(f"{label}: named twice")
    return jobs
