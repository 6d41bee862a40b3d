"""Causes that Python itself names: files it cannot read or parse, names and modules it lacks."""

import ast
import re
import sys

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.evidence import Evidence, Told

KNOWN = {
    "AsyncConsumer": "from channels.consumer import AsyncConsumer",
    "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
    "StopConsumer": "from channels.exceptions import StopConsumer",
    "SyncConsumer": "from channels.consumer import SyncConsumer",
    "URLRouter": "from channels.routing import URLRouter",
    "asyncio": "import asyncio",
    "get_asgi_application": "from django.core.asgi import get_asgi_application",
    "json": "import json",
    "os": "import os",
    "path": "from django.urls import path",
    "re_path": "from django.urls import re_path",
    "time": "import time",
}
UNREADABLE = ("SyntaxError", "IndentationError", "TabError", "UnicodeDecodeError", "ValueError")


def _first_bad_file(evidence: Evidence, is_bad: object) -> str | None:
    assert callable(is_bad)
    named = {frame["file"] for link in evidence.error for frame in link["frames"] if frame["work"]}
    bad = [path for path, data in evidence.tree.items() if path.endswith(".py") and is_bad(data)]
    return next((path for path in bad if path in named), bad[0] if bad else None)


def _stopped_by_file(evidence: Evidence) -> Told | None:
    return next((link for link in evidence.error if link["type"] in UNREADABLE), None)


@diagnosis("file-with-nul-byte")
def file_with_nul_byte(evidence: Evidence) -> Because | None:
    error = _stopped_by_file(evidence)
    path = _first_bad_file(evidence, lambda data: b"\0" in data)
    if not error or not path or "null bytes" not in error["text"]:
        return None
    line = evidence.tree[path].split(b"\0")[0].count(b"\n") + 1
    why = "the file holds a NUL byte, and Python reads no file with one"
    if evidence.tree[path][:2] in (b"\xff\xfe", b"\xfe\xff"):
        why += "; it begins with the mark of UTF-16: save it as UTF-8"
    return Because(why, in_file(path, line))


def _is_not_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


@diagnosis("file-not-utf8")
def file_not_utf8(evidence: Evidence) -> Because | None:
    error = _stopped_by_file(evidence)
    path = _first_bad_file(evidence, _is_not_utf8)
    if not error or not path or not re.search(r"utf-?8|Non-UTF|decode", error["text"], re.I):
        return None
    data = evidence.tree[path]
    try:
        data.decode()
        line = 0
    except UnicodeDecodeError as bad:
        line = data[: bad.start].count(b"\n") + 1
    why = "Python reads source files as UTF-8, and this file is not: save it as UTF-8"
    return Because(why, in_file(path, line))


@diagnosis("merge-markers")
def merge_markers(evidence: Evidence) -> str | None:
    error = evidence.raised("SyntaxError")
    if error and error.get("source", "").startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "git left the marks of a merge in the file: keep one of the two halves"
    return None


@diagnosis("tabs-and-spaces")
def tabs_and_spaces(evidence: Evidence) -> str | None:
    if evidence.raised("TabError"):
        return "this line is indented with tabs, the lines around it with spaces"
    return None


@diagnosis("indentation")
def indentation(evidence: Evidence) -> str | None:
    error = evidence.raised("IndentationError")
    return f"Python cannot follow the indentation here: {error['text']}" if error else None


@diagnosis("await-outside-async")
def await_outside_async(evidence: Evidence) -> str | None:
    if evidence.raised("SyntaxError", "'await' outside async function"):
        return "`await` may stand only in a function that begins with `async def`"
    return None


@diagnosis("syntax-error")
def syntax_error(evidence: Evidence) -> str | None:
    error = evidence.raised("SyntaxError")
    if error is None:
        return None
    source = error.get("source", "").strip()
    if not source:
        return "Python cannot read this file"
    return f"Python cannot read this line: {source}{_with_comma(evidence, error)}"


