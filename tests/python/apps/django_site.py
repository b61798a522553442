"""A Django site on a database in memory: tables by the schema editor, rows, queries, templates, forms, and requests to pages."""

import datetime
import decimal
import sys

import django
from django.apps import AppConfig
from django.conf import settings

BOOKS = 300

BASE = """\
<!doctype html>
<title>{% block title %}Library{% endblock %}</title>
{% block content %}{% endblock %}
<p>{% now_fixed %}</p>
"""
LIST = """\
{% extends "base.html" %}
{% block title %}{{ block.super }}: {{ books|length }} books{% endblock %}
{% block content %}
{% regroup books by author as groups %}
{% for group in groups %}<h2>{{ group.grouper.name|upper }} ({{ group.list|length }})</h2>
{% for book in group.list %}<p class="{% cycle 'odd' 'even' %}">{{ forloop.counter }}. <a href="{% url 'book' book.pk %}">{{ book.title|title|truncatechars:20 }}</a>
{{ book.price|floatformat:2 }}{% if book.price > 30 %} dear{% elif book.price < 12 %} cheap{% endif %}, {{ book.printed|date:"j F Y" }}</p>
{% empty %}none{% endfor %}{% endfor %}{% endblock %}
"""
DETAIL = """\
{% extends "base.html" %}
{% block content %}<h1>{{ book.title }}</h1>{% with tags=book.tags.all %}
<ul>{% for tag in tags %}<li>{{ tag.name|capfirst }}{% if not forloop.last %},{% endif %}</li>{% endfor %}</ul>{% endwith %}
{{ book.note|linebreaks }}{{ book.note|wordcount }} words; {{ book.note|slugify|default:"-" }}{% endblock %}
"""


class Library(AppConfig):
    name = __name__
    label = "library"
    path = "."


def configure():
    """Everything of a project that would stand in files."""
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[f"{__name__}.Library"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.http.ConditionalGetMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="not one",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", {"base.html": BASE, "list.html": LIST, "detail.html": DETAIL})],
                    "libraries": {"fixed": __name__},
                    "builtins": [__name__],
                },
            }
        ],
        USE_TZ=False,
    )
    django.setup()


configure()

from django import forms, template  # noqa: E402 - they need the settings
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import Avg, Count, F, Max, Q, Sum  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import get_object_or_404, render  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

register = template.Library()


@register.simple_tag
def now_fixed():
    return "written " + datetime.date(2020, 2, 29).isoformat()


class Author(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        app_label = "library"


class Tag(models.Model):
    name = models.SlugField()

    class Meta:
        app_label = "library"


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    printed = models.DateField()
    note = models.TextField(blank=True)

    class Meta:
        app_label = "library"
        ordering = ["author__name", "-price", "pk"]


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ["title", "author", "price", "printed", "note"]

    def clean_title(self):
        title = self.cleaned_data["title"]
        if title.islower():
            raise forms.ValidationError("A title begins with a capital: %(title)s", params={"title": title})
        return title


def all_books(request):
    books = Book.objects.select_related("author")
    if word := request.GET.get("word"):
        books = books.filter(Q(title__icontains=word) | Q(note__icontains=word))
    return render(request, "list.html", {"books": books})


def one_book(request, number):
    return render(request, "detail.html", {"book": get_object_or_404(Book.objects.prefetch_related("tags"), pk=number)})


def new_book(request):
    form = BookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return JsonResponse({"made": str(form.save().title)}, status=201)
    return HttpResponse(form.as_p(), status=400 if form.errors else 200)


urlpatterns = [path("", all_books), path("book/<int:number>/", one_book, name="book"), path("new/", new_book)]


def make_tables():
    with connection.schema_editor() as editor:
        for model in (Author, Tag, Book):
            editor.create_model(model)
        # A column that comes later: SQLite's table is made anew and its rows copied.
        field = models.IntegerField(default=7)
        field.set_attributes_from_name("stock")
        editor.add_field(Author, field)
    with connection.schema_editor() as editor:
        editor.remove_field(Author, field)
    for table in sorted(connection.introspection.table_names()):
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        print("table", table, [column.name for column in columns])


def make_rows():
    authors = Author.objects.bulk_create(Author(name=f"{first} {last}") for first in ("ann", "bob", "eve") for last in ("Adams", "Young"))
    tags = [Tag.objects.create(name=f"tag-{number}") for number in range(5)]
    for number in range(BOOKS):
        book = Book.objects.create(
            title=f"book <{number}> & its story",
            author=authors[number * 7 % len(authors)],
            price=decimal.Decimal(800 + number * 37 % 3000) / 100,
            printed=datetime.date(1990, 1, 1) + datetime.timedelta(days=number * 101),
            note="\n\n".join(f"Paragraph {part} of {number}." for part in range(number % 4)),
        )
        book.tags.set(tags[number % 3 : 1 + number % 5])
    try:
        with transaction.atomic():
            Author.objects.create(name="nobody")
            Author.objects.create(name="ann Adams")
    except django.db.IntegrityError as error:
        print("refused:", error)


def query():
    print(Author.objects.aggregate(Count("books"), Sum("books__price"), Avg("books__price"), Max("books__printed")))
    for author in Author.objects.annotate(n=Count("books"), total=Sum("books__price")).filter(n__gt=1).order_by("-total", "name"):
        print(author.name, author.n, author.total)
    Book.objects.filter(pk__lt=10).update(price=F("price") * 2)
    cheap = Book.objects.filter(Q(price__lt=12) & ~Q(tags__name="tag-1")).exclude(note="").distinct()
    print(cheap.query)
    print(list(cheap.values_list("title", "author__name", "price")))
    print(Book.objects.dates("printed", "year")[:3], Book.objects.in_bulk([3, 5]).keys(), Book.objects.filter(pk=4).delete())
    try:
        Book.objects.get(author__name__startswith="ann")
    except Book.MultipleObjectsReturned as error:
        print(type(error).__name__, error)


def visit():
    client = Client()
    good = {"title": "Fresh", "author": 1, "price": "3.50", "printed": "2021-03-04"}
    answers = [
        client.get("/"),
        client.get("/", {"word": "graph 2"}),
        client.get("/book/8/"),
        client.get("/new/"),
        client.post("/new/", {**good, "title": "fresh", "price": "x"}),
        client.post("/new/", good),
        client.get("/book/4/"),
        client.get("/book/9999/"),
    ]
    for answer in answers:
        print(answer.status_code, sorted(answer.headers.items()))
        print(answer.content.decode())
    for number in range(1, BOOKS + 1):
        sys.stdout.write(f"{len(client.get(f'/book/{number}/').content)} ")
    print()


make_tables()
make_rows()
query()
visit()
