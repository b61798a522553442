"""An operating system in small: tasks of four classes pass packets round a ring under a scheduler.

Class code in the manner of Richards' simulation: polymorphic method calls, attributes read and written, linked lists of
instances, few numbers. `run(n)` runs the system n times and returns what it counted.
"""

DEFAULT = 1200
BENCH = 80

ROUNDS = 1500
RUNNING, WAITING, HELD = 0, 1, 2


class Packet:
    """What tasks send each other; the next one in its queue hangs on it."""

    def __init__(self, kind, owner):
        self.next = None
        self.kind = kind
        self.owner = owner
        self.value = 0
        self.hops = 0

    def append_to(self, queue):
        """Put this at the end of a queue, given by its first packet; return the first packet."""
        self.next = None
        if queue is None:
            return self
        last = queue
        while last.next is not None:
            last = last.next
        last.next = self
        return queue


class Task:
    """A thing to be scheduled: it has a queue of packets and a state."""

    def __init__(self, system, name, priority):
        self.system = system
        self.name = name
        self.priority = priority
        self.queue = None
        self.state = WAITING
        self.steps = 0

    def is_ready(self):
        """Whether it may run now."""
        if self.state == HELD:
            return False
        return self.state == RUNNING or self.queue is not None

    def receive(self, packet):
        """Take a packet into the queue."""
        self.queue = packet.append_to(self.queue)
        self.system.sent += 1

    def take(self):
        """The first packet of the queue, removed."""
        packet = self.queue
        if packet is not None:
            self.queue = packet.next
            packet.next = None
        return packet

    def step(self):
        """Do a little work."""
        raise NotImplementedError


class Clock(Task):
    """Wakes devices up, in turns given by a shift register."""

    def __init__(self, system, name, priority, seed):
        Task.__init__(self, system, name, priority)
        self.bits = seed
        self.state = RUNNING

    def step(self):
        self.steps += 1
        if self.bits & 1:
            self.bits = (self.bits >> 1) ^ 0xD008
            self.system.release(2)
        else:
            self.bits >>= 1
            self.system.release(3)


class Worker(Task):
    """Fills packets in and sends them to one device, then to the other."""

    def __init__(self, system, name, priority):
        Task.__init__(self, system, name, priority)
        self.target = 2
        self.letter = 0

    def step(self):
        packet = self.take()
        if packet is None:
            self.state = WAITING
            return
        self.steps += 1
        self.target = 5 - self.target
        packet.owner = self.target
        value = packet.value
        for _ in range(4):
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            value = (value * 31 + self.letter) & 0xFFFF
        packet.value = value
        packet.hops += 1
        self.system.send(packet)


class Device(Task):
    """Holds itself after each packet until the clock releases it."""

    def __init__(self, system, name, priority):
        Task.__init__(self, system, name, priority)
        self.pending = None

    def step(self):
        if self.pending is None:
            packet = self.take()
            if packet is None:
                self.state = WAITING
                return
            self.pending = packet
            self.steps += 1
            self.state = HELD
            self.system.held += 1
        else:
            packet = self.pending
            self.pending = None
            packet.owner = 4
            self.system.send(packet)


class Handler(Task):
    """Sends what the devices have done back to the worker."""

    def step(self):
        packet = self.take()
        if packet is None:
            self.state = WAITING
            return
        self.steps += 1
        if packet.hops & 7 == 7:
            packet.kind = 1 - packet.kind
        packet.owner = 1
        self.system.send(packet)


class System:
    """All tasks, by number."""

    def __init__(self):
        self.sent = 0
        self.held = 0
        self.tasks = [
            Clock(self, "clock", 0, 1),
            Worker(self, "worker", 10),
            Device(self, "disk", 40),
            Device(self, "printer", 50),
            Handler(self, "handler", 30),
        ]
        for number in range(12):
            self.tasks[1].receive(Packet(number & 1, 1))

    def send(self, packet):
        """Give a packet to its owner."""
        self.tasks[packet.owner].receive(packet)

    def release(self, number):
        """Let a device that holds itself go on."""
        task = self.tasks[number]
        if task.state == HELD:
            task.state = RUNNING

    def schedule(self, rounds):
        """Let every task that is ready do a step, round after round."""
        done = 0
        while done < rounds:
            for task in self.tasks:
                if task.is_ready():
                    task.step()
            done += 1
        return done


def run(n):
    """Run the system n times."""
    for _ in range(n):
        system = System()
        system.schedule(ROUNDS)
    steps = [task.steps for task in system.tasks]
    return f"{steps} {system.sent} {system.held} {system.tasks[1].letter}"


if __name__ == "__main__":
    from support import main

    main("scheduler", run, DEFAULT, BENCH)
