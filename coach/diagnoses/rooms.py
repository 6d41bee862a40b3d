"""Causes at the door of a room: a name that no group may have, a refusal that goes on."""

import ast
import re
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.groups import (
    ADD,
    DISCARD,
    SEND,
    asked,
    joined_by,
    last_asked,
    listener,
    sender,
)
from coach.diagnoses.syntax import calls, classes, function_at, functions, raises, tree_of
from coach.diagnoses.target import (
    GENERIC_HANDLERS,
    RAW_HANDLERS,
    base_of,
    is_generic,
    method,
    routed,
)
from coach.diagnoses.ways import last_line
from coach.evidence import Evidence, Told, shown

FIRST, LAST = "websocket.connect", "websocket.disconnect"
LEGAL = re.compile(r"[a-zA-Z0-9\-_.]{1,99}")
NAMES = "ASCII letters, digits, hyphens, underscores and periods"


@diagnosis("disconnect-after-refusal")
def disconnect_after_refusal(evidence: Evidence) -> str | None:
    """A connection that was closed before it was accepted is disconnected, too."""
    place = last_line(evidence)
    name = place["name"].rpartition(".")[2] if place else ""
    is_its_end = name in (RAW_HANDLERS[LAST], GENERIC_HANDLERS[LAST]) and was_refused(evidence)
    if evidence.kind != "raised" or not is_its_end:
        return None
    mine = re.escape(routed(evidence).get("name", ""))
    lacks = re.match(rf"'{mine}' object has no attribute '(\w+)'", evidence.error[0]["text"])
    told = last_asked(evidence, DISCARD)
    if lacks:
        what = f"nothing has set self.{lacks[1]} by then"
    elif told and evidence.raised("TypeError", "Group name must be"):
        what = f"then {DISCARD} is asked for the name that was refused"
    else:
        return None
    return f"{name} runs for a connection that was refused as well, and {what}"


def was_refused(evidence: Evidence) -> bool:
    """Whether the connection of the failure had been closed without being accepted."""
    mine = [entry for entry in evidence.tape if entry.who == listener(evidence)]
    for number, entry in reversed([*enumerate(mine)]):
        if entry.text.startswith(FIRST):  # of its last connection
            told = [one.text for one in mine[number + 1 :] if one.direction == "←"]
            return bool(told) and told[0].startswith("websocket.close")
    return False


@diagnosis("group-name-illegal")
def group_name_illegal(evidence: Evidence) -> Because | None:
    calls = asked(evidence, ADD, SEND, DISCARD)
    told = next((one for one in reversed(calls) if not _is_legal(one)), None)
    if told is None or not evidence.raised("TypeError", "Group name must be a valid unicode"):
        return None
    if told["of_type"] != "str":
        why = f"a group's name is text, a str, and this one is of type {told['of_type']}"
        return Because(why, told["at"])
    why = f"a group's name has fewer than 100 characters, of {NAMES}; this one "
    long = len(told["group"]) >= 100
    why += f"has {len(told['group'])}" if long else f"is {shown(told['group'])}"
    return Because(why, told["at"])


def _is_legal(told: Told) -> bool:
    return told["of_type"] == "str" and LEGAL.fullmatch(told["group"]) is not None


@diagnosis("disconnect-misspelt")
def disconnect_misspelt(evidence: Evidence) -> Because | None:
    """What leaves the group stands in a method that Channels does not call."""
    target = routed(evidence)
    name = (GENERIC_HANDLERS if is_generic(target) else RAW_HANDLERS)[LAST]
    if evidence.kind != "left-behind" or asked(evidence, DISCARD) or method(target, name):
        return None
    for one in functions(tree_of(evidence, target.get("file", ""))):
        words = {getattr(node, "attr", "") for node in ast.walk(one)}
        if DISCARD in words and one.name in target["methods"]:
            why = (
                f"{base_of(target)} calls {name} when a browser has gone, and {target['name']} has "
                f"no such method: what leaves the group stands in {one.name}"
            )
            return Because(why, in_file(target["file"], one.lineno, one.name))
    return None


