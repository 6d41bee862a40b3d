"""What lesson 2 looks at: who refuses a WebSocket, and that pages go on working."""

from coach.evidence import Failure
from coach.site import Site

BY_DJANGO = "Django can only handle ASGI/HTTP connections"
NO_APPLICATION = "No application configured for scope type 'websocket'"


async def check_page_is_answered(site: Site) -> None:
    await site.shows_page("/")


async def check_router_refuses_websocket(site: Site) -> None:
    socket = await site.knock("/ws/hello/")
    try:
        await socket.is_refused_with("ValueError", NO_APPLICATION)
    except Failure as failure:
        has_key = "websocket" in site.facts["application"].get("protocols", ())
        if has_key and not failure.evidence.raised("ValueError", BY_DJANGO):
            failure.evidence.kind = "too-early"
        raise


async def check_daphne_serves_and_refuses(site: Site) -> None:
    async with site.daphne() as server:
        await server.shows_page("/")
        await server.refuses("/ws/hello/", status=500)
