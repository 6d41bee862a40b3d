"""Causes of an answer that is not the one asked for: its number, its kind, its form."""

import ast
import json
import re

from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.syntax import function_at, line_text, sends_in_a_row, tree_of, within
from coach.diagnoses.target import clients, given_frames
from coach.evidence import Evidence, Frame, Told


def _both(evidence: Evidence) -> tuple[Frame, Frame] | None:
    """The frame that was asked for and the one that came."""
    if evidence.kind != "wrong" or evidence.frame is None or evidence.wanted is None:
        return None
    return evidence.wanted, evidence.frame


def _split(frame: Frame) -> tuple[int, bytes] | None:
    """The number and the rest of an answer of the form "<n>: <rest>"."""
    data = frame.encode() if isinstance(frame, str) else frame
    found = re.fullmatch(rb"(-?\d+): (.*)", data, re.S)
    return (int(found[1]), found[2]) if found else None


def _numbers(evidence: Evidence) -> tuple[int, int] | None:
    """The number that was asked for and the one that came, where all else is right."""
    wanted, heard = _both(evidence) or ("", b"")
    if type(wanted) is not type(heard):
        return None
    asked, came = _split(wanted), _split(heard)
    return (asked[0], came[0]) if asked and came and asked[1] == came[1] else None


def _counting(evidence: Evidence) -> Told | None:
    """The line of the function that answered where something is counted."""
    function = function_at(evidence, evidence.place)
    if function is None or evidence.place is None:
        return None
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            return evidence.place | {"line": node.lineno}
    return within(evidence, evidence.place, "+ 1", "+1", "next(", ".append(")


def _beginning(evidence: Evidence) -> Told | None:
    """The line of the file that gives the count a first value other than 0."""
    counting = _counting(evidence)
    found = re.match(r"([\w.]+)\s*(?:\+=|=)", line_text(evidence, counting))
    for node in ast.walk(tree_of(evidence, counting["file"])) if counting and found else ():
        is_number = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if counting and found and is_number and isinstance(node, ast.Assign):
            named = [ast.unparse(target) for target in node.targets]
            if found[1] in named and ast.unparse(node.value) != "0":
                return counting | {"line": node.lineno}
    return None


# -- the kind and the form ----------------------------------------------------------------------


