"""Causes in the chat's frames of JSON: how they are read, how they are written, what is no line."""

import ast
import json
import re
from typing import Any

from coach.chatting import NO_LINES, parsed
from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.syntax import class_place, def_place, function_at, line_text
from coach.diagnoses.target import (
    base_of,
    is_generic,
    is_json,
    last_event,
    method,
    route_taken,
    routed,
    with_article,
)
from coach.evidence import Evidence, Told, shown

# How Python complains where a list, a text, a number or null is taken for an object.
NO_OBJECT = (
    r"'(\w+)' object has no attribute '(get|keys|items|pop)'"
    r"|(list|string) indices must be integers"
    r"|'(int|float|bool)' object is not subscriptable"
    r"|argument of type '\w+' is not iterable"
)


def _is_chat(evidence: Evidence, kind: str) -> bool:
    return evidence.kind == kind and evidence.path.startswith("/ws/chat/")


# -- the room in the path --------------------------------------------------------------------------


@diagnosis("url-kwarg-unknown")
def url_kwarg_unknown(evidence: Evidence) -> str | None:
    error = evidence.raised("KeyError") if evidence.kind == "raised" else None
    place = error["frames"][-1] if error and error["frames"] else None
    route, line = route_taken(evidence), line_text(evidence, place)
    key = error["text"].strip("'\"") if error else ""
    if route is None or not re.search(rf"\[[\"']{re.escape(key)}[\"']\]", line):
        return None
    pattern = " ".join(one.text for one in route.patterns)
    names = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
    is_short = key == "kwargs" or (key in names and "url_route" in line and "kwargs" not in line)
    is_slip = "kwargs" in line and re.search(rf"scope\[[\"']{key}[\"']\]\[", line) is not None
    if (is_short or is_slip) and "scope[" in line:
        return 'what the URLRouter took out of the path is in scope["url_route"]["kwargs"]'
    if "kwargs" not in line or key in names or len(names) > 1:
        return None
    if not names:
        return f'the pattern "{pattern}" gives a name to nothing that it takes out of the path'
    return (
        f'the pattern "{pattern}" calls what it takes out of the path {names[0]}, and this line '
        f"asks for {key}"
    )


# -- a frame is read ------------------------------------------------------------------------------


@diagnosis("raised-not-caught")
def raised_not_caught(evidence: Evidence) -> Because | None:
    """A frame that is no line ends at a `raise` of the learner's, and nothing takes it up."""
    error = evidence.error[-1] if evidence.error else None
    place = error["frames"][-1] if error and error["frames"] else None
    is_received = last_event(evidence) == "websocket.receive"
    if not error or not place or not is_received or not _is_chat(evidence, "raised"):
        return None
    if not re.match(rf"raise (\w+\.)*{error['type']}\b", line_text(evidence, place)):
        return None
    why = (
        f"this line raises {error['type']}, and no `except` takes it up on its way out of the "
        "consumer; an exception that comes out of a consumer ends its connection"
    )
    return Because(why, dict(place))


def _given(evidence: Evidence) -> str | None:
    """The frame that was sent last, where it is one of those that are no line."""
    given = [entry.text for entry in evidence.tape if entry.direction == "→"]
    text = given[-1].partition(" text=")[2] if given else ""
    return next((frame for frame in NO_LINES if text == shown(frame)), None)


@diagnosis("json-parsed-by-base-class")
def json_parsed_by_base_class(evidence: Evidence) -> Because | None:
    """The `receive` of a JsonWebsocketConsumer raises, before receive_json is called."""
    no_json = evidence.raised("JSONDecodeError")
    error = no_json or evidence.raised("ValueError", "No text section for incoming WebSocket frame")
    target = routed(evidence)
    if error is None or not _is_chat(evidence, "raised") or not is_json(target):
        return None
    inside = [frame["file"].endswith("channels/generic/websocket.py") for frame in error["frames"]]
    last = max((number for number, is_in in enumerate(inside) if is_in), default=-1)
    if last < 0 or any(frame["work"] for frame in error["frames"][last:]):
        return None
    rule = (
        "parses a frame before it calls receive_json, and raises where that is no JSON"
        if no_json
        else "takes text frames that are not empty, and raises where it gets another"
    )
    mine = method(target, "receive", "receive_json")
    place = def_place(evidence, mine["at"]) if mine else class_place(evidence, target)
    return Because(f"the receive of {base_of(target)} {rule}; nothing here catches that", place)


