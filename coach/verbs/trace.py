"""`trace URL`: follow a connection through the learner's site, or any project with Channels."""

import asyncio
import difflib
from pathlib import Path

import click

from coach import diagnoses
from coach.address import Address, address
from coach.cli import FAILED, leave
from coach.evidence import Evidence, place_named
from coach.folder import copy_of
from coach.learner import Learner
from coach.process import Launcher
from coach.report import print_json
from coach.trace import project
from coach.tracing import Trace, TracedSite
from coach.verbs import options


@click.command()
@click.argument("url", required=False)
@click.option(
    "--protocol", type=click.Choice(["websocket", "http"]), default="websocket", show_default=True,
    help="What a path alone is opened as.",
)  # fmt: skip
@click.option("--origin", help='The page that opens it; "" for none, else one of the same host.')
@click.option("--asgi", metavar="MODULE:NAME", help="The application of another project.")
@options.work
@options.as_json
@options.plain
def command(
    url: str | None,
    protocol: str,
    origin: str | None,
    asgi: str | None,
    work: str | None,
    as_json: bool,
    plain: bool,
) -> None:
    """Send a connection through your site, and draw where it goes or stops.

    With --asgi it is any project with Channels, in this folder or in the one that --work names.

    URL is a path, as /ws/sc/, or begins with ws:, wss:, http: or https:, whatever the port; or it
    is channel:NAME, or lifespan: alone. The exit code is 0 where the connection is accepted, the
    page answered with a status below 400, the channel listened to or the lifespan started.
    """
    if url is None:
        raise click.UsageError(
            "Name a path: make trace URL=/ws/sc/ (python -m coach trace /ws/sc/)."
        )
    try:
        sent = address(url, protocol, origin)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with Launcher() as launcher:
        found = other(launcher, sent, asgi, work) if asgi else own(launcher, sent, work)
    if as_json:
        print_json(found.as_json())
    else:
        show(found, plain)
    if not found.passed:
        leave(FAILED)


def own(launcher: Launcher, sent: Address, work: str | None) -> Trace:
    """The way in a copy of the learner's folder, with the cause where the catalogue knows it."""
    folder = Learner.at(work).folder
    if not folder.is_there:
        raise click.UsageError(f"{folder.shown}/ holds no site yet. A check of lesson 1 makes it.")
    tree = folder.read()
    with copy_of(tree) as copy:
        found = asyncio.run(TracedSite(launcher, copy, named=folder.shown).once(sent))
        if found.evidence and not found.passed and not found.near:
            found.evidence.tree = tree
            add_cause(found, copy, folder.shown)
    return found


def add_cause(found: Trace, copy: str, shown: str) -> None:
    """Add to the end of a connection the cause that a check would name."""
    cause = diagnoses.diagnose(found.evidence) if found.evidence else None
    if cause:
        found.end["why"] = cause.why.replace(copy, shown)
        found.end["at"] = place_named(cause.place, shown) if cause.place else found.end["at"]


def other(launcher: Launcher, sent: Address, asgi: str, work: str | None) -> Trace:
    """The way in another project, which is left as it is."""
    folder = Path(work or ".").expanduser()
    module, colon, name = asgi.partition(":")
    if not (colon and name and all(part.isidentifier() for part in module.split("."))):
        raise click.UsageError(
            f"--asgi names a module and what it calls the application, as mysite.asgi:application; "
            f"{asgi!r} does not."
        )
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is no folder. --work names the one that holds manage.py.")
    with project(launcher, folder, asgi) as site:
        found = asyncio.run(site.once(sent))
    if found.evidence and (missing := not_there(found.evidence, module, name, folder)):
        raise click.UsageError(missing)
    return found


def not_there(evidence: Evidence, module: str, name: str, folder: Path) -> str:
    """What to say where the project has no such module, or the module no such name."""
    if evidence.kind != "not-loaded" or any(one["work"] for one in evidence.error[0]["frames"]):
        return ""
    said = str(evidence.error[0]["text"])
    parts = module.split(".")
    parents = [".".join(parts[:number]) for number in range(1, len(parts) + 1)]
    if any(said.startswith(f"No module named '{one}'") for one in parents):
        return f"{folder.resolve()} has no module {module}. --work names the folder of manage.py."
    if said.startswith(f"module '{module}' has no attribute '{name}'"):
        near = difflib.get_close_matches(name, evidence.facts["names"], 1)
        return f"{module} has no name {name!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    return ""


def show(found: Trace, plain: bool) -> None:
    from coach.screen import Screen
    from coach.way import trace_lines

    screen = Screen(plain)
    screen.lines(trace_lines(found, boxes=not screen.plain))
