"""Causes between a test of the learner's and the communicator that it talks through."""

import re

from coach.diagnoses.catalogue import Because, diagnosis, line_with
from coach.diagnoses.syntax import is_used, line_text
from coach.diagnoses.ways import last_line
from coach.evidence import Evidence, Told
from coach.sabotage import TESTS

WAITS = ("receive_from", "receive_json_from", "receive_output", "connect")
HAS = (
    "connect, send_to and send_json_to, receive_from, receive_json_from and receive_nothing, "
    "disconnect"
)


def _asked(evidence: Evidence, kind: str, text: str = "") -> Told | None:
    """An exception of a failed test that came out of a communicator, and not of the site."""
    error = evidence.raised(kind, text) if evidence.kind == "test-failed" else None
    inside = "channels/testing/"
    is_inside = any(inside in frame["file"] for frame in error["frames"]) if error else False
    return error if is_inside else None


@diagnosis("communicator-method-unknown")
def communicator_method_unknown(evidence: Evidence) -> str | None:
    error = evidence.raised("AttributeError", "'WebsocketCommunicator' object has no attribute ")
    if evidence.kind != "test-failed" or not error:
        return None
    name = error["text"].rpartition(" ")[2].strip("'")
    return f"a WebsocketCommunicator has no {name}: it has {HAS}"


@diagnosis("answer-read-as-json")
def answer_read_as_json(evidence: Evidence) -> str | None:
    if not _asked(evidence, "JSONDecodeError"):
        return None
    return (
        "receive_json_from takes what comes for JSON, and this frame is other text: receive_from "
        "gives the text as it came"
    )


@diagnosis("dict-given-to-communicator")
def dict_given_to_communicator(evidence: Evidence) -> str | None:
    if not _asked(evidence, "AssertionError", "The text_data argument must be a str"):
        return None
    return "send_to takes text; send_json_to makes JSON of a dict, and sends that"


@diagnosis("page-asked-of-consumer")
def page_asked_of_consumer(evidence: Evidence) -> str | None:
    """An HttpCommunicator in front of a consumer of WebSockets."""
    said = evidence.raised("ValueError", "No handler for message type http.request")
    if evidence.kind != "test-failed" or not said or not is_used(evidence, "HttpCommunicator"):
        return None
    return (
        "an HttpCommunicator asks for a page, and a consumer of WebSockets has none: a "
        "WebsocketCommunicator opens a socket"
    )


@diagnosis("fixture-not-awaited")
def fixture_not_awaited(evidence: Evidence) -> Because | None:
    error = evidence.raised("Failed", "requested an async fixture")
    found = re.search(r"async fixture '(\w+)'", error["text"]) if error else None
    if evidence.kind != "test-failed" or not found:
        return None
    why = (
        f"{found[1]} is an `async def`, and pytest.fixture awaits nothing: @pytest_asyncio.fixture "
        "is what makes a fixture of it"
    )
    return Because(why, line_with(evidence, TESTS, f"async def {found[1]}("))


@diagnosis("nothing-came-in-time")
def nothing_came_in_time(evidence: Evidence) -> str | None:
    """A TimeoutError has no text of its own."""
    text = line_text(evidence, last_line(evidence))
    name = next((name for name in WAITS if re.search(rf"\b{name}\(", text)), "")
    if not name or not _asked(evidence, "TimeoutError"):
        return None
    if name == "connect":
        return "connect waits a second for the site to accept or to close, and it did neither"
    return (
        f"{name} waits a second, or what timeout=… says, and nothing came in that time: the site "
        "had nothing more to tell this browser, or takes longer"
    )
