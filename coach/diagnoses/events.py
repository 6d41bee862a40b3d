"""Causes in the events themselves: what a handler sends, and what it reads of what it was given."""

import ast
import difflib
import re

from coach.asgi import SERVER_EVENTS
from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.syntax import class_place, function_at, line_text
from coach.diagnoses.target import (
    base_of,
    is_accepted,
    is_binary,
    is_generic,
    last_event,
    method,
    routed,
    with_article,
)
from coach.evidence import Evidence, Told, shown

THREE = "websocket.accept, websocket.send and websocket.close"


def _illegal(evidence: Evidence) -> Told | None:
    """The event that no server would take, if it is at least a dict."""
    is_dict = evidence.kind == "illegal" and isinstance(evidence.event, dict)
    return evidence.event if is_dict else None


# -- what is sent -------------------------------------------------------------------------------


@diagnosis("send-not-a-dict")
def send_not_a_dict(evidence: Evidence) -> str | None:
    text = evidence.error[0]["text"] if evidence.error else ""
    if re.match(r"A?[sS]yncConsumer\.send\(\) ", text):
        return "self.send takes one thing, the event: a dict with a type, and text or bytes"
    if evidence.kind != "illegal" or _illegal(evidence) is not None:
        return None
    return (
        "self.send takes the event, a dict with a type and text or bytes, and here it gets "
        f"{shown(evidence.event)}"
    )


@diagnosis("event-sent-by-generic-consumer")
def event_sent_by_generic_consumer(evidence: Evidence) -> Because | None:
    event, target = _illegal(evidence), routed(evidence)
    given = event.get("text") if event else None
    kind = given.get("type") if isinstance(given, dict) else None
    if not str(kind).startswith("websocket.") or not is_generic(target):
        return None
    why = (
        f"the send of {with_article(base_of(target))} takes the text itself, and here it gets an "
        "event: a class that sends events derives from SyncConsumer or AsyncConsumer"
    )
    is_raw = method(target, "websocket_connect", "websocket_receive")
    return Because(why, class_place(evidence, target) if is_raw else None)


