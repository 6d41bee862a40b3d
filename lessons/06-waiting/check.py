"""What lesson 6 looks at: a pause in each consumer, and what the learner expected of it."""

from collections.abc import Callable

from coach import counting, measuring
from coach.diagnoses.catalogue import in_file
from coach.evidence import Compared, Failure, Told
from coach.site import Site
from compare import experiments

SYNC, ASYNC, TRAP = "/ws/sc/", "/ws/ac/", "/ws/trap/"
MODULE = "myapp.predictions"
PAGES = {"/echo/": "echo · gs2", "/race/": "race · gs2"}

# What each prediction is about, as the report calls it.
WHAT = {
    "TEN_AT_SC_S": "ten counts at /ws/sc/",
    "TEN_AT_AC_S": "ten counts at /ws/ac/",
    "SYNC_HOLDS_UP_PAGE": "holds up a page over HTTP",
    "SYNC_HOLDS_UP_HELLO": "holds up /ws/hello/",
    "SYNC_HOLDS_UP_SYNC": "holds up another /ws/sc/",
    "SYNC_HOLDS_UP_ASYNC": "holds up /ws/ac/",
    "TRAP_HOLDS_UP_PAGE": "holds up a page over HTTP",
    "TRAP_HOLDS_UP_HELLO": "holds up /ws/hello/",
    "TRAP_HOLDS_UP_SYNC": "holds up /ws/sc/",
    "TRAP_HOLDS_UP_ASYNC": "holds up /ws/ac/",
    "TRAP_FRAMES_COME_TOGETHER": "its three frames come together",
    "TWO_COUNTS_OVERLAP": "two counts on one connection overlap",
}
KINDS = {name: float if name.endswith("_S") else bool for name in WHAT}

# A number of seconds is near enough within this factor; the answers that it tells apart are ten
# times apart.
NEAR = 2.0


async def check_both_consumers_count(site: Site) -> None:
    measuring.put_given(site, "06-waiting", "myapp/trap.py")
    await measuring.counts(site, SYNC, "Ana", runs_on="thread")
    counting.turn_page(site)
    ben = await measuring.counts(site, ASYNC, "Ben", runs_on="loop")
    await measuring.begins_to_count(
        ben, 10
    )  # at /ws/sc/, the rest of it would hold up what follows


async def check_trap_and_pages_are_there(site: Site) -> None:
    await shows(site, "/", "gs2")
    cy = await site.connect(TRAP, who="Cy")
    await cy.settle()
    await measuring.counts_to(site, cy, 2)
    for path, title in PAGES.items():
        await shows(site, path, title)


async def check_predictions_are_filled_in(site: Site) -> None:
    site.story.add(f"imports {MODULE}")
    await predicted(site)


async def check_ten_at_once(site: Site) -> None:
    told = await predicted(site)
    await site.served()
    for name, path in (("TEN_AT_SC_S", SYNC), ("TEN_AT_AC_S", ASYNC)):
        site.story.add(f'ten clients of {path} each send "count 1" at the same moment')
        is_near = near(told[name])
        seconds = await measuring.together(site, path, 10, is_near)
        row(site, name, told, seconds, is_near(seconds))
    judge(site)


async def check_what_a_sync_wait_holds_up(site: Site) -> None:
    told = await predicted(site)
    await what_it_holds_up(site, SYNC, "SYNC", told)
    judge(site)


async def check_what_a_blocked_loop_holds_up(site: Site) -> None:
    told = await predicted(site)
    await what_it_holds_up(site, TRAP, "TRAP", told)
    server = await site.served()
    run = experiments.arrivals(server.dial, TRAP)
    first, *_, last = await measuring.experiment(server, "three frames", run)
    name = "TRAP_FRAMES_COME_TOGETHER"
    row(site, name, told, last - first < (last / 3))
    judge(site)


async def check_one_message_at_a_time(site: Site) -> None:
    told = await predicted(site)
    server = await site.served()
    site.story.add(f'a client of {ASYNC} sends "count 3", and at once "count 3" again')
    run = experiments.two_counts(server.dial, ASYNC)
    frames = await measuring.experiment(server, "six frames", run)
    row(site, "TWO_COUNTS_OVERLAP", told, frames != ["1", "2", "3"] * 2)
    judge(site)


async def shows(site: Site, path: str, title: str) -> None:
    """The page is shown; where it is not, and nothing has raised, the URLs are what to look at."""
    try:
        await site.shows_page(path, title)
    except Failure as failure:
        if not failure.evidence.error:
            failure.evidence.place = in_file("gs2/urls.py")
        raise


async def predicted(site: Site) -> Told:
    return await measuring.predictions(site, MODULE, KINDS)


def near(seconds: float) -> Callable[[float], bool]:
    return lambda measured: 1 / NEAR < measured / seconds < NEAR


async def what_it_holds_up(site: Site, path: str, who: str, told: Told) -> None:
    """Measure the four probes beside a count at `path`, as rows of the report."""
    site.story.add(f'a client of {path} sends "count 3", and four others ask meanwhile')
    server = await site.served()
    async with measuring.clients(server, SYNC, ASYNC) as [ana, ben]:
        probes = {
            f"{who}_HOLDS_UP_PAGE": measuring.page_probe(server),
            f"{who}_HOLDS_UP_HELLO": measuring.hello_probe(server),
            f"{who}_HOLDS_UP_SYNC": measuring.word_probe(ana),
            f"{who}_HOLDS_UP_ASYNC": measuring.word_probe(ben),
        }
        found = await measuring.held_up(site, path, probes, told)
    for name in probes:
        row(site, name, told, found[name])


def row(
    site: Site, name: str, told: Told, measured: float | bool, agrees: bool | None = None
) -> None:
    """Put one prediction beside what was measured."""
    is_claim = KINDS[name] is bool
    shown = str(measured) if is_claim else f"{measured:.1f} s"
    predicted = str(bool(told[name])) if is_claim else f"{told[name]:g} s"
    same = told[name] == measured if agrees is None else agrees
    row = Compared(WHAT[name], shown, name, predicted, same, measured)
    site.story.compared.append(row)


def judge(site: Site) -> None:
    """Fail the step at the first prediction that differs from what was measured."""
    for one in site.story.compared:
        if not one.agrees:
            evidence = site.evidence("predicted", name=one.name, value=one.value)
            expected = f"{one.name} = {one.predicted}, as you predicted"
            raise Failure(expected, f"measured: {one.measured}", evidence)
