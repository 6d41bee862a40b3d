"""`doctor`: what is wrong with this machine for the course, and the command that mends it."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from coach import place, valkey
from coach.cli import BROKEN, leave
from coach.course import ROOT
from coach.evidence import CoachError
from coach.learner import Learner
from coach.report import print_json
from coach.screen import Screen
from coach.verbs import options

PORT = 8000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is ok, note (the course works without) or wrong."""

    state: str
    what: str
    found: str
    mend: str = ""


@click.command()
@options.work
@options.as_json
@options.plain
def command(work: str | None, as_json: bool, plain: bool) -> None:
    """Look at Python, packages, folder, port, browser and Valkey; exit code 3 if one is wrong."""
    findings = list(examine(Learner.at(work)))
    if as_json:
        told = {"schema": 1, "findings": [asdict(finding) for finding in findings]}
        print_json(told)
    else:
        show(findings, Screen(plain))
    if any(finding.state == "wrong" for finding in findings):
        leave(BROKEN)


def show(findings: list[Finding], screen: Screen) -> None:
    marks = {"ok": "✓", "note": "·", "wrong": "✗"}
    styles = {"ok": "green", "note": "dim", "wrong": "red"}
    for finding in findings:
        text = f"  {marks[finding.state]} {finding.what:14}  {finding.found}"
        screen.line(text, style=styles[finding.state])
        if finding.mend:
            screen.line(f"    {'mend':14}  {finding.mend}")


def examine(learner: Learner) -> Iterator[Finding]:
    yield Finding("ok", "Python", f"{sys.version.split()[0]} at {sys.executable}")
    yield packages()
    yield writable(learner)
    yield synced(learner.folder.root)
    yield port()
    yield program("browser", BROWSERS, "yours will do; `make test` leaves its browser tests out")
    yield channel_server()
    yield program("git", ("git",), "the coach works without it")


def packages() -> Finding:
    """Whether the packages of the core lock are here, in the versions that it names."""
    wrong = []
    for line in (ROOT / "requirements" / "core.txt").read_text("utf-8").splitlines():
        name, _, rest = line.partition("==")
        if rest and not line.startswith((" ", "#")) and ";" not in rest:
            wanted = rest.split()[0]
            try:
                found = version(name)
            except PackageNotFoundError:
                found = "missing"
            if found != wanted:
                wrong.append(f"{name} {found}, not {wanted}")
    if wrong:
        return Finding("wrong", "packages", "; ".join(wrong[:3]), "python -m coach setup")
    return Finding("ok", "packages", "as requirements/core.txt names them")


def writable(learner: Learner) -> Finding:
    """Whether the learner's folder, or the one it would be made in, can be written."""
    place = learner.folder.root if learner.folder.is_there else learner.folder.root.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding("ok", "your folder", f"{learner.folder.shown} can be written")
    except OSError as error:
        mend = "name another folder with WORK=path"
        return Finding("wrong", "your folder", f"{place}: {error.strerror}", mend)


def synced(root: Path) -> Finding:
    """Whether the folder lies where another program or machine may change it as well."""
    if service := place.service(root):
        mend = "WORK=path outside of it, if files change under your hands"
        return Finding("note", "place", f"a synced folder ({service})", mend)
    if kind := place.network(root):
        mend = "WORK=path on a local disk is faster, and `watch` hears of saves at once there"
        return Finding("note", "place", f"a network folder ({kind})", mend)
    return Finding("ok", "place", "a local folder")


def port() -> Finding:
    """Whether the port that `make run` takes is free."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            mend = "end the program that listens there before `make run`"
            return Finding("note", f"port {PORT}", "taken by another program", mend)
    return Finding("ok", f"port {PORT}", "free")


def channel_server() -> Finding:
    """Where the processes of a site would meet: a server of theirs, or the program for one."""
    if os.environ.get("REDIS_URL"):
        return Finding("ok", "Valkey", "REDIS_URL names one")
    try:
        return Finding("ok", "Valkey", str(valkey.find()))
    except CoachError:
        found = "not found; lesson 13 needs one, and the site in more than one process"
        return Finding("note", "Valkey", found, valkey.mend())


def program(what: str, names: tuple[str, ...], without: str) -> Finding:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return Finding("ok", what, found) if found else Finding("note", what, f"not found; {without}")
