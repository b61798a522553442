"""The inspect module on hot functions: stack(), currentframe(), getsource, signature, getframeinfo, getargvalues; warnings with stacklevel; logging's caller."""

import inspect
import io
import logging
import sys
import traceback
import warnings

from support import HOT


def stack_here():
    return [(info.function, info.lineno - FIRST, (info.code_context or [""])[0].strip()) for info in inspect.stack(context=1)[1:4]]


def middle(x):
    y = x * 2
    return stack_here(), y


def top(n):
    out = None
    for i in range(n):
        out = middle(i)
    return out


FIRST = top.__code__.co_firstlineno


def arguments(a, b=2, *rest, **named):
    a += 1
    info = inspect.getargvalues(inspect.currentframe())
    return inspect.formatargvalues(*info)


def warn_at(level):
    warnings.warn("careful", UserWarning, stacklevel=level)


def warn_through(level):
    return warn_at(level)


def warn_top(level):
    warn_through(level)
    return level


def stack_text():
    return [(entry.name, entry.lineno - FIRST, entry.line) for entry in traceback.extract_stack()[-3:]]


def stack_caller(n):
    result = None
    for _ in range(n):
        result = stack_text()
    return result


def log_it(x):
    logging.info("value %d", x)
    return x


def frame_info(n):
    info = inspect.getframeinfo(sys._getframe())
    return info.function, info.lineno - FIRST, info.code_context[0].strip(), n


for _ in range(40):
    result = top(6)
print(result)
print({arguments(1.5, 3, 4, k=5) for _ in range(HOT)}, arguments(1))
for level in (1, 2, 3, 4):
    lines = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(HOT):
            warn_top(level)
    print(level, len(caught), {(w.lineno - FIRST, w.filename == __file__, str(w.message)) for w in caught})
with warnings.catch_warnings(record=True) as caught:
    # Once for each place only.
    warnings.simplefilter("default")
    for _ in range(HOT):
        warn_top(2)
        warn_top(3)
    print(len(caught))
for _ in range(40):
    result = stack_caller(6)
print(result)
stream = io.StringIO()
logging.basicConfig(stream=stream, level=logging.INFO, format="%(funcName)s %(lineno)d %(message)s")
for i in range(HOT):
    log_it(i)
print(stream.getvalue().splitlines()[-1] == f"log_it {log_it.__code__.co_firstlineno + 1} value {HOT - 1}")
for _ in range(40):
    result = frame_info(1)
print(result)
print(inspect.getsource(warn_top).splitlines()[0], inspect.signature(arguments), inspect.isfunction(top))
print(inspect.getclosurevars(top).globals.keys() == {"middle"}, inspect.unwrap(top) is top, top.__name__, top.__qualname__, top.__module__)
