"""Threads that run the same hot functions: equal results, loops that see another thread's stores, locks, exceptions, thread-local recursion."""

import sys
import threading
from queue import Queue

sys.setswitchinterval(0.0002)


def work(n, x):
    total = x
    for i in range(n):
        total += i * i % 7
        if total > 10**6:
            total -= 10**6
    return total


def floats(n):
    x = 0.5
    for i in range(n):
        x = x * 1.0001 + i * 0.25
        if x > 1e6:
            x = x - 1e6
    return x


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def mixed(n, kind):
    total = kind
    for i in range(n):
        total = total + kind
    return total


def together(count, target):
    results = {}
    errors = {}

    def body(number):
        try:
            results[number] = target(number)
        except Exception as error:
            errors[number] = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results.items()), sorted(errors.items())


print(together(2, lambda number: [work(300, number) for _ in range(100)][-1]))
print(together(4, lambda number: floats(5000)))
print(together(2, lambda number: fib(15) + number))
print(together(4, lambda number: [mixed(100, (1, 0.5, "a", 2**62)[number]) for _ in range(20)][-1] if number != 2 else len(mixed(100, "a"))))
print(together(3, lambda number: 10 // number if number < 2 else [].x))

flag = False
spins = 0


def wait_for_flag():
    global spins
    n = 0
    while not flag:
        n += 1
    spins = n
    return n > 0


def raise_flag():
    global flag
    flag = True


def wait_for_item(items):
    n = 0
    while len(items) == 0:
        n += 1
    return items[0]


class Box:
    value = 0


def wait_for_attribute(box):
    while box.value == 0:
        pass
    return box.value


def count_free(stop):
    n = 0
    while not stop.is_set():
        n += 1
    return n > 0


for round_number in range(3):
    flag = False
    timer = threading.Timer(0.01, raise_flag)
    timer.start()
    print(wait_for_flag())
    items = []
    threading.Timer(0.01, lambda: items.append(round_number)).start()
    print(wait_for_item(items))
    box = Box()
    threading.Timer(0.01, lambda: setattr(box, "value", 2.5)).start()
    print(wait_for_attribute(box))
    stop = threading.Event()
    threading.Timer(0.01, stop.set).start()
    print(count_free(stop))

counter = 0
lock = threading.Lock()


def locked(n):
    global counter
    for _ in range(n):
        with lock:
            counter += 1
    return n


together(4, lambda number: locked(500))
print(counter)

jobs, answers = Queue(), Queue()


def worker():
    while True:
        job = jobs.get()
        if job is None:
            break
        answers.put((job, work(job, 0)))


workers = [threading.Thread(target=worker) for _ in range(2)]
for thread in workers:
    thread.start()
for job in range(300):
    jobs.put(job)
for _ in workers:
    jobs.put(None)
for thread in workers:
    thread.join()
found = dict(answers.get() for _ in range(300))
print(len(found), all(found[job] == work(job, 0) for job in range(0, 300, 17)))

ping, pong = threading.Semaphore(1), threading.Semaphore(0)
order = []


def take_turns(name, mine, other):
    for i in range(5):
        mine.acquire()
        order.append((name, i))
        other.release()


pair = [threading.Thread(target=take_turns, args=("ping", ping, pong)), threading.Thread(target=take_turns, args=("pong", pong, ping))]
for thread in pair:
    thread.start()
for thread in pair:
    thread.join()
print(order)


def rebind_while_running():
    global work
    original = work
    for i in range(50):
        work = (lambda n, x: n) if i % 2 else original
    work = original


def call_work(n):
    bad = 0
    for _ in range(n):
        if work(3, 0) not in (3, 5):
            bad += 1
    return bad


thread = threading.Thread(target=rebind_while_running)
thread.start()
print(call_work(2000))
thread.join()
print(work(3, 0))