@diagnosis("json-error-not-caught")
def json_error_not_caught(evidence: Evidence) -> Because | None:
    error = evidence.raised("JSONDecodeError")
    ours = [frame for frame in error["frames"] if frame["work"]] if error else []
    is_read_here = bool(ours) and "loads(" in line_text(evidence, ours[-1])
    if not is_read_here or not _is_chat(evidence, "raised"):
        return None
    why = (
        "json.loads raises a JSONDecodeError, which is a ValueError, where a frame is no JSON; "
        "nothing catches it here"
    )
    return Because(why, ours[-1])


def _own(evidence: Evidence) -> Told | None:
    """The exception that a line of the learner's has raised while a frame was read."""
    is_received = last_event(evidence) == "websocket.receive"
    for link in evidence.error[:1] if _is_chat(evidence, "raised") and is_received else ():
        if link["frames"] and link["frames"][-1]["work"]:
            return link
    return None


@diagnosis("json-not-an-object")
def json_not_an_object(evidence: Evidence) -> str | None:
    frame, error = _given(evidence), _own(evidence)
    content = parsed(frame)
    if not frame or not error or isinstance(content, dict):
        return None
    line = line_text(evidence, error["frames"][-1])
    is_none = error["text"] == "'NoneType' object is not subscriptable" and content is None
    if not re.search(NO_OBJECT, error["text"]) and not (is_none and re.search(r"\[[\"']", line)):
        return None
    return (
        f"{frame} is JSON, and not an object, so it has no keys; this line takes it for one: "
        "isinstance(…, dict) tells"
    )


@diagnosis("text-not-a-string")
def text_not_a_string(evidence: Evidence) -> str | None:
    frame, error = _given(evidence), _own(evidence)
    content = parsed(frame)
    if not frame or not error or not isinstance(content, dict):
        return None
    if error["type"] == "KeyError" and error["text"] == "'text'" and "text" not in content:
        return 'this object has no key "text", and brackets raise then; .get("text") gives None'
    text = content.get("text")
    if isinstance(text, str) or f"'{type(text).__name__}'" not in error["text"]:
        return None
    what = f"the text of this frame is {json.dumps(text)}" if content else "this frame has no text"
    return f"{what}, and this line takes it for a str: isinstance(…, str) tells"


@diagnosis("frame-without-key")
def frame_without_key(evidence: Evidence) -> str | None:
    """`content["message"]`, as in the tutorial of Channels, for a frame {"text": …}."""
    error, given = _own(evidence), [e.text for e in evidence.tape if e.direction == "→"]
    key = error["text"].strip("'") if error and error["type"] == "KeyError" else ""
    frame = parsed(given[-1].partition(" text=")[2][1:-1]) if given else None
    place = error["frames"][-1] if error else None
    line, function = line_text(evidence, place), function_at(evidence, place)
    if not key or not function or not isinstance(frame, dict) or key in frame:
        return None
    contents = [one.arg for one in function.args.args[1:2] if function.name == "receive_json"]
    contents += re.findall(r"(\w+) = json\.loads\(", ast.unparse(function))
    if not any(re.search(rf"\b{one}\[[\"']{re.escape(key)}[\"']\]", line) for one in contents):
        return None
    return f'the browser sends {{"text": …}}, and this line asks for the key {key}'


@diagnosis("json-parsed-already")
def json_parsed_already(evidence: Evidence) -> Because | None:
    """`json.loads(content)` in receive_json, or rules that begin with it."""
    error = evidence.raised("TypeError", "the JSON object must be str, bytes or bytearray, not")
    ours = [frame for frame in error["frames"] if frame["work"]] if error else []
    at = next((one for one in ours if one["name"].endswith("receive_json")), None)
    if at is None or not is_json(routed(evidence)) or not _is_chat(evidence, "raised"):
        return None
    why = (
        "receive_json is given what the frame held, already parsed, and json.loads wants the frame "
        "itself: that is given to receive, without _json"
    )
    return Because(why, dict(at))


