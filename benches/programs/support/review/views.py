"""What the site answers."""

import difflib
import itertools

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.html import format_html, format_html_join

from .models import Account, Comment, Issue, Message, Patch

PER_PAGE = 10


class CommentForm(forms.ModelForm):
    class Meta:
        model = Comment
        fields = ["left", "line", "text"]

    def clean(self):
        data = super().clean()
        patch = self.instance.patch
        lines = (patch.old if data.get("left") else patch.new).count("\n")
        if not 1 <= data.get("line", 0) <= lines:
            raise forms.ValidationError("There are %(lines)d lines", params={"lines": lines})
        return data


def account_middleware(get_response):
    """Who asks is told by a cookie; who doesn't tell may only look."""

    def middleware(request):
        request.account = Account.objects.filter(name=request.COOKIES.get("account", "")).first()
        if request.method == "POST" and request.account is None:
            return HttpResponseForbidden("Who are you?")
        return get_response(request)

    return middleware


def index(request, name=None):
    issues = Issue.objects.select_related("owner").prefetch_related("reviewers").order_by("closed", "-modified", "pk")
    if name is not None:
        account = get_object_or_404(Account, name=name)
        issues = issues.filter(Q(owner=account) | Q(reviewers=account)).distinct()
    issues = issues.annotate(sets=Count("patch_sets", distinct=True), notes=Count("messages", distinct=True))
    page = Paginator(issues, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "index.html", {"page": page, "heading": name or "All", "account": request.account})


def show_issue(request, number):
    issue = get_object_or_404(Issue.objects.select_related("owner"), pk=number)
    sets = issue.patch_sets.prefetch_related("patches__comments").order_by("number")
    messages = issue.messages.select_related("sender").order_by("pk")
    return render(request, "issue.html", {"issue": issue, "sets": sets, "messages": messages, "account": request.account})


def unified_rows(old, new):
    """Rows of a unified diff: number and text, and the places that comments may be for."""
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(3):
        yield "head", [(None, f"@@ -{group[0][1] + 1},{group[-1][2]} +{group[0][3] + 1},{group[-1][4]} @@")], ()
        for tag, a, b, c, d in group:
            if tag == "equal":
                for number in range(b - a):
                    yield tag, [(a + number + 1, " " + old[a + number])], ((True, a + number + 1), (False, c + number + 1))
                continue
            for number in range(a, b):
                yield "removed", [(number + 1, "-" + old[number])], ((True, number + 1),)
            for number in range(c, d):
                yield "added", [(number + 1, "+" + new[number])], ((False, number + 1),)


def mark(text, pieces):
    """A line with what is different in it marked."""
    marked = ((("ins" if tag != "equal" else "span"), text[first:last]) for tag, first, last in pieces if first < last)
    return format_html_join("", "<{0}>{1}</{0}>", marked)


def side_rows(old, new):
    """Rows of the whole files side by side."""
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        for left, right in itertools.zip_longest(range(a, b), range(c, d)):
            texts = ["" if left is None else old[left], "" if right is None else new[right]]
            if tag == "replace" and left is not None and right is not None:
                inner = difflib.SequenceMatcher(None, *texts).get_opcodes()
                texts = [mark(texts[0], [code[:3] for code in inner]), mark(texts[1], [(code[0], *code[3:]) for code in inner])]
            numbers = [None if number is None else number + 1 for number in (left, right)]
            yield tag, list(zip(numbers, texts)), ((True, numbers[0]), (False, numbers[1]))


def show_diff(request, number, form):
    patch = get_object_or_404(Patch.objects.select_related("patch_set"), pk=number)
    comments = {}
    for comment in patch.comments.filter(Q(draft=False) | Q(author=request.account)).select_related("author").order_by("pk"):
        comments.setdefault((comment.left, comment.line), []).append(comment)
    make = unified_rows if form == "unified" else side_rows
    rows = []
    for kind, cells, places in make(patch.old.splitlines(), patch.new.splitlines()):
        rows.append({"kind": kind, "cells": cells, "comments": [comment for place in places for comment in comments.get(place, ())]})
    return render(request, "diff.html", {"patch": patch, "rows": rows, "form": form, "account": request.account})


def add_comment(request, number):
    patch = get_object_or_404(Patch, pk=number)
    form = CommentForm(request.POST, instance=Comment(patch=patch, author=request.account))
    if not form.is_valid():
        return HttpResponse(form.errors.as_ul(), status=400)
    form.save()
    return redirect("unified", number)


@transaction.atomic
def publish(request, number):
    issue = get_object_or_404(Issue, pk=number)
    drafts = Comment.objects.filter(patch__patch_set__issue=issue, author=request.account, draft=True)
    text = [request.POST.get("text", "")]
    for comment in drafts.select_related("patch").order_by("patch__path", "line", "pk"):
        lines = (comment.patch.old if comment.left else comment.patch.new).splitlines()
        text.append(f"{comment.patch.path}:{comment.line}: {lines[comment.line - 1].strip()}\n{comment.text}")
    drafts.update(draft=False)
    message = Message.objects.create(issue=issue, sender=request.account, text="\n\n".join(text))
    Issue.objects.filter(pk=number).update(modified=message.created, closed="LGTM" in text[0])
    return redirect("issue", number)


@transaction.atomic
def upload(request, number):
    issue = get_object_or_404(Issue, pk=number)
    last = issue.patch_sets.aggregate(last=Max("number"))["last"] or 0
    patch_set = issue.patch_sets.create(number=last + 1, message=request.POST.get("message", ""))
    files = zip(*(request.POST.getlist(field) for field in ("path", "old", "new")))
    for name, old, new in files:
        patch_set.patches.create(path=name, old=old, new=new)
    return HttpResponse(format_html("<p>{} files</p>", patch_set.patches.count()), status=201)


urlpatterns = [
    path("", index, name="index"),
    path("user/<slug:name>/", index),
    path("<int:number>/", show_issue, name="issue"),
    path("<int:number>/publish/", publish),
    path("<int:number>/upload/", upload),
    path("patch/<int:number>/unified/", show_diff, {"form": "unified"}, name="unified"),
    path("patch/<int:number>/side/", show_diff, {"form": "side"}, name="side"),
    path("patch/<int:number>/comment/", add_comment),
]
