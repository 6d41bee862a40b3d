"""Causes between a message to a group and the method that takes it."""

import difflib
import re

from coach.chatting import parsed
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.groups import SEND, last_asked
from coach.diagnoses.syntax import class_place, def_place, functions, tree_of
from coach.diagnoses.target import (
    GENERIC_HANDLERS,
    RAW_HANDLERS,
    is_consumer,
    is_generic,
    is_sync,
    method,
    routed,
)
from coach.evidence import Evidence, Told, shown


def group_handler(evidence: Evidence) -> tuple[str, Told | None]:
    """The method that the last message to a group calls, and as the learner has it, if so."""
    sent = last_asked(evidence, SEND)
    name = sent["type"].replace(".", "_") if sent else ""
    is_event = name in RAW_HANDLERS.values()
    return ("", None) if is_event else (name, method(routed(evidence), name))


@diagnosis("group-message-without-type")
def group_message_without_type(evidence: Evidence) -> Because | None:
    told = last_asked(evidence, SEND)
    if told is None or not evidence.raised("ValueError", "Incoming message has no 'type'"):
        return None
    why = "the key type of a message names the method that takes it, and this one has no such key"
    only = f", only {', '.join(told['keys'])}" if told["keys"] else ""
    return Because(why + only, told["at"])


@diagnosis("group-handler-missing")
def group_handler_missing(evidence: Evidence) -> Because | None:
    error = evidence.raised("ValueError", "No handler for message type ")
    (name, _), target = group_handler(evidence), routed(evidence)
    sent = last_asked(evidence, SEND)
    if not error or not sent or not error["text"].endswith(f" {sent['type']}") or not name:
        return None
    why = f"a message of the type {shown(sent['type'])} calls the method {name}"
    if not name.isidentifier():
        why += ", and no method can have that name: a dot becomes an underscore, all else stays"
        return Because(why, sent["at"])
    known = {*RAW_HANDLERS.values(), *GENERIC_HANDLERS.values()}
    for function in functions(tree_of(evidence, target.get("file", ""))):
        if function.name == name:  # and yet it is not among the methods
            why += f", and this one is no method of {target['name']}: see its indentation"
            return Because(why, in_file(target["file"], function.lineno, name))
    others = [one for one in target.get("methods", ()) if one not in known]
    for near in difflib.get_close_matches(name, others, 1, 0.6):
        place = def_place(evidence, target["methods"][near]["at"])
        return Because(f"{why}, and here it is {near}", place)
    return Because(f"{why}, and {target.get('name')} has none", class_place(evidence, target))


@diagnosis("group-handler-style")
def group_handler_style(evidence: Evidence) -> Because | None:
    """An `async def` that a sync consumer calls, a plain `def` that an async one awaits."""
    (name, mine), target = group_handler(evidence), routed(evidence)
    if not mine or not is_consumer(target) or mine["async"] is not is_sync(target):
        return None
    lost = any(told["coroutine"] == mine["at"]["name"] for told in evidence.unawaited)
    if is_sync(target) and evidence.kind == "silent" and lost:
        why = f"a sync consumer calls {name} and awaits nothing, so an `async def` never runs there"
    elif not is_sync(target) and evidence.raised("TypeError", "can't be used in 'await'"):
        why = f"an async consumer awaits what {name} returns, and a plain `def` gives no coroutine"
    else:
        return None
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("group-handler-parameters")
def group_handler_parameters(evidence: Evidence) -> Because | None:
    """`def chat_message(self)`, which Channels calls with the message."""
    name, mine = group_handler(evidence)
    for link in evidence.error if mine else ():
        found = re.match(
            rf"\w+\.{name}\(\) (?:takes (\d) positional|missing \d required positional \w+: (.+))",
            link["text"],
        )
        if mine and found and not link["frames"][-1]["work"]:
            takes = f"takes {found[1]}" if found[1] else f"wants {found[2]} besides"
            why = (
                f"Channels calls {name} with 2 arguments, self and the message, the whole dict "
                f"that {SEND} was given, and this one {takes}"
            )
            return Because(why, def_place(evidence, mine["at"]))
    return None


@diagnosis("group-message-key")
def group_message_key(evidence: Evidence) -> str | None:
    name, mine = group_handler(evidence)
    error, sent = evidence.raised("KeyError"), last_asked(evidence, SEND)
    place: Told = error["frames"][-1] if error and error["frames"] else {"work": False}
    if not error or not sent or not mine or not place["work"]:
        return None
    key = error["text"].strip("'")
    if place["name"].rpartition(".")[2] != name or key in sent["keys"]:
        return None
    return f"the message has no key {key}; {SEND} was given one with {', '.join(sent['keys'])}"


@diagnosis("group-type-names-send")
def group_type_names_send(evidence: Evidence) -> Because | None:
    sent = last_asked(evidence, SEND)
    if evidence.kind not in ("illegal", "raised") or sent is None or sent["type"] != "send":
        return None
    why = (
        'a message of the type "send" calls self.send, with the whole message as what is to be '
        "sent: the type has to name a method of your own"
    )
    return Because(why, sent["at"])


@diagnosis("group-type-names-receive")
def group_type_names_receive(evidence: Evidence) -> Because | None:
    """The message arrives where the frames of a browser do, and is read as one of them."""
    sent, target = last_asked(evidence, SEND), routed(evidence)
    name = sent["type"].replace(".", "_") if sent else ""
    if sent is None or name not in ("receive", "websocket_receive") or not is_generic(target):
        return None
    if evidence.kind != "raised" and "error" not in (parsed(evidence.frame) or {}):
        return None
    why = (
        f"a message of the type {shown(sent['type'])} calls {name}, which is for the frames of the "
        "browser and reads the message as one: the type has to name a method of your own"
    )
    return Because(why, sent["at"])
