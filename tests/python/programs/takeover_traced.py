"""Tracing begins in the middle of a loop that may have been taken over, in a call of it: which events come, and how the frame ends."""

import sys
import traceback

events = []


def tracer(frame, event, arg):
    events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


class Switch:
    """Setting an attribute traces the frame that does so; a true value raises, too."""

    def __setattr__(self, name, value):
        sys._getframe(1).f_trace = tracer
        sys.settrace(tracer)
        if value:
            raise ValueError(value)


def begins_a_line(n):
    switch = Switch()
    result = 0
    for i in range(n):
        if i == n - 1:
            switch.on = 0
            result = 1
    return result


def goes_on(n):
    switch = Switch()
    seen = []
    for i in range(n):
        if i == n - 2:
            switch.on = 0
        if i > n - 3:
            seen.append(i - n)
    return seen


def handles(n):
    switch = Switch()
    for i in range(n):
        try:
            if i == n - 1:
                switch.on = 1
        except ValueError:
            pass
    return i


def handles_another(n):
    switch = Switch()
    for i in range(n):
        try:
            if i == n - 1:
                switch.on = 1
        except KeyError:
            pass


def finishes(n):
    switch = Switch()
    for i in range(n):
        try:
            if i == n - 1:
                switch.on = 1
        finally:
            i = -i


def raises_again(n):
    switch = Switch()
    for i in range(n):
        try:
            if i == n - 1:
                switch.on = 1
        except ValueError as error:
            error.__traceback__ = None
            raise


def raises(n):
    switch = Switch()
    for i in range(n):
        if i == n - 1:
            switch.on = 1


def profiles(n):
    def profiler(frame, event, arg):
        events.append((event, frame.f_code.co_name))

    def on():
        sys.setprofile(profiler)
        raise KeyError(n)

    i = 0
    while i < n:
        i += 1
        try:
            if i == n - 1:
                on()
        except KeyError:
            pass
    return i


def instructions(n):
    """Events of instructions for this frame, but not for what it calls."""
    calls = []

    def count(frame, event, arg):
        calls.append(frame.f_code.co_name)

    class Opcodes:
        def __setattr__(self, name, value):
            frame = sys._getframe(1)
            frame.f_trace = lambda *_: None
            frame.f_trace_opcodes = True
            sys.settrace(count)

    def other():
        return 1

    opcodes = Opcodes()
    for i in range(n):
        if i == n - 3:
            opcodes.on = 1
    other()
    tracing = sys.gettrace() is count
    other()
    sys.settrace(None)
    return tracing, calls


def jumps(n):
    """A frame may be told to jump while it is traced only."""
    frame = sys._getframe()
    i = 0
    while i < n:
        i += 1
        if i == n - 9:
            frame.f_trace = print
            try:
                frame.f_lineno = frame.f_code.co_firstlineno + 4
            except ValueError as error:
                return error
    return None


def callers_frame(n):
    def set_line():
        frame = sys._getframe(1)
        frame.f_trace = print
        try:
            frame.f_lineno = frame.f_code.co_firstlineno + 1
        except ValueError as error:
            return str(error)
        return "jumped"

    i = 0
    found = None
    while i < n:
        i += 1
        if i == n - 9:
            found = set_line()
    return found, i


def main():
    for function in (begins_a_line, goes_on, handles, handles_another, finishes, raises_again, raises, profiles, instructions, jumps, callers_frame):
        events.clear()
        try:
            result = function(20_000)
        except ValueError as error:
            sys.settrace(None)
            result = [entry.name for entry in traceback.extract_tb(error.__traceback__)], [
                entry.tb_lineno - entry.tb_frame.f_code.co_firstlineno for entry in entries(error.__traceback__)
            ]
        sys.settrace(None)
        sys.setprofile(None)
        own = [event for event in events if event[1] not in ("main", "entries")]
        print(function.__name__, result, own)


def entries(trace):
    while trace:
        yield trace
        trace = trace.tb_next


for _ in range(4):
    main()
