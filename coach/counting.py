"""The contract that lessons 4 and 5 share: a consumer that answers "<n>: <text>"."""

from coach.conversation import Socket
from coach.evidence import Failure
from coach.site import Site

WHERE = {"loop": "on the event loop's own thread", "thread": "in a thread beside the event loop"}


async def accepts(site: Site, path: str, runs_on: str) -> None:
    """The connection is accepted, by a handler that runs on the loop or in a thread."""
    ana = await site.connect(path, who="Ana")
    judge_thread(site, ana, runs_on)
    await ana.settle()


async def answers(site: Site, path: str, runs_on: str) -> None:
    """The first answer is "1: " and the message."""
    ana = await open_quietly(site, path, "Ana")
    await ana.send("tea")
    await ana.hears("1: tea")
    judge_thread(site, ana, runs_on)
    await ana.settle()


async def counts(site: Site, path: str) -> None:
    """The count goes up, and each connection has its own."""
    ana = await open_quietly(site, path, "Ana")
    await ana.send("tea")
    await ana.hears("1: tea")
    await ana.send("käse")
    await ana.hears("2: käse")
    ben = await open_quietly(site, path, "Ben")
    await ben.send("milk")
    await ben.hears("1: milk")
    await ana.send("Bye, Ben! ")
    await ana.hears("3: Bye, Ben! ")
    await ben.send("2: sugar")
    await ben.hears("2: 2: sugar")


async def answers_bytes(site: Site, path: str) -> None:
    """A binary frame is answered in kind and counted, and the connection goes on.

    Whether an empty message is one is left open: where it is asked how true the text is, none is.
    """
    ana = await open_quietly(site, path, "Ana")
    await ana.send(b"\x00tea\xff")
    await ana.hears(b"1: \x00tea\xff")
    await ana.send("tea")
    await ana.hears("2: tea")
    await ana.send(b"milk")
    await ana.hears(b"3: milk")


async def ends(site: Site, path: str) -> None:
    """After the client has left, the consumer has ended; before a message as after one."""
    ana = await open_quietly(site, path, "Ana")
    await ana.send("tea")
    await ana.hears("1: tea")
    await ana.leave()
    ben = await open_quietly(site, path, "Ben")
    await ben.leave()


async def open_quietly(site: Site, path: str, who: str) -> Socket:
    """An open connection; what the consumer says by itself at the start is passed over."""
    socket = await site.connect(path, who=who)
    await socket.settle()
    return socket


def turn_page(site: Site) -> None:
    """Forget what the clients of one path did, before a step looks at another."""
    site.story.begin()
    site.frames = 0


def judge_thread(site: Site, socket: Socket, runs_on: str) -> None:
    """Fail where the handler that sent last ran elsewhere; unknown is not judged."""
    if socket.runs_on is None or socket.runs_on == runs_on:
        return
    evidence = site.evidence("wrong-thread", path=socket.talk.path)
    raise Failure(f"a handler that runs {WHERE[runs_on]}", WHERE[socket.runs_on], evidence)
