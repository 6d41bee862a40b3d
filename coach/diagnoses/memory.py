"""Causes in what a room remembers: models, migrations, rows, the lines told to who joins."""

import ast
import re
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.groups import handed_over
from coach.diagnoses.syntax import calls, classes, functions, tree_of
from coach.diagnoses.target import is_sync, routed
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence, shown

WRITERS = ("create", "acreate", "save", "asave", "get_or_create", "aget_or_create", "bulk_create")
LISTENERS = 3  # who is in the room when the check asks how often a line was kept
LAST = 50


# -- models and migrations ------------------------------------------------------------------------


@diagnosis("no-model")
def no_model(evidence: Evidence) -> Because | None:
    if evidence.kind != "rows" or evidence.value != 0 or evidence.facts.get("models"):
        return None
    why = "the site has no model of its own, so there is no table in which a line could be kept"
    return Because(why, in_file("myapp/models.py"))


def _unmigrated(evidence: Evidence) -> tuple[str, str, int]:
    """A model of which the migrations make no table, and where its class is written."""
    for text in evidence.value if evidence.kind == "unmigrated" else ():
        found = re.search(r"Create model (\w+)|(\w+) has no table", text)
        name = (found[1] or found[2]) if found else ""
        for file in evidence.tree if name else ():
            named = classes(evidence, file, name) if file.endswith(".py") else []
            if named and "/migrations/" not in file:
                return name, file, named[-1].lineno
    return "", "", 0


@diagnosis("model-outside-models")
def model_outside_models(evidence: Evidence) -> Because | None:
    name, file, line = _unmigrated(evidence)
    app = file.partition("/")[0]
    known = [path for path in evidence.tree if re.match(rf"{app}/models(\.py$|/)", path)]
    if not name or any(name.encode() in evidence.tree[path] for path in known):
        return None
    why = (
        f"{name} is not in {app}/models.py, which is where Django looks for the models of an app: "
        "so makemigrations has not seen it"
    )
    return Because(why, in_file(file, line, name))


@diagnosis("migrations-not-a-package")
def migrations_not_a_package(evidence: Evidence) -> Because | None:
    name, file, _ = _unmigrated(evidence)
    folder = f"{file.partition('/')[0]}/migrations"
    is_there = any(re.match(rf"{folder}/\d\w*\.py$", path) for path in evidence.tree)
    if not name or not is_there or f"{folder}/__init__.py" in evidence.tree:
        return None
    why = f"{folder}/ has no __init__.py, so Django reads no migration there, and makes no table"
    return Because(why, in_file(f"{folder}/__init__.py"))


@diagnosis("migration-missing")
def migration_missing(evidence: Evidence) -> Because | None:
    name, file, line = _unmigrated(evidence)
    if not name:
        return None
    app = file.partition("/")[0]
    why = (
        f"no migration makes the table of {name}; `manage.py makemigrations {app}` writes one (the "
        "first time with the name of the app)"
    )
    return Because(why, in_file(file, line, name))


@diagnosis("migration-behind")
def migration_behind(evidence: Evidence) -> Because | None:
    if evidence.kind != "unmigrated":
        return None
    app = evidence.value[0].partition(":")[0]
    why = (
        f"the models of {app} have changed since the last migration was written; `manage.py "
        "makemigrations` writes another"
    )
    return Because(why, in_file(f"{app}/models.py"))


# -- a row is missing, or there are too many -------------------------------------------------------


@diagnosis("query-not-awaited")
def query_not_awaited(evidence: Evidence) -> Because | None:
    """No row, and a coroutine that would have written one was thrown away."""
    if evidence.kind != "rows" or evidence.value != 0:
        return None
    for told in evidence.unawaited:
        name = told["coroutine"].rpartition(".")[2]
        is_wrapped = told["coroutine"] == "SyncToAsync.__call__"
        if is_wrapped or name in WRITERS or _writes(evidence, name):
            call = f"{name}(…)" if not is_wrapped else "what database_sync_to_async made"
            why = f"{call} is called here and never awaited, so nothing is written"
            return Because(why + _plain_instead(evidence), told["at"])
    return None


def _writes(evidence: Evidence, name: str) -> bool:
    """Whether a function of the learner's of this name writes a row."""
    return any(
        one.name == name and calls(one, *WRITERS)
        for file in evidence.tree
        if file.endswith(".py")
        for one in functions(tree_of(evidence, file))
    )


def _plain_instead(evidence: Evidence) -> str:
    if not is_sync(routed(evidence)):
        return ""
    return ": a plain `def` cannot await, and calls the plain method, without the a"


