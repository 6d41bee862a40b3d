"""What lesson 3 looks at: the path of a WebSocket leads to its application, or nowhere."""

from coach.evidence import Failure
from coach.site import Site


async def check_page_is_answered(site: Site) -> None:
    await site.shows_page("/")


async def check_hello_opens_and_greets(site: Site) -> None:
    ana = await site.connect("/ws/hello/", who="Ana")
    await ana.hears("hello")
    expected, more = "nothing more, and an open connection", None
    async for told in ana.sends_no_more(expected, "now"):
        more = told if told["say"] in ("sent", "raised") else more
    if more:
        ana.talk.fail(expected, more)
    if told["say"] != "returned":  # it no longer listens, and no client can tell
        await ana.leave()


async def check_unknown_path_is_refused(site: Site) -> None:
    socket = await site.knock("/ws/nowhere/")
    await socket.is_refused_with("ValueError", "No route found for path 'ws/nowhere/'.")
    other = await site.knock("/nowhere/hello/")
    await other.is_refused_with("ValueError", "No route found for path 'nowhere/hello/'.")
    await site.shows_page("/")


async def check_other_addresses(site: Site) -> None:
    ana = await site.connect("/ws/hello/?from=page", who="Ana")
    await ana.hears("hello")
    for path in ("ws/hello/more/", "ws/hello/more"):
        longer = await site.knock(f"/{path}", who="Ben")
        await longer.is_refused_with("ValueError", f"No route found for path '{path}'.")
    shorter = await site.knock("/ws/hello", who="Cy")
    text = "No route found for path 'ws/hello'."
    await shorter.is_refused_with("ValueError", text, or_accepted=True)  # `/?` allows it
    page = await site.get("/ws/hello/")
    if page.status >= 500:  # 404 as a rule; a page of the learner's own may be there
        expected = "the answer of gs2/urls.py, 404 where it has no page for this path"
        evidence = site.evidence("http", path="/ws/hello/", status=page.status)
        raise Failure(expected, f"status {page.status}", evidence)


async def check_daphne_routes(site: Site) -> None:
    async with site.daphne() as server:
        async with server.connect("/ws/hello/", who="Ana") as ana:
            await ana.hears("hello")
        async with server.connect("/ws/hello/?from=page", who="Ben") as ben:
            await ben.hears("hello")
        await server.refuses("/ws/nowhere/", status=500)
        await server.shows_page("/")
