"""A site for code review on Django, for seed_rietveld.py: issues, sets of patches, diffs in two forms, and comments at their lines."""

import django
from django.conf import settings

from .pages import TEMPLATES


def configure():
    """What would stand in a project's settings; models and views can be imported afterwards."""
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[__name__],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", f"{__name__}.views.account_middleware"],
        ROOT_URLCONF=f"{__name__}.views",
        SECRET_KEY="not one",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [("django.template.loaders.locmem.Loader", TEMPLATES)])]},
            }
        ],
        USE_TZ=False,
    )
    django.setup()