@diagnosis("event-without-type")
def event_without_type(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    if event is None or "type" in event:
        return None
    near = difflib.get_close_matches("type", [*event], 1, 0.6)
    here = f", and here that key is {near[0]}" if near else ""
    return f"every event has a key type that says what it is{here}"


@diagnosis("event-type-misspelt")
def event_type_misspelt(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    kind = event.get("type") if event else None
    if not isinstance(kind, str) or kind in SERVER_EVENTS:
        return None
    if kind in ("websocket.connect", "websocket.receive", "websocket.disconnect"):
        return f"{kind} is a type that comes in; what goes out is {THREE}"
    return f"the type is {shown(kind)}, and a server knows three: {THREE}"


@diagnosis("send-before-accept")
def send_before_accept(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    if event is None or event.get("type") != "websocket.send" or is_accepted(evidence):
        return None
    return (
        "this frame is sent before websocket.accept, and nothing can be sent until that has gone "
        "out"
    )


@diagnosis("accept-twice")
def accept_twice(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    if event is None or event.get("type") != "websocket.accept" or not is_accepted(evidence):
        return None
    return (
        "this is the second websocket.accept of the connection; each frame goes out as "
        "websocket.send"
    )


@diagnosis("no-text-key")
def no_text_key(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    if event is None or event.get("text") is not None or event.get("bytes") is not None:
        return None
    others = [key for key in event if key not in ("type", "text", "bytes")]
    holds = f"; the key {others[0]} means nothing to it" if others else ""
    return f"a server sends what is under the key text or bytes, and both are empty here{holds}"


@diagnosis("text-not-str")
def text_not_str(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    text = event.get("text") if event else None
    if text is None or isinstance(text, str):
        return None
    kind = text.get("$object", "dict") if isinstance(text, dict) else type(text).__name__
    return f"what is under the key text has to be a str, and here it is of type {kind}"


@diagnosis("bytes-not-bytes")
def bytes_not_bytes(evidence: Evidence) -> str | None:
    event = _illegal(evidence)
    data = event.get("bytes") if event else None
    if data is None or isinstance(data, bytes):
        return None
    kind = data.get("$object", "dict") if isinstance(data, dict) else type(data).__name__
    return (
        f"what is under the key bytes has to be bytes, and here it is of type {kind}: encode() "
        "makes bytes of a str"
    )


# -- what is read -------------------------------------------------------------------------------


def _own(evidence: Evidence) -> Told | None:
    """The exception that ended a handler, if it came from the learner's own line."""
    for link in evidence.error[:1]:
        if evidence.kind == "raised" and link["frames"] and link["frames"][-1]["work"]:
            return link
    return None


@diagnosis("event-used-as-object")
def event_used_as_object(evidence: Evidence) -> str | None:
    error = _own(evidence)
    found = re.match(r"'dict' object has no attribute '(\w+)'", error["text"]) if error else None
    if not found:
        return None
    if is_generic(routed(evidence)):
        return f"what a dict holds is taken in brackets, by its key, and not by .{found[1]}"
    return (
        'an event is a dict, so what it holds is taken in brackets, as in event["text"], and not '
        f"by .{found[1]}"
    )


@diagnosis("event-called")
def event_called(evidence: Evidence) -> str | None:
    error = _own(evidence)
    if error and error["text"] == "'dict' object is not callable":
        return 'an event is a dict, so what it holds is taken in brackets, as in event["text"]'
    return None


def _missing_key(evidence: Evidence) -> str:
    """The key that a handler looked for in its event and did not find, or nothing."""
    error = _own(evidence)
    key = error["text"].strip("'") if error and error["type"] == "KeyError" else ""
    place = dict(error["frames"][-1]) if error else None
    function = function_at(evidence, place) if key else None
    names = [argument.arg for argument in function.args.args] if function else []
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            is_event = isinstance(node.value, ast.Name) and node.value.id in names
            if is_event and node.slice.value == key and place and node.lineno <= place["line"]:
                return str(key)
    return ""


def _none_used(evidence: Evidence) -> Told | None:
    """The exception of a handler that took None for something else, if it is one."""
    error, kinds = _own(evidence), ("TypeError", "AttributeError")
    return error if error and error["type"] in kinds and "NoneType" in error["text"] else None


def _got_in_vain(evidence: Evidence) -> str:
    """The key in `event.get("message")`, on the line that has then used None."""
    error = _none_used(evidence)
    line = line_text(evidence, error["frames"][-1] if error else None)
    found = re.search(r"\bevent\.get\(['\"](\w+)['\"]\)", line)
    return found[1] if found and found[1] not in ("type", "text", "bytes", "code") else ""


@diagnosis("binary-without-text-key")
def binary_without_text_key(evidence: Evidence) -> str | None:
    if not is_binary(evidence):
        return None
    if _missing_key(evidence) == "text":
        return (
            "the event of a binary frame has its data under the key bytes and need not have the "
            'key text: event.get("text") tells which kind it is'
        )
    if _none_used(evidence):
        return (
            "None is used here as if it were text: the event of a binary frame has its data "
            "under the key bytes, and no text"
        )
    return None


@diagnosis("text-without-bytes-key")
def text_without_bytes_key(evidence: Evidence) -> str | None:
    if is_binary(evidence) or _missing_key(evidence) != "bytes":
        return None
    return (
        "the event of a text frame has its text under the key text and need not have the key "
        'bytes: event.get("bytes") gives None there'
    )


@diagnosis("event-key-unknown")
def event_key_unknown(evidence: Evidence) -> str | None:
    key = _missing_key(evidence) or _got_in_vain(evidence)
    if not key:
        return None
    if is_generic(routed(evidence)):  # the event stays with the base class
        return f"the dict that was given to this function has no key {key}"
    holds = {
        "websocket.connect": "only type",
        "websocket.receive": "type, and text or bytes",
        "websocket.disconnect": "type, code and reason",
    }.get(last_event(evidence), "other keys")
    return f"the event has no key {key}; the keys of {last_event(evidence)} are {holds}"


@diagnosis("event-read-as-json")
def event_read_as_json(evidence: Evidence) -> str | None:
    for link in evidence.error if not is_generic(routed(evidence)) else ():
        if "the JSON object must be str, bytes or bytearray, not dict" in link["text"]:
            return 'the event is a dict already and no JSON; what the client sent is event["text"]'
    return None


@diagnosis("text-read-as-json")
def text_read_as_json(evidence: Evidence) -> str | None:
    if evidence.raised("JSONDecodeError") and last_event(evidence) == "websocket.receive":
        return "what the client sent is plain text and no JSON, so json.loads cannot read it"
    return None


@diagnosis("binary-decoded")
def binary_decoded(evidence: Evidence) -> str | None:
    if evidence.raised("UnicodeDecodeError") and is_binary(evidence):
        return (
            "a binary frame may hold bytes that are no UTF-8 text: it is answered with bytes, "
            "without decode()"
        )
    return None


@diagnosis("number-joined-to-text")
def number_joined_to_text(evidence: Evidence) -> str | None:
    error = _own(evidence)
    texts = (
        r"for \+: ('int' and '(str|bytes)'|'(str|bytes)' and 'int')"
        r'|can only concatenate str \(not "int"\)'
        r"|can't concat int to bytes"
    )
    if error and re.search(texts, error["text"]):
        return "+ does not join a number to text: str(…) or an f-string makes text of the number"
    return None


@diagnosis("text-joined-to-bytes")
def text_joined_to_bytes(evidence: Evidence) -> str | None:
    error = _own(evidence)
    texts = r'can only concatenate str \(not "bytes"\)|can\'t concat str to bytes'
    if error and re.search(texts, error["text"]):
        return "+ does not join text to bytes: encode() makes bytes of the text"
    return None


@diagnosis("count-is-local")
def count_is_local(evidence: Evidence) -> str | None:
    error = _own(evidence)
    found = re.search(r"local variable '(\w+)'", error["text"]) if error else None
    if not error or error["type"] != "UnboundLocalError" or not found:
        return None
    if not re.search(rf"(?<![\w.]){found[1]}\b", line_text(evidence, error["frames"][-1])):
        return None
    return (
        f"an assignment makes {found[1]} a name of this function alone, without a value yet; what "
        f"lasts for a connection is self.{found[1]}"
    )
