"""Whatever a client sends to the chat, it is answered, and the connection stays.

So it is never closed with 1011, which says that an exception ended it.
"""

import itertools
import json
from collections.abc import Iterator

import chatroom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import daphne_in
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

EXAMPLES = 15
numbers = itertools.count()

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=5
)
lines = st.fixed_dictionaries(
    {"text": st.text() | scalars}, optional={"user": values, "id": values}
)
frames = (
    (lines | values).map(json.dumps)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.sampled_from(
        ["{" * 5_000, "[" * 12_200, "x" * 100_000, '{"text": "\\ud800"}', '"\\u0000"']
    )
)


@pytest.fixture(scope="module", params=["sync", "async"])
def chat(request, tmp_path_factory) -> Iterator[tuple[int, str]]:
    """The port of the served chat, and the session of its one visitor."""
    site = chatroom.lay_out(tmp_path_factory.mktemp(request.param), request.param, ("ana",))
    served = daphne_in(site.folder)
    yield served.port, site.sessions["ana"]
    served.stop()
    assert [*chatroom.tracebacks(served.rest())] == []


def opened(port: int, session: str) -> ClientConnection:
    """A connection to a room in which nobody has ever been."""
    return connect(
        f"ws://127.0.0.1:{port}/ws/chat/room-{next(numbers)}/", proxy=None,
        open_timeout=chatroom.REPLY_S, origin=Origin(f"http://127.0.0.1:{port}"),
        additional_headers={"Cookie": f"sessionid={session}"},
    )  # fmt: skip


@settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(sent=st.lists(frames, min_size=1, max_size=12))
def test_each_frame_gets_one_answer_and_the_connection_stays(chat, sent):
    with opened(*chat) as client:
        for frame in sent:
            client.send(frame)
        for frame in sent:
            answer = json.loads(client.recv(timeout=chatroom.REPLY_S))
            assert set(answer) in ({"error"}, {"user", "text"}), frame
            assert all(isinstance(value, str) and value for value in answer.values())