@diagnosis("coroutine-for-its-result")
def coroutine_for_its_result(evidence: Evidence) -> str | None:
    """`line = Line.objects.acreate(…)`, and then `line.id`."""
    texts = ("'coroutine' object has no attribute", "'coroutine' object is not ")
    kinds = ("AttributeError", "TypeError")
    place = last_line(evidence)
    if not place or handed_over(evidence):
        return None
    if not any(evidence.raised(kind, text) for kind in kinds for text in texts):
        return None
    return (
        "what this line uses is a coroutine, of which the call has not run, and its result is "
        f"there once it is awaited{_plain_instead(evidence)}"
    )


@diagnosis("saved-by-each-listener")
def saved_by_each_listener(evidence: Evidence) -> Because | None:
    """As many rows as connections in the room, and a write in what the group's messages call."""
    if evidence.kind != "rows" or evidence.value != LISTENERS:
        return None
    for file in evidence.tree:
        for function in _message_handlers(evidence, file) if file.endswith(".py") else ():
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and name_of(node) in WRITERS:
                    why = (
                        f"{function.name} runs once for each connection that hears the line, so "
                        f"{LISTENERS} connections write {LISTENERS} rows"
                    )
                    return Because(why, in_file(file, node.lineno, function.name))
    return None


def _message_handlers(
    evidence: Evidence, file: str
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a file that are named like the type of a message in it."""
    tree = tree_of(evidence, file)
    texts = {
        node.value.replace(".", "_")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return (one for one in functions(tree) if one.name in texts and len(one.args.args) == 2)


@diagnosis("sent-before-saved")
def sent_before_saved(evidence: Evidence) -> Because | None:
    if evidence.kind != "heard-before-kept":
        return None
    why = (
        "the line goes out to the room before it is saved: where the saving fails, everybody has "
        "heard a line that the room does not remember"
    )
    file = routed(evidence).get("file")
    return Because(why, line_with(evidence, file, "group_send") if file else None)


# -- the last lines --------------------------------------------------------------------------------


def _history(evidence: Evidence) -> tuple[list[str], list[str]]:
    """What was told to somebody who joins, and all that was said in the room."""
    if evidence.kind != "history":
        return [], []
    return evidence.value, str(evidence.wanted).split("\n")


@diagnosis("history-newest-first")
def history_newest_first(evidence: Evidence) -> str | None:
    told, said = _history(evidence)
    if not told or told != said[-LAST:][::-1]:
        return None
    return "the right lines are told in the order of the query, the newest first: turn them round"


@diagnosis("history-of-every-room")
def history_of_every_room(evidence: Evidence) -> str | None:
    told, said = _history(evidence)
    others = [text for text in told if text not in said and text == "said in another room"]
    if not others:
        return None
    return (
        f"Cy said {shown(others[0])} elsewhere, and it is told here: the lines are not those of "
        "this room alone"
    )


@diagnosis("history-without-repeats")
def history_without_repeats(evidence: Evidence) -> str | None:
    told, said = _history(evidence)
    repeated = [text for text in set(said[-LAST:]) if said[-LAST:].count(text) > 1]
    once = [text for text in repeated if told.count(text) == 1]
    is_part = told in (said[-len(told) :], said[: len(told)])
    if not once or is_part or told[::-1] in (said[-len(told) :], said[: len(told)]):
        return None
    return (
        f"{shown(once[0])} was said twice in this room, and is told once: people repeat "
        "themselves, and two lines that read the same are two rows"
    )


@diagnosis("queryset-sliced-from-its-end")
def queryset_sliced_from_its_end(evidence: Evidence) -> str | None:
    if not evidence.raised("ValueError", "Negative indexing is not supported"):
        return None
    return (
        "a queryset has no slice that counts from its end: the newest first, by "
        'order_by("-id"), and then a slice from the front'
    )


@diagnosis("history-first-lines")
def history_first_lines(evidence: Evidence) -> str | None:
    told, said = _history(evidence)
    if not told or told not in (said[:LAST], said[:LAST][::-1]):
        return None
    return (
        "these are the first lines of the room: a slice counts from where the order begins, so "
        "the order has to begin with the newest line"
    )


@diagnosis("history-without-bound")
def history_without_bound(evidence: Evidence) -> str | None:
    told, said = _history(evidence)
    if not told or told != said:
        return None
    return f"every line of the room is told: nothing bounds them to the last {LAST}"


@diagnosis("joined-after-reading")
def joined_after_reading(evidence: Evidence) -> str | None:
    """By the channel layer: nobody new was in the group while the last lines were read."""
    if evidence.kind != "lost-between" or evidence.value is not False:
        return None
    return (
        "when the last lines are read for Ben, his connection is not in the group yet: a line "
        "that is said in between reaches him neither way"
    )
