"""A factory as a simulation of machines that pass parts along conveyor belts: class-based code with many small methods.

Subclasses override a method that the scheduler calls on whatever machine is next (calls of several targets at one site); the state
lives in instance attributes, the belts are linked lists. `run(n)` simulates n shifts and returns counts that depend on every step.
"""

DEFAULT = 1000
BENCH = 40

TICKS = 2500


class Part:
    """A piece of work on a belt."""

    def __init__(self, serial, kind):
        self.serial = serial
        self.kind = kind
        self.steps = 0
        self.next = None


class Belt:
    """A queue of parts as a linked list, with a limited length."""

    def __init__(self, room):
        self.first = None
        self.last = None
        self.length = 0
        self.room = room

    def is_full(self):
        return self.length >= self.room

    def put(self, part):
        part.next = None
        if self.last is None:
            self.first = part
        else:
            self.last.next = part
        self.last = part
        self.length += 1

    def take(self):
        part = self.first
        if part is None:
            return None
        self.first = part.next
        if self.first is None:
            self.last = None
        part.next = None
        self.length -= 1
        return part


class Machine:
    """Something that acts once a tick. `pause` counts the ticks until it acts again."""

    def __init__(self, source, target, pause):
        self.source = source
        self.target = target
        self.pause = pause
        self.wait = 0
        self.handled = 0
        self.blocked = 0

    def tick(self, factory):
        if self.wait > 0:
            self.wait -= 1
            return False
        if self.act(factory):
            self.handled += 1
            self.wait = self.pause
            return True
        self.blocked += 1
        return False

    def act(self, factory):
        raise NotImplementedError


class Feeder(Machine):
    """Makes new parts."""

    def act(self, factory):
        if self.target.is_full():
            return False
        self.target.put(Part(factory.new_serial(), factory.draw(5)))
        return True


class Press(Machine):
    """Works on a part and passes it on; kind 0 takes longer."""

    def act(self, factory):
        if self.target.is_full():
            return False
        part = self.source.take()
        if part is None:
            return False
        part.steps += 1
        if part.kind == 0:
            self.wait += 1
        self.target.put(part)
        return True


class Inspector(Machine):
    """Sends some parts back to the start of the line, the others on."""

    def __init__(self, source, target, again, pause):
        super().__init__(source, target, pause)
        self.again = again
        self.returned = 0

    def act(self, factory):
        if self.target.is_full():
            return False
        part = self.source.take()
        if part is None:
            return False
        if part.steps < 6 and factory.draw(7) == part.kind and not self.again.is_full():
            self.again.put(part)
            self.returned += 1
        else:
            self.target.put(part)
        return True


class Packer(Machine):
    """Takes the finished parts out and keeps a checksum of them."""

    def __init__(self, source, pause):
        super().__init__(source, None, pause)
        self.check = 0

    def act(self, factory):
        part = self.source.take()
        if part is None:
            return False
        self.check = (self.check * 17 + part.serial * 3 + part.steps + part.kind) % 1000003
        return True


class Factory:
    """The machines, the belts between them and the clock."""

    def __init__(self):
        belts = []
        for room in (6, 4, 4, 8):
            belts.append(Belt(room))
        a, b, c, d = belts
        self.packer = Packer(d, 1)
        self.inspector = Inspector(c, d, a, 0)
        self.machines = [
            self.packer,
            self.inspector,
            Press(b, c, 1),
            Press(a, b, 1),
            Press(a, b, 2),
            Feeder(None, a, 2),
            Feeder(None, a, 4),
        ]
        self.seed = 42
        self.serial = 0

    def draw(self, limit):
        """The next pseudo-random number below `limit`."""
        self.seed = (self.seed * 16807) % 2147483647
        return self.seed % limit

    def new_serial(self):
        self.serial += 1
        return self.serial

    def shift(self, ticks):
        """Let all the machines act for that many ticks."""
        busy = 0
        machines = self.machines
        for _ in range(ticks):
            for machine in machines:
                if machine.tick(self):
                    busy += 1
        return busy


def run(n):
    """n shifts."""
    factory = Factory()
    busy = 0
    for _ in range(n):
        busy += factory.shift(TICKS)
    handled = 0
    blocked = 0
    for machine in factory.machines:
        handled = handled * 3 + machine.handled
        blocked += machine.blocked
    return f"{busy} {handled} {blocked} {factory.inspector.returned} {factory.packer.check}"


if __name__ == "__main__":
    from support import main

    main("factory", run, DEFAULT, BENCH)
