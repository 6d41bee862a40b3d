"""Causes that Python itself names: files it cannot read or parse, names and modules it lacks."""

import re
import sys
import warnings

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.evidence import Evidence, Told

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
    error = evidence.raised("SyntaxError")
    texts = r"'(await|async for|async with)' outside async|(async)hronous comprehension outside of"
    found = re.match(texts, error["text"]) if error else None
    what = f"`{found[1] or 'async for'}`" if found else ""
    return f"{what} may stand only in a function that begins with `async def`" if what else None


@diagnosis("bracket-not-closed")
def bracket_not_closed(evidence: Evidence) -> Because | None:
    """Python names the line that opens, and in one of two cases shows another."""
    error = evidence.raised("SyntaxError")
    if error is None or not error["frames"]:
        return None
    place, text = error["frames"][-1], error["text"]
    if found := re.match(r"'(.)' was never closed", text):
        why = f"the {found[1]} in line {place['line']} is opened, and nothing closes it"
        return Because(why, place)
    found = re.match(r"closing \w+ '(.)' does not match opening \w+ '(.)' on line (\d+)", text)
    if not found:
        return None
    why = (
        f"the {found[2]} of line {found[3]} is still open where the {found[1]} of line "
        f"{place['line']} comes: it has to be closed before that"
    )
    return Because(why, place | {"line": int(found[3])})


@diagnosis("syntax-error")
def syntax_error(evidence: Evidence) -> str | None:
    error = evidence.raised("SyntaxError")
    if error is None:
        return None
    source = error.get("source", "").strip()
    if not source:
        return "Python cannot read this file"
    if found := re.fullmatch(r"from ([\w.]+)", source):
        return f"this line ends before it says what it imports: from {found[1]} import …"
    return f"Python cannot read this line: {source}{_with_comma(evidence, error)}"


def _with_comma(evidence: Evidence, error: Told) -> str:
    """Whether a comma at the end of the line before would do, or, where Python itself thinks of
    one, at the end of this line or the next ones; tried, not guessed."""
    place = error["frames"][-1]
    lines_of = evidence.tree.get(place["file"], b"").decode("utf-8", "replace").splitlines()
    number = place["line"] - 1
    while number > 0 and not lines_of[number - 1].strip():
        number -= 1
    more = range(place["line"], place["line"] + 9) if "forgot a comma" in error["text"] else ()
    for one in (number, *more):
        if 0 < one <= len(lines_of) and _is_read_with_comma(lines_of, one):
            return f"; with a comma at the end of line {one} it can"
    return ""


def _is_read_with_comma(lines_of: list[str], number: int) -> bool:
    changed = [*lines_of]
    changed[number - 1] += ","
    try:
        with warnings.catch_warnings(action="ignore"):
            compile("\n".join(changed), "", "exec", dont_inherit=True)  # as Python reads it
    except (SyntaxError, ValueError):
        return False
    return True


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
        if link["text"].startswith("The included URLconf"):  # a guess of Django's
            continue
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
