"""Causes in how a consumer behaves: it does not accept, does not answer, does not end."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.syntax import (
    calls,
    def_place,
    function_at,
    hands_on,
    line_text,
    named_function,
    raises,
    tree_of,
    within,
)
from coach.diagnoses.target import (
    base_of,
    handler,
    has_sent,
    is_accepted,
    is_binary,
    is_consumer,
    is_generic,
    last_event,
    method,
    routed,
    with_article,
)
from coach.evidence import Evidence, Told

# -- the connection begins and ends -------------------------------------------------------------


@diagnosis("no-accept")
def no_accept(evidence: Evidence) -> Because | None:
    name, mine = handler(evidence)
    target = routed(evidence)
    is_silent = evidence.kind == "silent" and last_event(evidence) == "websocket.connect"
    if not is_silent or is_accepted(evidence) or not mine or not is_consumer(target):
        return None
    how = "self.accept()" if name == "connect" else 'sending {"type": "websocket.accept"}'
    why = f"{name} came to its end without {how}, so the client waits until it gives up"
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("generic-consumer-overridden")
def generic_consumer_overridden(evidence: Evidence) -> Because | None:
    """The websocket_disconnect of a WebsocketConsumer raises StopConsumer."""
    target = routed(evidence)
    mine = method(target, "websocket_disconnect")
    if evidence.kind != "kept-running" or not is_generic(target) or not mine:
        return None
    why = (
        f"this method takes the place of the one in {base_of(target)} that raises StopConsumer; "
        "what is to happen at the end belongs in disconnect(self, code)"
    )
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("stop-consumer-not-raised")
def stop_consumer_not_raised(evidence: Evidence) -> Because | None:
    """`return StopConsumer()`, or the bare call."""
    _, mine = handler(evidence)
    function = function_at(evidence, mine["at"]) if mine else None
    if evidence.kind != "kept-running" or mine is None or function is None:
        return None
    place = within(evidence, mine["at"], "StopConsumer")
    if raises(function) or not place:
        return None
    why = "StopConsumer is an exception, and here it is not raised: only `raise` ends the consumer"
    return Because(why, place)


@diagnosis("no-stop-consumer")
def no_stop_consumer(evidence: Evidence) -> Because | None:
    name, mine = handler(evidence)
    if evidence.kind != "kept-running" or not mine or name != "websocket_disconnect":
        return None
    why = (
        f"no StopConsumer came out of {name}, so the consumer goes on waiting for events of a "
        "client that has left"
    )
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("other-exception-for-the-end")
def other_exception_for_the_end(evidence: Evidence) -> Because | None:
    """Python's own StopIteration; raised in a thread, it never reaches the event loop."""
    _, mine = handler(evidence)
    place = within(evidence, mine["at"], "raise Stop") if mine else None
    found = re.match(r"raise (Stop(?:Async)?Iteration)\b", line_text(evidence, place))
    is_end = last_event(evidence) == "websocket.disconnect"
    is_raised = found is not None and evidence.raised(found[1]) is not None
    is_lost = evidence.raised("TypeError", "StopIteration interacts badly") is not None
    if not found or not is_end or not (is_raised or is_lost):
        return None
    why = f"the exception that ends a consumer is StopConsumer, and this line raises {found[1]}"
    return Because(why, place)


@diagnosis("super-without-handler")
def super_without_handler(evidence: Evidence) -> str | None:
    for link in evidence.error:
        found = re.match(
            r"'super' object has no attribute '(websocket_\w+|connect|disconnect)'", link["text"]
        )
        if found:
            base = base_of(routed(evidence))
            return (
                f"{with_article(base)} has no {found[1]} that super() could find; a consumer ends "
                "by raise StopConsumer()"
            )
    return None


@diagnosis("stop-consumer-too-early")
def stop_consumer_too_early(evidence: Evidence) -> Because | None:
    """Only StopConsumer makes a consumer return."""
    name, mine = handler(evidence)
    is_early = evidence.kind == "returned" and last_event(evidence) != "websocket.disconnect"
    if not is_early or not is_consumer(routed(evidence)):
        return None
    place = within(evidence, mine["at"], "StopConsumer") if mine else None
    if not place:  # it may be that what stands around the consumer returned
        return None
    why = (
        f"StopConsumer came out of {name}, and it ends the consumer: its place is "
        "websocket_disconnect"
    )
    return Because(why, place)


