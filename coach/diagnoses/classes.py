"""Causes in the consumer class itself and in how a route names it, before any event comes."""

import difflib
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import class_place, classes, functions, is_used, line_text
from coach.diagnoses.target import (
    base_of,
    is_consumer,
    is_sync,
    route_place,
    routed,
    shadowed,
    with_article,
)
from coach.evidence import Evidence, Told

HOMES = ("channels.consumer", "channels.exceptions", "channels.generic.websocket")


def _asked(evidence: Evidence) -> tuple[str, str]:
    """A file of the learner's and the name that it was asked for and lacks, or two empty ones."""
    texts = (
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
    )
    for link in evidence.error:
        for text in texts:
            found = re.match(text, link["text"])
            path = found["module"].replace(".", "/") if found else ""
            for file in (f"{path}.py", f"{path}/__init__.py"):
                if found and file in evidence.tree:
                    return file, found["name"]
    return "", ""


def _twins(evidence: Evidence, file: str) -> list[int]:
    """The lines of the first two classes of one name in a file, if there are such."""
    for one in classes(evidence, file):
        same = classes(evidence, file, one.name)
        if len(same) > 1:
            return [other.lineno for other in same]
    return []


@diagnosis("two-classes-with-one-name")
def two_classes_with_one_name(evidence: Evidence) -> Because | None:
    target = routed(evidence)
    file, name = _asked(evidence)
    if evidence.kind == "wrong-thread" and is_consumer(target):
        same = classes(evidence, target["file"], target["name"])
        file = target["file"] if len(same) > 1 else ""
    lines = _twins(evidence, file)
    if not lines:
        return None
    twin = next(one.name for one in classes(evidence, file) if one.lineno == lines[0])
    missing = f", and there is no {name}" if name else ""
    return Because(
        f"{file} defines {twin} twice, on lines {lines[0]} and {lines[1]}: the second takes "
        f"the place of the first{missing}",
        in_file(file, lines[1]),
    )


@diagnosis("consumer-name-differs")
def consumer_name_differs(evidence: Evidence) -> str | None:
    file, name = _asked(evidence)
    near = difflib.get_close_matches(name, [one.name for one in classes(evidence, file)], 1, 0.8)
    if not file or not near or is_used(evidence, near[0]):  # what another line uses is no slip
        return None
    return (
        f"the class in {file} is called {near[0]}, and this line asks for {name}: the two have to "
        "agree"
    )


@diagnosis("two-bases")
def two_bases(evidence: Evidence) -> Because | str | None:
    """In one order Python refuses both; in the other the class is a SyncConsumer."""
    both = {"AsyncConsumer", "SyncConsumer"}
    why = (
        "a consumer derives from AsyncConsumer or from SyncConsumer, and this class names both: "
        "one of them has to go"
    )
    error = evidence.raised("TypeError", "Cannot create a consistent method resolution")
    if error and both <= set(re.findall(r"\w*Consumer\b", error["text"])):
        return why
    target = routed(evidence)
    is_lost = evidence.kind == "silent" and bool(evidence.unawaited)
    if not evidence.path.startswith("/ws/ac/") or not is_consumer(target) or not is_lost:
        return None
    for one in classes(evidence, target["file"], target["name"])[-1:]:
        if both <= {getattr(node, "id", getattr(node, "attr", "")) for node in one.bases}:
            return Because(why, class_place(evidence, target))
    return None


@diagnosis("base-called")
def base_called(evidence: Evidence) -> str | None:
    """`class One(AsyncConsumer()):`, an object where a class belongs."""
    for link in evidence.error:
        found = re.match(r"(\w*Consumer)\(\) takes no arguments", link["text"])
        line = line_text(evidence, link["frames"][-1]) if found and link["frames"] else ""
        if found and re.match(rf"class \w+\(.*\b{found[1]}\(", line):
            return f"a class derives from the class {found[1]} itself, without () after its name"
    return None


def _lacking(evidence: Evidence) -> tuple[str, str, Told | None]:
    """A class of the learner's, the attribute that it was asked for and lacks, and its place."""
    error = evidence.raised("AttributeError", "type object '")
    found = (
        re.match(r"type object '(\w+)' has no attribute '(\w+)'", error["text"]) if error else None
    )
    if found:
        for file in evidence.tree:
            for one in classes(evidence, file, found[1]) if file.endswith(".py") else ():
                return found[1], found[2], in_file(file, one.lineno)
    return "", "", None


@diagnosis("as-view-on-a-consumer")
def as_view_on_a_consumer(evidence: Evidence) -> str | None:
    name, missing, _ = _lacking(evidence)
    if missing == "as_view":
        return (
            "as_view is what Django's views have; a consumer becomes an application by "
            f"{name}.as_asgi()"
        )
    return None


