"""Causes in the methods of a consumer: their names, their parameters, their first values."""

import ast
import difflib
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import class_place, def_place, functions, line_text, tree_of
from coach.diagnoses.target import (
    RAW_HANDLERS,
    base_of,
    handler,
    is_consumer,
    is_generic,
    method,
    routed,
    with_article,
)
from coach.evidence import Evidence, Told

GENERIC_NAMES = (
    "accept", "close", "connect", "disconnect", "receive", "receive_json", "send_json", "send_text",
)  # fmt: skip


# -- names and parameters -----------------------------------------------------------------------


def _unhandled(evidence: Evidence) -> tuple[str, Told]:
    """The handler that an event did not find, and the class; an empty name where that is not so."""
    error = evidence.raised("ValueError", "No handler for message type ")
    event = error["text"].rpartition(" ")[2] if error else ""
    target = routed(evidence)
    return (RAW_HANDLERS.get(event, "") if is_consumer(target) else ""), target


@diagnosis("generic-names-in-raw-consumer")
def generic_names_in_raw_consumer(evidence: Evidence) -> Because | str | None:
    """What a WebsocketConsumer has, asked of a SyncConsumer or AsyncConsumer."""
    target = routed(evidence)
    if not is_consumer(target) or is_generic(target):
        return None
    name, base = _unhandled(evidence)[0], base_of(target)
    mine = method(target, name.removeprefix("websocket_"))
    if name and mine:
        short = name.removeprefix("websocket_")
        why = (
            f"{short} is what a WebsocketConsumer calls; in {with_article(base)} the method is "
            f"called {name}"
        )
        return Because(why, def_place(evidence, mine["at"]))
    for link in evidence.error:
        found = re.match(rf"'{target['name']}' object has no attribute '(\w+)'", link["text"])
        if found and found[1] in GENERIC_NAMES:
            return (
                f"{with_article(base)} has no {found[1]}(), only a WebsocketConsumer has: what "
                "goes "
                "out is an event, given to self.send as a dict"
            )
        if re.match(r"A?[sS]yncConsumer\.send\(\) got an .*'(text|bytes)_data'", link["text"]):
            return (
                f"the send of {with_article(base)} takes one dict, the event; text_data and "
                "bytes_data belong to a WebsocketConsumer"
            )
    return None


@diagnosis("handler-outside-class")
def handler_outside_class(evidence: Evidence) -> Because | None:
    name, target = _unhandled(evidence)
    for function in functions(tree_of(evidence, target["file"])) if name else ():
        if function.name == name and not _is_in_a_class(evidence, target["file"], function.lineno):
            why = (
                f"this {name} is no method of {target['name']}: its indentation puts it outside of "
                "the class, or inside another function"
            )
            return Because(why, in_file(target["file"], function.lineno))
    return None


def _is_in_a_class(evidence: Evidence, file: str, line: int) -> bool:
    """Whether the function of this line stands directly in the body of some class."""
    nodes = ast.walk(tree_of(evidence, file))
    bodies = [node.body for node in nodes if isinstance(node, ast.ClassDef)]
    return any(one.lineno == line for body in bodies for one in body)


@diagnosis("handler-misspelt")
def handler_misspelt(evidence: Evidence) -> Because | None:
    name, target = _unhandled(evidence)
    others = [one for one in target.get("methods", ()) if one not in RAW_HANDLERS.values()]
    near = difflib.get_close_matches(name, others, 1, 0.6) if name else []
    near += [one for one in others if name and one.startswith("websocket")]
    if not near:
        return None
    place = def_place(evidence, target["methods"][near[0]]["at"])
    return Because(f"the method has to be called {name}, and here it is {near[0]}", place)


@diagnosis("handler-missing")
def handler_missing(evidence: Evidence) -> Because | None:
    name, target = _unhandled(evidence)
    if not name:
        return None
    return Because(f"{target['name']} has no method {name}", class_place(evidence, target))


@diagnosis("generic-receive-misspelt")
def generic_receive_misspelt(evidence: Evidence) -> Because | None:
    """A WebsocketConsumer has a `receive` of its own, which does nothing, so silence is all."""
    target, (name, mine) = routed(evidence), handler(evidence)
    if evidence.kind != "silent" or mine or not is_generic(target):
        return None
    others = [one for one in target["methods"] if one not in RAW_HANDLERS.values()]
    wanted = {name, "receive"} if name == "receive_json" else {name}
    alike = [
        (difflib.SequenceMatcher(None, want, one).ratio(), want, one)
        for one in others
        for want in wanted
    ]
    alikeness, name, near = max(alike, default=(0.0, "", ""))
    if alikeness < 0.6:
        return None
    place = def_place(evidence, target["methods"][near]["at"])
    return Because(
        f"{base_of(target)} calls a method named {name}, and this one is named {near}", place
    )


@diagnosis("handler-without-event")
def handler_without_event(evidence: Evidence) -> Because | str | None:
    """Channels calls a handler with the event; `self` alone is too little."""
    name, mine = handler(evidence)
    for link in evidence.error:
        found = re.match(
            r"(?:\w+\.)*(\w+)\(\) (?:takes (\d) positional arguments? but (\d) were given"
            r"|got an unexpected keyword argument '(\w+_data)')",
            link["text"],
        )
        if not found or not mine or found[1] != name or link["frames"][-1]["work"]:
            continue
        place = def_place(evidence, mine["at"])
        if found[4]:
            return Because(
                f"{name} is called with text_data and bytes_data, and takes other parameters", place
            )
        names = {"receive": "text_data", "receive_json": "content", "disconnect": "code"}
        second = names.get(name, "event")
        return Because(
            f"Channels calls {name} with {found[3]} arguments, self and the {second}, and this "
            f"one takes {found[2]}",
            place,
        )
    return None


