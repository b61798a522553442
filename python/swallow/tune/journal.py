"""The journal: a line of JSON for everything that was asked of the machine, with its answer and the seconds that the search had taken by then.

A search draws its random numbers from a seed and looks at nothing else but these answers. So it goes on where it was stopped by being
told the same answers again: it then does the same, up to where the journal ends.
"""

import itertools
import json
import os
import time


class BadJournal(Exception):
    """A file that is no journal, or one of another search."""


class Journal:
    """The answers so far, and the clock of the search."""

    def __init__(self, file, header, resume):
        self.file = file
        # Answers that are there already, each with the place in the file where its line begins.
        self.again = []
        # Seconds of the search at `since`.
        self.elapsed = 0.0
        self.since = None
        # The time has run out, and that is written down.
        self.is_late = False
        if resume:
            self.again = self._read(header)
        # Nothing is kept back that closing would have to write.
        self.stream = open(file, "ab" if self.again else "wb", buffering=0)
        if not self.again:
            self._write({"event": "start", **header})

    def _read(self, header):
        """The answers in the file, with their places."""
        try:
            with open(self.file, "rb") as stream:
                lines = stream.read().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BadJournal(f"{self.file}: {error.strerror}") from None
        # The last line may have been cut off.
        if lines and not lines[-1].endswith(b"\n"):
            with open(self.file, "ab") as stream:
                stream.truncate(sum(map(len, lines)) - len(lines[-1]))
            lines.pop()
        events = [self._event(number, line) for number, line in enumerate(lines, 1)]
        # Of a search that could not even write its first line.
        if not events:
            return []
        if events[0].get("event") != "start":
            raise BadJournal(f"{self.file}: not a journal of swallow tune")
        for name, value in header.items():
            if events[0].get(name) != value:
                raise BadJournal(f"{self.file}: of another search: its {name} is {events[0].get(name)}, not {value}")
        places = itertools.accumulate(map(len, lines), initial=0)
        return [(place, event) for place, event in zip(places, events) if event.get("event") == "answer"]

    def _event(self, number, line):
        """The event in a line."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        is_whole = isinstance(event, dict)
        if is_whole and event.get("event") == "answer":
            is_whole = {"question", "answer"} <= event.keys() and isinstance(event.get("t"), (int, float))
        if not is_whole:
            raise BadJournal(f"{self.file}: line {number} is damaged; --output names another directory, for a new search")
        return event

    def close(self):
        self.stream.close()

    @property
    def is_new(self):
        """Whether what is asked now was not answered before the search was stopped."""
        return not self.again

    def seconds(self):
        """How long the search has taken, all its parts together."""
        if self.again or self.since is None:
            return self.elapsed
        return self.elapsed + time.monotonic() - self.since

    def ask(self, question, answer):
        """What `answer()` returns, something that JSON can say; from the journal if it is there. `question` names it."""
        if self.again:
            event = self.again.pop(0)[1]
            if event["question"] != question:
                raise BadJournal(f"{self.file}: the search would ask for {question} where it has {event['question']}")
            self.elapsed = event["t"]
            if not self.again:
                self.since = time.monotonic()
            return event["answer"]
        if self.since is None:
            self.since = time.monotonic()
        found = answer()
        self._write({"event": "answer", "t": round(self.seconds(), 3), "question": question, "answer": found})
        return found

    def is_over(self, limit):
        """Whether the search has taken so many seconds. That is written down, too, since much follows from it."""
        if self.is_late:
            return True
        if self.again:
            place, event = self.again[0]
            if event["question"] != "over":
                return False
            if event["t"] >= limit:
                self.ask("over", None)
                self.is_late = True
                return True
            # There is more time than there was: what followed from its end is of no use, and must not be in the way of what is written now.
            self.elapsed = event["t"]
            self.again = []
            self.stream.truncate(place)
        if self.seconds() < limit:
            return False
        self.ask("over", lambda: True)
        self.is_late = True
        return True

    def note(self, **what):
        """A line for readers."""
        if self.is_new:
            self._write({"event": "note", "t": round(self.seconds(), 3), **what})

    def _write(self, event):
        left = memoryview(json.dumps(event).encode() + b"\n")
        try:
            while left:
                left = left[self.stream.write(left) :]
            # What is written survives this process.
            os.fsync(self.stream.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.file)) from None
