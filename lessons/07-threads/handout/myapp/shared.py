"""The sync consumer as it was before lesson 7, so that the race can show it beside the new one."""

import asyncio
import contextvars
from collections.abc import Callable

from myapp.consumers import MySyncConsumer

in_shared_thread = MySyncConsumer.as_asgi()


async def shared(scope: dict, receive: Callable, send: Callable) -> None:
    """The sync consumer outside of any ThreadSensitiveContext: one thread for all of them."""
    outside = contextvars.Context()
    await asyncio.create_task(in_shared_thread(scope, receive, send), context=outside)