@diagnosis("handler-yields")
def handler_yields(evidence: Evidence) -> Because | None:
    name, mine = handler(evidence)
    if evidence.kind not in ("silent", "kept-running", "raised") or not mine or not mine["yields"]:
        return None
    why = f"there is a yield in {name}, which makes it a generator: a call of it runs nothing"
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("init-without-super")
def init_without_super(evidence: Evidence) -> Because | None:
    target = routed(evidence)
    mine = method(target, "__init__")
    if (
        not is_generic(target)
        or not mine
        or not evidence.raised("TypeError", "'NoneType' object is not iterable")
    ):
        return None
    why = (
        f"this __init__ takes the place of the one of {base_of(target)}, and does not call it: "
        "super().__init__() is missing"
    )
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("arguments-to-init")
def arguments_to_init(evidence: Evidence) -> Because | None:
    """as_asgi() makes the instance without arguments."""
    target = routed(evidence)
    mine = method(target, "__init__")
    error = evidence.raised("TypeError", "__init__() missing ")
    if target.get("kind") != "consumer" or not mine or not error:
        return None
    why = f"as_asgi() makes each {target['name']} without arguments, and this __init__ wants some"
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("scope-in-init")
def scope_in_init(evidence: Evidence) -> str | None:
    name = routed(evidence).get("name")
    for link in evidence.error:
        ours = [frame["name"] for frame in link["frames"] if frame["work"]]
        is_init = bool(ours) and ours[-1].endswith("__init__")
        if link["text"].startswith(f"'{name}' object has no attribute '") and is_init:
            first = "connect" if is_generic(routed(evidence)) else "websocket_connect"
            return (
                "in __init__ the connection has not come yet: scope and what belongs to it are "
                f"there from {first} on"
            )
    return None


def _lacking(evidence: Evidence) -> str:
    """The attribute that an instance of the consumer was asked for and lacks, or nothing."""
    name = routed(evidence).get("name")
    for link in evidence.error:
        found = re.match(r"'(\w+)' object has no attribute '(\w+)'", link["text"])
        if found and link["type"] == "AttributeError" and found[1] == name:
            return found[2]
    return ""


@diagnosis("attribute-misspelt")
def attribute_misspelt(evidence: Evidence) -> str | None:
    name, target = _lacking(evidence), routed(evidence)
    if not name:
        return None
    if name in ("send_json", "receive_json"):
        return f"{with_article(base_of(target))} has no {name}(), only a JsonWebsocketConsumer has"
    nodes = [
        node
        for node in ast.walk(tree_of(evidence, target["file"]))
        if isinstance(node, ast.Attribute)
    ]
    stored = {node.attr for node in nodes if isinstance(node.ctx, ast.Store)}
    if name in stored:
        return None
    known = {"send", "scope", "channel_layer", "channel_name", *stored, *target["methods"]}
    if is_generic(target):
        known |= {"accept", "close"}
    near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
    return f"there is no self.{name}; what is there is called self.{near[0]}" if near else None


@diagnosis("attribute-never-set")
def attribute_never_set(evidence: Evidence) -> str | None:
    name, target = _lacking(evidence), routed(evidence)
    if not name:
        return None
    frames = {one["name"]: one["line"] for link in evidence.error for one in link["frames"]}
    line, function = _first_value(evidence, target["file"], name)
    if 0 < frames.get(f"{target['name']}.{function}", 0) < line:
        return f"nothing has set self.{name} by then: line {line} does, and it comes later"
    if not is_generic(target):
        where = "websocket_connect is where it gets its first value"
        return f"nothing has set self.{name} by then: {where}"
    does = f"line {line} does, in {function}, and has not run" if line else "no line of yours does"
    return f"nothing has set self.{name} by then: {does}"


def _first_value(evidence: Evidence, file: str, name: str) -> tuple[int, str]:
    """The line that assigns to `self.<name>`, and the function that it is in; 0 where none does."""
    for function in functions(tree_of(evidence, file)):
        for node in ast.walk(function):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(ast.unparse(one) == f"self.{name}" for one in targets):
                return targets[0].lineno, function.name
    return 0, ""


@diagnosis("attribute-hides-method")
def attribute_hides_method(evidence: Evidence) -> str | None:
    """`self.count(3)` finds the number that websocket_connect has put there."""
    error = evidence.raised("TypeError", "' object is not callable")
    place = error["frames"][-1] if error and error["frames"] else None
    if place is None or not is_consumer(routed(evidence)):
        return None
    called = re.findall(r"\bself\.(\w+)\(", line_text(evidence, place))
    nodes = list(ast.walk(tree_of(evidence, routed(evidence)["file"])))
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    hidden = [name for name in called if name in stored and name in routed(evidence)["methods"]]
    if len(hidden) != 1:
        return None
    return (
        f"self.{hidden[0]} is an attribute and a method of one name: what was assigned to it hides "
        "the method, so one of the two needs another name"
    )
