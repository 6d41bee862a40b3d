"""What lesson 7 looks at: a blocking call beside the event loop, and a thread per connection."""

from pathlib import Path
from typing import Any, NoReturn

from coach import counting, measuring
from coach.conversation import Socket
from coach.evidence import Compared, Failure
from coach.site import Site
from compare import experiments
from compare.experiments import Converse

SYNC, ASYNC, REPORT = "/ws/sc/", "/ws/ac/", "/ws/report/"

REPORTS = "myapp/reports.py"
NOTE = """

def _note(subject):
    with open(f"{__file__}.asked", "a", encoding="utf-8") as asked:
        print(subject, file=asked)
"""

LEAST_REPORT_S = 0.3  # of the half second that slow_report takes
MOST_STANDSTILL_S = 0.05
# Waits that overlap take little more than one of them; one after another, as many times as long.
TOGETHER = 2.5


async def check_reports_arrive(site: Site) -> None:
    put_reports(site)
    await site.shows_page()
    ana = await site.connect(REPORT, who="Ana")
    await ana.settle()
    for subject in ("tea", "käse"):
        await ana.send(subject)
        await ana.hears(f"report on {subject}")
        if ana.after_s < LEAST_REPORT_S:
            not_made(site, ana, "an answer at once, which slow_report has not made")
        if subject not in subjects(site):
            not_made(site, ana, "an answer that slow_report has not made")
    await ana.settle()


async def check_loop_goes_on(site: Site) -> None:
    put_reports(site)
    ana = await site.connect(REPORT, who="Ana")
    await ana.settle()
    expected = "the event loop never stops for longer than 50 ms while the report is made"
    async with measuring.stays_awake(site, expected, MOST_STANDSTILL_S):
        await ana.send("tea")
        await ana.hears("report on tea")


async def check_five_reports_overlap(site: Site) -> None:
    put_reports(site)
    await overlap(site, REPORT, 5, "tea", "report on tea")


async def check_ten_sync_waits_overlap(site: Site) -> None:
    put_reports(site)
    await still_answers(site, SYNC, "thread")
    await overlap(site, SYNC, 10, "count 1", "1")


async def check_sync_wait_holds_up_nobody(site: Site) -> None:
    put_reports(site)
    await still_answers(site, ASYNC, "loop")
    server = await site.served()
    site.story.add(f'a client of {SYNC} sends "count 3", and Ben sends a word to {ASYNC} meanwhile')
    async with measuring.clients(server, ASYNC) as [ben]:
        probes = {"Ben": measuring.word_probe(ben)}
        found = await measuring.held_up(site, SYNC, probes, {"Ben": False})
    answered = "after the wait" if found["Ben"] else "meanwhile"
    site.story.compared.append(Compared(f"Ben's answer at {ASYNC}", answered))
    if found["Ben"]:
        evidence = site.evidence("held-up", path=SYNC)
        raise Failure(
            "Ben is answered while the other waits", "only after its last frame", evidence
        )


async def still_answers(site: Site, path: str, runs_on: str) -> None:
    """The consumer of an earlier lesson is there, and runs where it ran; else it is named."""
    await counting.answers(site, path, runs_on)
    site.story.begin()  # the report on what is measured is not to speak of this


def put_reports(site: Site) -> None:
    measuring.put_given(site, "07-threads", REPORTS, noting)


def noting(text: str) -> str:
    """The handed out file, which also writes down each subject: a process of its own may run it."""
    return text.replace("time.sleep(REPORT_S)", "time.sleep(REPORT_S); _note(subject)") + NOTE


def subjects(site: Site) -> list[str]:
    """What slow_report has been asked for."""
    place = Path(site.folder, f"{REPORTS}.asked")
    return place.read_text("utf-8").splitlines() if place.exists() else []


def not_made(site: Site, client: Socket, got: str) -> NoReturn:
    evidence = site.evidence("wrong", path=REPORT, place=client.by)
    raise Failure("the report of slow_report, which takes half a second", got, evidence)


async def overlap(site: Site, path: str, connections: int, ask: str, answer: str) -> None:
    """Connections that ask at the same moment take together little longer than one alone."""
    converse = asks(ask, answer)
    one_s = await measuring.together(site, path, 1, lambda _: False, converse)  # the least of two
    site.story.add(f'{connections} clients of {path} each send "{ask}" at the same moment')
    limit_s = TOGETHER * one_s
    all_s = await measuring.together(site, path, connections, lambda s: s < limit_s, converse)
    times = f"{all_s / one_s:.1f} × one alone"
    site.story.compared.append(Compared(f"{connections} at once at {path}", times))
    if all_s >= limit_s:
        evidence = site.evidence("in-turn", path=path, value=all_s / one_s)
        got = f"all {connections} took {all_s / one_s:.0f} times as long as one"
        raise Failure("all are answered in little more than the time of one", got, evidence)


def asks(ask: str, answer: str) -> Converse:
    """What one connection says, and what it has to hear."""

    async def converse(connection: Any) -> None:
        await connection.send(ask)
        frame = await connection.recv()
        if frame != answer:
            raise experiments.WrongAnswer(ask, answer, frame)

    return converse
