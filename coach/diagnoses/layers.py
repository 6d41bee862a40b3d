"""Causes in CHANNEL_LAYERS: no setting of that name, no layer called default, no such backend."""

import re

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.settings import FILE, settings_of
from coach.evidence import Evidence, Told, shown

SETTING = "CHANNEL_LAYERS"
NOT_CONNECTED = ("ConnectionError", "ConnectionRefusedError", "OSError")
IN_MEMORY = "channels.layers.InMemoryChannelLayer"
IN_REDIS = "channels_redis.core.RedisChannelLayer"
WITHOUT_LAYER = re.compile(
    r"'NoneType' object has no attribute '(group_add|group_send|group_discard|send)'"
    r"|'\w+' object has no attribute 'channel_name'"
    r"|BACKEND is unconfigured or doesn't support groups"
)


def asks_no_layer(evidence: Evidence) -> bool:
    """Whether a consumer has used a layer that it was not given."""
    return any(WITHOUT_LAYER.fullmatch(link["text"]) for link in evidence.error)


@diagnosis("channel-layers-misspelt")
def channel_layers_misspelt(evidence: Evidence) -> Because | None:
    """CHANNELS_LAYERS, or a dict in which nothing is called default."""
    layers = settings_of(evidence).get(SETTING)
    if not asks_no_layer(evidence):
        return None
    names = lines.assigned(evidence, FILE)
    near = lines.nearest(SETTING, [*names]) if layers is None else ""
    if near:
        why = f"the setting is called {SETTING}, and here it is {near}"
        return Because(why, in_file(FILE, names[near]))
    if not isinstance(layers, dict) or "default" in layers:
        return None
    has = ", ".join(map(shown, layers)) or "none"
    why = (
        f'a consumer uses the layer that {SETTING} has under the key "default"; its keys are {has}'
    )
    return Because(why, in_file(FILE, names.get(SETTING, 0)))


@diagnosis("channel-layers-missing")
def channel_layers_missing(evidence: Evidence) -> Because | None:
    settings = settings_of(evidence)
    if not asks_no_layer(evidence) or not settings or SETTING in settings:
        return None
    why = f"the settings have no {SETTING}, so a consumer has no channel layer"
    return Because(why, in_file(FILE))


@diagnosis("channel-layer-backend")
def channel_layer_backend(evidence: Evidence) -> Because | None:
    for link in evidence.error:
        found = re.match(r"Cannot import BACKEND '(.*)' specified for", link["text"])
        if found:
            why = (
                f"there is no {found[1]}; the layer in memory is {IN_MEMORY}, and the one between "
                f"processes {IN_REDIS}"
            )
            return Because(why, line_with(evidence, FILE, found[1]))
        if link["text"].startswith("ROUTING key found for "):
            why = f"a layer in {SETTING} takes no ROUTING: the URLRouter leads paths to consumers"
            return Because(why, line_with(evidence, FILE, '"ROUTING"', "'ROUTING'"))
        if link["text"].startswith("No BACKEND specified for "):
            why = f'a layer in {SETTING} names its class under the key "BACKEND", and this has none'
            return Because(why, line_with(evidence, FILE, SETTING))
    return None


@diagnosis("layer-unreachable")
def layer_unreachable(evidence: Evidence) -> Because | None:
    """The layer of a tutorial that has a Redis, in a lesson that has none."""
    layer = (settings_of(evidence).get(SETTING) or {}).get("default") or {}
    is_redis = "redis" in str(layer.get("BACKEND", "")).lower()
    if evidence.kind != "raised" or not is_redis or not any(map(_is_refused, evidence.error)):
        return None
    why = (
        "each consumer listens to its channel layer from the start, and at the address in "
        f"{SETTING} nothing answers; {IN_MEMORY} needs no server"
    )
    return Because(why, line_with(evidence, FILE, SETTING))


def _is_refused(link: Told) -> bool:
    """Whether an exception says that the client of Redis has not reached a server."""
    is_asked = any("redis" in frame["file"] for frame in link["frames"] if not frame["work"])
    return is_asked and link["type"] in NOT_CONNECTED
