"""Causes of rows that nobody writes or reads, and of lines that are known by their text."""

import ast
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.memory import WRITERS
from coach.diagnoses.syntax import classes, functions, is_used, tree_of
from coach.diagnoses.target import routed
from coach.diagnoses.ways import name_of
from coach.evidence import Evidence

MODELS = "myapp/models.py"
MORE_WRITERS = ("abulk_create", "update_or_create", "aupdate_or_create", "execute", "executemany")

# What asks for rows, also where a manager has another name than objects.
READERS = ("execute", "raw", "filter", "exclude", "order_by", "values_list", "all", "latest")


def _calls(evidence: Evidence) -> Iterator[tuple[str, ast.Call]]:
    """The calls of the learner's that may run: not those in a function that nobody uses."""
    for file in evidence.tree:
        if not file.endswith(".py") or "/migrations/" in file:
            continue
        tree = tree_of(evidence, file)
        unused = [one for one in functions(tree) if not is_used(evidence, one.name)]
        idle = {node for one in unused for node in ast.walk(one)} if file == MODELS else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node not in idle:
                yield file, node


@diagnosis("nothing-written")
def nothing_written(evidence: Evidence) -> Because | str | None:
    models = [one.name for one in classes(evidence, MODELS)]
    if evidence.kind != "rows" or evidence.value != 0 or not evidence.wanted or not models:
        return None
    called = [*_calls(evidence)]
    if any(name_of(call) in (*WRITERS, *MORE_WRITERS) for _, call in called):
        return None
    for file, call in called:
        if name_of(call) in models:
            why = (
                f"{name_of(call)}(…) makes an object in memory; its row is written by save(), in "
                "an `async def` by asave()"
            )
            return Because(why, in_file(file, call.lineno))
    return f"no line of yours creates a {models[0]}, so nothing writes a row"


@diagnosis("history-empty")
def history_empty(evidence: Evidence) -> Because | str | None:
    """Nobody asks for the last lines; or they were kept without their room."""
    if evidence.kind != "history" or evidence.value:
        return None
    called = [*_calls(evidence)]
    if not any(_reads(call) for _, call in called):
        return "no line of yours asks the database for the last lines, so nobody is told them"
    has_room = any("room = " in ast.unparse(one) for one in classes(evidence, MODELS))
    for file, call in called:
        names = [one.arg for one in call.keywords]
        is_bare = has_room and "text" in names and "room" not in names and None not in names
        if name_of(call) in WRITERS and is_bare:
            why = "this line keeps the text without its room, so no room has it among its lines"
            return Because(why, in_file(file, call.lineno))
    return None


def _reads(call: ast.Call) -> bool:
    is_query = name_of(call) not in WRITERS and "objects" in ast.unparse(call.func)
    return is_query or name_of(call) in READERS


@diagnosis("known-by-text")
def known_by_text(evidence: Evidence) -> Because | None:
    """A text that was said before is not heard: it is looked for in what was told."""
    given = [one.text for one in evidence.tape if one.text.startswith("websocket.receive")]
    if evidence.kind != "silent" or given[-1:] == [] or given[-1] not in given[:-1]:
        return None
    file = routed(evidence).get("file", "")
    for node in ast.walk(tree_of(evidence, file)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            left = ast.unparse(node.left)
            if left.endswith(("['text']", ".text")) and "self." in ast.unparse(node.comparators[0]):
                why = (
                    "this line knows a line again by its text, and the same text was said before: "
                    "people repeat themselves, and only the id of a row tells two lines apart"
                )
                return Because(why, in_file(file, node.lineno))
    return None
