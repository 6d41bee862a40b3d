"""What the path of a failed step leads to, and what had happened there, by the evidence."""

from coach.diagnoses.catalogue import in_file
from coach.evidence import Evidence, Told
from coach.routing import Route, below, core, routes_of

RAW, GENERIC = ("AsyncConsumer", "SyncConsumer"), ("AsyncWebsocketConsumer", "WebsocketConsumer")
JSON = ("AsyncJsonWebsocketConsumer", "JsonWebsocketConsumer")
RAW_HANDLERS = {
    "websocket.connect": "websocket_connect",
    "websocket.receive": "websocket_receive",
    "websocket.disconnect": "websocket_disconnect",
}
GENERIC_HANDLERS = {
    "websocket.connect": "connect",
    "websocket.receive": "receive",
    "websocket.disconnect": "disconnect",
}


def routed(evidence: Evidence) -> Told:
    """The description of the application at the path; empty where the routers do not show it.

    `kind` is "consumer" for what `as_asgi()` made, "class", "instance", "method", "function"…
    """
    application = below(evidence.facts.get("application") or {}, "websocket")
    if application is None:
        return {}
    route = route_taken(evidence)
    return core(route.to) if route else {} if routes_of(application) else core(application)


def route_taken(evidence: Evidence) -> Route | None:
    """The first route that takes the path."""
    application = below(evidence.facts.get("application") or {}, "websocket")
    path = evidence.path.removeprefix("/")
    routes = (routes_of(application) if application else None) or []
    return next((route for route in routes if route.leads_from(path)), None)


def shadowed(evidence: Evidence) -> tuple[Route, Route] | None:
    """The first of two routes that take the path, and the last, where they lead apart, and the
    last is for this path to the letter or the first has closed the connection."""
    path = evidence.path.partition("?")[0].removeprefix("/")
    application = below(evidence.facts.get("application") or {}, "websocket")
    routes = (routes_of(application) if application else None) or []
    taking = [route for route in routes if route.leads_from(path)]
    if len(taking) < 2 or taking[0].to == taking[-1].to:
        return None
    first, last = (
        "".join(one.text for one in route.patterns).strip("^$") for route in (taking[0], taking[-1])
    )
    sender = (evidence.place or {}).get("name")
    is_closed = evidence.kind == "closed" and sender and taking[0].to.get("name") == sender
    return (taking[0], taking[-1]) if is_closed or last == path != first else None


def route_place(evidence: Evidence) -> Told | None:
    """The one line on which the route's pattern is written, if it is only one."""
    route = route_taken(evidence)
    text = route.patterns[-1].text if route else ""
    places = [
        in_file(file, number)
        for file, data in evidence.tree.items()
        if text and file.endswith(".py")
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if (f'"{text}"' in line or f"'{text}'" in line) and not line.lstrip().startswith("#")
    ]
    return places[0] if len(places) == 1 else None


def is_consumer(target: Told) -> bool:
    """Whether it is a consumer class of the learner's, rightly or wrongly routed."""
    is_made_of_one = any(base.endswith("Consumer") for base in target.get("bases", ()))
    return target.get("kind") in ("consumer", "class", "instance") and is_made_of_one


def is_sync(target: Told) -> bool:
    return "SyncConsumer" in target.get("bases", ())


def is_generic(target: Told) -> bool:
    return any(base in GENERIC for base in target.get("bases", ()))


def is_json(target: Told) -> bool:
    return any(base in JSON for base in target.get("bases", ()))


def base_of(target: Told) -> str:
    """The class of Channels that it derives from, the nearest one."""
    return str(target["bases"][0]) if target.get("bases") else "nothing"


def with_article(name: str) -> str:
    return f"an {name}" if name.startswith("A") else f"a {name}"


def method(target: Told, *names: str) -> Told | None:
    """The first of these methods that the learner has written."""
    methods = target.get("methods") or {}
    found: Told | None = next((methods[name] for name in names if name in methods), None)
    return found


def handler(evidence: Evidence) -> tuple[str, Told | None]:
    """The method meant for the last event, by name, and as the learner has it, if they have it."""
    target, event = routed(evidence), last_event(evidence)
    raw, generic = RAW_HANDLERS.get(event, ""), GENERIC_HANDLERS.get(event, "")
    if is_generic(target) and not method(target, raw):
        if generic == "receive" and is_json(target) and not method(target, generic):
            generic = "receive_json"
        return generic, method(target, generic)
    return raw, method(target, raw)


# -- the tape ---------------------------------------------------------------------------------


def last_event(evidence: Evidence) -> str:
    """The type of the last event that went to the application."""
    given = [entry.text for entry in evidence.tape if entry.direction == "→"]
    return given[-1].partition(" ")[0] if given else ""


def given_frames(evidence: Evidence) -> list[str]:
    """What the client of the failure has sent, in order: "text" or "bytes" for each frame."""
    who = evidence.tape[-1].who if evidence.tape else ""
    return [
        "bytes" if entry.text.startswith("websocket.receive bytes=") else "text"
        for entry in evidence.tape
        if entry.who == who
        and entry.direction == "→"
        and entry.text.startswith("websocket.receive")
    ]


def is_binary(evidence: Evidence) -> bool:
    """Whether the last event was a binary frame."""
    return last_event(evidence) == "websocket.receive" and given_frames(evidence)[-1:] == ["bytes"]


def is_accepted(evidence: Evidence) -> bool:
    """Whether the connection of the failure had been accepted."""
    who = evidence.tape[-1].who if evidence.tape else ""
    lines = [entry for entry in evidence.tape if entry.who == who and not entry.mark]
    return any(e.direction == "←" and e.text.startswith("websocket.accept") for e in lines)


def has_sent(evidence: Evidence) -> bool:
    """Whether the application has sent something since the last event that it was given."""
    for entry in reversed(evidence.tape):
        if entry.direction == "→" or not entry.mark:
            return entry.direction == "←"
    return False


def clients(evidence: Evidence) -> int:
    """How many clients the tape of this step knows."""
    return len({entry.who for entry in evidence.tape})
