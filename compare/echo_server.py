"""An echo server of the library websockets: with nothing behind it, the client is the limit.

    python -m compare.echo_server

Prints its port, and ends when its standard input does.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

from coach.course import ROOT
from coach.evidence import CoachError
from coach.process import clean_environ
from compare.server import HOST, dial_to
from compare.stage.files import allow_many_files


@contextlib.asynccontextmanager
async def running(mark: str) -> AsyncIterator[Any]:
    """What opens a connection to such a server in a process of its own."""
    popen = started(mark)
    assert popen.stdin is not None
    assert popen.stdout is not None
    try:
        line = await asyncio.to_thread(popen.stdout.readline)
        if not line.strip().isdigit():
            raise CoachError("The echo server of the library websockets did not start.")
        yield dial_to(int(line))
    finally:
        popen.kill()
        popen.wait()
        popen.stdin.close()
        popen.stdout.close()


def started(mark: str) -> subprocess.Popen[bytes]:
    name, _, value = mark.partition("=")
    return subprocess.Popen(
        [sys.executable, "-m", "compare.echo_server"],
        cwd=ROOT, env=clean_environ() | {name: value},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


async def answer(connection: Any) -> None:
    count = 0
    async for text in connection:
        count += 1
        await connection.send(f"{count}: {text}")


async def main() -> None:
    from websockets.asyncio.server import serve

    allow_many_files()
    async with serve(answer, HOST, 0, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
