"""Causes between the processes of one site: what REDIS_URL is made of, and where they meet."""

import ast
import difflib
import re
from urllib.parse import urlsplit

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.layers import IN_MEMORY, SETTING
from coach.diagnoses.settings import FILE, settings_of
from coach.diagnoses.syntax import Function, functions, is_used, line_text, tree_of
from coach.evidence import Evidence, Told, shown

VARIABLE = "REDIS_URL"
DEFAULT_HOST = "localhost:6379"  # of channels_redis
APART = ("unheard", "elsewhere")


def layer_of(evidence: Evidence) -> Told:
    """The default layer, as the settings have it where REDIS_URL is set; empty before step 2."""
    layers = settings_of(evidence).get(SETTING)
    layer = layers.get("default") if isinstance(layers, dict) and evidence.layer.get("url") else {}
    return layer if isinstance(layer, dict) else {}


def hosts_of(evidence: Evidence) -> list[str]:
    """Where the default layer looks for its Valkey: host and port of each."""
    config = layer_of(evidence).get("CONFIG") or {}
    hosts = config.get("hosts") if isinstance(config, dict) else None
    return [host_of(host) for host in hosts] if isinstance(hosts, list) else [DEFAULT_HOST]


def host_of(host: object) -> str:
    """Host and port of one entry: an address, a pair, or a dict with one of them."""
    if isinstance(host, dict):
        host = host.get("address") or [host.get("host"), host.get("port")]
    if isinstance(host, list):
        return ":".join(map(str, host))
    return urlsplit(str(host)).netloc.rpartition("@")[2]


@diagnosis("variable-required")
def variable_required(evidence: Evidence) -> str | None:
    error = evidence.raised("KeyError", VARIABLE)
    ours = [frame for frame in error["frames"] if frame["work"]] if error else []
    if not ours or "environ[" not in line_text(evidence, ours[-1]):
        return None
    return (
        f"os.environ[…] raises where the environment has no {VARIABLE}; os.environ.get(…) gives "
        "None there"
    )


@diagnosis("ready-not-called")
def ready_not_called(evidence: Evidence) -> Because | None:
    """A `ready` outside of the app's class, or a method of another name."""
    for file in evidence.tree if evidence.kind == "unwarned" else ():
        tree = tree_of(evidence, file) if file.endswith(".py") else ast.Module([], [])
        apps = [one for one in tree.body if isinstance(one, ast.ClassDef) and is_app(one)]
        methods = {node for app in apps for node in app.body if isinstance(node, Function)}
        if not apps or any(one.name == "ready" for one in methods):
            continue
        for one in functions(tree):
            is_meant = one.name == "ready" or (one in methods and is_near(one.name))
            if is_meant and VARIABLE in ast.unparse(one) and not is_used(evidence, one.name):
                slip = "outside of it" if one not in methods else f"called {one.name}"
                why = (
                    f"as a process starts, Django calls the method ready of {apps[0].name}, and "
                    f"this one is {slip}"
                )
                return Because(why, in_file(file, one.lineno, one.name))
    return None


def is_app(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("AppConfig") for base in node.bases)


def is_near(name: str) -> bool:
    return bool(difflib.get_close_matches(name, ["ready"], 1, 0.6))


@diagnosis("layer-without-variable")
def layer_without_variable(evidence: Evidence) -> Because | None:
    """Two processes, each with the layer in memory."""
    if evidence.kind not in APART or layer_of(evidence).get("BACKEND") != IN_MEMORY:
        return None
    why = (
        f"{SETTING} names the layer in memory also where {VARIABLE} is set, and no process sees "
        "another one's memory"
    )
    return Because(why, line_with(evidence, FILE, SETTING))


@diagnosis("hosts-not-a-list")
def hosts_not_a_list(evidence: Evidence) -> Because | None:
    if not evidence.raised("ValueError", "You must pass a list of Redis hosts"):
        return None
    why = '"hosts" is a list of addresses, also where there is only one: [REDIS_URL]'
    return Because(why, line_with(evidence, FILE, '"hosts"', "'hosts'"))


@diagnosis("host-without-scheme")
def host_without_scheme(evidence: Evidence) -> Because | None:
    """`["127.0.0.1", 6379]`, of which either may be asked first."""
    config = layer_of(evidence).get("CONFIG") or {}
    wrong = [
        host
        for host in config.get("hosts") or ()
        if isinstance(host, int) or (isinstance(host, str) and not re.match(r"\w+://", host))
    ]
    is_asked = evidence.raised("ValueError", "Redis URL must specify one of the following schemes")
    if not wrong or not (is_asked or evidence.raised("AttributeError", "'int' object has no")):
        return None
    why = (
        f'"hosts" has {shown(wrong[0])}, and an address begins with its scheme, redis://, as '
        f"{VARIABLE} does"
    )
    return Because(why, line_with(evidence, FILE, '"hosts"', "'hosts'"))


@diagnosis("layer-elsewhere")
def layer_elsewhere(evidence: Evidence) -> Because | None:
    """An address that was written down, in the place of the one in the environment."""
    backend = str(layer_of(evidence).get("BACKEND"))
    named = host_of(evidence.layer.get("url"))
    others = [host for host in hosts_of(evidence) if host != named]
    if not backend.startswith("channels_redis.") or not others:
        return None
    is_asked = f"connecting to {others[0]}" in evidence.output
    if not is_asked and evidence.kind != "elsewhere":
        return None
    why = f"the layer connects to {others[0]}, and {VARIABLE} names {named}"
    return Because(why, line_with(evidence, FILE, '"hosts"', "'hosts'", SETTING))


@diagnosis("groups-apart")
def groups_apart(evidence: Evidence) -> Because | None:
    """One room, and two groups: the name, or the prefix before it, is made anew in each process."""
    groups = evidence.layer.get("in_valkey") or []
    if evidence.kind != "unheard" or len(groups) != 2:
        return None
    (prefix, _, name), (other, _, other_name) = (group.partition(":group:") for group in groups)
    if name == other_name:
        why = f"each process puts a prefix of its own before the names of groups: {prefix}, {other}"
        return Because(why, line_with(evidence, FILE, "prefix"))
    why = f"in this one room, each process has joined a group of its own: {name}, {other_name}"
    return Because(why, place_of_joining(evidence))


def place_of_joining(evidence: Evidence) -> Told | None:
    """The line that joins a group, where one file has such lines."""
    files = [
        file
        for file, data in evidence.tree.items()
        if file.endswith(".py") and b"group_add" in data and "test" not in file
    ]
    return line_with(evidence, files[0], "group_add") if len(files) == 1 else None


@diagnosis("message-not-plain")
def message_not_plain(evidence: Evidence) -> str | None:
    error = evidence.raised("TypeError", "can not serialize ")
    found = re.search(r"can not serialize '(.+?)' object", error["text"]) if error else None
    if not found:
        return None
    return (
        "what goes to another process goes as bytes: a message is made of text, numbers, lists and "
        f"dicts, and this one holds a {found[1]}"
    )