@diagnosis("accepted-before-looking")
def accepted_before_looking(evidence: Evidence) -> str | None:
    """A room whose name is too long is let in by this `accept`."""
    mark = evidence.tape[-1].mark if evidence.tape else ""
    function = function_at(evidence, evidence.place)
    is_let_in = evidence.tape[-1].text.startswith("websocket.accept") if mark else False
    if not is_let_in or not mark.startswith("expected a room whose name has") or not function:
        return None
    line = evidence.place["line"] if evidence.place else 0
    closing = [*_closing(function)]
    if any(number <= line for number in closing):
        return None
    if closing:
        return (
            f"accept comes first here, and close in line {closing[0]}: to refuse a connection is "
            "to close it before it is accepted"
        )
    tree = tree_of(evidence, (evidence.place or {"file": ""})["file"])
    if calls(tree, "close") or raises(tree) or _knocks(evidence) > 1:
        return None
    asks = (ast.If, ast.IfExp, ast.Match, ast.BoolOp)
    if any(isinstance(node, asks) and node.lineno <= line for node in ast.walk(function)):
        return None
    return (
        "whatever the name of its room, a connection is accepted here: nothing looks at it before, "
        "and to refuse is to close before accept"
    )


def _knocks(evidence: Evidence) -> int:
    """How many have asked for a connection: the longest name first, and whoever got in was last."""
    return sum(one.text.startswith(FIRST) for one in evidence.tape)


@diagnosis("room-bound-too-wide")
def room_bound_too_wide(evidence: Evidence) -> str | None:
    last = evidence.tape[-1] if evidence.tape else None
    if not last or not last.mark.startswith("expected a room whose name has"):
        return None
    if not last.text.startswith("websocket.accept") or _knocks(evidence) < 2:
        return None
    return (
        "a longer name has been refused before, and this one gets in: the bound here lets through "
        "what can be no group's name, which has at most 99 characters"
    )


def _closing(function: ast.AST) -> Iterator[int]:
    """The lines on which a function closes, or raises."""
    for node in ast.walk(function):
        is_call = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "close"
        if isinstance(node, ast.Raise | ast.Call) and (is_call or isinstance(node, ast.Raise)):
            yield node.lineno


@diagnosis("kept-on-class")
def kept_on_class(evidence: Evidence) -> Because | None:
    """What belongs to one connection is an attribute of the class."""
    kept = _kept(evidence) or (_shared(evidence) if evidence.kind == "not-heard" else [])
    if len(kept) != 1:
        return None
    name, line = kept[0]
    why = (
        f"this line keeps {name} on the class, where each connection that comes changes it for all"
    )
    told, who = last_asked(evidence, SEND), listener(evidence)
    if evidence.kind == "silent" and told and who == sender(evidence):
        joined = joined_by(evidence).get(who, "")
        if not joined or joined == told["group"]:
            return None
        why += f": {who} has joined {shown(joined)}, and the line goes to {shown(told['group'])}"
    elif evidence.kind != "not-heard":
        return None
    return Because(why, in_file(routed(evidence)["file"], line))


def _kept(evidence: Evidence) -> list[tuple[str, int]]:
    """The attributes that a method of the consumer assigns to its class, with their lines."""
    target = routed(evidence)
    owners = (target.get("name"), "type(self)", "self.__class__", "__class__")
    return [
        (node.attr, node.lineno)
        for node in ast.walk(tree_of(evidence, target.get("file", "")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if ast.unparse(node.value) in owners
    ]


def _shared(evidence: Evidence) -> list[tuple[str, int]]:
    """The collections in the body of the consumer's class to which its methods add, by self."""
    target = routed(evidence)
    found = []
    for one in classes(evidence, target.get("file", ""), target.get("name", "")):
        text = ast.unparse(one)
        for node in one.body:
            name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
            is_changed = re.search(rf"self\.{name}\.(add|update|append|extend|insert)\(", text)
            is_own = re.search(rf"self\.{name}(: .+)? = ", text)
            if name and is_changed and not is_own:
                found.append((name, node.lineno))
    return found
