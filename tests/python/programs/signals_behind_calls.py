"""Signals that a call sends to its own process: CPython handles them right behind the call, so the exception is raised in the same `try`."""

import _thread
import os
import signal
from functools import partial

from support import HOT


class Alarm(Exception):
    pass


def alarm(number, frame):
    raise Alarm(frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno)


def nothing(*args):
    return None


def calls(send, times):
    """Where the exception comes out, for each of some calls."""
    seen = []
    for i in range(times):
        try:
            send()
            seen.append("behind")
        except (Alarm, KeyboardInterrupt) as error:
            seen.append((type(error).__name__, *error.args))
    return seen


def star_calls(send, times):
    seen = []
    for i in range(times):
        args = [i][:0]
        try:
            send(*args)
            seen.append("behind")
        except (Alarm, KeyboardInterrupt) as error:
            seen.append((type(error).__name__, *error.args))
    return seen


def once(send):
    try:
        send()
    except (Alarm, KeyboardInterrupt) as error:
        return type(error).__name__
    return "behind"


signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGUSR1, alarm)
senders = [_thread.interrupt_main, partial(os.kill, os.getpid(), signal.SIGUSR1), partial(signal.raise_signal, signal.SIGUSR1)]
for function in (calls, star_calls):
    function(nothing, HOT)
    for send in senders:
        print(function.__name__, sorted(set(function(send, 50)), key=str))
for _ in range(HOT):
    once(nothing)
for send in senders:
    print([once(send) for _ in range(5)])
