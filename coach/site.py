"""What a check talks to: the learner's site, its page, and the sockets that clients open.

    async def check_each_message_is_answered(site: Site) -> None:
        ana = await site.connect("/ws/sc/", who="Ana")
        await ana.send("tea")
        await ana.hears("1: tea")

Every event of every conversation is written on the tape, and what the clients do is
written as the report's "did". A step fails by a `Failure`, raised here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.asgi import HOME, http_scope, websocket_scope
from coach.browsing import Answer, answer_evidence, answered
from coach.conversation import GRACE_S, Conversation, Socket, Story
from coach.evidence import Evidence, Failure, Told, error_named, shown
from coach.process import GUARD, Launcher, Process

if TYPE_CHECKING:
    from coach.server import Server

LOAD_LIMIT_S = 8.0
FLOODS = {
    "output": "more than 10,000 lines of output, or 1 MB",
    "events": "more than 10,000 events, and no end",
}


class Site:
    """One process of the learner's site, started when it is first needed.

    `environ` is added to an environment without DJANGO_SETTINGS_MODULE.
    """

    def __init__(
        self,
        launcher: Launcher,
        folder: str,
        environ: dict[str, str] | None = None,
        story: Story | None = None,
        patience: float = 1.0,
    ) -> None:
        self.launcher = launcher
        self.folder = folder
        # Every process of these files has one database, which is not the learner's.
        self.environ = {
            "PYTHONPATH": str(GUARD),
            "COACH_DATABASE": str(Path(folder, ".coach-check.sqlite3")),
            **(environ or {}),
        }
        self.story = story or Story()
        self.patience = patience
        self.process: Process | None = None
        self.facts: Told = {}
        self.entry = "gs2.asgi:application"
        self.unawaited: list[Told] = []
        self.queries: list[Told] = []  # those that were made on the event loop's thread
        self.sessions: dict[str, str] = {}  # the key of each user who is logged in
        self.grace_s = GRACE_S
        self.is_overdue = False  # whether a read that stood still went on by itself
        self.leaving: Told | None = None
        self.conversations: dict[int, Conversation] = {}
        self.frames = 0  # what all clients together have sent
        self.answers: asyncio.Queue[Told] = asyncio.Queue()
        self.helpers: list[Site] = []
        self.open = contextlib.AsyncExitStack()
        self.server: Server | None = None

    # -- the process --------------------------------------------------------------------------

    def add_file(self, path: str, text: str) -> None:
        """Put a file beside the learner's, in the copy that runs."""
        Path(self.folder, path).write_text(text, "utf-8")

    def other(self, environ: dict[str, str]) -> "Site":
        """The same files in another process, with `environ` added to its environment."""
        site = Site(self.launcher, self.folder, environ, self.story, self.patience)
        self.helpers.append(site)
        return site

    async def load(self, follow: bool = True) -> None:
        """Import the site as a server does; fails the step where that fails.

        With `follow` the application is the one that ASGI_APPLICATION names, as `runserver`
        takes it, else `application` of gs2/asgi.py. Once loaded, nothing happens.
        """
        if self.process is not None:
            return
        config = {
            "work": self.folder,
            "environ": self.environ,
            "entry": self.entry,
            "follow": follow,
        }
        loop = asyncio.get_running_loop()
        self.process = await asyncio.to_thread(self.launcher.start, config)

        def on_answer(told: Told) -> None:
            with contextlib.suppress(RuntimeError):  # the check is over, the loop closed
                loop.call_soon_threadsafe(self._hear, told)

        self.process.listen(on_answer)
        expected = "an ASGI application called `application`"
        limit_s = LOAD_LIMIT_S * self.patience
        told = await self._answer(limit_s)
        if told is None:
            await self._hang(expected, f"the import did not end within {limit_s:g} s", "import")
        elif told["say"] == "loaded":
            self.facts, self.entry = told["facts"], told["entry"]
        elif told["say"] == "not-loaded":
            self.facts, self.entry = told["facts"], told["entry"]
            got = error_named(told["error"])
            raise Failure(expected, got, self.evidence("not-loaded", error=told["error"]))
        else:
            await self._ended(told, expected, "import")

    async def stop(self) -> None:
        """End the process, those of `other`, and the server."""
        await self.open.aclose()
        for helper in self.helpers:
            await helper.stop()
        if self.process is not None:
            await asyncio.to_thread(self.launcher.stop, self.process)
            self.process = None

    def _hear(self, told: Told) -> None:
        if told["say"] == "unawaited":
            self.unawaited.append(told)
        elif told["say"] == "leaving":
            self.leaving = told
        elif told["say"] == "query":
            self.queries.append(told)
        elif told["say"] == "held-too-long":
            self.is_overdue = True
        elif "id" in told:
            self.conversations[told["id"]].inbox.put_nowait(told)
        else:
            self.answers.put_nowait(told)
            if told["say"] in ("gone", "flood", "died"):
                for conversation in self.conversations.values():
                    conversation.inbox.put_nowait(told)

    async def _answer(self, limit_s: float) -> Told | None:
        try:
            return await asyncio.wait_for(self.answers.get(), limit_s)
        except TimeoutError:
            return None

    async def where(self) -> Told | None:
        """The learner's line that runs now, asked of the process itself."""
        if self.process is None:
            return None
        self.process.tell({"do": "where"})
        told = await self._answer(2.0)
        while told is not None and told["say"] not in ("place", "gone"):
            told = await self._answer(2.0)  # what came before the question
        places = (told or {}).get("places") or [None]
        place: Told | None = places[0]
        return place

    async def _hang(self, expected: str, got: str, stage: str) -> None:
        place = await self.where()
        raise Failure(expected, got, self.evidence("hang", place=place, stage=stage))

    async def _ended(self, told: Told, expected: str, stage: str, path: str = "") -> None:
        """Fail for a process that flooded its output, died or ended by itself."""
        assert self.process is not None
        if told["say"] == "flood":
            place = await self.where()
            kind = "flood" if told["of"] == "output" else "endless"
            raise Failure(
                expected, FLOODS[told["of"]], self.evidence(kind, place=place, stage=stage)
            )
        if told["say"] == "died":
            got = error_named(told["error"])
            evidence = self.evidence("raised", error=told["error"], stage=stage, path=path)
            raise Failure(expected, got, evidence)
        status = await asyncio.to_thread(self.process.kill)
        call = self.leaving["call"] if self.leaving else ""
        how = f"by {call}" if call else f"with exit status {status}"
        evidence = self.evidence("left", stage=stage, status=status)
        evidence.place = self.leaving["by"] if self.leaving else None
        raise Failure(expected, f"the process ended {how}", evidence)

    async def ask(self, command: Told, expected: str, stage: str) -> Told:
        """What the process answers to a command; fails the step where it hangs or ends."""
        await self.load()
        assert self.process is not None
        self.process.tell(command)
        limit_s = LOAD_LIMIT_S * self.patience
        told = await self._answer(limit_s)
        if told is None:
            await self._hang(expected, f"no answer within {limit_s:g} s", stage)
            raise AssertionError
        if told["say"] in ("gone", "flood", "died"):
            await self._ended(told, expected, stage)
        return told

    def evidence(self, kind: str, **known: Any) -> Evidence:
        """What is known now, for a failure of this kind."""
        output = ""
        if self.process:
            self.process.catch_up()
            output = self.process.output.text()
        return Evidence(
            kind=kind, facts=self.facts, entry=self.entry, output=output,
            unawaited=self.unawaited, tape=self.story.tape, **known,
        )  # fmt: skip

    # -- pages ----------------------------------------------------------------------------------

    async def get(self, path: str, expected: str = "an answer over HTTP") -> "Answer":
        """What a browser gets for a path; fails the step where the application raises."""
        await self.load()
        self.story.add(f"a browser asks for {path}")
        return await answered(self, http_scope(path), expected)

    async def shows_page(self, path: str = "/", title: str = "gs2") -> None:
        """A browser gets the page, with status 200 and this title."""
        answer = await self.get(path, f"status 200 and the page titled {title}")
        self.judge_page(answer, path, title)

    def judge_page(self, answer: "Answer", path: str, title: str = "gs2") -> None:
        expected = f"status 200 and the page titled {title}"
        if answer.status == 200 and f"<title>{title}</title>" in answer.text:
            return
        found = " ".join(answer.text.partition("<title>")[2].partition("</title>")[0].split())
        page = f"a page titled {shown(found)}" if found else f"the text {shown(answer.text)}"
        evidence = answer_evidence(self, answer, path)
        raise Failure(expected, f"status {answer.status} and {page}", evidence)

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, scope: Told, who: str, path: str) -> "Conversation":
        assert self.process is not None
        ident = len(self.conversations) + 1
        talk = Conversation(self, ident, who, path)
        self.conversations[ident] = talk
        self.process.tell({"do": "open", "id": ident, "scope": scope})
        return talk

    async def knock(
        self, path: str, who: str = "a client", session: str = "", origin: str | None = HOME
    ) -> "Socket":
        """Ask for a WebSocket at a path (with a query string, if it has one); no verdict yet.

        session: the key of a session, for its cookie; origin: None for a client that sends none
        """
        await self.load()
        named = path if len(path) <= 60 else f"{path[:30]}…{path[-10:]}"
        self.story.add(f"{who} opens {named}")
        scope = websocket_scope(path, len(self.conversations), session, origin)
        socket = Socket(self._open(scope, who, path))
        socket.talk.tell({"type": "websocket.connect"})
        return socket

    async def connect(self, path: str, who: str = "a client", session: str = "") -> "Socket":
        """Open a WebSocket that the application has to accept."""
        socket = await self.knock(path, who, session)
        await socket.is_accepted()
        return socket

    async def awaits_everything(self) -> None:
        """No coroutine was made in this step and then never awaited."""
        if self.unawaited:
            first = self.unawaited[0]
            evidence = self.evidence("unawaited", place=first["at"])
            got = f"{first['coroutine']}() was called and never awaited"
            raise Failure("every coroutine is awaited", got, evidence)

    # -- servers --------------------------------------------------------------------------------

    async def served(self) -> "Server":
        """The site behind one real Daphne, which stays for the steps that follow."""
        if self.server is None:
            self.server = await self.open.enter_async_context(self.daphne())
        return self.server

    @contextlib.asynccontextmanager
    async def daphne(self) -> AsyncIterator["Server"]:
        """The site behind a real Daphne on a free port."""
        from coach.server import daphne

        await self.load()
        async with daphne(self) as server:
            yield server

    @contextlib.asynccontextmanager
    async def runserver(self) -> AsyncIterator["Server"]:
        """The site behind `manage.py runserver` on a free port."""
        from coach.server import runserver

        await self.load()
        async with runserver(self) as server:
            yield server
