"""The journal: a line of JSON for everything that was asked of the machine, with its answer and the seconds that the search had taken by then.

A search draws its random numbers from a seed and looks at nothing else but these answers. So it goes on where it was stopped by being
told the same answers again: it then does the same, up to where the journal ends.
"""

import json
import os
import time


class BadJournal(Exception):
    """A file that is no journal, or one of another search."""


class Journal:
    """The answers so far, and the clock of the search."""

    def __init__(self, file, header, resume):
        self.file = file
        self.again = []
        # Seconds of the search at `since`.
        self.elapsed = 0.0
        self.since = None
        # The time has run out, and that is written down.
        self.is_late = False
        if resume:
            self.again = self._read(header)
        self.stream = open(file, "a" if self.again else "w", encoding="utf-8")
        if not self.again:
            self._write({"event": "start", **header})
        self.known = len(self.again)

    def _read(self, header):
        """The answers in the file."""
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
        try:
            events = [json.loads(line) for line in lines]
        except ValueError as error:
            raise BadJournal(f"{self.file}: {error}") from None
        if not events or events[0].get("event") != "start":
            raise BadJournal(f"{self.file}: not a journal of swallow tune")
        for name, value in header.items():
            if events[0].get(name) != value:
                raise BadJournal(f"{self.file}: of another search: its {name} is {events[0].get(name)}, not {value}")
        return [event for event in events if event["event"] == "answer"]

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
            event = self.again.pop(0)
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
            event = self.again[0]
            if event["question"] != "over":
                return False
            if event["t"] >= limit:
                self.ask("over", None)
                self.is_late = True
                return True
            # There is more time than there was: what followed from its end is of no use.
            self.elapsed = event["t"]
            self.again = []
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
        self.stream.write(json.dumps(event) + "\n")
        # What is written survives this process.
        self.stream.flush()
        os.fsync(self.stream.fileno())
