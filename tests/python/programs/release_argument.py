"""When an argument dies that the callee forgets: with any frame evaluation hook CPython's CALL keeps it until the call is over."""

from support import HOT

quiet = True


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        if not quiet:
            print("  bye", self.name)

    def __add__(self, other):
        return Loud(f"({self.name}+{other.name})")

    def method(self):
        return self.name

    def __call__(self, other):
        return other

    def __getitem__(self, i):
        return Loud(f"{self.name}[{i}]")

    def __lt__(self, other):
        return True


def say(text):
    if not quiet:
        print(" ", text)


def arguments(a, b):
    say("in callee")
    a = None
    say("argument dropped")
    return b


def call_arguments():
    arguments(Loud("arg a"), Loud("arg b"))
    say("after call")
    kept = arguments(Loud("arg c"), Loud("arg d"))
    say("kept")
    return kept.name


for _ in range(HOT):
    call_arguments()
quiet = False
print(call_arguments())
quiet = True