@diagnosis("as-asgi-misspelt")
def as_asgi_misspelt(evidence: Evidence) -> str | None:
    name, missing, _ = _lacking(evidence)
    if missing != "as_asgi" and difflib.get_close_matches(missing, ["as_asgi"], 1, 0.6):
        return f"{name} has no {missing}; the method is called as_asgi"
    return None


@diagnosis("consumer-without-base")
def consumer_without_base(evidence: Evidence) -> Because | None:
    name, missing, place = _lacking(evidence)
    if missing != "as_asgi":
        return None
    file = place["file"] if place else ""
    own = [one for node in classes(evidence, file, name) for one in functions(node)]
    if any(one.name == "__call__" for one in own):
        return Because(
            f"{name} is no consumer, and has no as_asgi: what stands around an application is "
            f"called with it, {name}(…)"
        )
    return Because(
        f"{name} derives from nothing that has as_asgi: a consumer's base, SyncConsumer or "
        "AsyncConsumer, stands in parentheses after its name",
        place,
    )


@diagnosis("consumer-imported-from-elsewhere")
def consumer_imported_from_elsewhere(evidence: Evidence) -> str | None:
    for link in evidence.error:
        found = re.match(r"No module named '(channels\.[\w.]+)'", link["text"])
        homes = {home.removeprefix("channels."): home for home in HOMES}
        asked = found[1].removeprefix("channels.") if found else ""
        near = difflib.get_close_matches(asked, homes, 1, 0.6)  # "router" is no "consumer"
        if found and near:
            return f"Channels has no module {found[1]}; the one that is meant is {homes[near[0]]}"
    return None


# -- once a client has come ---------------------------------------------------------------------


@diagnosis("consumer-without-as-asgi")
def consumer_without_as_asgi(evidence: Evidence) -> Because | None:
    target = routed(evidence)
    if target.get("kind") != "class" or not is_consumer(target) or not evidence.raised("TypeError"):
        return None
    return Because(
        f"the route leads to the class {target['name']} itself; a server can call what "
        f"{target['name']}.as_asgi() returns",
        route_place(evidence),
    )


@diagnosis("as-asgi-not-called")
def as_asgi_not_called(evidence: Evidence) -> Because | None:
    name = routed(evidence).get("name", "")
    if not name.endswith(".as_asgi") or not evidence.raised("TypeError", "as_asgi()"):
        return None
    return Because(
        "as_asgi stands in the route without (): the method itself is there, and not the "
        "application that a call of it makes",
        route_place(evidence),
    )


@diagnosis("consumer-instance-in-route")
def consumer_instance_in_route(evidence: Evidence) -> Because | None:
    """One object for everybody shows only once a second client has come."""
    target = routed(evidence)
    is_mixed = evidence.kind in ("silent", "wrong") and len({e.who for e in evidence.tape}) > 1
    if target.get("kind") != "instance" or not is_mixed:
        return None
    name = target["name"]
    return Because(
        f"the route holds one object, {name}(), for all clients, and the last one to come gets "
        f"what is sent; {name}.as_asgi() makes one for each connection",
        route_place(evidence),
    )


# -- where the handler runs ---------------------------------------------------------------------


def _other_way(evidence: Evidence, wanted: str) -> Because | None:
    """Why a handler runs elsewhere: the route's class is another, or its base is."""
    target = routed(evidence)
    if evidence.kind != "wrong-thread" or not is_consumer(target) or shadowed(evidence):
        return None
    name, base = target["name"], base_of(target)
    for one in classes(evidence, target["file"]):
        bases = [getattr(node, "id", getattr(node, "attr", "")) for node in one.bases]
        if one.name != name and any(re.fullmatch(wanted, base) for base in bases):
            why = (
                f"the route of {evidence.path} leads to {name}, {with_article(base)}; {one.name} "
                "is the one for it"
            )
            return Because(why, route_place(evidence))
    first = wanted.partition("|")[0]
    why = (
        f"{name} is {with_article(base)}, and this lesson is about a consumer that derives from "
        f"{first}"
    )
    return Because(why, class_place(evidence, target))


@diagnosis("sync-route-served-by-async")
def sync_route_served_by_async(evidence: Evidence) -> Because | None:
    if is_sync(routed(evidence)):
        return None
    return _other_way(evidence, "SyncConsumer|WebsocketConsumer|JsonWebsocketConsumer")


@diagnosis("async-route-served-by-sync")
def async_route_served_by_sync(evidence: Evidence) -> Because | None:
    if not is_sync(routed(evidence)):
        return None
    return _other_way(evidence, "AsyncConsumer|AsyncWebsocketConsumer|AsyncJsonWebsocketConsumer")