@diagnosis("binary-answered-as-text")
def binary_answered_as_text(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", "")
    if not isinstance(wanted, bytes) or not isinstance(heard, str):
        return None
    if "None" in heard:
        return (
            "the event of a binary frame has no text, so None stands in the answer; its data is "
            "under the key bytes"
        )
    if "b'" in heard or 'b"' in heard:
        return (
            "bytes put into a str show as b'…'; a binary frame is answered under the key bytes, "
            "with bytes"
        )
    return (
        "a binary frame is answered here as text; the answer belongs under the key bytes, as bytes"
    )


@diagnosis("text-answered-as-binary")
def text_answered_as_binary(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", "")
    if isinstance(wanted, str) and isinstance(heard, bytes):
        return (
            "a text frame is answered here as bytes; the answer belongs under the key text, as a "
            "str"
        )
    return None


@diagnosis("answer-without-number")
def answer_without_number(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", b"")
    asked = _split(wanted)
    if asked and (heard if isinstance(heard, bytes) else heard.encode()) == asked[1]:
        return "the message comes back without its number in front"
    return None


@diagnosis("answer-without-f")
def answer_without_f(evidence: Evidence) -> str | None:
    _, heard = _both(evidence) or ("", b"")
    data = heard if isinstance(heard, bytes) else heard.encode()
    if re.search(rb"\{[a-z_][\w.]*(\[.*?\])?\}", data):
        more = "; bytes have no such f, a str has, and encode() makes bytes of it" * isinstance(
            heard, bytes
        )
        return (
            "a name in braces stands in the answer as it is: only a text with an f before it is "
            f"filled in{more}"
        )
    return None


@diagnosis("event-in-answer")
def event_in_answer(evidence: Evidence) -> str | None:
    _, heard = _both(evidence) or ("", b"")
    data = heard if isinstance(heard, bytes) else heard.encode()
    if b"'type': 'websocket.receive'" in data:
        return (
            'the whole event stands in the answer; what the client sent is event["text"] or '
            'event["bytes"]'
        )
    return None


@diagnosis("answer-in-json")
def answer_in_json(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", "")
    if evidence.path.startswith("/ws/chat/"):  # where JSON is what is asked for
        return None
    try:
        told = json.loads(heard) if isinstance(heard, str) else None
    except ValueError:
        return None
    if isinstance(told, dict) and str(told.get("type", "")).startswith("websocket."):
        return (
            "the whole event is packed into the text: json.dumps has no place here, the event "
            "itself goes to self.send"
        )
    if told == wanted or isinstance(told, dict):
        return "the answer is packed as JSON; it is asked for as plain text, without json.dumps"
    return None


@diagnosis("number-behind-message")
def number_behind_message(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", b"")
    asked = _split(wanted)
    data = heard.encode() if isinstance(heard, str) else heard
    if not asked or type(wanted) is not type(heard):
        return None
    if re.fullmatch(re.escape(asked[1]) + rb"\W*%d\W*" % asked[0], data):
        return "the number stands behind the message here, and it belongs in front of it"
    return None


@diagnosis("answer-spelt-otherwise")
def answer_spelt_otherwise(evidence: Evidence) -> str | None:
    """The number is right and the message, not what stands between or around."""
    wanted, heard = _both(evidence) or ("", b"")
    asked = _split(wanted)
    data = heard.encode() if isinstance(heard, str) else heard
    if not asked or type(wanted) is not type(heard):
        return None
    found = re.fullmatch(rb"\s*\W?(\d+)(\W*)" + re.escape(asked[1]) + rb"\s*", data)
    if not found or int(found[1]) != asked[0] or data == (b"%d: " % asked[0]) + asked[1]:
        return None
    return (
        'between the number and the message stand a colon and one space, "1: tea", and nothing else'
    )


@diagnosis("answered-twice")
def answered_twice(evidence: Evidence) -> str | None:
    """The same frame came for the message before."""
    asked, came = _split((_both(evidence) or ("", ""))[0]), evidence.tape[-1:]
    if not asked or not came:
        return None
    who, text = came[0].who, came[0].text
    before = [e for e in evidence.tape[:-1] if e.who == who]
    answers = [e.text for e in before if e.direction == "←"]
    if before and before[-1].direction == "→" and answers and answers[-1] == text:
        number = _split((_both(evidence) or ("", ""))[1])
        is_twice = sends_in_a_row(function_at(evidence, evidence.place))
        if is_twice and number and number[0] == asked[0] - 1 and number[1] != asked[1]:
            return (
                "the message before was answered twice: two calls of send follow one another there"
            )
    return None


@diagnosis("binary-changed")
def binary_changed(evidence: Evidence) -> str | None:
    wanted, heard = _both(evidence) or ("", "")
    asked = _split(wanted)
    if not isinstance(wanted, bytes) or not isinstance(heard, bytes) or not asked:
        return None
    if repr(asked[1]).encode() in heard:
        return (
            "str() of bytes gives b'…' with its quotes; the number has to become bytes, and the "
            "data stay bytes"
        )
    came = _split(heard)
    if came and came[0] == asked[0] and b"\xef\xbf\xbd" in came[1]:
        return (
            "decode and encode changed the data: a binary frame may hold bytes that are no UTF-8 "
            "text"
        )
    return None


# -- the number ---------------------------------------------------------------------------------


@diagnosis("binary-not-counted")
def binary_not_counted(evidence: Evidence) -> Because | None:
    """Text and binary frames share one count."""
    asked, came = _numbers(evidence) or (0, 0)
    kinds = given_frames(evidence)
    if "bytes" not in kinds or asked == came:
        return None
    if kinds[-1] == "bytes" and came == kinds.count("text"):
        return Because(
            "a binary frame is answered here with a number, and is not counted itself", None
        )
    if came == kinds.count(kinds[-1]):
        why = "text and binary frames are counted apart here; a connection has one count for both"
        return Because(why, _counting(evidence))
    return None


@diagnosis("count-shared")
def count_shared(evidence: Evidence) -> Because | None:
    """The number goes on from what other clients have sent."""
    asked, came = _numbers(evidence) or (0, 0)
    own = len(given_frames(evidence))
    is_first = own == 1 and evidence.others > 0  # and the first client of all had got a 1
    is_moved = own > 1 and clients(evidence) > 1  # and alone they had counted well
    if asked == came or not (is_first or is_moved):
        return None
    why = (
        "the count goes on from another client's messages, so it is kept in a place that all "
        "connections share; self is what each connection has to itself"
    )
    return Because(why, _counting(evidence))


@diagnosis("count-not-kept")
def count_not_kept(evidence: Evidence) -> Because | None:
    asked, came = _numbers(evidence) or (0, 0)
    if asked != 2 or came != 1 or len(given_frames(evidence)) != 2:
        return None
    why = "the second message gets the number 1 again: the count starts anew with each message"
    counting = _counting(evidence)
    if re.match(r"[\w.]+\s*=\+", line_text(evidence, counting)):
        return Because(f"{why}, since =+ 1 sets it to 1 where += 1 adds", counting)
    function = function_at(evidence, evidence.place)
    for node in ast.walk(function) if function else ():
        value = node.value if isinstance(node, ast.Assign) else None
        if counting and isinstance(value, ast.Constant) and isinstance(value.value, int):
            return Because(why, counting | {"line": value.lineno})
    return Because(why, counting)


@diagnosis("count-begins-elsewhere")
def count_begins_elsewhere(evidence: Evidence) -> Because | None:
    asked, came = _numbers(evidence) or (0, 0)
    if asked != 1 or came == 1 or len(given_frames(evidence)) != 1:
        return None
    why = f"the first message of a connection gets the number 1, and here it gets {came}"
    if came == 0:
        return Because(f"{why}: the count has to go up before the answer", _counting(evidence))
    why += ": the count has to begin at 0 and go up by 1"
    return Because(why, _beginning(evidence) or _counting(evidence))


@diagnosis("count-by-other-steps")
def count_by_other_steps(evidence: Evidence) -> Because | None:
    asked, came = _numbers(evidence) or (0, 0)
    if asked == came or asked < 2:
        return None
    why = f"each message counts one, and here the number after {asked - 1} is {came}"
    return Because(why, _counting(evidence))


@diagnosis("answer-without-message")
def answer_without_message(evidence: Evidence) -> str | None:
    """A text of its own, or `str(i)` out of a loop."""
    wanted, heard = _both(evidence) or ("", b"")
    asked = _split(wanted)
    if not asked or evidence.others or type(wanted) is not type(heard) or _split(heard):
        return None
    data = heard if isinstance(heard, bytes) else heard.encode()
    said = "nothing of the message is in this answer, which is asked for as <number>: <message>"
    return None if asked[1] in data else said
