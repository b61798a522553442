"""The search: passes that are not missed are taken out, then changes are tried at random.

Most passes of a long pipeline change nothing in a given program, and of what changes its IR much changes nothing in its machine code. Where
the code is the same nothing needs to be timed. So taking out is tried on many passes at once first, by the code; what is left is timed,
the most expensive first.
"""

import collections
import random
from dataclasses import dataclass, field

from swallow.tune import changes, contest, pipeline, trial

# Changes in vain before the search begins somewhere else, and with how many changes it does.
PATIENCE = 12
LEAP = 3

# The part of the time in passes below which taking a pass out is not worth timing the code.
WORTH = 0.01

# The times that figures are taken where little makes a difference.
SAMPLES = 3

# Of the budget, what is for the search itself; the rest is for making sure.
SHARE = 0.85


@dataclass
class Evaluation:
    """What is known of a pipeline."""

    text: str
    # All programs together, as in `trial.Inspection`; the least of all samples.
    passes: float
    generator: float
    code_bytes: int
    code: str
    rows: dict = field(default_factory=dict)
    samples: int = 1
    # The digests of all samples.
    codes: list = field(default_factory=list)
    memory: float | None = None


@dataclass
class Effect:
    """What came of changing a pipeline."""

    words: str
    name: str
    # Seconds in passes that it saves.
    saved: float
    # The code against that before; None: it is the same.
    verdict: contest.Verdict | None
    accepted: bool


