"""Causes between a consumer and its group: who is in it, what is sent to it, who hears that."""

import ast
import json
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import (
    calls,
    functions,
    is_used,
    tree_of,
)
from coach.diagnoses.target import (
    is_sync,
    routed,
)
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence, Told, shown

ADD, SEND, DISCARD = "group_add", "group_send", "group_discard"
# What a coroutine that nobody awaited explains, by the kind of the failure.
LOST = {
    "silent": (ADD, SEND),
    "raised": (ADD,),  # then only a function of the learner's, which would have joined
    "left-behind": (DISCARD,),
    "unawaited": (ADD, SEND, DISCARD),
}


def asked(evidence: Evidence, *names: str) -> list[Told]:
    """What the layer was asked in this step, oldest first: the calls of these methods."""
    return [told for told in evidence.layer.get("calls", ()) if told["call"] in names]


def last_asked(evidence: Evidence, *names: str) -> Told | None:
    return next(reversed(asked(evidence, *names)), None)


def sender(evidence: Evidence) -> str:
    """Who has sent the last frame."""
    given = [entry for entry in evidence.tape if entry.text.startswith("websocket.receive")]
    return given[-1].who if given else ""


def listener(evidence: Evidence) -> str:
    """Who ought to have heard something else."""
    return evidence.tape[-1].who if evidence.tape else ""


# -- the layer is not asked ---------------------------------------------------------------------


def lost_calls(evidence: Evidence) -> Iterator[tuple[str, Told]]:
    """The coroutines that nobody awaited and that explain the failure: with the method's name,
    or "" for a function of the learner's that calls it."""
    names = LOST.get(evidence.kind, ())
    for told in evidence.unawaited if names else ():
        name = told["coroutine"].rpartition(".")[2]
        if told["at"] and told["at"]["name"] == told["coroutine"]:  # Channels has called it
            continue
        if name in names:
            if evidence.kind != "raised":
                yield name, told
        elif any(
            function.name == name and calls(function, *names)
            for file in evidence.tree
            if file.endswith(".py")
            for function in functions(tree_of(evidence, file))
        ):
            yield "", told


@diagnosis("group-call-not-awaited")
def group_call_not_awaited(evidence: Evidence) -> Because | None:
    not_called = _made_alone(evidence) or _result_called(evidence)
    if not_called:
        return not_called
    name, told = next(lost_calls(evidence), ("", None))
    if told is None:
        return None
    if not name:
        why = f"{told['coroutine']}(…) is called here and never awaited, so nothing in it runs"
    elif is_handed_over(evidence, told["at"], name):
        why = _given_result(name)
    elif is_sync(routed(evidence)):
        why = (
            f"a call of {name} makes a coroutine, and here nothing runs it: in a plain `def`, "
            f"async_to_sync(self.channel_layer.{name})(…) does"
        )
    else:
        why = (
            f"a call of {name} makes a coroutine, and here nothing awaits it: `await` in front of "
            "it is what asks the layer"
        )
    return Because(why, told["at"])


def _given_result(name: str) -> str:
    return (
        f"{name}(…) is called here, and async_to_sync is given its result: hand over {name} "
        "itself, without (), and put what it takes in a second pair of parentheses"
    )


def _result_called(evidence: Evidence) -> Because | None:
    """`async_to_sync(self.channel_layer.group_add(…))()`."""
    name = handed_over(evidence)
    return Because(_given_result(name), last_line(evidence)) if name else None


def handed_over(evidence: Evidence) -> str:
    """What was called for async_to_sync on the line that then called a coroutine; "" for none."""
    place = last_line(evidence)
    if not place or not evidence.raised("TypeError", "'coroutine' object is not callable"):
        return ""
    for node in ast.walk(tree_of(evidence, place["file"])):
        if isinstance(node, ast.Call) and name_of(node) == "async_to_sync":
            inner = [one for one in node.args if isinstance(one, ast.Call)]
            if inner and node.lineno <= place["line"] <= (node.end_lineno or 0):
                return name_of(inner[0])
    return ""


def _made_alone(evidence: Evidence) -> Because | None:
    """`async_to_sync(self.channel_layer.group_add)` as a whole statement."""
    file = routed(evidence).get("file", "")
    for node in ast.walk(tree_of(evidence, file)) if evidence.layer else ():
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call) or name_of(call) != "async_to_sync" or not call.args:
            continue
        name = "" if isinstance(call.args[0], ast.Call) else name_of(call.args[0])
        if name in LOST.get(evidence.kind, ()) and not asked(evidence, name):
            why = (
                f"async_to_sync makes a function of {name}, and nobody calls it here: what "
                f"{name} takes stands in a second pair of parentheses"
            )
            return Because(why, in_file(file, call.lineno))
    return None


def is_handed_over(evidence: Evidence, at: Told | None, name: str) -> bool:
    """Whether the line is part of `async_to_sync(….name(…))`."""
    for node in ast.walk(tree_of(evidence, at["file"])) if at else ():
        if at and isinstance(node, ast.Call) and name_of(node) == "async_to_sync":
            given = [name_of(one) for one in node.args if isinstance(one, ast.Call)]
            if name in given and node.lineno <= at["line"] <= (node.end_lineno or 0):
                return True
    return False


@diagnosis("nothing-sent-to-group")
def nothing_sent_to_group(evidence: Evidence) -> Because | str | None:
    who, told = sender(evidence), last_asked(evidence, "send")
    groups = {one["group"] for one in asked(evidence, ADD)}
    if evidence.kind == "silent" and told and told["group"] in groups:
        why = (
            f"send puts a message into one channel, and {shown(told['group'])} is the name of a "
            f"group: {SEND} goes to each member of a group"
        )
        return Because(why, told["at"])
    if evidence.kind != "silent" or who in ("", listener(evidence)) or not evidence.layer:
        return None
    if asked(evidence, SEND) or is_used(evidence, SEND):
        return None
    return (
        f"the line went to {who} alone: no line of yours calls {SEND}, which sends to every member "
        "of a group"
    )


