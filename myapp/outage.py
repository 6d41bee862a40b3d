"""What the chat does when its processes have lost what connects them: it closes, and says why."""

import asyncio
import logging
from collections.abc import Callable

from redis.exceptions import ConnectionError, TimeoutError

log = logging.getLogger(__name__)

# Why the chat closes a connection, beside the codes in myapp/guards.py.
UNCONNECTED = 4503


class EndTogether:
    """Stands around the chat: where one connection finds Valkey gone, all of this process end.

    Valkey alone knows who is in which room, and has forgotten it when it is back. A connection
    that stayed open would hear nothing any more, and not know. One that is closed is opened again
    by its page, joins its room again, and reads in the history what it has missed.
    """

    def __init__(self, inner: Callable) -> None:
        self.inner = inner
        self.open: set[asyncio.Task] = set()

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        mine = asyncio.ensure_future(self.inner(scope, receive, send))
        self.open.add(mine)
        try:
            await mine
        except (ConnectionError, TimeoutError) as error:
            if mine in self.open:
                self.end_all(error)
        except asyncio.CancelledError:
            if mine in self.open:  # it is the server that ends this one
                raise
        else:
            return
        finally:
            self.open.discard(mine)
        await send({"type": "websocket.close", "code": UNCONNECTED})

    def end_all(self, error: Exception) -> None:
        ended, self.open = self.open, set()
        log.warning("Valkey does not answer (%s). Connections closed: %s", error, len(ended))
        for one in ended:
            one.cancel()
