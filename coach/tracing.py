"""A site that tells the way of a connection: the layers that it comes to, and its end."""

import contextlib
import html
from dataclasses import dataclass, field

from coach.address import Address
from coach.asgi import broken_rule, event_got
from coach.browsing import answered
from coach.conversation import Conversation, Socket
from coach.evidence import Evidence, Failure, Told, place_named, shown
from coach.process import Launcher
from coach.runner import place_of
from coach.site import Site

ENTRY = "gs2.asgi:application"
ANSWER = "an answer"
REFUSED_FROM = 400  # the first status of HTTP that tells of a failure


@dataclass(repr=False)
class Trace:
    """The way of one connection, and its end.

    layers: in the order of the calls; each says which one it is `inside`, what it `adds` to the
        scope, and what it has `tried`, where it is a URLRouter
    end: its "kind", a "text", whether it has "passed", and "at", the line in the project's files
    near: what would have led on, in sentences that were tried on the routers
    """

    address: Address
    entry: str = ""
    layers: list[Told] = field(default_factory=list)
    end: Told = field(default_factory=dict)
    near: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: Evidence | None = None

    @property
    def passed(self) -> bool:
        return bool(self.end["passed"])

    def as_json(self) -> Told:
        return {
            "schema": 1, "url": self.address.url, "protocol": self.address.protocol,
            "asgi": self.entry, "layers": self.layers, "end": self.end, "near": self.near,
            "notes": self.notes,
        }  # fmt: skip

    def __str__(self) -> str:
        from coach.way import trace_lines  # rich is for those who look

        return "\n".join(line.plain.rstrip() for line in trace_lines(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


class TracedSite(Site):
    """A site that tells the way of each connection.

    `entry` is what a server would be given; without one it is found as `runserver` finds it.
    `named` is how the folder is called in what is said.
    """

    def __init__(
        self,
        launcher: Launcher,
        folder: str,
        environ: dict[str, str] | None = None,
        entry: str = "",
        named: str = "work",
        patience: float = 1.0,
    ) -> None:
        super().__init__(launcher, folder, environ, patience=patience)
        self.entry, self.follows, self.named = entry or ENTRY, not entry, named
        self.way: list[Told] = []

    def _hear(self, told: Told) -> None:
        if told["say"] in ("layer", "tried"):
            self.way.append(told)
        else:
            super()._hear(told)

    async def once(self, address: Address) -> Trace:
        """The way of one connection; the process ends with it."""
        try:
            return await self.traced(address)
        finally:
            await self.stop()

    async def traced(self, address: Address) -> Trace:
        """The way of one connection, on tables that are made if it asks for one."""
        found = await self._traced(address)
        error = found.evidence.error if found.evidence else []
        if not any("no such table" in link["text"] for link in error):
            return found
        with contextlib.suppress(Failure):
            told = await self.ask({"do": "prepare", "users": []}, "the tables", "migrations")
            if told["say"] == "prepare":
                found = await self._traced(address)
                found.notes.append(
                    "It asked for a table, so the migrations have made all of them, in a database "
                    "of the trace's own, which has no rows."
                )
                return found
        found.notes.append(
            "The trace has a database of its own, and the migrations did not make its tables."
        )
        return found

    async def _traced(self, address: Address) -> Trace:
        found = Trace(address)
        self.way, self.story.tape = [], []
        try:
            await self.load(self.follows)
            assert self.process is not None
            self.process.tell({"do": "trace"})
            await getattr(self, f"_meet_{address.protocol}")(address, found)
        except Failure as failure:
            self._fails(found, failure)
        found.entry = self.entry
        found.layers, near = layers_of(self.way, self.named)
        found.near = [] if found.passed else near
        found.notes += [address.note] if address.note else []
        if found.layers and found.layers[-1]["name"] == "WebsocketDenier":
            origin = f"the origin {address.origin}" if address.origin else "a client without Origin"
            found.end["why"] = f"{origin} is not among those that the validator allows"
        for name, text in found.end.items():
            if isinstance(text, str):
                found.end[name] = " ".join(text.replace(self.folder, self.named).split())
        return found

    # -- the ends ----------------------------------------------------------------------------

    def _ends(
        self, found: Trace, kind: str, text: str, at: Told | None = None, **more: object
    ) -> None:
        """Note the end. It has passed where nothing stood in the way of the client."""
        passed = kind in ("accepted", "listens", "started") or (
            kind == "answered" and int(str(more["status"])) < REFUSED_FROM
        )
        place = place_named(at, self.named) if at else None
        found.end = {"kind": kind, "text": text, "passed": passed, "at": place, **more}

    def _fails(self, found: Trace, failure: Failure) -> None:
        evidence, got = failure.evidence, failure.got
        kinds = [told["kind"] for told in self.way if told["say"] == "layer"]
        is_routed = kinds and not kinds[-1].endswith("Router")
        # What a router raises comes from no line of the project, only past some.
        place = place_of(evidence) if is_routed or evidence.kind != "raised" else None
        texts = {"raised": f"raised {got}", "not-loaded": f"the import raised {got}"}
        if evidence.kind == "returned":
            got = "it ended without an answer"
        described = self.facts.get("application") or {}
        if evidence.kind == "raised" and not self.way and "is not callable" in got:
            got = f"{self.entry} is of type {described.get('kind')}, which no server can call"
            texts["raised"] = got
        found.evidence = evidence
        self._ends(found, evidence.kind, texts.get(evidence.kind, got), place)

    async def _meet_websocket(self, address: Address, found: Trace) -> None:
        talk = self._open(address.scope, "a client", address.path)
        talk.tell({"type": "websocket.connect"})
        told = await talk.next(ANSWER)
        event, by = told.get("event"), told.get("by")
        if told["say"] == "waits":
            text = "silence: it waits for the next event, and has neither accepted nor refused"
            self._ends(found, "silent", text)
        elif told["say"] != "sent":
            talk.fail(ANSWER, told, told["say"])
        elif rule := broken_rule(event, is_open=False):
            self._ends(found, "illegal", f"{event_got(event)}: {rule}", by)
        elif told["event"]["type"] == "websocket.accept":
            self._ends(found, "accepted", "accepted", by)
        else:
            code = told["event"].get("code", 1000)
            text = f"refused with close code {shown(code)}; its client sees HTTP 403"
            self._ends(found, "refused", text, by, code=code)
        await self._leave(talk, found)

    async def _leave(self, talk: Conversation, found: Trace) -> None:
        """The client goes, as it would; what goes amiss then is no part of the way."""
        socket = Socket(talk)
        try:
            if found.passed:
                await socket.leave()
            else:
                await socket.ends_quietly("nothing more")
        except Failure as failure:
            found.evidence = found.evidence or failure.evidence
            got = failure.got.replace(self.folder, self.named)
            found.notes.append(f"When the client has gone: {got}.")

    async def _meet_http(self, address: Address, found: Trace) -> None:
        answer = await answered(self, address.scope, ANSWER)
        to = answer.headers.get("location", "")
        text = f"answered with status {answer.status}" + (f", which leads to {to}" if to else "")
        self._ends(found, "answered", text, status=answer.status)

    async def _meet_lifespan(self, address: Address, found: Trace) -> None:
        talk = self._open(address.scope, "a server", "")
        talk.tell({"type": "lifespan.startup"})
        told = await talk.next(ANSWER)
        event = told.get("event") or {}
        if told["say"] == "raised":
            found.notes.append(
                "That is usual: a server takes an exception for a site that has nothing to start."
            )
        if told["say"] != "sent":
            talk.fail(ANSWER, told, told["say"])
        is_up = event.get("type") == "lifespan.startup.complete"
        text = "started" if is_up else event_got(event)
        self._ends(found, "started" if is_up else "refused", text, told["by"])
        talk.tell({"type": "lifespan.shutdown"})
        with contextlib.suppress(Failure):
            await talk.next(ANSWER)

    async def _meet_channel(self, address: Address, found: Trace) -> None:
        talk = self._open(address.scope, "a worker", "")
        told = await talk.next(ANSWER)
        if told["say"] != "waits":
            talk.fail(ANSWER, told, told["say"] if told["say"] != "sent" else "")
        self._ends(found, "listens", f"it waits for the messages of {shown(address.path)}")


def layers_of(way: list[Told], root: str) -> tuple[list[Told], list[str]]:
    """What a tracer told, as the layers, and what would have led on after the last of them."""
    layers: list[Told] = []
    near: list[str] = []  # of the last router, and those that an entry further down has taken
    missed: list[str] = []
    for told in way:
        told = {name: value for name, value in told.items() if name != "say"}
        near = ([] if "number" in told else near) + told.pop("near")
        missed += told.pop("missed")
        if "number" in told:
            layers.append(_layer(told, layers, root))
        else:
            layers[told.pop("layer")]["tried"].append(told)
    for layer in layers:
        is_last = not any(one["inside"] == layer["number"] for one in layers)
        if layer["kind"] == "application" and not is_last:
            layer["kind"] = "middleware"
    return layers, [*dict.fromkeys(missed + near)]


def _layer(told: Told, layers: list[Told], root: str) -> Told:
    """A layer as its trace has it; the one that it is inside of learns what it has added."""
    added = told.pop("added")
    if told["inside"] is not None:
        outer = layers[told["inside"]]
        outer["adds"] += [name for name in added if name not in outer["adds"]]
        if outer["tried"]:
            outer["tried"][-1]["to"] = told["number"]
    told["at"] = place_named(told["at"], root) if told["at"] else None
    return told | {"adds": [], "tried": []}
