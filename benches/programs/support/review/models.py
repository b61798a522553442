"""What the site keeps."""

import datetime
import difflib
import itertools

from django.db import models

minutes = itertools.count()


def restart_clock():
    """Begin anew with the time."""
    global minutes
    minutes = itertools.count()


def now():
    """A clock that is the same in every run: it goes on by a minute when it is looked at."""
    return datetime.datetime(2009, 5, 1) + datetime.timedelta(minutes=next(minutes))


class Account(models.Model):
    name = models.SlugField(unique=True)


class Issue(models.Model):
    subject = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(Account, models.CASCADE, related_name="issues")
    reviewers = models.ManyToManyField(Account, related_name="reviews")
    closed = models.BooleanField(default=False)
    modified = models.DateTimeField(default=now)


class PatchSet(models.Model):
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="patch_sets")
    number = models.IntegerField()
    message = models.CharField(max_length=100, blank=True)


class Patch(models.Model):
    patch_set = models.ForeignKey(PatchSet, models.CASCADE, related_name="patches")
    path = models.CharField(max_length=200)
    old = models.TextField()
    new = models.TextField()
    added = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)

    def save(self, **options):
        changes = [line[0] for line in difflib.ndiff(self.old.splitlines(), self.new.splitlines())]
        self.added, self.removed = changes.count("+"), changes.count("-")
        super().save(**options)


class Comment(models.Model):
    patch = models.ForeignKey(Patch, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Account, models.CASCADE)
    left = models.BooleanField(default=False)
    line = models.IntegerField()
    text = models.TextField()
    draft = models.BooleanField(default=True)


class Message(models.Model):
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="messages")
    sender = models.ForeignKey(Account, models.CASCADE)
    text = models.TextField()
    created = models.DateTimeField(default=now)


ALL = (Account, Issue, PatchSet, Patch, Comment, Message)