# -- who is in the group ------------------------------------------------------------------------


@diagnosis("channel-name-not-given")
def channel_name_not_given(evidence: Evidence) -> Because | None:
    """Swapped arguments, or two names of groups: a channel's name has a "!", a group's never."""
    told = last_asked(evidence, ADD, DISCARD)
    if told is None or evidence.kind not in ("silent", "raised", "left-behind"):
        return None
    if "!" in told["channel"] and "!" not in told["group"]:
        return None
    is_alone = evidence.raised("TypeError", "missing 1 required positional argument: 'channel'")
    second = "alone" if is_alone else f"and {shown(told['channel']) or 'what is no text'}"
    why = (
        f"{told['call']} takes the name of the group and then self.channel_name, and here it is "
        f"given {shown(told['group'])} {second}"
    )
    return Because(why, told["at"])


@diagnosis("group-without-member")
def group_without_member(evidence: Evidence) -> Because | None:
    told = last_asked(evidence, SEND)
    is_heard = any(one["members"] for one in asked(evidence, SEND))
    if evidence.kind != "silent" or told is None or is_heard:
        return None
    joined = dict.fromkeys(one["group"] for one in asked(evidence, ADD))
    why = f"{SEND} is asked for the group {shown(told['group'])} here, and nobody is in it: "
    why += f"{ADD} was asked for {', '.join(map(shown, joined)) or 'none'}"
    return Because(why, told["at"])


@diagnosis("group-shared-by-rooms")
def group_shared_by_rooms(evidence: Evidence) -> Because | None:
    """What was said at another path came here, and all have joined one group."""
    paths = evidence.layer.get("paths", {})
    joined = asked(evidence, ADD)
    who = [name for name in (said_by(evidence), listener(evidence)) if name in paths]
    is_other = len(who) == 2 and paths[who[0]] != paths[who[1]]
    groups = {told["group"] for told in joined}
    is_one = len(groups) == 1 and len({told["channel"] for told in joined}) > 2
    if evidence.kind != "wrong" or not is_other:
        return None
    if is_one:
        why = f"every connection joins the group {shown(*groups)}, whatever its room"
        return Because(why, joined[-1]["at"])
    one, both = (joined_by(evidence).get(name, "") for name in who)
    if not one or one != both:
        return None
    why = (
        f"{who[0]} and {who[1]} are in two rooms, and both connections join the group {shown(one)}:"
        " the whole name of the room, as it is, makes a group's name another"
    )
    return Because(why, joined[-1]["at"])


def joined_by(evidence: Evidence) -> dict[str, str]:
    """The group that each client's connection has joined last: they have come one by one."""
    came = [one.who for one in evidence.tape if one.text.startswith("websocket.connect")]
    channels = {one["channel"]: one["group"] for one in asked(evidence, ADD)}
    if len(channels) < len(came) or not came:
        return {}
    return dict(zip(came, [*channels.values()][-len(came) :], strict=True))


@diagnosis("line-sent-twice")
def line_sent_twice(evidence: Evidence) -> str | None:
    """By `send_json`, and by the group; the sender hears both."""
    given = [entry for entry in evidence.tape if entry.text.startswith("websocket.receive")]
    frames = [e.text for e in evidence.tape if e.direction == "←" and e.who == listener(evidence)]
    is_twice = len(frames) > 1 and frames[-1] in frames[:-1]
    is_own = said_by(evidence) == listener(evidence) != ""
    sent = asked(evidence, SEND)
    if evidence.kind != "wrong" or not is_twice or not is_own or not 0 < len(sent) <= len(given):
        return None
    return (
        "each line comes twice to the browser that has sent it: directly, and by the group, of "
        "which its connection is a member"
    )


def said_by(evidence: Evidence) -> str:
    """Who has sent what was heard, by its text."""
    try:
        said = json.loads(evidence.frame or "")["text"]
    except (ValueError, TypeError, LookupError):
        return ""
    given = [entry for entry in evidence.tape if entry.direction == "→"]
    return next((entry.who for entry in given if f'"{said}"' in entry.text), "")


@diagnosis("group-not-left")
def group_not_left(evidence: Evidence) -> Because | str | None:
    told = last_asked(evidence, DISCARD)
    if evidence.kind != "left-behind" or not evidence.layer:
        return None
    if told is None:
        if is_used(evidence, DISCARD):
            return None
        return f"no line of yours calls {DISCARD}, so who has left stays in the group"
    joined = {one["group"] for one in asked(evidence, ADD) if one["channel"] == told["channel"]}
    if told["group"] in joined or not joined:
        return None
    why = (
        f"{DISCARD} is asked for the group {shown(told['group'])} here, and this connection has "
        f"joined {', '.join(map(shown, sorted(joined)))}"
    )
    return Because(why, told["at"])


@diagnosis("error-sent-to-group")
def error_sent_to_group(evidence: Evidence) -> Because | None:
    told, who = last_asked(evidence, SEND), sender(evidence)
    frame = evidence.frame if isinstance(evidence.frame, str) else ""
    if evidence.kind != "wrong" or told is None or who in ("", listener(evidence)):
        return None
    sent = [one for one in asked(evidence, SEND) if "error" in one["keys"]]
    if '"error"' not in frame or not sent:
        return None
    why = f"the error about a frame of one browser goes out by {SEND} here, to the whole room"
    return Because(why, sent[-1]["at"])
