"""What lesson 1 looks at: gs2/asgi.py as a server meets it, and the two settings."""

from coach.evidence import Failure
from coach.site import Site

OTHER = "gs2.staging"


async def check_imports_without_settings_named(site: Site) -> None:
    await site.load(follow=False)


async def check_respects_settings_named(site: Site) -> None:
    await site.load(follow=False)
    usual = site.facts["settings_module"] or "gs2.settings"
    site.add_file("gs2/staging.py", f"from {usual} import *\n")
    site.story.add(f"sets DJANGO_SETTINGS_MODULE={OTHER} and imports gs2.asgi")
    other = site.other({"DJANGO_SETTINGS_MODULE": OTHER})
    await other.load(follow=False)
    # What Django has read its settings from; before it has read any, what it would read.
    named = other.facts["settings"].get("SETTINGS_MODULE", other.facts["settings_module"])
    if named != OTHER:
        expected = f"Django's settings come from {OTHER}"
        got = f"they come from {named}" if named else "they come from no module"
        raise Failure(expected, got, other.evidence("settings"))


async def check_page_is_answered(site: Site) -> None:
    await site.load(follow=False)
    await site.shows_page("/")


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
