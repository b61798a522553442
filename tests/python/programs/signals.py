"""Signals that arrive in hot loops: KeyboardInterrupt, handlers that raise, look at the frame or change a global; exceptions sent to a thread."""

import _thread
import ctypes
import signal
import threading
import time
import traceback

from support import HOT

DELAY = 0.01


def forever_int():
    i = 0
    while True:
        i += 1


def forever_float():
    x = 1.0
    while True:
        x = x * 1.0000001


def forever_empty():
    while True:
        pass


def forever_calls():
    n = 0
    while True:
        n = step(n)


def step(n):
    return n + 1 if n < 1000 else 0


def forever_attribute():
    class Box:
        n = 0

    box = Box()
    while True:
        box.n += 1


def forever_nested():
    while True:
        for i in range(100):
            for j in range(100):
                k = i * j


def forever_recursive():
    while True:
        fib(8)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def long_range():
    total = 0
    for i in range(10**15):
        total += i & 3
    return total


LOOPS = [forever_int, forever_float, forever_empty, forever_calls, forever_attribute, forever_nested, forever_recursive, long_range]


class Alarm(Exception):
    pass


def alarm(number, frame):
    raise Alarm(f"in {frame.f_code.co_filename == __file__}")


def warm():
    for _ in range(HOT):
        step(1)
        fib(3)


def interrupted(function, arm, error_type):
    """The exception that ended the endless function. A signal may come before the function is entered: then again, later."""
    delay = DELAY
    for _ in range(8):
        try:
            arm(delay)
            function()
        except error_type as error:
            names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
            if function.__name__ in names:
                return f"{type(error).__name__} {error}"
        delay *= 2
    return "never in the function"


def arm_alarm(delay):
    signal.setitimer(signal.ITIMER_REAL, delay)


def arm_interrupt(delay):
    go = threading.Lock()
    go.acquire()

    def interrupt():
        go.acquire()
        time.sleep(delay)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    # Not before: an interrupt in the middle of start() can leave a lock in a wrong state.
    go.release()


warm()
# A process that was started in the background may have inherited an ignored SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGALRM, alarm)
for function in LOOPS:
    for _ in range(2):
        text = interrupted(function, arm_alarm, Alarm)
    print(function.__name__, text)
for function in LOOPS[:4]:
    print(function.__name__, interrupted(function, arm_interrupt, KeyboardInterrupt))

seen = []
stop = False


def note(number, frame):
    seen.append((frame.f_code.co_name, sorted(frame.f_locals), type(frame.f_locals.get("i")).__name__))


def change(number, frame):
    global stop
    stop = True


def until_stopped():
    i = 0
    while not stop:
        i += 1
    return i >= 0


def raises_in_loop(n, at):
    total = 0
    for i in range(n):
        total += i
        if i == at:
            signal.raise_signal(signal.SIGUSR1)
    return total


signal.signal(signal.SIGUSR1, note)
for _ in range(HOT):
    result = raises_in_loop(10, 5)
print(result, len(seen), sorted(set(map(repr, seen))))
signal.signal(signal.SIGALRM, change)
for _ in range(3):
    stop = False
    signal.setitimer(signal.ITIMER_REAL, DELAY)
    print(until_stopped())


def raising(number, frame):
    raise ValueError("from the handler")


signal.signal(signal.SIGUSR1, raising)


def caught_in_loop(n):
    caught = 0
    for i in range(n):
        try:
            signal.raise_signal(signal.SIGUSR1)
        except ValueError:
            caught += 1
    return caught


print(caught_in_loop(300))
try:
    raises_in_loop(300, 290)
except ValueError as error:
    frames = [(entry.name, entry.lineno - raises_in_loop.__code__.co_firstlineno) for entry in traceback.extract_tb(error.__traceback__)[1:2]]
    print(error, frames)
for _ in range(3):
    try:
        signal.signal(signal.SIGUSR1, signal.default_int_handler)
        raises_in_loop(100, 50)
    except KeyboardInterrupt:
        print("KeyboardInterrupt")


class Stop(Exception):
    pass


results = []


def in_thread(function):
    try:
        ready.set()
        function()
    except Stop:
        results.append(function.__name__)


for function in (forever_int, forever_float, forever_empty, forever_calls):
    ready = threading.Event()
    thread = threading.Thread(target=in_thread, args=(function,))
    thread.start()
    ready.wait()
    while ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop)) == 0:
        pass
    thread.join()
print(results)
