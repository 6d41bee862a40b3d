"""What lessons 6 and 7 measure: the learner's site in process, and behind a real Daphne.

What else runs on the machine can lengthen a measurement and never shorten it. So the least of
two runs counts, a run in which the client itself was held up counts for nothing, and a machine
on which no run counts is named as the fault.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from coach.asgi import frame_of
from coach.conversation import Socket
from coach.counting import judge_thread
from coach.course import LESSONS
from coach.evidence import CoachError, Failure, Told, shown
from coach.server import HOST, Server
from coach.site import Site
from compare import experiments
from compare.experiments import Ask, Converse, Probe, WrongAnswer

T = TypeVar("T")

LEAST_PAUSE_S, MOST_PAUSE_S = 0.1, 0.45  # around the 0.2 s that the page asks for
NO_PAUSE_S = 0.02
EXPERIMENT_LIMIT_S = 20.0
MOST_RUNS = 5
BUSY = (
    "This machine is too busy to tell who waits for whom: in every run the client itself was held "
    "up. Close what else is at work, then check again."
)


# -- in process -----------------------------------------------------------------------------------


async def counts(site: Site, path: str, who: str, runs_on: str) -> Socket:
    """A count is answered frame by frame, each after a pause, and the consumer goes on.

    What comes back is the client, which stays.
    """
    client = await site.connect(path, who=who)
    judge_thread(site, client, runs_on)
    await client.settle()
    for last in (3, 1):
        async with stays_awake(site, f"while {path} counts, the event loop goes on"):
            await counts_to(site, client, last)
    await client.send("tea")
    await client.hears("1: tea", "3: tea")  # whether a count is counted is left open
    are_counted = client.last["text"] == "3: tea"
    await counts_to(site, client, 2)
    number = 5 if are_counted else 2
    await client.send("account 3")
    await client.hears(f"{number}: account 3")
    await client.send(b"tea")
    await client.hears(b"%d: tea" % (number + 1))
    await client.settle()
    return client


async def begins_to_count(client: Socket, last: int) -> None:
    """Ask for a count, hear its first two numbers, and leave the rest."""
    await client.send(f"count {last}")
    await client.hears("1")
    await client.hears("2")


async def counts_to(site: Site, client: Socket, last: int) -> None:
    """Ask for a count, and hear each number after a pause."""
    await client.send(f"count {last}")
    pauses_s = []
    for number in range(1, last + 1):
        await client.hears(str(number))
        pauses_s.append(client.after_s)
        if client.after_s < LEAST_PAUSE_S:
            expected = f'a pause of 0.2 s, then the text frame "{number}"'
            got = "the frame at once, without a pause before it"
            if client.after_s >= NO_PAUSE_S:
                got = f"the frame after {client.after_s:.2f} s"
            hurried(site, client, expected, got)
    await says_no_more(client, f'nothing after the text frame "{last}"')
    if min(pauses_s) > MOST_PAUSE_S:  # a busy machine lengthens one of them, not all
        hurried(site, client, "a pause of 0.2 s before each", f"at least {min(pauses_s):.1f} s")


async def says_no_more(client: Socket, expected: str) -> None:
    """The application waits for the client, and has sent nothing more."""
    async for told in client.sends_no_more(expected, "now"):
        if told["say"] == "sent":
            client.last, client.by = told["event"], told["by"]
            client.heard_wrong(frame_of(client.last), expected, None)
        elif told["say"] != "waits":
            client.talk.fail(expected, told)


def hurried(site: Site, client: Socket, expected: str, got: str) -> None:
    """Fail the step for a pause that is not as long as the page says."""
    evidence = site.evidence(
        "hurried", path=client.talk.path, place=client.by, value=client.after_s
    )
    raise Failure(expected, got, evidence)


@contextlib.asynccontextmanager
async def stays_awake(site: Site, expected: str, limit_s: float = 0.1) -> AsyncIterator[None]:
    """Fail the step where a line of the learner's stops the event loop meanwhile.

    A loop that stood still without such a line is the machine's doing, and is passed over.
    """
    await site.load()
    assert site.process is not None
    site.process.tell({"do": "pulse"})
    yield
    told = await site.ask({"do": "pulse-over"}, "the event loop goes on", "handler")
    if told["held_s"] > limit_s:
        evidence = site.evidence("stands-still", place=told["place"])
        raise Failure(expected, "it stood still until a line of yours had ended", evidence)


def put_given(
    site: Site, slug: str, path: str, noting: Callable[[str], str] = lambda text: text
) -> None:
    """The lesson's own file stands in the copy that runs, whatever the learner's says; a note of
    the report says where that is something else. `noting` may have it keep a record."""
    given = (LESSONS / slug / "handout" / path).read_bytes()
    place = Path(site.folder, path)
    if site.process is None:
        if place.exists() and place.read_bytes().split() != given.split():
            text = f"{place} is not as it was handed out; the check ran the one that was."
            site.story.notes[text] = None
        site.add_file(path, noting(given.decode()))


# -- predictions ----------------------------------------------------------------------------------


async def predictions(site: Site, module: str, names: dict[str, type]) -> Told:
    """The learner's predictions by name; fails the step where one is left out.

    `names` says for each name whether it takes seconds (float) or True or False (bool).
    """
    expected = "a prediction under each name"
    told = await site.ask({"do": "values", "module": module}, expected, "import")
    if told["say"] == "not-imported":
        first = told["error"][0]
        evidence = site.evidence("not-loaded", error=told["error"])
        raise Failure(expected, f"{first['type']}: {first['text']}", evidence)
    for name, kind in names.items():
        value = told["values"].get(name)
        if kind is float:
            wanted, is_right = "a number of seconds", is_number(value) and value > 0
        else:
            wanted, is_right = "True or False", value in (True, False)
        if not is_right:
            evidence = site.evidence("unfilled", name=name, value=value)
            is_there = name in told["values"]
            got = f"{name} = {value_shown(value)}" if is_there else f"no name {name}"
            raise Failure(f"{name} = {wanted}", got, evidence)
    return {name: told["values"][name] for name in names}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_shown(value: Any) -> str:
    """A value as Python writes it; of an object, what it is an object of."""
    if isinstance(value, dict) and "$object" in value:
        return f"an object of {value['$object']}"
    return repr(value)


# -- behind a real Daphne -------------------------------------------------------------------------


async def experiment(server: Server, expected: str, run: Awaitable[T]) -> T:
    """What an experiment gives; fails the step where the site does not play along."""
    try:
        return await asyncio.wait_for(run, EXPERIMENT_LIMIT_S)
    except WrongAnswer as answer:
        wanted, got = (
            shown(answer.expected),
            f"the frame {shown(answer.got)} to {shown(answer.asked)}",
        )
        raise Failure(wanted, got, server.evidence("server")) from None
    except TimeoutError:
        got = f"no end within {EXPERIMENT_LIMIT_S:g} s"
        raise Failure(expected, got, server.evidence("server")) from None
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
        raise Failure(expected, got, server.evidence("server")) from None


@contextlib.asynccontextmanager
async def clients(server: Server, *paths: str) -> AsyncIterator[list[Any]]:
    """An open client at each path; fails the step where one is not let in."""
    async with contextlib.AsyncExitStack() as open_ones:
        opening = open_ones.enter_async_context(experiments.opened(server.dial, [*paths]))
        yield await experiment(server, "an open WebSocket", opening)


async def together(
    site: Site,
    path: str,
    connections: int,
    is_expected: Callable[[float], bool],
    converse: Converse = experiments.count_once,
) -> float:
    """How many seconds pass until connections that ask at the same moment are all answered.

    What is not as expected is measured once more.
    """
    server = await site.served()
    runs: list[float] = []
    for _ in range(MOST_RUNS):
        run = experiments.together(server.dial, path, connections, converse)
        crowd = await experiment(server, "an answer to each of them", run)
        if crowd.is_clear:
            runs.append(crowd.seconds)
        if len(runs) == 2 or (runs and is_expected(runs[0])):
            return min(runs)
    raise CoachError(BUSY)


async def held_up(site: Site, path: str, probes: dict[str, Ask], expects: Told) -> dict[str, bool]:
    """For each probe, whether it is answered only after a count at `path` has ended.

    `expects` is what each is expected to be; what says otherwise is measured once more.
    """
    server = await site.served()
    expected = "an answer to each of them"
    arrived = await experiment(server, expected, experiments.arrivals(server.dial, path))
    found: dict[str, bool] = {}
    again: dict[str, Ask] = probes
    for number in range(MOST_RUNS):
        run = experiments.holdup(server.dial, path, again, arrived[-1])
        for name, probe in (await experiment(server, expected, run)).items():
            found |= judged(name, probe, found)
        unknown = {name for name in probes if name not in found}
        doubted = {name for name in found if found[name] and not expects[name]}
        again = {name: probes[name] for name in unknown | (set() if number else doubted)}
        if not again:
            return found
    raise CoachError(BUSY)


def judged(name: str, probe: Probe, found: dict[str, bool]) -> dict[str, bool]:
    """What one run says: once it was not held up, it never is."""
    if probe.held_up is None:
        return {}
    return {name: probe.held_up and found.get(name, True)}


def page_probe(server: Server) -> Ask:
    """A browser that asks for the page."""

    async def ask() -> None:
        page = await experiments.get_page(HOST, server.port)
        if not page.startswith(b"HTTP/1.1 200 "):
            raise WrongAnswer("GET /", "HTTP/1.1 200 OK", page.partition(b"\r\n")[0].decode())

    return ask


def hello_probe(server: Server) -> Ask:
    """A client that opens /ws/hello/ and is greeted."""

    async def ask() -> None:
        async with server.dial("/ws/hello/") as client:
            await client.recv()

    return ask


def word_probe(client: Any) -> Ask:
    """A client that sends a word over its open connection."""

    async def ask() -> None:
        await client.send("tea")
        await client.recv()

    return ask
