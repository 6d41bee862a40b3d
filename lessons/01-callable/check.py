"""What lesson 1 looks at: gs2/asgi.py as a server meets it, and the two settings."""

from coach.evidence import Failure
from coach.site import Site

OTHER = "gs2.staging"
# The learner's settings, and a page more: who answers with it has asked Django.
STAGING = """\
from {usual} import *

ROOT_URLCONF = "gs2.staging_urls"
"""
STAGING_URLS = """\
from importlib import import_module

from django.http import HttpResponse
from django.urls import path

from {usual} import ROOT_URLCONF

urlpatterns = [
    path("staging/", lambda request: HttpResponse("<title>staging</title>")),
    *import_module(ROOT_URLCONF).urlpatterns,
]
"""


async def check_imports_without_settings_named(site: Site) -> None:
    await site.load(follow=False)


async def check_respects_settings_named(site: Site) -> None:
    await site.load(follow=False)
    other = await with_other_settings(site)
    # What Django has read its settings from; before it has read any, what it would read.
    named = other.facts["settings"].get("SETTINGS_MODULE", other.facts["settings_module"])
    if named != OTHER:
        expected = f"Django's settings come from {OTHER}"
        got = f"they come from {named}" if named else "they come from no module"
        raise Failure(expected, got, other.evidence("settings"))


async def check_page_is_answered(site: Site) -> None:
    await site.load(follow=False)
    await site.shows_page("/")
    # The process of the step before, where there is one.
    other = site.helpers[-1] if site.helpers else await with_other_settings(site)
    site.story.add(f"with the settings of {OTHER}, which have a page at /staging/")
    await other.shows_page("/staging/", title="staging")


async def with_other_settings(site: Site) -> Site:
    """The site in another process, whose environment names other settings."""
    usual = site.facts["settings_module"] or "gs2.settings"
    site.add_file("gs2/staging.py", STAGING.format(usual=usual))
    site.add_file("gs2/staging_urls.py", STAGING_URLS.format(usual=usual))
    site.story.add(f"sets DJANGO_SETTINGS_MODULE={OTHER} and imports gs2.asgi")
    other = site.other({"DJANGO_SETTINGS_MODULE": OTHER})
    await other.load(follow=False)
    return other


async def check_runserver_is_daphne(site: Site) -> None:
    async with site.runserver() as server:
        answer = await server.shows_page("/")
        name = answer.headers.get("server", "")
        if not name.lower().startswith("daphne"):
            evidence = server.evidence("runserver")
            raise Failure("an answer by Daphne", f"an answer by {name or 'nobody'}", evidence)


async def check_daphne_serves_page(site: Site) -> None:
    async with site.daphne() as server:
        await server.shows_page("/")
