"""Causes at the door of a room: a name that no group may have, a refusal that goes on."""

import re

from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.groups import ADD, DISCARD, SEND, asked, last_asked, listener
from coach.diagnoses.target import GENERIC_HANDLERS, RAW_HANDLERS, routed
from coach.diagnoses.ways import last_line
from coach.evidence import Evidence, shown

FIRST, LAST = "websocket.connect", "websocket.disconnect"
LEGAL = re.compile(r"[a-zA-Z0-9\-_.]{1,99}")
NAMES = "ASCII letters, digits, hyphens, underscores and periods"


@diagnosis("disconnect-after-refusal")
def disconnect_after_refusal(evidence: Evidence) -> str | None:
    """A connection that was closed before it was accepted is disconnected, too."""
    place = last_line(evidence)
    name = place["name"].rpartition(".")[2] if place else ""
    is_its_end = name in (RAW_HANDLERS[LAST], GENERIC_HANDLERS[LAST]) and was_refused(evidence)
    if evidence.kind != "raised" or not is_its_end:
        return None
    mine = re.escape(routed(evidence).get("name", ""))
    lacks = re.match(rf"'{mine}' object has no attribute '(\w+)'", evidence.error[0]["text"])
    told = last_asked(evidence, DISCARD)
    if lacks:
        what = f"nothing has set self.{lacks[1]} by then"
    elif told and evidence.raised("TypeError", "Group name must be"):
        what = f"then {DISCARD} is asked for the name that was refused"
    else:
        return None
    return f"{name} runs for a connection that was refused as well, and {what}"


def was_refused(evidence: Evidence) -> bool:
    """Whether the connection of the failure had been closed without being accepted."""
    mine = [entry for entry in evidence.tape if entry.who == listener(evidence)]
    for number, entry in reversed([*enumerate(mine)]):
        if entry.text.startswith(FIRST):  # of its last connection
            told = [one.text for one in mine[number + 1 :] if one.direction == "←"]
            return bool(told) and told[0].startswith("websocket.close")
    return False


@diagnosis("group-name-illegal")
def group_name_illegal(evidence: Evidence) -> Because | None:
    calls = asked(evidence, ADD, SEND, DISCARD)
    told = next((one for one in reversed(calls) if not LEGAL.fullmatch(one["group"])), None)
    if told is None or not evidence.raised("TypeError", "Group name must be a valid unicode"):
        return None
    why = f"a group's name has fewer than 100 characters, of {NAMES}; this one "
    long = len(told["group"]) >= 100
    why += f"has {len(told['group'])}" if long else f"is {shown(told['group'])}"
    return Because(why, told["at"])
