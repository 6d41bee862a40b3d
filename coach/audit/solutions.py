"""Whether `solutions/README.md` says what was measured, and what the consumers are.

<!-- made: NAME -->     what stands between is made by a machine, from measured.json, from the
<!-- end -->            consumers of the site, or from the list of claims
"""

import ast
import difflib
import json
import re
from collections.abc import Iterator

from coach import course
from coach.audit import Finding
from coach.course import ROOT, SOLUTIONS
from compare import markdown
from compare.claims import CLAIMS, Measured, Told
from compare.figure import svg

PAGE = SOLUTIONS / "README.md"
MEASURED = SOLUTIONS / "measured.json"
FIGURE = SOLUTIONS / "waiting.svg"
LOCK = ROOT / "requirements" / "core.txt"
MADE = re.compile(r"<!-- made: (\w+) -->\n(.*?)<!-- end -->", re.S)
WHERE = "solutions/README.md"
RENEW = "python -m compare run --json solutions/measured.json --svg solutions/waiting.svg"


def page_in_step(write: bool = False) -> Iterator[Finding]:
    """Each part that a machine makes is what it makes today."""
    told = json.loads(MEASURED.read_text("utf-8"))
    made = parts(told)
    text = PAGE.read_text("utf-8")
    for found in MADE.finditer(text):
        name, body = found.groups()
        if name not in made:
            yield Finding(WHERE, f"there is no part called {name}")
        elif body != made[name] and write:
            new = f"<!-- made: {name} -->\n{made[name]}<!-- end -->"
            text = text.replace(found.group(0), new)
        elif body != made[name]:
            yield Finding(WHERE, f"the part {name} is not what was measured")
    for name in sorted(made.keys() - {found[1] for found in MADE.finditer(text)}):
        yield Finding(WHERE, f"the part {name} is missing")
    if write:
        PAGE.write_text(text, "utf-8", newline="\n")
    yield from claims_hold(told)
    yield from measured_with_the_lock(told)
    yield from figure_in_step(told, write)


def parts(told: Told) -> dict[str, str]:
    """The text of each part by its name."""
    return markdown.tables(told) | {
        "consumers": consumers(),
        "claims": claims(told),
        "figure": markdown.figure_text(told),
        "machine": markdown.machine(told),
    }


def claims(told: Told) -> str:
    """Each common sentence with its verdict, what was seen, and the question that shows it."""
    rows = ["| it is said | verdict | seen | table |", "|---|---|---|---|"]
    for one in CLAIMS:
        seen = one.judged(Measured(told))
        rows.append(f"| {one.sentence} | {one.verdict} | {seen} | `{one.question}` |")
    return "\n".join([*rows, ""])


def claims_hold(told: Told) -> Iterator[Finding]:
    for one in CLAIMS:
        if broken := one.broken(Measured(told)):
            yield Finding("solutions/measured.json", broken)


def measured_with_the_lock(told: Told) -> Iterator[Finding]:
    """What was measured is what a learner installs."""
    lock = LOCK.read_text("utf-8")
    for name in ("channels", "daphne", "django", "asgiref"):
        seen = told["versions"].get(name)
        if f"\n{name}=={seen} " not in lock:
            text = f"was measured with {name} {seen}, which is not the lock's. To renew: {RENEW}"
            yield Finding("solutions/measured.json", text)


def figure_in_step(told: Told, write: bool) -> Iterator[Finding]:
    """The picture is drawn from the measurement beside it."""
    drawn = svg(told)
    if FIGURE.is_file() and FIGURE.read_text("utf-8") == drawn:
        return
    if write:
        FIGURE.write_text(drawn, "utf-8", newline="\n")
    else:
        yield Finding("solutions/waiting.svg", "is not the drawing of measured.json")


def consumers() -> str:
    """The diff of the two consumers of the site, as a fence."""
    source = course.state(6)["myapp/consumers.py"].decode()
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    lines = source.splitlines()
    sync, asynchronous = (
        lines[node.lineno - 1 : node.end_lineno]
        for node in (classes["MySyncConsumer"], classes["MyAsyncConsumer"])
    )
    diff = difflib.unified_diff(sync, asynchronous, n=len(lines), lineterm="")
    return "\n".join(["```diff", *list(diff)[3:], "```", ""])
