"""`run`: serves the finished site, or a learner's, by one process or by several."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from coach import nginx, serving
from coach.course import ROOT
from coach.events import Events, next_event, requests_to_end
from coach.evidence import CoachError
from coach.learner import Learner
from coach.serving import CAN_HAND_ON, HOST, Daphne
from coach.valkey import Valkey, running
from coach.verbs.valkey import PORT

LAST_PORT = 65_535


@click.command()
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True,
    help="How many. More than one meet on REDIS_URL, or else on a Valkey that is started here.",
)  # fmt: skip
@click.option("--port", type=PORT, default=8000, show_default=True, help="0: one that is free.")
@click.option(
    "--ports", "apart", is_flag=True,
    help="A port for each process, from --port on, and a configuration for nginx before them.",
)  # fmt: skip
@click.option(
    "--work", metavar="[DIR]", is_flag=False, flag_value="",
    help="Serve the learner's site instead: in DIR, else WORK, else work/.",
)  # fmt: skip
def command(processes: int, port: int, apart: bool, work: str | None) -> None:
    """Serve the finished site on 127.0.0.1 until Ctrl-C."""
    folder = ROOT if work is None else learners_site(work)
    apart = processes > 1 and (apart or not CAN_HAND_ON)
    if apart and port + processes > LAST_PORT:
        raise click.UsageError(f"Ports end at {LAST_PORT}; begin lower with --port.")
    with contextlib.ExitStack() as stack:
        chosen = [port + number if port else 0 for number in range(processes if apart else 1)]
        doors = [stack.enter_context(serving.listen(one)) for one in chosen]
        ports = [door.getsockname()[1] for door in doors]
        if work is None:
            bring_up_to_date(folder)
        events = stack.enter_context(requests_to_end())
        valkey, environ = None, dict(os.environ)
        if processes > 1 and not environ.get("REDIS_URL"):
            valkey = stack.enter_context(running())
            environ["REDIS_URL"] = valkey.url
        front = stack.enter_context(nginx_before(ports, folder)) if apart else []
        each = doors if apart else doors * processes
        daphnes = stack.enter_context(serving.serving(each, folder, environ, events))
        layer = valkey.url if valkey else "REDIS_URL"
        served = served_where(ports, processes, layer, work is None)
        watch(daphnes, valkey, events, [*served, *front, "Ctrl-C ends it."])


def learners_site(work: str) -> Path:
    """The learner's folder, which has to hold a site."""
    folder = Learner.at(work).folder
    if not (folder.root / "gs2" / "asgi.py").is_file():
        raise CoachError(f"{folder.shown}/ holds no site: there is no gs2/asgi.py in it.")
    return folder.root


def bring_up_to_date(folder: Path) -> None:
    """Apply the migrations, make the users for trying out, and say how they log in. A learner's
    own database is the learner's to change."""
    migrated = manage(folder, "migrate", "--verbosity", "0")
    if migrated.returncode:
        raise CoachError(f"The database could not be brought up to date: {last(migrated.stderr)}")
    seeded = manage(folder, "seed_demo")
    click.echo(last(seeded.stderr) if seeded.returncode else seeded.stdout.rstrip())


def manage(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command of the site's manage.py left."""
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=folder, stdin=subprocess.DEVNULL,
        capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip


def last(printed: str) -> str:
    """The last line, without the name of Django's own exception before it."""
    lines = printed.strip().splitlines() or ["it said nothing"]
    return lines[-1].removeprefix("CommandError: ")


@contextlib.contextmanager
def nginx_before(ports: list[int], folder: Path) -> Iterator[list[str]]:
    """A configuration for nginx, as long as the block runs; the lines that tell of it."""
    port = max(ports) + 1
    with tempfile.TemporaryDirectory(prefix="coach-nginx-", ignore_cleanup_errors=True) as made:
        file = Path(made) / "nginx.conf"
        file.write_text(nginx.configuration(port, ports, folder, Path(made)), "utf-8")
        yield [
            f"With nginx, they are behind one port, {address(port)}, after this in a new terminal:",
            f'    nginx -e stderr -c "{file}"',
        ]


def served_where(ports: list[int], processes: int, layer: str, is_finished: bool) -> list[str]:
    """What is served, and by how many, in lines for whoever wants to look at it."""
    site = "The finished site" if is_finished else "Your site"
    by = f" by {processes} processes, which meet on {layer}" if processes > 1 else ""
    return [f"{site} is served{by}:", *(f"    {address(port)}" for port in ports)]


def address(port: int) -> str:
    return f"http://{HOST}:{port}/"


def watch(
    daphnes: list[Daphne], valkey: Valkey | None, events: Events, announcement: list[str]
) -> None:
    """Announce the site when every process serves, and go on until somebody asks for the end."""
    waited_for = len(daphnes)
    while True:
        event = next_event(events)
        if event is None:
            if valkey and not valkey.is_running:
                raise CoachError("Valkey ended by itself, so every process was ended.")
        elif event.kind == "asked":
            return
        elif event.kind == "ended":
            [one] = [one for one in daphnes if one.number == event.number]
            raise CoachError(f"{one.fate} {'The others were ended.' if one.number else ''}".strip())
        else:
            waited_for -= 1
            if not waited_for:
                click.echo("\n".join(announcement))
