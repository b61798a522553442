"""async functions, async generators, async with and for, around hot plain functions; asyncio with cancellation and timeouts."""

import asyncio

from support import HOT, outcome


def work(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


async def compute(n):
    await asyncio.sleep(0)
    return work(n)


async def failing(n):
    await asyncio.sleep(0)
    return work(n) // 0


async def generate(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield work(i)


class Manager:
    def __init__(self, log):
        self.log = log

    async def __aenter__(self):
        self.log.append("enter")
        return self

    async def __aexit__(self, kind, value, tb):
        self.log.append(kind.__name__ if kind else "clean")
        return kind is ZeroDivisionError


async def managed(n):
    log = []
    async with Manager(log):
        log.append(await compute(n))
        if n == 3:
            await failing(n)
    return log


async def cancelled():
    log = []

    async def endless():
        try:
            while True:
                work(5)
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    task = asyncio.create_task(endless())
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log.append("propagated")
    return log


async def main():
    out = [await compute(10), await asyncio.gather(*[compute(n) for n in range(5)])]
    out.append([x async for x in generate(5)])
    out.append([await managed(2), await managed(3)])
    try:
        await failing(4)
    except ZeroDivisionError as error:
        out.append(str(error))
    out.append(await cancelled())
    results = await asyncio.gather(failing(1), compute(2), return_exceptions=True)
    out.append([type(result).__name__ for result in results])
    total = 0
    for i in range(HOT):
        total += await compute(i % 7)
    out.append(total)
    return out


for line in asyncio.run(main()):
    print(line)


def drive(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


class Once:
    def __await__(self):
        value = yield "paused"
        return value or "resumed"


async def manual(n):
    out = []
    for i in range(n):
        out.append(await Once())
    return out, work(n)


for _ in range(HOT):
    result = drive(manual(3))
print(result)
coroutine = manual(1)
print(coroutine.send(None), outcome(coroutine.throw, ValueError("thrown")), outcome(coroutine.send, None))