def _with_comma(evidence: Evidence, error: Told) -> str:
    """Whether a comma at the end of the line before would do; tried, not guessed."""
    place = error["frames"][-1]
    before = evidence.tree.get(place["file"], b"").decode("utf-8", "replace").splitlines()
    number = place["line"] - 1
    while number > 0 and not before[number - 1].strip():
        number -= 1
    if number < 1:
        return ""
    before[number - 1] += ","
    try:
        ast.parse("\n".join(before))
    except (SyntaxError, ValueError):
        return ""
    return f"; with a comma at the end of line {number} it can"


@diagnosis("file-hides-package")
def file_hides_package(evidence: Evidence) -> Because | None:
    packages = {"asgiref", "channels", "daphne", "django", *sys.stdlib_module_names} & {
        path.split("/")[0].removesuffix(".py") for path in evidence.tree if path.endswith(".py")
    }
    for package in sorted(packages):
        path = next(path for path in sorted(evidence.tree) if re.match(rf"{package}(\.py|/)", path))
        at_fault = [link for link in evidence.error if mentions(link, package)]
        if at_fault or (package == "daphne" and evidence.kind == "runserver"):
            what = "file" if path == f"{package}.py" else "folder"
            why = f"a {what} of yours is called {package}, and hides the module of that name"
            return Because(why, in_file(path))
    return None


def mentions(link: Told, package: str) -> bool:
    """Whether an exception says that something is not in a package where it should be."""
    kinds = ("ModuleNotFoundError", "ImportError", "AttributeError")
    return link["type"] in kinds and re.search(rf"'{package}[.']", link["text"]) is not None


@diagnosis("circular-import")
def circular_import(evidence: Evidence) -> str | None:
    if lines.calls(evidence, "gs2/asgi.py", "get_default_application"):
        return None  # a circle of another kind: channels-2-entry
    for link in evidence.error:
        if "partially initialized module" in link["text"] or "circular import" in link["text"]:
            return "two modules import each other, and this one was only half imported by then"
    return None


@diagnosis("settings-file-missing")
def settings_file_missing(evidence: Evidence) -> Because | None:
    error = evidence.raised("ModuleNotFoundError", "No module named 'gs2.settings'")
    if error and "gs2/settings.py" not in evidence.tree:
        return Because("there is no gs2/settings.py any more", in_file("gs2/settings.py"))
    return None


@diagnosis("entry-file-missing")
def entry_file_missing(evidence: Evidence) -> Because | None:
    for link in evidence.error[:1]:
        found = re.fullmatch(r"No module named '(gs2|gs2\.asgi)'", link["text"])
        if found and "gs2/asgi.py" not in evidence.tree:
            near = [path for path in evidence.tree if re.fullmatch(r"(gs2/)?asgi\b.*", path, re.I)]
            there = f"; there is {near[0]}" if near else ""
            return Because(f"there is no gs2/asgi.py any more{there}", in_file("gs2/asgi.py"))
    return None


@diagnosis("name-misspelt-in-import")
def name_misspelt_in_import(evidence: Evidence) -> str | None:
    error = evidence.raised("ImportError", "cannot import name")
    if error is None:
        return None
    found = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", error["text"])
    if not found or found[2].split(".")[0] not in ("channels", "django"):
        return None
    if found[1] in KNOWN:
        return f"{found[2]} has nothing called {found[1]}; it comes with `{KNOWN[found[1]]}`"
    return f"{found[2]} has nothing called {found[1]}: misspelt, or of another version"


@diagnosis("name-not-imported")
def name_not_imported(evidence: Evidence) -> Because | str | None:
    error = evidence.raised("NameError")
    found = re.match(r"name '(\w+)' is not defined", error["text"]) if error else None
    if not found or error is None:
        return None
    ours = [frame for frame in error["frames"] if frame["work"]]
    comes = f"; it comes with `{KNOWN[found[1]]}`" if found[1] in KNOWN else ""
    is_folder = any(path.startswith(f"{found[1]}/") for path in evidence.tree)
    if is_folder or found[1] in ("http", "websocket"):
        comes = "; meant as a string, it needs quotes"
    why = (
        f"the name {found[1]} is used here, and nothing that this line can see imports "
        f"or defines it{comes}"
    )
    return Because(why, line_with(evidence, ours[-1]["file"], found[1])) if not ours else why