class Search:
    """One search."""

    def __init__(self, options, start, runner, journal, say):
        self.options = options
        self.objective = options.objective
        self.programs = options.programs
        self.runner = runner
        self.journal = journal
        self.say = say
        self.random = random.Random(options.seed)
        self.evaluations = {}
        # By the two pipelines' code.
        self.verdicts = {}
        # By the digest that stands for a code: all that it was found to have.
        self.digests = {}
        self.effects = []
        self.start_passes = pipeline.parse(start)
        self.start = None
        self.best = None
        # Every pipeline that has been the best, in order.
        self.chain = []
        # The fastest code.
        self.reference = None

    # ---- asking the machine

    def inspect(self, text):
        """The evaluation of a pipeline; None if the code generator fails under it."""
        if text not in self.evaluations:
            self.evaluations[text] = self._evaluate(text, 1)
        return self.evaluations[text]

    def _evaluate(self, text, sample):
        answers = self.journal.ask({"inspect": text, "sample": sample}, lambda: self._inspect_all(text))
        if "bad" in answers[0]:
            return None
        found = Evaluation(text, 0.0, 0.0, 0, "".join(answer["code"] for answer in answers))
        found.codes.append(found.code)
        for answer in answers:
            found.passes += answer["passes"]
            found.generator += answer["generator"]
            found.code_bytes += answer["code_bytes"]
            for row in answer["rows"]:
                known = found.rows.setdefault((row["stage"], row["name"]), {"runs": 0, "changed": 0, "seconds": 0.0})
                for figure in known:
                    known[figure] += row[figure]
        return found

    def _inspect_all(self, text):
        try:
            return [vars(self.runner.inspect(program, text)) for program in self.programs]
        except trial.NoGood as error:
            return [{"bad": str(error)}]

    def sample(self, evaluation):
        """Takes the figures again, up to `SAMPLES` times: the least count."""
        while evaluation.samples < SAMPLES:
            again = self._evaluate(evaluation.text, evaluation.samples + 1)
            evaluation.samples += 1
            if again is not None:
                evaluation.codes.append(again.code)
                evaluation.passes = min(evaluation.passes, again.passes)
                evaluation.generator = min(evaluation.generator, again.generator)
        return evaluation

    def _memory(self, evaluation):
        if evaluation.memory is None:
            answer = self.journal.ask(
                {"memory": evaluation.text},
                lambda: sum(min(self.runner.memory(program, evaluation.text) for _ in range(SAMPLES)) for program in self.programs),
            )
            evaluation.memory = answer
        return evaluation.memory

    def figure(self, evaluation):
        """The figure that is to become less."""
        if self.objective.figure == "memory":
            return self._memory(evaluation)
        return getattr(evaluation, self.objective.figure or "passes")

    def has_code_of(self, one, other):
        """Whether two pipelines make the same code. On a machine that is busy a program's heap, and with it addresses in its code, may be laid
        out in several ways; then code has several digests, and the least that it takes to be the same is to have the same size."""
        known = self.digests.setdefault(other.code, {other.code, *other.codes})
        if not known & set(one.codes) and one.code_bytes == other.code_bytes:
            self.sample(one)
        if not known & set(one.codes):
            return False
        known.update(one.codes)
        one.code = other.code
        return True

    def compare(self, one, other, decided, most=contest.MOST, programs=None):
        """The verdict on one pipeline's code against another's."""
        programs = programs or self.programs
        question = {"contest": [one.text, other.text], "programs": [program.key for program in programs], "most": most}

        def time(program, text):
            return self.runner.time(program, text, self.objective.waits)

        def run():
            return vars(contest.hold(time, programs, one.text, other.text, decided, most))

        return contest.Verdict(**self.journal.ask(question, run))

    def slower(self, one):
        """The verdict on a pipeline's code against the fastest, made out as far as the tolerance asks for."""
        key = one.code, self.reference.code
        if key not in self.verdicts:
            tolerance = self.options.tolerance

            def decided(verdict):
                return verdict.is_no_slower(tolerance) or verdict.is_slower(tolerance)

            self.verdicts[key] = self.compare(one, self.reference, decided)
        return self.verdicts[key]

    def is_over(self):
        """Whether there is no more time to search."""
        return self.journal.is_over(SHARE * self.options.budget)

    # ---- deciding

    def has_less(self, one, other):
        """Whether a pipeline's figure certainly is less, by as much as counts."""
        limit = 1 - self.objective.gain
        if self.figure(one) >= self.figure(other) * limit:
            return False
        if self.figure(one) < self.figure(other) * 0.8:
            return True
        return self.figure(self.sample(one)) < self.figure(self.sample(other)) * limit

    def judge(self, one, current):
        """Whether a pipeline is better than another; and the verdict on its code, if that was needed."""
        same = self.has_code_of(one, current) and self.objective.waits
        if self.has_less(one, current):
            if same:
                return True, None
            verdict = self.slower(one)
            return verdict.is_no_slower(self.options.tolerance), verdict
        if same or self.objective.figure is not None or one.passes > 2 * self.start.passes:
            return False, None
        # It may be faster.
        gain = self.objective.gain

        def decided(verdict):
            return verdict.high < 1 - gain or verdict.low > 1 - gain or verdict.ratio > 1

        verdict = self.compare(one, self.reference, decided, 2 * contest.LEAST)
        return verdict.high < 1 and verdict.ratio < 1 - gain, verdict

    def accept(self, one, words):
        """Makes a pipeline the best."""
        before = self.best
        self.best = one
        self.chain.append(one)
        if before is not None:
            self.say(f"{words}: {describe(one)}")
        self.journal.note(accepted=one.text, why=words)

    # ---- searching

    def run(self):
        """The whole search."""
        self.start = self.inspect(pipeline.write(self.start_passes))
        if self.start is None:
            raise trial.NoGood("the code generator fails under the pipeline that the search begins with")
        self.sample(self.start)
        self.reference = self.start
        self.say(f"start: {describe(self.start)}")
        self.accept(self.start, "start")
        # The first run after an installation has other addresses than all that follow.
        self.start.code, count = collections.Counter(self.start.codes).most_common(1)[0]
        if count == 1:
            self.say("the code is another one in every run: every step is timed")
        self.take_out()
        self.try_changes()

    def take_out(self):
        """Takes out what is not missed."""
        passes = self.start_passes
        places = list(pipeline.places(passes))
        working = {name for (stage, name), row in self.start.rows.items() if stage == "llvm" and row["changed"]}
        gone, missed, cheap = set(), [], []
        self._prune([place for place in places if pipeline.at(passes, place).name not in working], gone, missed, [])
        rest = [place for place in places if place not in gone and place not in missed]
        rest.sort(key=lambda place: (-self._cost(place), place))
        self._prune(rest, gone, missed, cheap)
        # Its code is the same, and takes less time to make.
        self.reference = self.best
        names = {}
        for place in sorted(missed, key=lambda place: (-self._cost(place), place)):
            names.setdefault(pipeline.at(passes, place).name, []).append(place)
        for group in sorted(names.values(), key=lambda group: -sum(map(self._cost, group))):
            self._drop(group, gone)
        self._prune(cheap, gone, [], None)

    def _cost(self, place):
        """Seconds of a pass, if all passes of its name take the same."""
        name = pipeline.at(self.start_passes, place).name
        same = sum(pipeline.at(self.start_passes, other).name == name for other in pipeline.places(self.start_passes))
        return self.start.rows.get(("llvm", name), {"seconds": 0.0})["seconds"] / same

    def _without(self, gone):
        left = pipeline.without(self.start_passes, gone)
        return self.inspect(pipeline.write(left)) if left else None

    def _prune(self, places, gone, missed, cheap):
        """Takes out what leaves the code as it is; adds what doesn't to `missed`, and what is not worth trying yet to `cheap`, if that is
        a list."""
        if not places or self.is_over():
            return
        if cheap is not None and self.start.rows and sum(map(self._cost, places)) < WORTH * self.start.passes and len(places) > 1:
            if not self._same_without(places, gone):
                cheap += places
            return
        if self._same_without(places, gone):
            return
        if len(places) == 1:
            missed.append(places[0])
            return
        middle = len(places) // 2
        self._prune(places[:middle], gone, missed, cheap)
        self._prune(places[middle:], gone, missed, cheap)

    def _same_without(self, places, gone):
        """Takes some passes out if the code stays as it is; whether it does."""
        found = self._without(gone | set(places))
        if found is None or self.objective.figure == "memory" or not self.has_code_of(found, self.best):
            return False
        saved = self.best.passes - found.passes
        names = [pipeline.at(self.start_passes, place).name for place in places]
        self.effects += [Effect(f"without {name}", name, saved / len(places), None, True) for name in names]
        gone.update(places)
        self.accept(found, f"the same code without {words_for(names)}")
        return True

    def _drop(self, places, gone):
        """Takes out what leaves the code as fast as it is: all of some passes, or else of each half what can be."""
        if not places or self.is_over():
            return
        found = self._without(gone | set(places))
        if found is None and len(places) == 1:
            return
        if found is not None:
            names = [pipeline.at(self.start_passes, place).name for place in places]
            saved = self.best.passes - found.passes
            same = self.has_code_of(found, self.best)
            if not same and sum(map(self._cost, places)) < WORTH * self.start.passes:
                # Not worth timing the code.
                return
            accepted, verdict = (True, None) if same else self._is_free(found)
            words = f"without {words_for(names)}"
            if accepted or len(places) == 1:
                self.effects += [Effect(words, name, saved / len(names), verdict, accepted) for name in names]
            if accepted:
                gone.update(places)
                self.accept(found, words if verdict is None else f"{words}, {verdict}")
                return
            if verdict is not None:
                self.say(f"{'missed' if len(names) == 1 else 'not at once'}: {words} {verdict}")
        if len(places) > 1:
            self._drop_halves(places, gone)

    def _drop_halves(self, places, gone):
        """What costs most comes first in the list, and is tried last: much of the rest may be gone by then."""
        middle = len(places) // 2
        self._drop(places[middle:], gone)
        self._drop(places[:middle], gone)

    def _is_free(self, found):
        """Whether a pipeline from which passes were taken out is no worse; and the verdict on its code, if that was needed."""
        if self.objective.figure in (None, "passes"):
            # Less is done, so it takes less, unless what is left has more to do. The clock may say otherwise once.
            if found.passes > 1.3 * self.best.passes and self.sample(found).passes > self.sample(self.best).passes:
                return False, None
        elif self.figure(found) > self.figure(self.best):
            return False, None
        verdict = self.slower(found)
        return verdict.is_no_slower(self.options.tolerance), verdict

    def try_changes(self):
        """Tries changes at random until time is over."""
        current, vain = self.best, 0
        while not self.is_over():
            if vain >= PATIENCE:
                current, vain = self._elsewhere(), 0
            passes, words = changes.draw(pipeline.parse(current.text), self.random)
            vain += 1
            text = pipeline.write(passes)
            if not passes or text in self.evaluations:
                continue
            found = self.inspect(text)
            if found is None:
                continue
            better, verdict = self.judge(found, current)
            if verdict is not None:
                self.effects.append(Effect(words, words, current.passes - found.passes, verdict, better))
            if not better:
                continue
            is_faster = verdict is not None and verdict.ratio < 1 - self.objective.gain and verdict.is_faster()
            current, vain = found, 0
            if is_faster and self.objective.figure is None and found.code != self.reference.code:
                self.reference = found
                self.accept(found, f"{words}, {verdict}")
            elif self.has_less(found, self.best):
                self.accept(found, words if verdict is None else f"{words}, {verdict}")

    def _elsewhere(self):
        """A pipeline some changes away from the best one, whose code is as fast."""
        for _ in range(PATIENCE):
            if self.is_over():
                break
            passes = pipeline.parse(self.best.text)
            for _ in range(LEAP):
                passes = changes.draw(passes, self.random)[0] or passes
            found = self.inspect(pipeline.write(passes))
            if found is None or found.passes > 2 * self.best.passes:
                continue
            if found.code == self.best.code or self.slower(found).is_no_slower(self.options.tolerance):
                self.say(f"on from elsewhere: {describe(found)}")
                return found
        return self.best

    def confirm(self):
        """Measures the best pipeline against the first once more, with fresh runs; one that doesn't stand that gives way to the one before."""

        def decided(verdict):
            return verdict.rounds >= 2 * contest.LEAST and (
                verdict.is_no_slower(self.options.tolerance) or verdict.is_slower(self.options.tolerance)
            )

        while True:
            if self.best is self.start:
                return None
            verdict = self.compare(self.best, self.start, decided, 2 * contest.MOST)
            self.sample(self.best)
            if not verdict.is_slower(self.options.tolerance):
                return verdict
            self.say(f"not confirmed: {verdict}")
            self.chain.pop()
            self.best = self.chain[-1]


def words_for(names):
    """Names in words: all of few, the number of many."""
    if len(names) > 6:
        return f"{len(names)} passes"
    counts = {name: names.count(name) for name in names}
    return ", ".join(name if count == 1 else f"{name} ({count} times)" for name, count in counts.items())


def describe(evaluation):
    """The figures in words."""
    count = pipeline.size(pipeline.parse(evaluation.text))
    return f"{count} passes, {evaluation.passes * 1e3:.2f} ms in them, {evaluation.code_bytes} bytes of code"
