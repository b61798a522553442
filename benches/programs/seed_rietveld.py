"""A site for code review on Django (support/review): issues with sets of patches, diffs, comments, all in a database in memory.

Requests through middleware and URLs, forms, the ORM and SQL, difflib, templates, escaping: deep stacks of small functions, few of them
hot. `run(n)` makes tables and rows, has reviewers visit n issues, and returns the number of pages they saw and a checksum.
"""

import random
import zlib

from support import require

require("django")

from support import review  # noqa: E402 - Django was asked for first

review.configure()

from django.db import connection  # noqa: E402 - they need the settings
from django.test import Client  # noqa: E402
from support.review import models  # noqa: E402

DEFAULT = 62
BENCH = 2

ISSUES, FILES = 24, 3
NAMES = ("ann", "bob", "cleo", "dan", "eve")
TOPICS = ("Fix the <parser>", "Speed up lookups", "Remove dead code & tests", "Document it", "A longer subject than the list has room for")


class Developers:
    """Those who write code, and what they write."""

    def __init__(self, seed):
        self.draw = random.Random(seed)

    def line(self):
        """A line of a program."""
        draw = self.draw
        name, other = draw.choice(("total", "node", "<key>", "items", "left", "row")), draw.choice(("value", "size", "next", "'text'"))
        form = draw.choice(
            ("{0} = {1} + {2}", "if {0}.{1} < {2}:", "    return {0}[{1}]", "for {0} in range({2}):", "call({0}, {1})  # {2}", "")
        )
        return "    " * draw.randrange(3) + form.format(name, other, draw.randrange(100))

    def file(self):
        """A new file."""
        return "".join(self.line() + "\n" for _ in range(self.draw.randrange(30, 90)))

    def edited(self, text):
        """A file after some work."""
        lines = text.splitlines()
        for _ in range(self.draw.randrange(1, 9)):
            place = self.draw.randrange(len(lines))
            what = self.draw.random()
            if what < 0.4:
                lines[place] = lines[place].replace("a", "aa").replace("call", "self.call") + " # changed"
            elif what < 0.7:
                lines[place:place] = [self.line() for _ in range(self.draw.randrange(1, 5))]
            else:
                del lines[place : place + self.draw.randrange(1, 4)]
        return "\n".join(lines) + "\n"


class Visitor:
    """Reviewers at work: what they do, and a checksum of what they see."""

    def __init__(self, developers):
        self.developers = developers
        self.draw = developers.draw
        self.client = Client()
        self.pages = self.checksum = 0

    def see(self, answer):
        """Take an answer into the checksum."""
        self.pages += 1
        head = f"{answer.status_code} {answer.headers.get('Location', '')}\n"
        self.checksum = zlib.crc32(answer.content, zlib.crc32(head.encode(), self.checksum))
        return answer

    def get(self, address, **query):
        return self.see(self.client.get(address, query))

    def post(self, address, **fields):
        return self.see(self.client.post(address, fields))

    def upload(self, issue):
        """Send a new set of patches: files go on from where the last set left them."""
        last = issue.patch_sets.order_by("number").last()
        if last is None:
            paths = [f"lib/{self.draw.choice(NAMES)}/module{number}.py" for number in range(FILES)]
            old = [self.developers.file() for _ in paths]
            new = [self.developers.edited(text) for text in old]
        else:
            paths, old, new = zip(*last.patches.order_by("pk").values_list("path", "old", "new"))
            new = [self.developers.edited(text) for text in new]
        message = self.draw.choice(("", "as you said", "rebased"))
        self.post(f"/{issue.pk}/upload/", message=message, path=paths, old=old, new=new)

    def comment(self, patch):
        """Put drafts at some lines; a line may be one that isn't there."""
        for number in range(2):
            fields = {"line": self.draw.randrange(1, 95), "text": f"Why {number}?\nI'd <b>rather</b> not."}
            if self.draw.random() < 0.4:
                fields["left"] = "on"
            self.post(f"/patch/{patch.pk}/comment/", **fields)

    def visit(self, number):
        """Look at an issue, comment on it, and sometimes change it."""
        name = NAMES[number % len(NAMES)]
        self.client.cookies["account"] = name
        issue = models.Issue.objects.get(pk=number * 7 % ISSUES + 1)
        self.get("/", page=number % 4)
        self.get(f"/user/{name}/")
        if number % 3 == 0:
            self.upload(issue)
        self.get(f"/{issue.pk}/")
        for patch in issue.patch_sets.order_by("number").last().patches.order_by("pk"):
            self.get(f"/patch/{patch.pk}/side/")
            self.comment(patch)
            self.get(f"/patch/{patch.pk}/unified/")
        self.post(f"/{issue.pk}/publish/", text="LGTM" if number % 5 == 4 else "Some questions:")
        self.get(f"/{issue.pk}/")
        if number % 10 == 0:
            self.get(f"/{ISSUES + number + 1}/")
            del self.client.cookies["account"]
            self.post(f"/{issue.pk}/publish/", text="not me")


def fill(visitor):
    """Accounts and issues, each issue with its first set of patches."""
    draw = visitor.draw
    accounts = [models.Account.objects.create(name=name) for name in NAMES]
    for number in range(ISSUES):
        issue = models.Issue.objects.create(
            subject=f"{draw.choice(TOPICS)} ({number})",
            description=f"See http://bugs.example/{number} & the list.\n\nTested by hand.",
            owner=draw.choice(accounts),
        )
        issue.reviewers.set(draw.sample(accounts, draw.randrange(1, 4)))
        visitor.client.cookies["account"] = issue.owner.name
        visitor.upload(issue)


def run(n):
    """A site from its beginning to its end, with n visits."""
    models.restart_clock()
    with connection.schema_editor() as editor:
        for model in models.ALL:
            editor.create_model(model)
    visitor = Visitor(Developers(1709))
    fill(visitor)
    for number in range(n):
        visitor.visit(number)
    comments = models.Comment.objects.filter(draft=False).count()
    with connection.schema_editor() as editor:
        for model in reversed(models.ALL):
            editor.delete_model(model)
    return f"{visitor.pages} pages, {comments} comments, {visitor.checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_rietveld", run, DEFAULT, BENCH)