# -- a frame is written ---------------------------------------------------------------------------


@diagnosis("dict-given-to-send")
def dict_given_to_send(evidence: Evidence) -> str | None:
    text = evidence.event.get("text") if evidence.kind == "illegal" else None
    target = routed(evidence)
    if not isinstance(text, dict) or "type" in text or "$object" in text or not is_generic(target):
        return None
    how = "send_json makes JSON of a dict" if is_json(target) else "json.dumps makes JSON of a dict"
    return f"the send of {with_article(base_of(target))} takes text, and here it gets a dict; {how}"


def answer(evidence: Evidence) -> tuple[Told, str] | None:
    """The object that was asked for, and the text frame that came instead."""
    wanted, heard = parsed(evidence.wanted), evidence.frame
    if not _is_chat(evidence, "wrong") or not isinstance(wanted, dict):
        return None
    return (wanted, heard) if isinstance(heard, str) else None


@diagnosis("json-packed-twice")
def json_packed_twice(evidence: Evidence) -> str | None:
    _, heard = answer(evidence) or ({}, "")
    if not isinstance(parsed(heard), str) or not isinstance(parsed(parsed(heard)), dict):
        return None
    return (
        "what is sent is JSON inside of JSON: what was packed already is packed once more; "
        "send_json takes the dict itself"
    )


@diagnosis("object-not-json")
def object_not_json(evidence: Evidence) -> Because | None:
    """The exception itself, or a row of the database, in what is sent."""
    for link in evidence.error if _is_chat(evidence, "raised") else ():
        found = re.match(r"Object of type (\w+) is not JSON serializable", link["text"])
        if found:
            why = (
                f"an object of type {found[1]} stands in what is sent, and JSON has no form for "
                "one: it takes dicts, lists, texts, numbers, true, false and null"
            )
            ours = [frame for frame in link["frames"] if frame["work"]]
            return Because(why, ours[-1] if ours else None)
    return None


@diagnosis("answer-not-json")
def answer_not_json(evidence: Evidence) -> str | None:
    wanted, heard = answer(evidence) or ({}, "null")
    if heard == "null" or parsed(heard) is not None:
        return None
    if _is_python_dict(heard):
        return (
            "this is how Python writes a dict, and no JSON, which has double quotes: send_json or "
            "json.dumps makes JSON of a dict"
        )
    what = "the text alone" if heard == wanted.get("text") else "what is no JSON"
    return f"{what} is sent here; a frame of the chat is a JSON object, and {_form(wanted)}"


def _is_python_dict(text: str) -> bool:
    try:
        return isinstance(ast.literal_eval(text), dict)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def _form(wanted: Told) -> str:
    if "error" in wanted:
        return 'what is no line is answered with {"error": …}'
    return 'a line goes out as {"text": …}'


@diagnosis("no-line-taken-for-one")
def no_line_taken_for_one(evidence: Evidence) -> str | None:
    wanted, heard = answer(evidence) or ({}, "")
    told = parsed(heard)
    if "error" not in wanted or not isinstance(told, dict) or told.get("text") is None:
        return None
    if isinstance(told.get("error"), str):
        return "beside the error stands a text, by which a page takes this for a line"
    return "this goes out with a text and no error, so a page takes it for a line"


@diagnosis("answer-under-another-key")
def answer_under_another_key(evidence: Evidence) -> str | None:
    wanted, heard = answer(evidence) or ({}, "null")
    told: Any = parsed(heard)
    inner = told.get("text") if isinstance(told, dict) else None
    inner = parsed(inner) if isinstance(inner, str) else inner
    if isinstance(inner, dict) and inner.get("text") == wanted.get("text"):
        return "under the key text stands the whole object here, and what belongs there is its text"
    if isinstance(told, dict) and not (told.keys() & {"text", "error"}) and told:
        keys = ", ".join(map(str, told))
        return f"the answer has no key {next(iter(wanted))}; it has {keys}, and {_form(wanted)}"
    return None