@diagnosis("closed-by-consumer")
def closed_by_consumer(evidence: Evidence) -> str | None:
    if evidence.kind == "closed" and evidence.event.get("type") == "websocket.close":
        if is_consumer(routed(evidence)):
            return "the consumer itself closes the connection here, by websocket.close"
        if evidence.place:
            return "this line closes the connection, by websocket.close"
    return None


# -- an ASGI function in place of a consumer -----------------------------------------------------


def _function(evidence: Evidence, kind: str) -> tuple[str, Told | None]:
    """The name and place of the function at the path, for a failure of this kind."""
    target = routed(evidence)
    if evidence.kind != kind or target.get("kind") != "function":
        return "", None
    return target["name"], named_function(evidence, target["name"])


@diagnosis("function-without-accept")
def function_without_accept(evidence: Evidence) -> Because | None:
    name, place = _function(evidence, "silent")
    if not name or is_accepted(evidence) or last_event(evidence) != "websocket.connect":
        return None
    why = f'{name} waits for the next event, and has not sent {{"type": "websocket.accept"}} before'
    return Because(why, place)


@diagnosis("function-ended")
def function_ended(evidence: Evidence) -> Because | None:
    name, place = _function(evidence, "returned")
    if not name or hands_on(evidence, name):
        return None
    why = (
        f"{name} came to its end, and with it the connection: it has to receive events until "
        "websocket.disconnect"
    )
    return Because(why, place)


@diagnosis("function-goes-on")
def function_goes_on(evidence: Evidence) -> Because | None:
    name, place = _function(evidence, "kept-running")
    if not name:
        return None
    why = (
        f"{name} asks for another event after websocket.disconnect, and none will come: its loop "
        "has to end there"
    )
    return Because(why, place)


# -- an answer is missing -----------------------------------------------------------------------


@diagnosis("event-joined")
def event_joined(evidence: Evidence) -> str | None:
    """`number + event`, the whole event where its text is meant."""
    error = evidence.error[0] if evidence.kind == "raised" and evidence.error else None
    texts = r"(concatenate|concat) .*\bdict\b|for \+: .*'dict'"
    place = error["frames"][-1] if error and error["frames"] else None
    is_received = last_event(evidence) == "websocket.receive" and is_consumer(routed(evidence))
    if not error or not place or not is_received or not re.search(texts, error["text"]):
        return None
    function = function_at(evidence, place)
    names = [argument.arg for argument in function.args.args][1:] if function else []
    for node in ast.walk(function) if function else ():
        both = [node.left, node.right] if isinstance(node, ast.BinOp) else []
        for one in both:
            if isinstance(one, ast.Name) and one.id in names and one.lineno == place["line"]:
                return (
                    f"{one.id} is the whole dict; what the client sent is in it, under the key "
                    f'text or bytes, as in {one.id}["text"]'
                )
    return None


@diagnosis("binary-ignored")
def binary_ignored(evidence: Evidence) -> Because | None:
    name, mine = handler(evidence)
    if evidence.kind != "silent" or not is_binary(evidence) or not mine:
        return None
    why = (
        f"{name} came to its end without an answer to a binary frame, whose data is under the key "
        "bytes"
    )
    return Because(why, def_place(evidence, mine["at"]))


@diagnosis("no-answer")
def no_answer(evidence: Evidence) -> Because | None:
    name, mine = handler(evidence)
    is_received = evidence.kind == "silent" and last_event(evidence) == "websocket.receive"
    if not is_received or not mine or not is_consumer(routed(evidence)) or has_sent(evidence):
        return None
    module = ast.walk(tree_of(evidence, mine["at"]["file"]))
    if any(isinstance(one, ast.Attribute) and one.attr == "group_send" for one in module):
        return None  # what is due comes that way, and may have been sent
    function = function_at(evidence, mine["at"])
    prints = function is not None and calls(function, "print")
    only = "; what it prints, only the server's terminal shows" if prints else ""
    why = f"{name} came to its end without sending anything{only}"
    return Because(why, def_place(evidence, mine["at"]))
